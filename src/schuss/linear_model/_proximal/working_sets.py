# SPDX-License-Identifier: BSD-3-Clause
"""Wide and sparse tables: most coefficients stay zero, so most columns are read for checks alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._proximal.newton import ProximalNewton, penalised
from schuss.linear_model._proximal.penalty import L1Penalty, Matrix
from schuss.linear_model._smooth.objective import Objective, Point

Solve = Callable[[Objective, L1Penalty, Matrix, bool], ProximalNewton]

_FEWEST = 200  # columns of a working set, if there are as many
_GROWTH = 2  # how much larger than the support a working set may be
_NEAR = 0.9  # share of its strength from which a gradient may soon exceed it
_MOST_STEPS = 30
_ENOUGH = 1e-3  # of the gap on the working set when it was chosen, where others may still be missing
_NEGLIGIBLE = 1e-3  # violation, as a share of the strength, that moves the objective by nothing


class WorkingSets:
    """Minimises on the columns that matter, then looks at all of them; one round per step.

    The columns are those of coefficients that are not zero and those whose gradient
    exceeds the penalty's strength, or nearly so. They are copied out of the table
    whenever others are wanted. Attributes and methods are those of `ProximalNewton`.

    Parameters
    ----------
    objective : Objective
    penalty : L1Penalty
    theta : ndarray of shape ``objective.shape``
        Where to start.
    solve : callable
        ``solve(objective, penalty, theta, warm)`` makes the minimizer of a working set.
    tol : float
        For `converged`.
    warm : bool, default=False
        Whether theta is near the minimum already.
    """

    point: Point
    gap: float

    def __init__(
        self,
        objective: Objective,
        penalty: L1Penalty,
        theta: Matrix,
        solve: Solve,
        *,
        tol: float,
        warm: bool = False,
    ) -> None:
        self.objective, self.penalty = objective, penalty
        self.stuck = False
        self._theta, self._solve, self._tol, self._warm = theta, solve, tol, warm
        self._inner: ProximalNewton | None = None
        self._chosen = np.empty(0, dtype=np.intp)

    def start(self) -> None:
        """Read X at the starting point."""
        self._arrive(self._theta)

    def step(self) -> float:
        """Minimise on the working set; returns the last step size there, 0 for none."""
        chosen = self._choice()
        same = self._inner is not None and bool(np.isin(chosen, self._chosen).all())
        if not same:
            self._inner = self._begin(chosen)
        assert self._inner is not None
        size = self._minimise(self._inner)
        if size:
            self._arrive(self._extended(self._inner.point.theta))
        else:
            self.gap = self._inner.gap
        self.stuck = same and not size
        return size

    def converged(self, tol: float) -> bool:
        """Whether violations are small, and the working set's minimum is the table's."""
        inner, known = self._inner, np.isfinite(self.gap)
        return self.point.gradient_norm <= tol and known and inner is not None and inner.converged(tol)

    @property
    def ahead(self) -> Matrix:
        """Where the model's minimum is, on the working set."""
        return self.point.theta if self._inner is None else self._extended(self._inner.ahead)

    @property
    def precise(self) -> bool:
        """Whether all that is left to gain is near the rounding of the objective."""
        return self._inner is not None and np.isfinite(self.gap) and self._inner.precise

    def _choice(self) -> NDArray[np.intp]:
        """The support, and the columns whose gradients exceed the strength most, or nearly do."""
        strength = self.penalty.strength[:, :-1]
        support = (self.point.theta[:, :-1] != 0.0).any(axis=0) | (strength == 0.0).any(axis=0)
        share = np.abs(self.point.gradient[:, :-1]) / np.where(strength > 0.0, strength, 1.0)
        urgency = np.where(support, np.inf, share.max(axis=0))
        candidates = np.flatnonzero(urgency > _NEAR)
        room = max(_FEWEST, _GROWTH * int(support.sum()))
        if len(candidates) > room:
            candidates = candidates[np.argsort(-urgency[candidates], kind="stable")[:room]]
        return np.sort(candidates)

    def _begin(self, chosen: NDArray[np.intp]) -> ProximalNewton:
        """The minimizer of these columns, started from the point at hand."""
        self._chosen, warm = chosen, self._warm
        self._warm = True
        theta = np.column_stack([self.point.theta[:, chosen], self.point.theta[:, -1:]])
        inner = self._solve(self.objective.columns(chosen), self.penalty.columns(chosen), theta, warm)
        inner.start()
        return inner

    def _minimise(self, inner: ProximalNewton) -> float:
        """Go on until hardly anything is left of the gap within the working set."""
        size, enough = 0.0, _ENOUGH * inner.gap
        for _ in range(_MOST_STEPS):
            if inner.stuck or inner.converged(self._tol):
                break
            size = inner.step() or size
            if inner.gap <= enough:
                break
        return size

    def _arrive(self, theta: Matrix) -> None:
        """Read all of X at a point, and see whether it matters what was left out."""
        self.point = penalised(self.objective, self.penalty, self.objective.evaluate(theta))
        outside = np.abs(self.point.gradient) > (1.0 + _NEGLIGIBLE) * self.penalty.strength
        outside[:, self._chosen] = outside[:, -1] = False
        self.gap = np.inf if self._inner is None or outside.any() else self._inner.gap

    def _extended(self, theta: Matrix) -> Matrix:
        full = np.zeros(self.objective.shape)
        full[:, self._chosen], full[:, -1] = theta[:, :-1], theta[:, -1]
        return full
