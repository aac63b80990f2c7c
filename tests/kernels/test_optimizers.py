# SPDX-License-Identifier: BSD-3-Clause
"""sgd_sweep with an optimiser, clipped gradients or the softmax loss: one epoch equals the naive reference."""

import numpy as np
import pytest
import scipy.sparse as sp
from reference import optimizers as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

OPTIMIZERS = sorted(kernels.OPTIMIZERS)
NUMBERS = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9},
    "adagrad": {"damping": 1e-3},
    "rmsprop": {"memory": 0.9, "damping": 1e-3},
    "adam": {"momentum": 0.9, "memory": 0.99, "damping": 1e-3},
    "adamw": {"momentum": 0.9, "memory": 0.99, "damping": 1e-3},
    "ftrl": {"damping": 1.0},
}
STATE = ("coef", "intercept", "first", "second", "average_coef", "average_intercept")
OPTIONS = {
    "plain": {},
    "batches": {"batch_size": 7},
    "penalties": {"l1": 0.02, "l2": 0.05},
    "penalised batches": {"l1": 0.02, "l2": 0.05, "batch_size": 4},
    "clipped": {"clip_norm": 0.3, "clip_value": 0.2},
    "averaged": {"average_start": 5, "l1": 0.02, "batch_size": 3},
    "no intercept": {"fit_intercept": False, "batch_size": 3},
    "damped intercept": {"intercept_decay": 0.01, "intercept_slope": 0.3, "l2": 0.1},
    "later": {"t": 41.0, "steps": 20.0, "average_start": 1, "batch_size": 2},
}


def make(n, d, k, dtype, *, seed=0, kind="class"):
    """A problem whose table is mostly zeros, and a state in the middle of training."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) * (rng.random((n, d)) < 0.4)
    y = rng.integers(0, max(k, 2), n) if kind == "class" else rng.standard_normal(n)
    return x.astype(dtype), y.astype(dtype), rng.random(n).astype(dtype)


def fresh(d, k, dtype, optimizer, *, average, seed=1):
    rng = np.random.default_rng(seed)
    state = {"coef": rng.standard_normal((k, d)) / 5, "intercept": rng.standard_normal(k) / 5}
    if optimizer in reference.FIRST:
        state["first"] = rng.standard_normal((k, d + 1)) / 5
    if optimizer in reference.ADAPTIVE:
        state["second"] = rng.random((k, d + 1))
    if average:
        state |= {"average_coef": rng.standard_normal((k, d)), "average_intercept": rng.standard_normal(k)}
    return {name: value.astype(dtype) for name, value in state.items()}


def sweep(x, y, state, *, optimizer, loss, schedule="constant", n_threads=1, **options):
    """The kernel on a copy of the state."""
    got = {name: value.copy() for name, value in state.items()}
    sums = kernels.sgd_sweep(
        kernels.Table(x), y, **got, loss=kernels.LOSSES[loss], optimizer=kernels.OPTIMIZERS[optimizer],
        schedule=kernels.SCHEDULES[schedule], n_threads=n_threads, scratch=kernels.Scratch(),
        **NUMBERS[optimizer] | options,
    )  # fmt: skip
    return got | {"loss_sum": sums}


def naive(x, y, state, *, optimizer, loss, **options):
    dense = x.toarray() if sp.issparse(x) else x
    stored = dense != 0 if sp.issparse(x) else None
    options = {name: value for name, value in options.items() if name not in ("shuffle", "seed", "epoch")}
    return vars(
        reference.sgd_sweep(
            dense, y, **state, loss=loss, optimizer=optimizer, stored=stored, **NUMBERS[optimizer] | options
        )
    )


def compare(x, y, state, **options):
    want = naive(x, y, state, order=np.arange(len(y)), **options)
    check(sweep(x, y, state, shuffle=False, **options), want, x)


def check(got, want, x):
    room = 4 * tol(x.dtype, x.shape[0] * x.shape[1])
    for name in (*STATE, "loss_sum"):
        if name in got:
            assert_close(got[name], want[name], room, scale=1 + np.abs(want[name]).max(initial=0))


@pytest.fixture(params=[False, True], ids=["dense", "csr"])
def sparse(request):
    return request.param


def table(x, sparse):
    return sp.csr_matrix(x) if sparse else x


# Outputs: one, fewer and more than a register or a group has lanes.
FORMS = [(1, "logistic"), (3, "softmax"), (18, "logistic"), (1, "squared"), (19, "softmax"), (3, "hinge")]
_wanted = {}  # the reference takes its time; every instruction set has to meet the same


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_epoch_is_the_reference(isa, dtype, optimizer, sparse, option):
    """Every optimiser with every option; which of the forms is met then goes round."""
    k, loss = FORMS[(OPTIMIZERS.index(optimizer) + list(OPTIONS).index(option) + sparse) % len(FORMS)]
    options = OPTIONS[option]
    if optimizer == "sgd" and loss != "softmax" and "clip_norm" not in options:
        options = options | {"clip_norm": 1e6}  # without anything special, the plain form runs
    x, y, weight = make(30, 37, k, dtype, kind="real" if loss == "squared" else "class")
    rng = np.random.default_rng(2)
    options = options | {
        "optimizer": optimizer,
        "loss": loss,
        "eta": np.full(k, 0.05) if loss == "softmax" else 0.05 * (1 + np.arange(k) / k),
        "sample_weight": weight,
        "positive_weight": rng.random(k) + 0.5,
        "negative_weight": rng.random(k) + 0.5,
    }
    state = fresh(37, k, dtype, optimizer, average="average_start" in options)
    key = (dtype, optimizer, sparse, option)
    if key not in _wanted:
        _wanted[key] = naive(table(x, sparse), y, state, order=np.arange(30), **options)
    check(sweep(table(x, sparse), y, state, shuffle=False, **options), _wanted[key], x)


@pytest.mark.parametrize("optimizer", ["adagrad", "adam", "ftrl"])
@pytest.mark.parametrize("d", [1, 2, 15, 16, 17, 33])
@pytest.mark.parametrize("n", [1, 2, 9])
def test_edge_sizes(isa, dtype, optimizer, n, d, sparse):
    x, y, _ = make(n, d, 1, dtype)
    compare(table(x, sparse), y, fresh(d, 1, dtype, optimizer, average=False), optimizer=optimizer, loss="logistic",
            eta=np.full(1, 0.1), batch_size=4)  # fmt: skip


@pytest.mark.parametrize("warmup", [0.0, 13.0])
@pytest.mark.parametrize("schedule", ["cosine", "one_cycle", "invscaling", "constant"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("t", [1.0, 31.0, 300.0])
def test_schedules(isa, dtype, optimizer, schedule, warmup, t):
    """`sgd` here takes the plain form, which has to follow them as well."""
    x, y, _ = make(40, 9, 1, dtype)
    compare(x, y, fresh(9, 1, dtype, optimizer, average=False), optimizer=optimizer, loss="logistic",
            eta=np.full(1, 0.1), schedule=schedule, warmup=warmup, horizon=100.0, t=t)  # fmt: skip


def test_softmax_of_two_classes_is_logistic(isa, dtype):
    x, y, _ = make(60, 11, 2, dtype)
    both = sweep(x, y, {"coef": np.zeros((2, 11), dtype), "intercept": np.zeros(2, dtype)}, optimizer="sgd",
                 loss="softmax", eta=np.full(2, 0.05))  # fmt: skip
    one = sweep(x, y, {"coef": np.zeros((1, 11), dtype), "intercept": np.zeros(1, dtype)}, optimizer="sgd",
                loss="logistic", eta=np.full(1, 0.1))  # fmt: skip
    room = tol(dtype, 600)
    assert_close(both["coef"][1] - both["coef"][0], one["coef"][0], room, scale=1.0)
    assert_close(both["loss_sum"][0], one["loss_sum"][0], room, scale=60.0)


@pytest.mark.parametrize("index_dtype", [np.int32, np.int64])
def test_entries_may_repeat_in_any_order(isa, dtype, index_dtype):
    x, y, _ = make(30, 9, 3, dtype)
    tidy = sp.csr_matrix(x)
    rows = [np.tile(np.flatnonzero(row)[::-1], 2) for row in x]
    untidy = sp.csr_matrix(
        (np.concatenate([x[i, row] / 2 for i, row in enumerate(rows)]).astype(dtype),
         np.concatenate(rows).astype(index_dtype), np.cumsum([0] + [len(row) for row in rows]).astype(index_dtype)),
        shape=x.shape,
    )  # fmt: skip
    for optimizer in ("adagrad", "ftrl"):
        state = fresh(9, 3, dtype, optimizer, average=False)
        shared = {"optimizer": optimizer, "loss": "softmax", "eta": np.full(3, 0.1), "batch_size": 4, "l1": 0.01}
        got, want = (sweep(matrix, y, state, shuffle=False, **shared) for matrix in (untidy, tidy))
        for name in got:
            assert_close(got[name], want[name], 8 * tol(dtype, 300), scale=1 + np.abs(want[name]).max())


@pytest.mark.parametrize("loss", ["hinge", "softmax"])
def test_thread_count_changes_no_bit(isa, dtype, n_threads, loss, sparse):
    x, y, _ = make(600, 60, 40, dtype)
    state = fresh(60, 40, dtype, "adam", average=True)
    shared = {"optimizer": "adam", "loss": loss, "eta": np.full(40, 0.01), "average_start": 3, "batch_size": 8}
    got = sweep(table(x, sparse), y, state, n_threads=n_threads, **shared)
    want = sweep(table(x, sparse), y, state, **shared)
    for name in want:
        assert_same_bytes(got[name], want[name])


def test_rows_are_visited_in_the_same_order_as_without_an_optimiser(isa, dtype):
    x, y, _ = make(100, 5, 1, dtype)
    order = np.empty(100, np.int64)
    kernels.visiting_order(kernels.Table(x), order, seed=5, epoch=3)
    state = fresh(5, 1, dtype, "adagrad", average=False)
    shared = {"optimizer": "adagrad", "loss": "logistic", "eta": np.full(1, 0.1)}
    got, want = sweep(x, y, state, seed=5, epoch=3, **shared), naive(x, y, state, order=order, **shared)
    assert_close(got["coef"], want["coef"], tol(dtype, 500), scale=1.0)


def test_inactive_outputs_are_left_alone(isa, dtype):
    x, y, _ = make(80, 6, 4, dtype)
    state = fresh(6, 4, dtype, "adam", average=False)
    active = np.array([1, 0, 1, 0], np.uint8)
    got = sweep(x, y, state, optimizer="adam", loss="hinge", eta=np.full(4, 0.1), active=active)
    for name, before in state.items():
        assert_same_bytes(got[name][active == 0], before[active == 0])
        assert np.any(got[name][active == 1] != before[active == 1])


def test_l1_of_ftrl_makes_zeros_and_weighs_like_that_of_a_mean_loss(isa, dtype):
    """The objective's minimum has the zeros; an L1 of fixed size would fade as rows pass by."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4000, 12)).astype(dtype)
    y = (x[:, 0] - x[:, 1] + 0.3 * rng.standard_normal(4000) > 0).astype(dtype)
    state = {
        "coef": np.zeros((1, 12)),
        "intercept": np.zeros(1),
        "first": np.zeros((1, 13)),
        "second": np.zeros((1, 13)),
    }
    state = {name: value.astype(dtype) for name, value in state.items()}
    got = sweep(x, y, state, optimizer="ftrl", loss="logistic", eta=np.full(1, 0.5), l1=0.05)
    assert np.all(got["coef"][0, :2] != 0)
    assert np.sum(got["coef"][0, 2:] == 0) >= 8


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_nonfinite_parameters_are_reported(isa, dtype, optimizer, sparse):
    x, y, _ = make(40, 6, 1, dtype)
    x[20, 3] = np.nan
    with pytest.raises(FloatingPointError, match="infinite or NaN"):
        sweep(table(x, sparse), y, fresh(6, 1, dtype, optimizer, average=False), optimizer=optimizer, loss="logistic",
              eta=np.full(1, 0.1), clip_norm=1e6)  # fmt: skip


def test_what_cannot_go_together_is_refused():
    x, y, _ = make(10, 3, 1, np.float64)
    state = {"coef": np.zeros((1, 3)), "intercept": np.zeros(1)}
    with pytest.raises(ValueError, match="optimizer: expected its state"):
        sweep(x, y, state, optimizer="adam", loss="hinge", eta=np.ones(1))
    with pytest.raises(SystemError):
        sweep(x, y, state, optimizer="sgd", loss="hinge", eta=np.ones(1), schedule="pa1", clip_norm=1.0)
    with pytest.raises(SystemError):
        sweep(x, y, state, optimizer="sgd", loss="softmax", eta=np.ones(1))
