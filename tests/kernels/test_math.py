# SPDX-License-Identifier: BSD-3-Clause
"""The vector functions stay within their proven bounds and do the right thing at the edges of the number range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import math as reference
from tolerance import assert_same_bytes, ulps

from schuss import _kernels as kernels

# The bounds that core/math_template.h promises.
MAX_ULPS = {"exp": 1.25, "log": 1.0, "log1p": 1.0, "sigmoid": 2.5, "softplus": 2.0}
# Where one float32 in three over the whole range came out worst: 1.08, 0.75, 0.75, 2.40 and 1.65 ulp.
WORST_FLOAT32 = {"exp": -37.776047, "log": 1.5668193, "log1p": 1.6732752, "sigmoid": -5.542755, "softplus": 0.34242317}
NAMES = tuple(MAX_ULPS)


@pytest.fixture(scope="module", params=NAMES)
def name(request):
    return request.param


def evaluate(name, x, n_threads=1):
    out = np.full_like(x, np.nan)
    kernels.vector_math(name, x, out, n_threads=n_threads)
    return out


def limits(name, dtype):
    """Where the result is a normal number."""
    log_tiny, log_max = np.log(np.finfo(dtype).tiny), np.log(np.finfo(dtype).max)
    return {
        "exp": (log_tiny, log_max),
        "log": (np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max),
        "log1p": (-1 + np.finfo(dtype).epsneg, np.finfo(dtype).max),
        "sigmoid": (log_tiny, 1000.0),
        "softplus": (log_tiny, 1000.0),
    }[name]


def grid(name, dtype):
    """Even steps over the range, steps of every size around zero, and a random cover of both."""
    low, high = limits(name, dtype)
    rng = np.random.default_rng(0)
    even = np.linspace(low, min(high, 1000.0), 40_001)
    powers = np.geomspace(np.finfo(dtype).tiny * 4, min(high, 1e30), 40_001)
    jitter = rng.uniform(low, min(high, 1000.0), 40_000)
    near = rng.standard_normal(20_000)
    parts = [even, powers, -powers, jitter, near, near / 1000, [WORST_FLOAT32[name]]]
    x = np.concatenate(parts).astype(dtype)
    return x[(x > dtype(low)) & (x < dtype(high))]


def test_reference_is_exact(name):
    x = grid(name, np.float64)[::997]
    want = reference.exact(name, x)
    assert np.max(np.abs(reference.FUNCTIONS[name](x) / want - 1)) < np.finfo(np.float64).eps / 500


def test_error_bound_on_a_grid(isa, dtype, name):
    x = grid(name, dtype)
    error = ulps(evaluate(name, x), reference.FUNCTIONS[name](x))
    worst = np.argmax(error)
    assert error[worst] <= MAX_ULPS[name], f"{name}({x[worst]!r}) is {error[worst]:.2f} ulp off"


@given(data=st.data())
def test_error_bound_on_chosen_numbers(isa, dtype, name, data):
    low, high = (float(dtype(v)) for v in limits(name, dtype))
    width = np.finfo(dtype).bits
    numbers = st.floats(low, high, width=width, exclude_min=True, exclude_max=True, allow_subnormal=False)
    x = np.array(data.draw(st.lists(numbers, min_size=1, max_size=20)), dtype=dtype)
    assert np.max(ulps(evaluate(name, x), reference.FUNCTIONS[name](x))) <= MAX_ULPS[name]


SPECIALS = {
    "exp": [(np.inf, np.inf), (-np.inf, 0), (0.0, 1), (-0.0, 1), (1e4, np.inf), (-1e4, 0), (1e30, np.inf)],
    "log": [(np.inf, np.inf), (0.0, -np.inf), (-0.0, -np.inf), (1.0, 0), (-1.0, np.nan), (-np.inf, np.nan)],
    "log1p": [(np.inf, np.inf), (0.0, 0), (-1.0, -np.inf), (1e-30, 1e-30), (-1e-30, -1e-30)],
    "sigmoid": [(np.inf, 1), (-np.inf, 0), (0.0, 0.5), (-0.0, 0.5), (1e4, 1), (-1e4, 0), (1e30, 1)],
    "softplus": [(np.inf, np.inf), (-np.inf, 0), (1e4, 1e4), (-1e4, 0), (1e30, 1e30)],
}


def test_special_values(isa, dtype, name):
    x, want = (np.array(column, dtype=dtype) for column in zip(*SPECIALS[name], strict=True))
    np.testing.assert_array_equal(evaluate(name, np.tile(x, 5)), np.tile(want, 5))


def test_nan_stays_nan(isa, dtype, name):
    x = np.zeros(37, dtype)
    x[[0, 20, 36]] = np.nan
    np.testing.assert_array_equal(np.isnan(evaluate(name, x)), np.isnan(x))


def test_underflow_is_gradual_or_zero(isa, dtype):
    """Below the normal range exp gives a subnormal or zero, never something negative or large."""
    tiny = np.finfo(dtype).tiny
    x = np.linspace(np.log(tiny) - 40, np.log(tiny), 1001).astype(dtype)
    for name in ("exp", "sigmoid", "softplus"):
        result = evaluate(name, x)
        assert ((result >= 0) & (result <= 2 * tiny)).all()


@pytest.mark.parametrize("monotone", NAMES)
def test_order_is_kept(isa, dtype, monotone):
    x = np.sort(grid(monotone, dtype)[::7])
    y = evaluate(monotone, x)
    assert (np.diff(y) >= -2 * np.spacing(np.abs(y[1:]))).all()


def test_in_place_and_thread_count_change_no_bit(isa, dtype, name, n_threads):
    x = np.linspace(-0.9, 20, 50_000).astype(dtype)
    whole = evaluate(name, x)
    assert_same_bytes(evaluate(name, x, n_threads), whole)
    kernels.vector_math(name, x, x)
    assert_same_bytes(x, whole)


@pytest.mark.parametrize("n", [0, 1, 3, 4, 7, 8, 15, 16, 17, 33])
def test_any_length_and_alignment(isa, dtype, name, n):
    x = np.linspace(-0.9, 20, n + 1).astype(dtype)[1:]
    assert np.max(ulps(evaluate(name, x), reference.FUNCTIONS[name](x)), initial=0) <= MAX_ULPS[name]
