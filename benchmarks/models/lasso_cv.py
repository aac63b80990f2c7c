# SPDX-License-Identifier: BSD-3-Clause
"""LassoCV: five folds, a hundred penalties, each library's grid and tolerance as they come.

The grids are the same: from the least penalty that makes all coefficients zero to a thousandth of it. So is the
meaning of ``tol``, the duality gap over the sum of squares of y. Judged by the squared error of the final model on
rows that no fold has seen. (celer's LassoCV does not start with scikit-learn 1.9; skglm has none.)
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benchmarks.models import problems
from benchmarks.models.libraries import OURS, Candidate, Fit
from benchmarks.models.problems import Problem
from benchmarks.models.quality import parameters_of

_SETTINGS: dict[str, Any] = {"cv": 5, "tol": 1e-4}


def problem(n: int, d: int, dtype: str) -> Problem:
    """`problems.numbers`, with a fifth as many rows held out."""
    whole = problems.numbers(n + n // 5, d, dtype)
    return Problem(whole.X[:n], whole.y[:n], whole.X[n:], whole.y[n:], 0)


def candidates() -> list[Candidate]:
    """Ours; scikit-learn's with one worker and with as many as there are threads."""

    def candidate(library: str, module: str, variant: str, threads: str | None) -> Candidate:
        def build(problem: Problem, _: float | None, n_threads: int) -> Fit:
            settings = _SETTINGS if threads is None else {**_SETTINGS, threads: n_threads}
            model = import_module(module).LassoCV(**settings)
            return lambda: parameters_of(model.fit(problem.X, problem.y))

        return Candidate(library, variant, build)

    return [
        candidate(OURS, "schuss.linear_model", "", "n_threads"),
        candidate("scikit-learn", "sklearn.linear_model", "", None),
        candidate("scikit-learn", "sklearn.linear_model", "n_jobs", "n_jobs"),
    ]
