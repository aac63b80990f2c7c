# SPDX-License-Identifier: BSD-3-Clause
"""The trees of a fitted forest, with what is known of their nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._histogram.grown import Grown
from schuss.tree._nodes import CATEGORICAL, Trees, TreesBuilder

Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ForestState:
    """A forest.

    Parameters
    ----------
    trees : Trees
    impurity : ndarray of shape (n_nodes,), float64
    samples : ndarray of shape (n_nodes,), uint32
        Rows of the training data that came to a node.
    seeds : ndarray of shape (n_trees,), int64
        What the randomness of each tree comes from.
    """

    trees: Trees
    impurity: NDArray[np.float64]
    samples: NDArray[np.uint32]
    seeds: Int64

    @classmethod
    def of(
        cls, earlier: ForestState | None, grown: list[Grown], seeds: Int64, n_features: int, n_values: int, grower: Any
    ) -> ForestState:
        """The trees of an earlier fit and those that were grown now."""
        builder = TreesBuilder(n_features, n_values, grower.known_categories)
        impurity = [tree.impurity for tree in grown]
        samples = [tree.samples for tree in grown]
        seeds = seeds[: len(grown)]
        if earlier is not None:
            builder.extend(earlier.trees)
            impurity.insert(0, earlier.impurity)
            samples.insert(0, earlier.samples)
            seeds = np.concatenate([earlier.seeds, seeds])
        for tree in grown:
            builder.append(tree.nodes, gain=tree.gain, weight=tree.weight, values=tree.values, categories=tree.sets)
        return cls(
            builder.build(),
            np.concatenate([np.empty(0), *impurity]),
            np.concatenate([np.empty(0, np.uint32), *samples]),
            seeds,
        )

    def attributes(self) -> dict[str, Any]:
        """As attributes of an estimator."""
        return {
            "_trees": self.trees,
            "_node_impurity": self.impurity,
            "_node_samples": self.samples,
            "_tree_seeds": self.seeds,
        }

    def tree(self, t: int) -> Grown:
        """One of the trees."""
        trees = self.trees
        part = slice(trees.offsets[t], trees.offsets[t + 1])
        leaves = slice(trees.leaf_offsets[t], trees.leaf_offsets[t + 1])
        nodes = trees.nodes[part]
        feature = nodes["feature"]
        sets = trees.categories
        if not np.any((feature >= 0) & (feature & CATEGORICAL != 0)):
            sets = sets[:0]
        return Grown(
            nodes,
            gain=trees.gain[part],
            impurity=self.impurity[part],
            weight=trees.weight[part],
            samples=self.samples[part],
            values=None if trees.values is None else trees.values[leaves],
            sets=sets,
        )
