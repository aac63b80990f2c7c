# SPDX-License-Identifier: BSD-3-Clause
"""A tree grown on bins: made by the kernel of forests in one go, then shown some levels or splits at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._cart.problem import Target
from schuss.tree._cart.values import node_losses
from schuss.tree._histogram.grower import LARGEST, BinnedGrower, Options
from schuss.tree._histogram.grown import Grown, spread_values
from schuss.tree._histogram.targets import ClassTarget, NumberTarget
from schuss.tree._histogram.weights import whole_weights
from schuss.tree._nodes import FEATURE, MISSING_LEFT

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class BinnedTree:
    """A `schuss.tree._cart.growth.GrowingTree`.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features), float32
    target : Target
    weight : ndarray of shape (n_samples,) or None
    options : Options
    max_bins : int
    seed : int
    n_threads : int
    """

    def __init__(
        self,
        X: Any,
        target: Target,
        weight: Float64 | None,
        options: Options,
        *,
        max_bins: int,
        seed: int,
        n_threads: int,
    ) -> None:
        self._X, self._target, self._weight, self._options = X, target, weight, options
        self._max_bins, self._seed, self._n_threads = max_bins, seed, n_threads
        self._shown = 0  # steps
        self._interrupt: BaseException | None = None
        self._sizes = np.ones(1, np.int64)  # nodes after each number of steps
        self._nodes = np.empty(0, kernels.CART_NODE)  # until the first is wanted

    def grow(self, steps: int) -> bool:
        if len(self._nodes) == 0:
            self._make()
        last = len(self._sizes) - 1
        if self._interrupt is not None and steps > 0 and self._shown == last:
            raise self._interrupt  # now that all there is has been shown
        self._shown = min(self._shown + steps, last)
        return self._shown == last and self._interrupt is None

    @property
    def nodes(self) -> NDArray[np.void]:
        shown = self._nodes[: self._sizes[self._shown]].copy()
        shown["left"][shown["left"] >= len(shown)] = 0
        return shown

    @property
    def values(self) -> Float64:
        return self._values[: self._sizes[self._shown]]

    @property
    def n_leaves(self) -> int:
        return int(self._sizes[self._shown] + 1) // 2

    @property
    def depth(self) -> int:
        return int(self._nodes["depth"][: self._sizes[self._shown]].max())

    @property
    def impurity(self) -> float:
        return float(self._impurity[self._shown])

    @property
    def loss(self) -> float:
        return float(self._loss[self._shown])

    def _make(self) -> None:
        grown, best_first = self._grown(), self._options.limits.max_leaves > 0
        # Best first the kernel numbers nodes as it makes them, which is the order to show them in.
        order = np.arange(len(grown.nodes)) if best_first else _level_by_level(grown)
        nodes = _cart_nodes(grown, order)
        classes = self._target.n_classes
        values = spread_values(grown.node_values(), classes, self._target.n_outputs)[order]
        inner = np.flatnonzero(nodes["left"])
        inner = inner[np.argsort(nodes["left"][inner])] if best_first else inner
        # Where each step's splits end.
        ends = np.arange(len(inner)) if best_first else np.flatnonzero(np.diff(nodes["depth"][inner], append=-1))
        self._sizes = np.concatenate([[1], 2 * ends + 3])
        self._impurity = _means(nodes, nodes["impurity"], inner, ends)
        losses = node_losses(values, nodes["impurity"], classes=classes is not None)
        self._loss = _means(nodes, losses, inner, ends)
        self._values, self._nodes = values, nodes

    def _grown(self) -> Grown:
        weight, unit = whole_weights(np.ones(len(self._target.y)) if self._weight is None else self._weight)
        codes, n_classes = self._target.codes, self._target.n_classes
        target: ClassTarget | NumberTarget
        if codes is None or n_classes is None:
            target = NumberTarget(self._target.y, from_zero=self._options.criterion == "poisson")
        else:
            target = ClassTarget(codes.astype(np.intp), n_classes)
        grower = BinnedGrower(
            self._X,
            target,
            self._options,
            int(weight.sum()).bit_length(),
            max_bins=self._max_bins,
            weight=self._weight,
            n_threads=self._n_threads,
        )
        finished: list[Any] = []
        try:
            grower.grow(np.array([self._seed]), weight, unit, 1, finished)
        except KeyboardInterrupt as interrupt:
            if not finished:
                raise
            self._interrupt = interrupt
        return grower.finish(finished[0])


def _level_by_level(grown: Grown) -> Int64:
    """The nodes by depth, those of one depth in the order of their parents."""
    left = [grown.nodes["left"][here].astype(np.int64) for here in grown.levels()]
    return np.concatenate([np.zeros(1, np.int64), *(np.column_stack([here, here + 1]).ravel() for here in left)])


def _cart_nodes(grown: Grown, order: Int64) -> NDArray[np.void]:
    """The nodes in this order, as the kernel of exact trees has them."""
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    feature, left = grown.nodes["feature"][order], grown.nodes["left"][order]
    inner = feature >= 0
    nodes = np.zeros(len(order), kernels.CART_NODE)
    nodes["left"] = np.where(inner, position[np.where(inner, left, 0)], 0)
    nodes["feature"] = np.where(inner, feature & FEATURE, 0)
    nodes["missing_left"] = inner & (feature & MISSING_LEFT != 0)
    threshold = grown.nodes["threshold"][order]
    nodes["threshold"] = np.where(threshold == LARGEST, np.inf, threshold)
    nodes["weight"], nodes["impurity"] = grown.weight[order], grown.impurity[order]
    nodes["n_rows"] = grown.samples[order]
    for depth, here in enumerate(grown.levels(), 1):
        below = position[grown.nodes["left"][here]]
        nodes["depth"][below] = nodes["depth"][below + 1] = depth
    return nodes


def _means(nodes: NDArray[np.void], of_nodes: Float64, inner: Int64, ends: Int64) -> Float64:
    """Weighted mean over the leaves before any split and after those that end each step."""
    total, left = of_nodes * nodes["weight"], nodes["left"][inner]
    change = np.cumsum(total[left] + total[left + 1] - total[inner])
    sums = np.concatenate([total[:1], total[0] + change[ends]])
    return np.maximum(sums, 0.0) / nodes["weight"][0]  # differences may leave less than nothing
