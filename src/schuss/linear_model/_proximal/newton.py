# SPDX-License-Identifier: BSD-3-Clause
"""Proximal Newton's method with one read of X per iteration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from schuss.linear_model._proximal.curvature import Curvature, Refresh
from schuss.linear_model._proximal.penalty import L1Penalty, Matrix
from schuss.linear_model._smooth.newton import allowed_gap
from schuss.linear_model._smooth.objective import Objective, Point

_RESOLUTION = {np.dtype(np.float64): 2e-15, np.dtype(np.float32): 6e-8}
_NEARLY = 1e-3  # gap, of the objective, so small that the last Hessian will do
_SUFFICIENT = 1e-4  # part of the predicted decrease that a step must deliver
_LONGEST, _SHORTEST = 0.5, 0.1  # share of a step that is tried when it was too long
_MAX_TRIALS = 30
_SLOW = 0.25  # ratio of successive gaps which shows that the Hessian is wrong, or that rounding rules


class ProximalNewton:
    """Minimises an objective plus an L1 penalty, one accepted step at a time.

    A step goes towards the minimum of a quadratic model of the objective plus the exact
    penalty. The gradient always comes from all rows; the model's curvature from the first
    reads or, given, from few rows, and from then on gradients correct it. Lee, Sun and
    Saunders (2014), "Proximal Newton-type methods for minimizing composite functions".

    Parameters
    ----------
    objective : Objective
        The smooth part.
    penalty : L1Penalty
    theta : ndarray of shape ``objective.shape``
        Where to start.
    refresh : callable
        Makes the curvature at a point.
    curvature : Curvature or None, default=None
        To begin with; None if ``fresh_reads`` is positive.
    fresh_reads : float, default=0
        How many reads bring a new one; more do so whenever progress is slow.

    Attributes
    ----------
    point : Point
        The best point so far; set by `start`. Its ``penalty`` and ``value`` include the
        L1 penalty, its ``gradient_norm`` is the largest entry of the subgradient of
        least norm; its ``gradient`` remains that of the smooth part.
    gap : float
        How much lower the minimum is, as the model predicts.
    curvature : Curvature
        Of the model.
    stuck : bool
        Whether rounding prevents any further progress.
    """

    point: Point
    gap: float
    curvature: Curvature

    def __init__(
        self,
        objective: Objective,
        penalty: L1Penalty,
        theta: Matrix,
        *,
        refresh: Refresh,
        curvature: Curvature | None = None,
        fresh_reads: float = 0,
    ) -> None:
        self.objective, self.penalty = objective, penalty
        self.stuck = False
        if curvature is not None:
            self.curvature = curvature
        self._theta, self._refresh, self._fresh_reads = theta, refresh, fresh_reads
        self._learnt = self._slow = False
        self._resolution = _RESOLUTION[np.dtype(objective.table.dtype)]

    def start(self) -> None:
        """Read X at the starting point."""
        curvature = self._fresh_reads >= 1
        self._arrive(self._evaluate(self._theta, curvature), curvature)

    def step(self) -> float:
        """Move to a better point; returns the step size, 0 if there is none."""
        start, gap, slow = self.point, self.gap, self._slow
        curvature = self._fresh_reads >= 1 and gap > _NEARLY * abs(start.value)
        curvature = curvature or slow
        size, found = self._search(curvature)
        if found is None:
            return self._start_afresh()
        if not curvature:
            self.curvature.learn((found.theta - start.theta).ravel(), (found.gradient - start.gradient).ravel())
            self._learnt = True
        self._arrive(found, curvature)
        noise = self._resolution * self.objective.magnitude(start)
        self._slow = self.curvature.exact and not curvature and self.gap > _SLOW * gap
        self.stuck = gap <= noise and self.gap > _SLOW * gap
        return size

    def converged(self, tol: float) -> bool:
        """Whether violations and gap are small, the gap relative to the objective."""
        return self.point.gradient_norm <= tol and self.gap <= allowed_gap(self.point.value, tol)

    @property
    def ahead(self) -> Matrix:
        """Where the model's minimum is: nearer to the true one than the point, if the model is any good."""
        return self._target

    @property
    def precise(self) -> bool:
        """Whether all that is left to gain is near the rounding of the objective."""
        return self.gap <= 16.0 * self._resolution * self.objective.magnitude(self.point)

    def _evaluate(self, theta: Matrix, curvature: bool) -> Point:
        curvature = curvature and self.objective.n_outputs == 1  # of several outputs it takes reads of its own
        return penalised(self.objective, self.penalty, self.objective.evaluate(theta, curvature=curvature))

    def _search(self, curvature: bool) -> tuple[float, Point | None]:
        """The first step size that delivers; a convex function needs no more than to shorten it."""
        start, direction = self.point, self._target - self.point.theta
        noise = self._resolution * self.objective.magnitude(start)
        size = 1.0
        for _ in range(_MAX_TRIALS):
            theta = self._target if size == 1.0 else start.theta + size * direction
            point = self._evaluate(theta, curvature)
            gain = start.value - point.value
            if gain >= -_SUFFICIENT * size * self._slope:
                return size, point
            if gain >= -noise and point.gradient_norm < start.gradient_norm:
                return size, point  # values cannot tell any more
            if -size * self._slope < noise:
                break
            bend = -gain - size * self._slope  # of a parabola through both points
            share = -0.5 * size * self._slope / bend if np.isfinite(bend) else _LONGEST
            size *= min(max(share, _SHORTEST), _LONGEST)
        return 0.0, None

    def _start_afresh(self) -> float:
        """Forget what gradients taught, rounded as they are, and try once more."""
        if not self._learnt:
            self.stuck = True
            return 0.0
        self._arrive(self._evaluate(self.point.theta, True), True)
        return self.step()

    def _arrive(self, point: Point, curvature: bool) -> None:
        """Make a point the current one, with the model's minimum and the gap from there."""
        if curvature:
            self.curvature = self._refresh(point)
            self._fresh_reads -= 1
            self._learnt = False
        self.point, self._slow = point, False
        gradient = point.gradient.ravel()
        target, self.gap = self.curvature.minimum(gradient, point.theta.ravel(), self.penalty.strength.ravel())
        target = target.reshape(point.theta.shape)
        if self.objective.n_outputs > 1:
            target = self.penalty.without_common_part(target, self.objective.l2)
        self._target = target
        change = self.penalty.value(self._target) - self.penalty.value(point.theta)
        self._slope = float(np.vdot(point.gradient, target - point.theta)) + change


def penalised(objective: Objective, penalty: L1Penalty, point: Point) -> Point:
    """The same point with the L1 penalty in its value, its penalty and the norm of its gradient."""
    l1 = penalty.value(point.theta)
    gradient = point.gradient
    if objective.shift is not None:  # as the user knows it
        gradient = gradient.copy()
        gradient[:, :-1] += gradient[:, -1:] * objective.shift
    norm = float(np.abs(penalty.residual(point.theta, gradient)).max())
    return replace(point, penalty=point.penalty + l1, value=point.value + l1, gradient_norm=norm)
