# SPDX-License-Identifier: BSD-3-Clause
"""How boosting keeps the rows of a table: tiles with sparse columns, the nodes' rows divided, rows in another order."""

import numpy as np
import pytest
from grower_cases import Problem, assert_same_fields, assert_same_tree, pairs
from reference import boost as reference
from reference.bin import by_tile
from tolerance import assert_same_bytes

from schuss import _kernels as kernels

pytestmark = pytest.mark.usefixtures("isa")

SHARES = {
    "dense": [0.5] * 20,
    "a tile of both kinds": [0.1, 0.95, 0.9, 0.99, 0.5, 0.95, 0.97],
    "one of two tiles": [0.2, 0.95] * 14,
    "few slots": [0.0] * 12 + [0.92] * 4,
    "slots alone": [0.93] * 30,
    "always the same": [1.0] * 5,
    "no tile has enough": [0.95, 0.95, 0.95, 0.1, 0.2],
}


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("name", SHARES)
def test_tiles_of_sparse_columns_say_the_same(name, n_threads):
    problem = Problem(9000, len(SHARES[name]), 21, missing=0.1, common=SHARES[name])
    table = problem.table()
    kernels.sparse_tiles(table, n_threads=n_threads)
    n_tiles = len(table.tiles)
    most = np.array([np.bincount(column).max() for column in problem.bins.T]) / len(problem.bins)
    sparse = [(most[t::n_tiles] > 0.875).sum() for t in range(n_tiles)]
    assert table.tile_sparse.tolist() == [count if count >= 4 else 0 for count in sparse]
    once = table.tiles.copy()
    said = reference.sparse_tiles(once, table.tile_column, table.tile_sparse, table.common, table.columns)
    np.testing.assert_array_equal(said, problem.bins)
    kernels.sparse_tiles(table)
    assert_same_bytes(table.tiles, once)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", SHARES)
def test_sparse_columns_split_like_others(name, plain):
    shares = SHARES[name]
    problem = Problem(600, len(shares), 22, plain=plain, missing=0.1, categorical=2, common=shares)
    options = {"min_samples_leaf": 2, "max_leaves": 9}
    assert_same_tree(problem.grow(**options), problem.reference(**options), problem)


@pytest.mark.parametrize("shares", [[0.5] * 6, [0.93] * 6], ids=["dense", "sparse"])
@pytest.mark.parametrize("n_small", [63, 64])
def test_few_rows_taken_off_one_by_one_and_more_by_their_histogram(n_small, shares):
    problem = Problem(200, len(shares), 25, missing=0.1, common=shares)
    problem.bins[:, 0] = np.arange(200) < n_small
    problem.n_bins[0], problem.has_missing[0] = 2, False
    problem.g = np.clip(problem.g * 0.25 + 0.75 * problem.bins[:, 0], -1, 1)
    problem.g = np.rint(problem.g * 1024) / 1024
    options = {"min_samples_leaf": 3, "max_leaves": 9}
    tree = problem.grow(**options)
    assert sorted(tree.count[tree.nodes["left"][0] :][:2].tolist()) == [n_small, 200 - n_small]
    assert_same_tree(tree, problem.reference(**options), problem)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("tails", ["light", "heavy"])
def test_sparse_columns_of_large_nodes(plain, tails):
    """Histograms in two words: five columns of a tile split as they do where two tiles share them, too few."""
    problem = Problem(70_000, 5, 23, plain=plain, missing=0.1, categorical=1, common=[0.95] * 5)
    g = np.random.default_rng(23).standard_normal(70_000)
    problem.g = np.exp(4 * g) if tails == "heavy" else g
    among = Problem(70_000, 17, 24, plain=plain)
    for name in ("bins", "n_bins", "has_missing", "is_categorical"):
        getattr(among, name)[..., :5] = getattr(problem, name)
    among.g, among.h = problem.g, problem.h
    sparse = problem.grow(n_threads=2)
    dense = among.grow(n_threads=2, features=(np.arange(17) < 5).astype(np.uint8))
    assert_same_fields(dense, sparse)


SPREAD, BUNCHED = 250, 3  # at most so many bins a column: packed sums of fewer are emptied more often


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("n_bins", [SPREAD, BUNCHED])
@pytest.mark.parametrize(("n", "d"), [(1100, 3), (2500, 16), (9000, 2), (40_000, 3), (70_000, 1)])
def test_histograms_of_many_rows(n, d, n_bins, plain):
    """They stand by column while rows are added; the root's sums are read off those of the largest tables."""
    problem = Problem(n, d, 27, n_bins=n_bins, plain=plain, missing=0.1, categorical=1)
    options = {"min_samples_leaf": 5, "max_leaves": 4}
    assert_same_tree(problem.grow(n_threads=2, **options), problem.reference(**options), problem)


def test_packed_sums_are_emptied_before_they_are_full():
    """A bin has less than half of the rows that may be added to packed sums at first, then all."""
    problem = Problem(6000, 2, 29, n_bins=200)
    problem.n_bins[:] = 200
    problem.bins[:, 1] = np.where(np.arange(6000) < 2047, np.arange(6000) % 200 * (np.arange(6000) % 20 > 8), 0)
    problem.g, problem.h = np.where(problem.bins[:, 1] > 0, 0.9375, -0.875), np.full(6000, 255 / 256)
    assert 850 < (problem.bins[:2047, 1] == 0).sum() < 1024
    assert_same_tree(problem.grow(max_leaves=2), problem.reference(max_leaves=2), problem)


def test_packed_sums_of_heavy_rows_are_emptied_sooner():
    problem = Problem(6000, 2, 30, n_bins=2)
    problem.g, problem.h = np.where(problem.bins[:, 0] > 0, 0.9375, -0.875), np.full(6000, 255 / 256)
    heavy = kernels.Grower(problem.table(), weight=np.full(6000, 6.0), max_leaves=3)
    light = kernels.Grower(problem.table(), weight=np.ones(6000), max_leaves=3)
    one, other = (grower.grow(pairs(problem.g, problem.h)) for grower in (heavy, light))
    assert_same_bytes(one.nodes["feature"], other.nodes["feature"])
    assert_same_bytes(one.cover, 6.0 * other.cover)
    assert_same_bytes(one.value, other.value)


@pytest.mark.parametrize("plain", [False, True])
def test_sums_of_the_root_come_from_a_tile_in_use(plain):
    """The first tile has no feature that the tree may use; words of float64 are stored, and summed one by one."""
    problem = Problem(70_000, 18, 32, plain=plain, missing=0.1)
    features = (np.arange(18) % 2).astype(np.uint8)
    read_off, summed = (problem.grow(dtype, features=features, max_leaves=4) for dtype in (np.float32, np.float64))
    assert_same_bytes(read_off.cover, summed.cover)
    assert_same_bytes(read_off.nodes, summed.nodes)


@pytest.mark.parametrize("depth_wise", [False, True])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_large_nodes_whose_parents_histogram_is_gone(n_threads, depth_wise):
    """Both children are built from their rows, by groups of tasks."""
    problem = Problem(200_000, 2, 33)
    problem.bins[:, 0], problem.n_bins[0] = np.arange(200_000) % 128, 128
    problem.g = problem.bins[:, 0] / 128 - 0.5  # halves, quarters, eighths
    options = {"max_leaves": 12, "depth_wise": depth_wise, "n_threads": n_threads}
    many, few = (problem.grow(histogram_bytes=n_bytes, **options) for n_bytes in (1 << 30, 0))
    assert_same_fields(many, few)


@pytest.mark.parametrize("n_bins", [SPREAD, BUNCHED])
@pytest.mark.parametrize("largest", [2, 6])
def test_many_rows_with_weights_are_so_many_copies(largest, n_bins):
    problem = Problem(12_000, 9, 28, n_bins=n_bins, missing=0.1)
    weight = np.random.default_rng(28).integers(0, largest + 1, 12_000)
    copies = np.repeat(np.arange(12_000), weight)
    repeated = Problem(12_000, 9, 28, n_bins=n_bins, missing=0.1)
    repeated.bins, repeated.g, repeated.h = problem.bins[copies], problem.g[copies], problem.h[copies]
    weighted = kernels.Grower(problem.table(), weight=weight.astype(float), max_leaves=8)
    ones = kernels.Grower(repeated.table(), weight=np.ones(len(copies)), max_leaves=8)
    one, other = weighted.grow(pairs(problem.g, problem.h)), ones.grow(pairs(repeated.g, repeated.h))
    assert one.n_leaves == 8
    for name in ("nodes", "gain", "value", "cover", "leaf_value"):
        assert_same_bytes(getattr(one, name), getattr(other, name))


ROWS = {
    "all": lambda n, rng: np.arange(n),
    "sample": lambda n, rng: np.flatnonzero(rng.random(n) < 0.6),
    "stretches": lambda n, rng: np.flatnonzero(np.arange(n) // 6000 % 3),
    "few": lambda n, rng: np.flatnonzero(rng.random(n) < 0.2),
    "one end": lambda n, rng: np.arange(n // 2, n),
}


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("categorical", [0, 4])
@pytest.mark.parametrize("name", ROWS)
def test_rows_of_large_nodes_end_in_their_leaves(name, categorical, n_threads):
    """Nodes with much of the table, with some of it in several blocks, and small ones, each divided in its own way."""
    problem = Problem(150_001, 4, 25, n_bins=60, missing=0.1, categorical=categorical)
    rows = ROWS[name](len(problem.g), np.random.default_rng(25))
    grower = kernels.Grower(problem.table(), n_threads=n_threads, max_leaves=40)
    tree = grower.grow(pairs(problem.g, problem.h), rows=None if name == "all" else rows)
    leaves = reference.divide_rows(problem.bins, tree.nodes, tree.sets, rows)
    assert len(leaves) == tree.n_leaves == 40
    for leaf, expected in enumerate(leaves):
        got = tree.rows[tree.leaf_start[leaf] : tree.leaf_start[leaf + 1]]
        assert_same_bytes(got, expected.astype(np.uint32))  # ascending


@pytest.mark.parametrize(("n", "d"), [(1, 1), (63, 3), (64, 16), (200, 17), (9001, 28)])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_rows_change_places_in_both_layouts(n, d, n_threads):
    problem = Problem(n, d, 31, missing=0.2, common=[0.95] * d)
    table = problem.table()
    kernels.sparse_tiles(table)
    order = np.random.default_rng(n).permutation(n).astype(np.uint32)
    kernels.reorder_rows(table, order, n_threads=n_threads)
    moved = reference.reorder_rows(problem.bins, order)
    np.testing.assert_array_equal(table.columns, moved.T)
    np.testing.assert_array_equal(table.tiles, by_tile(moved))
    assert not table.tile_sparse.any()
    assert table.tile_column.tolist() == [f // len(table.tiles) for f in range(d)]
