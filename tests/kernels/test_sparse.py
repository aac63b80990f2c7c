# SPDX-License-Identifier: BSD-3-Clause
"""select_columns and sparse_gram: what working sets of wide tables are made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import linear as reference
from scipy import sparse
from strategies import SIZES, lay_out, problems
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

INDICES = st.sampled_from((np.int32, np.int64))


def gram_of(x, weight=None, shift=None, n_threads=1):
    gram = np.full((x.shape[1] + 1,) * 2, np.nan)
    kernels.sparse_gram(kernels.Table(x), weight, gram, shift=shift, n_threads=n_threads, scratch=kernels.Scratch())
    return gram


def selected(x, columns, n_threads=1):
    return kernels.select_columns(kernels.Table(x), columns, n_threads=n_threads)


def some_csr(n, d, dtype, density=0.2):
    return sparse.random_array(
        (n, d), density=density, format="csr", dtype=dtype, random_state=np.random.default_rng(0)
    )


# -- columns ---------------------------------------------------------------------------------------


@given(data=st.data(), halved=st.booleans())
def test_columns_of_csr(isa, dtype, data, halved):
    p = data.draw(problems()).cast(dtype)
    columns = np.array(data.draw(st.permutations(range(p.shape[1]))), np.int64)[: data.draw(st.integers(0, 33))]
    index_dtype = data.draw(INDICES)
    found = selected(p.csr(index_dtype, halved), columns)
    assert found.indices.dtype == found.indptr.dtype == index_dtype
    assert found.dtype == dtype
    assert_same_bytes(found.toarray(), np.ascontiguousarray(reference.select_columns(p.csr().toarray(), columns)))


@pytest.mark.parametrize("layout", ["contiguous", "offset", "every_other_row", "wide_rows"])
@pytest.mark.parametrize("n", (0, *SIZES))
def test_columns_of_arrays(isa, dtype, layout, n):
    x = lay_out(np.random.default_rng(n).standard_normal((n, 7)).astype(dtype), layout)
    columns = np.array([5, 0, 2])
    assert_same_bytes(selected(x, columns), np.ascontiguousarray(reference.select_columns(x, columns)))


@pytest.mark.parametrize("n", (0, *SIZES, 511, 512, 513, 1025))
def test_blocks_of_rows_that_end_empty(isa, dtype, n):
    x = sparse.vstack([some_csr(n - n // 2, 9, dtype), sparse.csr_array((n // 2, 9), dtype=dtype)], format="csr")
    columns = np.array([8, 3, 4])
    assert_same_bytes(selected(x, columns).toarray(), np.ascontiguousarray(x.toarray()[:, columns]))


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_thread_count_changes_no_column(isa, dtype, n_threads, storage):
    x = storage(some_csr(5000, 60, dtype).toarray())
    columns = np.arange(0, 60, 2)
    one, many = (selected(x, columns, n_threads=threads) for threads in (1, n_threads))
    if sparse.issparse(one):
        one, many = one.toarray(), many.toarray()
    assert_same_bytes(many, one)


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("column", [-1, 3])
def test_columns_that_are_not_there(storage, column):
    with pytest.raises(IndexError, match="from 0 to 2"):
        selected(storage(np.eye(3)), np.array([0, column]))


# -- Gram matrices ---------------------------------------------------------------------------------


@given(data=st.data(), halved=st.booleans(), shifted=st.booleans(), weighted=st.booleans())
def test_gram_matches_reference(isa, dtype, data, halved, shifted, weighted):
    p = data.draw(problems()).cast(dtype)
    rng = np.random.default_rng(p.seed)
    n, d = p.shape
    weight = rng.standard_normal(n).astype(dtype) if weighted else None
    shift = rng.standard_normal(d) if shifted else None
    want = reference.sparse_gram(p.x, weight, shift)
    size = reference.sparse_gram(
        np.abs(p.x), None if weight is None else np.abs(weight), None if shift is None else -np.abs(shift)
    )
    got = gram_of(p.csr(data.draw(INDICES), halved), weight, shift)
    assert_close(got, want, tol(np.float64, n + d) + tol(dtype, 1), scale=size)
    assert_same_bytes(got, np.ascontiguousarray(got.T))


@pytest.mark.parametrize("n", (0, *SIZES, 255, 256, 1025))
@pytest.mark.parametrize("d", (0, 1, 33))
def test_gram_of_edge_sizes(isa, dtype, n, d):
    x = some_csr(n, d, dtype)
    assert_close(gram_of(x), reference.sparse_gram(x.toarray()), tol(np.float64, n + 1) + tol(dtype, 1), scale=1.0)


def test_gram_of_a_csr_table_is_that_of_the_array(isa, dtype):
    x = some_csr(700, 20, dtype)
    weight, shift = np.random.default_rng(1).random(700).astype(dtype), np.linspace(0, 1, 20)
    dense = np.empty((21, 21))
    kernels.glm_pass(
        kernels.Table(x.toarray()), np.zeros(700, dtype), np.zeros((1, 20)), np.zeros(1), weight=weight,
        loss=kernels.LOSSES["squared"], gradient=np.empty((1, 21)), gram=dense, gram_weights="sample", shift=shift,
        scratch=kernels.Scratch(),
    )  # fmt: skip
    assert_close(gram_of(x, weight, shift), dense, tol(dtype, 700), scale=np.abs(dense).max())


def test_thread_count_changes_no_bit_of_the_gram(isa, dtype, n_threads):
    x = some_csr(6000, 40, dtype)
    assert_same_bytes(gram_of(x, n_threads=n_threads), gram_of(x))


def test_gram_refuses_arrays():
    with pytest.raises(ValueError, match="expected a CSR table"):
        gram_of(np.eye(3))
