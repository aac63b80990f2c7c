# SPDX-License-Identifier: BSD-3-Clause
"""Descent on a Gram matrix: every solution carries its duality gap, and is scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import enet_path

from schuss.linear_model._coordinate_descent.quadratic import Descent, Penalty, Quadratic


def problem(k=1):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 12)) @ np.diag(np.geomspace(1e-3, 1e3, 12))
    Y = X @ (rng.standard_normal((12, k)) * (np.arange(12) % 3 == 0)[:, None]) / 100 + rng.standard_normal((60, k))
    return X, Y, Quadratic(X.T @ X, Y.T @ X, float(np.sum(Y**2)))


@pytest.mark.parametrize("k", [1, 3])
def test_path_is_scikit_learns(k):
    X, Y, quadratic = problem(k)
    alphas = np.geomspace(10, 0.01, 5)
    descent = Descent(max_sweeps=10_000, tol=1e-8, gap_tol=1e-10 * quadratic.square)
    point, coefs = quadratic.at_zero(), []
    for alpha in alphas:
        descent.solve(quadratic.gram, Penalty.of(alpha, 0.7, 60), point)
        assert point.gap <= descent.gap_tol
        coefs.append(point.coef.copy())
    y = Y[:, 0] if k == 1 else Y
    _, want, _ = enet_path(X, y, l1_ratio=0.7, alphas=alphas, tol=1e-12, max_iter=100_000, precompute=False)
    np.testing.assert_allclose(np.array(coefs) @ X.T, np.moveaxis(want.reshape(k, 12, 5), 2, 0) @ X.T, atol=1e-4)


def test_descent_from_a_solution_moves_nothing():
    _, _, quadratic = problem()
    descent = Descent(max_sweeps=1000, tol=1e-6, gap_tol=1e-9 * quadratic.square)
    point = descent.solve(quadratic.gram, Penalty(5.0, 0.0), quadratic.at_zero())
    solution = point.coef.copy()
    assert descent.solve(quadratic.gram, Penalty(5.0, 0.0), point).n_sweeps == 0
    np.testing.assert_array_equal(point.coef, solution)


def test_nonfinite_numbers_are_reported():
    _, _, quadratic = problem()
    quadratic.target[0, 0] = np.nan
    with pytest.raises(FloatingPointError):
        Descent(max_sweeps=10, tol=0.0, gap_tol=0.0).solve(quadratic.gram, Penalty(1.0, 0.0), quadratic.at_zero())
