# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._bin import Binned

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt32 = NDArray[np.uint32]

TREE_NODE: np.dtype[np.void]

class GrownTree:
    nodes: NDArray[np.void]
    gain: NDArray[np.float64]
    value: Float64
    cover: Float64
    count: Int64
    depth: int
    leaf_start: Int64
    leaf_value: Float64
    sets: NDArray[np.uint64]
    rows: UInt32
    @property
    def n_leaves(self) -> int: ...

class Grower:
    binned: Binned
    def __init__(
        self,
        binned: Binned,
        *,
        weight: Float64 | None = None,
        max_leaves: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        min_hessian: float = 1e-3,
        l1: float = 0.0,
        l2: float = 0.0,
        min_gain: float = 0.0,
        depth_wise: bool = False,
        monotonic: NDArray[np.int8] | None = None,
        interaction: UInt8 | None = None,
        feature_fraction: float = 1.0,
        histogram_bytes: int = ...,
        n_threads: int = 1,
    ) -> None: ...
    def grow(
        self,
        derivatives: Array,
        *,
        rows: Array | None = None,
        features: UInt8 | None = None,
        seed: int = 0,
        shrinkage: float = 1.0,
    ) -> GrownTree: ...

def sparse_tiles(binned: Binned, *, n_threads: int = 1) -> None: ...
def add_leaves(tree: GrownTree, value: Float64, raw: Float64, *, n_threads: int = 1) -> None: ...
def add_routed(
    binned: Binned,
    tree: GrownTree,
    value: Float64,
    raw: Float64,
    *,
    rows: UInt32 | None = None,
    n_threads: int = 1,
) -> None: ...
def reorder_rows(binned: Binned, rows: UInt32, *, n_threads: int = 1) -> None: ...
