# SPDX-License-Identifier: BSD-3-Clause
"""The one place that says how far two numbers may lie apart.

A sum of n rounded terms errs like a random walk: about eps * sqrt(n) times the size of what was summed. Every
comparison with rounding in it takes its tolerance from `tol` and says what size it is relative to (`scale`): the
wanted value itself by default, or the magnitude of the terms where they may cancel.
"""

import numpy as np


def eps(dtype):
    """Distance from 1 to the next number of this dtype."""
    return float(np.finfo(dtype).eps)


def tol(dtype, n=1, c=8.0):
    """Relative tolerance for a result of about n rounded operations; c is the safety factor."""
    return c * eps(dtype) * max(n, 1) ** 0.5


def assert_close(got, want, tolerance, *, scale=0.0):
    """Assert |got - want| <= tolerance * max(|want|, scale), with infinities and NaNs in the same places."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape, f"shapes differ: {got.shape} and {want.shape}"
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    room = tolerance * np.maximum(np.abs(want), scale)
    with np.errstate(invalid="ignore"):
        bad = finite & ~(np.abs(got - want) <= room)
    if bad.any():
        worst = np.unravel_index(np.argmax(np.where(bad, np.abs(got - want) / (room + 1e-300), 0)), bad.shape)
        raise AssertionError(
            f"{bad.sum()} of {bad.size} apart; worst at {worst}: got {got[worst]!r}, want {want[worst]!r}, "
            f"difference {abs(got[worst] - want[worst]):.3g}, allowed {room[worst]:.3g}"
        )


def assert_same_bytes(got, want):
    """Assert that two arrays (or numbers) are the same bit for bit."""
    got, want = np.asarray(got), np.asarray(want)
    assert (got.dtype, got.shape) == (want.dtype, want.shape)
    assert got.tobytes() == want.tobytes(), f"largest difference {np.max(np.abs(got - want)):.3g}"


def ulps(got, want):
    """Error of each element in units of the last place of its own dtype; `want` in a wider dtype."""
    got = np.asarray(got)
    with np.errstate(over="ignore"):
        rounded = np.asarray(want).astype(got.dtype)
    exact = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    with np.errstate(invalid="ignore"):
        apart = np.abs(got.astype(np.longdouble) - want) / np.spacing(np.abs(rounded))
    return np.where(exact, np.minimum(np.nan_to_num(apart.astype(float)), 0.5), apart.astype(float))


def difference_step(dtype):
    """Step of a five-point difference where rounding (eps / h) and truncation (h^4) are alike."""
    return 2.0 ** round(np.log2(eps(dtype)) / 5)


def difference_tol(dtype):
    """What is left of the accuracy in a five-point difference with that step."""
    return 100 * eps(dtype) ** 0.8
