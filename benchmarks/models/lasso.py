# SPDX-License-Identifier: BSD-3-Clause
"""The Lasso, on a long table and on a wide one: half the mean squared error plus alpha times the sum of |coef|.

alpha is a part of the smallest one that leaves no coefficient; all libraries minimise the same objective, and all but
ours get the table stored by column, as their descent wants it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.libraries import OURS, Candidate, Fit, _estimator, _fit
from benchmarks.models.problems import Problem
from benchmarks.models.quality import Parameters, Quality, parameters_of
from schuss.linear_model import Lasso

Array = NDArray[Any]

_TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
_CERTIFIED = 1e-9  # the largest duality gap of the optimum, as part of the objective


def problem(n: int, d: int, informative: int) -> Problem:
    """Columns that correlate by a half with their neighbours, a target of few of them, and noise."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    X[:, 1:] = 0.5 * X[:, :-1] + np.sqrt(0.75) * X[:, 1:]
    coef = np.zeros(d)
    coef[rng.choice(d, informative, replace=False)] = rng.standard_normal(informative)
    y = X @ coef + rng.standard_normal(n) + 0.7
    return Problem(X, y, X[:0], y[:0], 0)


def candidates(divisor: float, *, given_gram: bool) -> list[Candidate]:
    """Ours and three others, each with its tolerance searched for.

    Parameters
    ----------
    divisor : float
        alpha is the smallest that leaves no coefficient, divided by this.
    given_gram : bool
        Whether scikit-learn competes with ``precompute=True``, too.
    """
    peers = [_peer("scikit-learn", "", "sklearn.linear_model", divisor)]
    if given_gram:
        peers.append(_peer("scikit-learn", "precompute", "sklearn.linear_model", divisor, precompute=True))
    return [_ours(divisor), *peers, *(_peer(name, "", name, divisor) for name in ("celer", "skglm"))]


def objective(divisor: float) -> Quality:
    """Computed in float64 from the parameters."""

    def value(problem: Problem, found: Parameters) -> float:
        coef = np.asarray(found.coef[0], dtype=np.float64)
        residual = problem.y - problem.X @ coef - float(found.intercept[0])
        return 0.5 * float(np.mean(residual**2)) + _alpha(problem, divisor) * float(np.abs(coef).sum())

    return value


def optimum(divisor: float) -> Any:
    """A tight fit, whose duality gap, computed here, proves it."""

    def lowest(problem: Problem) -> float:
        alpha = _alpha(problem, divisor)
        found = parameters_of(Lasso(alpha=alpha, tol=1e-12, max_iter=100_000).fit(problem.X, problem.y))
        value, gap = objective(divisor)(problem, found), _gap(problem, found.coef[0], alpha)
        if gap > _CERTIFIED * value:
            raise ArithmeticError(f"duality gap {gap:.2g} at an objective of {value:.6g}")
        return value

    return lowest


def _gap(problem: Problem, coef: Array, alpha: float) -> float:
    y = problem.y - problem.y.mean()
    residual = y - (problem.X @ coef - float(problem.X.mean(axis=0) @ coef))
    scale = min(1.0, alpha * problem.n / float(np.abs(problem.X.T @ residual).max()))
    lower = (scale * residual @ y - 0.5 * scale**2 * residual @ residual) / problem.n
    return float(0.5 * np.mean(residual**2) + alpha * np.abs(coef).sum() - lower)


def _alpha(problem: Problem, divisor: float) -> float:
    return float(np.abs(problem.X.T @ (problem.y - problem.y.mean())).max()) / (problem.n * divisor)


def _ours(divisor: float) -> Candidate:
    def build(problem: Problem, tol: float | None, n_threads: int) -> Fit:
        settings = {"alpha": _alpha(problem, divisor), "max_iter": 10_000, "n_threads": n_threads}
        return _fit(_estimator("schuss.linear_model", "Lasso", tol=tol, **settings), problem)

    return Candidate(OURS, "", build, _TOLERANCES)


def _peer(library: str, variant: str, module: str, divisor: float, **settings: Any) -> Candidate:
    def build(problem: Problem, tol: float | None, _: int) -> Fit:
        model = _estimator(module, "Lasso", alpha=_alpha(problem, divisor), tol=tol, max_iter=10_000, **settings)
        return _fit(model, Problem(np.asfortranarray(problem.X), problem.y, problem.X_test, problem.y_test, 0))

    return Candidate(library, variant, build, _TOLERANCES)
