# SPDX-License-Identifier: BSD-3-Clause
"""linear_predict, sigmoid and all_finite: what prediction and validation stand on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import linear as reference
from reference import math
from scipy import sparse
from strategies import SIZES, lay_out, problems
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels


def predict(x, coef, intercept, n_threads=1):
    table = kernels.Table(x)
    out = np.full((table.n, len(coef)), np.nan, table.dtype)
    kernels.linear_predict(table, coef, intercept, out, n_threads=n_threads)
    return out


def terms(p):
    return np.abs(p.x) @ np.abs(p.coef).T + np.abs(p.intercept)


@given(data=st.data(), k=st.sampled_from((1, 2, 3, 4, 5, 8, 9, 17)))
def test_matches_reference(isa, dtype, data, k):
    p = data.draw(problems(n_outputs=k)).cast(dtype)
    want = reference.linear_predict(p.x, p.coef, p.intercept)
    assert_close(predict(p.x, p.coef, p.intercept), want, tol(dtype, p.shape[1]), scale=terms(p))


@given(data=st.data(), k=st.sampled_from((1, 3, 8)), halved=st.booleans())
def test_sparse_is_dense(isa, dtype, data, k, halved):
    p = data.draw(problems(n_outputs=k)).cast(dtype)
    csr = p.csr(data.draw(st.sampled_from((np.int32, np.int64))), halved)
    dense = predict(p.x, p.coef, p.intercept)
    assert_close(predict(csr, p.coef, p.intercept), dense, tol(dtype, p.shape[1]), scale=terms(p))


@pytest.mark.parametrize("n", (0, *SIZES))
@pytest.mark.parametrize("d", (0, *SIZES))
def test_edge_sizes(isa, dtype, n, d):
    rng = np.random.default_rng(n * 100 + d)
    x, coef, intercept = (rng.standard_normal(s).astype(dtype) for s in ((n, d), (2, d), 2))
    want = reference.linear_predict(x, coef, intercept)
    assert_close(predict(x, coef, intercept), want, tol(dtype, d), scale=d + 1)
    assert_close(predict(sparse.csr_array(x), coef, intercept), want, tol(dtype, d), scale=d + 1)


@pytest.mark.parametrize("layout", ["offset", "every_other_row", "wide_rows"])
def test_layout_of_rows_does_not_matter(isa, dtype, layout):
    rng = np.random.default_rng(0)
    x, coef, intercept = (rng.standard_normal(s).astype(dtype) for s in ((60, 19), (3, 19), 3))
    assert_close(predict(lay_out(x, layout), coef, intercept), predict(x, coef, intercept), tol(dtype, 19), scale=19)


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
def test_thread_count_changes_no_bit(isa, dtype, n_threads, k, storage):
    rng = np.random.default_rng(1)
    x, coef, intercept = (rng.standard_normal(s).astype(dtype) for s in ((40_000, 23), (k, 23), k))
    x[rng.random(x.shape) < 0.5] = 0
    x = storage(x)
    assert_same_bytes(predict(x, coef, intercept, n_threads), predict(x, coef, intercept))


def test_a_row_is_predicted_alike_alone_and_among_others(isa, dtype):
    rng = np.random.default_rng(2)
    x, coef, intercept = (rng.standard_normal(s).astype(dtype) for s in ((50, 37), (3, 37), 3))
    together = predict(x, coef, intercept)
    alone = np.vstack([predict(x[i : i + 1], coef, intercept) for i in range(50)])
    assert_close(alone, together, tol(dtype, 37), scale=37)


def test_sigmoid(isa, dtype, n_threads):
    z = np.random.default_rng(3).standard_normal((20_000, 2)).astype(dtype) * 5
    out = np.empty_like(z)
    kernels.sigmoid(z, out, n_threads=n_threads)
    assert_close(out, math.sigmoid(z), tol(dtype))
    kernels.sigmoid(z, z)
    assert_same_bytes(z, out)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("order", ["C", "F"])
def test_all_finite_finds_one_bad_number_anywhere(isa, dtype, n_threads, bad, order):
    assert kernels.all_finite(np.zeros((0, 3), dtype))
    for shape in ((1, 1), (3, 5), (17, 33), (5000, 7)):
        x = np.full(shape, np.finfo(dtype).max, dtype, order=order)
        assert kernels.all_finite(x, n_threads=n_threads)
        for position in {0, x.size // 2, x.size - 1}:
            broken = x.copy(order)
            broken[np.unravel_index(position, shape)] = bad
            assert not kernels.all_finite(broken, n_threads=n_threads)
