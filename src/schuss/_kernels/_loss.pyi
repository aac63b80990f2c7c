# SPDX-License-Identifier: BSD-3-Clause
from typing import Any

from numpy.typing import NDArray

from schuss._kernels._core import Scratch

Array = NDArray[Any]

def loss_sum(
    y: Array, z: Array, *, loss: int, loss_param: float = 0.0, weight: Array | None = None, n_threads: int = 1
) -> float: ...
def loss_gradient(
    y: Array,
    z: Array,
    *,
    loss: int,
    loss_param: float = 0.0,
    weight: Array | None = None,
    gradient: Array,
    hessian: Array | None = None,
    expected: bool = False,
    n_threads: int = 1,
    scratch: Scratch | None = None,
) -> float: ...
def loss_derivatives(
    y: Array,
    z: Array,
    *,
    loss: int,
    loss_param: float = 0.0,
    out: Array,
    n_threads: int = 1,
    scratch: Scratch | None = None,
) -> float: ...
def softmax_derivatives(
    y: Array,
    z: Array,
    *,
    weight: Array | None = None,
    out: Array,
    n_threads: int = 1,
    scratch: Scratch | None = None,
) -> float: ...
def vector_math(name: str, x: Array, out: Array, n_threads: int = 1) -> None: ...
def sigmoid(z: Array, out: Array, n_threads: int = 1) -> None: ...
def softmax(z: Array, out: Array, n_threads: int = 1) -> None: ...
def all_finite(x: Array, n_threads: int = 1) -> bool: ...
