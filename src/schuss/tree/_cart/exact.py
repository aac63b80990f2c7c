# SPDX-License-Identifier: BSD-3-Clause
"""A tree that grows on sorted values, some levels or splits at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._cart.bins import Bins
from schuss.tree._cart.problem import Target
from schuss.tree._cart.values import node_values

Float64 = NDArray[np.float64]


class ExactTree:
    """A `schuss.tree._cart.growth.GrowingTree`.

    Parameters
    ----------
    tree : CartTree
        Not grown yet.
    target : Target
    criterion : str
    bounded : bool
        Whether there are monotonic constraints.
    n_threads : int
    bins : Bins or None, default=None
        Whose codes the tree grows on.
    """

    def __init__(
        self,
        tree: kernels.CartTree,
        target: Target,
        criterion: str,
        *,
        bounded: bool,
        n_threads: int,
        bins: Bins | None = None,
    ) -> None:
        self._tree, self._target, self._criterion = tree, target, criterion
        self._bounded, self._n_threads, self._bins = bounded, n_threads, bins

    def grow(self, steps: int) -> bool:
        return kernels.cart_grow(self._tree, steps, n_threads=self._n_threads)

    @property
    def nodes(self) -> NDArray[np.void]:
        return self._tree.nodes if self._bins is None else self._bins.restore(self._tree.nodes)

    @property
    def values(self) -> Float64:
        tree, classes = self._tree, self._target.n_classes is not None
        return node_values(tree.nodes, tree.sums, self._criterion, bounded=self._bounded, classes=classes)

    @property
    def n_leaves(self) -> int:
        return self._tree.n_leaves

    @property
    def depth(self) -> int:
        return self._tree.depth

    @property
    def impurity(self) -> float:
        return max(self._tree.impurity, 0.0)  # differences may leave less than nothing

    @property
    def loss(self) -> float:
        return max(self._tree.loss, 0.0)
