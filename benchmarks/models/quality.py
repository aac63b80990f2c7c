# SPDX-License-Identifier: BSD-3-Clause
"""How good a model is, computed here in float64 from its parameters or predictions: no library judges itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from benchmarks.models.problems import Problem

Array = NDArray[Any]

_PIECE = 1 << 15


class Parameters(NamedTuple):
    """coef (n_outputs, d) and intercept (n_outputs,), in any dtype."""

    coef: Array
    intercept: Array


Quality = Callable[[Problem, Any], float]  # Parameters, or of models of trees what predicts


def parameters_of(estimator: Any) -> Parameters:
    """What a fitted estimator in scikit-learn's manner holds."""
    return Parameters(np.atleast_2d(estimator.coef_), np.atleast_1d(estimator.intercept_))


def logistic_objective(problem: Problem, found: Parameters) -> float:
    """Mean log loss plus |coef|^2 / (2 n): C = 1. Binary with one output, otherwise multinomial."""
    total = 0.0
    for z, y in _pieces(problem.X, problem.y, found):
        if z.shape[1] == 1:
            total += float(np.sum(np.logaddexp(0.0, z[:, 0]) - y * z[:, 0]))
        else:
            total += float(np.sum(logsumexp(z, axis=1) - z[np.arange(len(z)), y]))
    return total / problem.n + _square(found) / (2.0 * problem.n)


def squares_objective(alpha: float) -> Quality:
    """Half the mean squared error plus alpha |coef|^2 / (2 n)."""

    def objective(problem: Problem, found: Parameters) -> float:
        total = sum(float(np.sum((z[:, 0] - y) ** 2)) for z, y in _pieces(problem.X, problem.y, found))
        return (total + alpha * _square(found)) / (2.0 * problem.n)

    return objective


def held_out_log_loss(problem: Problem, found: Parameters) -> float:
    """Mean log loss on rows not trained on; with several outputs the mean of the one-vs-all losses."""
    total, k = 0.0, len(found.coef)
    for z, y in _pieces(problem.X_test, problem.y_test, found):
        target = y[:, None] == (np.arange(k) if k > 1 else 1)
        total += float(np.sum(np.logaddexp(0.0, z) - target * z)) / k
    return total / len(problem.y_test)


def held_out_squares(problem: Problem, found: Parameters) -> float:
    """Half the mean squared error on rows not trained on."""
    total = sum(float(np.sum((z[:, 0] - y) ** 2)) for z, y in _pieces(problem.X_test, problem.y_test, found))
    return total / (2.0 * len(problem.y_test))


def held_out_log_loss_of(problem: Problem, predict: Callable[[Array], Array]) -> float:
    """Mean log loss of the probabilities of the second class on rows not trained on."""
    p = np.clip(np.asarray(predict(problem.X_test), np.float64), 1e-15, 1.0 - 1e-15)
    return float(-np.mean(np.where(problem.y_test == 1, np.log(p), np.log1p(-p))))


def held_out_squares_of(problem: Problem, predict: Callable[[Array], Array]) -> float:
    """Mean squared error on rows not trained on; of probabilities, the Brier score."""
    return float(np.mean((np.asarray(predict(problem.X_test), np.float64) - problem.y_test) ** 2))


def _pieces(X: Any, y: Array, found: Parameters) -> Any:
    coef, intercept = (np.asarray(part, dtype=np.float64) for part in found)
    for first in range(0, X.shape[0], _PIECE):
        rows = X[first : first + _PIECE].astype(np.float64)
        yield rows @ coef.T + intercept, y[first : first + _PIECE]


def _square(found: Parameters) -> float:
    return float(np.sum(np.asarray(found.coef, dtype=np.float64) ** 2))
