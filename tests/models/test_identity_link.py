# SPDX-License-Identifier: BSD-3-Clause
"""The identity link where the best predictions of some rows are zero, the edge of what is possible."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import nnls
from sklearn.exceptions import ConvergenceWarning
from tolerance import assert_close

from schuss.linear_model import GeneralizedLinearRegressor, TweedieRegressor


def draw(rng, n=40, d=3):
    """Counts, some with means of zero: the best predictions of some rows are at the edge."""
    X = rng.standard_normal((n, d))
    return X, rng.poisson(np.maximum(X @ rng.standard_normal(d) + 0.5, 0.0)).astype(float)


def lagrangian(X, y, model, weight=None, offset=0.0, l1=0.0, l2=0.0):
    """The norm of the Lagrangian's gradient with the best multipliers, and the least prediction."""
    weight = np.ones(len(y)) if weight is None else weight
    z, x = X @ model.coef_ + model.intercept_ + offset, np.column_stack([X, np.ones(len(y))])
    slope = weight / weight.sum() * (1.0 - np.divide(y, z, where=y > 0, out=np.zeros_like(z)))
    gradient = x.T @ slope + np.append(l2 * model.coef_ + l1 * np.sign(model.coef_), 0.0)
    edge = (y == 0) & (weight > 0) & (z < 1e-5 * y.mean())
    free = l1 * np.eye(len(gradient))[:, np.append(model.coef_ == 0, False)]  # what an L1 penalty may pull at zero
    return nnls(np.column_stack([x[edge].T, free, -free]), gradient)[1], z[weight > 0].min()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_poisson_reaches_the_minimum_at_the_edge(seed, alpha):
    X, y = draw(np.random.default_rng(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model = TweedieRegressor(power=1, link="identity", alpha=alpha).fit(X, y)
    norm, least = lagrangian(X, y, model, l2=alpha)
    assert model.stop_reason_ == "converged"
    assert model.history_[-1]["gradient_norm"] <= model.tol
    assert norm <= 2 * model.tol
    assert 0 < least < 1e-6  # the case that this is about


@pytest.mark.parametrize("kind", ["weights of zero", "offset", "sparse", "elastic net", "collinear", "few rows"])
def test_poisson_at_the_edge_of_any_table(kind, rng):
    X, y = draw(rng, n=12 if kind == "few rows" else 60)
    weight, offset, l1, l2 = None, np.zeros(len(y)), 0.0, 0.0
    if kind == "weights of zero":
        weight = rng.integers(0, 3, len(y)).astype(float)
        X[weight == 0] *= 100  # whose predictions may well be negative
    elif kind == "offset":
        offset = rng.random(len(y))
    elif kind == "elastic net":
        l1, l2 = 0.02, 0.01
    elif kind == "collinear":
        X = np.column_stack([X, X[:, 0] - X[:, 1], np.ones(len(y)), np.zeros(len(y))])
    elif kind == "few rows":
        X, l2 = rng.standard_normal((12, 30)), 0.05
    model = GeneralizedLinearRegressor(
        family="poisson", link="identity", alpha=l1 + l2, l1_ratio=l1 / (l1 + l2) if l1 else 0.0
    ).fit(sparse.csr_array(X) if kind == "sparse" else X, y, weight, offset)
    assert model.stop_reason_ == "converged"
    norm, least = lagrangian(X, y, model, weight, offset, l1, l2)
    assert norm <= 2 * model.tol
    assert least > 0


def test_objective_of_the_history_knows_no_barrier(rng):
    X, y = draw(rng)
    model = TweedieRegressor(power=1, link="identity", alpha=0.0).fit(X, y)
    mean = model.predict(X)
    half = np.mean(mean - y + np.where(y > 0, y * np.log(np.where(y > 0, y, 1.0) / mean), 0.0))
    assert_close(model.history_["objective"][-1], half, 1e-10)


def test_interior_minima_are_as_sharp_as_ever(rng):
    """Targets of zero alone are no reason for a barrier."""
    X = np.abs(rng.standard_normal((200, 3)))
    y = rng.poisson(X @ [0.5, 0.2, 0.1] + 1.0).astype(float)
    assert (y == 0).any()
    model = TweedieRegressor(power=1, link="identity", alpha=0.0, tol=1e-12).fit(X, y)
    x = np.column_stack([X, np.ones(200)])
    assert np.abs(x.T @ (1 - y / model.predict(X))).max() / 200 <= 1e-11
    assert model.n_iter_ <= 8


@pytest.mark.parametrize("power", [1.0, 1.2, 1.5, 1.8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_said_is_true(power, dtype):
    """Where rounding or, between 1 and 2, lack of convexity forbids a certificate, there is a warning."""
    for seed in range(10):
        X, y = draw(np.random.default_rng(seed))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = TweedieRegressor(power=power, link="identity", alpha=0.1).fit(X.astype(dtype), y)
        small = model.history_[-1]["gradient_norm"] <= model.tol
        assert small if model.stop_reason_ == "converged" else caught
        if caught:
            assert "drawn to zero" in str(caught[-1].message)
