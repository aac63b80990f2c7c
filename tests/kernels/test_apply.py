# SPDX-License-Identifier: BSD-3-Clause
"""trees_predict and trees_leaves: equal to a naive walk bit for bit, by masks or node by node, whatever the layout of
X, the size of the trees and the number of threads."""

import pickle
from functools import cache

import numpy as np
import pytest
from reference import apply as reference
from scipy import sparse
from strategies import SIZES
from tolerance import assert_same_bytes
from tree_cases import random_trees, table_for

from schuss import _kernels as kernels
from schuss.tree._masks import masks_of

SHAPES = {
    "boosting": {"n_trees": 12, "n_leaves": 31, "n_features": 7},
    "stumps": {"n_trees": 9, "n_leaves": 2, "n_features": 3},
    "small": {"n_trees": 20, "n_leaves": 16, "n_features": 5},
    "wide leaves": {"n_trees": 5, "n_leaves": 80, "n_features": 4},
    "deep": {"n_trees": 3, "n_leaves": 700, "n_features": 6, "n_thresholds": 2000},
    "classes": {"n_trees": 12, "n_leaves": 31, "n_features": 7, "n_outputs": 3},
    "forest": {"n_trees": 5, "n_leaves": 60, "n_features": 7, "n_outputs": 4, "apart": True},
    "categories": {"n_trees": 8, "n_leaves": 31, "n_features": 6, "categorical": (1, 4)},
    "known categories": {"n_trees": 8, "n_leaves": 31, "n_features": 6, "categorical": (0, 5), "known": True},
    "many thresholds": {"n_trees": 30, "n_leaves": 64, "n_features": 3, "n_thresholds": 1200},
    "most leaves": {"n_trees": 3, "n_leaves": 256, "n_features": 9},
    "one leaf": {"n_trees": 4, "n_leaves": 1, "n_features": 2},
    "one feature": {"n_trees": 3, "n_leaves": 90, "n_features": 1, "n_thresholds": 400},
}


@pytest.fixture(params=[True, False], ids=["by masks", "node by node"])
def masks(request):
    return request.param


def use_masks(trees, masks):
    """Use masks from the first leaf on, or not at all."""
    vars(trees)["predictor"] = kernels.Predictor(
        trees.nodes,
        trees.offsets,
        n_features=trees.n_features,
        n_out=trees.n_outputs,
        values=trees.values,
        leaf_offsets=trees.leaf_offsets,
        categories=trees.categories,
        known_categories=trees.known_categories,
        masks=(lambda: masks_of(trees)) if masks else None,
        masks_from=0,
    )


def case(masks, shape, n, dtype, missing=0.1):
    options = SHAPES[shape]
    rng = np.random.default_rng([n, len(shape)])
    trees = random_trees(rng, **options)
    x = table_for(rng, trees, n, missing=missing, categorical=options.get("categorical", ()), dtype=dtype)
    use_masks(trees, masks)
    return trees, x, rng.standard_normal(trees.n_outputs)


@cache
def naive_prediction(shape, n, dtype, missing=0.1, divisor=1.0):
    """What a case should give, on any instruction set and by any way."""
    return reference.trees_predict(*case(False, shape, n, dtype, missing), divisor)


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("shape", SHAPES)
def test_predict_is_the_naive_walk(isa, dtype, masks, shape, missing):
    trees, x, baseline = case(masks, shape, 150, dtype, missing)
    got = kernels.trees_predict(trees.predictor, x, baseline=baseline, divisor=3.0)
    assert_same_bytes(got, naive_prediction(shape, 150, dtype, missing, 3.0))


@pytest.mark.parametrize("shape", SHAPES)
def test_leaves_are_those_of_the_naive_walk(isa, dtype, masks, shape):
    trees, x, _ = case(masks, shape, 30, dtype)
    np.testing.assert_array_equal(kernels.trees_leaves(trees.predictor, x), reference.trees_leaves(trees, x))


@pytest.mark.parametrize("n", (0, *SIZES))
def test_edge_sizes(isa, dtype, masks, n):
    trees, x, baseline = case(masks, "boosting", n, dtype)
    got = kernels.trees_predict(trees.predictor, x, baseline=baseline)
    assert_same_bytes(got, naive_prediction("boosting", n, dtype))


@pytest.mark.parametrize("shape", ["boosting", "deep", "forest", "categories"])
def test_thread_count_changes_no_bit(isa, dtype, masks, n_threads, shape):
    trees, x, _ = case(masks, shape, 5000, dtype)
    one = kernels.trees_predict(trees.predictor, x)
    assert_same_bytes(kernels.trees_predict(trees.predictor, x, n_threads=n_threads), one)
    leaves = kernels.trees_leaves(trees.predictor, x)
    np.testing.assert_array_equal(kernels.trees_leaves(trees.predictor, x, n_threads=n_threads), leaves)


@pytest.mark.parametrize("shape", ["boosting", "deep", "many thresholds"])
def test_layout_does_not_matter(isa, dtype, masks, shape):
    trees, x, _ = case(masks, shape, 130, dtype)
    plain = kernels.trees_predict(trees.predictor, x)
    wide = np.full((130, 2 * x.shape[1]), 7, dtype)
    wide[:, ::2] = x
    for same in (np.asfortranarray(x), wide[:, ::2], np.repeat(x, 2, axis=0)[::2], x[::-1].copy()[::-1]):
        assert_same_bytes(kernels.trees_predict(trees.predictor, same), plain)


@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("shape", ["boosting", "deep", "categories"])
def test_sparse_is_dense(isa, dtype, masks, shape, index):
    trees, x, _ = case(masks, shape, 130, dtype)
    x[np.random.default_rng(0).random(x.shape) < 0.7] = 0
    csr = sparse.csr_array(x)
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    assert_same_bytes(kernels.trees_predict(trees.predictor, csr), kernels.trees_predict(trees.predictor, x))


@pytest.mark.parametrize("shape", ["boosting", "deep"])
def test_an_entry_that_is_named_twice_counts_for_the_sum(isa, dtype, masks, shape):
    trees, x, _ = case(masks, shape, 50, dtype, missing=0.0)
    n, d = x.shape
    parts = np.stack([x * dtype(0.7), x], axis=2).reshape(n, 2 * d)
    twice = sparse.csr_array((parts.ravel(), np.tile(np.repeat(np.arange(d), 2), n), np.arange(n + 1) * 2 * d), (n, d))
    dense = twice.toarray()
    assert_same_bytes(kernels.trees_predict(trees.predictor, twice), kernels.trees_predict(trees.predictor, dense))


@pytest.mark.parametrize("shape", ["boosting", "deep", "classes"])
def test_a_row_is_predicted_alike_alone_and_among_others(isa, dtype, masks, shape):
    trees, x, baseline = case(masks, shape, 70, dtype)
    together = kernels.trees_predict(trees.predictor, x, baseline=baseline)
    for i in range(len(x)):
        assert_same_bytes(kernels.trees_predict(trees.predictor, x[i : i + 1], baseline=baseline), together[i : i + 1])


def test_some_of_the_trees(isa, dtype, masks):
    trees, x, baseline = case(masks, "classes", 70, dtype)
    for first, last in ((0, 0), (0, 5), (5, 12), (3, None)):
        got = kernels.trees_predict(trees.predictor, x, baseline=baseline, first=first, last=last)
        assert_same_bytes(got, reference.trees_predict(trees, x, baseline, first=first, last=last))
    with pytest.raises(IndexError, match="expected trees from 0 to 12"):
        kernels.trees_predict(trees.predictor, x, first=4, last=13)


def test_infinities_are_numbers(isa, dtype, masks):
    trees, x, _ = case(masks, "boosting", 40, dtype, missing=0.0)
    x[::2, 1], x[1::2, 2] = np.inf, -np.inf
    assert_same_bytes(kernels.trees_predict(trees.predictor, x), reference.trees_predict(trees, x))


def test_a_table_of_another_width_is_refused(masks):
    trees, x, _ = case(masks, "boosting", 10, np.float64)
    with pytest.raises(ValueError, match="expected 7 columns, got 6"):
        kernels.trees_predict(trees.predictor, x[:, :6])


def test_pickled_trees_predict_alike(masks):
    trees, x, _ = case(masks, "categories", 40, np.float64)
    before = kernels.trees_predict(trees.predictor, x)
    assert_same_bytes(kernels.trees_predict(pickle.loads(pickle.dumps(trees)).predictor, x), before)


@pytest.mark.parametrize("shape", SHAPES)
def test_which_trees_have_masks(shape):
    assert (masks_of(case(False, shape, 1, np.float64)[0]) is None) == (shape in {"deep", "many thresholds"})


def test_masks_are_prepared_when_there_is_enough_to_do():
    """The two ways agree, so only the trees themselves can tell; they are asked once."""
    rng, asked = np.random.default_rng(0), []
    trees = random_trees(rng, **SHAPES["boosting"])
    some, many = table_for(rng, trees, 100), table_for(rng, trees, 5000)
    use_masks(trees, masks=False)
    walked = kernels.trees_predict(trees.predictor, many)
    vars(trees)["predictor"] = kernels.Predictor(
        trees.nodes,
        trees.offsets,
        n_features=trees.n_features,
        leaf_offsets=trees.leaf_offsets,
        categories=trees.categories,
        masks=lambda: asked.append(1) or masks_of(trees),
    )
    kernels.trees_predict(trees.predictor, some)
    assert not asked
    for _ in range(2):
        assert_same_bytes(kernels.trees_predict(trees.predictor, many), walked)
    assert len(asked) == 1


def test_thresholds_of_single_precision(masks):
    """A value of float32 between a threshold of float64 and its rounded form goes where the exact threshold says."""
    trees, _, _ = case(False, "boosting", 1, np.float64)
    use_masks(trees, masks)
    inner = trees.nodes["feature"] >= 0
    near = trees.nodes["threshold"][inner].astype(np.float32)
    x = np.stack([near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))])
    x = np.repeat(x.reshape(-1, 1), trees.n_features, axis=1)
    assert_same_bytes(kernels.trees_predict(trees.predictor, x), reference.trees_predict(trees, x))


def test_large_models_are_the_same_for_many_rows(isa, dtype):
    """Trees of a model that no near cache holds are packed from some rows on."""
    rng = np.random.default_rng(5)
    trees = random_trees(rng, 110, 700, 6, n_thresholds=2000)
    assert len(trees.nodes) > 1 << 16
    x = table_for(rng, trees, 40, missing=0.1, dtype=dtype)
    x[:3] = np.array([[np.inf], [-np.inf], [0.0]])
    alone = np.concatenate([kernels.trees_leaves(trees.predictor, row[None]) for row in x])
    np.testing.assert_array_equal(kernels.trees_leaves(trees.predictor, x), alone)
    np.testing.assert_array_equal(alone[:4, :3], reference.trees_leaves(trees, x[:4])[:, :3])


@pytest.mark.parametrize("shape", ["boosting", "deep", "forest", "known categories"])
@pytest.mark.parametrize("n", [1, 3, 15])
def test_few_rows_are_predicted_alike(isa, dtype, masks, shape, n):
    trees, x, baseline = case(masks, shape, n, dtype)
    for same in (x, np.asfortranarray(x), x[::-1].copy()[::-1]):
        got = trees.predictor.predict_few(same, baseline=baseline, divisor=3.0)
        assert_same_bytes(got, naive_prediction(shape, n, dtype, 0.1, 3.0))


def test_what_is_not_plain_needs_a_closer_look():
    trees, x, _ = case(False, "boosting", 2, np.float64, missing=0.0)
    few = trees.predictor.predict_few
    assert few(x) is not None
    packed = np.zeros(2, [("skip", "u1"), ("x", "f8", 7)])["x"]  # not aligned
    odd = [x[:, :6], x[0], x[:0], np.zeros((16, 7)), x.astype(int), x.astype("f2"), x.astype(">f8"), x.astype("g")]
    for other in [*odd, packed, x.astype(complex), x.astype(object), x.tolist(), np.ma.array(x), sparse.csr_array(x)]:
        assert few(other) is None


@pytest.mark.parametrize("order", ["C", "F"])
def test_few_rows_may_be_refused_for_what_they_hold(dtype, order):
    trees, x, _ = case(False, "boosting", 3, dtype, missing=0.0)
    few, strict = trees.predictor.predict_few, {"missing": False, "infinite": False}
    for bad, allowed in ((np.nan, "missing"), (np.inf, "infinite"), (-np.inf, "infinite")):
        broken = np.array(x, order=order)
        broken[2, 6] = bad
        assert few(broken, **strict) is None
        assert few(broken, **{**strict, allowed: True}) is not None
    assert few(np.array(x, order=order), **strict) is not None
