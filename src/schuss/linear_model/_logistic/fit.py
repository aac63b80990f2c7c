# SPDX-License-Identifier: BSD-3-Clause
"""One fit of LogisticRegression: the objective, the sweeps and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss._inputs import check_first_read, explain_overflow
from schuss.callbacks import FitTask
from schuss.history import History
from schuss.linear_model._logistic.problem import Data, LogisticProblem, Solver
from schuss.linear_model._smooth.objective import Objective, Point
from schuss.losses import class_shares
from schuss.stopping import Plateau
from schuss.training import Hook, Outcome, Rule, StopReason, run
from schuss.validation import Curves, Evaluator
from schuss.verbose import print_line

Array = NDArray[Any]


class LogisticFit:
    """Runs a `Minimizer` under `schuss.training.run`; an iteration is an accepted step.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are read; of its attributes ``classes_`` and, with a warm start,
        the parameters of the fit before.
    data : Data
        To train on.
    C : float
        Inverse strength of the penalty on the scale of summed losses.
    l1_ratio : float, default=0.0
        Share of it that is an L1 penalty.

    Attributes
    ----------
    history : History
    curves : Curves or None
        Set by `watch`.
    """

    def __init__(self, model: Any, data: Data, C: float, l1_ratio: float = 0.0) -> None:
        self._model, self._data = model, data
        self._problem = LogisticProblem(model, data, sparsifying=bool(l1_ratio))
        self._objective = self._problem.objective(C, l1_ratio)
        self._l1 = self._problem.l1_penalty(C, l1_ratio)
        self._warm = _warm_start(model, self._objective)
        self._minimizer: Solver | None = None
        self._now: Point | None = None
        self._reached: Point | None = None
        self.curves: Curves | None = None
        guess = -float(self._problem.shares @ self._problem.log_shares)
        self.history = History(baseline={"training_loss": guess})

    def watch(self, held_out: Data) -> None:
        """Record the curves of validation data."""
        log_shares = self._problem.log_shares
        shares = class_shares(held_out.y, held_out.weight, len(log_shares))
        self.history.baseline["validation_loss"] = -float(shares @ log_shares)
        self.curves = Curves(self._evaluator(held_out), self._evaluator(self._data), lambda: self._now)
        self.history.baseline |= self.curves.baseline

    def _evaluator(self, data: Data) -> Evaluator:
        return Evaluator(
            data.X,
            data.y,
            data.weight,
            loss=self._problem.loss,
            n_outputs=self._problem.n_outputs,
            classes=True,
            n_threads=self._objective.n_threads,
        )

    def run(self, task: FitTask) -> Outcome:
        """Train until something says stop."""
        model, watched = self._model, self.curves if self._model.early_stopping else None
        rules: list[Rule] = [self._rule]
        hooks: list[Hook] = [task]
        if watched is not None:
            reason, patience = StopReason.NO_IMPROVEMENT, model.n_iter_no_change
            rules.append(Plateau("validation_loss", tol=0.0, patience=patience, reason=reason))
        if model.verbose:
            hooks.append(print_line)
        outcome = run(
            task.announce(self._sweep),
            max_iter=model.max_iter,
            history=self.history,
            rules=rules,
            hooks=hooks,
            max_time=model.max_time,
        )
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(model, self._data.X, outcome.interrupt)
        if watched is not None and outcome.interrupt is None and watched.best is not None:
            self._reached = watched.best
        return outcome

    def parameters(self) -> tuple[Array, Array]:
        """Return ``coef_`` and ``intercept_`` as of the last complete iteration."""
        if self._reached is None:
            return self._rounded(*(self._warm or self._zeros()))
        return self._rounded(self._reached.coef, self._reached.intercept)

    def fell_short(self, outcome: Outcome) -> bool:
        """Whether the fit ended before the gradient was small, by no wish of the user's."""
        if outcome.reason is StopReason.NO_IMPROVEMENT:
            return self._minimizer is not None and self._minimizer.stuck
        short = not len(self.history) or self.history[-1]["gradient_norm"] > self._model.tol
        return outcome.reason is StopReason.MAX_ITER and short

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        """Take a step; none if the starting point is the minimum."""
        if self._minimizer is None:
            self._minimizer = self._begin()
        solver = self._minimizer
        done = iteration == 0 and solver.converged(self._model.tol)
        size = 0.0 if done else solver.step()
        self._now = point = solver.point
        record = {
            "data_loss": point.data_loss,
            "penalty": point.penalty,
            "objective": point.value,
            "gradient_norm": point.gradient_norm,
            "step_size": size,
        }
        if self.curves is not None:
            coef, intercept = self._rounded(point.coef, point.intercept)
            record |= self.curves.record(iteration, coef, intercept)
        self._reached = point
        return record

    def _begin(self) -> Solver:
        """Read X for the first time; made within the first sweep, which it is part of."""
        theta = self._objective.shifted(*(self._warm or self._problem.constant_guess()))
        warm = self._warm is not None
        solver = self._problem.solver(self._objective, self._l1, theta, tol=self._model.tol, warm=warm)
        solver.start()
        check_first_read(self._model, self._data.X, solver.point.value, solver.point.gradient_norm)
        return solver

    def _rule(self, history: History) -> StopReason | None:
        """Stop at the minimum, or where rounding allows no better."""
        solver = self._minimizer
        assert solver is not None
        if solver.converged(self._model.tol):
            return StopReason.CONVERGED
        if solver.stuck:
            good = solver.precise or solver.point.gradient_norm <= self._model.tol
            return StopReason.CONVERGED if good else StopReason.NO_IMPROVEMENT
        return None

    def _zeros(self) -> tuple[Array, Array]:
        k, p = self._objective.shape
        return np.zeros((k, p - 1)), np.zeros(k)

    def _rounded(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        # liblinear knows double precision only, so that is what scikit-learn returns
        dtype = np.float64 if self._model.solver == "liblinear" else self._data.X.dtype
        return coef.astype(dtype), intercept.astype(dtype)


def _warm_start(model: Any, objective: Objective) -> tuple[Array, Array] | None:
    """The parameters of the fit before, if they are wanted.

    Raises
    ------
    ValueError
        If they are of another shape than this problem's.
    """
    coef = getattr(model, "coef_", None) if model.warm_start else None
    if coef is None:
        return None
    coef = coef.toarray() if sp.issparse(coef) else np.asarray(coef)
    k, p = objective.shape
    if coef.shape != (k, p - 1):
        raise ValueError(f"Initialization coef is of shape {coef.shape}, expected shape {(k, p - 1)}")
    intercept = model.intercept_ if model.fit_intercept else np.zeros(k)
    return coef.astype(np.float64), np.asarray(intercept, dtype=np.float64)
