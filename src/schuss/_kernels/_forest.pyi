# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._bin import Binned
from schuss._kernels._core import Scratch

Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt64 = NDArray[np.uint64]

FOREST_CRITERIA: dict[str, int]

def forest_grow(
    x: Binned,
    room: Any,
    *,
    criterion: int,
    n_classes: Int32 | None = None,
    codes: Int32 | None = None,
    target: Int64 | None = None,
    target_origin: Float64 | None = None,
    target_unit: float = 1.0,
    seed: UInt64,
    weight: Int64,
    weight_unit: float = 1.0,
    weight_shift: int = 0,
    bin_value: Float64 | None = None,
    max_features: int,
    max_depth: int = 2147483646,
    min_samples_split: int = 2,
    min_samples_leaf: int = 1,
    max_leaf_nodes: int = 0,
    min_weight_fraction_leaf: float = 0.0,
    min_impurity_decrease: float = 0.0,
    monotonic: NDArray[np.int8] | None = None,
    in_order: bool = False,
    keeps_cut_short: bool = False,
    n_threads: int = 1,
    scratch: Scratch,
) -> None: ...
def forest_add(
    x: Binned,
    nodes: Float64,
    *,
    values: Float64 | None = None,
    sets: UInt64,
    weight: Int64 | None = None,
    sums: Float64,
    counts: Int64,
    n_threads: int = 1,
) -> None: ...
