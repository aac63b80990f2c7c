# SPDX-License-Identifier: BSD-3-Clause
"""Kernels that walk along columns: Gram matrices of chosen ones, correlations, residuals."""

import numpy as np
import pytest
import scipy.sparse as sp
from reference import cd as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

SHAPES = [(1, 1), (3, 7), (130, 17), (1030, 9), (4100, 40)]
LAYOUTS = {
    "F": np.asfortranarray,
    "C": np.ascontiguousarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, axis=0), 2, axis=1)[::2, ::2],
}
BY_COLUMN = {
    "F": np.asfortranarray,
    "csc32": sp.csc_array,
    "csc64": lambda x: with_wide_indices(sp.csc_array(x)),
}


def with_wide_indices(x):
    x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
    return x


def table(n, d, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, d)) * (rng.random((n, d)) < 0.6)).astype(dtype), rng


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_column_gram(isa, dtype, n_threads, n, d, layout):
    x, rng = table(n, d, dtype)
    shift, weight = rng.standard_normal(d), rng.random(n).astype(dtype)
    view = kernels.Columns(LAYOUTS[layout](x))
    for m, n_new in {(d, d), (d, 1), ((d + 1) // 2, (d + 3) // 4)}:
        columns = rng.permutation(d)[:m]
        for options in ({}, {"shift": shift}, {"shift": shift, "weight": weight}):
            gram, again = np.empty((m, n_new)), np.empty((m, n_new))
            kernels.column_gram(view, columns, gram, **options)
            kernels.column_gram(view, columns, again, n_threads=n_threads, **options)
            assert_same_bytes(again, gram)
            want = reference.column_gram(x, columns, n_new, **options)
            assert_close(gram, want, tol(dtype, n), scale=8.0 * n)


def test_column_gram_of_new_columns_is_part_of_the_whole(isa, dtype):
    x, _ = table(300, 25, dtype)
    view, gram = kernels.Columns(x), np.empty((25, 25))
    kernels.column_gram(view, np.arange(25), gram)
    part = np.empty((25, 5))
    kernels.column_gram(view, np.arange(25), part)
    assert_close(part, gram[:, :5], tol(dtype, 300), scale=300.0)


@pytest.mark.parametrize("layout", BY_COLUMN)
@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize(("n", "d"), SHAPES)
def test_products_and_residuals(isa, dtype, n_threads, n, d, k, layout):
    x, rng = table(n, d, dtype)
    view = kernels.Columns(BY_COLUMN[layout](x))
    y, coef, offset = rng.standard_normal((k, n)).astype(dtype), rng.standard_normal((k, d)), rng.standard_normal(k)
    products, residual = np.empty((k, d)), np.empty_like(y)
    kernels.column_products(view, y, products)
    assert_close(products, reference.column_products(x, y), tol(dtype, n), scale=n**0.5)
    columns = rng.permutation(d)[: (d + 1) // 2]
    few = np.ascontiguousarray(coef[:, : len(columns)])
    kernels.column_residual(view, columns, few, offset, y, residual)
    assert_close(residual, reference.column_residual(x, columns, few, offset, y), tol(dtype, d), scale=d**0.5)
    again, rest = np.empty_like(products), np.empty_like(y)
    kernels.column_products(view, y, again, n_threads=n_threads)
    kernels.column_residual(view, columns, few, offset, y, rest, n_threads=n_threads)
    assert_same_bytes(again, products)
    assert_same_bytes(rest, residual)


def test_what_does_not_fit_is_refused():
    x = np.ones((4, 3))
    gram = np.empty((2, 2))
    with pytest.raises(ValueError, match="columns"):
        kernels.column_gram(kernels.Columns(x), np.array([0, 3]), gram)
    with pytest.raises(ValueError, match="dense"):
        kernels.column_gram(kernels.Columns(sp.csc_array(x)), np.array([0, 1]), gram)
    with pytest.raises(ValueError, match="contiguous columns"):
        kernels.column_products(kernels.Columns(x), np.ones((1, 4)), np.empty((1, 3)))
    with pytest.raises(ValueError, match="contiguous columns"):
        kernels.column_residual(
            kernels.Columns(x), np.array([0]), np.ones((1, 1)), np.zeros(1), np.ones((1, 4)), np.empty((1, 4))
        )
    broken = sp.csc_array(x)
    broken.indices[0] = 9
    with pytest.raises(ValueError, match="indices"):
        kernels.Columns(broken)
