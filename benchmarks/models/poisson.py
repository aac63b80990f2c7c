# SPDX-License-Identifier: BSD-3-Clause
"""Poisson regression: half the mean deviance plus alpha / 2 times the squared coefficients, in every library.

Nothing has to be converted; glum is told which solver to take.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import xlogy
from sklearn.linear_model import PoissonRegressor as SklearnPoissonRegressor

from benchmarks.models import problems
from benchmarks.models.libraries import HALF_DECADES, OURS, Candidate, Fit, _estimator, _fit
from benchmarks.models.problems import Problem
from benchmarks.models.quality import Parameters, _pieces, _square, parameters_of
from schuss.linear_model import PoissonRegressor

ALPHA = 1e-4


def counts(n: int, d: int, dtype: str) -> Problem:
    """Counts about 0.8 on average, whose logarithmic means depend on the columns of `problems.numbers`."""
    problem = problems.numbers(n, d, dtype)
    rate = np.exp(0.3 * problem.y.astype(np.float64) - 0.5)
    y = np.random.default_rng(1).poisson(rate).astype(dtype)
    return Problem(problem.X, y, problem.X_test, problem.y_test, 0)


def candidates() -> list[Candidate]:
    """Ours as it comes, tightened only if that is not enough; the peers as loose as the quality allows."""

    def ours(problem: Problem, tol: float | None, n_threads: int) -> Fit:
        settings = {"alpha": ALPHA, "tol": tol, "n_threads": n_threads}
        return _fit(_estimator("schuss.linear_model", "PoissonRegressor", **settings), problem)

    def sklearn(solver: str) -> Candidate:
        def build(problem: Problem, tol: float | None, _: int) -> Fit:
            settings = {"alpha": ALPHA, "solver": solver, "tol": tol, "max_iter": 10_000}
            return _fit(_estimator("sklearn.linear_model", "PoissonRegressor", **settings), problem)

        return Candidate("scikit-learn", solver, build, HALF_DECADES)

    def glum(problem: Problem, tol: float | None, _: int) -> Fit:
        model = _estimator(
            "glum", "GeneralizedLinearRegressor", family="poisson", alpha=ALPHA, l1_ratio=0, solver="irls-ls",
            gradient_tol=tol, max_iter=1000,
        )  # fmt: skip
        return _fit(model, problem)

    return [
        Candidate(OURS, "", ours, (1e-4, 1e-6, 1e-8)),
        sklearn("newton-cholesky"),
        sklearn("lbfgs"),
        Candidate("glum", "irls-ls", glum, HALF_DECADES),
    ]


def objective(problem: Problem, found: Parameters) -> float:
    """Half the mean deviance plus the penalty."""
    total = 0.0
    for z, target in _pieces(problem.X, problem.y, found):
        y = target.astype(np.float64)
        total += float(np.sum(np.exp(z[:, 0]) - y * z[:, 0] + xlogy(y, y) - y))
    return total / problem.n + 0.5 * ALPHA * _square(found)


def optimum(problem: Problem) -> float:
    """The better of two tight fits in float64, one of them not ours."""
    X, y = problem.X.astype(np.float64), problem.y.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a tolerance near rounding was not met is no news
        ours = PoissonRegressor(alpha=ALPHA, tol=1e-12, max_iter=1000).fit(X, y)
        theirs = SklearnPoissonRegressor(alpha=ALPHA, solver="newton-cholesky", tol=1e-12).fit(X, y)
    return min(objective(problem, parameters_of(model)) for model in (ours, theirs))
