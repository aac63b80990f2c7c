# SPDX-License-Identifier: BSD-3-Clause
"""MLPClassifier and MLPRegressor: what they learn, when they stop, and that they go on where they stopped."""

import runpy
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.neural_network
from nn_cases import parameters_of
from project_files import ROOT
from sklearn.datasets import load_digits, make_classification, make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from tolerance import assert_same_bytes

from schuss.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SOLVERS = ["sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion"]


# ---------------------------------------------------------------- what they learn


def test_digits():
    """Settings are chosen on validation rows; rows that no choice has seen are asked once, over some divisions."""
    X, y = load_digits(return_X_y=True)
    params = {"learning_rate": "cosine", "max_iter": 60, "batch_size": 32}
    choices = [{"label_smoothing": s, "learning_rate_init": r} for s in (0.0, 0.1) for r in (0.002, 0.005)]

    def held_out_accuracy(seed):
        def network(choice):
            return MLPClassifier((256,), **params, **choice, random_state=seed)

        X_fit, X_test, y_fit, y_test = train_test_split(X / 16.0, y, test_size=0.25, random_state=seed, stratify=y)
        train, val, y_train, y_val = train_test_split(X_fit, y_fit, test_size=0.25, random_state=seed, stratify=y_fit)
        best = max(choices, key=lambda choice: network(choice).fit(train, y_train).score(val, y_val))
        return network(best).fit(X_fit, y_fit).score(X_test, y_test)

    assert np.mean([held_out_accuracy(seed) for seed in range(3)]) >= 0.98


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_the_same_as_scikit_learn_where_the_order_of_rows_is(waves, solver, activation):
    X, y = waves
    params = {"hidden_layer_sizes": (7, 5), "activation": activation, "solver": solver, "alpha": 0.1, "batch_size": 50}
    params |= {"shuffle": False, "random_state": 3, "max_iter": 5, "learning_rate_init": 0.01}
    ours = MLPRegressor(**params).fit(X, y)
    theirs = sklearn.neural_network.MLPRegressor(**params).fit(X, y)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-7, atol=1e-9)


def test_lbfgs_ends_where_scikit_learn_does():
    """Without a hidden layer there is but one minimum."""
    X, y = make_classification(200, n_informative=5, n_classes=3, random_state=0)
    params = {
        "hidden_layer_sizes": (),
        "solver": "lbfgs",
        "alpha": 1.0,
        "tol": 1e-7,
        "max_iter": 1000,
        "random_state": 0,
    }
    ours = MLPClassifier(**params).fit(X, y)
    theirs = sklearn.neural_network.MLPClassifier(**params).fit(X, y)
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], atol=1e-4)
    assert ours.stop_reason_ == "converged"


@pytest.mark.parametrize("kind", ["binary", "multiclass", "multilabel"])
def test_classes_as_scikit_learn(kind):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(120, 4))
    scores = X @ rng.normal(size=(4, 3))
    y = {
        "binary": np.where(scores[:, 0] > 0, "yes", "no"),
        "multiclass": scores.argmax(axis=1) * 10,
        "multilabel": (scores > 0).astype(int),
    }[kind]
    params = {
        "hidden_layer_sizes": (6,),
        "shuffle": False,
        "random_state": 0,
        "max_iter": 30,
        "learning_rate_init": 0.01,
    }
    ours = MLPClassifier(**params).fit(X, y)
    theirs = sklearn.neural_network.MLPClassifier(**params).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-7)
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.out_activation_ == theirs.out_activation_
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS)
def test_every_solver_learns(waves, solver):
    X, y = waves
    rate = {"sgd": 0.05, "adagrad": 0.05, "lion": 0.002}.get(solver, 0.01)
    model = MLPRegressor(
        hidden_layer_sizes=(32,), solver=solver, learning_rate_init=rate, batch_size=32, max_iter=60, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    "extras",
    [
        {"activation": ("gelu", "silu")},
        {"activation": "leaky_relu", "initializer": "he_normal"},
        {"activation": "elu", "initializer": "orthogonal"},
        {"norm": "batch"},
        {"norm": "layer"},
        {"learning_rate": "cosine", "warmup": 2.0},
        {"learning_rate": "one_cycle"},
        {"learning_rate": "plateau"},
        {"averaging": "ema", "ema_decay": 0.98},
        {"averaging": "swa"},
        {"clip_norm": 0.5},
        {"accumulate": 2},
        {"weight_decay": 0.01},
        {"initializer": "lecun_uniform"},
    ],
    ids=lambda extras: "-".join(extras),
)
def test_every_extra_learns(waves, extras):
    X, y = waves
    params = {"hidden_layer_sizes": (24, 24), "batch_size": 32, "max_iter": 60, "learning_rate_init": 0.01}
    model = MLPRegressor(**params, random_state=0, **extras).fit(X, y)
    assert model.score(X, y) > 0.93
    assert np.all(np.isfinite(parameters_of(model)))


@pytest.mark.parametrize(
    ("loss", "wanted"), [("absolute_error", "median"), ("huber", "median"), ("quantile", "quantile")]
)
def test_robust_losses_find_their_constant(loss, wanted):
    """Without features there is only a constant to learn."""
    y = np.random.default_rng(0).exponential(size=801)
    X = np.zeros((801, 1))
    params = {"hidden_layer_sizes": (4,), "batch_size": 801, "learning_rate_init": 0.02, "tol": 0.0, "max_iter": 1500}
    model = MLPRegressor(
        loss, **params, delta=0.01, quantile=0.8, learning_rate="cosine", n_iter_no_change=2000, random_state=0
    ).fit(X, y)
    target = np.median(y) if wanted == "median" else np.quantile(y, 0.8)
    assert abs(model.predict(X[:1])[0] - target) < 0.02


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_counts_and_amounts(loss):
    rng = np.random.default_rng(0)
    X = rng.uniform(0, 1, (500, 1))
    mean = np.exp(1.0 + 2.0 * X[:, 0])
    y = rng.poisson(mean).astype(float) if loss == "poisson" else rng.gamma(5.0, mean / 5.0)
    model = MLPRegressor(loss, hidden_layer_sizes=(8,), solver="lbfgs", random_state=0).fit(X, y)
    assert np.mean(np.abs(model.predict(X) / mean - 1.0)) < 0.1
    with pytest.raises(ValueError, match="out of the valid range"):
        model.fit(X, -y)


def test_class_weights_count_rows_as_often():
    X, y = make_classification(300, weights=[0.9], random_state=0)
    plain, weighted = (
        MLPClassifier((8,), class_weight=c, random_state=0, max_iter=40).fit(X, y) for c in (None, {1: 5.0})
    )
    assert weighted.predict(X).sum() > plain.predict(X).sum()
    by_hand = MLPClassifier((8,), random_state=0, max_iter=40).fit(X, y, np.where(y == 1, 5.0, 1.0))
    assert_same_bytes(parameters_of(by_hand), parameters_of(weighted))
    balanced = MLPClassifier((8,), class_weight="balanced", random_state=0, max_iter=40).fit(X, y)
    assert balanced.predict(X).sum() > plain.predict(X).sum()


@pytest.mark.parametrize("head", [{"label_smoothing": 0.2}, {"focal_gamma": 2.0}])
def test_smoothed_and_focal_losses_are_less_sure(digits, head):
    train, _, y_train, _ = digits
    plain, modest = (MLPClassifier((32,), max_iter=30, random_state=0, **h).fit(train, y_train) for h in ({}, head))
    assert modest.score(train, y_train) > 0.9
    assert modest.predict_proba(train).max(axis=1).mean() < plain.predict_proba(train).max(axis=1).mean()


def test_sparse_tables_train_alike(waves):
    X, y = waves
    X = np.where(np.abs(X) < 0.4, 0.0, X)
    dense, sparse = (
        MLPRegressor(hidden_layer_sizes=(9,), max_iter=5, random_state=0).fit(x, y) for x in (X, sp.csr_matrix(X))
    )
    np.testing.assert_allclose(sparse.predict(sp.csr_matrix(X)), dense.predict(X), rtol=1e-9)


# ---------------------------------------------------------------- the same bits


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_same_model_for_any_number_of_threads(digits, dtype, n_threads, solver):
    train, _, y_train, _ = digits
    params = {"solver": solver, "batch_size": 500, "max_iter": 3, "random_state": 0}
    one, many = (
        MLPClassifier((300, 100), n_threads=n, **params).fit(train.astype(dtype), y_train) for n in (1, n_threads)
    )
    assert_same_bytes(parameters_of(many), parameters_of(one))
    assert_same_bytes(many.predict_proba(train), one.predict_proba(train))


# ---------------------------------------------------------------- the rest


def test_learning_rate_finder(waves):
    X, y = waves
    model = MLPRegressor(hidden_layer_sizes=(16,), random_state=0)
    found = model.find_learning_rate(X, y)
    assert 1e-4 < found.suggestion < 1.0
    assert len(found.rates) == len(found.losses) <= 200
    assert not hasattr(model, "coefs_")
    assert model.set_params(learning_rate_init=found.suggestion, max_iter=100).fit(X, y).score(X, y) > 0.95


def test_summary():
    X, y = make_moons(100, random_state=0)
    summary = MLPClassifier((5, 3), norm="batch", dropout=(0.5, 0.0), max_iter=1).fit(X, y).summary()
    assert summary.n_parameters == 2 * 5 + 5 + 10 + 5 * 3 + 3 + 6 + 3 + 1
    assert [layer["units"] for layer in summary.layers] == [2, 5, 3, 1]
    assert "hidden 1" in str(summary)


def test_the_example_of_overfitting_shows_what_it_says():
    example = runpy.run_path(str(ROOT / "examples/network_overfitting.py"))
    gaps = {name: example["gap"](model) for name, model in example["fit_all"]().items()}
    assert gaps["dropout"] < 0.5 * gaps["nothing done"]
    assert gaps["early stopping"] < 0.5 * gaps["nothing done"]
    assert gaps["both"] < min(gaps["dropout"], gaps["early stopping"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"activation": ("relu",), "hidden_layer_sizes": (3, 3)}, "activation has 1 entries for 2"),
        ({"activation": ("relu", "cube"), "hidden_layer_sizes": (3, 3)}, "activation must be among"),
        ({"dropout": (0.5, 1.0), "hidden_layer_sizes": (3, 3)}, "dropout must be in the range"),
        ({"solver": "lbfgs", "dropout": 0.5}, "same objective"),
        ({"solver": "lbfgs", "norm": "batch"}, "same objective"),
        ({"solver": "lbfgs", "averaging": "ema"}, "no steps"),
        ({"solver": "lbfgs", "weight_decay": 0.1}, "no steps"),
        ({"label_smoothing": 0.1, "focal_gamma": 1.0}, "exclude each other"),
        ({"hidden_layer_sizes": (3.5,)}, "whole numbers, got \\[3.5\\]"),
        ({"hidden_layer_sizes": ("3",)}, "whole numbers, got \\['3'\\]"),
    ],
)
def test_what_does_not_go_together(params, message):
    X, y = make_moons(50, random_state=0)
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**params).fit(X, y)


def test_negative_weights_are_refused(waves):
    X, y = waves
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        MLPRegressor(max_iter=2).fit(X, y, sample_weight=np.where(y > 0, 1.0, -1.0))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"hidden_layer_sizes": (4,)}, {"hidden_layer_sizes": (5,)}),
        ({"hidden_layer_sizes": (1, 5)}, {"hidden_layer_sizes": (4, 1)}),  # as many parameters
        ({"norm": None}, {"norm": "batch"}),
        ({"norm": "batch"}, {"norm": "layer"}),
        ({"norm": "layer"}, {"norm": "batch"}),
    ],
)
def test_other_layers_are_no_warm_start(waves, before, after):
    X, y = waves
    model = MLPRegressor(**before, warm_start=True, max_iter=2).fit(X[:, [0, -1]], y)
    with pytest.raises(ValueError, match="layers differ"):
        model.set_params(**after).fit(X[:, [0, -1]], y)


def test_predictions_follow_the_attributes(waves):
    X, y = waves
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, y)
    before = model.predict(X)
    model.intercepts_[-1] += 1.0
    np.testing.assert_allclose(model.predict(X), before + 1.0, rtol=1e-9)
    model.coefs_ = [np.zeros_like(c) for c in model.coefs_]
    assert np.ptp(model.predict(X)) == 0.0


def test_a_warning_where_training_was_cut_short(waves):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ConvergenceWarning, match="Maximum iterations \\(2\\) reached"):
            MLPRegressor(max_iter=2).fit(*waves)
