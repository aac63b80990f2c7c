# SPDX-License-Identifier: BSD-3-Clause
"""A fitted tree in two other forms that are made of its nodes: scikit-learn's, and that of the prediction kernels."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._sklearn import make_tree
from schuss.tree._nodes import MISSING_LEFT, NODE, Trees, TreesBuilder

Array = NDArray[Any]
Int64 = NDArray[np.int64]


class Views:
    """Made when first asked for, kept beside the nodes.

    Parameters
    ----------
    nodes : mapping of str to ndarray
        Columns as `schuss._sklearn.tree_columns` returns them.
    n_features : int
    n_classes : ndarray of shape (n_outputs,)
        Ones for regression.
    tree : sklearn.tree._tree.Tree or None, default=None
        If there is one already.
    """

    def __init__(
        self, nodes: Mapping[str, Array], n_features: int, n_classes: NDArray[np.intp], tree: Any = None
    ) -> None:
        self.nodes, self._n_features, self._n_classes = nodes, n_features, n_classes
        if tree is not None:
            self.tree = tree

    @cached_property
    def tree(self) -> Any:
        """scikit-learn's tree."""
        return make_tree(self.nodes, n_features=self._n_features, n_classes=self._n_classes)

    @cached_property
    def order(self) -> Int64:
        """The nodes level by level, so that the two children of a node are neighbours."""
        left, right = self.nodes["left_child"], self.nodes["right_child"]
        levels = [np.zeros(1, dtype=np.int64)]
        while len(levels[-1]):
            inner = levels[-1][left[levels[-1]] >= 0]
            levels.append(np.stack([left[inner], right[inner]], axis=1).ravel())
        return np.concatenate(levels)

    @cached_property
    def trees(self) -> Trees:
        """What the prediction kernels walk along, whose outputs are all values of all targets."""
        nodes, order = self.nodes, self.order
        values = nodes["values"].reshape(len(order), -1)[order]
        inner = nodes["left_child"][order] >= 0
        flag = np.where(nodes["missing_go_to_left"][order] > 0, MISSING_LEFT, 0)
        made = np.empty(len(order), dtype=NODE)
        made["threshold"] = np.where(inner, nodes["threshold"][order], values[:, 0])
        made["feature"] = np.where(inner, nodes["feature"][order] | flag, -1)
        # Children come in pairs behind the root in the order of their parents, leaves in their own.
        made["left"] = np.where(inner, 2 * np.cumsum(inner) - 1, np.cumsum(~inner) - 1)
        builder = TreesBuilder(self._n_features, values.shape[1])
        builder.append(
            made,
            weight=nodes["weighted_n_node_samples"][order],
            values=values[~inner] if values.shape[1] > 1 else None,
        )
        return builder.build()
