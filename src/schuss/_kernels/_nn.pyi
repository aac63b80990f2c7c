# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Scratch, Table

Array = NDArray[Any]
Float64 = NDArray[np.float64]

NN_ACTIVATIONS: dict[str, int]
NN_LOSSES: dict[str, int]
NN_SOLVERS: dict[str, int]

class Network:
    def __init__(
        self,
        coefs: Sequence[Array],
        intercepts: Sequence[Array],
        *,
        activations: Sequence[int],
        dropout: Sequence[float] = (),
        norm: str | None = None,
        gains: Sequence[Array] = (),
        shifts: Sequence[Array] = (),
        means: Sequence[Array] = (),
        variances: Sequence[Array] = (),
        levels: Sequence[int] = (),
        tables: Sequence[Array | None] = (),
        loss: int = 0,
        loss_param: float = 0.0,
        smoothing: float = 0.0,
        focal: float = 0.0,
        frozen: bool = False,
    ) -> None: ...
    def predict_few(self, x: Any) -> Array | None: ...
    def choose_few(self, x: Any) -> Array | None: ...
    @property
    def n_outputs(self) -> int: ...

def nn_train(
    network: Network,
    table: Table,
    y: Array,
    *,
    weight: Array | None = None,
    batch_size: int,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    update: bool = True,
    normaliser: float = 1.0,
    parameters: Array,
    gradient: Array,
    n_weights: int,
    first: Array | None = None,
    second: Array | None = None,
    average: Array | None = None,
    average_decay: float = 0.0,
    solver: int = 0,
    rates: Float64 | None = None,
    alpha: float = 0.0,
    weight_decay: float = 0.0,
    momentum: float = 0.0,
    beta_1: float = 0.0,
    beta_2: float = 0.0,
    epsilon: float = 0.0,
    clip_norm: float = 0.0,
    nesterov: bool = False,
    accumulate: int = 1,
    batches: int = 0,
    powers: tuple[float, float] = (1.0, 1.0),
    n_threads: int = 1,
    scratch: Scratch,
) -> tuple[float, float, float, int, tuple[float, float]]: ...
def nn_predict(
    network: Network,
    table: Table,
    out: Array | None = None,
    *,
    y: Array | None = None,
    weight: Array | None = None,
    raw: bool = False,
    n_threads: int = 1,
    scratch: Scratch,
) -> float: ...
