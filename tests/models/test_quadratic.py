# SPDX-License-Identifier: BSD-3-Clause
"""Paths on a Gram matrix: every solution carries its duality gap, and is scikit-learn's."""

import numpy as np
import pytest
from sklearn.linear_model import enet_path

from schuss.linear_model._coordinate_descent.quadratic import Descent, Penalty, Quadratic, gram_path


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
    path = gram_path(quadratic, [Penalty.of(alpha, 0.7, 60) for alpha in alphas], descent)
    y = Y[:, 0] if k == 1 else Y
    _, want, _ = enet_path(X, y, l1_ratio=0.7, alphas=alphas, tol=1e-12, max_iter=100_000, precompute=False)
    np.testing.assert_allclose(path.coefs @ X.T, np.moveaxis(want.reshape(k, 12, 5), 2, 0) @ X.T, atol=1e-4)
    assert path.gaps.max() <= descent.gap_tol
    assert len(path.n_sweeps) == 5


def test_a_path_goes_on_where_another_ended():
    _, _, quadratic = problem()
    descent = Descent(max_sweeps=1000, tol=1e-6, gap_tol=1e-9 * quadratic.square)
    first = gram_path(quadratic, [Penalty(5.0, 0.0)], descent)
    again = gram_path(quadratic, [Penalty(5.0, 0.0)], descent, first.coefs[-1])
    assert again.n_sweeps == [0]
    np.testing.assert_array_equal(again.coefs, first.coefs)


def test_nonfinite_numbers_are_reported():
    _, _, quadratic = problem()
    quadratic.target[0, 0] = np.nan
    with pytest.raises(FloatingPointError):
        gram_path(quadratic, [Penalty(1.0, 0.0)], Descent(max_sweeps=10, tol=0.0, gap_tol=0.0))
