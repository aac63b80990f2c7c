# SPDX-License-Identifier: BSD-3-Clause
"""The upper part of a fitted tree, with what its nodes ask and say in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._nodes import CATEGORICAL, FEATURE, MISSING_LEFT, Trees

Float64 = NDArray[np.float64]

_NAMED = 3  # categories that are named one by one
_MISSING = " or missing"


@dataclass(frozen=True)
class ShownNode:
    """A node with those below it.

    Parameters
    ----------
    weight : float
        Of the training samples that came here.
    value : ndarray of shape (n_values,)
        What is said here: shares of classes, or numbers.
    question : str or None, default=None
        What is asked; yes goes left. None for leaves, and where drawing ends.
    hidden : int, default=0
        Leaves below that are not shown.
    left, right : ShownNode or None, default=None
    """

    weight: float
    value: Float64
    question: str | None = None
    hidden: int = 0
    left: ShownNode | None = field(default=None, repr=False)
    right: ShownNode | None = field(default=None, repr=False)

    def lines(self) -> list[str]:
        """Return all but what the node says, for a box."""
        count = f"n = {self.weight:.6g}"
        if self.hidden:
            return [f"... {self.hidden} leaves", count]
        return [count] if self.question is None else [self.question, count]


@dataclass(frozen=True)
class ShownTree:
    """A tree, which one of how many it is, and the names of its classes if it says shares of classes."""

    root: ShownNode
    number: int
    n_trees: int
    class_names: list[str] | None


@dataclass(frozen=True)
class _Arrays:
    """A tree in the form in which both kinds of sources can be brought; ``left`` is -1 for leaves."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    weight: Float64
    value: Float64
    question: Callable[[int], str]


def shown_tree(estimator: Any, number: int, max_depth: int | None, *, missing: bool = False) -> ShownTree:
    """Return the upper part of one tree of a fitted model.

    Raises
    ------
    ValueError
        If the model has no trees.
    IndexError
        If there is no such tree.
    """
    trees = vars(estimator).get("_trees")
    single = hasattr(estimator, "tree_")
    if not single and not isinstance(trees, Trees):
        raise ValueError(f"{type(estimator).__name__} has no trees to draw")
    n_trees = 1 if single else len(trees)
    if not -n_trees <= number < n_trees:
        raise IndexError(f"tree {number} of {n_trees}: there is no such tree")
    number %= n_trees
    classes = getattr(estimator, "classes_", None)
    arrays = _of_sklearn(estimator, missing) if single else _of_trees(estimator, trees, number, missing)
    names = None
    if isinstance(classes, np.ndarray) and not hasattr(estimator, "n_trees_per_iteration_"):  # boosting adds up others
        arrays, names = _with_shares(arrays), [str(name) for name in classes]
    root = _shown(arrays, 0, np.inf if max_depth is None else max_depth)
    return ShownTree(root, number, n_trees, names)


def _with_shares(arrays: _Arrays) -> _Arrays:
    """Of two classes a forest keeps the share of the second alone."""
    value = arrays.value
    return replace(arrays, value=np.hstack([1.0 - value, value])) if value.shape[1] == 1 else arrays


def _shown(arrays: _Arrays, i: int, levels: float) -> ShownNode:
    weight, value = float(arrays.weight[i]), arrays.value[i]
    if arrays.left[i] < 0:
        return ShownNode(weight, value)
    if levels <= 0:
        return ShownNode(weight, value, hidden=_leaves_below(arrays, i))
    left, right = (_shown(arrays, int(side[i]), levels - 1) for side in (arrays.left, arrays.right))
    return ShownNode(weight, value, arrays.question(i), 0, left, right)


def _leaves_below(arrays: _Arrays, i: int) -> int:
    count, waiting = 0, [i]
    while waiting:
        at = waiting.pop()
        if arrays.left[at] < 0:
            count += 1
        else:
            waiting += [int(arrays.left[at]), int(arrays.right[at])]
    return count


def _of_sklearn(estimator: Any, missing: bool) -> _Arrays:
    tree = estimator.tree_
    missing_left = getattr(tree, "missing_go_to_left", np.zeros(tree.node_count, bool))

    def question(i: int) -> str:
        name = _feature_name(estimator, int(tree.feature[i]))
        return f"{name} ≤ {tree.threshold[i]:.4g}" + (_MISSING if missing and missing_left[i] else "")

    value = tree.value.reshape(tree.node_count, -1)
    return _Arrays(tree.children_left, tree.children_right, tree.weighted_n_node_samples, value, question)


def _of_trees(estimator: Any, trees: Trees, number: int, missing: bool) -> _Arrays:
    nodes = trees.tree(number)
    weight = trees.weight[trees.offsets[number] : trees.offsets[number + 1]]
    inner = nodes["feature"] >= 0
    left = np.where(inner, nodes["left"], -1).astype(np.int64)

    def question(i: int) -> str:
        flags = int(nodes["feature"][i])
        feature = flags & FEATURE
        name, also = _feature_name(estimator, feature), _MISSING if missing and flags & MISSING_LEFT else ""
        if flags & CATEGORICAL:
            chosen = _categories(estimator, trees, feature, int(nodes["threshold"][i]))
            return f"{name} in {chosen}{also}"
        return f"{name} ≤ {nodes['threshold'][i]:.4g}{also}"

    return _Arrays(left, np.where(inner, left + 1, -1), weight, _values(trees, number, left, weight), question)


def _values(trees: Trees, number: int, left: NDArray[np.int64], weight: Float64) -> Float64:
    """What leaves say; for other nodes the mean over their samples."""
    nodes = trees.tree(number)
    if trees.values is None:
        value = nodes["threshold"][:, None].copy()
    else:
        first = trees.leaf_offsets[number]
        value = trees.values[first + np.where(left < 0, nodes["left"], 0)]
    for i in np.flatnonzero(left >= 0)[::-1]:  # children stand behind their parents
        children = [left[i], left[i] + 1]
        total = weight[children].sum()
        share = weight[children] / total if total > 0.0 else np.array([0.5, 0.5])
        value[i] = share @ value[children]
    return value


def _categories(estimator: Any, trees: Trees, feature: int, row: int) -> str:
    bits = np.unpackbits(trees.categories[row].astype("<u8").view(np.uint8), bitorder="little")
    if trees.known_categories is not None:
        known = trees.known_categories[feature].astype("<u8").view(np.uint8)
        bits = bits & np.unpackbits(known, bitorder="little")
    codes = np.flatnonzero(bits)
    if len(codes) > _NAMED:
        return f"{len(codes)} categories"
    vocabulary = getattr(estimator, "_vocabulary", None)
    words = None if vocabulary is None else vocabulary[feature]
    names = [str(code) if words is None else _word(words[code]) for code in codes if words is None or code < len(words)]
    return "{" + ", ".join(names) + "}"


def _word(category: Any) -> str:
    return f"{category:g}" if isinstance(category, (float, np.floating)) else str(category)


def _feature_name(estimator: Any, j: int) -> str:
    names = getattr(estimator, "feature_names_in_", None)
    return f"x{j}" if names is None else str(names[j])
