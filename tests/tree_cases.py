# SPDX-License-Identifier: BSD-3-Clause
"""Random trees, and tables whose values lie on, beside and between their thresholds."""

import numpy as np

from schuss.tree._nodes import CATEGORICAL, MISSING_LEFT, NODE, TreesBuilder, category_sets


def random_tree(rng, n_leaves, n_features, grid, categorical):
    """Nodes in order of growth: any leaf may be the next that is split."""
    nodes, sets, open_leaves = [(0.0, -1, 0)], [], [0]
    while len(open_leaves) < n_leaves:
        at = open_leaves.pop(int(rng.integers(len(open_leaves))))
        feature = int(rng.integers(n_features))
        flags = MISSING_LEFT if rng.random() < 0.5 else 0
        if feature in categorical:
            threshold, flags = float(len(sets)), flags | CATEGORICAL
            sets.append(np.flatnonzero(rng.random(255) < 0.5))
        else:
            threshold = float(rng.choice(grid))
        nodes[at] = (threshold, feature | flags, len(nodes))
        open_leaves += [len(nodes), len(nodes) + 1]
        nodes += [(0.0, -1, 0)] * 2
    tree = np.array(nodes, NODE)
    leaves = tree["feature"] < 0
    tree["left"][leaves] = np.arange(n_leaves)
    tree["threshold"][leaves] = rng.standard_normal(n_leaves)
    return tree, category_sets(sets)


def cover_of(tree, rng):
    """Weights that add up from the leaves to the root."""
    cover = np.where(tree["feature"] < 0, rng.integers(1, 20, len(tree)), 0).astype(np.float64)
    for i in range(len(tree))[::-1]:
        if tree["feature"][i] >= 0:
            cover[i] = cover[tree["left"][i]] + cover[tree["left"][i] + 1]
    return cover


def random_trees(
    rng, n_trees, n_leaves, n_features, *, n_outputs=1, apart=False, n_thresholds=40, categorical=(), known=False
):
    """Trees with one value a leaf, or with values of all outputs `apart`."""
    bits = rng.integers(0, 2**63, (n_features, 4), dtype=np.uint64)
    builder = TreesBuilder(n_features, n_outputs, bits if known else None)
    grid = rng.standard_normal(n_thresholds)
    for _ in range(n_trees):
        size = int(rng.integers(1, n_leaves + 1))
        tree, sets = random_tree(rng, size, n_features, grid, categorical)
        values = rng.standard_normal((size, n_outputs)) if apart else None
        builder.append(tree, categories=sets, values=values, weight=cover_of(tree, rng))
    return builder.build()


def table_for(rng, trees, n, *, missing=0.0, categorical=(), dtype=np.float64):
    """Half of the values are thresholds, or as near to one as the dtype knows."""
    x = rng.standard_normal((n, trees.n_features)).astype(dtype)
    inner = trees.nodes[(trees.nodes["feature"] >= 0) & (trees.nodes["feature"] & CATEGORICAL == 0)]
    if len(inner):
        exact = rng.choice(inner["threshold"], x.shape).astype(dtype)
        beside = np.nextafter(exact, np.where(rng.random(x.shape) < 0.5, -np.inf, np.inf).astype(dtype))
        kind = rng.random(x.shape)
        x = np.where(kind < 0.25, exact, np.where(kind < 0.5, beside, x))
    for j in categorical:
        x[:, j] = rng.integers(-3, 260, n)
    x[rng.random(x.shape) < missing] = np.nan
    return x
