# SPDX-License-Identifier: BSD-3-Clause
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Scratch, Table

Array = NDArray[Any]
Float64 = NDArray[np.float64]

def linear_predict(table: Table, coef: Array, intercept: Array, out: Array, n_threads: int = 1) -> None: ...
def glm_pass(
    table: Table,
    y: Array,
    coef: Float64,
    intercept: Float64,
    *,
    loss: int,
    loss_param: float = 0.0,
    weight: Array | None = None,
    offset: Array | None = None,
    gradient: Float64,
    gram: Float64 | None = None,
    gram_weights: Literal["hessian", "expected", "sample"] = "hessian",
    shift: Float64 | None = None,
    margins: Array | None = None,
    n_threads: int = 1,
    scratch: Scratch,
) -> float: ...
def select_columns(table: Table, columns: NDArray[np.int64], n_threads: int = 1) -> Any: ...
def sparse_gram(
    table: Table,
    weight: Array | None,
    gram: Float64,
    *,
    shift: Float64 | None = None,
    n_threads: int = 1,
    scratch: Scratch,
) -> None: ...
