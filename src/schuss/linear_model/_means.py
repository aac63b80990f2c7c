# SPDX-License-Identifier: BSD-3-Clause
"""Means of columns, near enough to count from."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._products import transposed_products

Matrix = NDArray[np.float64]

_ROWS = 256  # of a dense table


def near_column_means(x: Any, n_threads: int = 1) -> Matrix:
    """Means of the columns: of sparse ones over all rows, of dense ones over some, spread over the table."""
    if sp.issparse(x):
        return _sparse_means(x, n_threads)
    some = x[:: max(1, len(x) // _ROWS)]
    return np.asarray(np.add.reduce(some, axis=0, dtype=np.float64) / len(some))


def _sparse_means(x: Any, n_threads: int) -> Matrix:
    """Means of sparse columns."""
    table = kernels.Table(x)
    ones = np.ones(x.shape[0], dtype=table.dtype)
    sums = transposed_products(table, ones, n_threads=n_threads, scratch=kernels.Scratch())
    return np.ascontiguousarray(sums[0, :-1]) / x.shape[0]
