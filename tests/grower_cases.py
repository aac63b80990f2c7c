# SPDX-License-Identifier: BSD-3-Clause
"""Binned tables that boosting trees are grown on, and a tree compared with the oracle's."""

import numpy as np
from reference import boost as reference
from reference.bin import by_tile
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

MISSING_LEFT, CATEGORICAL = 1 << 30, 1 << 29
FIELDS = ("nodes", "gain", "value", "cover", "count", "leaf_start", "leaf_value", "sets", "rows")


def binned_table(bins, n_bins, has_missing, is_categorical):
    table = kernels.Binned(
        len(bins), np.asarray(n_bins, np.int32), np.asarray(has_missing, np.uint8), np.asarray(is_categorical, np.uint8)
    )
    table.tiles[:] = by_tile(bins)
    table.columns[:] = bins.T
    return table


def pairs(g, h):
    return np.stack([g, h], axis=1)


class Problem:
    """Bins and gradients that are whole numbers of 2**-10, so that sums of them are exact everywhere."""

    def __init__(self, n, d, seed, *, n_bins=12, missing=0.0, categorical=0, plain=False, common=()):
        rng = np.random.default_rng(seed)
        self.n_bins = rng.integers(1, n_bins + 1, d)
        self.bins = (rng.random((n, d)) * self.n_bins).astype(np.uint8)
        self.is_categorical = np.arange(d) < categorical
        self.has_missing = rng.random(d) < (0.6 if missing else 0.0)
        self.bins[(rng.random((n, d)) < missing) & self.has_missing] = 255
        for f, share in enumerate(common):  # of rows that have one bin in this column
            self.bins[rng.random(n) < share, f] = 255 if self.has_missing[f] else rng.integers(self.n_bins[f])
        signal = np.sin(self.bins[:, 0]) + 0.5 * (self.bins[:, -1] > 2)
        self.g = np.clip(np.rint((0.3 * signal + 0.2 * rng.standard_normal(n)) * 1024), -1023, 1023) / 1024
        self.h = np.ones(n) if plain else rng.integers(1, 256, n) / 1024
        self.plain = plain

    def table(self):
        return binned_table(self.bins, self.n_bins, self.has_missing, self.is_categorical)

    def reference(self, **options):
        return reference.grow_tree(
            self.bins, self.n_bins, self.has_missing, self.is_categorical, self.g, self.h, reference.Options(**options)
        )

    def grow(self, dtype=np.float32, n_threads=1, features=None, rows=None, seed=0, **options):
        grower = kernels.Grower(self.table(), n_threads=n_threads, **{"min_samples_leaf": 1, **options})
        derivatives = self.g if self.plain else pairs(self.g, self.h)
        return grower.grow(derivatives.astype(dtype), features=features, rows=rows, seed=seed)


def assert_same_fields(got, want):
    for name in FIELDS:
        assert_same_bytes(getattr(got, name), getattr(want, name))


def assert_same_tree(tree, nodes, problem):
    assert len(tree.nodes) == len(nodes)
    assert tree.depth == max(node.depth for node in nodes)
    for i, (got, node) in enumerate(zip(tree.nodes, nodes, strict=True)):
        assert tree.count[i] == len(node.rows)
        assert_close(tree.cover[i], problem.h[node.rows].sum(), tol(float))
        assert (got["feature"] < 0) == (node.left < 0)
        if node.left < 0:
            continue
        assert got["left"] == node.left
        assert got["feature"] & (CATEGORICAL - 1) == node.feature
        assert bool(got["feature"] & MISSING_LEFT) == node.missing_left
        assert_close(tree.gain[i], node.gain, tol(np.float32), scale=1.0)
        if got["feature"] & CATEGORICAL:
            words = tree.sets[int(got["threshold"])]
            left = {b for b in range(255) if words[b // 64] >> np.uint64(b % 64) & np.uint64(1)}
            assert left == node.left_bins - {255}
        else:
            assert got["threshold"] == node.bin
    for leaf, rows in enumerate(reference.leaf_rows(nodes)):
        got = tree.rows[tree.leaf_start[leaf] : tree.leaf_start[leaf + 1]]
        assert_same_bytes(got, rows.astype(np.uint32))  # ascending: the partition is stable
