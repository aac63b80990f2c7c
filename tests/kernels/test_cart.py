# SPDX-License-Identifier: BSD-3-Clause
"""Exact trees: every split is the best of all there are, whatever the criterion, the weights and what is missing."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from reference import cart as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

CLASSES = ("gini", "entropy")
CRITERIA = (*CLASSES, "squared_error", "poisson", "absolute_error")


def sort(x, n_threads=1):
    return kernels.cart_sort(kernels.Columns(x), n_threads=n_threads, scratch=kernels.Scratch())


def listed(rows):
    orders = np.zeros(rows.shape, dtype=kernels.CART_ENTRY)
    orders["row"] = rows
    return orders


def plant(x, y, criterion, *, search="sorted", weight=None, n_classes=None, n_threads=1, **options):
    """A tree that has not grown yet."""
    n, d = x.shape
    columns = kernels.Columns(x if sp.issparse(x) else np.asfortranarray(x))
    in_order, entries = search == "sorted", {}
    orders = sort(x, n_threads) if in_order and not sp.issparse(x) else listed(np.arange(n)[None])
    if in_order and sp.issparse(x):
        stored, feature = sort(x, n_threads), np.repeat(np.arange(d, dtype=np.int32), np.diff(x.indptr))
        kept = np.full(len(stored), True) if weight is None else weight[stored["row"]] != 0
        entries = {"stored": stored[kept], "stored_feature": feature[kept]}
    elif search == "gathered" and sp.issparse(x):
        entries = {"stored": sort(x, n_threads)}
    if criterion == "absolute_error":
        orders = np.concatenate([orders, listed(np.argsort(y, axis=0, kind="stable").T)])
    if weight is not None:
        orders = kernels.cart_select(orders, weight, n_threads=n_threads)
    return kernels.CartTree(
        columns,
        orders,
        y,
        codes=None if n_classes is None else y.astype(np.int32),
        n_values=n_classes or 1,
        weight=weight,
        weighted_y=None if weight is None else y * weight[:, None],
        total_weight=float(n if weight is None else weight.sum()),
        search=kernels.CART_SEARCHES[search],
        criterion=kernels.CART_CRITERIA[criterion],
        **{"max_features": d, **entries, **options},
    )


def grow(x, y, criterion, *, n_threads=1, **options):
    tree = plant(x, y, criterion, n_threads=n_threads, **options)
    while not kernels.cart_grow(tree, n_threads=n_threads):
        pass
    return tree


def problem(n, d, criterion, seed, *, n_outputs=1, n_classes=3, missing=0.0, few=False):
    """A table, targets that depend on it, and the number of classes."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)).astype(np.float32)
    if few:
        x = np.round(x)
    hidden = x[:, :1] + rng.standard_normal((n, n_outputs))
    x[rng.random((n, d)) < missing] = np.nan
    if criterion in CLASSES:
        return x, np.clip(np.round(hidden + n_classes / 2), 0, n_classes - 1), n_classes
    return x, np.round(np.exp(hidden), 1) if criterion == "poisson" else hidden, None


# ---------------------------------------------------------------- orders

VALUES = np.array([0.0, -0.0, 1.0, -1.0, 1e-40, -1e-40, 3e38, -3e38, np.nan, -np.nan, 2.5], np.float32)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 300, 4095, 4096, 5000])
def test_rows_are_sorted_by_every_feature(isa, n):
    rng = np.random.default_rng(n)
    x = np.stack([rng.choice(VALUES, n), rng.standard_normal(n), np.zeros(n), rng.integers(0, 9, n)], 1).astype("f4")
    for table in (x, np.asfortranarray(x), x[:, ::-1]):
        orders = sort(table)
        sorted_x = np.take_along_axis(table, orders["row"].T.astype(int), axis=0).T
        np.testing.assert_array_equal(orders["x"], sorted_x)
        np.testing.assert_array_equal(np.sort(orders["row"]), np.arange(n)[None].repeat(4, 0))
        clean = table + np.float32(0.0)  # 0.0 and -0.0 are equal, but not in their bits
        np.testing.assert_array_equal(sort(clean)["row"], reference.cart_sort(clean))


def test_entries_of_sparse_tables_sort_like_dense_ones(isa):
    x = sp.random_array((500, 7), density=0.1, format="csc", dtype=np.float32, random_state=np.random.default_rng(0))
    x.data -= np.float32(0.5)
    dense = sort(x.toarray())
    assert_same_bytes(sort(x), dense[dense["x"] != 0.0])
    assert len(sort(sp.csc_array((5, 3), dtype=np.float32))) == 0


def test_rows_without_weight_are_left_out(isa):
    rng = np.random.default_rng(3)
    orders, weight = sort(rng.standard_normal((50, 3)).astype("f4")), rng.integers(0, 3, 50).astype(float)
    kept = kernels.cart_select(orders, weight)
    np.testing.assert_array_equal(kept["row"], reference.cart_select(orders["row"], weight))


# ---------------------------------------------------------------- splits


def check_tree(tree, x, y, weight, rules, *, complete=True, **limits):
    """Every node is what it says, every split the best there is; a leaf has none left, if complete."""
    weight = np.ones(len(x)) if weight is None else weight
    nodes, seen = tree.nodes, 0
    room, size = tol(np.float64, 100 * len(x)), max(1.0, np.abs(y).max() ** 2)
    for i, want in reference.cart_grow(x, y, weight, nodes, rules, **limits):
        node, seen = nodes[i], seen + 1
        assert (node["n_rows"], node["depth"]) == (want["n_rows"], want["depth"])
        assert_close(node["weight"], want["weight"], room)
        assert_close(node["impurity"], want["impurity"], room, scale=size)
        if node["left"]:
            assert want["gain"] >= want["best"] - room * size
            assert_close(node["gain"], want["gain"], room, scale=size)
        elif complete:
            assert want["best"] == -np.inf
    assert seen == len(nodes)


@given(data=st.data())
def test_every_split_is_the_best(isa, data):
    criterion = data.draw(st.sampled_from(CRITERIA))
    n, d = data.draw(st.integers(2, 24)), data.draw(st.integers(1, 3))
    shape = {"n_outputs": data.draw(st.sampled_from((1, 1, 2))), "n_classes": data.draw(st.sampled_from((2, 3)))}
    shape |= {"missing": data.draw(st.sampled_from((0.0, 0.3))), "few": data.draw(st.booleans())}
    x, y, n_classes = problem(n, d, criterion, data.draw(st.integers(0, 999)), **shape)
    rng = np.random.default_rng(n)
    weight = data.draw(st.sampled_from((None, rng.integers(0, 4, n) + 0.0, rng.random(n) + 0.1)))
    if weight is not None:
        weight[0] = 1.0
    if criterion == "poisson":
        y[0] = 1.0
    limits = {"max_depth": data.draw(st.sampled_from((2, 9))), "min_samples_split": data.draw(st.sampled_from((2, 5)))}
    limits["min_impurity_decrease"] = data.draw(st.sampled_from((0.0, 0.02)))
    allowed = {"min_samples_leaf": data.draw(st.sampled_from((1, 3)))}
    allowed["min_weight_leaf"] = data.draw(st.sampled_from((0.0, 2.5)))
    search = data.draw(st.sampled_from(("sorted", "gathered")))
    max_leaves = data.draw(st.sampled_from((0, 4)))
    tree = grow(
        x, y, criterion, search=search, weight=weight, n_classes=n_classes, max_leaves=max_leaves, **limits, **allowed
    )
    rules = reference.Rules(criterion, n if weight is None else weight.sum(), n_classes=n_classes, **allowed)
    limits["min_samples_split"] = max(limits["min_samples_split"], 2 * allowed["min_samples_leaf"])
    check_tree(tree, x, y, weight, rules, complete=not max_leaves, **limits)
    assert not max_leaves or tree.n_leaves <= max_leaves


@pytest.mark.parametrize("criterion", CRITERIA)
def test_constraints_choose_among_what_they_allow(isa, criterion):
    x, y, n_classes = problem(40, 3, criterion, 5, n_classes=2)
    signs = np.array([-1, 1, 0], dtype=np.int8)
    tree = grow(x, y, criterion, n_classes=n_classes, monotonic=signs, max_depth=4)
    rules = reference.Rules(criterion, len(x), n_classes=n_classes, monotonic=signs)
    check_tree(tree, x, y, None, rules, max_depth=4)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_blocks_of_candidates_join(isa, criterion):
    """More rows than a block of candidates has."""
    x, y, n_classes = problem(530, 2, criterion, 7, missing=0.1, n_classes=2)
    tree = grow(x, y, criterion, n_classes=n_classes, max_depth=2, min_samples_leaf=100)
    rules = reference.Rules(criterion, len(x), n_classes=n_classes, min_samples_leaf=100)
    check_tree(tree, x, y, None, rules, max_depth=2, min_samples_split=200)
    assert tree.n_leaves > 1


@pytest.mark.parametrize("criterion", CRITERIA)
def test_random_thresholds_lie_between_the_values(isa, criterion):
    x, y, n_classes = problem(60, 3, criterion, 11, missing=0.2)
    tree = grow(x, y, criterion, search="random", n_classes=n_classes, seed=4)
    rules = reference.Rules(criterion, len(x), n_classes=n_classes)
    inner = tree.nodes["left"] > 0
    assert inner.sum() > 10
    for i, want in reference.cart_grow(x, y, np.ones(len(x)), tree.nodes, rules):
        assert_close(tree.nodes[i]["impurity"], want["impurity"], tol(np.float64, len(x)), scale=np.abs(y).max() ** 2)
        assert want.get("gain", 0.0) >= -tol(np.float64, len(x))
    other = grow(x, y, criterion, search="random", n_classes=n_classes, seed=5)
    assert not np.array_equal(tree.nodes["threshold"], other.nodes["threshold"])


def test_every_feature_has_its_chance(isa):
    """With one feature a node, all are used; constant ones are passed over."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400, 6)).astype("f4")
    x[:, 3] = 1.0
    y = rng.standard_normal((400, 1))
    for search in ("sorted", "gathered", "random"):
        nodes = grow(x, y, "squared_error", search=search, max_features=1, seed=3).nodes
        used = np.bincount(nodes["feature"][nodes["left"] > 0], minlength=6)
        assert used[3] == 0
        assert (np.delete(used, 3) > 30).all()
        assert nodes["n_rows"][nodes["left"] == 0].max() == 1  # it went on to the end


def test_looking_at_all_features_needs_no_luck(isa):
    x, y, _ = problem(200, 4, "squared_error", 2)
    assert_same_bytes(*(grow(x, y, "squared_error", seed=seed).nodes["threshold"] for seed in (1, 2)))


# ---------------------------------------------------------------- the same tree


@pytest.mark.parametrize("search", ["sorted", "gathered", "random"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_same_bytes_for_any_number_of_threads(isa, criterion, search):
    x, y, n_classes = problem(2500, 5, criterion, 1, missing=0.05)
    weight = np.random.default_rng(0).integers(0, 3, len(x)).astype(float)
    trees = [
        grow(
            x, y, criterion, search=search, weight=weight, n_classes=n_classes, max_depth=6, max_features=3, n_threads=t
        )
        for t in (1, 2, 3, 5)
    ]
    for tree in trees[1:]:
        assert_same_bytes(tree.nodes, trees[0].nodes)
        assert_same_bytes(tree.sums, trees[0].sums)


@pytest.mark.parametrize("max_leaves", [0, 12])
def test_growing_in_steps_is_growing(isa, max_leaves):
    x, y, _ = problem(300, 3, "squared_error", 4)
    whole = grow(x, y, "squared_error", max_leaves=max_leaves)
    tree, losses = plant(x, y, "squared_error", max_leaves=max_leaves), []
    while not kernels.cart_grow(tree, 1):
        losses.append(tree.loss)
    assert_same_bytes(tree.nodes, whole.nodes)
    assert (np.diff(losses) < 0).all()
    is_leaf = tree.nodes["left"] == 0
    mean = np.average(tree.nodes["loss"], weights=tree.nodes["weight"] * is_leaf)
    assert_close(tree.loss, mean, tol(np.float64, len(x)), scale=np.var(y))


def test_best_first_without_an_end_is_the_same_tree():
    x, y, _ = problem(200, 3, "squared_error", 8)
    level, best = (grow(x, y, "squared_error", max_leaves=leaves, min_samples_leaf=4) for leaves in (0, 10**6))
    assert level.n_leaves == best.n_leaves
    for name in ("threshold", "impurity"):
        first, second = (tree.nodes[depth_first(tree)][name] for tree in (level, best))
        np.testing.assert_array_equal(first, second)


def depth_first(tree):
    position = kernels.cart_preorder(np.ascontiguousarray(tree.nodes["left"]), kernels.Scratch())
    return np.argsort(position)


def test_nodes_are_numbered_depth_first(isa):
    x, y, _ = problem(300, 3, "squared_error", 9)
    left = np.ascontiguousarray(grow(x, y, "squared_error").nodes["left"])
    np.testing.assert_array_equal(kernels.cart_preorder(left, kernels.Scratch()), reference.cart_preorder(left))


@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_weight_is_a_number_of_copies(isa, criterion):
    x, y, n_classes = problem(120, 3, criterion, 6)
    y = np.round(8 * y) / 8  # sums without rounding: then splits that gain the same do so in every digit
    weight = np.random.default_rng(1).integers(1, 4, len(x))
    one = grow(x, y, criterion, weight=weight.astype(float), n_classes=n_classes, max_depth=4)
    other = grow(x.repeat(weight, 0), y.repeat(weight, 0), criterion, n_classes=n_classes, max_depth=4)
    np.testing.assert_array_equal(one.nodes["feature"], other.nodes["feature"])
    np.testing.assert_array_equal(one.nodes["threshold"], other.nodes["threshold"])
    assert_close(one.sums, other.sums, tol(np.float64, weight.sum()), scale=np.abs(y).sum())


SHAPE = ("feature", "threshold", "n_rows", "n_left", "left", "parent", "depth", "missing_left")


def sparse_problem(n, d, criterion, seed, *, density, missing=0.0, **shape):
    """A table with few values, negative ones and zeros that are stored among them, and targets whose sums are exact:
    then splits that gain the same do so in every digit."""
    _, y, n_classes = problem(n, d, criterion, seed, **shape)
    rng = np.random.default_rng(seed)
    x = sp.random_array((n, d), density=density, format="csc", dtype=np.float32, rng=rng)
    x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)
    x.data = np.round(8 * (x.data - np.float32(rng.choice((0.0, 0.5))))) / 4
    x.data[rng.random(x.nnz) < missing] = np.nan
    x.sort_indices()
    y = y if n_classes else np.round(4 * (y + 2 * np.nan_to_num(x[:, [0]].toarray()))) / 4
    return x, np.abs(y) if criterion == "poisson" else y, n_classes


@given(data=st.data())
def test_sparse_tables_grow_what_dense_ones_do(isa, data):
    criterion, search = data.draw(st.sampled_from(CRITERIA)), data.draw(st.sampled_from(tuple(kernels.CART_SEARCHES)))
    n, d = data.draw(st.integers(2, 80)), data.draw(st.integers(1, 6))
    shape = {"n_outputs": data.draw(st.sampled_from((1, 1, 2))), "n_classes": data.draw(st.sampled_from((2, 3)))}
    shape |= {"density": data.draw(st.sampled_from((0.0, 0.05, 0.5, 1.0)))}
    shape |= {"missing": data.draw(st.sampled_from((0.0, 0.2)))}
    x, y, n_classes = sparse_problem(n, d, criterion, data.draw(st.integers(0, 999)), **shape)
    weight = data.draw(st.sampled_from((None, np.random.default_rng(n).integers(0, 4, n) / 2)))
    if weight is not None:
        weight[0] = 1.0
    options = {"max_features": data.draw(st.integers(1, d)), "max_leaves": data.draw(st.sampled_from((0, 5)))}
    options |= {"min_samples_leaf": data.draw(st.sampled_from((1, 3))), "seed": data.draw(st.integers(0, 9))}
    options |= {"min_weight_leaf": data.draw(st.sampled_from((0.0, 2.5)))}
    if n_classes != 3 and shape["n_outputs"] == 1 and data.draw(st.booleans()):
        options["monotonic"] = np.resize(np.array([1, 0, -1], np.int8), d)
    sparse, dense = (
        grow(table, y, criterion, search=search, weight=weight, n_classes=n_classes, **options)
        for table in (x, x.toarray())
    )
    for name in SHAPE:
        np.testing.assert_array_equal(sparse.nodes[name], dense.nodes[name], err_msg=name)
    for name in ("impurity", "gain", "weight"):  # rows are summed in another order if they are sorted
        assert_close(sparse.nodes[name], dense.nodes[name], tol(np.float64, n), scale=np.abs(y).max() ** 2 + 1.0)
    assert_close(sparse.sums, dense.sums, tol(np.float64, n), scale=n * (1.0 + np.abs(y).max()))


@pytest.mark.parametrize("search", ["sorted", "gathered", "random"])
@pytest.mark.parametrize("criterion", CRITERIA)
def test_pieces_of_sparse_tables_join(isa, criterion, search):
    """More entries than a piece of the list has; the same bytes for any number of threads."""
    x, y, n_classes = sparse_problem(3000, 30, criterion, 3, density=0.3)
    options = {"search": search, "n_classes": n_classes, "max_depth": 5, "min_samples_leaf": 20}
    dense = grow(x.toarray(), y, criterion, **options)
    trees = [grow(x, y, criterion, n_threads=t, **options) for t in (1, 2, 5)]
    for name in SHAPE:
        np.testing.assert_array_equal(trees[0].nodes[name], dense.nodes[name], err_msg=name)
    for tree in trees[1:]:
        assert_same_bytes(tree.nodes, trees[0].nodes)
        assert_same_bytes(tree.sums, trees[0].sums)
    assert dense.n_leaves > 5


@pytest.mark.parametrize("criterion", CRITERIA)
def test_what_zeros_sum_to_may_be_rounded(isa, criterion):
    """Weights and targets of many digits; the sums of zeros come from a difference."""
    x, y, n_classes = sparse_problem(60, 4, criterion, 5, density=0.3)
    rng = np.random.default_rng(0)
    y = y if n_classes else y * rng.random(y.shape)
    weight = rng.random(60) + 0.01
    for search in ("sorted", "gathered"):
        tree = grow(x, y, criterion, search=search, weight=weight, n_classes=n_classes, min_samples_leaf=2)
        rules = reference.Rules(criterion, weight.sum(), n_classes=n_classes, min_samples_leaf=2)
        check_tree(tree, x.toarray(), y, weight, rules, min_samples_split=4)
        assert tree.n_leaves > 4


def test_trees_grow_in_several_threads():
    x, y, _ = problem(2000, 4, "squared_error", 3)
    orders, columns = sort(x), kernels.Columns(x)

    def forest_tree(seed):
        weight = np.random.default_rng(seed).multinomial(len(x), np.full(len(x), 1 / len(x))).astype(float)
        tree = kernels.CartTree(
            columns, kernels.cart_select(orders, weight), y, weight=weight, weighted_y=y * weight[:, None],
            total_weight=weight.sum(), search=kernels.CART_SEARCHES["sorted"],
            criterion=kernels.CART_CRITERIA["squared_error"], max_features=2, seed=seed,
        )  # fmt: skip
        while not kernels.cart_grow(tree):
            pass
        return tree.nodes

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(forest_tree, range(8)))
    for seed, nodes in enumerate(together):
        assert_same_bytes(nodes, forest_tree(seed))


def test_what_does_not_fit_is_refused():
    x, y, _ = problem(10, 2, "squared_error", 0)
    with pytest.raises(TypeError, match="float32"):
        sort(x.astype(float))
    twice = sp.csc_array((np.ones(2, "f4"), np.array([3, 3], np.int32), np.array([0, 2, 2], np.int32)), shape=(10, 2))
    with pytest.raises(ValueError, match="each once"):
        plant(twice, y, "squared_error")
    with pytest.raises(ValueError, match="stored"):
        plant(sp.csc_array(x), y, "squared_error", search="random", stored=sort(sp.csc_array(x)))
    with pytest.raises(ValueError, match="unexpected shape"):
        plant(x[:, :1], y, "squared_error").__init__(
            kernels.Columns(x), sort(x[:, :1]), y, total_weight=10.0, search=0, criterion=2, max_features=1
        )
