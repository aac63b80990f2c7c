# SPDX-License-Identifier: BSD-3-Clause
"""LogisticRegression with an L1 or elastic-net penalty: is it the minimum, and are the zeros zeros?"""

import numpy as np
import pytest
import scipy.sparse as sp
from glm_cases import SparseMultinomial, classes_of, stacked
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from tolerance import assert_close, assert_same_bytes

from schuss.linear_model import LogisticRegression
from schuss.linear_model._proximal import plan, working_sets

PROMISE = 1e-6  # of the objective above its minimum, at the default tolerance
N_CLASSES = pytest.mark.parametrize("n_classes", [2, 3])  # of an even number of classes the minimum is not unique
L1_RATIO = pytest.mark.parametrize("l1_ratio", [1.0, 0.4])


pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")  # quiet means converged


def fit(X, y, weight=None, **parameters):
    return LogisticRegression(**{"solver": "saga", "l1_ratio": 1.0} | parameters).fit(X, y, weight)


def certify(X, y, weight=None, *, within=1e-9, gap=1e-6, **parameters):
    """Fit twice: tightly, with a certificate of the optimum, and by default, which has to be nearly as good.

    The duality gap must hold what it says, and be small, too; it knows less than the violation.
    """
    problem = SparseMultinomial(X, y, weight=weight, **{"l1_ratio": 1.0} | parameters)
    tight = fit(X, y, weight, tol=within, **parameters)
    assert tight.stop_reason_ == "converged"
    assert problem.violation(stacked(tight)) <= 2.0 * within
    plain = fit(X, y, weight, **parameters)
    least = problem.value(stacked(tight))
    assert problem.value(stacked(plain)) - least <= PROMISE * least
    for model in (tight, plain):
        assert model.history_["gradient_norm"][-1] <= model.tol
        above = problem.value(stacked(model)) - least
        assert -1e-12 * least <= above <= model.history_["duality_gap"][-1] + 1e-12 * least
    assert tight.history_["duality_gap"][-1] <= gap * least
    assert plain.history_["duality_gap"][-1] <= 1e-3 * least
    return tight


# -- the minimum -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 4])
@L1_RATIO
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [0.02, 1.0, 100.0])
def test_the_minimum_has_a_certificate(n_classes, l1_ratio, fit_intercept, C, rng):
    X, y = classes_of(rng, 300, 6, n_classes)
    certify(X, y, rng.random(300), C=C, l1_ratio=l1_ratio, fit_intercept=fit_intercept)


@N_CLASSES
@L1_RATIO
def test_agrees_with_scikit_learn(n_classes, l1_ratio, rng):
    X, y = classes_of(rng, 200, 8, n_classes)
    parameters = {"solver": "saga", "l1_ratio": l1_ratio, "C": 0.1}
    theirs = SklearnLogisticRegression(**parameters, tol=1e-10, max_iter=100_000).fit(X, y)
    ours = fit(X, y, tol=1e-10, **parameters)
    assert_close(ours.coef_, theirs.coef_, 1e-7, scale=1.0)
    assert_same_bytes(ours.coef_ == 0.0, theirs.coef_ == 0.0)
    assert_close(ours.predict_proba(X), theirs.predict_proba(X), 1e-7, scale=1.0)


@N_CLASSES
def test_strong_penalties_leave_the_intercept_alone(n_classes, rng):
    X, y = classes_of(rng, 300, 4, n_classes)
    y[:40] = 0
    model = fit(X, y, C=1e-4, tol=1e-10)
    assert not model.coef_.any()
    assert_close(model.predict_proba(X[:1])[0], np.bincount(y) / 300, 1e-9, scale=1.0)


@pytest.mark.parametrize(("n", "d", "n_classes"), [(15_000, 12, 2), (25_000, 6, 4)])
def test_large_data(n, d, n_classes, rng):
    X, y = classes_of(rng, n, d, n_classes)
    certify(X, y, rng.integers(0, 3, n).astype(float), C=10.0 / n)


def test_a_class_of_two_rows(rng):
    X, y = classes_of(rng, 300, 3, 2)
    y[:2] = 7
    certify(X, y)


# -- working sets ----------------------------------------------------------------------------------


@N_CLASSES
@L1_RATIO
@pytest.mark.parametrize(("n", "d"), [(40, 300), (5, 70), (100, 600)])
def test_more_features_than_samples(n, d, n_classes, l1_ratio, rng):
    X = rng.standard_normal((n, d))
    y = (X[:, :3] @ rng.standard_normal((3, n_classes)) + 0.3 * rng.gumbel(size=(n, n_classes))).argmax(axis=1)
    y[:n_classes] = np.arange(n_classes)
    certify(X, y, l1_ratio=l1_ratio, within=1e-8)


def text(rng, n, d, per_row=12):
    """Few entries a row, some columns in every other row, most in hardly any."""
    columns = (d * rng.random((n, per_row)) ** 3).astype(int)
    values = rng.lognormal(sigma=0.5, size=n * per_row) / np.sqrt(per_row)
    X = sp.csr_array((values, columns.ravel(), np.arange(0, n * per_row + 1, per_row)), shape=(n, d))
    X.sum_duplicates()
    return X, X @ rng.standard_normal(d)


def test_columns_outside_of_the_working_set_count_however_little_they_violate(rng, monkeypatch):
    monkeypatch.setattr(working_sets, "_FEWEST", 5)
    monkeypatch.setattr(working_sets, "_NEGLIGIBLE", 0.5)
    X = rng.normal(size=(300, 1000))
    y = (X[:, :30].sum(axis=1) + rng.logistic(size=300) > 0).astype(int)
    certify(X, y, C=0.2)


@pytest.mark.parametrize("C", [0.3, 3.0])
def test_sparse_text(C, rng):
    X, score = text(rng, 3000, 2500)
    certify(X, (score + rng.logistic(size=3000) > 0).astype(int), C=C, within=1e-8)


def test_sparse_text_of_several_classes(rng):
    X, score = text(rng, 2000, 1500)
    certify(X, np.digitize(score + 0.3 * rng.logistic(size=2000), [-0.5, 0.5]), C=0.3, within=1e-8)


@N_CLASSES
def test_csr_is_dense(n_classes, rng):
    X, score = text(rng, 1500, 1000)
    y = np.digitize(score, np.quantile(score, np.linspace(0, 1, n_classes + 1)[1:-1]))
    dense, sparse = fit(X.toarray(), y, tol=1e-9), fit(X, y, tol=1e-9)
    assert_close(sparse.coef_, dense.coef_, 1e-5, scale=np.abs(dense.coef_).max())


# -- Hessians in blocks ----------------------------------------------------------------------------


def test_many_parameters_in_all(rng):
    X, y = classes_of(rng, 1500, 140, 8)
    certify(X, y, C=0.03, within=1e-8)


@pytest.mark.parametrize("widest", [100, 3], ids=["classes", "columns"])
@pytest.mark.parametrize("storage", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("n_classes", [2, 3, 4])
@L1_RATIO
def test_blocks_lead_to_the_same_minimum(widest, storage, n_classes, l1_ratio, rng, monkeypatch):
    monkeypatch.setattr(plan, "_LARGEST_ORDER", 2)
    monkeypatch.setattr(plan, "_WIDEST_BLOCK", widest)
    X, score = text(rng, 1200, 900)
    y = np.digitize(score, np.quantile(score, np.linspace(0, 1, n_classes + 1)[1:-1]))
    parameters = {"C": 0.1, "l1_ratio": l1_ratio}
    model = fit(storage(X.toarray()), y, tol=1e-7, **parameters)
    assert model.stop_reason_ == "converged"
    assert SparseMultinomial(X, y, **parameters).violation(stacked(model)) <= 2e-7


# -- unpleasant columns ----------------------------------------------------------------------------


def distort(kind, X, rng):
    n = len(X)
    return {
        "duplicated": lambda: np.column_stack([X, X]),
        "constant": lambda: np.column_stack([X, np.full(n, 3.0), np.zeros(n)]),
        "collinear": lambda: np.column_stack([X, X @ rng.standard_normal((X.shape[1], 2))]),
        "far from zero": lambda: X + 1e4,
        "indicators": lambda: np.eye(4)[rng.integers(0, 4, n)],
        "wide and duplicated": lambda: np.tile(X, 100),
    }[kind]()


@pytest.mark.parametrize(
    "kind", ["duplicated", "constant", "collinear", "far from zero", "indicators", "wide and duplicated"]
)
@pytest.mark.parametrize("C", [0.1, 100.0])
@N_CLASSES
def test_unpleasant_columns(kind, C, n_classes, rng):
    X, y = classes_of(rng, 300, 4, n_classes)
    certify(distort(kind, X, rng), y, C=C, within=1e-4 if kind == "far from zero" else 1e-9)


@N_CLASSES
def test_columns_of_any_size(n_classes, rng):
    X, y = classes_of(rng, 300, 5, n_classes)
    scales = np.geomspace(1e-8, 1e8, 5)
    model = fit(X * scales, y)
    problem = SparseMultinomial(X * scales, y)
    tight = fit(X * scales, y, tol=1e-12, max_iter=1000)
    theta = stacked(tight)
    unit = np.append(scales, 1.0)  # what a gradient of this size means, in terms of columns of size one
    gradient = problem.gradient(theta)
    residual = np.where(
        theta != 0, gradient + problem.l1 * np.sign(theta), np.maximum(np.abs(gradient) - problem.l1, 0)
    )
    assert np.abs(residual / unit).max() <= 1e-9
    least = problem.value(theta)
    assert problem.value(stacked(model)) - least <= PROMISE * least


# -- the same problem, written differently ---------------------------------------------------------


@N_CLASSES
@pytest.mark.parametrize("d", [5, 400])
def test_weights_are_repetitions(n_classes, d, rng):
    X, y = classes_of(rng, 200, d, n_classes)
    weight = rng.integers(0, 4, 200)
    rows = np.repeat(np.arange(200), weight)
    weighted, repeated = fit(X, y, weight, tol=1e-10, C=0.1), fit(X[rows], y[rows], tol=1e-10, C=0.1)
    assert_close(weighted.coef_, repeated.coef_, 1e-7, scale=1.0)


@pytest.mark.parametrize("scaling", [1.0, 20.0])
@L1_RATIO
def test_liblinear_penalises_the_intercept_as_a_column(scaling, l1_ratio, rng):
    X, y = classes_of(rng, 200, 4, 2)
    if l1_ratio < 1.0:
        with pytest.raises(ValueError, match="Only 'saga' solver supports elasticnet"):
            fit(X, y, solver="liblinear", l1_ratio=l1_ratio)
        return
    model = fit(X + 2.0, y, solver="liblinear", intercept_scaling=scaling, C=0.1, tol=1e-10)
    column = fit(np.column_stack([X + 2.0, np.full(200, scaling)]), y, fit_intercept=False, C=0.1, tol=1e-10)
    assert_close(model.coef_, column.coef_[:, :-1], 1e-7, scale=1.0)
    assert_close(model.intercept_, scaling * column.coef_[:, -1], 1e-7, scale=1.0)


@N_CLASSES
@pytest.mark.parametrize("d", [5, 600])
def test_single_precision_is_kept_and_close(n_classes, d, rng):
    X, y = classes_of(rng, 500, d, n_classes)
    X = X.astype(np.float32)
    single, double = fit(X, y, C=0.1), fit(X.astype(np.float64), y, C=0.1, tol=1e-9)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    problem = SparseMultinomial(X, y, C=0.1)
    least = problem.value(stacked(double))
    assert problem.value(stacked(single)) - least <= PROMISE * least


@pytest.mark.parametrize(("n", "d"), [(20_000, 9), (300, 700)])
@N_CLASSES
def test_threads_change_no_bit(n, d, n_classes, dtype, n_threads, rng):
    X, y = classes_of(rng, n, d, n_classes)
    one, many = (fit(X.astype(dtype), y, C=0.1, n_threads=threads) for threads in (1, n_threads))
    assert_same_bytes(many.coef_, one.coef_)
    assert_same_bytes(many.intercept_, one.intercept_)


def test_threads_change_no_bit_of_sparse_fits(dtype, n_threads, rng):
    X, score = text(rng, 4000, 3000)
    one, many = (fit(X.astype(dtype), score > 0, n_threads=threads) for threads in (1, n_threads))
    assert_same_bytes(many.coef_, one.coef_)


# -- the loop --------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [5, 400])
def test_a_warm_start_at_the_minimum_takes_no_step(d, rng):
    X, y = classes_of(rng, 300, d, 2)
    model = fit(X, y, C=0.1, warm_start=True)
    coef = model.coef_.copy()
    model.fit(X, y)
    assert model.n_iter_[0] == 1
    assert_close(model.coef_, coef, 1e-4, scale=np.abs(coef).max())


def test_the_history_falls_and_adds_up(rng):
    X, y = classes_of(rng, 500, 600, 2)
    history = fit(X, y, C=1.0, l1_ratio=0.5, tol=1e-10).history_
    assert_close(history["objective"], history["data_loss"] + history["penalty"], 1e-14)
    assert (np.diff(history["objective"]) <= 1e-14).all()
    assert (history["penalty"] > 0).all()


def test_few_iterations_warn(rng):
    X, y = classes_of(rng, 500, 600, 2)
    with pytest.warns(ConvergenceWarning, match="max_iter was reached"):
        model = fit(X, y, C=1.0, max_iter=1)
    assert model.stop_reason_ == "max_iter"


def test_dual_has_no_l1(rng):
    X, y = classes_of(rng, 20, 2, 2)
    with pytest.raises(
        ValueError, match="penalty='l1' and loss='logistic_regression' are not supported when dual=True"
    ):
        fit(X, y, solver="liblinear", dual=True)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("shape", [(20_000, 20), (3000, 600)])
def test_nan_in_large_data_is_found(n_classes, shape, rng):
    X, y = rng.standard_normal(shape), rng.integers(0, n_classes, shape[0])
    X[-1, -1] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        fit(X, y)
