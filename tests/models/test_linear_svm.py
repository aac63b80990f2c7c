# SPDX-License-Identifier: BSD-3-Clause
"""LinearSVC and LinearSVR: is it the minimum of liblinear's objective, whatever the data look like?"""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.svm
from sklearn.exceptions import ConvergenceWarning
from svm_cases import NASTY, gradient_norm, nasty, objective, parameters
from tolerance import assert_close, assert_same_bytes, eps

from schuss.svm import LinearSVC, LinearSVR

PROMISE = 1e-6  # of the objective above its minimum, at the default tolerance
LOSSES = ["hinge", "squared_hinge", "epsilon_insensitive", "squared_epsilon_insensitive"]
SQUARED = [loss for loss in LOSSES if loss.startswith("squared")]
STORAGE = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "csr": sp.csr_array,
    "csr matrix": sp.csr_matrix,
}


pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")  # quiet means converged


def make(loss, **parameters):
    if "hinge" in loss:
        return LinearSVC(loss=loss, random_state=0, **parameters)
    return LinearSVR(loss=loss, random_state=0, **({"epsilon": 0.1} | parameters))


def theirs(model, **parameters):
    """scikit-learn's estimator with the same parameters."""
    same = model.get_params()
    cls = getattr(sklearn.svm, type(model).__name__)
    same = {name: same[name] for name in cls().get_params()}
    return cls(**(same | {"tol": 1e-11, "max_iter": 1_000_000} | parameters))


def target(loss, X, y, rng):
    """Classes as they are, or numbers that go with them."""
    return y if "hinge" in loss else y + 0.5 * X[:, 0] / np.abs(X[:, 0]).max() + 0.3 * rng.standard_normal(len(y))


# -- the minimum -----------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("options", [{}, {"C": 0.01}, {"fit_intercept": False}, {"intercept_scaling": 5.0}], ids=str)
def test_same_minimum_as_liblinear(loss, options, rng):
    X = rng.standard_normal((80, 4)) + 0.5
    y = target(loss, X, (X @ [1, -1, 0.5, 0] + rng.standard_normal(80) > 0.5).astype(int), rng)
    model, weight = make(loss, **options), rng.random(80)
    model.fit(X, y, weight)
    other = theirs(model).fit(X, y, weight)
    least = objective(other, X, y, weight)
    assert abs(objective(model, X, y, weight) - least) <= PROMISE * least
    if loss in SQUARED:  # the others may be flat at the minimum
        want = np.concatenate(parameters(other), axis=None)
        assert_close(np.concatenate(parameters(model), axis=None), want, 2e-4, scale=np.abs(want).max())


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0, 2: 0.5}], ids=str)
def test_several_classes_and_their_weights(loss, class_weight, rng):
    X = rng.standard_normal((150, 4))
    y = np.argmax(X[:, :3] + rng.standard_normal((150, 3)), axis=1)
    model = LinearSVC(loss=loss, class_weight=class_weight).fit(X, y)
    other = theirs(model).fit(X, y)
    assert model.coef_.shape == (3, 4)
    assert_close(model.coef_, other.coef_, 2e-3, scale=np.abs(other.coef_).max())
    assert_close(model.decision_function(X), other.decision_function(X), 2e-3, scale=1.0)


@pytest.mark.parametrize("options", [{}, {"C": 0.05}, {"fit_intercept": False}, {"intercept_scaling": 5.0}], ids=str)
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_l1_penalty(options, container, rng):
    X = rng.standard_normal((150, 8)) + 0.5
    y = (X[:, 0] - X[:, 1] + rng.standard_normal(150) > 0).astype(int)
    model = LinearSVC(penalty="l1", **options).fit(container(X), y)
    other = theirs(model, random_state=0, tol=1e-9, dual=False).fit(X, y)
    assert model.stop_reason_ == "converged"
    assert abs(objective(model, X, y) - objective(other, X, y)) <= PROMISE * objective(other, X, y)
    assert_close(model.history_["objective"][-1], objective(model, X, y), 1e-9)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", NASTY)
def test_certificate_on_nasty_data(loss, name, rng):
    X, y = nasty(name, rng)
    y = target(loss, X, y, rng)
    model = make(loss).fit(X, y)
    history = model.history_
    assert model.stop_reason_ == "converged"
    assert_close(history["objective"][-1], objective(model, X, y), 1e-7)
    if "gradient_norm" in history:
        size = np.abs(X).max()
        assert gradient_norm(model, X, y) <= 1.1 * history["gradient_norm"][-1] + 1e4 * eps(float) * size
        assert history["gradient_norm"][-1] <= max(model.tol, 1e3 * eps(float) * size)
    else:
        assert 0 <= history["duality_gap"][-1] <= 1e-7 * history["objective"][-1]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("storage", STORAGE)
def test_storage_makes_no_difference(loss, storage, dtype, rng):
    X, y = nasty("plain", rng)
    y = target(loss, X, y, rng)
    want, model = make(loss).fit(X, y), make(loss).fit(STORAGE[storage](X).astype(dtype), y)
    assert model.coef_.dtype == dtype
    assert_close(objective(model, X, y), objective(want, X, y), 2 * PROMISE)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("shape", [(400, 3000), (1200, 1100)], ids=["wide", "long"])
def test_large_sparse_data(loss, shape, rng):
    """Dual coordinate descent where the matrices would be large; certified, and the same either way."""
    X = sp.random_array(shape, density=0.02, format="csr", random_state=rng)
    y = target(loss, X.toarray(), (X @ rng.standard_normal(shape[1]) > 0).astype(int), rng)
    model = make(loss, max_iter=100_000).fit(X, y)
    assert model.stop_reason_ == "converged"
    if "duality_gap" in model.history_:
        assert model.history_["duality_gap"][-1] <= 1e-7 * model.history_["objective"][-1]
    other = make(loss, dual=loss not in SQUARED or "duality_gap" not in model.history_, max_iter=100_000).fit(X, y)
    assert_close(objective(model, X, y), objective(other, X, y), PROMISE)


@pytest.mark.parametrize("loss", LOSSES)
def test_large_data_solved_on_few_rows_first(loss, rng):
    X = rng.standard_normal((30_000, 6)) + 2.0
    z = X @ rng.standard_normal(6) + 2 * rng.standard_normal(30_000)
    y, weight = (z > 0).astype(int) if "hinge" in loss else z, rng.integers(0, 3, 30_000).astype(float)
    model = make(loss, tol=1e-6).fit(X, y, weight)
    assert model.stop_reason_ == "converged"
    assert_close(model.history_["objective"][-1], objective(model, X, y, weight), 1e-9)
    few = make(loss, tol=1e-6).fit(X[::5], y[::5], weight[::5])
    assert objective(model, X, y, weight) <= objective(few, X, y, weight)
    certificate = "gradient_norm" if loss in SQUARED else "duality_gap"
    assert model.history_[certificate][-1] <= 1e-6 if loss in SQUARED else 1e-9 * model.history_["objective"][-1]


# -- weights, threads ------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_weight_of_two_is_two_copies(loss, rng):
    X, y = nasty("plain", rng)
    y, weight = target(loss, X, y, rng), rng.integers(0, 3, len(X))
    weighed = make(loss, tol=1e-9).fit(X, y, weight)
    copied = make(loss, tol=1e-9).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert_close(weighed.coef_, copied.coef_, 1e-4, scale=np.abs(copied.coef_).max())


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("wide", [False, True])
def test_same_bits_for_any_number_of_threads(loss, wide, n_threads, rng):
    X = (
        sp.random_array((600, 2000), density=0.02, format="csr", random_state=rng)
        if wide
        else rng.standard_normal((20_000, 8))
    )
    z = X @ np.sin(np.arange(X.shape[1])) + rng.standard_normal(X.shape[0])
    y = np.digitize(z, [-1, 1]) if "hinge" in loss else z
    alone, together = (make(loss, n_threads=count).fit(X, y) for count in (1, n_threads))
    assert_same_bytes(together.coef_, alone.coef_)
    assert_same_bytes(together.intercept_, alone.intercept_)


def test_negative_weights_are_refused(rng):
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        LinearSVC().fit([[0.0], [1.0]], [0, 1], [1.0, -1.0])


# -- the loop --------------------------------------------------------------------------------------


def test_too_few_iterations_warn(rng):
    X, y = nasty("wide", rng)
    for loss in ("hinge", "squared_hinge"):
        with pytest.warns(ConvergenceWarning, match="Liblinear failed to converge"):
            model = LinearSVC(loss=loss, max_iter=2).fit(X, y)
        assert (model.n_iter_, model.stop_reason_) == (2, "max_iter")
        assert np.isfinite(model.history_["objective"][-1])


def test_no_iterations_at_all(rng):
    X, y = nasty("plain", rng)
    with pytest.warns(ConvergenceWarning):
        model = LinearSVC(max_iter=0).fit(X, y)
    assert not model.coef_.any()
    assert len(model.history_) == 0


@pytest.mark.parametrize("loss", LOSSES)
def test_early_stopping_returns_to_the_best(loss, rng):
    X, y = nasty("wide", rng)
    y = target(loss, X, y, rng)
    model = make(loss, C=100.0, early_stopping=True, n_iter_no_change=1, validation_fraction=0.3).fit(X, y)
    scores = model.history_["validation_score"]
    assert scores[model.best_iteration_] == scores.max()
    assert model.stop_reason_ in ("no_improvement", "converged")


@pytest.mark.parametrize("loss", LOSSES)
def test_validation_curves(loss, rng):
    X, y = nasty("plain", rng)
    y = target(loss, X, y, rng)
    model = make(loss).fit(X[:80], y[:80], X_val=X[80:], y_val=y[80:])
    assert_close(model.history_["validation_score"][-1], model.score(X[80:], y[80:]), 1e-12)
    assert set(model.history_.baseline) >= {"training_loss", "validation_loss"}


def test_dual_epochs_without_a_gap_say_nothing_of_the_objective(rng):
    X, y = nasty("wide", rng, n=60)
    history = LinearSVC(loss="hinge", C=1e3, tol=1e-8).fit(sp.csr_array(X), y).history_
    measured = np.isfinite(history["duality_gap"])
    assert measured[-1]
    np.testing.assert_array_equal(measured, np.isfinite(history["objective"]))
    assert np.isfinite(history["violation"]).all()


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"penalty": "l1", "loss": "hinge"}, "combination of penalty='l1' and loss='hinge' is not supported"),
        ({"penalty": "l1", "dual": True}, "are not supported when dual=True"),
        ({"loss": "hinge", "dual": False}, "penalty='l2' and loss='hinge' are not supported when dual=False"),
    ],
    ids=str,
)
def test_combinations_that_do_not_exist(settings, message):
    with pytest.raises(ValueError, match=message):
        LinearSVC(**settings).fit([[0.0], [1.0]], [0, 1])


def test_one_class_is_not_enough():
    with pytest.raises(ValueError, match="needs samples of at least 2 classes"):
        LinearSVC().fit([[0.0], [1.0]], [1, 1])
