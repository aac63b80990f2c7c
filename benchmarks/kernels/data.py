# SPDX-License-Identifier: BSD-3-Clause
"""Inputs of the kernel benchmarks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[Any]

SIZES = {"L2": 512 << 10, "DRAM": 256 << 20}  # bytes that a call reads
QUICK_SIZES = {"L2": 64 << 10, "DRAM": 2 << 20}
SPARSE_COLUMNS = 50_000
PER_ROW = 30


def values(n: int, dtype: str, *, seed: int = 0) -> Array:
    """Normal numbers; long arrays repeat a piece, since drawing them would take longer than the benchmark."""
    piece = np.random.default_rng(seed).standard_normal(min(n, 1 << 20)).astype(dtype)
    return np.resize(piece, n)


def dense(n_bytes: int, columns: int, dtype: str) -> Array:
    """A table of so many bytes, (n, columns)."""
    rows = max(8, n_bytes // (columns * np.dtype(dtype).itemsize))
    return values(rows * columns, dtype).reshape(rows, columns)


def csr(n_bytes: int, dtype: str, *, columns: int = SPARSE_COLUMNS) -> sparse.csr_array:
    """A sparse table whose values and 32-bit indices together have so many bytes."""
    rows = max(8, n_bytes // (PER_ROW * (np.dtype(dtype).itemsize + 4)))
    indices = np.random.default_rng(1).integers(0, columns, (rows, PER_ROW), dtype=np.int32)
    indices.sort(axis=1)
    indptr = np.arange(0, rows * PER_ROW + 1, PER_ROW, dtype=np.int32)
    return sparse.csr_array((values(rows * PER_ROW, dtype), indices.ravel(), indptr), shape=(rows, columns))


def classes(n: int, n_classes: int, dtype: str) -> Array:
    """Class numbers as reals, {0, 1} for two classes."""
    return np.resize(np.random.default_rng(2).integers(0, n_classes, min(n, 1 << 20)), n).astype(dtype)
