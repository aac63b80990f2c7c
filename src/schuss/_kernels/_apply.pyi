# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

class Predictor:
    def __init__(
        self,
        nodes: NDArray[np.void],
        offsets: Int64,
        *,
        n_features: int,
        n_out: int = 1,
        values: Float64 | None = None,
        leaf_offsets: Int64,
        categories: NDArray[np.uint64],
        known_categories: NDArray[np.uint64] | None = None,
        masks: Callable[[], Any] | None = None,
        masks_from: int = 20000,
    ) -> None: ...
    def predict_few(
        self,
        x: Any,
        *,
        baseline: Float64 | None = None,
        divisor: float = 1.0,
        last: int | None = None,
        missing: bool = True,
        infinite: bool = True,
    ) -> Float64 | None: ...
    @property
    def n_trees(self) -> int: ...
    @property
    def n_out(self) -> int: ...

def trees_predict(
    predictor: Predictor,
    x: Any,
    *,
    baseline: Float64 | None = None,
    divisor: float = 1.0,
    first: int = 0,
    last: int | None = None,
    n_threads: int = 1,
) -> Float64: ...
def trees_contributions(
    predictor: Predictor,
    x: Any,
    *,
    weight: Float64,
    max_depth: int,
    baseline: Float64 | None = None,
    divisor: float = 1.0,
    first: int = 0,
    last: int | None = None,
    n_threads: int = 1,
) -> Float64: ...
def trees_leaves(
    predictor: Predictor, x: Any, *, first: int = 0, last: int | None = None, n_threads: int = 1
) -> Int64: ...
