# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Scratch, Table

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

def dual_sweep(
    table: Table,
    y: Array,
    *,
    loss: int,
    loss_param: float = 0.0,
    intercept_square: float = 0.0,
    cost: Float64,
    positive_cost: Float64 | None = None,
    negative_cost: Float64 | None = None,
    square: Float64,
    dual: Float64,
    coef: Array,
    intercept: Float64,
    active: Int64,
    n_active: Int64,
    bound: Float64,
    seed: int = 0,
    epoch: int = 0,
    n_threads: int = 1,
    scratch: Scratch,
) -> Float64: ...
def crammer_singer_sweep(
    table: Table,
    y: Array,
    *,
    intercept_square: float = 0.0,
    cost: Float64,
    square: Float64,
    dual: Float64,
    coef: Array,
    intercept: Float64,
    active: Int64,
    n_active: Int64,
    bound: float,
    seed: int = 0,
    epoch: int = 0,
    n_threads: int = 1,
    scratch: Scratch,
) -> float: ...
