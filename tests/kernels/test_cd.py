# SPDX-License-Identifier: BSD-3-Clause
"""Coordinate descent on a Gram matrix equals the naive reference, and ends at a certified optimum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.cd import gram_cd as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

SIZES = (1, 2, 7, 8, 9, 33)


def quadratic(d, k, seed, *, rank=None, dead=()):
    """A Gram matrix (d, d), its linear term (k, d) and a start (k, d)."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rank or 3 * d + 2, d))
    x[:, list(dead)] = 0.0
    gram = x.T @ x
    return (gram + gram.T) / 2, rng.standard_normal((k, len(x))) @ x, rng.standard_normal((k, d))


def run(gram, target, start, **options):
    coef = start.copy()
    gradient = coef @ gram - target
    sweeps, change = kernels.gram_cd(gram, gradient, coef, **options)
    return coef, gradient, sweeps, change


@given(data=st.data())
def test_matches_reference(isa, data):
    d, k = data.draw(st.sampled_from(SIZES)), data.draw(st.sampled_from((1, 1, 3)))
    dead = data.draw(st.lists(st.integers(0, d - 1), max_size=2, unique=True))
    gram, target, start = quadratic(d, k, data.draw(st.integers(0, 99)), dead=dead)
    some = np.array(data.draw(st.lists(st.integers(0, d - 1), unique=True)), dtype=np.int64)
    factor = np.array(data.draw(st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=d, max_size=d)))
    options = {"l1": data.draw(st.sampled_from((0.0, 1.0, 20.0))), "l2": data.draw(st.sampled_from((0.0, 2.0)))}
    options |= {"penalty_factor": factor, "coordinates": some, "positive": data.draw(st.booleans())}
    coef, gradient, sweeps, change = run(gram, target, start, max_sweeps=3, tol=-1.0, **options)
    want_coef, want_gradient, want_change = reference(gram, target, start, n_sweeps=3, **options)
    room, size = tol(np.float64, 100 * d), np.abs(start).max()
    assert sweeps == 3
    assert_close(coef, want_coef, room, scale=size)
    assert_close(gradient, want_gradient, room, scale=size * np.abs(gram).sum() + np.abs(target).max())
    assert_close(change, want_change, room, scale=size * np.sqrt(gram.trace()))


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("k", [1, 4])
def test_ends_at_the_optimum(isa, k, shuffle):
    """Subgradients of the penalty balance the gradient, also with fewer samples than coordinates."""
    gram, target, start = quadratic(30, k, 5, rank=20)
    l1 = 0.3 * np.sqrt(np.sum(target**2, axis=0)).max()
    coef, gradient, sweeps, change = run(gram, target, start, l1=l1, max_sweeps=20_000, tol=1e-12, shuffle=shuffle)
    assert sweeps < 20_000
    assert change <= 1e-12
    assert_close(gradient, coef @ gram - target, tol(np.float64, sweeps), scale=np.abs(target).max())
    size, moved = np.sqrt(np.sum(coef**2, axis=0)), np.any(coef, axis=0)
    assert 0 < moved.sum() < 30
    assert np.sqrt(np.sum(gradient**2, axis=0)).max() <= l1 * (1 + tol(np.float64, 1e9))
    assert_close(
        gradient[:, moved], -l1 * (coef / np.where(moved, size, 1.0))[:, moved], tol(np.float64, 1e9), scale=l1
    )


def test_positive_keeps_coefficients_above_zero(isa):
    gram, target, start = quadratic(12, 1, 1)
    coef, gradient, _, _ = run(gram, target, np.abs(start), l1=0.5, positive=True, max_sweeps=10_000, tol=1e-13)
    assert coef.min() == 0.0 < coef.max()
    assert (gradient >= -0.5 - tol(np.float64, 1e8)).all()


def test_no_sweep_moves_nothing(isa):
    gram, target, start = quadratic(5, 1, 2)
    coef, _, sweeps, change = run(gram, target, start, l1=1.0, max_sweeps=0)
    assert (sweeps, change) == (0, 0.0)
    assert_same_bytes(coef, start)


def test_random_orders_differ_by_seed_and_epoch(isa):
    gram, target, start = quadratic(20, 1, 3)
    orders = [{"seed": 0}, {"seed": 1}, {"seed": 0, "epoch": 1}]
    ends = [run(gram, target, start, l1=1.0, max_sweeps=1, shuffle=True, **order)[0] for order in orders]
    assert len({end.tobytes() for end in ends}) == 3
    two = run(gram, target, start, l1=1.0, max_sweeps=2, shuffle=True, tol=-1.0)[0]
    coef = ends[0].copy()
    kernels.gram_cd(gram, coef @ gram - target, coef, l1=1.0, max_sweeps=1, shuffle=True, epoch=1)
    assert_close(coef, two, tol(np.float64, 1e4), scale=1.0)


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonfinite_numbers_are_reported(isa, k, bad):
    gram, target, start = quadratic(6, k, 4)
    target[0, 3] = bad
    with pytest.raises(FloatingPointError):
        run(gram, target, start, l1=1.0, max_sweeps=50)


def test_coordinates_outside_are_refused(isa):
    gram, target, start = quadratic(4, 1, 0)
    with pytest.raises(ValueError, match="coordinates"):
        run(gram, target, start, l1=1.0, max_sweeps=1, coordinates=np.array([4]))


def lasso_gap(x, y, coef, l1, l2, *, positive=False):
    """Primal less dual objective of the elastic net, from the data; y (n, k), coef (k, d)."""
    residual = y - x @ coef.T
    size = np.sqrt(np.sum(coef**2, axis=0))
    primal = 0.5 * np.sum(residual**2) + l1 * size.sum() + 0.5 * l2 * np.sum(coef**2)
    slope = residual.T @ x - l2 * coef
    slope = np.maximum(slope, 0.0) if positive else slope
    scale = min(1.0, l1 / np.sqrt(np.sum(slope**2, axis=0)).max())
    dual = scale * np.sum(residual * y) - 0.5 * scale**2 * (np.sum(residual**2) + l2 * np.sum(coef**2))
    return primal - dual


@pytest.mark.parametrize("sweeps", [0, 1, 3, 1000])
@pytest.mark.parametrize(("k", "l2", "positive"), [(1, 0.0, False), (1, 3.0, True), (3, 3.0, False)])
def test_gap_is_that_of_the_data(isa, k, l2, positive, sweeps):
    rng = np.random.default_rng(8)
    x, y = rng.standard_normal((40, 12)), rng.standard_normal((40, k))
    coef = np.zeros((k, 12))
    target, l1, square = y.T @ x, 2.0, np.sum(y**2)
    options = {"l1": l1, "l2": l2, "positive": positive, "max_sweeps": sweeps, "tol": 1e-4}
    done, residual, gap = kernels.gram_cd(x.T @ x, -target, coef, residual=square, gap_tol=1e-10, **options)
    room = tol(np.float64, 1e4)
    assert_close(residual, np.sum((y - x @ coef.T) ** 2), room, scale=square)
    assert_close(gap, lasso_gap(x, y, coef, l1, l2, positive=positive), room, scale=square)
    assert (gap <= 1e-10) == (done < sweeps)


def test_gap_without_penalties_is_the_gradient_and_without_l1_the_conjugates(isa):
    rng = np.random.default_rng(9)
    x, y = rng.standard_normal((40, 5)), rng.standard_normal((40, 1))
    gram, target, square, coef = x.T @ x, y.T @ x, np.sum(y**2), np.zeros((1, 5))
    _, _, gap = kernels.gram_cd(gram, -target, coef, l1=0.0, max_sweeps=0, residual=square)
    assert_close(gap, np.sum(target**2), tol(np.float64, 1e3))
    _, _, gap = kernels.gram_cd(
        gram, -target, coef, l1=0.0, l2=2.0, max_sweeps=1000, tol=1e-9, residual=square, gap_tol=1e-9
    )
    ridge = np.linalg.solve(gram + 2.0 * np.eye(5), target[0])
    assert gap <= 1e-9
    assert_close(coef[0], ridge, tol(np.float64, 1e16), scale=1.0)


def test_a_solution_takes_no_sweep(isa):
    gram, target, start = quadratic(10, 1, 6)
    options = {"l1": 1.0, "max_sweeps": 500, "tol": 1e-4, "gap_tol": 1e-8}
    coef = np.zeros_like(start)
    gradient, square = -target, float(target[0] @ np.linalg.solve(gram, target[0])) + 1.0
    sweeps, residual, _ = kernels.gram_cd(gram, gradient, coef, residual=square, **options)
    assert 0 < sweeps < 500
    assert kernels.gram_cd(gram, gradient, coef, residual=residual, **options)[0] == 0
