# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
from numpy.typing import NDArray

from schuss._kernels._core import Columns, Scratch

Records = NDArray[np.void]
Float64 = NDArray[np.float64]

CART_ENTRY: np.dtype[np.void]
CART_NODE: np.dtype[np.void]
CART_CRITERIA: dict[str, int]
CART_SEARCHES: dict[str, int]

def cart_sort(table: Columns, *, n_threads: int = 1, scratch: Scratch) -> Records: ...
def cart_select(orders: Records, weight: Float64, *, n_threads: int = 1) -> Records: ...

class CartTree:
    def __init__(
        self,
        table: Columns,
        orders: Records,
        y: Float64,
        *,
        codes: NDArray[np.int32] | None = None,
        n_values: int = 1,
        weighted_y: Float64 | None = None,
        weight: Float64 | None = None,
        total_weight: float,
        search: int,
        criterion: int,
        stored: Records | None = None,
        stored_feature: NDArray[np.int32] | None = None,
        monotonic: NDArray[np.int8] | None = None,
        max_features: int,
        max_depth: int = ...,
        min_samples_split: int = 2,
        min_samples_leaf: int = 1,
        min_weight_leaf: float = 0.0,
        min_impurity_decrease: float = 0.0,
        seed: int = 0,
        max_leaves: int = 0,
    ) -> None: ...
    @property
    def nodes(self) -> Records: ...
    @property
    def sums(self) -> Float64: ...
    @property
    def n_nodes(self) -> int: ...
    @property
    def n_leaves(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def impurity(self) -> float: ...
    @property
    def loss(self) -> float: ...

def cart_grow(tree: CartTree, steps: int = ..., *, n_threads: int = 1) -> bool: ...
def cart_preorder(left: NDArray[np.int32], scratch: Scratch) -> NDArray[np.int64]: ...
