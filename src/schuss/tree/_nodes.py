# SPDX-License-Identifier: BSD-3-Clause
"""The trees of a fitted model, as arrays: one form for single trees, forests and boosting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._layout import CATEGORICAL, FEATURE, MISSING_LEFT, NODE, WORDS
from schuss.tree._masks import depth_of, masks_of

__all__ = [
    "CATEGORICAL",
    "FEATURE",
    "MISSING_LEFT",
    "NODE",
    "WORDS",
    "Trees",
    "TreesBuilder",
    "category_sets",
]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Nodes = NDArray[np.void]


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees one after another. The two children of a node are neighbours and come after it; the root is node 0.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,), dtype NODE
        Child indices count from the first node of their tree.
    offsets : ndarray of shape (n_trees + 1,), dtype=int64
        The first node of each tree.
    n_features : int
    n_outputs : int, default=1
        Without ``values``, tree t adds to output ``t % n_outputs``.
    values : ndarray of shape (n_leaves, n_outputs) or None, default=None
        What a leaf contributes to all outputs; None: leaves hold their one value themselves.
    leaf_offsets : ndarray of shape (n_trees + 1,), dtype=int64
        The first leaf of each tree.
    categories : ndarray of shape (n_sets, WORDS), dtype=uint64
        Sets of categories that go left, a bit for each code; categorical nodes hold the row as their threshold.
    known_categories : ndarray of shape (n_features, WORDS), dtype=uint64, or None, default=None
        Categories that training has seen. Others count as missing; None: all 255 are known.
    gain : ndarray of shape (n_nodes,), dtype=float64
        What a split gained; zero for leaves.
    weight : ndarray of shape (n_nodes,), dtype=float64
        Weight of the training samples that reached a node (its cover).
    """

    nodes: Nodes
    offsets: Int64
    n_features: int
    n_outputs: int
    values: Float64 | None
    leaf_offsets: Int64
    categories: NDArray[np.uint64]
    known_categories: NDArray[np.uint64] | None
    gain: Float64
    weight: Float64

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.offsets) - 1

    @cached_property
    def predictor(self) -> kernels.Predictor:
        """These trees as ``kernels.trees_predict`` and its kin want them, made when first asked for."""
        return kernels.Predictor(
            self.nodes,
            self.offsets,
            n_features=self.n_features,
            n_out=self.n_outputs,
            values=self.values,
            leaf_offsets=self.leaf_offsets,
            categories=self.categories,
            known_categories=self.known_categories,
            masks=lambda: masks_of(self),
        )

    @cached_property
    def max_depth(self) -> int:
        """Inner nodes on the longest path from a root to a leaf."""
        return depth_of(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("predictor", "max_depth")}

    def __len__(self) -> int:
        return self.n_trees

    def __iter__(self) -> Iterator[Nodes]:
        """The nodes of one tree after another."""
        return (self.tree(t) for t in range(self.n_trees))

    def tree(self, t: int) -> Nodes:
        """Return the nodes of one tree."""
        return self.nodes[self.offsets[t] : self.offsets[t + 1]]

    def first(self, n_trees: int) -> Trees:
        """Return the trees before this one, sharing memory."""
        n_nodes, n_leaves = self.offsets[n_trees], self.leaf_offsets[n_trees]
        return replace(
            self,
            nodes=self.nodes[:n_nodes],
            offsets=self.offsets[: n_trees + 1],
            values=None if self.values is None else self.values[:n_leaves],
            leaf_offsets=self.leaf_offsets[: n_trees + 1],
            gain=self.gain[:n_nodes],
            weight=self.weight[:n_nodes],
        )

    def contributions(
        self, X: Any, *, baseline: Float64 | None = None, divisor: float = 1.0, n_threads: int
    ) -> Float64:
        """Return exact Shapley values, (n_samples, n_outputs, n_features + 1); last what there is without any feature.

        They add up to (``baseline`` + sum over the trees) / ``divisor``. What a tree says without some of the features
        is its mean over the training samples that would go either way (Lundberg, Erion and Lee, 2018).

        Parameters
        ----------
        X : ndarray or CSR of shape (n_samples, n_features)
        baseline : ndarray of shape (n_outputs,) or None, default=None
        divisor : float, default=1.0
        n_threads : int
        """
        return kernels.trees_contributions(
            self.predictor,
            X,
            weight=self.weight,
            max_depth=self.max_depth,
            baseline=baseline,
            divisor=divisor,
            n_threads=n_threads,
        )

    def features(self) -> NDArray[np.int64]:
        """Return the feature that each node asks for, -1 for leaves, without flags."""
        feature = self.nodes["feature"].astype(np.int64)
        return np.where(feature < 0, -1, feature & FEATURE)

    def gain_importances(self) -> Float64:
        """Return the gains of all splits by a feature, added up; not normalised."""
        inner = self.nodes["feature"] >= 0
        gains = np.bincount(self.features()[inner], weights=self.gain[inner], minlength=self.n_features)
        return gains.astype(np.float64)

    def split_importances(self) -> Float64:
        """Return how often each feature is split on."""
        inner = self.nodes["feature"] >= 0
        return np.bincount(self.features()[inner], minlength=self.n_features).astype(np.float64)


class TreesBuilder:
    """Collects trees as they are grown.

    Parameters
    ----------
    n_features : int
    n_outputs : int, default=1
    known_categories : ndarray of shape (n_features, WORDS), dtype=uint64, or None, default=None
    """

    def __init__(self, n_features: int, n_outputs: int = 1, known_categories: NDArray[np.uint64] | None = None) -> None:
        self._n_features = n_features
        self._n_outputs = n_outputs
        self._known_categories = known_categories
        self._nodes: list[Nodes] = []
        self._values: list[Float64 | None] = []
        self._categories: list[NDArray[np.uint64]] = []
        self._gain: list[Float64] = []
        self._weight: list[Float64 | Int64] = []

    def __len__(self) -> int:
        return len(self._nodes)

    def append(
        self,
        nodes: Nodes,
        *,
        gain: Float64 | None = None,
        weight: Float64 | Int64 | None = None,
        values: Float64 | None = None,
        categories: NDArray[np.uint64] | None = None,
    ) -> None:
        """Add a tree; the arrays are kept, not copied.

        Parameters
        ----------
        nodes : ndarray of shape (n_nodes,), dtype NODE
            Categorical nodes count the rows of this tree's ``categories``.
        gain : ndarray of shape (n_nodes,) or None, default=None
        weight : ndarray of shape (n_nodes,) or None, default=None
        values : ndarray of shape (n_leaves, n_outputs) or None, default=None
        categories : ndarray of shape (n_sets, WORDS), dtype=uint64, or None, default=None
        """
        self._nodes.append(nodes)
        self._values.append(values)
        self._categories.append(np.zeros((0, WORDS), np.uint64) if categories is None else categories)
        self._gain.append(np.zeros(len(nodes)) if gain is None else gain)
        self._weight.append(np.zeros(len(nodes)) if weight is None else weight)

    def extend(self, trees: Trees) -> None:
        """Add the trees of a fitted model, to grow more behind them."""
        for t, nodes in enumerate(trees):
            nodes = nodes.copy()
            part = slice(trees.offsets[t], trees.offsets[t + 1])
            leaves = slice(trees.leaf_offsets[t], trees.leaf_offsets[t + 1])
            chosen = _is_categorical(nodes)
            sets = trees.categories[nodes["threshold"][chosen].astype(np.int64)]
            nodes["threshold"][chosen] = np.arange(len(sets))
            self.append(
                nodes,
                gain=trees.gain[part],
                weight=trees.weight[part],
                values=None if trees.values is None else trees.values[leaves],
                categories=sets,
            )

    def truncate(self, n_trees: int) -> None:
        """Keep the first trees alone."""
        for kept in (self._nodes, self._values, self._categories, self._gain, self._weight):
            del kept[n_trees:]

    def scale_leaves(self, t: int, factor: float) -> None:
        """Multiply what the leaves of one tree contribute."""
        values = self._values[t]
        if values is not None:
            self._values[t] = values * factor
        else:
            nodes = self._nodes[t].copy()
            nodes["threshold"][nodes["feature"] < 0] *= factor
            self._nodes[t] = nodes

    def build(self) -> Trees:
        """Return all trees added so far, in arrays of their own."""
        # As bytes: NumPy compares the fields of every array that it joins.
        nodes = np.concatenate([np.empty(0, np.uint8), *(tree.view(np.uint8) for tree in self._nodes)]).view(NODE)
        shift = np.repeat(_starts(self._categories)[:-1], [len(tree) for tree in self._nodes])
        chosen = _is_categorical(nodes)
        nodes["threshold"][chosen] += shift[chosen]
        is_leaf = nodes["feature"] < 0
        offsets = _starts(self._nodes)
        values = [value for value in self._values if value is not None]
        if values and len(values) < len(self._nodes):
            raise ValueError("either all trees hold values of their leaves apart, or none does")
        return Trees(
            nodes=nodes,
            offsets=offsets,
            n_features=self._n_features,
            n_outputs=self._n_outputs,
            values=np.concatenate(values) if values else None,
            leaf_offsets=np.concatenate([[0], np.cumsum(is_leaf)])[offsets],
            categories=np.concatenate([np.zeros((0, WORDS), np.uint64), *self._categories]),
            known_categories=self._known_categories,
            gain=np.concatenate([np.empty(0), *self._gain]),
            weight=np.concatenate([np.empty(0), *self._weight]),
        )


def category_sets(codes: list[NDArray[np.int64]]) -> NDArray[np.uint64]:
    """Return sets of category codes as rows of 256 bits."""
    bits = np.zeros((len(codes), WORDS * 64), np.uint8)
    for row, members in zip(bits, codes, strict=True):
        row[members] = 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _is_categorical(nodes: Nodes) -> NDArray[np.bool_]:
    feature = nodes["feature"]
    return (feature >= 0) & (feature & CATEGORICAL != 0)


def _starts(pieces: Sequence[NDArray[Any]]) -> Int64:
    return np.cumsum([0, *map(len, pieces)], dtype=np.int64)
