# SPDX-License-Identifier: BSD-3-Clause
"""Growing boosting trees: every split is the one that trying all of them finds; results depend on no order."""

import numpy as np
import pytest
from grower_cases import Problem, assert_same_fields, assert_same_tree, binned_table, pairs
from hypothesis import given
from hypothesis import strategies as st
from reference import boost as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

pytestmark = pytest.mark.usefixtures("isa")


OPTIONS = {
    "leaf_wise": {},
    "depth_wise": {"depth_wise": True, "max_leaves": 7},
    "max_depth": {"max_depth": 3, "max_leaves": 31},
    "least_samples": {"min_samples_leaf": 9},
    "least_hessian": {"min_hessian": 4.0},
    "l2": {"l2": 3.0},
    "l1": {"l1": 1.0},
    "min_gain": {"min_gain": 0.5},
}


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", OPTIONS)
def test_every_split_is_the_best_of_all(name, plain):
    problem = Problem(300, 5, 3, plain=plain)
    options = {"min_samples_leaf": 1, "max_leaves": 12, **OPTIONS[name]}
    assert_same_tree(problem.grow(**options), problem.reference(**options), problem)


@given(st.integers(0, 10**6), st.integers(2, 250), st.integers(1, 35), st.booleans(), st.sampled_from([0.0, 0.2, 0.9]))
def test_any_table(seed, n, d, plain, missing):
    problem = Problem(n, d, seed, plain=plain, missing=missing, categorical=seed % 3)
    options = {"min_samples_leaf": 1 + seed % 5, "max_leaves": 6}
    assert_same_tree(problem.grow(**options), problem.reference(**options), problem)


@pytest.mark.parametrize("l2", [0.0, 0.75, 300.0, 1e20])
@pytest.mark.parametrize("n", [90, 700, 2000])
def test_single_precision_finds_the_splits_that_double_does(n, l2):
    """Splits of words are compared in single precision, but in double where there is l1, however small."""
    problem = Problem(n, 40, n, n_bins=250)
    options = {"min_samples_leaf": 5, "max_leaves": 40, "l2": l2}
    single, double = problem.grow(**options), problem.grow(l1=1e-300, **options)
    assert single.n_leaves > 3
    assert_same_fields(single, double)


def test_of_features_with_the_same_sides_the_first_one_splits():
    """Every other feature is the one before it the other way round: only rounding tells their scores apart."""
    problem = Problem(1500, 60, 34, n_bins=100)
    problem.n_bins[:] = 100
    problem.bins[:, 1::2] = 99 - problem.bins[:, ::2]
    problem.g[:] += 0.5  # sums of sides are far from their differences
    tree = problem.grow(min_samples_leaf=5, max_leaves=60)
    assert tree.n_leaves == 60
    assert set(tree.nodes["feature"][tree.nodes["feature"] >= 0] % 2) == {0}


@pytest.mark.parametrize("seed", range(8))
def test_of_splits_that_mirror_each_other_the_lower_one_is_taken(seed):
    rng = np.random.default_rng(seed)
    problem = Problem(800, 1, seed, n_bins=200)
    problem.bins[:, 0], problem.n_bins[0] = np.arange(800) // 4, 200
    half = np.rint(1024 * (0.6 - 0.5 * (np.arange(400) < 90) + 0.3 * rng.random(400))) / 1024
    problem.g, problem.h = np.concatenate([half, half[::-1]]), np.concatenate([problem.h[:400], problem.h[399::-1]])
    tree = problem.grow(max_leaves=2)
    assert tree.nodes["threshold"][0] in range(10, 100)


@pytest.mark.parametrize("categorical", [0, 2])
@pytest.mark.parametrize("l2", [0.0, 1.0])
def test_monotonic_features_bound_the_values_below(categorical, l2):
    problem = Problem(400, 6, 5, missing=0.1, categorical=categorical)
    monotonic = np.array([1, -1, 1, 0, -1, 1], np.int8)
    options = {"min_samples_leaf": 3, "max_leaves": 15, "monotonic": monotonic, "l2": l2}
    assert_same_tree(problem.grow(**options), problem.reference(**options), problem)


def test_sets_of_many_categories():
    problem = Problem(4000, 2, 31, n_bins=250, categorical=2)
    problem.n_bins[:], problem.is_categorical[:] = 250, (True, False)
    problem.bins[:, 0] = np.arange(4000) % 250
    problem.g = np.where(problem.bins[:, 0] % 3 == 1, -0.5, 0.25)
    tree = problem.grow(max_leaves=2)
    assert_same_tree(tree, problem.reference(max_leaves=2), problem)
    assert np.all(tree.sets[0] != 0)


def test_features_meet_only_where_a_group_allows_it():
    problem = Problem(400, 6, 6)
    interaction = np.array([[1, 1, 0, 0, 0, 0], [0, 1, 1, 0, 0, 1], [0, 0, 0, 1, 0, 0]], np.uint8)
    options = {"min_samples_leaf": 2, "max_leaves": 15, "interaction": interaction}
    assert_same_tree(problem.grow(**options), problem.reference(**options), problem)


def test_a_tree_uses_only_the_features_it_is_given():
    problem = Problem(300, 20, 7)
    features = (np.arange(20) % 3 == 1).astype(np.uint8)
    options = {"min_samples_leaf": 2, "max_leaves": 9}
    assert_same_tree(
        problem.grow(features=features, **options), problem.reference(features=features, **options), problem
    )


def test_leaf_values_come_from_the_gradients_themselves():
    rng = np.random.default_rng(0)
    problem = Problem(5000, 4, 8)
    g, h = rng.standard_normal(5000).astype(np.float32), rng.random(5000).astype(np.float32)
    tree = kernels.Grower(problem.table(), l1=0.5, l2=2.0).grow(pairs(g, h), shrinkage=0.1)
    for leaf in range(tree.n_leaves):
        rows = tree.rows[tree.leaf_start[leaf] : tree.leaf_start[leaf + 1]]
        total = g[rows].sum(dtype=float)
        value = -0.1 * np.sign(total) * max(abs(total) - 0.5, 0) / (h[rows].sum(dtype=float) + 2)
        assert_close(tree.leaf_value[leaf], value, tol(np.float32), scale=0.1)
    leaves = tree.nodes["feature"] < 0
    assert_same_bytes(tree.nodes["threshold"][leaves], tree.leaf_value[tree.nodes["left"][leaves]])


@pytest.mark.parametrize("largest", [4, 900])
@pytest.mark.parametrize("hessian", [False, True])
def test_a_whole_weight_is_so_many_copies(largest, hessian):
    rng = np.random.default_rng(2)
    problem = Problem(900, 5, 10, missing=0.1, categorical=1)
    g, h = rng.standard_normal(900), rng.random(900)
    h = h if hessian else np.ones(900)
    weight = np.floor(rng.random(900) ** 3 * largest)
    copies = np.repeat(np.arange(900), weight.astype(int))
    weighted = kernels.Grower(problem.table(), weight=weight, min_samples_leaf=1)
    table = binned_table(problem.bins[copies], problem.n_bins, problem.has_missing, problem.is_categorical)
    repeated = kernels.Grower(table, min_samples_leaf=1, weight=np.ones(len(copies)))
    one, other = weighted.grow(pairs(g, h)), repeated.grow(pairs(g, h)[copies])
    for name in ("nodes", "gain", "value", "cover", "leaf_value", "sets"):
        assert_same_bytes(getattr(one, name), getattr(other, name))


def test_rows_that_weigh_nothing_make_a_leaf():
    problem = Problem(100, 3, 10)
    grower = kernels.Grower(problem.table(), weight=np.where(np.arange(100) < 50, 1.0, 0.0), min_samples_leaf=1)
    tree = grower.grow(pairs(problem.g, problem.h), rows=np.arange(60, 80))
    assert tree.n_leaves == 1
    assert tree.count.tolist() == [0]
    assert tree.leaf_value.tolist() == [0.0]


def test_the_order_of_rows_does_not_matter():
    rng = np.random.default_rng(3)
    problem = Problem(20_000, 6, 11, missing=0.1)
    order = rng.permutation(20_000)
    g, h = rng.standard_normal(20_000).astype(np.float32), rng.random(20_000).astype(np.float32)
    table = binned_table(problem.bins[order], problem.n_bins, problem.has_missing, problem.is_categorical)
    one, other = kernels.Grower(problem.table()).grow(pairs(g, h)), kernels.Grower(table).grow(pairs(g, h)[order])
    for name in ("nodes", "gain", "value", "cover", "count", "leaf_value"):
        assert_same_bytes(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("depth_wise", [False, True])
@pytest.mark.parametrize("max_leaves", [31, 400])
def test_few_slots_give_the_same_tree(max_leaves, depth_wise):
    """Histograms that do not fit their slots are built again, not lost."""
    rng = np.random.default_rng(4)
    table = binned_table(rng.integers(0, 9, (3000, 20), np.uint8), np.full(20, 9), np.zeros(20), np.zeros(20))
    derivatives = rng.random((3000, 2), np.float32) - np.array([0.5, 0.0], np.float32)
    options = {"max_leaves": max_leaves, "min_samples_leaf": 4, "depth_wise": depth_wise}
    many, few = (kernels.Grower(table, histogram_bytes=b, **options).grow(derivatives) for b in (1 << 30, 0))
    assert many.n_leaves == max_leaves
    assert_same_fields(many, few)


def test_rows_that_were_not_chosen_do_not_matter():
    rng = np.random.default_rng(5)
    problem = Problem(3000, 6, 12)
    g, h = rng.standard_normal(3000), rng.random(3000)
    rows = np.flatnonzero(rng.random(3000) < 0.4)
    table = binned_table(problem.bins[rows], problem.n_bins, problem.has_missing, problem.is_categorical)
    part, alone = (
        kernels.Grower(problem.table()).grow(pairs(g, h), rows=rows),
        kernels.Grower(table).grow(pairs(g, h)[rows]),
    )
    for name in ("nodes", "gain", "value", "cover", "count", "leaf_value", "leaf_start"):
        assert_same_bytes(getattr(part, name), getattr(alone, name))
    assert_same_bytes(part.rows, rows[alone.rows].astype(np.uint32))


def test_heavy_tails_do_not_drown_the_rest():
    """One huge gradient: the others keep their say, as exact sums would give it to them."""
    problem = Problem(2000, 3, 13)
    problem.g[0] = 4096.0
    options = {"min_samples_leaf": 5, "max_leaves": 8}
    assert_same_tree(problem.grow(np.float64, **options), problem.reference(**options), problem)


def test_each_node_draws_its_features():
    problem = Problem(4000, 10, 14)
    grower = kernels.Grower(problem.table(), feature_fraction=0.3)
    trees = [grower.grow(pairs(problem.g, problem.h), seed=seed) for seed in (1, 1, 2)]
    assert_same_bytes(trees[0].nodes, trees[1].nodes)
    assert trees[0].nodes.tobytes() != trees[2].nodes.tobytes()
    roots = {int(grower.grow(pairs(problem.g, problem.h), seed=seed).nodes["feature"][0]) for seed in range(60)}
    assert len(roots) >= 6


@pytest.mark.parametrize("n_threads", [1, 3])
def test_raw_predictions_get_their_leaves(n_threads):
    problem = Problem(30_000, 5, 15, missing=0.2, categorical=2)
    many = {"min_samples_leaf": 20, "max_leaves": 1000}
    assert problem.grow(**many).n_leaves > 256
    assert len(problem.grow(**many | {"max_leaves": 256}).sets) > 1
    small = Problem(400, 5, 16, missing=0.2, categorical=1)
    cases = [
        (problem, many, False),
        (problem, many | {"max_leaves": 256}, False),
        (small, {"min_samples_leaf": 20}, True),
    ]
    for case, options, compared in cases:
        tree = case.grow(**options)
        start = np.linspace(0, 1, len(case.g))
        raw, routed = start.copy(), start.copy()
        kernels.add_leaves(tree, tree.leaf_value, raw, n_threads=n_threads)
        kernels.add_routed(case.table(), tree, tree.leaf_value, routed, n_threads=n_threads)
        assert_same_bytes(raw, routed)
        if compared:
            nodes = case.reference(min_samples_leaf=20)
            expected = reference.add_leaves(reference.leaf_rows(nodes), tree.leaf_value, start)
            assert_same_bytes(raw, expected)
            assert_same_bytes(routed, reference.add_routed(case.bins, nodes, tree.leaf_value, start))
    some = np.arange(3, 400, 7, dtype=np.uint32)
    part = start.copy()
    kernels.add_routed(small.table(), tree, tree.leaf_value, part, rows=some, n_threads=n_threads)
    assert_same_bytes(part[some], raw[some])
    assert (np.flatnonzero(part != start) % 7 == 3).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_gradients_that_are_not_finite_are_refused(bad):
    problem = Problem(100, 3, 17)
    problem.g[5] = bad
    with pytest.raises(FloatingPointError):
        problem.grow()


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(("size", "share"), [(1.0, 1.0), (1e-25, 1.0), (1.0, 0.7), (1.0, 0.2)])
def test_words_are_the_same_made_or_stored(plain, size, share):
    """Those of float32 derivatives are made when they are asked for, those of float64 stored."""
    problem = Problem(5000, 20, 20, plain=plain, missing=0.1, categorical=2, common=[0.0] * 10 + [0.95] * 8)
    rng = np.random.default_rng(7)
    problem.g = (size * rng.standard_normal(5000) * np.sin(problem.bins[:, 0])).astype(np.float32)
    problem.h = rng.random(5000).astype(np.float32)
    rows = None if share == 1.0 else np.flatnonzero(rng.random(5000) < share)
    made, stored = (problem.grow(dtype, max_leaves=20, rows=rows) for dtype in (np.float32, np.float64))
    assert made.n_leaves > 2
    assert_same_fields(made, stored)


@pytest.mark.parametrize("place", [0, 17, 2500, 4999])
def test_the_largest_derivatives_are_found_wherever_they_are(place):
    """They say how fine the whole numbers are; those of float64 are measured one by one."""
    problem = Problem(5000, 4, 26)
    rng = np.random.default_rng(26)
    problem.g, problem.h = rng.uniform(-0.9, 0.9, 5000).astype(np.float32), rng.uniform(0.1, 0.9, 5000)
    problem.g[place], problem.h[4999 - place] = -1.1, 1.1
    problem.h = problem.h.astype(np.float32)
    narrow, wide = (problem.grow(dtype) for dtype in (np.float32, np.float64))
    assert_same_fields(narrow, wide)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("place", [0, 1500, 2999])
def test_a_negative_hessian_is_refused_unless_it_is_zero(place, dtype):
    problem = Problem(3000, 4, 20)
    problem.h[[7, 8]] = -0.0
    assert problem.grow(dtype).n_leaves > 2
    problem.h[place] = -1e-6
    with pytest.raises(SystemError, match="argument"):
        problem.grow(dtype)


def test_a_tree_of_one_leaf():
    problem = Problem(50, 3, 18)
    for options in ({"max_leaves": 1}, {"min_samples_leaf": 26}, {"min_gain": 1e9}):
        tree = problem.grow(**options)
        assert tree.nodes["feature"].tolist() == [-1]
        assert_close(tree.leaf_value, [-problem.g.sum() / problem.h.sum()], tol(np.float32))


def test_arguments_are_checked():
    problem = Problem(50, 3, 19)
    with pytest.raises(ValueError, match="rows"):
        kernels.Grower(problem.table()).grow(pairs(problem.g, problem.h), rows=np.arange(0))
    for rows in ([2, 1], [1, 1], [-1, 3], [7, 50]):
        with pytest.raises(ValueError, match="rows: expected numbers from 0 to 49"):
            kernels.Grower(problem.table()).grow(problem.g, rows=np.array(rows))
    for shape in ((2, 50), (50, 1, 2), (50, 3)):
        with pytest.raises(ValueError, match="derivatives: expected the shape"):
            kernels.Grower(problem.table()).grow(np.zeros(shape))
    with pytest.raises(ValueError, match="features"):
        kernels.Grower(problem.table()).grow(pairs(problem.g, problem.h), features=np.zeros(3, np.uint8))
    with pytest.raises(TypeError):
        kernels.Grower(problem.table()).grow(problem.g.astype(int))
    table = problem.table()
    bare = kernels.Binned(table.n, table.n_bins, table.has_missing, table.is_categorical, by_tile=False)
    for needs_tiles in (
        kernels.Grower,
        kernels.sparse_tiles,
        lambda b: kernels.reorder_rows(b, np.arange(50, dtype="I")),
    ):
        with pytest.raises(ValueError, match="tiles"):
            needs_tiles(bare)
