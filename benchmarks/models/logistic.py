# SPDX-License-Identifier: BSD-3-Clause
"""Logistic regression where it is hard: columns of very different scales, and sparse tables as of words.

snapml penalises the intercept like a coefficient, as liblinear does. On many rows that moves the objective by less than
what counts as equally good, so both may take part: what they reach is measured with the intercept free.
Its dual solver stops on the change of the coefficients, which is searched for like any other tolerance.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression

from benchmarks.models import problems
from benchmarks.models.libraries import HALF_DECADES, OURS, Candidate, Fit, _estimator, _fit
from benchmarks.models.problems import Problem
from benchmarks.models.quality import Parameters, logistic_objective, parameters_of
from schuss.linear_model import LogisticRegression


def scaled_classes(n: int, d: int, dtype: str) -> Problem:
    """Classes of `problems.classes`, the columns multiplied by 1e-3 to 1e3 in no particular order."""
    problem = problems.classes(n, d, dtype)
    scales = np.random.default_rng(1).permutation(np.geomspace(1e-3, 1e3, d)).astype(dtype)
    return Problem(problem.X * scales, problem.y, problem.X_test, problem.y_test, 2)


def scaled_candidates() -> list[Candidate]:
    """scikit-learn's solvers other than this one have not arrived after thousands of iterations."""
    return [_ours(), _sklearn("newton-cholesky", HALF_DECADES)]


def sparse_candidates() -> list[Candidate]:
    """Ours, scikit-learn's solvers that work on sparse tables, and snapml.

    lbfgs takes a minute, so it gets one tolerance that is sure to reach the quality.
    """
    return [
        _ours(),
        _sklearn("lbfgs", (1e-6,)),
        _sklearn("newton-cg", (1e-3, 1e-4, 1e-5)),
        _sklearn("liblinear", (1e-1, 1e-2, 1e-3, 1e-4)),
        Candidate("snapml", "dual", _snapml, HALF_DECADES[2:9]),
    ]


def sparse_optimum(problem: Problem) -> float:
    """The better of two tight fits, one of them not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a tolerance near rounding was not met is no news
        ours = LogisticRegression(tol=1e-11, max_iter=1000).fit(problem.X, problem.y)
        theirs = SklearnLogisticRegression(solver="newton-cg", tol=1e-7, max_iter=100).fit(problem.X, problem.y)
    return min(logistic_objective(problem, parameters_of(model)) for model in (ours, theirs))


def _ours() -> Candidate:
    def build(problem: Problem, tol: float | None, n_threads: int) -> Fit:
        return _fit(_estimator("schuss.linear_model", "LogisticRegression", tol=tol, n_threads=n_threads), problem)

    return Candidate(OURS, "", build, (1e-4, 1e-6, 1e-8))


def _sklearn(solver: str, tolerances: tuple[float, ...]) -> Candidate:
    def build(problem: Problem, tol: float | None, _: int) -> Fit:
        settings = {"solver": solver, "tol": tol, "max_iter": 1000}
        return _fit(_estimator("sklearn.linear_model", "LogisticRegression", **settings), problem)

    return Candidate("scikit-learn", solver, build, tolerances)


def _snapml(problem: Problem, tol: float | None, n_threads: int) -> Fit:
    """Takes sparse matrices, not sparse arrays."""
    X = sparse.csr_matrix(problem.X)
    settings = {"regularizer": 1.0, "fit_intercept": True, "dual": True, "max_iter": 1000}
    model = _estimator("snapml", "LogisticRegression", tol=tol, n_jobs=n_threads, **settings)

    def fit() -> Parameters:
        model.fit(X, problem.y)
        return Parameters(np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_))

    return fit
