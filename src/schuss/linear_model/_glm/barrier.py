# SPDX-License-Identifier: BSD-3-Clause
"""Minimising where predictions of zero are the edge of what is possible, and may be the best."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._proximal.newton import ProximalNewton
from schuss.linear_model._proximal.working_sets import WorkingSets
from schuss.linear_model._smooth.newton import Minimizer, allowed_gap
from schuss.linear_model._smooth.objective import Objective, Point

Array = NDArray[Any]
Minimizing = Minimizer | ProximalNewton | WorkingSets

_INSIDE = 0.5  # share of a prediction that the next step may take away
_FIRST = 1e-3  # least target of the first barrier, of the mean target
_FASTEST, _SLOWEST = 1e-3, 0.1  # from one barrier to the next
_LEAST = {np.dtype(np.float64): 1e-11, np.dtype(np.float32): 1e-5}  # predictions are no finer, of the mean target
_CENTRED = 0.1  # share of a barrier's gap that its minimiser may leave
_ENOUGH = 0.5  # share of the whole gap that the last barrier may leave


class BarrierPath:
    """Minimises a deviance with the identity link, whose predictions must not be negative.

    Rows with a target of zero do not keep their predictions positive, and Newton's method
    creeps along the edge once it has come to one. Rows with small positive targets do: to
    replace targets below mu by mu is to add Frisch's logarithmic barrier with parameter mu
    (for other powers of the variance than Poisson's, that of a power). So, from where a step would
    lead near the edge, the objective is minimised for smaller and smaller mu, each time from
    the minimum before: Fiacco and McCormick (1968), "Nonlinear Programming: Sequential
    Unconstrained Minimization Techniques". The slopes that a barrier adds are the multipliers
    of a Lagrangian, whose gradient it is that has to vanish; for Poisson's family, where
    the objective is convex, their products with the predictions add up to no less than what is
    missing to the minimum.

    Parameters
    ----------
    solver : Minimizer or ProximalNewton or WorkingSets
        Of the objective, started.
    begin : callable
        Makes the like, started, of an objective at a ``theta``.
    power : float
        Of the variance, at least 1 and less than 2.
    tol : float
        See `converged`.

    Attributes
    ----------
    point : Point
        Without the barrier, but for ``gradient_norm``, which is the Lagrangian's.
    stuck : bool
        Whether rounding prevents any further progress.
    """

    point: Point

    def __init__(
        self, solver: Minimizing, begin: Callable[[Objective, Array], Minimizing], *, power: float, tol: float
    ) -> None:
        self._objective, self._solver, self._begin = solver.objective, solver, begin
        self._power, self._tol = power, tol
        objective = self._objective
        self._mean = float(np.average(objective.y, weights=objective.weight))
        self._least = self._mean * _LEAST[np.dtype(objective.table.dtype)]
        self._mu = 0.0  # of the last barrier
        self._gap = 0.0  # that the barrier at hand leaves, if there is one
        self.point, self.stuck = solver.point, False

    def start(self) -> None:
        """Nothing to do: the solver has started."""

    def step(self) -> float:
        """Move to a better point, of the next barrier if this one's is reached; returns the step size."""
        if not self._gap:
            if not self._inside(self._solver):
                self._raise_barrier()
        elif not self._last and self._centred:
            self._lower_barrier()
        size = self._solver.step()
        self._arrive()
        return size

    def converged(self, tol: float) -> bool:
        """Whether gradient and gap are small, the gap relative to the objective."""
        if not self._gap:
            return self._solver.converged(tol)
        small = self._gap + self._solver.gap <= allowed_gap(self.point.value, tol)
        return small and self.point.gradient_norm <= tol

    @property
    def precise(self) -> bool:
        """Whether all that is left to gain is near the rounding of the objective, which a convex one allows to say."""
        if not self._gap:
            return self._solver.precise
        return self._power == 1.0 and self._solver.precise and self._gap <= allowed_gap(self.point.value)

    @property
    def at_edge(self) -> bool:
        """Whether predictions are drawn to zero."""
        return self._gap > 0.0

    @property
    def _centred(self) -> bool:
        """Whether the barrier's minimum is near enough for the next barrier."""
        return self._solver.stuck or self._solver.gap <= _CENTRED * self._gap

    @property
    def _last(self) -> bool:
        """Whether this barrier leaves little enough, or predictions could not follow a lower one."""
        return self._mu <= self._least or self._gap <= _ENOUGH * allowed_gap(self.point.value, self._tol)

    def _raise_barrier(self) -> None:
        mu = self._mu * _SLOWEST if self._mu else _FIRST * self._mean
        self._minimise_with(max(mu, self._least))

    def _lower_barrier(self) -> None:
        """Do without, if nothing is drawn to the edge."""
        plain = self._begin(self._objective, self._solver.point.theta)
        if self._inside(plain):
            self._solver, self._gap = plain, 0.0
            return
        wanted = self._mu * _ENOUGH * allowed_gap(self.point.value, self._tol) / self._gap
        mu = min(max(wanted, _FASTEST * self._mu), _SLOWEST * self._mu)
        self._minimise_with(max(mu, self._least))

    def _minimise_with(self, mu: float) -> None:
        self._mu = mu
        objective = self._objective.aimed_at(np.maximum(self._objective.y, mu, dtype=self._objective.y.dtype))
        self._solver = self._begin(objective, self._solver.point.theta)

    def _inside(self, solver: Minimizing) -> bool:
        """Whether the step ahead leaves every row a good part of its prediction."""
        theta = solver.point.theta
        now, change = (
            self._predictions(theta),
            self._objective.margins(*self._objective.unshifted(solver.ahead - theta)),
        )
        kept = change[:, 0] > -_INSIDE * now
        return bool(kept.all() if self._objective.weight is None else kept[self._objective.weight > 0].all())

    def _predictions(self, theta: Array) -> Array:
        objective = self._objective
        raw = objective.margins(*objective.unshifted(theta))[:, 0]
        return raw if objective.offset is None else raw + objective.offset

    def _arrive(self) -> None:
        """Take the barrier out of the point that the solver came to."""
        solver, objective = self._solver, self._objective
        before, point = self.point, solver.point
        self.point = point
        if solver.objective is objective:
            self.stuck = solver.stuck and self._inside(solver)
            return
        z = self._predictions(point.theta).astype(np.float64)
        raised = np.maximum(self._mu - objective.y, 0.0)
        if objective.weight is not None:
            raised *= objective.weight
        rows = raised > 0.0
        raised, z = raised[rows] / objective.total, z[rows]
        slopes = raised * z ** (1.0 - self._power)
        self._gap = float(slopes.sum())
        barrier = -float(raised @ np.log(z)) if self._power == 1.0 else self._gap / (self._power - 1.0)
        self.point = replace(point, data_loss=point.data_loss - barrier, value=point.value - barrier)
        reached = point.gradient_norm <= self._tol and self._centred
        # At the edge slopes are steep: the gradient still falls when the objective no longer does.
        falling = self._tol < point.gradient_norm < before.gradient_norm
        self.stuck = self._last and ((solver.stuck and not falling) or (reached and not self.converged(self._tol)))
