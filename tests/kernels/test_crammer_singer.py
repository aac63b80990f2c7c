# SPDX-License-Identifier: BSD-3-Clause
"""crammer_singer_sweep: one epoch equals the row-by-row reference, many end at a closed duality gap."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from reference.dual import crammer_singer_sweep as reference
from reference.dual import on_simplex
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels


class Task:
    """Data, options and the state before an epoch."""

    def __init__(self, n, d, k, dtype, seed, *, sparse=False, square=4.0):
        rng = np.random.default_rng(seed)
        self.x = rng.standard_normal((n, d)).astype(dtype)
        self.x[rng.random((n, d)) < (0.5 if sparse else 0.0)] = 0.0
        self.k, self.seed, self.square = k, seed, square
        self.y = rng.integers(0, k, n).astype(dtype)
        self.cost = rng.integers(0, 4, n) * 0.25
        self.own = np.arange(n), self.y.astype(int)
        self.table = kernels.Table(sp.csr_array(self.x) if sparse else self.x)
        dual = np.zeros((n, k))
        dual[self.own] = self.cost
        self.start = {
            "dual": dual,
            "coef": np.zeros((k, d), dtype),
            "intercept": np.zeros(k),
            "active": np.arange(n),
            "n_active": np.array([n]),
        }

    def sweep(self, state, epoch=0, bound=np.inf, n_threads=1):
        """Run the kernel in place; returns the violation."""
        return kernels.crammer_singer_sweep(
            self.table, self.y, intercept_square=self.square, cost=self.cost,
            square=np.sum(self.x.astype(float) ** 2, axis=1), bound=bound, seed=self.seed, epoch=epoch,
            n_threads=n_threads, scratch=kernels.Scratch(), **state,
        )  # fmt: skip

    def copy(self):
        return {name: value.copy() for name, value in self.start.items()}

    def order(self, epoch):
        order = np.empty(self.table.n, np.int64)
        kernels.visiting_order(self.table, order, seed=self.seed, epoch=epoch)
        return order


@given(data=st.data())
def test_matches_reference(isa, dtype, data):
    n, d = data.draw(st.sampled_from((1, 2, 9, 40))), data.draw(st.sampled_from((1, 3, 16, 17, 70)))
    k, square = data.draw(st.sampled_from((2, 3, 8, 17, 33))), data.draw(st.sampled_from((0.0, 1.0, 9.0)))
    task = Task(n, d, k, dtype, data.draw(st.integers(0, 99)), sparse=data.draw(st.booleans()), square=square)
    state = task.copy()
    task.sweep(state)
    state |= {"active": task.start["active"].copy(), "n_active": task.start["n_active"].copy()}
    bound, before = data.draw(st.sampled_from((0.3, np.inf))), {n: v.copy() for n, v in state.items()}
    violation = task.sweep(state, 1, bound)
    want = reference(
        task.x, task.y, intercept_square=task.square, cost=task.cost, order=task.order(1), bound=bound,
        **{name: before[name] for name in ("dual", "coef", "intercept")},
    )  # fmt: skip
    size = 1.0 + np.abs(want["coef"]).sum() * np.abs(task.x).max()
    room = tol(dtype, n * d, c=64)
    assume(want["nearest"] > room * size)  # else rounding decides whether a row rests, or leaves
    for name in ("coef", "intercept"):
        assert_close(state[name], want[name].astype(float), room, scale=size)
    assert_close(violation, float(want["violation"]), room, scale=size)
    lengths = np.sum(task.x.astype(float) ** 2, axis=1) + task.square
    some = lengths > 1e-3  # of rows without length the dual says nothing
    assert_close(state["dual"][some], want["dual"][some].astype(float), room, scale=1e3 * size)
    assert state["active"][: state["n_active"][0]].tolist() == np.flatnonzero(want["stay"]).tolist()


@pytest.mark.parametrize("square", [0.0, 4.0])
@pytest.mark.parametrize("sparse", [False, True])
def test_epochs_close_the_duality_gap(isa, sparse, square):
    task = Task(60, 25, 4, np.float64, 3, sparse=sparse, square=square)
    task.x[:3], task.cost[:3] = 0.0, 1.0  # without length
    task.table = kernels.Table(sp.csr_array(task.x) if sparse else task.x)
    task.start["dual"][task.own] = task.cost
    state = task.copy()
    for epoch in range(4000):
        violation = task.sweep(state, epoch)
    assert violation < 1e-9
    dual, coef, intercept = state["dual"], state["coef"], state["intercept"]
    assert (dual >= 0.0).all()
    assert_close(dual.sum(axis=1), task.cost, 1e-13, scale=1.0)
    pull = -dual
    pull[task.own] += task.cost
    assert_close(coef, pull.T @ task.x, 1e-11, scale=1.0)
    assert_close(intercept, square * pull.sum(axis=0), 1e-11, scale=1.0)
    wants = task.x @ coef.T + intercept + (np.arange(4) != task.y[:, None])
    loss = wants.max(axis=1) - wants[task.own]
    penalty = 0.5 * np.sum(coef**2) + (0.5 * np.sum(intercept**2) / square if square else 0.0)
    gap = task.cost @ loss + 2.0 * penalty - (dual.sum() - dual[task.own].sum())
    assert 0 <= gap + 1e-12 <= 1e-8 * (task.cost @ loss + penalty)


@pytest.mark.parametrize("sparse", [False, True])
def test_thread_count_changes_no_bit(isa, dtype, n_threads, sparse):
    task = Task(500, 30, 5, dtype, 1, sparse=sparse)
    alone, together = task.copy(), task.copy()
    for epoch in range(3):
        assert task.sweep(alone, epoch, 0.5) == task.sweep(together, epoch, 0.5, n_threads)
    for name, value in alone.items():
        assert_same_bytes(together[name], value)


def test_nan_is_not_swallowed(isa, dtype):
    task = Task(20, 4, 3, dtype, 0)
    task.x[7, 2] = np.nan
    with pytest.raises(FloatingPointError):
        task.sweep(task.copy())


def test_the_reference_projects_on_the_simplex(rng):
    point = rng.standard_normal(6)
    near = on_simplex(point, 2.0)
    assert near.min() >= 0.0
    assert_close(near.sum(), 2.0, 1e-14)
    others = rng.dirichlet(np.ones(6), 200) * 2.0
    assert (np.sum((others - near) * (point - near), axis=1) <= 1e-12).all()
