# SPDX-License-Identifier: BSD-3-Clause
"""LogisticRegression: is it the minimum, whatever the data look like?"""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from glm_cases import Multinomial, classes_of, stacked
from tolerance import assert_close, assert_same_bytes, eps, tol

from schuss.linear_model import LogisticRegression

PROMISE = 1e-6  # of the objective above its minimum, at the default tolerance
N_CLASSES = pytest.mark.parametrize("n_classes", [2, 3, 5])


pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")  # quiet means converged


def fit(X, y, weight=None, **parameters):
    return LogisticRegression(**parameters).fit(X, y, weight)


# -- the minimum -----------------------------------------------------------------------------------


@N_CLASSES
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [1e-3, 1.0, 1e3])
def test_default_tolerance_keeps_the_promise(n_classes, fit_intercept, C, rng):
    X, y = classes_of(rng, 300, 5, n_classes)
    weight = rng.random(300)
    model = fit(X, y, weight, C=C, fit_intercept=fit_intercept)
    problem = Multinomial(X, y, weight=weight, C=C, fit_intercept=fit_intercept)
    assert model.stop_reason_ == "converged"
    assert -eps(float) * 100 <= problem.excess(model) <= PROMISE
    assert model.history_["gradient_norm"][-1] <= model.tol


@N_CLASSES
def test_gradients_as_small_as_asked_for(n_classes, rng):
    X, y = classes_of(rng, 400, 6, n_classes)
    model = fit(X, y, tol=1e-11)
    problem = Multinomial(X, y)
    assert np.abs(problem.gradient(stacked(model))).max() <= 2e-11
    assert abs(problem.excess(model)) <= 100 * eps(float)


@pytest.mark.parametrize(("n", "d", "n_classes"), [(12_000, 8, 2), (25_000, 5, 3)], ids=["binary pilot", "block pilot"])
def test_large_data(n, d, n_classes, rng):
    X, y = classes_of(rng, n, d, n_classes)
    weight = rng.integers(0, 3, n).astype(float)
    assert Multinomial(X, y, weight=weight).excess(fit(X, y, weight)) <= PROMISE


@pytest.mark.parametrize("share", [0.0005, 0.05])
def test_rare_classes_in_large_data(share, rng):
    X = rng.standard_normal((40_000, 4))
    score = X @ [1.0, -1.0, 0.5, 0.0] + rng.logistic(size=40_000)
    y = np.where(score > np.quantile(score, 1 - share), "rare", "common")
    assert Multinomial(X, y).excess(fit(X, y)) <= PROMISE


@pytest.mark.parametrize("n_classes", [2, 3])
def test_hardly_any_weights_in_large_data(n_classes, rng):
    X, y = classes_of(rng, 40_000, 4, n_classes)
    weight = np.zeros(40_000)
    weight[rng.permutation(40_000)[:60]] = 1.0
    few = weight > 0
    model = fit(X, y, weight)
    assert Multinomial(X[few], y[few]).excess(model) <= PROMISE


@pytest.mark.parametrize("C", [1.0, np.inf])
def test_large_data_of_which_few_rows_would_separate(C, rng):
    X = rng.standard_normal((30_000, 90))
    score = X @ rng.standard_normal(90) + 5 * rng.logistic(size=30_000)
    y = (score > np.quantile(score, 0.995)).astype(int)
    model = fit(X, y, C=C)
    assert Multinomial(X, y, C=C).excess(model) <= PROMISE
    assert len(model.history_) < 20


def test_a_class_of_two_rows(rng):
    X, y = classes_of(rng, 300, 3, 2)
    y[:2] = 7
    model = fit(X, y)
    assert Multinomial(X, y).excess(model) <= PROMISE
    assert_same_bytes(model.classes_, np.array([0, 1, 7]))


@N_CLASSES
def test_no_penalty(n_classes, rng):
    X, y = classes_of(rng, 600, 3, n_classes, noise=3.0)
    model = fit(X, y, C=np.inf, tol=1e-9)
    assert abs(Multinomial(X, y, C=np.inf).excess(model)) <= 1e-12
    with pytest.warns(FutureWarning, match="'penalty' was deprecated"):
        same = LogisticRegression(penalty=None, tol=1e-9).fit(X, y)
    assert_same_bytes(same.coef_, model.coef_)


def test_coefficients_of_all_classes_sum_to_zero(rng):
    X, y = classes_of(rng, 200, 3, 4)
    model = fit(X, y, tol=1e-10)
    assert np.abs(model.coef_.sum(axis=0)).max() < tol(float, 200)
    assert abs(model.intercept_.sum()) < tol(float, 200)


# -- unpleasant columns ----------------------------------------------------------------------------


def distort(kind, X, rng):
    n = len(X)
    return {
        "duplicated": lambda: np.column_stack([X, X]),
        "constant": lambda: np.column_stack([X, np.full(n, 3.0), np.zeros(n)]),
        "collinear": lambda: np.column_stack([X, X @ rng.standard_normal((X.shape[1], 2))]),
        "scales": lambda: X * np.geomspace(1e-8, 1e8, X.shape[1]),
        "far from zero": lambda: X + 1e4,
        "indicators": lambda: np.eye(4)[rng.integers(0, 4, n)],
    }[kind]()


KINDS = ["duplicated", "constant", "collinear", "scales", "far from zero", "indicators"]


@pytest.mark.parametrize("kind", KINDS)
@N_CLASSES
def test_unpleasant_columns(kind, n_classes, rng):
    X, y = classes_of(rng, 300, 4, n_classes)
    X = distort(kind, X, rng)
    model = fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert Multinomial(X, y).excess(model) <= PROMISE


@pytest.mark.parametrize("scales", [(1e-3, 1e3), (1e-8, 1e8)])
@pytest.mark.parametrize(("n", "n_classes"), [(400, 2), (400, 5), (12_000, 2), (12_000, 3)])
def test_columns_of_any_scale_end_with_a_certificate(n, n_classes, scales, dtype, rng):
    X, y = classes_of(rng, n, 12, n_classes)
    X = (X * rng.permutation(np.geomspace(*scales, 12)) + rng.standard_normal(12) * scales[0]).astype(dtype)
    X[:, 3] = 7.0
    weight = rng.integers(0, 3, n).astype(float)
    model = fit(X, y, weight, C=10.0)
    problem = Multinomial(X, y, weight=weight, C=10.0)
    assert model.stop_reason_ == "converged"
    assert problem.excess(model) <= PROMISE
    if dtype == np.float64:
        assert np.abs(problem.gradient(stacked(model))).max() <= 1.1 * model.tol


@pytest.mark.parametrize("scales", [(1e-3, 1e3), (1e-8, 1e8)])
@N_CLASSES
def test_few_rows_with_columns_of_any_scale(n_classes, scales, rng):
    X, y = classes_of(rng, 30, 40, n_classes)
    X = X * rng.permutation(np.geomspace(*scales, 40))
    model = fit(X, y)
    assert model.stop_reason_ == "converged"
    assert np.abs(Multinomial(X, y).gradient(stacked(model))).max() <= 1.1 * model.tol


def sparse_classes(n, d, n_classes, scales, rng, noise):
    """Enough entries to be solved as a sparse table, and the sizes of its columns."""
    X = sp.random_array((n, d), density=0.04, format="csr", random_state=rng)
    scores = X @ rng.standard_normal((d, n_classes)) + noise * rng.gumbel(size=(n, n_classes))
    sizes = rng.permutation(np.geomspace(*scales, d))
    return sp.csr_array(X.multiply(sizes)), scores.argmax(axis=1), sizes


@pytest.mark.parametrize("scales", [(1e-3, 1e3), (1e-8, 1e8)])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_sparse_columns_of_any_scale(n_classes, scales, rng):
    X, y, sizes = sparse_classes(2000, 600, n_classes, scales, rng, noise=0.5)
    sparse, dense = fit(X, y), fit(X.toarray(), y)
    problem = Multinomial(X, y)
    assert sparse.stop_reason_ == "converged"
    assert problem.value(stacked(sparse)) <= dense.history_["objective"][-1] * (1 + PROMISE)
    unit = np.append(np.maximum(sizes, 1.0), 1.0)  # what a gradient of this size means, in columns of size one
    assert np.abs(problem.gradient(stacked(sparse)) / unit).max() <= sparse.tol


@pytest.mark.parametrize("n_classes", [2, 3])
def test_sparse_columns_of_any_scale_that_nearly_separate(n_classes, rng):
    """Few rows and a penalty that hardly reaches the large columns: no diagonal knows these curvatures."""
    X, y, _ = sparse_classes(1100, 1000, n_classes, (1e-4, 1e4), rng, noise=0.1)
    model = fit(X, y)
    assert model.stop_reason_ == "converged"
    assert 40 <= model.n_iter_ < 80  # the last ones by conjugate gradients
    assert np.abs(Multinomial(X, y).gradient(stacked(model))).max() <= 1.1 * model.tol


@pytest.mark.parametrize("kind", ["duplicated", "constant", "collinear", "indicators"])
def test_unpleasant_columns_without_penalty(kind, rng):
    X, y = classes_of(rng, 300, 4, 2, noise=3.0)
    X = distort(kind, X, rng)
    model = fit(X, y, C=np.inf)
    assert abs(Multinomial(X, y, C=np.inf).excess(model)) <= PROMISE
    assert np.abs(model.coef_).max() < 100


@pytest.mark.parametrize(("n", "d"), [(30, 100), (5, 70), (20, 40)])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_more_features_than_samples(n, d, n_classes, rng):
    X, y = classes_of(rng, n, d, n_classes)
    y[:n_classes] = np.arange(n_classes)
    assert Multinomial(X, y).excess(fit(X, y)) <= PROMISE


def test_separable_classes_without_penalty_end_quietly(rng):
    X, y = classes_of(rng, 100, 3, 2, noise=0.0)
    model = fit(X, y, C=np.inf)
    assert model.score(X, y) == 1.0
    assert np.isfinite(model.coef_).all()


# -- the same problem, written differently ---------------------------------------------------------


@N_CLASSES
def test_weights_are_repetitions(n_classes, rng):
    X, y = classes_of(rng, 200, 4, n_classes)
    weight = rng.integers(0, 4, 200)
    rows = np.repeat(np.arange(200), weight)
    weighted, repeated = fit(X, y, weight, tol=1e-10), fit(X[rows], y[rows], tol=1e-10)
    assert_close(weighted.coef_, repeated.coef_, 1e-8, scale=1.0)
    assert_close(weighted.intercept_, repeated.intercept_, 1e-8, scale=1.0)


def test_class_weights_are_sample_weights(rng):
    X, y = classes_of(rng, 300, 4, 3)
    weight = rng.random(300)
    by_class = fit(X, y, weight, class_weight={0: 1.0, 1: 2.0, 2: 0.5}, tol=1e-9)
    by_sample = fit(X, y, weight * np.array([1.0, 2.0, 0.5])[y], tol=1e-9)
    assert_close(by_class.coef_, by_sample.coef_, 1e-7, scale=1.0)
    balanced = fit(X, y, class_weight="balanced", tol=1e-9)
    shares = 300 / (3 * np.bincount(y))
    assert_close(balanced.coef_, fit(X, y, shares[y], tol=1e-9).coef_, 1e-7, scale=1.0)


@N_CLASSES
@pytest.mark.parametrize("shape", [(300, 20), (900, 1500)], ids=["small", "solved sparse"])
def test_csr_is_dense(n_classes, shape, rng):
    X = sp.random(*shape, density=0.05, format="csr", random_state=1)
    y = (X @ rng.standard_normal((shape[1], n_classes)) + 0.1 * rng.gumbel(size=(shape[0], n_classes))).argmax(axis=1)
    dense, sparse = fit(X.toarray(), y, tol=1e-8), fit(X, y, tol=1e-8)
    scale = np.abs(dense.coef_).max()
    assert_close(sparse.coef_, dense.coef_, 1e-4, scale=scale)
    assert_close(sparse.predict_proba(X), dense.predict_proba(X.toarray()), 1e-4, scale=1.0)


@N_CLASSES
def test_single_precision_is_kept_and_close(n_classes, rng):
    X, y = classes_of(rng, 500, 5, n_classes)
    X = X.astype(np.float32)
    single, double = fit(X, y), fit(X.astype(np.float64), y)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    assert single.predict_proba(X).dtype == single.decision_function(X).dtype == np.float32
    assert double.coef_.dtype == np.float64
    assert_close(single.coef_, double.coef_, 1e-3, scale=np.abs(double.coef_).max())
    assert Multinomial(X, y).excess(single) <= PROMISE


def test_single_precision_far_from_zero(rng):
    X, y = classes_of(rng, 500, 5, 2)
    X = (X + 100.0).astype(np.float32)
    assert Multinomial(X, y).excess(fit(X, y)) <= PROMISE


@pytest.mark.parametrize("n", [500, 30_000])
@N_CLASSES
def test_threads_change_no_bit(n, n_classes, dtype, n_threads, rng):
    X, y = classes_of(rng, n, 9, n_classes)
    one, many = (fit(X.astype(dtype), y, n_threads=threads) for threads in (1, n_threads))
    assert_same_bytes(many.coef_, one.coef_)
    assert_same_bytes(many.intercept_, one.intercept_)


def test_the_solver_s_name_makes_no_difference(rng):
    X, y = classes_of(rng, 100, 3, 2)
    want = fit(X, y)
    for solver in ("newton-cg", "newton-cholesky", "sag", "saga"):
        assert_same_bytes(fit(X, y, solver=solver).coef_, want.coef_)


@pytest.mark.parametrize("scaling", [1.0, 0.25, 30.0])
@pytest.mark.parametrize("n", [200, 15_000], ids=["small", "pilot"])
@pytest.mark.parametrize("far", [0.0, 50.0])
def test_liblinear_penalises_the_intercept_as_a_column(n, scaling, far, rng):
    X, y = classes_of(rng, n, 4, 2)
    X, C = X + far, 0.5 / n
    model = fit(X, y, solver="liblinear", intercept_scaling=scaling, C=C, tol=1e-10)
    column = fit(np.column_stack([X, np.full(n, scaling)]), y, fit_intercept=False, C=C, tol=1e-10)
    assert_close(model.coef_, column.coef_[:, :-1], 1e-6, scale=np.abs(column.coef_).max())
    assert_close(model.intercept_, scaling * column.coef_[:, -1], 1e-6, scale=1.0)


def test_liblinear_on_a_sparse_table(rng):
    X = sp.random(900, 1500, density=0.05, format="csr", random_state=1)
    y = (X @ rng.standard_normal(1500) > 0.3).astype(int)
    parameters = {"solver": "liblinear", "intercept_scaling": 0.5, "C": 0.1, "tol": 1e-10}
    sparse, dense = fit(X, y, **parameters), fit(X.toarray(), y, **parameters)
    assert_close(sparse.coef_, dense.coef_, 1e-6, scale=np.abs(dense.coef_).max())
    assert_close(sparse.intercept_, dense.intercept_, 1e-6, scale=np.abs(dense.intercept_).max())


def test_liblinear_returns_double_precision(rng):
    X, y = classes_of(rng, 50, 2, 2)
    model = fit(X.astype(np.float32), y, solver="liblinear")
    assert model.coef_.dtype == model.intercept_.dtype == np.float64


@pytest.mark.parametrize("order", ["F", "C"])
def test_containers(order, rng):
    X, y = classes_of(rng, 100, 3, 3)
    names = np.array(["a", "b", "c"])[y]
    want = fit(X, y)
    frame = pd.DataFrame(X, columns=["u", "v", "w"])
    model = fit(frame, pd.Series(names))
    assert_same_bytes(model.coef_, want.coef_)
    assert model.feature_names_in_.tolist() == ["u", "v", "w"]
    assert model.predict(frame).tolist() == np.array(["a", "b", "c"])[want.predict(X)].tolist()
    again = model.fit(np.array(X, order=order), names)
    assert not hasattr(again, "feature_names_in_")
    assert_same_bytes(again.coef_, want.coef_)


def test_inputs_are_not_written_to(rng):
    X, y = classes_of(rng, 20_000, 3, 2)
    weight = rng.random(20_000)
    copies = X.copy(), y.copy(), weight.copy()
    fit(X, y, weight, class_weight="balanced")
    for now, before in zip((X, y, weight), copies, strict=True):
        assert_same_bytes(now, before)


# -- predicting ------------------------------------------------------------------------------------


@N_CLASSES
def test_probabilities(n_classes, rng):
    X, y = classes_of(rng, 100, 3, n_classes)
    model = fit(X, y)
    share = model.predict_proba(X)
    assert share.shape == (100, n_classes)
    assert_close(share.sum(axis=1), np.ones(100), tol(float, n_classes))
    assert_same_bytes(model.classes_[share.argmax(axis=1)], model.predict(X))
    assert_close(model.predict_log_proba(X), np.log(share), tol(float, 10, c=100.0), scale=1.0)


def test_log_probabilities_stay_finite(rng):
    X, y = classes_of(rng, 100, 3, 2)
    model = fit(X, y)
    far = model.predict_log_proba(1e6 * X)
    assert np.isfinite(far).all()
    assert far.min() < -1e4


def test_sparsify_and_densify(rng):
    X, y = classes_of(rng, 100, 3, 3)
    model = fit(X, y)
    want = model.predict_proba(X)
    assert sp.issparse(model.sparsify().coef_)
    assert_close(model.predict_proba(X), want, tol(float, 3))
    assert isinstance(model.densify().coef_, np.ndarray)


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.full((4, 1), np.nan)}, "Input X contains NaN"),
        ({"X": np.full((4, 1), np.inf)}, "Input X contains infinity"),
        ({"y": [1, 1, 1, 1]}, "at least 2 classes"),
        ({"y": [0.1, 0.2, 0.3, 0.4]}, "Unknown label type"),
        ({"y": [0, 1, 1]}, "inconsistent numbers of samples"),
        ({"weight": np.zeros(4)}, "at least one non-zero"),
    ],
)
def test_bad_data(change, message):
    data = {"X": np.arange(4.0)[:, None], "y": [0, 1, 0, 1], "weight": None} | change
    with pytest.raises(ValueError, match=message):
        fit(**data)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_large_tables_are_searched_for_nan_by_the_fit_itself(n_classes, value, rng):
    X, y = classes_of(rng, 60_000, 6, n_classes)
    X[59_999, 3] = value
    with pytest.raises(ValueError, match="Input X contains"):
        fit(X, y)
