# SPDX-License-Identifier: BSD-3-Clause
"""One tree: its nodes, and what is known of each of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._nodes import CATEGORICAL, FEATURE, NODE, WORDS

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Nodes = NDArray[np.void]


@dataclass(frozen=True, eq=False)
class Grown:
    """A tree.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,), dtype NODE
        The children of a node are neighbours and come after it.
    gain : ndarray of shape (n_nodes,), float64
        Weight times what the split takes from the impurity.
    impurity : ndarray of shape (n_nodes,), float64
    weight : ndarray of shape (n_nodes,), float64
    samples : ndarray of shape (n_nodes,), uint32
        Rows of the table, not counting how often they were drawn.
    values : ndarray of shape (n_leaves, n_values), float64, or None
        None: leaves hold their one value.
    sets : ndarray of shape (n_sets, WORDS), uint64
        Categories that go left.
    """

    nodes: Nodes
    gain: Float64
    impurity: Float64
    weight: Float64
    samples: NDArray[np.uint32]
    values: Float64 | None
    sets: NDArray[np.uint64]

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """Which nodes are leaves."""
        return np.asarray(self.nodes["feature"] < 0)

    def levels(self) -> list[Int64]:
        """The inner nodes at each depth, the root first."""
        levels, here = [], np.zeros(1, np.int64)
        while len(here := here[self.nodes["feature"][here] >= 0]):
            levels.append(here)
            left = self.nodes["left"][here].astype(np.int64)
            here = np.column_stack([left, left + 1]).ravel()
        return levels

    def leaf_values(self) -> Float64:
        """What the leaves hold, (n_leaves, n_values), in the order of their numbers."""
        if self.values is not None:
            return self.values
        leaves = self.nodes[self.is_leaf]
        values = np.empty((len(leaves), 1))
        values[leaves["left"], 0] = leaves["threshold"]
        return values

    def node_values(self) -> Float64:
        """What all nodes would hold as leaves, (n_nodes, n_values): means over their leaves."""
        of_leaves, is_leaf = self.leaf_values(), self.is_leaf
        values = np.empty((len(self.nodes), of_leaves.shape[1]))
        values[is_leaf] = of_leaves[self.nodes["left"][is_leaf]]
        for here in reversed(self.levels()):
            left = self.nodes["left"][here]
            part = (self.weight[left] / self.weight[here])[:, None]
            values[here] = part * values[left] + (1.0 - part) * values[left + 1]
        return values

    def pruned(self, alpha: float) -> Grown:
        """The smallest tree among those of the least cost: impurity, and alpha for each leaf.

        Breiman, Friedman, Olshen and Stone (1984), chapter 3.
        """
        own = self.impurity * (self.weight / self.weight[0]) + alpha
        cost, cut = own.copy(), np.zeros(len(own), bool)
        for here in reversed(self.levels()):
            left = self.nodes["left"][here]
            below = cost[left] + cost[left + 1]
            cut[here] = own[here] <= below
            cost[here] = np.where(cut[here], own[here], below)
        return self._without_children(cut) if cut.any() else self

    def _without_children(self, cut: NDArray[np.bool_]) -> Grown:
        kept = np.zeros(len(cut), bool)
        kept[0] = True
        for here in self.levels():
            inside = here[kept[here] & ~cut[here]]
            left = self.nodes["left"][inside]
            kept[left] = kept[left + 1] = True
        values, place = self.node_values()[kept], np.cumsum(kept) - 1
        nodes, is_leaf = self.nodes[kept], (cut | self.is_leaf)[kept]
        nodes["left"] = np.where(is_leaf, np.cumsum(is_leaf) - 1, place[np.where(is_leaf, 0, nodes["left"])])
        nodes["feature"][is_leaf] = -1
        nodes["threshold"][is_leaf] = values[is_leaf, 0] if self.values is None else 0.0
        return replace(
            self,
            nodes=nodes,
            gain=np.where(is_leaf, 0.0, self.gain[kept]),
            impurity=self.impurity[kept],
            weight=self.weight[kept],
            samples=self.samples[kept],
            values=None if self.values is None else values[is_leaf],
        )


def from_kernel(tree: dict[str, Any], thresholds: Float64) -> Grown:
    """A tree with bins for thresholds becomes one with values.

    Parameters
    ----------
    tree : dict
        As ``kernels.forest_grow`` makes it.
    thresholds : ndarray of shape (n_features, N_BINS)
        The largest value of each bin.
    """
    grown = _on_bins(tree)
    nodes = grown.nodes.copy()
    feature = nodes["feature"]
    numeric = (feature >= 0) & (feature & CATEGORICAL == 0)
    bins = nodes["threshold"][numeric].astype(np.int64)
    nodes["threshold"][numeric] = thresholds[feature[numeric] & FEATURE, bins]
    return replace(grown, nodes=nodes)


def pruned(tree: dict[str, Any], alpha: float) -> dict[str, Any]:
    """A tree as ``kernels.forest_grow`` makes it, as `Grown.pruned` leaves it."""
    left = vars(_on_bins(tree).pruned(alpha))
    return left | {"nodes": left["nodes"].view(np.float64)}


def _on_bins(tree: dict[str, Any]) -> Grown:
    others = {name: tree[name] for name in ("gain", "impurity", "weight", "samples", "values")}
    return Grown(tree["nodes"].view(NODE), sets=tree["sets"].reshape(-1, WORDS), **others)


def spread_values(values: Float64, n_classes: tuple[int, ...] | None, n_outputs: int) -> Float64:
    """Values of nodes (n_nodes, n_values) as scikit-learn's trees hold them: (n_nodes, n_outputs, most classes)."""
    if n_classes is None:
        return values[:, :, None]
    if n_classes == (2,):
        return np.stack([1.0 - values, values], axis=2)
    spread, first = np.zeros((len(values), n_outputs, max(n_classes))), 0
    for k, n in enumerate(n_classes):
        spread[:, k, :n] = values[:, first : first + n]
        first += n
    return spread
