# SPDX-License-Identifier: BSD-3-Clause
"""Newton's method with one read of X per iteration.

The gradient always comes from all rows. The curvature may come from few rows, or from
the first reads only; what it lacks, limited-memory BFGS learns from the gradients.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from schuss._lbfgs import Inverse, Memory, line_search
from schuss.linear_model._smooth.curvature import Matrix
from schuss.linear_model._smooth.objective import Objective, Point

Refresh = Callable[[Point], Inverse]
Rescue = Callable[[Point, Inverse], Inverse]

_RELATIVE_GAP = 1e-7  # to the minimum, of the objective, when converged
_LEAST_SCALE = 1e-3  # objectives below this are as good as zero
_PLAIN_TOL = 1e-4  # a laxer tolerance of the gradient widens the gap as well
_UNCERTAIN = 0.1  # what to make of a gap predicted by a rough curvature
_RESOLUTION = {np.dtype(np.float64): 2e-15, np.dtype(np.float32): 6e-8}
_NEARLY = 1e-3  # gap, of the objective, so small that the last Hessian will do
_LARGEST_R2 = 0.8
_PATIENCE = 40  # steps before a rescue
_SLOW = 0.25  # ratio of successive gaps which shows that rounding rules


def allowed_gap(value: float, tol: float = 0.0) -> float:
    """How far an objective of this value may be from its minimum to count as minimised."""
    return _RELATIVE_GAP * max(1.0, tol / _PLAIN_TOL) * max(abs(value), _LEAST_SCALE)


class Minimizer:
    """Minimises an objective, one accepted step at a time.

    Parameters
    ----------
    objective : Objective
    theta : ndarray of shape ``objective.shape``
        Where to start.
    inverse : callable or None, default=None
        Inverse Hessian to begin with; None if ``refresh`` makes it.
    refresh : callable or None, default=None
        Makes an inverse Hessian from a point read with its curvature.
    fresh_reads : float, default=0
        How many reads bring a new inverse; later ones update the last by L-BFGS.
    rough : bool, default=False
        Whether inverses are known up to a factor only.
    bold : bool, default=False
        Whether the start is the best constant guess of two classes: the first step may
        then be longer. Newton's step there is least squares', and coefficients that
        separate Gaussian classes are larger by 1 / (1 - R^2).
    rescue : callable or None, default=None
        Makes a better inverse Hessian at a point out of the one at hand, at some cost: for every
        step after many have not been enough.

    Attributes
    ----------
    point : Point
        The best point so far; set by `start`.
    gap : float
        How much lower the minimum is, as the curvature predicts.
    inverse : callable
        The newest inverse Hessian, without what L-BFGS adds.
    stuck : bool
        Whether rounding prevents any further progress.
    """

    point: Point
    gap: float

    def __init__(
        self,
        objective: Objective,
        theta: Matrix,
        *,
        inverse: Inverse | None = None,
        refresh: Refresh | None = None,
        fresh_reads: float = 0,
        rough: bool = False,
        bold: bool = False,
        rescue: Rescue | None = None,
    ) -> None:
        self.objective = objective
        self.inverse = inverse
        self.stuck = False
        self._theta = theta
        self._refresh = refresh
        self._fresh_reads = fresh_reads
        self._memory = Memory(rescale=rough)
        self._bold = bold
        self._rescue, self._patience = rescue, _PATIENCE
        self._rough: Inverse | None = None  # what there was before the rescue
        self._tightness = _UNCERTAIN if rough else 1.0
        self._resolution = _RESOLUTION[np.dtype(objective.table.dtype)]

    @property
    def renews(self) -> bool:
        """Whether every read brings a new inverse, since that hardly takes longer."""
        return self._fresh_reads == np.inf

    def resume(self, objective: Objective, theta: Matrix) -> Minimizer:
        """A minimizer of a similar objective that begins with the curvature of this one."""
        return Minimizer(objective, theta, inverse=self.inverse, rough=self._tightness < 1.0)

    def start(self) -> None:
        """Read X at the starting point."""
        curvature = self._fresh_reads >= 1
        self._arrive(self.objective.evaluate(self._theta, curvature=curvature), curvature)

    def step(self) -> float:
        """Move to a better point; returns the step size, 0 if there is none."""
        self._patience -= 1
        if self._rescue is not None and self._patience <= 0:
            self._rough = self._rough or self.inverse
            assert self._rough is not None
            self.inverse, self._memory = self._rescue(self.point, self._rough), Memory()
            self._tightness = 1.0
            self._arrive(self.point, False)
        start, gap, direction = self.point, self.gap, self._direction
        noise = self._resolution * self.objective.magnitude(start)

        curvature = self._fresh_reads >= 1 and gap > _NEARLY * abs(start.value)

        def at(size: float) -> Point:
            return self.objective.evaluate(start.theta + size * direction, curvature=curvature)

        first = 1.0 / (1.0 - min(2.0 * gap, _LARGEST_R2)) if self._bold else 1.0
        size, found = line_search(at, start, direction, -2.0 * gap, noise, first)
        self._bold = False
        if found is None:
            return self._start_afresh()
        if not curvature:
            self._memory.update(found.theta - start.theta, found.gradient - start.gradient)
        self._arrive(found, curvature)
        self.stuck = gap <= noise and self.gap > _SLOW * gap
        return size

    def converged(self, tol: float) -> bool:
        """Whether gradient and gap are small, the gap relative to the objective."""
        enough = self._tightness * allowed_gap(self.point.value, tol)
        return self.point.gradient_norm <= tol and self.gap <= enough

    @property
    def ahead(self) -> Matrix:
        """Where the next step leads, if it is not shortened."""
        theta: Matrix = self.point.theta + self._direction
        return theta

    @property
    def precise(self) -> bool:
        """Whether all that is left to gain is near the rounding of the objective."""
        return self.gap <= 16.0 * self._resolution * self.objective.magnitude(self.point)

    def _start_afresh(self) -> float:
        """Forget what gradients taught, rounded as they are, and try once more."""
        if not len(self._memory):
            self.stuck = True
            return 0.0
        self._memory.clear()
        curvature = self._fresh_reads >= 1
        here = self.objective.evaluate(self.point.theta, curvature=True) if curvature else self.point
        self._arrive(here, curvature)
        return self.step()

    def _arrive(self, point: Point, curvature: bool) -> None:
        """Make a point the current one, with the direction and the gap from there."""
        if curvature and self._refresh is not None:
            self.inverse = self._refresh(point)
            self._fresh_reads -= 1
            self._memory.clear()
        assert self.inverse is not None
        direction = -self._memory.apply(point.gradient, self.inverse)
        gap = -0.5 * float(np.vdot(direction, point.gradient))
        self.point, self.gap, self._direction = point, gap, direction
