# SPDX-License-Identifier: BSD-3-Clause
"""trees_contributions: the Shapley values of the definition, adding up to the prediction."""

import numpy as np
import pytest
from reference import apply as reference
from scipy import sparse
from tolerance import assert_close, assert_same_bytes
from tree_cases import cover_of, random_trees, table_for

from schuss import _kernels as kernels
from schuss.tree._nodes import NODE, TreesBuilder

SHAPES = {
    "boosting": {"n_trees": 3, "n_leaves": 9, "n_features": 5},
    "one feature, many times": {"n_trees": 2, "n_leaves": 12, "n_features": 1},
    "classes": {"n_trees": 6, "n_leaves": 7, "n_features": 4, "n_outputs": 3},
    "forest": {"n_trees": 3, "n_leaves": 8, "n_features": 4, "n_outputs": 2, "apart": True},
    "categories": {"n_trees": 3, "n_leaves": 8, "n_features": 5, "categorical": (1, 3), "known": True},
    "one leaf": {"n_trees": 2, "n_leaves": 1, "n_features": 2},
    "wide": {"n_trees": 1, "n_leaves": 24, "n_features": 7},
}


def case(shape, n, dtype):
    options = SHAPES.get(shape) or {"n_trees": 20, "n_leaves": 60, "n_features": 12}
    rng = np.random.default_rng([n, len(shape)])
    trees = random_trees(rng, **options)
    x = table_for(rng, trees, n, missing=0.1, categorical=options.get("categorical", ()), dtype=dtype)
    return trees, x, rng.standard_normal(trees.n_outputs)


def contributions(trees, x, baseline=None, **options):
    return kernels.trees_contributions(
        trees.predictor, x, weight=trees.weight, max_depth=trees.max_depth, baseline=baseline, **options
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_they_are_those_of_the_definition(isa, dtype, shape):
    trees, x, baseline = case(shape, 3, dtype)
    got = contributions(trees, x, baseline, divisor=2.0)
    assert_close(got, reference.trees_contributions(trees, x, baseline, 2.0), 1e-13, scale=10.0)


def test_they_are_those_of_long_paths_with_many_features(isa, dtype):
    rng = np.random.default_rng(1)
    n_splits, n_features, builder = 45, 32, TreesBuilder(32)
    tree = np.zeros(2 * n_splits + 1, NODE)
    tree["feature"], tree["threshold"] = -1, rng.standard_normal(len(tree))
    at = 0
    for split in range(n_splits):
        left = 2 * split + 1
        tree[at] = (rng.standard_normal(), split % n_features, left)
        at = left + int(rng.integers(2))
    leaves = tree["feature"] < 0
    tree["left"][leaves] = np.arange(n_splits + 1)
    builder.append(tree, weight=cover_of(tree, rng))
    trees, x = builder.build(), rng.standard_normal((5, n_features)).astype(dtype)
    assert_close(contributions(trees, x)[:, :, :-1], reference.contributions_by_path(trees, x), 1e-13, scale=10.0)
    assert_close(contributions(trees, x).sum(axis=2), kernels.trees_predict(trees.predictor, x), 1e-13, scale=10.0)


@pytest.mark.parametrize("shape", [*SHAPES, "large"])
def test_they_add_up_to_the_prediction(isa, dtype, shape):
    trees, x, baseline = case(shape, 100, dtype)
    raw = kernels.trees_predict(trees.predictor, x, baseline=baseline, divisor=3.0)
    assert_close(contributions(trees, x, baseline, divisor=3.0).sum(axis=2), raw, 1e-13, scale=100.0)


def test_threads_layouts_and_neighbours_change_no_bit(isa, dtype, n_threads):
    trees, x, _ = case("large", 150, dtype)
    plain = contributions(trees, x)
    assert_same_bytes(contributions(trees, x, n_threads=n_threads), plain)
    assert_same_bytes(contributions(trees, np.asfortranarray(x)), plain)
    assert_same_bytes(contributions(trees, sparse.csr_array(np.nan_to_num(x))), contributions(trees, np.nan_to_num(x)))
    assert_same_bytes(contributions(trees, x[77:78]), plain[77:78])


def test_a_feature_without_splits_contributes_nothing(dtype):
    trees, x, _ = case("boosting", 5, dtype)
    unused = set(range(5)) - set(trees.features().tolist())
    wider = random_trees(np.random.default_rng(0), 3, 9, 5)
    assert contributions(wider, x)[:, :, :5].any()
    for j in unused:
        assert not contributions(trees, x)[:, :, j].any()


def test_a_child_without_training_samples(dtype):
    trees, x, _ = case("boosting", 5, dtype)
    trees.weight[1] = trees.weight[2] = 0.0
    assert np.isfinite(contributions(trees, x)).all()
    raw = kernels.trees_predict(trees.predictor, x)
    assert_close(contributions(trees, x).sum(axis=2), raw, 1e-13, scale=100.0)
