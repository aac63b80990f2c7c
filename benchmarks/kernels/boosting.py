# SPDX-License-Identifier: BSD-3-Clause
"""Growing boosting trees of 31 leaves on 28 columns of 255 bins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels.case import Build, Case
from schuss import _kernels as kernels

Array = NDArray[Any]

_COLUMNS, _BINS = 28, 255


class _Table:
    """Binned noise, of the size in bytes that the bins take, and the gradients of a log loss."""

    def __init__(self, dtype: str, n_bytes: int) -> None:
        rng = np.random.default_rng(4)
        n = max(512, n_bytes // (2 * _COLUMNS))
        flags = np.zeros(_COLUMNS, np.uint8)
        self.binned = kernels.Binned(n, np.full(_COLUMNS, _BINS, np.int32), flags, flags)
        self.binned.columns[:] = rng.integers(0, _BINS, (_COLUMNS, n), np.uint8)
        for first, tile in enumerate(self.binned.tiles):
            tile[:] = 0
            tile[:, : _COLUMNS // 2] = self.binned.columns[first::2].T
        signal = np.sin(self.binned.columns[0] / 40.0) + self.binned.columns[1] / 255.0 + rng.standard_normal(n)
        p = 1 / (1 + np.exp(-signal))
        self.derivatives = np.stack([p - (rng.random(n) < p), p * (1 - p)], axis=1).astype(dtype)
        self.raw = np.zeros(n)


def grow_tree(dtype: str, n_bytes: int) -> Case:
    t = _Table(dtype, n_bytes)
    growers = {k: kernels.Grower(t.binned, n_threads=k) for k in (1, 2)}

    def run(n_threads: int) -> object:
        if n_threads not in growers:
            growers[n_threads] = kernels.Grower(t.binned, n_threads=n_threads)
        return growers[n_threads].grow(t.derivatives)

    def check() -> None:
        tree = growers[1].grow(t.derivatives)
        sums = np.add.reduceat(t.derivatives[tree.rows, 1].astype(float), tree.leaf_start[:-1])
        np.testing.assert_allclose(sums, tree.cover[tree.nodes["feature"] < 0][_by_number(tree)], rtol=1e-3)

    return Case(run=run, check=check, elements=t.binned.n * _COLUMNS, n_bytes=t.binned.nbytes)


def sparse_tiles(dtype: str, n_bytes: int) -> Case:
    binned = _Table(dtype, n_bytes).binned
    binned.columns[:, np.random.default_rng(5).random(binned.n) < 0.93] = 7
    binned.tiles[:, :, : _COLUMNS // 2] = np.stack([binned.columns[first::2].T for first in (0, 1)])
    tiles = binned.tiles.copy()

    def run(n_threads: int) -> object:
        binned.tile_sparse[:], binned.tiles[:] = 0, tiles
        return kernels.sparse_tiles(binned, n_threads=n_threads)

    def check() -> None:
        run(1)
        assert (binned.tile_sparse == _COLUMNS // 2).all()
        assert (binned.common == 7).all()

    return Case(run=run, check=check, elements=binned.n * _COLUMNS, n_bytes=2 * tiles.nbytes)


def _by_number(tree: kernels.GrownTree) -> Array:
    """Leaves stand in `nodes` in the order of their making; where those of ascending numbers stand."""
    return np.argsort(tree.nodes["left"][tree.nodes["feature"] < 0])


def _grown(dtype: str, n_bytes: int) -> tuple[_Table, kernels.GrownTree]:
    t = _Table(dtype, n_bytes)
    return t, kernels.Grower(t.binned).grow(t.derivatives)


def add_leaves(dtype: str, n_bytes: int) -> Case:
    t, tree = _grown(dtype, n_bytes)

    def check() -> None:
        raw = np.zeros(t.binned.n)
        kernels.add_leaves(tree, tree.leaf_value, raw)
        np.testing.assert_array_equal(raw[tree.rows], np.repeat(tree.leaf_value, np.diff(tree.leaf_start)))

    return Case(
        run=lambda n_threads: kernels.add_leaves(tree, tree.leaf_value, t.raw, n_threads=n_threads),
        check=check,
        elements=t.binned.n,
        n_bytes=20 * t.binned.n,
    )


def add_routed(dtype: str, n_bytes: int) -> Case:
    t, tree = _grown(dtype, n_bytes)

    def check() -> None:
        raw, want = np.zeros(t.binned.n), np.zeros(t.binned.n)
        kernels.add_leaves(tree, tree.leaf_value, want)
        kernels.add_routed(t.binned, tree, tree.leaf_value, raw)
        np.testing.assert_array_equal(raw, want)

    return Case(
        run=lambda n_threads: kernels.add_routed(t.binned, tree, tree.leaf_value, t.raw, n_threads=n_threads),
        check=check,
        elements=t.binned.n,
        n_bytes=20 * t.binned.n,
    )


def reorder_rows(dtype: str, n_bytes: int) -> Case:
    t = _Table(dtype, n_bytes)
    order = np.random.default_rng(5).permutation(t.binned.n).astype(np.uint32)

    def check() -> None:
        before = t.binned.columns.copy()
        kernels.reorder_rows(t.binned, order)
        np.testing.assert_array_equal(t.binned.columns, before[:, order])

    return Case(
        run=lambda n_threads: kernels.reorder_rows(t.binned, order, n_threads=n_threads),
        check=check,
        elements=t.binned.n * _COLUMNS,
        n_bytes=2 * t.binned.nbytes,
    )


BOOSTING_CASES: dict[str, Build] = {
    "tree/sparse_tiles": sparse_tiles,
    "tree/grow_tree, Grower 31 leaves": grow_tree,
    "tree/add_leaves 31 leaves": add_leaves,
    "tree/add_routed 31 leaves": add_routed,
    "tree/reorder_rows": reorder_rows,
}
