# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Columns, Scratch

Array = NDArray[Any]
Float64 = NDArray[np.float64]

@overload
def gram_cd(
    gram: Float64,
    gradient: Float64,
    coef: Float64,
    *,
    l1: float,
    l2: float = 0.0,
    penalty_factor: None = None,
    positive: bool = False,
    coordinates: NDArray[np.int64] | None = None,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    max_sweeps: int,
    tol: float = 0.0,
    residual: float,
    gap_tol: float = 0.0,
    scratch: Scratch | None = None,
) -> tuple[int, float, float]: ...
@overload
def gram_cd(
    gram: Float64,
    gradient: Float64,
    coef: Float64,
    *,
    l1: float,
    l2: float = 0.0,
    penalty_factor: Float64 | None = None,
    positive: bool = False,
    coordinates: NDArray[np.int64] | None = None,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    max_sweeps: int,
    tol: float = 0.0,
    residual: None = None,
    gap_tol: float = 0.0,
    scratch: Scratch | None = None,
) -> tuple[int, float]: ...
def gram_path(
    grams: Sequence[Float64],
    gradient: Float64,
    coef: Float64,
    *,
    last_gradient: Float64,
    last_coef: Float64,
    length: Float64,
    l1: Float64,
    l2: Float64,
    residual: Float64,
    gap: Float64,
    gap_tol: Float64,
    n_sweeps: NDArray[np.int64],
    positive: bool = False,
    shuffle: bool = False,
    seed: int = 0,
    max_sweeps: int,
    tol: float = 0.0,
    n_threads: int = 1,
    scratch: Scratch | None = None,
) -> None: ...
def column_gram(
    x: Columns,
    columns: NDArray[np.int64],
    gram: Float64,
    *,
    shift: Float64 | None = None,
    weight: Array | None = None,
    n_threads: int = 1,
    scratch: Scratch | None = None,
) -> None: ...
def column_products(x: Columns, r: Array, products: Float64, *, n_threads: int = 1) -> None: ...
def column_residual(
    x: Columns,
    columns: NDArray[np.int64],
    coef: Float64,
    offset: Float64,
    y: Array,
    residual: Array,
    *,
    n_threads: int = 1,
) -> None: ...
