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
Rule = Callable[[ProximalNewton], bool]

_FEWEST = 200  # columns of a working set, if there are as many
_GROWTH = 3  # how much larger than the support a working set may be: a second one is dearer than idle columns
_NEAR = 0.8  # share of its strength from which a gradient may soon exceed it
_MOST_STEPS = 30
_ENOUGH = 1e-3  # of the gap on the working set when it was chosen, where others are likely to be missing
_NEGLIGIBLE = 1e-3  # violation, as a share of the strength, that moves the objective by nothing


class WorkingSets:
    """Minimises on the columns that matter, then looks at all of them; one round per step.

    The columns are those of coefficients that are not zero and those whose gradient
    exceeds the penalty's strength, or nearly so. They are copied out of the table
    whenever the gradient of others exceeds it. Attributes and methods are those of
    `ProximalNewton`.

    Parameters
    ----------
    objective : Objective
    penalty : L1Penalty
    theta : ndarray of shape ``objective.shape``
        Where to start.
    solve : callable
        ``solve(objective, penalty, theta, warm)`` makes the minimizer of a working set.
    done : callable
        ``done(minimizer)`` says whether that of a working set need not go on.
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
        done: Rule,
        warm: bool = False,
    ) -> None:
        self.objective, self.penalty = objective, penalty
        self.stuck = False
        self._theta, self._solve, self._done, self._warm = theta, solve, done, warm
        self._inner: ProximalNewton | None = None
        self._chosen = np.empty(0, dtype=np.intp)
        self._partial = True  # whether more columns are likely to be missing

    def start(self) -> None:
        """Read X at the starting point."""
        self._arrive(self._theta)

    def step(self) -> float:
        """Minimise on the working set; returns the last step size there, 0 for none."""
        inner, same = self._inner, True
        if inner is None or inner.stuck or self._done(inner) or not np.isfinite(self.gap):
            chosen = self._choice()
            same = inner is not None and bool(np.isin(chosen, self._chosen).all())
            if inner is None or not same:
                inner = self._inner = self._begin(chosen)
        size = self._minimise(inner)
        if size:
            self._arrive(self._extended(inner.point.theta))
        else:
            self.gap = inner.gap
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
        self._partial = len(candidates) > room or not self._warm
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
        """Go on until it is done, or as long as it pays with columns missing."""
        size, enough = 0.0, _ENOUGH * inner.gap if self._partial else 0.0
        for _ in range(_MOST_STEPS):
            if inner.stuck or self._done(inner):
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
