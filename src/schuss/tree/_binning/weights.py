# SPDX-License-Identifier: BSD-3-Clause
"""Sample weights as whole numbers, whose sums are exact in any order."""

from __future__ import annotations

from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SUM_BITS = 51
_MOST_BITS = 30


def whole_weights(sample_weight: NDArray[Any] | None) -> NDArray[np.int64] | None:
    """Scale weights by a power of two and round them.

    Whole numbers of moderate size stay in proportion exactly, so that a weight k does what
    k rows do. Negative weights count as 0.

    Parameters
    ----------
    sample_weight : ndarray of shape (n_samples,) or None

    Returns
    -------
    int64 array of shape (n_samples,), or None
        None if all weights are the same.
    """
    if sample_weight is None or len(sample_weight) == 0:
        return None
    largest = float(np.max(sample_weight))
    if largest <= 0.0 or float(np.min(sample_weight)) == largest:
        return None
    n_positive = np.count_nonzero(sample_weight > 0)
    bits = min(_MOST_BITS, _SUM_BITS - int(n_positive).bit_length())
    scaled = np.ldexp(sample_weight, bits - frexp(largest)[1], dtype=np.float64)
    return np.rint(np.maximum(scaled, 0.0)).astype(np.int64)
