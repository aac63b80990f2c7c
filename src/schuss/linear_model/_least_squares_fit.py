# SPDX-License-Identifier: BSD-3-Clause
"""One fit of LinearRegression or Ridge: which solver, its sweeps, its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schuss.callbacks import FitTask
from schuss.history import History
from schuss.linear_model._base import check_finite
from schuss.linear_model._gram_solver import MOST_READS, GramSolver
from schuss.linear_model._inputs import explain_overflow
from schuss.linear_model._least_squares_problem import Centred, Problem
from schuss.losses import Loss, Target
from schuss.training import Outcome, StopReason, run
from schuss.validation import Curves, Evaluator
from schuss.verbose import print_line

Array = NDArray[Any]
Direct = Callable[[Centred], Array]

MOST_SWEEPS = MOST_READS + 1  # the last by a direct method

_SQUARED = Loss("squared", Target.REAL)


class Solver(Protocol):
    """Sweeps, a reason to stop, and the parameters reached."""

    coef: Array
    intercept: Array

    @property
    def centre(self) -> Any: ...
    @property
    def measured(self) -> tuple[Array, Array]: ...
    def sweep(self, iteration: int) -> dict[str, float]: ...
    def rule(self, history: History) -> StopReason | None: ...


class DirectSolver:
    """One sweep: solves by any method, then reads X for the record.

    Parameters
    ----------
    problem : Problem
    solve : callable
        Returns coefficients of shape (n_targets, n_features) of a `Centred` problem.
    """

    def __init__(self, problem: Problem, solve: Direct) -> None:
        _, d, k = problem.shape
        self._problem, self._solve = problem, solve
        self.coef, self.intercept = np.zeros((k, d)), problem.y_mean.copy()
        self.centre: Any = 0.0

    @property
    def measured(self) -> tuple[Array, Array]:
        return self.coef, self.intercept

    def sweep(self, iteration: int) -> dict[str, float]:
        """Solve, and read X at the solution."""
        centred = self._problem.centred()
        coef = np.ascontiguousarray(self._solve(centred), dtype=np.float64)
        intercept = centred.intercept(coef)
        reading = self._problem.read(coef, intercept)
        self.coef, self.intercept, self.centre = coef, intercept, centred.x_mean
        return reading.record

    def rule(self, history: History) -> StopReason | None:
        return StopReason.CONVERGED


class LeastSquaresFit:
    """Runs a `GramSolver` and, if that fails or does not apply, a direct solver.

    Parameters
    ----------
    model : LinearRegression or Ridge
        Its ``verbose``, if any, and ``max_time`` are read.
    problem : Problem

    Attributes
    ----------
    history : History
    curves : Curves or None
        Set by `watch`.
    gram : GramSolver or None
        The one that led to the solution; None if a direct solver did.
    """

    def __init__(self, model: Any, problem: Problem) -> None:
        self._model, self._problem = model, problem
        self._solver: Solver
        self.history = History()
        self.curves: Curves | None = None
        self.gram: GramSolver | None = None

    def watch(self, X: Any, y: Array, weight: Array | None) -> None:
        """Record validation columns; arguments as of `Problem`."""
        problem = self._problem
        mean = np.average(problem.y, axis=0, weights=problem.weight)
        self.history.baseline["validation_loss"] = _loss_of_guess(y, weight, mean)
        self.curves = Curves(
            self._evaluator(X, y, weight),
            self._evaluator(problem.X, problem.y, problem.weight),
            lambda: None,
        )
        self.history.baseline |= self.curves.baseline

    def _evaluator(self, X: Any, y: Array, weight: Array | None) -> Evaluator:
        return Evaluator(
            X,
            y[:, 0] if y.shape[1] == 1 else y,
            weight,
            loss=_SQUARED,
            n_outputs=y.shape[1],
            classes=False,
            n_threads=self._problem.n_threads,
        )

    def run(self, task: FitTask, direct: Direct, gram: Mapping[str, Any] | None) -> Outcome:
        """Solve.

        Parameters
        ----------
        task : FitTask
        direct : callable
            See `DirectSolver`.
        gram : mapping or None
            Options of `GramSolver`; None to go straight to ``direct``.
        """
        if gram is not None:
            self.gram = GramSolver(self._problem, **gram)
            outcome = self._run(task, self.gram, MOST_READS)
            if outcome.interrupt is not None or not self.gram.failed:
                return self._finished(outcome)
            self.gram = None
        else:
            check_finite(self._model, self._problem.X)  # SciPy's own words would be others
        return self._finished(self._run(task, DirectSolver(self._problem, direct), 1))

    def parameters(self) -> tuple[Array, Array]:
        """Return coefficients and intercepts in the dtype of X, two- and one-dimensional."""
        solver, dtype = self._solver, self._problem.X.dtype
        coef = solver.coef.astype(dtype)
        if not self._problem.fit_intercept:
            return coef, np.zeros(len(coef), dtype)
        # Rounding the coefficients must not move the plane where the data are.
        drift = (solver.coef - coef) @ np.broadcast_to(solver.centre, coef.shape[1:])
        return coef, (solver.intercept + drift).astype(dtype)

    def _run(self, task: FitTask, solver: Solver, most: int) -> Outcome:
        self._solver = solver

        def sweep(iteration: int) -> Mapping[str, float]:
            record = solver.sweep(iteration)
            if self.curves is not None:
                coef, intercept = (a.astype(self._problem.X.dtype) for a in solver.measured)
                record |= self.curves.record(len(self.history), coef, intercept)
            return record

        return run(
            task.announce(sweep),
            max_iter=most,
            history=self.history,
            rules=[solver.rule],
            hooks=[task, print_line] if getattr(self._model, "verbose", 0) else [task],
            max_time=self._model.max_time,
        )

    def _finished(self, outcome: Outcome) -> Outcome:
        """Add the loss of the best constant guess, which the first read knows already."""
        problem, history = self._problem, self.history
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(self._model, problem.X, outcome.interrupt)
        if self.gram is not None and problem.fit_intercept and len(history):
            loss = history[0]["data_loss"]
        else:
            mean = np.average(problem.y, axis=0, weights=problem.weight)
            loss = _loss_of_guess(problem.y, problem.weight, mean)
        history.baseline["training_loss"] = loss
        return outcome


def _loss_of_guess(y: Array, weight: Array | None, guess: Array) -> float:
    return float(np.average(0.5 * np.square(y - guess).sum(axis=1), weights=weight))
