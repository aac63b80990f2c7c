# SPDX-License-Identifier: BSD-3-Clause
"""The linear support vector machine: how each library is asked for the model, and the optimum.

The common objective is liblinear's for the squared hinge and C = 1, divided by the number of rows: the intercept is
penalised with the coefficients. What ``tol`` means differs, so it is searched for.
"""

from __future__ import annotations

import warnings
from importlib import import_module

import numpy as np
from sklearn.svm import LinearSVC as SklearnLinearSVC

from benchmarks.models.libraries import OURS, Build, Candidate, Fit
from benchmarks.models.problems import Problem
from benchmarks.models.quality import Parameters, parameters_of
from schuss.svm import LinearSVC

_TOLERANCES = tuple(10.0**-exponent for exponent in range(1, 9))


def candidates() -> list[Candidate]:
    """Ours as it comes, tightened only if that is not enough; scikit-learn as loose as the quality allows."""

    def build(module: str) -> Build:
        def built(problem: Problem, tol: float | None, n_threads: int) -> Fit:
            threads = {"n_threads": n_threads} if module == "schuss.svm" else {}
            model = import_module(module).LinearSVC(tol=tol, **threads)
            return lambda: parameters_of(model.fit(problem.X, problem.y))

        return built

    return [
        Candidate(OURS, "", build("schuss.svm"), (1e-4, 1e-6, 1e-8)),
        Candidate("scikit-learn", "liblinear", build("sklearn.svm"), _TOLERANCES),
    ]


def objective(problem: Problem, found: Parameters) -> float:
    """Mean squared hinge loss plus (|coef|^2 + intercept^2) / (2 n)."""
    coef, intercept = (np.asarray(part, dtype=np.float64) for part in found)
    margin = (2.0 * problem.y - 1.0) * (problem.X @ coef[0] + intercept[0])
    total = float(np.sum(np.maximum(0.0, 1.0 - margin) ** 2))
    return (total + 0.5 * float(coef[0] @ coef[0] + intercept[0] ** 2)) / problem.n


def optimum(problem: Problem) -> float:
    """The better of two tight fits, one of them not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a tolerance near rounding was not met is no news
        models = [cls(tol=1e-10).fit(problem.X, problem.y) for cls in (LinearSVC, SklearnLinearSVC)]
    return min(objective(problem, parameters_of(model)) for model in models)
