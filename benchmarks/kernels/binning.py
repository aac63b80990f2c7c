# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of binning: a dense table of 28 columns whose rows are contiguous."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels.case import Build, Case
from schuss import _kernels as kernels

Array = NDArray[Any]

_COLUMNS = 28


def _table(dtype: str, n_bytes: int) -> Array:
    """Distinct values, as far as the dtype has them: repeated ones would be sorted sooner."""
    rows = max(512, n_bytes // (_COLUMNS * np.dtype(dtype).itemsize))
    return np.random.default_rng(3).standard_normal((rows, _COLUMNS), np.float32).astype(dtype)


def bin_bounds(dtype: str, n_bytes: int) -> Case:
    x = _table(dtype, n_bytes)
    columns, scratch = kernels.Columns(x), kernels.Scratch()

    def check() -> None:
        bounds, n_bounds, _ = kernels.bin_bounds(columns, scratch=scratch)
        for j, m in enumerate(n_bounds):
            share = np.diff(np.searchsorted(np.sort(x[:, j]), bounds[j, :m]))
            assert m == 254
            # Each of a bin's two bounds is a quantile up to an eighth of its share.
            assert np.abs(share - len(x) / 255).max() <= 1 + len(x) / 255 / 4

    return Case(
        run=lambda n_threads: kernels.bin_bounds(columns, n_threads=n_threads, scratch=scratch),
        check=check,
        elements=x.size,
        n_bytes=x.nbytes,
    )


def bin_table(dtype: str, n_bytes: int) -> Case:
    x = _table(dtype, n_bytes)
    columns = kernels.Columns(x)
    bounds, n_bounds, missing = kernels.bin_bounds(columns)
    for row, m in zip(bounds, n_bounds, strict=True):
        row[m:] = np.inf
    bounds = bounds.astype(dtype)
    out = kernels.Binned(len(x), n_bounds + np.int32(1), missing, np.zeros(_COLUMNS, np.uint8))

    def check() -> None:
        kernels.bin_table(columns, bounds, out)
        for j, m in enumerate(n_bounds):
            assert np.array_equal(out.columns[j], np.searchsorted(bounds[j, :m], x[:, j]))

    return Case(
        run=lambda n_threads: kernels.bin_table(columns, bounds, out, n_threads=n_threads),
        check=check,
        elements=x.size,
        n_bytes=x.nbytes + out.nbytes,
    )


BINNING_CASES: dict[str, Build] = {
    "tree/bin_bounds d=28": bin_bounds,
    "tree/bin_table d=28": bin_table,
}
