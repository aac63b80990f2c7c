# SPDX-License-Identifier: BSD-3-Clause
"""From what the kernel leaves behind to values, and to scikit-learn's tree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from schuss import _kernels as kernels
from schuss._sklearn import make_tree
from schuss.tree._cart.problem import Target

Float64 = NDArray[np.float64]
Nodes = NDArray[np.void]


def node_values(nodes: Nodes, sums: Float64, criterion: str, *, bounded: bool, classes: bool) -> Float64:
    """Return shares of classes, means or medians.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,), dtype CART_NODE
    sums : ndarray of shape (n_nodes, n_outputs, n_values)
    criterion : str
    bounded : bool
        Whether values keep to the bounds that constraints set them.
    classes : bool

    Returns
    -------
    ndarray of shape (n_nodes, n_outputs, n_values)
    """
    values = sums.copy() if criterion == "absolute_error" else sums / nodes["weight"][:, None, None]
    if bounded:
        np.clip(values[:, 0, 0], nodes["lower"], nodes["upper"], out=values[:, 0, 0])
        if classes and values.shape[2] == 2:
            values[:, 0, 1] = 1.0 - values[:, 0, 0]
    return values


def node_losses(values: Float64, impurity: Float64, *, classes: bool) -> Float64:
    """Return the mean training loss of each node: log loss of classes, else what the criterion is the mean of."""
    return -xlogy(values, values).sum(axis=2).mean(axis=1) if classes else impurity


def sklearn_tree(nodes: Nodes, values: Float64, target: Target, n_features: int, *, depth_first: bool) -> Any:
    """Return a `sklearn.tree._tree.Tree` with these nodes.

    Parameters
    ----------
    nodes : ndarray of shape (n_nodes,), dtype CART_NODE
    values : ndarray of shape (n_nodes, n_outputs, n_values)
    target : Target
    n_features : int
    depth_first : bool
        Whether to number the nodes depth first, else in the order in which they were made.
    """
    left = np.ascontiguousarray(nodes["left"])
    right = left + 1
    if depth_first:
        position = kernels.cart_preorder(left, kernels.Scratch())
        order = np.empty_like(position)
        order[position] = np.arange(len(position))
        left, right = position[left], position[np.minimum(right, len(left) - 1)]
        nodes, values, left, right = nodes[order], values[order], left[order], right[order]
    inner = nodes["left"] > 0
    columns = {
        "left_child": np.where(inner, left, -1),
        "right_child": np.where(inner, right, -1),
        "feature": np.where(inner, nodes["feature"], -2),
        "threshold": np.where(inner, nodes["threshold"], -2.0),
        "impurity": nodes["impurity"],
        "n_node_samples": nodes["n_rows"],
        "weighted_n_node_samples": nodes["weight"],
        "missing_go_to_left": inner & (nodes["missing_left"] > 0),
    }
    n_classes = np.array(target.n_classes or (1,) * target.n_outputs, dtype=np.intp)
    return make_tree({**columns, "values": values}, n_features=n_features, n_classes=n_classes)
