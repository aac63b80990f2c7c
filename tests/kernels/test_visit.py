# SPDX-License-Identifier: BSD-3-Clause
"""The order in which an epoch visits the rows: a permutation, reproducible, and mixed well enough for SGD.

The bounds are five standard deviations of what a uniformly random permutation gives.
"""

import numpy as np
import pytest

from schuss import _kernels as kernels

N = 20_000
WIDTHS = (1, 20, 100, 1000)  # blocks of many rows, of few, of one


def visiting_order(n, d, seed, epoch):
    order = np.full(n, -1)
    kernels.visiting_order(kernels.Table(np.empty((n, d), np.float32)), order, seed=seed, epoch=epoch)
    return order


@pytest.fixture(scope="module", params=WIDTHS, ids=lambda d: f"d{d}")
def order(request, seed):
    return visiting_order(N, request.param, seed, 0)


@pytest.mark.parametrize("d", [1, 7, 50, 700, 5000])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 31, 32, 33, 63, 64, 65, 2047, 2048, 2049, 10_007])
def test_is_a_permutation(n, d):
    order = visiting_order(n, d, 1, 2)
    assert order.dtype == np.int64
    np.testing.assert_array_equal(np.sort(order), np.arange(n))


def test_depends_on_seed_and_epoch_and_on_nothing_else(seed):
    base = visiting_order(N, 20, seed, 3)
    np.testing.assert_array_equal(visiting_order(N, 20, seed, 3), base)
    for other in (visiting_order(N, 20, seed + 1, 3), visiting_order(N, 20, seed, 4)):
        assert np.mean(other == base) < 10 / N


def test_seed_and_epoch_are_not_interchangeable():
    orders = [visiting_order(1000, 5, seed, epoch).tobytes() for seed in range(20) for epoch in range(20)]
    assert len(set(orders)) == len(orders)


def test_position_says_nothing_about_the_row(order):
    assert abs(np.corrcoef(np.arange(N), order)[0, 1]) < 5 / np.sqrt(N) * block_inflation(order)


def block_inflation(order):
    """Rows that stay together act as one draw: the standard deviation grows with the root of their number."""
    window = order[: min(len(order), 2048)]
    return np.sqrt(len(window) / len(np.unique(window // 32)))


def test_neighbours_are_seldom_visited_one_after_the_other(order):
    adjacent = np.mean(np.abs(np.diff(order)) == 1)
    assert adjacent < 1 / 25  # a window of 64 blocks: at most one visit in 32 by chance, plus noise


def test_every_tenth_of_the_epoch_draws_from_everywhere(order):
    parts = order.reshape(10, -1)
    counts = np.stack([np.bincount(part * 10 // N, minlength=10) for part in parts])
    expected = N / 100
    assert np.max(np.abs(counts - expected)) < 5 * np.sqrt(expected) * block_inflation(order)


def test_sorted_classes_come_mixed(order):
    """Rows sorted by a binary label: each hundred visits sees about half of each."""
    share = (order < N // 2).reshape(-1, 100).mean(axis=1)
    assert np.all(np.abs(share - 0.5) < 5 * 0.05 * block_inflation(order))
    assert abs(share.std() / 0.05 - 1) < block_inflation(order)


def test_every_row_may_come_first(seed):
    first = [visiting_order(50, 10, seed, epoch)[0] for epoch in range(1000)]
    counts = np.bincount(first, minlength=50)
    assert counts.min() > 0
    assert np.max(np.abs(counts - 20)) < 5 * np.sqrt(20)


def test_pairs_follow_each_other_in_either_order_equally_often(seed):
    before = 0
    for epoch in range(400):
        position = np.argsort(visiting_order(40, 10, seed, epoch))
        before += np.mean(np.triu(position[:, None] < position[None, :], 1)[np.triu_indices(40, 1)])
    assert abs(before / 400 - 0.5) < 5 * np.sqrt(1 / (9 * 40) / 400)


def test_epochs_are_unrelated(seed):
    orders = np.stack([visiting_order(5000, 20, seed, epoch) for epoch in range(6)])
    correlation = np.corrcoef(np.argsort(orders, axis=1)) - np.eye(6)
    assert np.max(np.abs(correlation)) < 5 / np.sqrt(5000) * np.sqrt(32)
