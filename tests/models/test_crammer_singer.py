# SPDX-License-Identifier: BSD-3-Clause
"""LinearSVC with multi_class='crammer_singer': is it the minimum of the joint problem, by either method?"""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.svm
from sklearn.datasets import load_wine
from sklearn.exceptions import ConvergenceWarning
from svm_cases import NASTY, nasty, parameters, rows_of
from tolerance import assert_close, assert_same_bytes

from schuss.svm import LinearSVC
from schuss.svm import _fit as svm_fit

PROMISE = 1e-6  # of the objective above its minimum, at the default tolerance


pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")  # quiet means converged


def make(**parameters):
    return LinearSVC(multi_class="crammer_singer", random_state=0, **parameters)


def fit_theirs(X, y, weight=None, **parameters):
    """liblinear as far as it comes: whether rounding lets it see its tolerance depends on the run."""
    model = sklearn.svm.LinearSVC(
        multi_class="crammer_singer", random_state=0, tol=1e-9, max_iter=100_000, **parameters
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y, weight)


def objective(model, X, y, cost=1.0):
    """The joint objective, divided by C and the sum of the weights; cost (n,)."""
    coef, intercept = parameters(model)
    if len(coef) == 1:
        coef, intercept = np.vstack([-coef, coef]) / 2, np.append(-intercept, intercept) / 2
    own = np.arange(len(y)), np.searchsorted(model.classes_, y)
    wants = rows_of(X) @ coef.T + intercept + 1.0
    wants[own] -= 1.0
    level = intercept / model.intercept_scaling
    cost = np.broadcast_to(cost, len(y))
    return ((np.sum(coef**2) + np.sum(level**2)) / (2 * model.C) + cost @ (wants.max(axis=1) - wants[own])) / cost.sum()


def three(rng, n=120, d=4):
    X = rng.standard_normal((n, d)) + 0.5
    return X, np.argmax(X[:, :3] + 0.7 * rng.standard_normal((n, 3)), axis=1)


def wide(rng, n=150, d=600):
    X = sp.random_array((n, d), density=0.05, format="csr", random_state=rng)
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)  # liblinear takes no others
    return X, np.argmax(X @ rng.standard_normal((d, 5)), axis=1)


@pytest.mark.parametrize("options", [{}, {"C": 0.01}, {"fit_intercept": False}, {"intercept_scaling": 5.0}], ids=str)
@pytest.mark.parametrize("make_data", [three, wide])
def test_same_minimum_as_liblinear(make_data, options, rng):
    X, y = make_data(rng)
    weight = rng.integers(0, 3, len(y)) * 0.5
    model, other = make(**options).fit(X, y, weight), fit_theirs(X, y, weight, **options)
    least = objective(other, X, y, weight)
    assert model.stop_reason_ == "converged"
    assert -PROMISE * least <= objective(model, X, y, weight) - least <= PROMISE * least
    assert_close(model.coef_, other.coef_, 1e-3, scale=np.abs(other.coef_).max())
    assert np.mean(model.predict(X) == other.predict(X)) > 0.98
    assert_close(model.history_["objective"][-1], objective(model, X, y, weight), 1e-9)


@pytest.mark.parametrize("class_weight", ["balanced", {"b": 3.0, "c": 0.5}], ids=str)
def test_weights_of_classes(class_weight, rng):
    X, y = three(rng)
    y = np.array(["a", "b", "c"])[y]
    model, other = make(class_weight=class_weight).fit(X, y), fit_theirs(X, y, class_weight=class_weight)
    assert_close(model.coef_, other.coef_, 1e-3, scale=np.abs(other.coef_).max())
    assert_close(model.intercept_, other.intercept_, 1e-3, scale=np.abs(other.coef_).max())


@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("options", [{}, {"C": 0.05, "intercept_scaling": 3.0}, {"fit_intercept": False}], ids=str)
def test_two_classes_have_one_row(container, options, rng):
    X, y = nasty("plain", rng)
    model, other = make(**options).fit(container(X), y), fit_theirs(X, y, **options)
    assert model.coef_.shape == other.coef_.shape == (1, X.shape[1])
    assert np.shape(model.intercept_) == np.shape(other.intercept_)
    assert abs(objective(model, X, y) - objective(other, X, y)) <= PROMISE * objective(other, X, y)
    assert_close(model.history_["objective"][-1], objective(model, X, y), 1e-9)


@pytest.mark.parametrize("name", NASTY)
def test_certificate_on_nasty_data(name, rng):
    X, y = nasty(name, rng)
    y = y + (X[:, 0] > np.median(X[:, 0]))
    model = make().fit(X, y)
    assert model.stop_reason_ == "converged"
    assert_close(model.history_["objective"][-1], objective(model, X, y), 1e-7)
    assert 0 <= model.history_["duality_gap"][-1] <= 1e-7 * model.history_["objective"][-1]


def test_columns_as_they_come():
    """On these liblinear is at 3.6 times the minimum after a hundred thousand epochs."""
    X, y = load_wine(return_X_y=True)
    model = make().fit(X, y)
    assert model.n_iter_ < 50
    assert 0 <= model.history_["duality_gap"][-1] <= 1e-7 * model.history_["objective"][-1]
    assert model.score(X, y) > 0.97


def test_both_methods_agree(rng):
    """Sparse data of a few more columns than are worth a matrix, and the same without the columns that say nothing."""
    X, y = three(rng, n=2000, d=6)
    padded = sp.hstack([sp.csr_array(X), sp.csr_array((2000, 1200))], format="csr")
    by_rows, by_matrix = make(max_iter=100_000).fit(padded, y), make().fit(X, y)
    assert "violation" in by_rows.history_
    assert "step_size" in by_matrix.history_
    assert_close(objective(by_rows, padded, y), objective(by_matrix, X, y), PROMISE)
    assert_close(by_rows.coef_[:, :6], by_matrix.coef_, 1e-3, scale=np.abs(by_matrix.coef_).max())
    assert not by_rows.coef_[:, 6:].any()


@pytest.mark.parametrize("storage", [np.asfortranarray, sp.csr_array, sp.csc_array])
def test_storage_makes_no_difference(storage, dtype, rng):
    X, y = three(rng)
    want, model = make().fit(X, y), make().fit(storage(X).astype(dtype), y)
    assert model.coef_.dtype == dtype
    assert_close(objective(model, X, y), objective(want, X, y), 2 * PROMISE)


@pytest.mark.parametrize("make_data", [three, wide])
def test_same_bits_for_any_number_of_threads(make_data, n_threads, rng):
    X, y = make_data(rng)
    alone, together = (make(n_threads=count).fit(X, y) for count in (1, n_threads))
    assert_same_bytes(together.coef_, alone.coef_)
    assert_same_bytes(together.intercept_, alone.intercept_)


@pytest.mark.parametrize("make_data", [three, wide])
def test_curves(make_data, rng):
    X, y = make_data(rng)
    model = make().fit(X[:90], y[:90], X_val=X[90:], y_val=y[90:])
    history = model.history_
    assert_close(history["validation_score"][-1], model.score(X[90:], y[90:]), 1e-12)
    model.C = np.inf  # without the penalty
    assert_close(history["validation_loss"][-1], objective(model, X[90:], y[90:]), 1e-9)
    shares = np.bincount(y[:90]) / 90
    assert_close(history.baseline["training_loss"], min(1.0, 2.0 * (1.0 - shares.max())), 1e-12)


def test_early_stopping_returns_to_the_best(rng):
    X, y = wide(rng, n=300)
    model = make(C=100.0, early_stopping=True, n_iter_no_change=1, validation_fraction=0.3).fit(X, y)
    scores = model.history_["validation_score"]
    assert scores[model.best_iteration_] == scores.max()


def test_what_does_not_apply_is_ignored(rng):
    X, y = three(rng)
    want = make().fit(X, y)
    assert_same_bytes(make(penalty="l1", loss="hinge", dual=False).fit(X, y).coef_, want.coef_)


def test_the_interior_point_finishes_what_coordinate_descent_does_not(rng, monkeypatch):
    """Where its matrices are large it waits for its turn."""
    X, y = three(rng, n=300, d=8)
    monkeypatch.setattr(svm_fit, "_CHEAP_ORDER", 8)
    monkeypatch.setattr(svm_fit, "_LARGEST_ORDER", 8)
    with pytest.warns(ConvergenceWarning):
        alone = make(C=1e4, max_iter=100).fit(X, y)
    monkeypatch.setattr(svm_fit, "_LARGEST_ORDER", 100)
    monkeypatch.setattr(svm_fit, "_PATIENCE", 20)
    model = make(C=1e4, max_iter=100).fit(X, y)
    assert model.stop_reason_ == "converged"
    assert 20 < model.n_iter_ == len(model.history_) < 100
    assert objective(model, X, y) < objective(alone, X, y)
    assert model.history_[-1]["duality_gap"] <= 1e-6 * objective(model, X, y)
