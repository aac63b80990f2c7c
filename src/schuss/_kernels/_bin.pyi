# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Columns, Scratch

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]

MAX_BINS: int
MISSING_BIN: int
SET_WORDS: int
NODE_MISSING_LEFT: int
NODE_CATEGORICAL: int
NODE_FEATURE: int

def aligned_bytes(size: int) -> UInt8: ...
def give_back() -> None: ...

class Binned:
    def __init__(
        self, n: int, n_bins: Int32, has_missing: UInt8, is_categorical: UInt8, *, by_tile: bool = True
    ) -> None: ...
    def put(self, first: int, part: Binned) -> None: ...
    @property
    def tiles(self) -> UInt8 | None: ...
    @property
    def columns(self) -> UInt8: ...
    @property
    def tile_column(self) -> UInt8: ...
    @property
    def tile_sparse(self) -> UInt8: ...
    @property
    def common(self) -> UInt8: ...
    @property
    def n_bins(self) -> Int32: ...
    @property
    def has_missing(self) -> UInt8: ...
    @property
    def is_categorical(self) -> UInt8: ...
    @property
    def n(self) -> int: ...
    @property
    def d(self) -> int: ...
    @property
    def nbytes(self) -> int: ...

def bin_bounds(
    x: Columns,
    *,
    weight: Int64 | None = None,
    rows: NDArray[np.bool_] | None = None,
    max_bins: int = 255,
    skip: UInt8 | None = None,
    n_threads: int = 1,
    scratch: Scratch | None = None,
) -> tuple[Float64, Int32, UInt8]: ...
def bin_table(x: Columns, bounds: Array, out: Binned, *, codes: UInt8 | None = None, n_threads: int = 1) -> None: ...
