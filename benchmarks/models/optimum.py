# SPDX-License-Identifier: BSD-3-Clause
"""The lowest objective that is known, against which "within 1e-6" is measured."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy import linalg
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression

from benchmarks.models.problems import Problem
from benchmarks.models.quality import Parameters, logistic_objective, parameters_of, squares_objective
from schuss.linear_model import LogisticRegression


def logistic_optimum(problem: Problem) -> float:
    """The better of two tight fits in float64, one of them not ours."""
    X = problem.X.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a tolerance near rounding was not met is no news
        ours = LogisticRegression(tol=1e-12, max_iter=1000).fit(X, problem.y)
        theirs = SklearnLogisticRegression(solver="newton-cholesky", tol=1e-12, max_iter=100).fit(X, problem.y)
    return min(logistic_objective(problem, parameters_of(model)) for model in (ours, theirs))


def squares_optimum(alpha: float) -> Callable[[Problem], float]:
    """Ridge by the normal equations of the centred table in float64, refined once."""

    def optimum(problem: Problem) -> float:
        X, y = problem.X.astype(np.float64), problem.y.astype(np.float64)
        x_mean, y_mean = X.mean(axis=0), y.mean()
        X -= x_mean
        y -= y_mean
        factor = linalg.cho_factor(X.T @ X + alpha * np.eye(X.shape[1]))
        coef = linalg.cho_solve(factor, X.T @ y)
        coef += linalg.cho_solve(factor, X.T @ (y - X @ coef) - alpha * coef)
        found = Parameters(coef[None], np.array([y_mean - x_mean @ coef]))
        return squares_objective(alpha)(problem, found)

    return optimum
