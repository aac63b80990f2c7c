# SPDX-License-Identifier: BSD-3-Clause
"""The course of training a network: in parts as at once, stopping, what is recorded, and the verdict on it."""

import pickle

import numpy as np
import pytest
from nn_cases import parameters_of
from sklearn.datasets import make_moons
from tolerance import assert_same_bytes

from schuss.diagnosis import Label, diagnose
from schuss.diagnosis._advice import Knobs
from schuss.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = ["sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion"]
EXTRAS = [
    {},
    {"solver": "sgd", "learning_rate": "invscaling"},
    {"solver": "nadam", "averaging": "ema"},
    {"solver": "lion", "norm": "batch"},
    {"dropout": 0.3, "clip_norm": 1.0},
    {"averaging": "swa", "swa_start": 0.0},
    {"learning_rate": "plateau", "plateau_patience": 2, "tol": 10.0},
]


@pytest.mark.parametrize("extras", EXTRAS, ids=lambda e: "-".join(map(str, e.values())) or "plain")
@pytest.mark.parametrize("by", ["partial_fit", "warm_start", "pickle"])
def test_training_in_parts_is_training_at_once(waves, extras, by):
    X, y = waves
    params = {"hidden_layer_sizes": (12,), "random_state": 0, "batch_size": 100, **extras}
    whole = MLPRegressor(max_iter=6, **params).fit(X, y)
    part = MLPRegressor(max_iter=3, warm_start=True, **params)
    if by == "partial_fit":
        for _ in range(6):
            part.partial_fit(X, y)
    else:
        part.fit(X, y)
        part = pickle.loads(pickle.dumps(part)) if by == "pickle" else part
        part.fit(X, y)
    assert_same_bytes(parameters_of(part), parameters_of(whole))
    assert part.loss_curve_ == whole.loss_curve_
    assert part.t_ == whole.t_


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("schedule", ["constant", "invscaling", "adaptive", "cosine", "one_cycle", "plateau"])
def test_every_solver_and_schedule_goes_on_to_the_bit(waves, solver, schedule):
    X, y = waves
    params = {"solver": solver, "learning_rate": schedule, "learning_rate_init": 0.05, "warmup": 1.5, "max_iter": 8}
    params |= {"hidden_layer_sizes": (9,), "batch_size": 100, "tol": 1e-3, "n_iter_no_change": 1, "random_state": 0}
    whole, part = MLPRegressor(**params).fit(X, y), MLPRegressor(**params)
    for _ in range(whole.n_iter_):
        part.partial_fit(X, y)
    assert_same_bytes(parameters_of(part), parameters_of(whole))
    assert part.history_["learning_rate"].tolist() == whole.history_["learning_rate"].tolist()


def test_the_mean_over_epochs_begins_with_the_same_one_in_parts(waves):
    X, y = waves
    whole, part = (
        MLPRegressor("squared_error", (9,), averaging="swa", swa_start=0.5, max_iter=6, random_state=0)
        for _ in range(2)
    )
    whole.fit(X, y)
    for _ in range(6):
        part.partial_fit(X, y)
    assert_same_bytes(parameters_of(part), parameters_of(whole))


@pytest.mark.parametrize("early_first", [True, False])
def test_a_warm_start_may_watch_something_else(waves, early_first):
    X, y = waves
    model = MLPRegressor(hidden_layer_sizes=(9,), early_stopping=early_first, max_iter=3, warm_start=True)
    model.fit(X, y).set_params(early_stopping=not early_first).fit(X, y)
    assert len(model.loss_curve_) == len(model.history_) == 6
    if early_first:
        assert model.best_loss_ == min(model.loss_curve_[3:])
        assert model.validation_scores_ is None
    else:
        assert model.best_loss_ is None
        assert len(model.validation_scores_) == 3


def test_averages_are_those_of_the_steps(waves):
    """'swa' is the mean over the ends of epochs, 'ema' a running mean over the steps, quicker at first."""
    X, y = waves
    params = {"hidden_layer_sizes": (9,), "random_state": 0, "batch_size": 600}
    swa, ema = (
        MLPRegressor(averaging=a, swa_start=0.5, ema_decay=0.8, max_iter=8, **params).fit(X, y) for a in ("swa", "ema")
    )
    walker, walked = MLPRegressor(**params), []
    for _ in range(8):
        walked.append(parameters_of(walker.partial_fit(X, y)).copy())
    np.testing.assert_allclose(parameters_of(swa), np.mean(walked[4:], axis=0), rtol=0, atol=1e-14)
    mean = parameters_of(MLPRegressor(learning_rate_init=1e-300, max_iter=1, **params).fit(X, y))  # where it begins
    for step, now in enumerate(walked):
        mean += (1 - min(0.8, (1 + step) / (10 + step))) * (now - mean)
    np.testing.assert_allclose(parameters_of(ema), mean, rtol=0, atol=1e-14)


@pytest.mark.parametrize("solver", SOLVERS)
def test_batches_that_share_a_step_are_one_batch(waves, solver):
    X, y = waves
    params = {"hidden_layer_sizes": (8,), "activation": "tanh", "solver": solver, "alpha": 0.5, "shuffle": False}
    parts, whole = (
        MLPRegressor(**params, **o, max_iter=3, random_state=0).fit(X, y)
        for o in ({"batch_size": 50, "accumulate": 5}, {"batch_size": 250})
    )
    np.testing.assert_allclose(parts.loss_curve_, whole.loss_curve_, rtol=1e-12)
    np.testing.assert_allclose(parameters_of(parts), parameters_of(whole), rtol=0, atol=1e-9)


# ---------------------------------------------------------------- stopping


def test_early_stopping_returns_to_the_best_weights(digits):
    train, test, y_train, y_test = digits
    model = MLPClassifier((64,), early_stopping=True, n_iter_no_change=5, learning_rate_init=0.02, random_state=0)
    model.fit(train, y_train, X_val=test, y_val=y_test)
    assert model.stop_reason_ == "no_improvement"
    assert model.score(test, y_test) == max(model.validation_scores_) == model.best_validation_score_
    assert model.best_iteration_ == int(np.argmax(model.validation_scores_))
    assert model.history_["validation_score"].tolist() == model.validation_scores_


def test_early_stopping_by_the_loss(digits):
    train, test, y_train, y_test = digits
    model = MLPClassifier((64,), early_stopping=True, scoring="loss", learning_rate_init=0.02, random_state=0)
    model.fit(train, y_train, X_val=test, y_val=y_test)
    losses = model.history_["validation_loss"]
    assert model.stop_reason_ == "no_improvement"
    assert model.best_iteration_ == int(np.argmin(losses)) < len(losses) - 1
    assert model.validation_scores_ == (-losses).tolist()
    assert model.best_validation_score_ == -losses.min()
    p = model.predict_proba(test)[np.arange(len(test)), y_test]
    np.testing.assert_allclose(losses.min(), -np.log(p).mean(), rtol=1e-9)


def test_lbfgs_stops_early_on_given_rows():
    X, y = noisy_moons(80, 0)
    X_val, y_val = noisy_moons(1000, 1)
    model = MLPClassifier((50,), solver="lbfgs", early_stopping=True, alpha=0.0, record_statistics=True, random_state=0)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.stop_reason_ == "no_improvement"
    assert model.score(X_val, y_val) == model.best_validation_score_ == max(model.history_["validation_score"])
    assert model.best_iteration_ < model.n_iter_ - 1
    assert {"dead_1", "gradient_norm_2"} <= set(model.history_.columns)


def test_history_has_both_losses_on_one_footing(digits):
    train, test, y_train, y_test = digits
    model = MLPClassifier((16,), max_iter=5, alpha=0.0, random_state=0).fit(train, y_train, X_val=test, y_val=y_test)
    p = model.predict_proba(test)[np.arange(len(test)), y_test]
    np.testing.assert_allclose(model.history_["validation_loss"][-1], -np.log(p).mean(), rtol=1e-9)
    assert {"training_loss", "training_score", "objective", "seconds"} <= set(model.history_.columns)
    assert model.history_.baseline["training_loss"] == pytest.approx(np.log(10), rel=0.01)


def test_max_time_and_callbacks(digits):
    train, _, y_train, _ = digits
    model = MLPClassifier((16,), max_time=1e-9, random_state=0).fit(train, y_train)
    assert (model.stop_reason_, model.n_iter_) == ("max_time", 1)


def test_ctrl_c_keeps_the_last_epoch(digits, monkeypatch):
    train, _, y_train, _ = digits
    from schuss.neural_network import _trainer

    calls = []

    def interrupted(*args, **kwargs):
        calls.append(None)
        if len(calls) == 3:
            kwargs["parameters"][:] = np.nan
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    real = _trainer.kernels.nn_train
    monkeypatch.setattr(_trainer.kernels, "nn_train", interrupted)
    model = MLPClassifier((16,), random_state=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(train, y_train)
    assert (model.n_iter_, model.stop_reason_) == (2, "interrupted")
    assert len(model.history_) == len(model.loss_curve_) == 2
    assert_same_bytes(
        parameters_of(model), parameters_of(MLPClassifier((16,), max_iter=2, random_state=0).fit(train, y_train))
    )


def test_ctrl_c_while_a_line_is_printed_leaves_the_books_in_order(digits, monkeypatch):
    train, _, y_train, _ = digits
    from schuss.neural_network import _base

    def interrupted(iteration, history):
        if iteration == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(_base, "_print_line", interrupted)
    model = MLPClassifier((16,), early_stopping=True, verbose=True, random_state=0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(train, y_train)
    assert model.n_iter_ == len(model.history_) == len(model.loss_curve_) == len(model.validation_scores_) == 3
    assert model.best_validation_score_ == model.history_["validation_score"][model.best_iteration_]
    assert model.t_ % 3 == 0


def test_what_diverges_says_so():
    X, y = np.random.default_rng(0).normal(size=(200, 3)) * 1e6, np.arange(200.0)
    model = MLPRegressor(hidden_layer_sizes=(9,), solver="sgd", learning_rate_init=1.0, activation="identity")
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        model.fit(X, y)
    assert model.stop_reason_ == "diverged"
    assert diagnose(model).label is Label.DIVERGED


def test_what_diverges_in_the_end_keeps_its_best_weights(waves):
    X, y = waves
    model = MLPRegressor(hidden_layer_sizes=(9,), solver="sgd", early_stopping=True, random_state=0, warm_start=True)
    model.set_params(max_iter=3, n_iter_no_change=50).fit(X, y)
    best = model.best_validation_score_
    model.set_params(learning_rate_init=1e30, max_iter=50)
    model._solver_rate = 1e30
    model.fit(X, y)
    assert model.stop_reason_ == "diverged"
    assert model.best_validation_score_ == best
    assert all(np.isfinite(model._solver_first))
    model._solver_rate = 1e-3
    assert model.set_params(max_iter=1).fit(X, y).stop_reason_ == "max_iter"
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        model.set_params(warm_start=False).fit(X, y)


# ---------------------------------------------------------------- verdicts


def noisy_moons(n, seed):
    X, y = make_moons(n, noise=0.35, random_state=seed)
    return X, y


def test_a_network_too_large_is_found_to_overfit():
    X, y = noisy_moons(80, 0)
    X_val, y_val = noisy_moons(1000, 1)
    model = MLPClassifier((200, 200), alpha=0.0, max_iter=300, tol=0.0, learning_rate_init=0.01, random_state=0)
    verdict = diagnose(model.fit(X, y, X_val=X_val, y_val=y_val))
    assert verdict.label is Label.OVERFIT
    assert "raise alpha (now 0.0) or dropout (now 0.0)" in verdict.advice


def test_a_network_too_small_is_found_to_underfit():
    """One unit in between cannot tell what depends on the product of two features."""
    rng = np.random.default_rng(0)
    X, X_val = rng.choice([-1.0, 1.0], (2, 5000, 2)) + 0.1 * rng.normal(size=(2, 5000, 2))
    y, y_val = ((x[:, 0] * x[:, 1] > 0).astype(int) for x in (X, X_val))
    model = MLPClassifier((1,), activation="identity", max_iter=60, learning_rate_init=0.01, random_state=0)
    verdict = diagnose(model.fit(X, y, X_val=X_val, y_val=y_val))
    assert verdict.label is Label.UNDERFIT
    assert "more units or layers (now hidden_layer_sizes=(1,))" in verdict.advice


def test_what_was_not_scaled_is_to_be_scaled(waves):
    """Not to be trained for longer, nor with a schedule that the solver ignores."""
    X, y = waves
    model = MLPRegressor(hidden_layer_sizes=(9,), max_iter=40, random_state=0)
    assert diagnose(model.fit(X * [1, 1e4, 1e-4], 1e5 * (y + 30))).advice.startswith(
        "Scale the features and the target"
    )
    model = MLPClassifier((9,), max_iter=40, random_state=0).fit(X * 1e5, y > 0.1)
    assert diagnose(model).advice.startswith("Scale the features (StandardScaler)")
    assert "lower learning_rate_init (now 0.001)" in Knobs(model).smaller_steps()
    assert "'cosine' or 'plateau'" in Knobs(model).calmer_steps()


def test_statistics_warn_of_dead_units(waves):
    X, y = waves
    model = MLPRegressor(hidden_layer_sizes=(20,), record_statistics=True, max_iter=4, random_state=0).fit(X, y)
    assert {"weight_norm_1", "gradient_norm_2", "dead_1", "saturated_1"} <= set(model.history_.columns)
    assert not [e for e in diagnose(model).evidence if "Warning" in e.sentence]
    model.warm_start = True
    model.intercepts_[0][:] = -100.0
    model.fit(X, y)
    assert [e.name for e in diagnose(model).evidence if "Warning" in e.sentence and e.name == "dead_1"]


def test_statistics_warn_of_saturated_units_and_vanishing_gradients(waves):
    X, y = waves
    model = MLPRegressor(
        hidden_layer_sizes=(9,) * 6, activation="logistic", record_statistics=True, max_iter=3, random_state=0
    ).fit(1000.0 * X, y)
    names = [e.name for e in diagnose(model).evidence if "Warning" in e.sentence]
    assert "saturated_1" in names
    assert "vanishing_gradients" in names
