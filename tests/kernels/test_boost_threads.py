# SPDX-License-Identifier: BSD-3-Clause
"""Boosting trees on several threads: of many rows those are shared out, of few ones the tiles of every search."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from grower_cases import Problem, assert_same_fields, assert_same_tree, pairs

from schuss import _kernels as kernels

pytestmark = pytest.mark.usefixtures("isa")

THREADS = (2, 3, 5, 16)
OPTIONS = {
    "leaf_wise": {},
    "depth_wise": {"depth_wise": True},
    "max_depth": {"max_depth": 4},
    "single_leaf": {"max_leaves": 1},
    "two_leaves": {"max_leaves": 2},
    "no_leaf_can_be_divided": {"min_samples_leaf": 400},
    "few_slots": {"histogram_bytes": 0},
    "double_precision": {"l1": 0.1},
    "monotonic": {"monotonic": (np.arange(40) % 3 - 1).astype(np.int8)},
    "interaction": {"interaction": (np.arange(40) // 9 == np.arange(5)[:, None]).astype(np.uint8)},
    "some_features": {"features": (np.arange(40) % 7 == 2).astype(np.uint8)},
    "features_of_one_tile": {"features": (np.arange(40) % 3 == 1).astype(np.uint8)},
    "features_at_random": {"feature_fraction": 0.4, "seed": 5},
}


@pytest.mark.parametrize("n_threads", [2, 3, 5])
@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("tails", ["light", "heavy"])
def test_many_rows(n_threads, plain, tails):
    rng = np.random.default_rng(1)
    problem = Problem(150_000, 3, 9, plain=plain, n_bins=60)
    g = rng.standard_normal(150_000) if tails == "light" else np.exp(4 * rng.standard_normal(150_000))
    problem.g = g * np.sin(problem.bins[:, 0])
    assert_same_fields(problem.grow(n_threads=n_threads), problem.grow(n_threads=1))


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("name", OPTIONS)
def test_few_rows(name, plain):
    problem = Problem(700, 40, 12, plain=plain, missing=0.2, categorical=3, common=(0.9, 0.8))
    options = {"max_leaves": 40, "min_samples_leaf": 3, **OPTIONS[name]}
    one = problem.grow(n_threads=1, **options)
    for n_threads in THREADS:
        assert_same_fields(problem.grow(n_threads=n_threads, **options), one)


@pytest.mark.parametrize("n", [1, 2, 60, 1000, 16383, 16384, 16385])
@pytest.mark.parametrize("d", [16, 17, 70])
def test_sizes_at_which_the_work_is_shared_out_differently(n, d):
    problem = Problem(n, d, n + d, n_bins=200, missing=0.1)
    one = problem.grow(n_threads=1, max_leaves=31)
    for n_threads in THREADS:
        assert_same_fields(problem.grow(n_threads=n_threads, max_leaves=31), one)


@pytest.mark.parametrize("max_leaves", [255, 256, 257])
@pytest.mark.parametrize("depth_wise", [False, True])
def test_as_many_leaves_as_a_team_may_search(max_leaves, depth_wise):
    problem = Problem(3000, 36, 13, n_bins=100)
    options = {"max_leaves": max_leaves, "depth_wise": depth_wise}
    one = problem.grow(n_threads=1, **options)
    assert one.n_leaves == max_leaves
    for n_threads in THREADS:
        assert_same_fields(problem.grow(n_threads=n_threads, **options), one)


@pytest.mark.parametrize("n_threads", THREADS)
def test_few_rows_split_as_trying_all_of_them_does(n_threads):
    problem = Problem(300, 40, 14, missing=0.1, categorical=2)
    options = {"min_samples_leaf": 2, "max_leaves": 12}
    assert_same_tree(problem.grow(n_threads=n_threads, **options), problem.reference(**options), problem)


def test_few_of_many_rows():
    problem = Problem(40_000, 40, 15)
    rows = np.flatnonzero(np.random.default_rng(0).random(40_000) < 0.02)
    one = problem.grow(n_threads=1, rows=rows, max_leaves=31)
    for n_threads in THREADS:
        assert_same_fields(problem.grow(n_threads=n_threads, rows=rows, max_leaves=31), one)


def trees_of(problem, n_threads, n_trees):
    """Of one grower, whose memory every next one finds as the last one left it."""
    grower = kernels.Grower(problem.table(), n_threads=n_threads, min_samples_leaf=2, max_leaves=31)
    gradients = [problem.g * np.cos(np.arange(len(problem.g)) * k) for k in range(1, n_trees + 1)]
    return [grower.grow(pairs(g, problem.h)) for g in gradients]


@pytest.mark.parametrize("n_threads", THREADS)
def test_one_tree_after_the_other(n_threads):
    problem = Problem(500, 28, 16, missing=0.1)
    for got, want in zip(trees_of(problem, n_threads, 60), trees_of(problem, 1, 60), strict=True):
        assert_same_fields(got, want)


@pytest.mark.parametrize("n_threads", [2, 4])
def test_two_callers_at_once(n_threads):
    """The pool serves one of them; the other one's team is itself."""
    problems = [Problem(500, 36, seed) for seed in (17, 18)]
    alone = [trees_of(problem, 1, 40) for problem in problems]
    barrier = threading.Barrier(2)

    def work(problem):
        barrier.wait()
        return trees_of(problem, n_threads, 40)

    with ThreadPoolExecutor(2) as executor:
        for trees, want in zip(executor.map(work, problems), alone, strict=True):
            for got, tree in zip(trees, want, strict=True):
                assert_same_fields(got, tree)
