# SPDX-License-Identifier: BSD-3-Clause
"""dual_sweep: one epoch equals the row-by-row reference, many end at a closed duality gap."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from reference.dual import dual_sweep as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

LOSSES = ["hinge", "squared_hinge", "epsilon_insensitive", "squared_epsilon_insensitive"]
STATE = ("dual", "coef", "intercept", "active", "n_active")


class Task:
    """Data, options and the state before an epoch."""

    def __init__(self, n, d, k, dtype, loss, seed, *, sparse=False, epsilon=0.1, square=4.0):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((n, d)).astype(dtype)
        x[rng.random((n, d)) < (0.5 if sparse else 0.0)] = 0.0
        self.x, self.loss, self.k, self.seed = x, loss, k, seed
        self.epsilon, self.square = epsilon if "epsilon" in loss else 0.0, square
        self.y = rng.standard_normal(n) if "epsilon" in loss else np.where(rng.random(n) < 0.5, -1.0, 1.0)
        if k > 1:
            self.y = rng.integers(0, k, n).astype(float)
        self.y = self.y.astype(dtype)
        self.cost = rng.integers(0, 4, n) * 0.25
        self.factors = rng.uniform(0.5, 2.0, (2, k))
        self.table = kernels.Table(sp.csr_array(x) if sparse else x)
        self.start = {
            "dual": np.zeros((k, n)),
            "coef": np.zeros((k, d), dtype),
            "intercept": np.zeros(k),
            "active": np.tile(np.arange(n), (k, 1)),
            "n_active": np.full(k, n),
        }

    def targets(self):
        """(k, n)"""
        return self.y[None] if self.k == 1 else np.where(self.y == np.arange(self.k)[:, None], 1.0, -1.0)

    def costs(self):
        """(k, n)"""
        positive, negative = self.factors[:, :, None]
        return self.cost * np.where(self.targets() > 0, positive, negative)

    def sweep(self, state, epoch=0, bound=None, n_threads=1):
        """Run the kernel in place; returns the violations."""
        return kernels.dual_sweep(
            self.table, self.y, loss=kernels.LOSSES[self.loss], loss_param=self.epsilon, intercept_square=self.square,
            cost=self.cost, positive_cost=self.factors[0].copy(), negative_cost=self.factors[1].copy(),
            square=np.sum(self.x.astype(float) ** 2, axis=1), bound=np.full(self.k, np.inf) if bound is None else bound,
            seed=self.seed, epoch=epoch, n_threads=n_threads, scratch=kernels.Scratch(), **state,
        )  # fmt: skip

    def copy(self):
        return {name: value.copy() for name, value in self.start.items()}

    def orders(self, epoch):
        """In which order each output visits the rows while all are active."""
        orders = np.empty((self.k, self.table.n), np.int64)
        for k, order in enumerate(orders):
            kernels.visiting_order(self.table, order, seed=self.seed + k, epoch=epoch)
        return orders


@given(data=st.data())
@pytest.mark.parametrize("loss", LOSSES)
def test_matches_reference(isa, dtype, loss, data):
    n, d = data.draw(st.sampled_from((1, 2, 9, 40))), data.draw(st.sampled_from((1, 3, 16, 17, 70)))
    k = data.draw(st.sampled_from((1, 3))) if "hinge" in loss else 1
    task = Task(n, d, k, dtype, loss, data.draw(st.integers(0, 99)), sparse=data.draw(st.booleans()),
                square=data.draw(st.sampled_from((0.0, 1.0, 9.0))))  # fmt: skip
    state = task.copy()
    task.sweep(state)
    state |= {"active": task.start["active"].copy(), "n_active": task.start["n_active"].copy()}
    bound, before = np.full(k, data.draw(st.sampled_from((0.3, np.inf)))), {n: v.copy() for n, v in state.items()}
    violation = task.sweep(state, epoch=1, bound=bound)
    want = reference(
        task.x, task.targets(), loss=loss, loss_param=task.epsilon, intercept_square=task.square, cost=task.costs(),
        orders=task.orders(1), bound=bound, **{name: before[name] for name in ("dual", "coef", "intercept")},
    )  # fmt: skip
    size = 1.0 + np.abs(want["coef"]).sum() * np.abs(task.x).max()
    room = tol(dtype, n * d, c=64)
    assume(want["nearest"] > room * size)  # else rounding decides which side of a bound a row is on
    for name in ("dual", "coef", "intercept"):
        assert_close(state[name], want[name].astype(float), room, scale=size)
    assert_close(violation, want["violation"].astype(float), room, scale=size)
    for k, stay in enumerate(want["stay"]):
        assert state["active"][k][: state["n_active"][k]].tolist() == np.flatnonzero(stay).tolist()


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("loss", LOSSES)
def test_epochs_close_the_duality_gap(isa, loss, sparse):
    task = Task(60, 25, 1, np.float64, loss, 3, sparse=sparse)
    state = task.copy()
    for epoch in range(4000):
        violation = task.sweep(state, epoch)
    assert violation[0] < 1e-9
    dual, coef = state["dual"][0], state["coef"][0]
    assert_close(coef, dual @ task.x, 1e-11, scale=1.0)
    assert_close(state["intercept"], [task.square * dual.sum()], 1e-11, scale=1.0)
    y, cost, z = task.y, task.costs()[0], task.x @ coef + state["intercept"][0]
    loss_of = np.maximum(0, 1 - y * z) if "hinge" in loss else np.maximum(0, np.abs(y - z) - task.epsilon)
    squared, used = loss.startswith("squared"), cost > 0
    square = coef @ coef + state["intercept"][0] ** 2 / task.square
    primal = square / 2 + cost @ (loss_of**2 if squared else loss_of)
    ridge = np.sum(dual[used] ** 2 / cost[used]) / 4 if squared else 0.0
    dual_value = y @ dual - square / 2 - ridge - task.epsilon * np.abs(dual).sum()
    assert 0 <= primal - dual_value + 1e-12 * primal <= 1e-8 * primal


@pytest.mark.parametrize("sparse", [False, True])
def test_thread_count_changes_no_bit(isa, dtype, n_threads, sparse):
    task = Task(500, 30, 5, dtype, "hinge", 1, sparse=sparse)
    alone, together = task.copy(), task.copy()
    for epoch in range(3):
        bound = np.full(5, 0.5)
        violations = task.sweep(alone, epoch, bound), task.sweep(together, epoch, bound, n_threads)
        assert_same_bytes(*violations)
    for name in STATE:
        assert_same_bytes(together[name], alone[name])


def test_nan_is_not_swallowed(isa, dtype):
    task = Task(20, 4, 1, dtype, "hinge", 0)
    task.cost[:] = 1.0
    task.x[7, 2] = np.nan
    with pytest.raises(FloatingPointError):
        task.sweep(task.copy())
