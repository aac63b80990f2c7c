# SPDX-License-Identifier: BSD-3-Clause
"""Fitted trees in the form in which scikit-learn shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._nodes import CATEGORICAL, FEATURE, MISSING_LEFT, Trees

_NODE = np.dtype(
    [
        ("value", np.float64),
        ("count", np.uint32),
        ("feature_idx", np.intp),
        ("num_threshold", np.float64),
        ("missing_go_to_left", np.uint8),
        ("left", np.uint32),
        ("right", np.uint32),
        ("gain", np.float64),
        ("depth", np.uint32),
        ("is_leaf", np.uint8),
        ("is_categorical", np.uint8),
        ("bitset_idx", np.uint32),
    ]
)


@dataclass(frozen=True, slots=True)
class TreeView:
    """One tree, to look at.

    Attributes
    ----------
    nodes : structured ndarray of shape (n_nodes,)
    raw_left_cat_bitsets : ndarray of shape (n_categorical_splits, 8), dtype=uint32
        Sets of categories that go left.
    """

    nodes: NDArray[np.void]
    raw_left_cat_bitsets: NDArray[np.uint32]

    def get_n_leaf_nodes(self) -> int:
        """Number of leaves."""
        return int(self.nodes["is_leaf"].sum())

    def get_max_depth(self) -> int:
        """Edges between the root and the deepest leaf."""
        return int(self.nodes["depth"].max())


def view(trees: Trees, t: int) -> TreeView:
    """Show tree number ``t``; inner nodes have the value 0."""
    part = slice(trees.offsets[t], trees.offsets[t + 1])
    nodes = trees.tree(t)
    feature, inner = nodes["feature"], nodes["feature"] >= 0
    categorical = inner & (feature & CATEGORICAL != 0)
    shown: Any = np.zeros(len(nodes), dtype=_NODE)
    shown["value"] = np.where(inner, 0.0, nodes["threshold"])
    shown["count"], shown["gain"] = trees.weight[part], trees.gain[part]
    shown["is_leaf"], shown["is_categorical"] = ~inner, categorical
    shown["feature_idx"] = np.where(inner, feature & FEATURE, 0)
    shown["missing_go_to_left"] = inner & (feature & MISSING_LEFT != 0)
    shown["num_threshold"] = np.where(inner & ~categorical, nodes["threshold"], 0.0)
    shown["left"] = np.where(inner, nodes["left"], 0)
    shown["right"] = np.where(inner, nodes["left"] + 1, 0)
    shown["depth"] = depths(nodes)
    sets = trees.categories[nodes["threshold"][categorical].astype(np.int64)]
    shown["bitset_idx"][categorical] = np.arange(len(sets))
    return TreeView(shown, sets.astype("<u8").view("<u4").reshape(len(sets), 8))


def depths(nodes: NDArray[np.void]) -> NDArray[np.int64]:
    """How far below the root each node of a tree is."""
    depth = np.zeros(len(nodes), dtype=np.int64)
    level = np.zeros(1, dtype=np.int64)
    while len(level):
        level = level[nodes["feature"][level] >= 0]
        children = nodes["left"][level].astype(np.int64)
        depth[children] = depth[children + 1] = depth[level] + 1
        level = np.concatenate([children, children + 1])
    return depth
