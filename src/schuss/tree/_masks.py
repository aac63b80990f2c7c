# SPDX-License-Identifier: BSD-3-Clause
"""What mask traversal needs of a model: thresholds by feature, and each inner node as one comparison of bytes.

Prediction reduces the values of a feature to bytes: to how many of the model's own thresholds lie below. A node then
compares the bytes of 64 rows at a time. The leaf of a row, counted from left to right, is how many leaves its path
leaves to the left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._layout import CATEGORICAL, FEATURE, MISSING_LEFT, WORDS

if TYPE_CHECKING:
    from schuss.tree._nodes import Trees

MOST_LEAVES = 256  # of a tree: they are counted in bytes
MOST_THRESHOLDS = 255  # of a feature
_ROOM = 128  # registers are filled beyond the end

# The C type sch_mask_step.
STEP = np.dtype(
    [
        ("plane", np.int32),
        ("threshold", np.uint8),
        ("leaves_left", np.uint8),
        ("left", np.uint16),
        ("right", np.uint16),
        ("_padding", np.uint16),
    ]
)


@dataclass(frozen=True)
class Masks:
    """The arrays of the C type sch_masks.

    A plane is a byte for each row. Each feature that nodes ask for has two. If it is numeric, they differ where a value
    is missing: in the first it is below all thresholds, in the second above. If it is categorical, the first has its
    codes. Then each categorical node has one: 0 goes left, 1 right.

    Parameters
    ----------
    features : ndarray of shape (n_used,), dtype=int32
        Features that nodes ask for, ascending.
    used : ndarray of shape (n_features,), dtype=int32
        Where ``features`` lists a feature, else -1.
    levels : ndarray of shape (n_used,), dtype=int32
        A feature's thresholds are a heap of ``2 ** levels - 1`` places; 0: it is categorical.
    heaps : ndarray of shape (n_used,), dtype=int64
        Where it starts; its root is the entry after that.
    bounds, bounds_f32 : ndarray, dtype=float64, float32
        All heaps. In single precision, values compare alike with the next number below.
    choices : ndarray of shape (n_choices,), dtype=int32
        Which of ``features`` each categorical node asks for.
    choice_sets : ndarray of shape (n_choices, WORDS), dtype=uint64
        Codes that go left, and as bit 255, whether missing values do.
    steps : ndarray of shape (n_inner,), dtype=STEP
        Inner nodes, parents first. The mask of a tree's i-th inner node is in slot i; what is for a leaf goes to waste
        behind them.
    step_offsets : ndarray of shape (n_trees + 1,), dtype=int64
    leaf_values : ndarray of shape (n_leaves + some, n_outputs), dtype=float64
        From left to right; one column where trees add to one output each.
    leaf_nodes : ndarray of shape (n_leaves,), dtype=int32
    """

    features: NDArray[np.int32]
    used: NDArray[np.int32]
    levels: NDArray[np.int32]
    heaps: NDArray[np.int64]
    bounds: NDArray[np.float64]
    bounds_f32: NDArray[np.float32]
    choices: NDArray[np.int32]
    choice_sets: NDArray[np.uint64]
    steps: NDArray[np.void]
    step_offsets: NDArray[np.int64]
    leaf_values: NDArray[np.float64]
    leaf_nodes: NDArray[np.int32]


def masks_of(trees: Trees) -> Masks | None:
    """Return the arrays of mask traversal, or None for trees or lists of thresholds too large for bytes."""
    if not len(trees) or np.diff(trees.leaf_offsets).max() > MOST_LEAVES:
        return None
    shape = _shape_of(trees)
    inner = np.flatnonzero(shape.is_inner)
    flags, threshold = trees.nodes["feature"][inner], trees.nodes["threshold"][inner]
    categorical, missing_left = flags & CATEGORICAL != 0, flags & MISSING_LEFT != 0
    features, asked = np.unique(flags & FEATURE, return_inverse=True)
    lists, place = _thresholds(asked, np.where(categorical, np.nan, threshold), len(features))
    if any(len(one) > MOST_THRESHOLDS or (len(one) > 1 and np.isnan(one[-1])) for one in lists):
        return None
    used = np.full(trees.n_features, -1, np.int32)
    used[features] = np.arange(len(features))
    bounds, heaps, levels = _heaps(lists)
    steps, step_offsets = _steps(trees, shape, inner)
    choice = 2 * len(features) + np.cumsum(categorical) - 1
    steps["plane"] = np.where(categorical, choice, 2 * asked + ~missing_left)
    steps["threshold"] = place
    return Masks(
        features=features.astype(np.int32),
        used=used,
        levels=levels,
        heaps=heaps,
        bounds=bounds,
        bounds_f32=_below(bounds),
        choices=asked[categorical].astype(np.int32),
        choice_sets=_choice_sets(trees, threshold[categorical], missing_left[categorical]),
        steps=steps,
        step_offsets=step_offsets,
        leaf_values=_leaf_values(trees, shape),
        leaf_nodes=_leaf_nodes(trees, shape),
    )


@dataclass(frozen=True)
class _Shape:
    """Of each node, counted from the first of the first tree: its left child, leaves below it, leaves left of it."""

    is_inner: NDArray[np.bool_]
    left: NDArray[np.int64]
    n_leaves: NDArray[np.int64]
    first_leaf: NDArray[np.int64]


def depth_of(trees: Trees) -> int:
    """Return the number of inner nodes on the longest path."""
    return len(_levels(trees)) - 1


def _left_children(trees: Trees) -> NDArray[np.int64]:
    start = np.repeat(trees.offsets[:-1], np.diff(trees.offsets))
    return np.where(trees.nodes["feature"] >= 0, trees.nodes["left"] + start, -1)


def _levels(trees: Trees) -> list[NDArray[np.int64]]:
    """The inner nodes of all trees, by their distance from the root; then an empty level."""
    left = _left_children(trees)
    levels, level = [], trees.offsets[:-1]
    while True:
        level = level[left[level] >= 0]
        levels.append(level)
        if not len(level):
            return levels
        level = np.concatenate([left[level], left[level] + 1])


def _shape_of(trees: Trees) -> _Shape:
    left, levels = _left_children(trees), _levels(trees)
    n_leaves, first_leaf = np.ones(len(left), np.int64), np.zeros(len(left), np.int64)
    for level in reversed(levels):
        n_leaves[level] = n_leaves[left[level]] + n_leaves[left[level] + 1]
    for level in levels:
        first_leaf[left[level]] = first_leaf[level]
        first_leaf[left[level] + 1] = first_leaf[level] + n_leaves[left[level]]
    return _Shape(left >= 0, left, n_leaves, first_leaf)


def _steps(trees: Trees, shape: _Shape, inner: NDArray[np.int64]) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """The inner nodes but for what they compare, and the first of each tree."""
    offsets = np.searchsorted(inner, trees.offsets).astype(np.int64)
    sizes = np.diff(offsets)
    tree = np.repeat(np.arange(len(trees)), sizes)
    slot = np.zeros(len(trees.nodes), np.int64)
    slot[inner] = np.arange(len(inner)) - offsets[tree]
    left = shape.left[inner]
    steps = np.zeros(len(inner), STEP)
    steps["leaves_left"] = shape.n_leaves[left]
    for side, child in (("left", left), ("right", left + 1)):
        steps[side] = np.where(shape.is_inner[child], slot[child], sizes[tree])
    return steps, offsets


def _thresholds(
    feature: NDArray[np.int64], threshold: NDArray[np.float64], n_features: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.int64]]:
    """The distinct thresholds of each feature, in order, NaN last; the place that each node's has among them."""
    order = np.lexsort((threshold, feature))
    f, t = feature[order], threshold[order]
    new = np.ones(len(order), bool)
    new[1:] = (f[1:] != f[:-1]) | ~((t[1:] == t[:-1]) | np.isnan(t[:-1]))
    rank, starts = np.cumsum(new) - 1, np.searchsorted(f[new], np.arange(n_features))
    place = np.zeros(len(order), np.int64)
    place[order] = rank - starts[f]
    return np.split(t[new], starts[1:]) if n_features else [], place


def _heaps(lists: list[NDArray[np.float64]]) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32]]:
    """Sorted thresholds, filled up with infinity, as binary search meets them: a root, its two children, ..."""
    pieces, starts, levels = [np.zeros(0)], [0], []
    for one in lists:
        depth = 0 if np.isnan(one[-1]) else len(one).bit_length()
        full, heap = np.full(2**depth, np.inf), np.zeros(2**depth)
        if depth:
            full[: len(one)] = one
        for level in range(depth):
            step = 2 ** (depth - level)
            heap[2**level : 2 ** (level + 1)] = full[step // 2 - 1 :: step]
        pieces.append(heap)
        starts.append(starts[-1] + len(heap))
        levels.append(depth)
    return np.concatenate([*pieces, np.zeros(_ROOM)]), np.array(starts[:-1], np.int64), np.array(levels, np.int32)


def _choice_sets(trees: Trees, sets: NDArray[np.float64], missing_left: NDArray[np.bool_]) -> NDArray[np.uint64]:
    chosen = trees.categories[sets.astype(np.int64)].reshape(-1, WORDS)
    last = np.uint64(1 << 63)
    chosen[:, -1] = np.where(missing_left, chosen[:, -1] | last, chosen[:, -1] & ~last)
    return chosen


def _below(bounds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest numbers of single precision that are not above."""
    with np.errstate(over="ignore"):
        rounded = bounds.astype(np.float32)
    return np.where(rounded > bounds, np.nextafter(rounded, np.float32(-np.inf)), rounded)


def _leaf_values(trees: Trees, shape: _Shape) -> NDArray[np.float64]:
    leaves = np.flatnonzero(~shape.is_inner)
    tree = np.repeat(np.arange(len(trees)), np.diff(trees.leaf_offsets))
    place = trees.leaf_offsets[tree] + shape.first_leaf[leaves]
    if trees.values is None:
        values: NDArray[Any] = trees.nodes["threshold"][leaves][:, None]
    else:
        values = trees.values[trees.leaf_offsets[tree] + trees.nodes["left"][leaves]]
    ordered = np.zeros((len(leaves) + _ROOM, values.shape[1]))
    ordered[place] = values
    return ordered


def _leaf_nodes(trees: Trees, shape: _Shape) -> NDArray[np.int32]:
    leaves = np.flatnonzero(~shape.is_inner)
    tree = np.repeat(np.arange(len(trees)), np.diff(trees.leaf_offsets))
    nodes = np.zeros(len(leaves), np.int32)
    nodes[trees.leaf_offsets[tree] + shape.first_leaf[leaves]] = leaves - trees.offsets[tree]
    return nodes
