# SPDX-License-Identifier: BSD-3-Clause
"""One fit of penalised least squares: which solver, its sweeps, its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schuss._inputs import check_finite, explain_overflow
from schuss.callbacks import FitTask
from schuss.history import History
from schuss.linear_model._least_squares.problem import Centred, Problem
from schuss.losses import Loss, Target
from schuss.training import Outcome, StopReason, run
from schuss.validation import Curves, Evaluator
from schuss.verbose import print_line

Array = NDArray[Any]
Direct = Callable[[Centred], Array]

_SQUARED = Loss("squared", Target.REAL)
_SIGNS = Loss("squared", Target.SIGN)


@dataclass(frozen=True, slots=True)
class Rows:
    """Checked data.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples, n_targets), dtype of X
    weight : ndarray of shape (n_samples,), dtype of X, or None
    codes : ndarray of shape (n_samples,), dtype of X, or None
        Of a classifier with one class for each row, the classes as `Evaluator` wants them:
        what ``y`` says in -1 and 1.
    """

    X: Any
    y: Array
    weight: Array | None
    codes: Array | None = None

    def in_double(self) -> Rows:
        """The same in double precision."""
        return Rows(_double(self.X), _double(self.y), _double(self.weight), _double(self.codes))


def _double(array: Any) -> Any:
    return None if array is None else array.astype(np.float64, copy=False)


class Solver(Protocol):
    """Sweeps, a reason to stop, and the parameters reached."""

    coef: Array
    intercept: Array

    @property
    def failed(self) -> bool: ...
    @property
    def most(self) -> int: ...
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

    failed, most = False, 1

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
        return self._problem.record(reading, coef)

    def rule(self, history: History) -> StopReason | None:
        return StopReason.CONVERGED


class LeastSquaresFit:
    """Runs a solver by reads of X and, if that fails or does not apply, a direct one.

    Parameters
    ----------
    model : estimator
        Its ``verbose``, if any, and ``max_time`` are read.
    problem : Problem
    rows : Rows
        What the problem is about.
    seconds : float, default=0.0
        How many of ``max_time`` are gone.

    Attributes
    ----------
    history : History
    curves : Curves or None
        Set by `watch`.
    solver : Solver
        The one that led to the solution.
    """

    def __init__(self, model: Any, problem: Problem, rows: Rows, seconds: float = 0.0) -> None:
        self._model, self._problem, self._rows = model, problem, rows
        self._max_time = None if model.max_time is None else model.max_time - seconds
        self.solver: Solver
        self.history = History()
        self.curves: Curves | None = None

    def watch(self, held_out: Rows) -> None:
        """Record validation columns."""
        rows = self._rows
        mean = np.average(rows.y, axis=0, weights=rows.weight)
        self.history.baseline["validation_loss"] = _loss_of_guess(held_out.y, held_out.weight, mean)
        self.curves = Curves(self._evaluator(held_out), self._evaluator(rows), lambda: None)
        self.history.baseline |= self.curves.baseline

    def _evaluator(self, rows: Rows) -> Evaluator:
        numbers = rows.y[:, 0] if rows.y.shape[1] == 1 else rows.y
        return Evaluator(
            rows.X,
            numbers if rows.codes is None else rows.codes,
            rows.weight,
            loss=_SQUARED if rows.codes is None else _SIGNS,
            n_outputs=rows.y.shape[1],
            classes=rows.codes is not None,
            n_threads=self._problem.n_threads,
        )

    def run(self, task: FitTask, direct: Direct, first: Solver | None) -> Outcome:
        """Solve.

        Parameters
        ----------
        task : FitTask
        direct : callable
            See `DirectSolver`.
        first : Solver or None
            To try before; None to go straight to ``direct``.
        """
        if first is not None:
            outcome = self._run(task, first)
            if outcome.interrupt is not None or not first.failed:
                return self._finished(outcome, known=True)
        else:
            check_finite(self._model, self._problem.X)  # SciPy's own words would be others
        return self._finished(self._run(task, DirectSolver(self._problem, direct)), known=False)

    def parameters(self) -> tuple[Array, Array]:
        """Return coefficients and intercepts in the dtype of X, two- and one-dimensional."""
        solver, dtype = self.solver, self._problem.X.dtype
        coef = solver.coef.astype(dtype)
        if not self._problem.fit_intercept:
            return coef, np.zeros(len(coef), dtype)
        # Rounding the coefficients must not move the plane where the data are.
        drift = (solver.coef - coef) @ np.broadcast_to(solver.centre, coef.shape[1:])
        return coef, (solver.intercept + drift).astype(dtype)

    def _run(self, task: FitTask, solver: Solver) -> Outcome:
        self.solver = solver

        def sweep(iteration: int) -> Mapping[str, float]:
            record = solver.sweep(iteration)
            if self.curves is not None:
                coef, intercept = (a.astype(self._problem.X.dtype) for a in solver.measured)
                record |= self.curves.record(len(self.history), coef, intercept)
            return record

        return run(
            task.announce(sweep),
            max_iter=solver.most,
            history=self.history,
            rules=[solver.rule],
            hooks=[task, print_line] if getattr(self._model, "verbose", 0) else [task],
            max_time=self._max_time,
        )

    def _finished(self, outcome: Outcome, *, known: bool) -> Outcome:
        """Add the loss of the best constant guess, which is known if the first read was at coefficients of zero."""
        problem, history = self._problem, self.history
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(self._model, problem.X, outcome.interrupt)
        if known and problem.fit_intercept and len(history):
            loss = history[0]["data_loss"]
        else:
            mean = np.average(problem.y, axis=0, weights=problem.weight)
            loss = _loss_of_guess(problem.y, problem.weight, mean)
        history.baseline["training_loss"] = loss
        return outcome


def _loss_of_guess(y: Array, weight: Array | None, guess: Array) -> float:
    return float(np.average(0.5 * np.square(y - guess).sum(axis=1), weights=weight))
