# SPDX-License-Identifier: BSD-3-Clause
"""The interior-point method on the rows that matter: those near their kink.

Portnoy and Koenker (1997): a fit of few rows tells on which side of its kink nearly every row ends up. There
its loss is linear, so that all such rows together are one vector. When the rest is solved, one read
tells whether any of them was on the other side after all; if so, it joins the rest.
"""

from __future__ import annotations

import numpy as np

from schuss.linear_model._robust.interior_point import InteriorPoint, Kinks
from schuss.linear_model._robust.rows import Matrix, Rows, Vector

_FEWEST_ROWS, _LEAST = 1000, 20  # of a pilot fit; the last times the number of parameters
_PILOT_SHARE = 0.25  # of all rows, beyond which a pilot fit saves nothing
_PILOT_GAP = 1e-4
_PILOT_STEPS = 30
_BAND = 3.5  # half width of the band in errors of the pilot's predictions, times twice the density there
_NEAR = 0.5  # part of that half width which the products still change by, as a rule
_NEARER = 0.5  # what is left of it when rows on the wrong side have been found
_ROUNDING = 1e-13  # gap, of what the losses are made of, that cannot be told from zero
_MOST_ROUNDS = 20


class Banded:
    """A piecewise linear problem, solved on a band of rows and proved on all.

    Parameters
    ----------
    rows : Rows
    kinks : list of Kinks
        Of the rows, with the dual variables to start from.
    bends : Kinks or None
        Of the coefficients.
    tilt : ndarray of shape (n_samples,) or None
        Linear term of each row's product.
    linear : ndarray of shape (n_features + 1,)
        Linear term of the parameters, in the rows' shifted coordinates.
    quadratic : ndarray of shape (n_features + 1, n_features + 1) or None
    theta : ndarray of shape (n_features + 1,)
        Where to start.
    relative_gap : float
        Gap, relative to the objective, that is sought.
    constant : float, default=0.0
        Part of the objective that does not depend on the parameters.

    Attributes
    ----------
    n_iter : int
        Iterations, without those of the pilot fit.
    done : bool
        Whether no further step is of use.
    objective, gap : float
        Of the whole problem, once ``done``; before, as far as the rows outside of the band are on
        the side where they are thought to be.
    """

    def __init__(
        self,
        rows: Rows,
        kinks: list[Kinks],
        bends: Kinks | None,
        tilt: Vector | None,
        linear: Vector,
        quadratic: Matrix | None,
        theta: Vector,
        relative_gap: float,
        *,
        constant: float = 0.0,
    ) -> None:
        self.rows, self._kinks, self._bends = rows, kinks, bends
        self._tilt, self._quadratic, self._relative_gap = tilt, quadratic, relative_gap
        self._rest, self._constant = linear, constant
        self.linear = linear if tilt is None else linear + rows.transposed(tilt)
        self._noise = _ROUNDING * sum(float(k.cost @ np.abs(k.start)) for k in kinks)
        self.n_iter = self._rounds = 0
        self.done = False
        self._theta, self._width = theta, 0.0
        self._inner: InteriorPoint | None = None
        self.objective = self.gap = np.nan

    @property
    def theta(self) -> Vector:
        """The parameters, in the rows' shifted coordinates."""
        return self._theta if self._inner is None else self._inner.theta

    @property
    def certified(self) -> bool:
        """Whether the gap is as small as was asked for."""
        return bool(self.gap <= self._relative_gap * abs(self.objective) + self._noise)

    def step(self) -> float:
        """Do one iteration; returns the step size."""
        if self._inner is None:
            self._begin()
        assert self._inner is not None
        self.n_iter += 1
        size = self._inner.step()
        self._read()
        if self.certified or self._inner.stuck:
            self._prove()
        return size

    def _begin(self) -> None:
        n, p = self.rows.shape
        size = int(max(0.5 * (n * p) ** (2.0 / 3.0), _FEWEST_ROWS, _LEAST * p))
        self._band = np.ones(n, dtype=bool)
        if size <= _PILOT_SHARE * n:
            self._theta = self._pilot(size)
            nearness = self._nearness(self.rows.times(self._theta))
            width = int(n * min(1.0, len(self._kinks) * _BAND * np.sqrt(p / size)))
            farthest = float(np.partition(nearness, width - 1)[width - 1])
            self._band, self._width = nearness <= farthest, _NEAR * farthest
        self._enter()

    def _pilot(self, size: int) -> Vector:
        """Solve the problem of some rows, each standing for several."""
        n = self.rows.shape[0]
        rng = np.random.default_rng(0)
        some = np.minimum(((np.arange(size) + rng.random(size)) * (n / size)).astype(np.intp), n - 1)
        factor = n / size
        few = self.rows.take(some)
        linear = self._rest if self._tilt is None else self._rest + few.transposed(factor * self._tilt[some])
        kinks = [k.take(some).scaled(factor) for k in self._kinks]
        options = few, kinks, self._copied_bends(), linear, self._quadratic, self._theta
        pilot = InteriorPoint(*options, self._reach(kinks, few.times(self._theta)))
        for _ in range(_PILOT_STEPS):
            if pilot.stuck or pilot.gap <= _PILOT_GAP * abs(pilot.objective + self._constant):
                break
            pilot.step()
        return pilot.theta

    def _nearness(self, product: Vector) -> Vector:
        """Distance of each row from the nearest of its kinks."""
        distances = [np.abs(k.start - k.sign * product) for k in self._kinks]
        return np.minimum.reduce(distances)

    @staticmethod
    def _reach(kinks: list[Kinks], product: Vector) -> float:
        """Mean distance of the rows from their kinks."""
        mean = float(np.mean([np.abs(k.start - k.sign * product).mean() for k in kinks]))
        return mean or max(float(np.abs(kinks[0].start).mean()), 1.0)

    def _copied_bends(self) -> Kinks | None:
        return None if self._bends is None else self._bends.take(slice(None))

    def _enter(self) -> None:
        """Begin with the rows in the band; what lies outside becomes linear."""
        product = self.rows.times(self._theta)
        linear, self._outside = self.linear, self._constant
        rows, kinks = self.rows, [k.take(slice(None)) for k in self._kinks]
        self._costly = [~self._band & (k.start - k.sign * product > 0) for k in self._kinks]
        if not self._band.all():
            inside = np.flatnonzero(self._band)
            rows, kinks = self.rows.take(inside), [k.take(inside) for k in self._kinks]
            fixed = np.zeros(len(product))
            for k, costly in zip(self._kinks, self._costly, strict=True):
                fixed += np.where(costly, k.sign * k.cost, 0.0)
                self._outside += float(k.cost[costly] @ k.start[costly])
            linear = linear - self.rows.transposed(fixed)
        options = rows, kinks, self._copied_bends(), linear, self._quadratic, self._theta
        if self._width:
            self._inner = InteriorPoint(*options, self._width, near=True)
        else:
            self._inner = InteriorPoint(*options, self._reach(self._kinks, product))

    def _read(self) -> None:
        assert self._inner is not None
        self.objective = self._inner.objective + self._outside
        self.gap = self._inner.gap

    def _prove(self) -> None:
        """Look at the rows outside: those on the wrong side enter the band, unless it hardly matters."""
        assert self._inner is not None
        self._rounds += 1
        if not self._band.all():
            product = self.rows.times(self._inner.theta)
            wrong = np.zeros(len(product), dtype=bool)
            for k, costly in zip(self._kinks, self._costly, strict=True):
                excess = k.start - k.sign * product
                astray = ~self._band & ((excess > 0) != costly)
                lost = float(k.cost[astray] @ np.abs(excess[astray]))
                self.objective += float(k.cost[astray & ~costly] @ excess[astray & ~costly])
                self.objective -= float(k.cost[astray & costly] @ excess[astray & costly])
                self.gap += lost
                wrong |= astray
            if not self.certified and wrong.any() and self._rounds < _MOST_ROUNDS:
                self._theta, self._width = self._inner.theta, _NEARER * self._width
                self._band |= wrong
                self._enter()
                return
        self.done = True
