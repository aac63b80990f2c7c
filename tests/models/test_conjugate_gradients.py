# SPDX-License-Identifier: BSD-3-Clause
"""Conjugate gradients: as exact as asked for, on sparse data that stay sparse."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from schuss.linear_model import LinearRegression, Ridge

SHAPES = {"tall": (300, 20), "wide": (30, 80)}


def table(shape, dtype=np.float64, scales=False):
    rng = np.random.default_rng(0)
    n, d = SHAPES[shape]
    X = sp.random_array((n, d), density=0.2, random_state=rng, format="csr", dtype=np.float64)
    X = X + sp.csr_array((np.ones(n), (np.arange(n), np.full(n, 3))), shape=(n, d))  # a column far from zero
    if scales:
        X = X @ sp.diags_array(10.0 ** rng.integers(-8, 9, d))
    y = np.c_[rng.standard_normal(n), rng.standard_normal(n) + 5.0]
    return sp.csr_array(X).astype(dtype), y.astype(dtype), (rng.random(n) + 0.1).astype(dtype)


def residual_of(model, X, y, weight, alpha):
    """Gradient of each target at the solution, as part of that at zero."""
    X, mean = X.toarray().astype(float), np.average(X.toarray(), axis=0, weights=weight)
    errors = (y - model.predict(X.astype(model.coef_.dtype))) * weight[:, None]
    start = (y - np.average(y, axis=0, weights=weight)) * weight[:, None]
    gradient = (X - mean).T @ errors - alpha * model.coef_.T
    return np.linalg.norm(gradient, axis=0) / np.linalg.norm((X - mean).T @ start, axis=0)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("tol", [1e-4, 1e-10])
@pytest.mark.parametrize("scales", [False, True])
def test_the_gradient_is_as_small_as_asked_for(shape, tol, scales):
    X, y, weight = table(shape, scales=scales)
    model = Ridge(0.3, tol=tol).fit(X, y, weight)
    assert model.solver_ == "sparse_cg"
    assert model.stop_reason_ == "converged"
    assert residual_of(model, X, y, weight, 0.3).max() <= 1.01 * tol + 1e-12


@pytest.mark.parametrize("shape", SHAPES)
def test_the_record_is_that_of_the_parameters(shape):
    X, y, weight = table(shape)
    watched = Ridge(0.3, tol=1e-8).fit(X, y, weight, X_val=X, y_val=y, sample_weight_val=weight)
    np.testing.assert_allclose(watched.history_["data_loss"], watched.history_["validation_loss"], rtol=1e-9)
    assert np.all(np.diff(watched.history_["objective"]) <= 1e-12)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_solution_is_that_of_dense_data(shape, dtype):
    X, y, weight = table(shape, dtype)
    sparse = Ridge(0.3, tol=1e-12 if dtype == np.float64 else 1e-6).fit(X, y, weight)
    dense = Ridge(0.3).fit(X.toarray(), y, weight)
    tolerance = {"rtol": 1e-8, "atol": 1e-10} if dtype == np.float64 else {"rtol": 2e-4, "atol": 2e-5}
    np.testing.assert_allclose(sparse.coef_, dense.coef_, **tolerance)
    np.testing.assert_allclose(sparse.intercept_, dense.intercept_, **tolerance)


def test_any_number_of_threads_gives_the_same_bits():
    rng = np.random.default_rng(0)
    X = sp.random_array((20_000, 50), density=0.1, random_state=rng, format="csr")
    y = rng.standard_normal(20_000)
    one, two, three = (Ridge(n_threads=n).fit(X, y) for n in (1, 2, 3))
    assert one.coef_.tobytes() == two.coef_.tobytes() == three.coef_.tobytes()


def test_too_few_iterations_are_told():
    X, y, _ = table("tall")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # one who sets the limit knows it
        model = Ridge(tol=1e-12, max_iter=2).fit(X, y)
    assert model.stop_reason_ == "max_iter"
    with pytest.warns(ConvergenceWarning, match="sparse_cg did not converge"):
        Ridge(0.0, tol=0.0).fit(X, y)


def test_linear_regression_falls_back_on_lsqr():
    X, y, _ = table("tall", scales=True)
    hard = LinearRegression(tol=1e-12).fit(X, y[:, 0])
    assert len(hard.history_) > 1
    scaled = X.toarray() / np.abs(X.toarray()).max(axis=0)
    best = LinearRegression().fit(scaled, y[:, 0])
    assert hard.stop_reason_ == "converged"
    assert hard.score(X, y[:, 0]) <= best.score(scaled, y[:, 0]) + 1e-12


def test_linear_regression_of_smallest_norm():
    X, y, _ = table("wide")
    model = LinearRegression().fit(X, y)
    centred = X.toarray() - X.toarray().mean(axis=0)
    expected = np.linalg.lstsq(centred, y - y.mean(axis=0), rcond=1e-10)[0].T
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-5, atol=1e-6)
