# SPDX-License-Identifier: BSD-3-Clause
"""Weights of rows as whole numbers."""

from __future__ import annotations

from math import frexp, ldexp

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

FINE_BITS = 50  # of the sum of weights that are no whole numbers of moderate size
_PACKED_SUM = 2.0**31  # whole weights up to here are taken as they are


def whole_weights(weight: Float64) -> tuple[Int64, float]:
    """Weights as multiples of a unit, so that their sums are exact.

    Parameters
    ----------
    weight : ndarray of shape (n_samples,) or (n_trees, n_samples)
        Each row of a table has a sum of its own, all have one unit.

    Returns
    -------
    int64 array of the same shape
    unit : float
        A power of two; 1 for whole numbers of moderate size.
    """
    total = float(weight.sum(axis=-1).max())
    if total < _PACKED_SUM and np.array_equal(weight, np.rint(weight)):
        return weight.astype(np.int64), 1.0
    exponent = frexp(total)[1] - FINE_BITS
    whole = np.rint(np.ldexp(weight, -exponent)).astype(np.int64)
    whole[(whole == 0) & (weight > 0)] = 1  # however light: it is not left out
    return whole, ldexp(1.0, exponent)
