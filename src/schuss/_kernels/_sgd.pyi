# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Scratch, Table

Array = NDArray[Any]
Float64 = NDArray[np.float64]

def sgd_sweep(
    table: Table,
    y: Array,
    coef: Array,
    intercept: Array,
    *,
    loss: int,
    loss_param: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    schedule: int = 0,
    eta: Float64,
    power_t: float = 0.5,
    optimal_init: float = 0.0,
    t: float = 1.0,
    fit_intercept: bool = True,
    intercept_decay: float = 1.0,
    intercept_slope: float = 0.0,
    sample_weight: Array | None = None,
    positive_weight: Float64 | None = None,
    negative_weight: Float64 | None = None,
    active: NDArray[np.uint8] | None = None,
    average_start: int = 0,
    average_coef: Array | None = None,
    average_intercept: Array | None = None,
    l1_total: Float64 | None = None,
    l1_applied: Array | None = None,
    optimizer: int = 0,
    momentum: float = 0.0,
    memory: float = 0.0,
    damping: float = 0.0,
    clip_norm: float = 0.0,
    clip_value: float = 0.0,
    steps: float = 0.0,
    first: Array | None = None,
    second: Array | None = None,
    horizon: float = 1.0,
    warmup: float = 0.0,
    rows: NDArray[np.int64] | None = None,
    shuffle: bool = True,
    seed: int = 0,
    epoch: int = 0,
    batch_size: int = 1,
    n_threads: int = 1,
    scratch: Scratch,
) -> Float64: ...
def visiting_order(table: Table, order: NDArray[np.int64], *, seed: int, epoch: int) -> None: ...
