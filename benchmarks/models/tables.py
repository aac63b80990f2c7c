# SPDX-License-Identifier: BSD-3-Clause
"""Made-up tables for models of trees: steps, products and waves that no linear model sees, and noise on top."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.models.problems import Problem

Array = NDArray[Any]

N_CATEGORICAL = 10
_N_CATEGORIES = (3, 4, 6, 8, 12, 16, 24, 40, 60, 100)


def waves(n: int, d: int, *, n_test: int, regression: bool = False) -> Problem:
    """Normal columns of float32; the target depends on ten of them. Two classes, or real numbers."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n + n_test, d), np.float32)
    signal = _signal(X)
    if regression:
        y = (signal + rng.standard_normal(len(X), np.float32)).astype(np.float64)
        return Problem(X[:n], y[:n], X[n:], y[n:], 0)
    y = (rng.random(len(X)) < expit(signal)).astype(np.int64)
    return Problem(X[:n], y[:n], X[n:], y[n:], 2)


def zeros_and_categories(n: int, d: int, *, n_test: int) -> Problem:
    """Two classes; the first ten columns hold codes of categories, the others are zero in 95 of 100 rows."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n + n_test, d), np.float32)
    X[rng.random(X.shape) < 0.95] = 0.0
    signal = _signal(X[:, N_CATEGORICAL:])
    for column, n_categories in enumerate(_N_CATEGORIES):
        codes = rng.integers(0, n_categories, len(X))
        X[:, column] = codes
        signal += 0.5 * rng.standard_normal(n_categories)[codes]
    y = (rng.random(len(X)) < expit(signal)).astype(np.int64)
    return Problem(X[:n], y[:n], X[n:], y[n:], 2)


def _signal(X: Array) -> Array:
    x = X.T.astype(np.float64)
    steps = (x[4] > 0.5) * 1.5 - (x[5] < -1.0) * 1.0
    signal: Array = 1.2 * x[0] * x[1] + np.sin(3.0 * x[2]) + np.abs(x[3]) - 0.8 + steps
    return signal + 0.5 * x[6] * (x[7] > 0.0) + 0.3 * x[8] - 0.3 * x[9] ** 2 + 0.3
