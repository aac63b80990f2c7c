# SPDX-License-Identifier: BSD-3-Clause
"""Targets in as few bytes as hold them: a fit keeps them beside bins of one byte, and kernels take them so."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_CHUNK = 1 << 16  # values that are looked at a time: most targets show at once that they cannot be narrower


def narrow_numbers(y: Array) -> Array:
    """Numbers as uint8, float32 or float64, the first of these that holds every value as it is."""
    if y.dtype.kind not in "biuf":
        y = y.astype(np.float64)
    fitting = (dtype for dtype in (np.uint8, np.float32) if y.dtype == dtype or _fits(y, dtype))
    return np.require(y, next(fitting, np.float64), requirements=["C", "A"])


def narrow_codes(codes: Array, n_classes: int) -> Array:
    """Numbers of classes as uint8 or float32."""
    return codes.astype(np.uint8 if n_classes <= 256 else np.float32)


def widened(y: Array) -> NDArray[np.float64]:
    """Targets in float64, as NumPy's sums and users' functions want them."""
    return y.astype(np.float64, copy=False)


def _fits(y: Array, dtype: Any) -> bool:
    parts = (y[start : start + _CHUNK] for start in range(0, len(y), _CHUNK))
    with np.errstate(invalid="ignore", over="ignore"):
        return all(np.array_equal(part.astype(dtype), part) for part in parts)
