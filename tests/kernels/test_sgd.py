# SPDX-License-Identifier: BSD-3-Clause
"""sgd_sweep: one epoch equals the row-by-row reference under every option."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from reference.loss import FAMILIES
from sgd_cases import arguments, check, fresh_state, run_kernel, run_reference, targets
from strategies import SIZES, Problem, problems, sgd_options
from tolerance import assert_same_bytes, tol

from schuss import _kernels as kernels

POINTWISE = sorted(set(kernels.LOSSES) - {"softmax"} - FAMILIES)
PLAIN = {
    "schedule": "constant", "rate": 0.05, "power_t": 0.5, "optimal_init": 1.0, "t": 1.0, "l1": 0.0, "l2": 1e-3,
    "fit_intercept": True, "intercept_decay": 1.0, "average_start": 0, "batch_size": 1, "shuffle": True, "seed": 3,
    "epoch": 0, "class_weights": False, "subset_of_rows": False,
}  # fmt: skip


@pytest.fixture(scope="module", params=POINTWISE)
def loss(request):
    return request.param


def compare(p, shared, **how):
    want, nearest_kink = run_reference(p, shared, sparse=how.get("sparse", False))
    assume(nearest_kink > tol(p.x.dtype, p.x.size))  # else rounding decides which side of a jump a row is on
    check(run_kernel(p, shared, **how), want, p, shared["active"])


@given(data=st.data())
def test_matches_reference(isa, dtype, loss, data):
    p = data.draw(problems(targets=targets(loss))).cast(dtype)
    compare(p, arguments(p, loss, data.draw(sgd_options())))


@given(data=st.data())
def test_sparse_matches_reference(isa, dtype, loss, data):
    p = data.draw(problems(targets=targets(loss))).cast(dtype)
    index_dtype = data.draw(st.sampled_from((np.int32, np.int64)))
    compare(p, arguments(p, loss, data.draw(sgd_options())), sparse=True, index_dtype=index_dtype)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_sparse_entries_may_repeat_in_any_order(isa, dtype, k, batch_size):
    p = everyday(50, 9, dtype, k)
    shared = plain(p, l1=0.1, batch_size=batch_size)
    want, _ = run_reference(p, shared, sparse=True)
    check(run_kernel(p, shared, sparse=True, halved=True), want, p)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("sparse", [False, True])
def test_average_of_weights_that_pay_l1(isa, dtype, k, sparse):
    """What L1 takes off a weight now must not change what the average remembers of earlier steps."""
    p = everyday(40, 7, dtype, k)
    shared = plain(p, l1=0.2, average_start=5)
    want, _ = run_reference(p, shared, sparse=sparse)
    check(run_kernel(p, shared, sparse=sparse), want, p)


@given(data=st.data())
def test_one_vs_all_matches_reference(isa, dtype, data):
    loss = data.draw(st.sampled_from(("logistic", "hinge", "modified_huber", "squared_hinge")))
    k = data.draw(st.sampled_from((2, 3, 4, 8, 10, 17)))
    p = data.draw(problems(targets="class", n_outputs=k)).cast(dtype)
    compare(p, arguments(p, loss, data.draw(sgd_options())), sparse=data.draw(st.booleans()))


@given(data=st.data())
def test_passive_aggressive_matches_reference(isa, dtype, data):
    loss = data.draw(st.sampled_from(("hinge", "epsilon_insensitive")))
    p = data.draw(problems(targets=targets(loss))).cast(dtype)
    options = data.draw(sgd_options(schedules=("pa1", "pa2"))) | {"l1": 0.0, "l2": 0.0, "batch_size": 1}
    compare(p, arguments(p, loss, options), sparse=data.draw(st.booleans()))


@pytest.mark.parametrize("d", SIZES)
@pytest.mark.parametrize("n", SIZES)
def test_edge_sizes(isa, dtype, n, d):
    p = everyday(n, d, dtype)
    for sparse in (False, True):
        want, _ = run_reference(p, plain(p), sparse=sparse)
        check(run_kernel(p, plain(p), sparse=sparse), want, p)


def everyday(n, d, dtype, k=1, kind="01", seed=0):
    """A problem without surprises."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d))
    y = rng.integers(0, max(k, 2), n).astype(float)
    coef, intercept = rng.standard_normal((k, d)) / 10, rng.standard_normal(k)
    return Problem(x, 2 * y - 1 if kind == "pm1" else y, coef, intercept, None, "contiguous", (), seed).cast(dtype)


def plain(p, loss="logistic", **options):
    return arguments(p, loss, PLAIN | options, average_anyway=True) | {"active": np.ones(len(p.coef), np.uint8)}


def same_states(got, want):
    assert got.keys() == want.keys()
    for name in got:
        assert_same_bytes(got[name], want[name])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("batch_size", [1, 32])
@pytest.mark.parametrize("k", [1, 10])
def test_thread_count_changes_no_bit(isa, dtype, n_threads, k, batch_size, sparse):
    p = everyday(3000, 60, dtype, k)
    shared = plain(p, batch_size=batch_size, l1=1e-4, average_start=10)
    same_states(run_kernel(p, shared, sparse=sparse, n_threads=n_threads), run_kernel(p, shared, sparse=sparse))


def test_same_call_gives_the_same_bits(isa, dtype):
    p = everyday(500, 17, dtype)
    same_states(run_kernel(p, plain(p)), run_kernel(p, plain(p)))


@pytest.mark.parametrize("loss", ["logistic", "hinge"])
def test_each_output_is_the_binary_problem(isa, dtype, loss):
    p = everyday(400, 12, dtype, k=4)
    together = run_kernel(p, plain(p, loss, l1=1e-4, average_start=20))
    low = 0 if loss == "logistic" else -1
    for output in range(4):
        y = np.where(p.y == output, 1, low).astype(dtype)
        fields = {"y": y, "coef": p.coef[[output]], "intercept": p.intercept[[output]]}
        binary = type(p)(**{**p.__dict__, **fields})
        eta = plain(p)["eta"][[output]]
        alone = run_kernel(binary, plain(binary, loss, l1=1e-4, average_start=20) | {"eta": eta})
        want = {name: value[[output]] for name, value in together.items()}
        check(alone, want, binary)


@pytest.mark.parametrize("k", [1, 3])
def test_batches_do_not_end_early(isa, dtype, k):
    """A batch holds batch_size rows wherever it falls in the epoch, however wide the rows are."""
    p = everyday(300, 600, dtype, k)
    shared = plain(p, batch_size=128, l2=0.0)
    want, _ = run_reference(p, shared)
    check(run_kernel(p, shared), want, p)


@pytest.mark.parametrize("batch_size", [7, 64])
@pytest.mark.parametrize("k", [1, 3])
def test_average_stays_an_average_when_epochs_end_in_short_batches(isa, dtype, k, batch_size):
    p = everyday(20, 5, dtype, k)
    shared = plain(p, batch_size=batch_size, average_start=1)
    state, kept = fresh_state(p), fresh_state(p)
    for epoch in range(4):
        now = shared | {"epoch": epoch, "t": 1.0 + 20 * epoch}
        got = run_kernel(p, now, state=state)
        want, _ = run_reference(p, now, state=kept)
        kept = {name: want[name] for name in state}
    check(got, want, p)


def test_inactive_outputs_are_left_alone(isa, dtype):
    p = everyday(300, 9, dtype, k=5)
    active = np.array([1, 0, 1, 0, 0], np.uint8)
    everyone = run_kernel(p, plain(p, average_start=1))
    some = run_kernel(p, plain(p, average_start=1) | {"active": active})
    start = fresh_state(p)
    for name in ("coef", "intercept", "average_coef", "average_intercept"):
        assert_same_bytes(some[name][active == 0], start[name][active == 0])
        assert np.any(some[name][active == 1] != start[name][active == 1])
    check({n: v[active == 1] for n, v in some.items()}, {n: v[active == 1] for n, v in everyone.items()}, p)


def test_penalty_that_is_due_carries_over_to_the_next_epoch(isa, dtype):
    """Two epochs in one state equal the reference's two: t, l1_total and l1_applied go on where they stood."""
    p = everyday(60, 7, dtype)
    shared = plain(p, l1=0.05)
    state = fresh_state(p)
    first, _ = run_reference(p, shared, state=state)
    run_kernel(p, shared, state=state)
    later = shared | {"t": 61.0, "epoch": 1}
    kept = {name: first[name] for name in state}
    second, _ = run_reference(p, later, state=kept)
    check(run_kernel(p, later, state=state), second, p)


def test_zero_rate_of_decay_leaves_no_weight_behind(isa, dtype):
    """A decay beyond all bounds sets the weights to zero instead of flipping their sign."""
    p = everyday(50, 8, dtype)
    shared = plain(p, l2=1e12)
    want, _ = run_reference(p, shared)
    got = run_kernel(p, shared)
    check(got, want, p)


def test_l1_makes_exact_zeros(isa, dtype):
    p = everyday(400, 20, dtype)
    assert (run_kernel(p, plain(p, l1=2.0, l2=0.0))["coef"] == 0).sum() >= 10


@pytest.mark.parametrize("name", ["perceptron", "hinge"])
def test_learns_from_zero_parameters(isa, dtype, name):
    """At a margin of exactly zero the perceptron has to move, or it never would."""
    p = everyday(40, 6, dtype, kind="pm1")
    zero = type(p)(**{**p.__dict__, "coef": np.zeros_like(p.coef), "intercept": np.zeros_like(p.intercept)})
    want, _ = run_reference(zero, plain(zero, name))
    got = run_kernel(zero, plain(zero, name))
    assert np.any(got["coef"])
    check(got, want, zero)


def test_gradients_are_clipped(isa, dtype):
    p = everyday(1, 3, dtype)
    huge = type(p)(**{**p.__dict__, "y": np.full(1, 1e15, dtype)})
    shared = plain(huge, "squared", l2=0.0)
    want, _ = run_reference(huge, shared)
    got = run_kernel(huge, shared)
    assert np.max(np.abs(got["intercept"])) < 1e12
    check(got, want, huge)


def test_rows_not_listed_are_not_read(isa, dtype):
    p = everyday(100, 9, dtype)
    shared, rows = plain(p), np.arange(0, 100, 2)
    kept = type(p)(**{**p.__dict__, "x": p.x[rows].copy(), "y": p.y[rows]})
    p.x[1::2] = np.nan
    same_states(run_kernel(p, shared | {"rows": rows}), run_kernel(kept, shared))


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonfinite_parameters_are_reported(isa, dtype, bad, sparse):
    p = everyday(50, 6, dtype)
    shared = plain(p, "squared")
    p.x[25, 3] = bad
    with pytest.raises(FloatingPointError, match="infinite or NaN"):
        run_kernel(p, shared, sparse=sparse)


def test_divergence_is_reported(isa, dtype):
    p = everyday(200, 6, dtype)
    state = fresh_state(p, average=False)
    with pytest.raises(FloatingPointError, match="infinite or NaN"):
        run_kernel(p, plain(p, "squared", l2=0.0) | {"eta": np.array([1e300])}, state=state)
