# SPDX-License-Identifier: BSD-3-Clause
"""Whether arrays are proper trees: all that kernels take for granted about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schuss.tree._nodes import CATEGORICAL, FEATURE, WORDS, Trees

Int64 = NDArray[np.int64]


def check_structure(trees: Trees) -> None:
    """Insist that a walk down any tree with any row stays inside of the arrays, and ends.

    Parameters
    ----------
    trees : Trees
        Its arrays have the right types and dimensions; nothing is taken for granted about their contents.

    Raises
    ------
    ValueError
        With what is wrong.
    """
    n_nodes = len(trees.nodes)
    _insist(trees.n_features >= 1 and trees.n_outputs >= 1, "have no features or no outputs")
    _insist(trees.gain.shape == trees.weight.shape == (n_nodes,), "lack gains or weights")
    _insist(bool(np.all(np.isfinite(trees.gain))), "have gains that are not finite")
    _insist(bool(np.all(np.isfinite(trees.weight) & (trees.weight >= 0.0))), "have weights that are no weights")
    _check_offsets(trees.offsets, n_nodes)
    if trees.values is None:
        _insist(trees.n_trees % trees.n_outputs == 0, "are not as many for each output")
    size = np.diff(trees.offsets)
    start = np.repeat(trees.offsets[:-1], size)
    inner = trees.nodes["feature"] >= 0
    _check_children(trees, start, np.repeat(size, size), inner)
    _check_leaves(trees, inner)
    _check_splits(trees, inner)


def _insist(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ValueError(f"the trees {otherwise}")


def _check_offsets(offsets: Int64, n_nodes: int) -> None:
    proper = len(offsets) >= 1 and offsets[0] == 0 and offsets[-1] == n_nodes
    _insist(bool(proper and np.all(offsets[1:] > offsets[:-1])), "do not follow one another")


def _check_children(trees: Trees, start: Int64, size: Int64, inner: NDArray[np.bool_]) -> None:
    """Children come after their parent, within the tree; every node but the root is the child of one."""
    number = np.arange(len(inner)) - start
    left = trees.nodes["left"].astype(np.int64)[inner]
    _insist(bool(np.all((left > number[inner]) & (left + 1 < size[inner]))), "have children where none can be")
    children = start[inner] + left
    parents = np.bincount(np.concatenate([children, children + 1]), minlength=len(inner))
    _insist(bool(np.all(parents == (number > 0))), "have nodes without a parent of their own")


def _check_leaves(trees: Trees, inner: NDArray[np.bool_]) -> None:
    """Leaves are numbered, each number once; what they say is finite."""
    leaves = trees.nodes[~inner]
    _insist(bool(np.all(leaves["feature"] == -1)), "have nodes that are neither leaves nor splits")
    before = np.concatenate([[0], np.cumsum(~inner)])[trees.offsets]
    _insist(bool(np.array_equal(trees.leaf_offsets, before)), "count their leaves wrongly")
    count = np.repeat(np.diff(before), np.diff(before))
    number = leaves["left"].astype(np.int64)
    _insist(bool(np.all((number >= 0) & (number < count))), "have leaves with impossible numbers")
    seen = np.bincount(np.repeat(before[:-1], np.diff(before)) + number, minlength=len(leaves))
    _insist(bool(np.all(seen == 1)), "have leaves of the same number")
    if trees.values is None:
        _insist(bool(np.all(np.isfinite(leaves["threshold"]))), "have leaves that are not finite")
    else:
        _insist(trees.values.shape == (len(leaves), trees.n_outputs), "have values of other leaves")
        _insist(bool(np.all(np.isfinite(trees.values))), "have leaves that are not finite")


def _check_splits(trees: Trees, inner: NDArray[np.bool_]) -> None:
    """Splits are by features that there are, at thresholds that are numbers, or by sets that there are."""
    splits = trees.nodes[inner]
    feature, threshold = splits["feature"], splits["threshold"]
    _insist(bool(np.all((feature & FEATURE) < trees.n_features)), "split by features that there are not")
    categorical = feature & CATEGORICAL != 0
    _insist(not np.any(np.isnan(threshold[~categorical])), "split at thresholds that are no numbers")
    chosen = threshold[categorical]
    with np.errstate(invalid="ignore"):
        known = (chosen >= 0) & (chosen < len(trees.categories)) & (chosen == np.floor(chosen))
    _insist(bool(np.all(known)), "split by sets of categories that there are not")
    _insist(trees.categories.shape[1:] == (WORDS,), "have sets of categories of another size")
    codes = trees.known_categories
    _insist(codes is None or codes.shape == (trees.n_features, WORDS), "know categories of other features")
