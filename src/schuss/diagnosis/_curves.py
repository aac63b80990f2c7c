# SPDX-License-Identifier: BSD-3-Clause
"""Statistics of noisy curves: how they end, whether they still fall, whether they rose again.

All of them take a curve as one float64 array in order of iterations, and treat its
fluctuation from one iteration to the next as independent noise around a smooth course.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

_MAD_TO_SIGMA = 1.4826  # median absolute deviation to standard deviation, if Gaussian
_MAX_TAIL = 96  # longer tails are averaged in blocks first: the slope looks at all pairs


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a curve is going.

    Attributes
    ----------
    gain : float
        What it would fall further if it went on for another ``span`` iterations.
    error : float
        Standard error of ``gain``.
    span : int
        Number of iterations of the tail that was looked at.
    """

    gain: float
    error: float
    span: int

    @property
    def is_falling(self) -> bool:
        """Whether the fall is more than noise (two standard errors)."""
        return self.gain > 2.0 * self.error


@dataclass(frozen=True, slots=True)
class Rise:
    """How far a curve ended above its lowest course.

    Attributes
    ----------
    amount : float
        Last course less lowest course, both smoothed over the same number of iterations.
    error : float
        Standard error of ``amount``.
    at : int
        Iteration of the lowest course, from 0.
    limit : float
        Number of standard errors that ``amount`` exceeds by chance alone in less than
        about one run of twenty, given among how many points the lowest was chosen.
    width : int
        Number of iterations that the course is smoothed over.
    """

    amount: float
    error: float
    at: int
    limit: float
    width: int

    @property
    def is_real(self) -> bool:
        """Whether the rise is more than noise and the luck of the lowest point."""
        return self.amount > self.limit * self.error


def noise(curve: Curve, *, robust: bool = True) -> float:
    """Return the standard deviation of the fluctuation, blind to the smooth course.

    Second differences remove a straight course; a curve that bends within three
    iterations looks noisier than it is, which errs on the side of caution. The robust
    measure belongs to medians; means need the one that counts outliers in full.
    """
    if len(curve) < 3:
        return 0.0
    second = np.abs(np.diff(curve, n=2)) / math.sqrt(6.0)
    if not robust or len(second) < 5:
        return float(np.sqrt(np.mean(second**2)))
    return float(_MAD_TO_SIGMA * np.median(second))


def level(curve: Curve) -> float:
    """Return where the curve ends, averaged over its last tenth."""
    return float(np.mean(curve[-_window(len(curve)) :]))


def trend(curve: Curve) -> Trend:
    """Test the tail of a curve for a slope.

    The slope is Theil and Sen's (the median over all pairs of points) over the last
    third; its standard error follows from `noise`. If the tail bends significantly, as
    that of a converging run does, the fall is taken to go on slowing down at that rate. A
    tail that slows down with every single step has no noise to speak of: its steps are taken
    to go on shrinking as the last one did.
    """
    span = min(len(curve), max(4, len(curve) // 3))
    if span < 2:
        return Trend(0.0, 0.0, span)
    tail, step = _blocks(curve[-span:])
    count = len(tail)
    sigma = noise(curve[-max(span, 8) :]) / math.sqrt(step)
    slope_error = sigma * math.sqrt(12.0 / (count**3 - count))
    settling = _settling(tail)
    gain = -_theil_sen(tail) * count * _slowdown(tail, sigma) if settling is None else settling
    return Trend(gain, slope_error * count, span)


def rise(curve: Curve) -> Rise:
    """Compare where a curve ends with the lowest it has been."""
    width = _window(len(curve))
    course = _running_mean(curve, width)
    at = int(np.argmin(course))
    error = noise(curve, robust=False) * math.sqrt(2.0 / width)
    chances = max(1.0, len(course) / width)
    limit = 2.0 + math.sqrt(2.0 * math.log(chances))
    return Rise(float(course[-1] - course[at]), error, at + width // 2, limit, width)


def _window(n: int) -> int:
    return max(1, n // 10)


def _running_mean(curve: Curve, width: int) -> Curve:
    """Average every ``width`` neighbours."""
    total = np.concatenate(([0.0], np.cumsum(curve)))
    return (total[width:] - total[:-width]) / width


def _blocks(tail: Curve) -> tuple[Curve, int]:
    """Average a long tail in blocks; return it and the length of a block."""
    step = -(-len(tail) // _MAX_TAIL)
    whole = len(tail) - len(tail) % step
    return tail[len(tail) - whole :].reshape(-1, step).mean(axis=1), step


def _theil_sen(tail: Curve) -> float:
    first, second = np.triu_indices(len(tail), k=1)
    return float(np.median((tail[second] - tail[first]) / (second - first)))


def _settling(tail: Curve) -> float | None:
    """Return the sum of the next steps if each one so far was a smaller fall than the one before, else None."""
    falls = -np.diff(tail)
    if len(falls) < 3 or falls[-1] < 0.0 or not np.all(np.diff(falls) < 0.0):
        return None
    return float(falls[-1] * np.sum((falls[-1] / falls[-2]) ** np.arange(1, len(tail) + 1)))


def _slowdown(tail: Curve, sigma: float) -> float:
    """Return the expected fall over the next tail as a fraction of that over this one.

    If the second half of the tail fell by a fraction of what the first half did, the two
    halves to come each lose that fraction again. One where the bend is within its noise.
    """
    if len(tail) < 3:
        return 1.0
    third = len(tail) // 3
    start, stop = float(np.median(tail[:third])), float(np.median(tail[-third:]))
    middle = float(np.median(tail[third : len(tail) - third]))
    first, second = start - middle, middle - stop
    bend = first - second
    if first <= 0.0 or bend <= 2.0 * sigma * math.sqrt(6.0 / third):
        return 1.0
    return max(0.0, second / first) ** 2
