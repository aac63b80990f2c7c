# SPDX-License-Identifier: BSD-3-Clause
"""One fit of a linear support vector machine: the solver, the curves and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from numpy.typing import NDArray

from schuss._inputs import check_first_read
from schuss.history import History
from schuss.linear_model._watched import WatchedFit
from schuss.svm._dual import DualSolver
from schuss.svm._interior import InteriorSolver
from schuss.svm._multiclass import MulticlassProblem
from schuss.svm._multiclass_dual import MulticlassDual
from schuss.svm._multiclass_interior import MulticlassInterior
from schuss.svm._newton import NewtonSolver
from schuss.svm._problem import Matrix, Problem
from schuss.svm._relay import Relay, Solver
from schuss.training import Outcome, StopReason
from schuss.validation import Curves, Evaluator

Array = NDArray[Any]

_CHEAP_ORDER = 1024  # of a matrix over the coefficients of all classes that may be factorised from the start
_LARGEST_ORDER = 2048  # of one that may be at all
_PATIENCE = 500  # epochs of coordinate descent before that


def solver_for(problem: Problem, tol: float, seed: int, *, dual: bool) -> Solver:
    """Choose the method; all but Newton's work in double precision.

    Newton's for the squared losses where matrices of the order of the columns are small, the interior
    point for the others and for Crammer and Singer's. Elsewhere dual coordinate descent, or if the dual
    is not wanted L-BFGS.
    """
    if isinstance(problem, MulticlassProblem):
        return _multiclass(problem, tol, seed)
    if problem.l1 or (problem.squared and (problem.factorises or not dual)):
        return NewtonSolver(problem, tol)
    if problem.narrow:
        return InteriorSolver(problem, tol)
    return DualSolver(problem.doubled(), tol, seed)


def _multiclass(problem: MulticlassProblem, tol: float, seed: int) -> Solver:
    """The interior point; where its iterations are dear, only if coordinate descent is not done after many."""
    if problem.order <= _CHEAP_ORDER:
        return MulticlassInterior(problem, tol)
    descent = MulticlassDual(problem.doubled(), tol, seed)
    if problem.order <= _LARGEST_ORDER:
        return Relay(descent, partial(MulticlassInterior, problem, tol), _PATIENCE)
    return descent


class SVMFit(WatchedFit):
    """Runs a solver under `schuss.training.run`.

    Parameters
    ----------
    model : LinearSVC or LinearSVR
        Its parameters are read.
    problem : Problem
    solver : Solver
    """

    def __init__(self, model: Any, problem: Problem, solver: Solver) -> None:
        self._problem, self.solver = problem, solver
        guess = problem.constant_loss(problem.y, problem.weight)
        super().__init__(model, problem.X, History(baseline={"training_loss": guess}))
        self._now = self._reached = solver.parameters()

    def watch(self, X: Any, y: Array, weight: Array | None) -> None:
        """Record the curves of validation data, its target encoded like the training data's."""
        self.history.baseline["validation_loss"] = self._problem.constant_loss(y, weight)
        training = self._problem.X, self._problem.y, self._problem.weight
        validation = self._evaluator(X, y, weight)
        self.curves = Curves(validation, self._evaluator(*training), lambda: self._now)
        self.history.baseline |= self.curves.baseline

    def _evaluator(self, X: Any, y: Array, weight: Array | None) -> Evaluator:
        return Evaluator(
            X,
            y,
            None if weight is None else weight.astype(X.dtype),
            loss=self._problem.curve_loss,
            n_outputs=len(self._problem.positive),
            classes=self._problem.classes,
            n_threads=self._problem.n_threads,
        )

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        record = dict(self.solver.sweep(iteration + 1 == self._model.max_iter))
        self._now = self.solver.parameters()
        if iteration == 0:
            check_first_read(self._model, self._problem.X, *record.values())
        if self.curves is not None:
            record |= self.curves.record(iteration, *self.parameters_of(self._now))
        self._reached = self._now
        return record

    def _rule(self, history: History) -> StopReason | None:
        if not self.solver.done:
            return None
        return StopReason.CONVERGED if self.solver.certified else StopReason.NO_IMPROVEMENT

    def parameters_of(self, parameters: tuple[Matrix, Matrix]) -> tuple[Array, Array]:
        """In the dtype of X."""
        dtype = self._problem.X.dtype
        return parameters[0].astype(dtype), parameters[1].astype(dtype)

    def parameters(self) -> tuple[Array, Array]:
        """Return ``coef_`` and ``intercept_`` as of the last complete iteration."""
        return self.parameters_of(self._reached)

    def fell_short(self, outcome: Outcome) -> bool:
        """Whether the fit ended before the minimum, by no wish of the user's."""
        watched = self._model.early_stopping and outcome.reason is StopReason.NO_IMPROVEMENT
        ended = outcome.reason in (StopReason.MAX_ITER, StopReason.NO_IMPROVEMENT) and not watched
        return ended and not (self.solver.done and self.solver.certified)
