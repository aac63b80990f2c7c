# SPDX-License-Identifier: BSD-3-Clause
"""forest_grow: every split is the best of all, whatever the criterion and the weights; forest_add walks the bins."""

import signal
import time

import numpy as np
import pytest
from reference import forest as reference
from tolerance import assert_close, tol

from schuss import _kernels as kernels
from schuss.tree._histogram.rooms import Room
from schuss.tree._nodes import FEATURE

NODE = np.dtype([("threshold", np.float64), ("feature", np.int32), ("left", np.int32)])


class Task:
    """A binned table with targets, as the kernel takes them and as the reference does."""

    def __init__(self, rng, criterion, n=40, d=4, n_bins=12, n_out=1, n_classes=2, gaps=0.0, n_categorical=0):
        self.criterion, self.n_out = criterion, n_out
        values = rng.integers(0, n_bins, (d, n)).astype(float)
        self.categorical = np.arange(d) < n_categorical
        values[:n_categorical] = rng.integers(0, 5, (n_categorical, n))
        values[rng.random((d, n)) < gaps] = np.nan
        self.bins = np.where(np.isnan(values), 255, values).astype(np.uint8)
        most = np.nan_to_num(values).max(axis=1).astype(np.int32) + 1
        self.table = kernels.Binned(
            n, most, np.isnan(values).any(axis=1).astype(np.uint8), self.categorical.astype(np.uint8)
        )
        steps = np.full((d, 256), np.inf)
        steps[:, :255] = np.arange(255) + 0.5
        codes = np.tile(np.arange(256, dtype=np.uint8), (d, 1))
        kernels.bin_table(kernels.Columns(values.T), steps, self.table, codes=codes)
        np.testing.assert_array_equal(self.table.columns, self.bins)
        signal = np.nan_to_num(values[-1]) > n_bins / 2
        self.weight = rng.integers(0, 4, n)
        if criterion in ("gini", "entropy"):
            self.y = (signal[:, None] + rng.integers(0, n_classes, (n, n_out))) % n_classes
            self.target = {
                "n_classes": np.full(n_out, n_classes, np.int32),
                "codes": (self.y + np.arange(n_out) * n_classes).astype(np.int32),
            }
        else:
            fixed = rng.integers(0, 1 << 20, (n, n_out)) + (signal[:, None] << 20)
            self.y = fixed * 0.25
            self.target = {"target": fixed, "target_origin": np.zeros(n_out), "target_unit": 0.25}

    def grow(self, seeds=(7,), weight=None, n_threads=1, **options):
        weight = self.weight if weight is None else weight
        options = {"max_features": len(self.bins), "max_depth": 60} | self.target | options
        lanes = self.n_out if "target" in self.target else int(self.target["n_classes"].sum())
        alone = self.n_out == 1 and lanes == (1 if "target" in self.target else 2)
        room = Room(weight, len(seeds), n_values=lanes, alone=alone, categorical=bool(self.categorical.any()))
        kernels.forest_grow(
            self.table, room, criterion=kernels.FOREST_CRITERIA[self.criterion], seed=np.array(seeds, np.uint64),
            weight=weight, n_threads=n_threads, scratch=kernels.Scratch(), **options,
        )  # fmt: skip
        return [tree | {"nodes": tree["nodes"].view(NODE)} for tree in room.finished()]


def as_bytes(trees):
    return [{k: v if v is None else v.tobytes() for k, v in tree.items()} for tree in trees]


CRITERIA = ["gini", "entropy", "squared_error", "poisson"]


def check_tree(task, tree, rng, scale=1.0, **limits):
    """Each node against all splits of its rows; at the leaves, values."""
    weight, limit = task.weight * scale, dict(limits)
    all_rows = reference.rows_of_nodes(tree["nodes"], tree["sets"], task.bins)
    for i, (node, rows) in enumerate(zip(tree["nodes"], all_rows, strict=True)):
        rows = rows[weight[rows] > 0]
        y, w = task.y[rows].astype(float), weight[rows]
        assert tree["samples"][i] == len(rows)
        assert_close(tree["weight"][i], w.sum(), tol(np.float64))
        here = reference.impurity(task.criterion, y, w)
        assert_close(tree["impurity"][i], here, tol(np.float32), scale=1.0)
        best = reference.best_gain(task.criterion, task.bins[:, rows], y, w, task.categorical, **limit)
        if node["feature"] >= 0:
            assert_close(tree["gain"][i], best, tol(np.float32), scale=1.0)
            continue
        assert here < 1e-9 or best == -np.inf
        mean = np.array([np.average(column, weights=w) for column in columns_of(task, y).T])
        got = node["threshold"] if tree["values"] is None else tree["values"][node["left"]]
        assert_close(np.atleast_1d(got), mean[-1:] if tree["values"] is None else mean, tol(np.float64, n=len(rows)))


def columns_of(task, y):
    """What leaf values are means of: the target, or an indicator of each class."""
    if "n_classes" not in task.target:
        return y
    return np.concatenate([y == c for c in range(task.target["n_classes"][0])], axis=1).reshape(len(y), -1)[
        :, np.argsort(np.tile(np.arange(task.n_out), task.target["n_classes"][0]), kind="stable")
    ].astype(float)  # fmt: skip


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_every_split_is_the_best(isa, rng, criterion, gaps):
    task = Task(rng, criterion, gaps=gaps)
    check_tree(task, task.grow()[0], rng)


@pytest.mark.parametrize("criterion", ["gini", "entropy", "squared_error"])
@pytest.mark.parametrize(("n_out", "n_classes"), [(1, 4), (2, 2), (3, 3)])
def test_many_classes_and_many_outputs(isa, rng, criterion, n_out, n_classes):
    task = Task(rng, criterion, n_out=n_out, n_classes=n_classes)
    check_tree(task, task.grow()[0], rng)


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_categories_are_divided_as_well_as_they_can_be(isa, rng, criterion, gaps):
    task = Task(rng, criterion, d=3, n_categorical=2, gaps=gaps)
    tree = task.grow()[0]
    assert (tree["nodes"]["feature"] >= 0).sum() > len(tree["sets"]) > 0
    check_tree(task, tree, rng)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_whole_tree_of_continuous_data(isa, rng, criterion):
    task = Task(rng, criterion, n=150, d=3, n_bins=200)
    tree = task.grow(max_depth=3)[0]
    weight = task.weight.astype(float)
    all_rows = reference.rows_of_nodes(tree["nodes"], tree["sets"], task.bins)
    inner = np.flatnonzero(tree["nodes"]["feature"] >= 0)
    found = {frozenset(all_rows[i][weight[all_rows[i]] > 0].tolist()): float(tree["gain"][i]) for i in inner}
    wanted = reference.forest_grow(criterion, task.bins, task.y.astype(float), weight, 3)
    assert set(found) == set(wanted)
    for rows, gain in wanted.items():
        assert_close(found[rows], gain, tol(np.float32))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("limits", [{"min_samples_leaf": 4}, {"min_weight_fraction_leaf": 0.1}])
def test_small_sides_are_refused(isa, rng, criterion, limits):
    task = Task(rng, criterion, gaps=0.1)
    check_limits(task, task.grow(**limits)[0], **limits)


def check_limits(task, tree, min_samples_leaf=1, min_weight_fraction_leaf=0.0):
    lightest = min_weight_fraction_leaf * task.weight.sum()
    leaves = tree["nodes"]["feature"] < 0
    assert tree["samples"][leaves].min() >= min_samples_leaf
    assert tree["weight"][leaves].min() >= lightest
    rows = np.flatnonzero(task.weight)
    best = reference.best_gain(
        task.criterion, task.bins[:, rows], task.y[rows].astype(float), task.weight[rows].astype(float),
        min_samples_leaf=min_samples_leaf, min_weight_leaf=lightest,
    )  # fmt: skip
    assert_close(tree["gain"][0], best, tol(np.float32))


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_monotonic_constraints_hold_between_all_leaves(isa, rng, criterion, sign):
    task = Task(rng, criterion, n=300, d=2)
    tree = task.grow(monotonic=np.array([sign, 0], np.int8))[0]
    grid = np.array([(a, b) for b in range(12) for a in range(12)], float)
    table = kernels.Binned(len(grid), task.table.n_bins, task.table.has_missing, task.table.is_categorical)
    steps = np.full((2, 256), np.inf)
    steps[:, :255] = np.arange(255) + 0.5
    kernels.bin_table(kernels.Columns(grid), steps, table)
    sums, counts = np.zeros((len(grid), 1)), np.zeros(len(grid), np.int64)
    kernels.forest_add(table, tree["nodes"].view(np.float64), sets=tree["sets"], sums=sums, counts=counts)
    steps = np.diff(sums.reshape(12, 12), axis=1) * sign
    assert steps.min() >= -1e-12
    assert steps.max() > 0


@pytest.mark.parametrize("criterion", CRITERIA)
def test_in_order_the_first_of_equal_splits_is_taken(isa, rng, criterion):
    task = Task(rng, criterion, n=200, d=3)
    task.table = twice(task.table)
    trees = task.grow(seeds=(1, 2), in_order=True, max_features=6)
    assert as_bytes(trees[:1]) == as_bytes(trees[1:])
    drawn = task.grow(max_features=6)
    for tree, last in zip(trees[:1] + drawn, (2, 5), strict=True):
        feature = tree["nodes"]["feature"]
        assert (feature[feature >= 0] & FEATURE).max() == last


def twice(table):
    """The same columns again behind themselves."""
    again = kernels.Binned(
        table.columns.shape[1],
        *(np.tile(what, 2) for what in (table.n_bins, table.has_missing, table.is_categorical)),
    )
    steps = np.full((len(again.n_bins), 256), np.inf)
    steps[:, :255] = np.arange(255) + 0.5
    kernels.bin_table(kernels.Columns(np.tile(table.columns.astype(float).T, 2)), steps, again)
    return again


@pytest.mark.parametrize("criterion", CRITERIA)
def test_weight_two_is_two_rows(isa, rng, criterion):
    task = Task(rng, criterion, n=200, gaps=0.1)
    twice = np.repeat(np.arange(200), task.weight)
    copies = Task(rng, criterion, n=len(twice), gaps=0.1)
    copies.table = kernels.Binned(len(twice), task.table.n_bins, task.table.has_missing, task.table.is_categorical)
    steps = np.full((4, 256), np.inf)
    steps[:, :255] = np.arange(255) + 0.5
    values = np.where(task.bins == 255, np.nan, task.bins.astype(float)).T[twice]
    kernels.bin_table(kernels.Columns(values), steps, copies.table)
    copies.target = {k: v[twice] if k in ("codes", "target") else v for k, v in task.target.items()}
    one = task.grow(max_features=2)[0]
    two = copies.grow(max_features=2, weight=np.ones(len(twice), np.int64))[0]
    for name in ("nodes", "weight", "gain"):
        np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("options", [{}, {"max_leaf_nodes": 9}], ids=["depth", "best"])
def test_same_bytes_for_any_number_of_threads(isa, rng, n_threads, criterion, options):
    task = Task(rng, criterion, n=3000, d=9, n_bins=100)
    weight = rng.integers(0, 3, (7, 3000))
    options = {"seeds": range(7), "max_features": 2, "weight": weight} | options
    assert as_bytes(task.grow(**options)) == as_bytes(task.grow(n_threads=n_threads, **options))


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
def test_packed_counts_and_copied_rows_change_nothing(isa, rng, criterion):
    """Two classes with huge weights take the wide path; a deep tree of few features reads copied rows."""
    task = Task(rng, criterion, n=5000, d=6, n_bins=250)
    narrow = task.grow(max_features=2)[0]
    if criterion == "gini":
        wide = task.grow(max_features=2, weight=task.weight << 31, weight_unit=2.0**-31)[0]
        np.testing.assert_array_equal(narrow["nodes"], wide["nodes"])
        np.testing.assert_array_equal(narrow["weight"], wide["weight"])
    rows = reference.rows_of_nodes(narrow["nodes"], narrow["sets"], task.bins)
    samples = [np.count_nonzero(task.weight[r]) for r in rows]
    np.testing.assert_array_equal(narrow["samples"], samples)


def test_best_first_takes_the_largest_gains(isa, rng):
    task = Task(rng, "squared_error", n=400, n_bins=200)
    whole, some = task.grow()[0], task.grow(max_leaf_nodes=6)[0]
    assert (some["nodes"]["feature"] < 0).sum() == 6
    assert some["gain"].sum() <= whole["gain"].sum()
    few = task.grow(max_leaf_nodes=5)[0]
    assert few["gain"].sum() < some["gain"].sum()
    check_best_first(some)


def check_best_first(tree):
    """In the order in which they were made, no node gains more than the best of those that waited longer."""
    inner = np.flatnonzero(tree["nodes"]["feature"] >= 0)
    order = inner[np.argsort(tree["nodes"]["left"][inner])]
    available = {0}
    for i in order:
        assert tree["gain"][i] == max(tree["gain"][j] for j in available if j in inner)
        available -= {i}
        available |= {int(tree["nodes"]["left"][i]), int(tree["nodes"]["left"][i]) + 1}


def test_min_impurity_decrease_and_depth(isa, rng):
    task = Task(rng, "gini", n=400, n_bins=200)
    tree = task.grow(min_impurity_decrease=0.01)[0]
    inner = tree["nodes"]["feature"] >= 0
    assert 0 < inner.sum() < (task.grow()[0]["nodes"]["feature"] >= 0).sum()
    assert tree["gain"][inner].min() >= 0.01 * tree["weight"][0] * (1 - 1e-6)
    assert len(task.grow(max_depth=1)[0]["nodes"]) == 3


def test_random_splits_use_all_thresholds(isa, rng):
    task = Task(rng, "squared_error", n=300, d=1, gaps=0.1)
    value = np.tile(np.arange(256.0), (1, 1))
    trees = task.grow(seeds=range(300), bin_value=value, max_depth=1)
    borders = np.bincount([int(t["nodes"]["threshold"][0]) for t in trees], minlength=11)
    assert len(borders) == 11
    assert borders.min() > 0
    assert {bool(t["nodes"]["feature"][0] & reference.MISSING_LEFT) for t in trees} == {True, False}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("options", [{}, {"n_classes": 3, "n_out": 2}], ids=["one", "several"])
@pytest.mark.parametrize("gaps", [0.0, 0.3])
def test_random_splits_gain_what_their_children_are_purer(isa, rng, criterion, options, gaps):
    task = Task(rng, criterion, n=150, gaps=gaps, **options)
    tree = task.grow(bin_value=np.tile(np.arange(256.0), (4, 1)), min_samples_leaf=3)[0]
    nodes, least = tree["nodes"], tree["samples"].min()
    assert len(nodes) > 9
    assert least >= 3
    cost = np.empty(len(nodes))
    for i, rows in enumerate(reference.rows_of_nodes(nodes, tree["sets"], task.bins)):
        rows = rows[task.weight[rows] > 0]
        assert tree["samples"][i] == len(rows)
        assert tree["weight"][i] == task.weight[rows].sum()
        cost[i] = tree["weight"][i] * reference.impurity(criterion, task.y[rows].astype(float), task.weight[rows])
    inner = np.flatnonzero(nodes["feature"] >= 0)
    left = nodes["left"][inner]
    expected = cost[inner] - cost[left] - cost[left + 1]
    assert_close(tree["gain"][inner], expected, tol(np.float32), scale=cost[0])


def test_features_are_drawn_evenly(isa, rng):
    task = Task(rng, "gini", n=300, d=5)
    trees = task.grow(seeds=range(500), max_features=1, max_depth=1)
    drawn = np.bincount([t["nodes"]["feature"][0] & reference.FEATURE for t in trees], minlength=5)
    assert drawn.min() > 60


@pytest.mark.parametrize("criterion", ["gini", "squared_error"])
def test_forest_add_walks_as_the_reference(isa, rng, criterion):
    task = Task(rng, criterion, n=200, d=4, n_categorical=2, gaps=0.2, n_classes=3)
    tree = task.grow(max_features=2)[0]
    n_values = 1 if tree["values"] is None else tree["values"].shape[1]
    for weight in (None, task.weight):
        sums, counts = np.ones((200, n_values)), np.zeros(200, np.int64)
        wanted, seen = sums.copy(), counts.copy()
        kernels.forest_add(
            task.table, tree["nodes"].view(np.float64), values=tree["values"], sets=tree["sets"], weight=weight,
            sums=sums, counts=counts,
        )  # fmt: skip
        reference.forest_add(tree["nodes"], tree["values"], tree["sets"], task.bins, weight, wanted, seen)
        np.testing.assert_array_equal(sums, wanted)
        np.testing.assert_array_equal(counts, seen)


@pytest.mark.parametrize("options", [{}, {"max_leaf_nodes": 2}], ids=["depth first", "best first"])
def test_a_node_of_many_rows_and_features_can_be_interrupted(rng, options):
    """A single node may take seconds: it has to ask between its features."""
    n, d = 1 << 17, 800
    table = kernels.Binned(n, np.full(d, 200, np.int32), np.zeros(d, np.uint8), np.zeros(d, np.uint8))
    table.columns[:] = rng.integers(0, 200, n, dtype=np.uint8)
    weight, target = np.ones(n, np.int64), rng.integers(0, 1 << 20, (n, 1))

    def seconds():
        start = time.perf_counter()
        kernels.forest_grow(
            table, Room(weight, 1, max_depth=1), criterion=kernels.FOREST_CRITERIA["squared_error"], target=target,
            target_origin=np.zeros(1), seed=np.ones(1, np.uint64), weight=weight, max_features=d, max_depth=1,
            scratch=kernels.Scratch(), **options,
        )  # fmt: skip
        return time.perf_counter() - start

    def handler(number, frame):
        raise InterruptedError

    whole = min(seconds(), seconds())
    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, whole / 10)
        start = time.perf_counter()
        with pytest.raises(InterruptedError):
            seconds()
        assert time.perf_counter() - start < whole / 2
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("max_leaf_nodes", [0, 1 << 17], ids=["depth first", "best first"])
def test_a_tree_that_is_stopped_midway_keeps_its_splits(isa, rng, max_leaf_nodes):
    n, d = 1 << 17, 8
    table = kernels.Binned(n, np.full(d, 200, np.int32), np.zeros(d, np.uint8), np.zeros(d, np.uint8))
    table.columns[:] = rng.integers(0, 200, (d, n), dtype=np.uint8)
    weight, target = np.ones(n, np.int64), rng.integers(0, 1 << 20, (n, 1))

    def grow(**options):
        room = Room(weight, 1)
        try:
            kernels.forest_grow(
                table, room, criterion=kernels.FOREST_CRITERIA["squared_error"], target=target,
                target_origin=np.zeros(1), seed=np.ones(1, np.uint64), weight=weight, max_features=d,
                max_leaf_nodes=max_leaf_nodes, scratch=kernels.Scratch(), **options,
            )  # fmt: skip
        except InterruptedError:
            assert options
        return room.finished()

    def handler(number, frame):
        raise InterruptedError

    start = time.process_time()
    (whole,) = grow()
    seconds = time.process_time() - start
    before = signal.signal(signal.SIGVTALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds / 3)
        (cut,) = grow(keeps_cut_short=True)
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds / 3)
        assert grow(keeps_cut_short=False) == []
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
    nodes, size = cut["nodes"].view(NODE), len(cut["weight"])
    inner = nodes["feature"] >= 0
    assert 1 < inner.sum() < (whole["nodes"].view(NODE)["feature"] >= 0).sum()
    np.testing.assert_array_equal(nodes[inner], whole["nodes"].view(NODE)[:size][inner])
    for name in ("weight", "samples", "impurity"):
        np.testing.assert_array_equal(cut[name], whole[name][:size])
    assert cut["weight"][~inner].sum() == n
    np.testing.assert_array_equal(np.sort(nodes["left"][~inner]), np.arange((~inner).sum()))
    assert (cut["gain"][~inner] == 0.0).all()
