# SPDX-License-Identifier: BSD-3-Clause
"""A fit by minimisation: one accepted step per iteration, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from schuss._inputs import check_first_read
from schuss.history import History
from schuss.linear_model._smooth.objective import Point
from schuss.linear_model._watched import WatchedFit
from schuss.training import Outcome, StopReason

Array = NDArray[Any]
Parameters = tuple[Array, Array]


class Solver(Protocol):
    """What a fit asks of a minimiser, smooth or proximal."""

    point: Point
    stuck: bool

    def start(self) -> None: ...
    def step(self) -> float: ...
    def converged(self, tol: float) -> bool: ...
    @property
    def precise(self) -> bool: ...


class SmoothFit(WatchedFit):
    """Runs a minimiser under `schuss.training.run`.

    Parameters
    ----------
    model : estimator
        Read are its ``tol`` and what `WatchedFit` reads.
    X : ndarray or CSR of shape (n_samples, n_features)
        See `WatchedFit`; its dtype is that of the parameters.
    begin : callable
        Makes the minimiser, started; called within the first sweep, which it is part of.
    initial : (coef, intercept)
        What to publish if there is no iteration at all.
    history : History

    Attributes
    ----------
    now : Point or None
        Where the current iteration led.
    """

    def __init__(
        self, model: Any, X: Any, *, begin: Callable[[], Solver], initial: Parameters, history: History
    ) -> None:
        super().__init__(model, X, history)
        self._begin, self._initial = begin, initial
        self._solver: Solver | None = None
        self._reached: Point | None = None
        self.now: Point | None = None

    def parameters(self) -> Parameters:
        """Return coefficients and intercepts as of the last complete iteration."""
        if self._reached is None:
            return self.rounded(*self._initial)
        return self.rounded(self._reached.coef, self._reached.intercept)

    def fell_short(self, outcome: Outcome) -> bool:
        """Whether the fit ended before the gradient was small, by no wish of the user's."""
        if outcome.reason is StopReason.NO_IMPROVEMENT:
            return self._solver is not None and self._solver.stuck
        short = not len(self.history) or self.history[-1]["gradient_norm"] > self._model.tol
        return outcome.reason is StopReason.MAX_ITER and short

    def rounded(self, coef: Array, intercept: Array) -> Parameters:
        """The parameters as they are published."""
        dtype = self._X.dtype
        return coef.astype(dtype), intercept.astype(dtype)

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        """Take a step; none if the starting point is the minimum."""
        if self._solver is None:
            self._solver = self._begin()
            point = self._solver.point
            check_first_read(self._model, self._X, point.value, point.gradient_norm)
        solver = self._solver
        done = iteration == 0 and solver.converged(self._model.tol)
        size = 0.0 if done else solver.step()
        self.now = point = solver.point
        record = {
            "data_loss": point.data_loss,
            "penalty": point.penalty,
            "objective": point.value,
            "gradient_norm": point.gradient_norm,
            "step_size": size,
        }
        if self.curves is not None:
            record |= self.curves.record(iteration, *self.rounded(point.coef, point.intercept))
        self._reached = point
        return record

    def _rule(self, history: History) -> StopReason | None:
        """Stop at the minimum, or where rounding allows no better."""
        solver = self._solver
        assert solver is not None
        if solver.converged(self._model.tol):
            return StopReason.CONVERGED
        if solver.stuck:
            good = solver.precise or solver.point.gradient_norm <= self._model.tol
            return StopReason.CONVERGED if good else StopReason.NO_IMPROVEMENT
        return None
