# SPDX-License-Identifier: BSD-3-Clause
"""Limited-memory BFGS on top of any initial inverse Hessian, and its line search."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import sqrt
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Inverse = Callable[[Vector], Vector]

_SUFFICIENT = 1e-4  # part of the predicted decrease that a step must deliver
_FLAT = 0.9  # part of the initial slope below which a step is long enough
_NOISE_SLOPE = 0.8  # the same from the other side, when values cannot tell any more
_LONGEST, _SHORTEST = 10.0, 0.1  # how far one trial may move on from the last
_MAX_TRIALS = 30


class Memory:
    """The last pairs of (step, change of gradient), applied by the two-loop recursion.

    Nocedal (1980), "Updating quasi-Newton matrices with limited storage". The initial
    inverse Hessian is the caller's: the better it is, the less there is to learn.

    Parameters
    ----------
    size : int, default=20
        Number of pairs kept.
    rescale : bool, default=False
        Scale the initial inverse so that it fits the newest pair: right for one that is
        only known up to a factor, such as a diagonal or a bound.
    """

    def __init__(self, size: int = 20, *, rescale: bool = False) -> None:
        self._pairs: deque[tuple[Vector, Vector, float]] = deque(maxlen=size)
        self._rescale = rescale

    def __len__(self) -> int:
        return len(self._pairs)

    def clear(self) -> None:
        self._pairs.clear()

    def update(self, step: Vector, change: Vector) -> None:
        """Remember a pair, unless rounding has eaten its (positive) curvature."""
        curvature = float(np.vdot(step, change))
        size = sqrt(float(np.vdot(step, step)) * float(np.vdot(change, change)))
        if curvature > 1e-12 * size:
            self._pairs.append((step, change, 1.0 / curvature))

    def apply(self, gradient: Vector, initial: Inverse) -> Vector:
        """Multiply a gradient by the inverse Hessian as far as it is known."""
        if not self._pairs:
            return initial(gradient)
        q = gradient.copy()
        shares = []
        for step, change, rho in reversed(self._pairs):
            share = rho * float(np.vdot(step, q))
            q -= share * change
            shares.append(share)
        result = self._factor(initial) * initial(q)
        for (step, change, rho), share in zip(self._pairs, reversed(shares), strict=True):
            result += (share - rho * float(np.vdot(change, result))) * step
        return result

    def _factor(self, initial: Inverse) -> float:
        if not self._rescale:
            return 1.0
        _, change, rho = self._pairs[-1]
        return 1.0 / (rho * float(np.vdot(change, initial(change))))


class Evaluated(Protocol):
    """What the line search needs to know about a point."""

    value: float
    gradient: Vector


P = TypeVar("P", bound=Evaluated)


def line_search(
    at: Callable[[float], P],
    start: P,
    direction: Vector,
    slope: float,
    noise: float,
    first: float = 1.0,
) -> tuple[float, P | None]:
    """Find a step along a descent direction of a convex function.

    Accepts what satisfies the weak Wolfe conditions; where the decrease drowns in
    rounding, the slopes decide (Hager and Zhang, 2005).

    Parameters
    ----------
    at : callable
        Evaluates the point at a step size.
    start : point
        The point at step size 0.
    direction : ndarray
        Where to go, in the shape of the gradient.
    slope : float
        Derivative along the direction at ``start``, negative.
    noise : float
        Differences of values up to this one mean nothing.
    first : float, default=1.0
        Step size to try first.

    Returns
    -------
    size : float
        The accepted step size; 0 if there is none.
    point : point or None
    """
    low, low_slope, best = 0.0, slope, None
    high, high_slope = np.inf, np.inf
    size = first
    for trial in range(_MAX_TRIALS):
        point = at(size)
        here = float(np.vdot(point.gradient, direction))
        gain = start.value - point.value
        enough = gain >= -_SUFFICIENT * size * slope
        level = gain >= -noise and here <= -_NOISE_SLOPE * slope
        if not (enough or level):
            high, high_slope = size, here
        elif here < _FLAT * slope:
            low, low_slope, best = size, here, point
        else:
            return size, point
        size = _next_size(low, low_slope, high, high_slope)
        if best is None and trial > 1:  # a wall: what the slopes say leads nowhere
            size *= _SHORTEST
        if best is None and -slope * size < noise:
            break
    return (low, best) if best is not None else (0.0, None)


def _next_size(low: float, low_slope: float, high: float, high_slope: float) -> float:
    """Where the slope would vanish if it were linear, kept away from both ends."""
    if not np.isfinite(high):
        return _LONGEST * max(low, _SHORTEST)
    share = 0.5
    if np.isfinite(high_slope) and high_slope > 0.0:
        share = -low_slope / (high_slope - low_slope)
    return low + (high - low) * min(max(share, _SHORTEST), 1.0 - _SHORTEST)
