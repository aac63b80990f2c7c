# SPDX-License-Identifier: BSD-3-Clause
"""Binning: bounds and bins equal the reference's; bounds do not depend on the order of rows, weights are copies."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from reference import bin as reference
from tolerance import assert_same_bytes

from schuss import _kernels as kernels

LAYOUTS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3],
    "csc32": sp.csc_array,
    "csc64": lambda x: with_wide_indices(sp.csc_array(x)),
}
KINDS = (
    "normal",
    "integers",
    "zeros",
    "one_value",
    "wide",
    "missing",
    "all_missing",
    "infinite",
    "two_heavy",
    "signed",
)


def with_wide_indices(x):
    x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
    return x


def column(kind, n, rng):
    x = rng.standard_normal(n)
    if kind == "integers":
        return rng.integers(-4, 300, n).astype(float)
    if kind == "zeros":
        return np.where(rng.random(n) < 0.9, 0.0, x)
    if kind == "one_value":
        return np.full(n, x[0])
    if kind == "wide":
        return np.exp(30 * x)
    if kind == "missing":
        return np.where(rng.random(n) < 0.3, np.nan, x)
    if kind == "all_missing":
        return np.full(n, np.nan)
    if kind == "infinite":
        return np.where(rng.random(n) < 0.2, np.copysign(np.inf, x), x)
    if kind == "two_heavy":
        return np.where(rng.random(n) < 0.4, -0.5, np.where(rng.random(n) < 0.3, 0.25, np.round(x, 2)))
    if kind == "signed":
        return np.where(rng.random(n) < 0.5, np.copysign(0.0, x), x)
    return x


def table(n, d, dtype, rng):
    with np.errstate(over="ignore"):
        return np.column_stack([column(KINDS[rng.integers(len(KINDS))], n, rng) for _ in range(d)]).astype(dtype)


def bounds_of(x, **options):
    """Kernel's bounds as a list for each column, and which columns miss values."""
    bounds, n_bounds, missing = kernels.bin_bounds(kernels.Columns(x), **options)
    return [row[:m].tolist() for row, m in zip(bounds, n_bounds, strict=True)], missing.tolist()


def padded(bounds, dtype):
    rows = np.full((len(bounds), 256), np.inf, dtype)
    for row, values in zip(rows, bounds, strict=True):
        row[: len(values)] = values
    return rows


def binned(x, bounds, *, categorical=None, codes=None, by_tile=True, n_threads=1):
    n, d = x.shape
    n_bins = np.array([len(b) + 1 for b in bounds], np.int32)
    categorical = np.zeros(d, np.uint8) if categorical is None else categorical
    out = kernels.Binned(n, n_bins, np.zeros(d, np.uint8), categorical, by_tile=by_tile)
    kernels.bin_table(kernels.Columns(x), padded(bounds, x.dtype), out, codes=codes, n_threads=n_threads)
    return out


@given(data=st.data())
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bounds_match_reference(isa, dtype, layout, data):
    n, d = data.draw(st.sampled_from((1, 2, 17, 300, 900))), data.draw(st.sampled_from((1, 3)))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    x = table(n, d, dtype, rng)
    weight = rng.integers(0, 4, n) if data.draw(st.booleans()) else None
    max_bins = data.draw(st.sampled_from((2, 3, 16, 255)))
    got = bounds_of(LAYOUTS[layout](x), weight=weight, max_bins=max_bins)
    wanted, missing = reference.bin_bounds(x, weight, max_bins)
    assert got[0] == wanted
    assert got[1] == missing


def test_many_rows_match_reference(dtype, rng):
    x = np.column_stack([column(kind, 20_001, rng) for kind in ("normal", "zeros", "integers")]).astype(dtype)
    assert bounds_of(x)[0] == reference.bin_bounds(x, None, 255)[0]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_left_out_are_as_if_they_were_not_there(isa, dtype, layout, rng):
    for n in (40, 3000):
        x, rows = table(n, 9, dtype, rng), rng.random(n) < 0.7
        x[~rows, 3:5] = [np.nan, np.inf]
        want = reference.bin_bounds(x, rows.astype(np.int64), 255)
        assert bounds_of(LAYOUTS[layout](x), rows=rows) == want
        assert bounds_of(x[rows]) == want


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bounds_do_not_depend_on_order_or_threads(isa, dtype, n_threads, layout, rng):
    x, weight = table(5000, 9, dtype, rng), rng.integers(0, 1000, 5000)
    order, wrap = rng.permutation(5000), LAYOUTS[layout]
    for options in ({}, {"weight": weight}):
        once = kernels.bin_bounds(kernels.Columns(wrap(x)), **options)
        again = kernels.bin_bounds(kernels.Columns(wrap(x)), n_threads=n_threads, **options)
        moved = {name: w[order] for name, w in options.items()}
        assert bounds_of(wrap(x)[order] if layout[0] != "c" else wrap(x[order]), **moved) == bounds_of(
            wrap(x), **options
        )
        for f, m in enumerate(once[1]):
            assert_same_bytes(again[0][f, :m], once[0][f, :m])
        assert_same_bytes(again[1], once[1])


def test_weights_are_copies(isa, dtype, rng):
    x, weight = table(2000, 12, dtype, rng), rng.integers(0, 4, 2000)
    assert bounds_of(x, weight=weight) == bounds_of(np.repeat(x, weight, axis=0))
    assert bounds_of(x, weight=weight * 2**30) == bounds_of(x, weight=weight)


def test_heavy_values_leave_the_bins_to_the_rest(dtype, rng):
    x = rng.standard_normal((20_000, 1)).astype(dtype)
    x[rng.random(20_000) < 0.95] = 0.0
    (bounds,), _ = bounds_of(x)
    counts = np.bincount(np.searchsorted(bounds, x[:, 0]))
    assert len(bounds) == 254
    zero = np.searchsorted(bounds, 0.0)
    assert counts[zero] == np.sum(x == 0.0)
    assert np.delete(counts, zero).max() <= 6  # some 1000 values in 254 bins


def test_without_heavy_values_all_bins_are_alike(dtype, rng):
    x = rng.permutation(10_000).astype(dtype)[:, None]
    (bounds,), _ = bounds_of(x, max_bins=64)
    counts = np.bincount(np.searchsorted(bounds, x[:, 0]))
    assert np.abs(counts - 10_000 / 64).max() <= 10_000 / 64 / 8 + 1


@given(data=st.data())
@pytest.mark.parametrize("layout", LAYOUTS)
def test_bins_match_reference(isa, dtype, layout, data):
    n, d = data.draw(st.sampled_from((1, 63, 64, 65, 200))), data.draw(st.sampled_from((1, 15, 16, 17, 33)))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    x = table(n, d, dtype, rng)
    bounds, _ = reference.bin_bounds(x, None, data.draw(st.sampled_from((2, 17, 255))))
    bounds = [kernels_dtype(b, dtype) for b in bounds]
    got = binned(LAYOUTS[layout](x), bounds)
    wanted = reference.bin_table(x, bounds)
    np.testing.assert_array_equal(got.columns, wanted.T)
    np.testing.assert_array_equal(got.tiles, reference.by_tile(wanted))


def kernels_dtype(bounds, dtype):
    """Bounds that a table of this dtype is compared with."""
    with np.errstate(over="ignore"):
        return [float(b) for b in np.asarray(bounds, np.float64).astype(dtype)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_bins_do_not_depend_on_threads(isa, dtype, n_threads, layout, rng):
    x = LAYOUTS[layout](table(70_001, 3, dtype, rng))
    bounds = bounds_of(x)[0]
    once, again = binned(x, bounds), binned(x, bounds, n_threads=n_threads)
    assert_same_bytes(again.tiles, once.tiles)
    assert_same_bytes(again.columns, once.columns)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_without_tiles_has_the_same_columns(isa, dtype, layout, rng):
    x = LAYOUTS[layout](table(2_100, 3, dtype, rng))
    bounds = bounds_of(x)[0]
    whole, bare = binned(x, bounds), binned(x, bounds, by_tile=False)
    assert bare.tiles is None
    assert bare.nbytes == whole.nbytes - whole.tiles.nbytes
    assert_same_bytes(bare.columns, whole.columns)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_codes(isa, dtype, layout):
    x = np.array([[0, 1], [3, 1], [254, 2], [255, 2], [256, 1], [-1, 1], [2.5, 1], [np.nan, 1], [np.inf, 1], [1, 1]])
    codes = np.full((2, 256), 255, np.uint8)
    for code, bin_ in {0: 0, 3: 1, 254: 2, 255: 254}.items():
        codes[0, code] = bin_
    categorical = np.array([1, 0], np.uint8)
    got = binned(LAYOUTS[layout](x.astype(dtype)), [[], [1.5]], categorical=categorical, codes=codes)
    assert got.columns[0].tolist() == [0, 1, 2, 254, 255, 255, 255, 255, 255, 255]
    assert got.columns[1].tolist() == [0, 0, 1, 1, 0, 0, 0, 0, 0, 0]


def test_skipped_columns_have_no_bounds():
    x = np.arange(12.0).reshape(6, 2)
    assert bounds_of(x, skip=np.array([1, 0], np.uint8)) == ([[], [2.0, 4.0, 6.0, 8.0, 10.0]], [0, 0])


def test_layouts_begin_at_a_cache_line():
    x = np.zeros((100, 17))
    out = binned(x, [[]] * 17)
    assert out.tiles.ctypes.data % 64 == out.columns.ctypes.data % 64 == 0
    assert out.columns.strides == (128, 1)


def test_what_cannot_be_binned_is_refused():
    x = kernels.Columns(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="2 to 255 bins"):
        kernels.bin_bounds(x, max_bins=256)
    for weight in (np.array([1, -1, 1]), np.array([2**51, 1, 1])):
        with pytest.raises(ValueError, match="whole numbers"):
            kernels.bin_bounds(x, weight=weight)
    with pytest.raises(ValueError, match="not both"):
        kernels.bin_bounds(x, weight=np.ones(3, np.int64), rows=np.ones(3, bool))
    with pytest.raises(ValueError, match="3 rows"):
        kernels.bin_table(x, np.full((2, 256), np.inf), binned(np.zeros((4, 2)), [[], []]))
