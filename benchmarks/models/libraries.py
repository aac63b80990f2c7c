# SPDX-License-Identifier: BSD-3-Clause
"""How each library is asked for the same model.

The common problem is, with n rows and C = 1, the mean loss plus |coef|^2 / (2 C n), the intercept free.

scikit-learn and scikit-learn-intelex
    ``LogisticRegression`` minimises C times the sum of the losses plus |coef|^2 / 2: the same but for the factor n.
    ``Ridge`` minimises the sum of squares plus alpha |coef|^2: ours times 2 n. ``tol`` is the largest entry of the
    gradient of the mean loss for lbfgs, something else for other solvers; so it is searched for, not compared.
    ``SGDClassifier`` needs no scaling: the step for one row is that of the loss plus alpha |coef|^2 / 2.
glum
    ``GeneralizedLinearRegressor`` minimises half the mean deviance plus alpha |coef|^2 / 2; half the deviance of the
    binomial family is the log loss, so alpha = 1 / (C n). It has no multinomial model.

Importing a library is not timed, and neither is the first fit of each candidate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.models.problems import Problem
from benchmarks.models.quality import parameters_of

Fit = Callable[[], Any]  # what the row's quality takes: Parameters, or a function that predicts
# From the problem, a tolerance (None where there is none to choose) and a number of threads.
Build = Callable[[Problem, float | None, int], Fit]

OURS = "schuss"
HALF_DECADES = tuple(10.0 ** (-exponent / 2) for exponent in range(2, 21))  # 0.1 to 1e-10


@dataclass(frozen=True)
class Candidate:
    """One library with one choice of solver.

    Attributes
    ----------
    library : str
        Name of its distribution.
    variant : str
        What was chosen, for the reader.
    build : callable
        Raises ImportError when the library is missing.
    tolerances : tuple of float
        To search for the loosest one that reaches the quality; loosest first. Empty: nothing to choose.
    """

    library: str
    variant: str
    build: Build
    tolerances: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.library} ({self.variant})" if self.variant else self.library


def _estimator(module: str, name: str, **settings: Any) -> Any:
    """The estimator, with those settings that concern it."""
    return getattr(import_module(module), name)(**settings)


def _fit(model: Any, problem: Problem) -> Fit:
    return lambda: parameters_of(model.fit(problem.X, problem.y))


# ---------------------------------------------------------------- stochastic gradient descent

_EPOCHS = {"loss": "log_loss", "max_iter": 5, "tol": None, "shuffle": True, "random_state": 0}


def sgd() -> list[Candidate]:
    """Five epochs each, shuffled, with the default rate and penalty."""

    def ours(problem: Problem, _: float | None, n_threads: int) -> Fit:
        return _fit(_estimator("schuss.linear_model", "SGDClassifier", n_threads=n_threads, **_EPOCHS), problem)

    def sklearn(problem: Problem, _: float | None, n_threads: int) -> Fit:
        return _fit(_estimator("sklearn.linear_model", "SGDClassifier", n_jobs=n_threads, **_EPOCHS), problem)

    return [Candidate(OURS, "", ours), Candidate("scikit-learn", "", sklearn)]


# ---------------------------------------------------------------- logistic regression


def logistic(*, multinomial: bool = False) -> list[Candidate]:
    """Ours as it comes, tightened only if that is not enough; the peers as loose as the quality allows."""

    def ours(problem: Problem, tol: float | None, n_threads: int) -> Fit:
        return _fit(_estimator("schuss.linear_model", "LogisticRegression", tol=tol, n_threads=n_threads), problem)

    def peer(module: str, solver: str) -> Build:
        def build(problem: Problem, tol: float | None, _: int) -> Fit:
            settings = {"solver": solver, "tol": tol, "max_iter": 10_000}
            return _fit(_estimator(module, "LogisticRegression", **settings), problem)

        return build

    found = [Candidate(OURS, "", ours, (1e-4, 1e-6, 1e-8))]
    for library, module, solvers in (
        ("scikit-learn", "sklearn.linear_model", ("lbfgs", "newton-cholesky")),
        ("scikit-learn-intelex", "sklearnex.linear_model", ("lbfgs", "newton-cg")),
    ):
        found += [Candidate(library, solver, peer(module, solver), HALF_DECADES) for solver in solvers]
    return found if multinomial else [*found, Candidate("glum", "irls-ls", _glum_logistic, HALF_DECADES)]


def _glum_logistic(problem: Problem, tol: float | None, _: int) -> Fit:
    model = _estimator(
        "glum", "GeneralizedLinearRegressor", family="binomial", alpha=1.0 / problem.n, l1_ratio=0, solver="irls-ls",
        gradient_tol=tol, max_iter=1000,
    )  # fmt: skip
    y = problem.y.astype(problem.X.dtype)  # it takes no integers
    return lambda: parameters_of(model.fit(problem.X, y))


# ---------------------------------------------------------------- least squares


def least_squares(alpha: float) -> list[Candidate]:
    """LinearRegression for alpha = 0, Ridge otherwise, with the solver that is fastest for long tables."""
    name, settings = ("Ridge", {"alpha": alpha}) if alpha else ("LinearRegression", {})

    def candidate(library: str, module: str, variant: str, **more: Any) -> Candidate:
        def build(problem: Problem, _: float | None, n_threads: int) -> Fit:
            threads = {"n_threads": n_threads} if library == OURS else {}
            return _fit(_estimator(module, name, **settings, **more, **threads), problem)

        return Candidate(library, variant, build)

    sklearn_settings = {"solver": "cholesky"} if alpha else {}
    return [
        candidate(OURS, "schuss.linear_model", ""),
        candidate("scikit-learn", "sklearn.linear_model", "cholesky" if alpha else "", **sklearn_settings),
        candidate("scikit-learn-intelex", "sklearnex.linear_model", ""),
    ]
