# SPDX-License-Identifier: BSD-3-Clause
"""Losses that are linear in pieces, with or without a quadratic penalty: an interior-point method.

The problem is ``min linear'p + 1/2 p'Rp + sum_k cost_k * max(0, start_k - sign_k * z_k)`` with the
products z of the parameters p and the rows of a table. Its dual has one variable for each kink, between
zero and the kink's cost. Mehrotra's predictor and corrector (1992) for such boxed variables, as Portnoy and
Koenker (1997, "The Gaussian hare and the Laplacian tortoise") have it for quantiles, take one weighted Gram
matrix an iteration and a factorisation of the parameters' order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._robust.rows import Matrix, Rows, Vector
from schuss.linear_model._smooth.curvature import CholeskyInverse

_OFF_THE_WALL, _AT_THE_WALL = 0.1, 5e-4  # part of the way to the nearest bound that is left, early and late
_SMALLEST = 1e-300
_SHORT = 0.3  # a step after which the corrector, which trusts in long ones, is tried again with less trust
_PROGRESS = 0.999  # ratio of successive gaps above which rounding rules


@dataclass(eq=False)
class Kinks:
    """One kink for each row of the table, or for each coefficient.

    Attributes
    ----------
    start : ndarray of shape (n,)
        Where the kink is.
    cost : ndarray of shape (n,)
        Slope on the side that costs; positive.
    sign : ndarray of shape (n,), or float
        Of the product.
    dual : ndarray of shape (n,)
        Dual variables, strictly between zero and ``cost``.
    """

    start: Vector
    cost: Vector
    sign: Vector | float
    dual: Vector

    def enter(self, product: Vector, least: float) -> None:
        """Choose slacks on both sides for the products at the start, none smaller than ``least``."""
        excess = self.start - self.sign * product
        self.over = np.maximum(excess, 0.0) + least
        self.under = np.maximum(-excess, 0.0) + least

    def centre(self, product: Vector, mu: float) -> None:
        """Choose slacks and dual variables whose complementary products all are ``mu``."""
        excess = self.start - self.sign * product
        pull = self.cost * excess
        self.under = (2.0 * mu - pull + np.hypot(pull, 2.0 * mu)) / (2.0 * self.cost)
        self.over = self.under + excess
        # by the larger of the two, which cancellation has spared
        small = np.minimum(self.under, self.over) <= 0.0
        self.under[small] = np.maximum(-excess[small], 0.0) + mu / self.cost[small]
        self.over[small] = np.maximum(excess[small], 0.0) + mu / self.cost[small]
        dual = np.where(self.under > self.over, mu / self.under, self.cost - mu / self.over)
        self.dual = np.clip(dual, _SMALLEST, self.cost * (1.0 - 2.0**-52))

    def take(self, rows: NDArray[np.intp] | slice) -> Kinks:
        """Some of the kinks."""
        sign = self.sign[rows] if isinstance(self.sign, np.ndarray) else self.sign
        return Kinks(self.start[rows], self.cost[rows], sign, self.dual[rows].copy())

    def scaled(self, factor: float) -> Kinks:
        """The same kinks with other costs."""
        return Kinks(self.start, factor * self.cost, self.sign, factor * self.dual)

    def loss(self, product: Vector) -> float:
        """Sum of what the kinks cost."""
        return float(self.cost @ np.maximum(self.start - self.sign * product, 0.0))

    @property
    def slack(self) -> Vector:
        """Distance of the dual variables from their cost."""
        return self.cost - self.dual

    def complementarity(self) -> float:
        """Sum of the products that vanish at the minimum."""
        return float(self.dual @ self.under + self.slack @ self.over)

    def weigh(self, product: Vector, low: Vector, high: Vector) -> None:
        """Linearise: ``low`` and ``high`` are what the two complementary products are to change by."""
        slack = self.slack
        self.weight = 1.0 / (self.under / self.dual + self.over / slack + _SMALLEST)
        self.pull = self.start - self.sign * product - self.over + self.under - high / slack + low / self.dual
        self._low, self._high = low, high

    def direction(self, change: Vector) -> None:
        """Steps of the dual variables and the slacks for a change of the products."""
        self.d_dual = self.weight * (self.pull - self.sign * change)
        self.d_under = (self._low - self.under * self.d_dual) / self.dual
        self.d_over = (self._high + self.over * self.d_dual) / self.slack

    def keep_prediction(self) -> None:
        """Remember these steps as those of the predictor."""
        self.predicted, self.predicted_under, self.predicted_over = self.d_dual, self.d_under, self.d_over

    def room(self) -> tuple[float, float]:
        """Longest steps that keep the slacks, and the dual variables, positive."""
        primal = min(_longest(self.under, self.d_under), _longest(self.over, self.d_over))
        return primal, min(_longest(self.dual, self.d_dual), _longest(self.slack, -self.d_dual))

    def ahead(self, primal: float, dual: float) -> float:
        """Complementarity after a step."""
        rise = self.dual + dual * self.d_dual
        return float(
            rise @ (self.under + primal * self.d_under) + (self.cost - rise) @ (self.over + primal * self.d_over)
        )

    def move(self, primal: float, dual: float) -> None:
        self.dual = np.clip(self.dual + dual * self.d_dual, _SMALLEST, self.cost * (1.0 - 2.0**-52))
        self.under = np.maximum(self.under + primal * self.d_under, _SMALLEST)
        self.over = np.maximum(self.over + primal * self.d_over, _SMALLEST)


def _longest(value: Vector, change: Vector) -> float:
    """Step after which the first of some positive numbers vanishes."""
    with np.errstate(divide="ignore"):
        fastest = float(np.max(-change / value, initial=0.0))
    return 1.0 / fastest if fastest > 0.0 else np.inf


class InteriorPoint:
    """The method; a call of `step` is an iteration.

    Parameters
    ----------
    rows : Rows
    kinks : list of Kinks
        Of the rows.
    bends : Kinks or None
        Of the coefficients: an L1 penalty.
    linear : ndarray of shape (n_features + 1,)
        Linear term, in the rows' shifted coordinates.
    quadratic : ndarray of shape (n_features + 1, n_features + 1) or None
        R, in the same coordinates; None for a linear programme.
    theta : ndarray of shape (n_features + 1,)
        Where to start, in the same coordinates.
    reach : float
        How far from its bounds the method starts: a typical distance of the rows from their kinks.
    near : bool, default=False
        Whether the start is near the minimum, and ``reach`` the change of the products that is left: the
        dual variables then are those that go with the products, not those of the kinks.

    Attributes
    ----------
    theta : ndarray of shape (n_features + 1,)
    objective, gap : float
        Value, and how far it may be above the minimum: the duality gap; without a quadratic penalty,
        with what the dual variables lack to be feasible added to it.
    stuck : bool
        Whether rounding prevents any further progress.
    """

    def __init__(
        self,
        rows: Rows,
        kinks: list[Kinks],
        bends: Kinks | None,
        linear: Vector,
        quadratic: Matrix | None,
        theta: Vector,
        reach: float,
        *,
        near: bool = False,
    ) -> None:
        self.rows, self.kinks, self.bends = rows, kinks, bends
        self.linear, self.quadratic, self.theta = linear, quadratic, theta.copy()
        self.stuck = False
        self._product = rows.times(self.theta)
        for k, product in self._pairs():
            if near:
                k.centre(product, 0.5 * reach * float(self.kinks[0].cost.mean()))
            else:
                k.enter(product, reach)
        self._settle()

    def _pairs(self, theta: Vector | None = None, product: Vector | None = None) -> list[tuple[Kinks, Vector]]:
        """All kinks, each with the products that belong to it."""
        theta = self.theta if theta is None else theta
        pairs = [(k, self._product if product is None else product) for k in self.kinks]
        return pairs if self.bends is None else [*pairs, (self.bends, theta[:-1])]

    def _all(self) -> list[Kinks]:
        return self.kinks if self.bends is None else [*self.kinks, self.bends]

    def step(self) -> float:
        """Predict, correct, move; returns the step size of the parameters."""
        residual = self._residual
        for k, product in self._pairs():
            k.weigh(product, -k.dual * k.under, -k.slack * k.over)
        factor, pull = self._factorise()
        self._solve(factor, pull - residual)
        for k in self._all():
            k.keep_prediction()
        predicted = self._room(1.0)
        count = 2 * sum(len(k.cost) for k in self._all())
        mu = self._complementarity / count
        ahead = sum(k.ahead(*predicted) for k in self._all()) / count
        reach = 1.0 - min(_OFF_THE_WALL, max(self._complementarity / (abs(self.objective) + 1e-300), _AT_THE_WALL))
        for share in (1.0, min(predicted) ** 2):
            change = self._correct(factor, share, mu * (ahead / mu) ** (3 if share == 1.0 else 2))
            primal, dual = self._room(reach)
            if min(primal, dual) > _SHORT:
                break
        before = self.gap
        for k in self._all():
            k.move(primal, dual)
        self.theta = self.theta + primal * change
        self._product = self.rows.times(self.theta)
        self._settle()
        self.stuck = not self.gap < _PROGRESS * before
        return primal

    def _correct(self, factor: CholeskyInverse, share: float, centre: float) -> Vector:
        """Aim at the centre, with a share of what the prediction says of the curvature on the way."""
        for k, product in self._pairs():
            low = centre - share * k.predicted * k.predicted_under - k.dual * k.under
            k.weigh(product, low, centre + share * k.predicted * k.predicted_over - k.slack * k.over)
        return self._solve(factor, self._pull() - self._residual)

    def _settle(self) -> None:
        self._complementarity = sum(k.complementarity() for k in self._all())
        self._residual = self._lack()
        self.objective = sum(k.loss(product) for k, product in self._pairs()) + float(self.linear @ self.theta)
        if self.quadratic is not None:
            self.objective += 0.5 * float(self.theta @ self.quadratic @ self.theta)
        self.gap = self._complementarity + self._excess()

    def _excess(self) -> float:
        """What the residual adds to the gap."""
        if self.quadratic is None:
            return float(np.abs(self._residual) @ np.abs(self.theta))
        return 0.5 * float(self._residual @ CholeskyInverse(self.quadratic)(self._residual))

    def _lack(self) -> Vector:
        """Gradient of the Lagrangian: how far the dual variables are from feasible."""
        residual = self.linear - self.rows.transposed(np.sum([k.sign * k.dual for k in self.kinks], axis=0))
        if self.bends is not None:
            residual[:-1] -= self.bends.sign * self.bends.dual
        return residual if self.quadratic is None else residual + self.quadratic @ self.theta

    def _factorise(self) -> tuple[CholeskyInverse, Vector]:
        """The matrix of the Newton step, and its right-hand side but for the residual."""
        weight = np.sum([k.weight for k in self.kinks], axis=0)
        pulls = np.sum([k.sign * k.weight * k.pull for k in self.kinks], axis=0)
        gram, pull = self.rows.gram(weight, pulls / weight)
        if self.quadratic is not None:
            gram += self.quadratic
        if self.bends is not None:
            gram.reshape(-1)[: -1 : len(gram) + 1] += self.bends.weight
            pull[:-1] += self.bends.sign * self.bends.weight * self.bends.pull
        if not self.rows.fit_intercept:
            gram[-1] = gram[:, -1] = 0.0
            gram[-1, -1] = 1.0
        return CholeskyInverse(gram), pull

    def _pull(self) -> Vector:
        pull = self.rows.transposed(np.sum([k.sign * k.weight * k.pull for k in self.kinks], axis=0))
        if self.bends is not None:
            pull[:-1] += self.bends.sign * self.bends.weight * self.bends.pull
        return pull

    def _solve(self, factor: CholeskyInverse, right: Vector) -> Vector:
        change = factor(right)
        if not self.rows.fit_intercept:
            change[-1] = 0.0
        for k, product in self._pairs(change, self.rows.times(change)):
            k.direction(product)
        return change

    def _room(self, share: float) -> tuple[float, float]:
        rooms = [k.room() for k in self._all()]
        primal, dual = (min(1.0, share * min(room)) for room in zip(*rooms, strict=True))
        if self.quadratic is not None:  # parameters and dual variables must move together
            primal = dual = min(primal, dual)
        return primal, dual
