# SPDX-License-Identifier: BSD-3-Clause
"""Learning-rate schedules of stochastic gradient descent.

Within an epoch the kernel evaluates the schedule sample by sample; this module prepares
its constants, says what the rate has come to, and lowers the rates of the schedules that
wait for the training to stand still.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

PASSIVE_AGGRESSIVE = ("pa1", "pa2")
BETWEEN_EPOCHS = ("adaptive", "plateau")  # constant within one

_LEAST_RATE = 1e-6  # the adaptive schedule gives up below, as in scikit-learn
_SHRINK = 5.0
# The single cycle: where it is highest, and where it begins and ends beside that.
_PEAK_AT, _FIRST, _LAST = 0.3, 1.0 / 25.0, 1.0 / 250_000.0


def kernel_name(learning_rate: str) -> str:
    """Name among ``kernels.SCHEDULES``."""
    return "constant" if learning_rate in BETWEEN_EPOCHS else learning_rate


def factor(
    learning_rate: str, t: float, *, power_t: float, optimal_init: float, horizon: float, warmup: float
) -> float:
    """What the kernel multiplies the rate with at sample ``t``, counted from 1."""
    constants = {"power_t": power_t, "optimal_init": optimal_init, "horizon": horizon, "warmup": warmup}
    return float(factors(learning_rate, np.array([t]), **constants)[0])


def factors(
    learning_rate: str,
    t: NDArray[np.float64],
    *,
    power_t: float = 0.5,
    optimal_init: float = 0.0,
    horizon: float = 1.0,
    warmup: float = 0.0,
) -> NDArray[np.float64]:
    """What rates are multiplied with at many samples ``t``, counted from 1.

    Parameters
    ----------
    learning_rate : str
    t : ndarray
    power_t, optimal_init : float
        Of 'invscaling' and 'optimal'.
    horizon : float
        Samples over which 'cosine' and 'one_cycle' stretch.
    warmup : float
        Samples in which rates grow from nothing.
    """
    value = np.ones(t.shape)
    progress = (t - 1.0) / horizon
    match learning_rate:
        case "optimal":
            value = 1.0 / (optimal_init + t - 1.0)
        case "invscaling":
            value = t**-power_t
        case "cosine":
            value = _anneal(1.0, 0.0, progress)
        case "one_cycle":
            rising = _anneal(_FIRST, 1.0, progress / _PEAK_AT)
            falling = _anneal(1.0, _LAST, (progress - _PEAK_AT) / (1.0 - _PEAK_AT))
            value = np.where(progress < _PEAK_AT, rising, falling)
    return value * np.minimum(1.0, t / warmup) if warmup else value


def _anneal(start: float, end: float, progress: NDArray[np.float64]) -> NDArray[np.float64]:
    """Go from one value to another along half a cosine."""
    return np.asarray(end + (start - end) * (0.5 + 0.5 * np.cos(math.pi * np.minimum(progress, 1.0))))


def optimal_init(alpha: float) -> float:
    """Return the offset ``t0`` of Bottou's schedule ``1 / (alpha * (t0 + t - 1))``.

    The first rate then is ``alpha ** -0.25``, the size expected of a final weight: a
    misclassified sample, whose gradient is about one, moves the model by that much.
    """
    first_rate: float = alpha**-0.25
    return 1.0 / (first_rate * alpha)


def lower_adaptive(eta: NDArray[np.float64], outputs: slice) -> bool:
    """Divide the rates of some outputs, all alike, by five; False if they are too small to go on."""
    if eta[outputs][0] <= _LEAST_RATE:
        return False
    eta[outputs] /= _SHRINK
    return True
