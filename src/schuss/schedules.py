# SPDX-License-Identifier: BSD-3-Clause
"""Learning-rate schedules of stochastic gradient descent.

Within an epoch the kernel evaluates the schedule sample by sample; this module prepares
its constants, and lowers the rates of the adaptive schedule between epochs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LEAST_RATE = 1e-6  # the adaptive schedule gives up below, as in scikit-learn
_SHRINK = 5.0


def kernel_name(learning_rate: str) -> str:
    """Name among ``kernels.SCHEDULES``: within one epoch, adaptive is constant."""
    return "constant" if learning_rate == "adaptive" else learning_rate


def optimal_init(alpha: float) -> float:
    """Return the offset ``t0`` of Bottou's schedule ``1 / (alpha * (t0 + t - 1))``.

    The first rate then is ``alpha ** -0.25``, the size expected of a final weight: a
    misclassified sample, whose gradient is about one, moves the model by that much.
    """
    first_rate: float = alpha**-0.25
    return 1.0 / (first_rate * alpha)


def lower_adaptive(eta: NDArray[np.float64], output: int) -> bool:
    """Divide one output's rate by five; False if it is too small to go on."""
    if eta[output] <= _LEAST_RATE:
        return False
    eta[output] /= _SHRINK
    return True
