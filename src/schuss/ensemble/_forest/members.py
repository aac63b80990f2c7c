# SPDX-License-Identifier: BSD-3-Clause
"""The trees of a forest one by one, and what they say together about features and nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._sklearn import make_tree
from schuss.ensemble._forest.state import ForestState
from schuss.tree._histogram.grown import Grown, spread_values
from schuss.tree._nodes import CATEGORICAL, FEATURE, MISSING_LEFT, Trees

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def feature_importances(trees: Trees) -> Float64:
    """Mean over the trees of the features' shares in what their splits gain; zeros if no tree splits."""
    tree = np.repeat(np.arange(len(trees)), np.diff(trees.offsets))
    inner = np.flatnonzero(trees.nodes["feature"] >= 0)
    cells = tree[inner] * trees.n_features + trees.features()[inner]
    gains = np.bincount(cells, weights=trees.gain[inner], minlength=len(trees) * trees.n_features).astype(np.float64)
    gains = gains.reshape(len(trees), trees.n_features)
    totals = gains.sum(axis=1, keepdims=True)
    shares = np.divide(gains, totals, out=np.zeros_like(gains), where=totals > 0.0).sum(axis=0)
    total = shares.sum()
    return shares / total if total > 0.0 else shares


def preorder(trees: Trees) -> Int64:
    """Numbers of all nodes in their trees, depth first, as scikit-learn's trees have them."""
    return np.concatenate([np.empty(0, np.int64), *map(_depth_first, trees)])


def _depth_first(nodes: NDArray[np.void]) -> Int64:
    left = np.where(nodes["feature"] < 0, np.int32(0), nodes["left"])
    return kernels.cart_preorder(np.ascontiguousarray(left), kernels.Scratch())


def decision_path(trees: Trees, leaves: Int64) -> Any:
    """Which nodes rows pass, given the leaves where they end (n_rows, n_trees): a CSR matrix.

    Columns follow `preorder`, leaves the order of the nodes.
    """
    parent = np.full(len(trees.nodes), -1)
    inner = np.flatnonzero(trees.nodes["feature"] >= 0)
    first = np.repeat(trees.offsets[:-1], np.diff(trees.offsets))
    left = first[inner] + trees.nodes["left"][inner]
    parent[left] = parent[left + 1] = inner
    row = np.repeat(np.arange(len(leaves)), leaves.shape[1])
    node = (leaves + trees.offsets[:-1]).ravel()
    rows, nodes = [row], [node]
    while len(node := parent[node]):
        row, node = row[node >= 0], node[node >= 0]
        rows.append(row)
        nodes.append(node)
    column = (first + preorder(trees))[np.concatenate(nodes)]
    shape = (len(leaves), len(trees.nodes))
    path = sp.csr_matrix((np.ones(len(column), np.int64), (np.concatenate(rows), column)), shape=shape)
    path.sort_indices()
    return path


def make_members(forest: Any, state: ForestState) -> list[Any]:
    """Single trees, each with a tree of scikit-learn's inside."""
    n_classes = _n_classes(forest)
    members = []
    for t, seed in enumerate(state.seeds.tolist()):
        grown, member = state.tree(t), forest._make_member()
        member.random_state = seed
        order = np.argsort(_depth_first(grown.nodes))
        values = spread_values(grown.node_values(), n_classes, forest.n_outputs_)
        member.tree_ = make_tree(
            {name: column[order] for name, column in (_columns(grown) | {"values": values}).items()},
            n_features=forest.n_features_in_,
            n_classes=np.array(n_classes or (1,) * forest.n_outputs_, np.intp),
        )
        _describe(member, forest, n_classes)
        members.append(member)
    return members


def _columns(tree: Grown) -> dict[str, Any]:
    """The columns of scikit-learn's nodes, in the order of ours but with its numbers of the children."""
    nodes, inner, position = tree.nodes, ~tree.is_leaf, _depth_first(tree.nodes)
    feature, left = nodes["feature"], np.where(inner, nodes["left"], 0)
    if np.any(inner & (feature & CATEGORICAL != 0)):
        raise AttributeError("There is no estimators_: scikit-learn has no form for trees with categorical splits.")
    return {
        "left_child": np.where(inner, position[left], -1),
        "right_child": np.where(inner, position[left + inner], -1),
        "feature": np.where(inner, feature & FEATURE, -2),
        "threshold": np.where(inner, nodes["threshold"], -2.0),
        "impurity": tree.impurity,
        "n_node_samples": tree.samples,
        "weighted_n_node_samples": tree.weight,
        "missing_go_to_left": inner & (feature & MISSING_LEFT != 0),
    }


def _n_classes(forest: Any) -> tuple[int, ...] | None:
    if not hasattr(forest, "n_classes_"):
        return None
    return tuple(int(n) for n in np.atleast_1d(forest.n_classes_))


def _describe(member: Any, forest: Any, n_classes: tuple[int, ...] | None) -> None:
    """What a tree knows of itself once it is fitted; its classes are the numbers of the forest's."""
    member.n_features_in_, member.n_outputs_ = forest.n_features_in_, forest.n_outputs_
    if n_classes is None:
        return
    classes = [np.arange(n, dtype=np.float64) for n in n_classes]
    single = len(classes) == 1
    member.classes_ = classes[0] if single else classes
    member.n_classes_ = np.intp(n_classes[0]) if single else np.array(n_classes, np.intp)
