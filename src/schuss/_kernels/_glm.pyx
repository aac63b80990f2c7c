# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of generalised linear models: build the arguments, one call, check."""
import numpy as np
from scipy.sparse import csr_array

from libc.stdint cimport int32_t, int64_t

from schuss._kernels._core cimport *

GRAM_WEIGHTS = {"hessian": SCH_GRAM_HESSIAN, "expected": SCH_GRAM_EXPECTED, "sample": SCH_GRAM_SAMPLE}


def linear_predict(Table table, coef, intercept, out, int n_threads=1):
    """out (n, k) = X coef' + intercept, with coef (k, d) and intercept (k,)."""
    cdef sch_linear_predict_args a
    cdef sch_status status
    a.control, a.x = control(n_threads), table.c
    a.n_out = coef.shape[0]
    a.coef = read(coef, "coef", table.kind, a.n_out * a.x.d)
    a.intercept = read(intercept, "intercept", table.kind, a.n_out)
    a.out = write(out, "out", table.kind, a.x.n * a.n_out)
    with nogil:
        status = ops().glm.linear_predict(&a)
    check(status)


def glm_pass(Table table, y, coef, intercept, *, int loss, double loss_param=0.0, weight=None, offset=None, gradient,
             gram=None, str gram_weights="hessian", shift=None, margins=None, int n_threads=1, Scratch scratch):
    """One read of X. Fills gradient (k, d + 1), margins (n, k) and gram (d + 1, d + 1); returns the loss's sum.

    gram_weights is "hessian" (of a convex loss), "expected" (the Hessian's expectation) or "sample".
    """
    cdef sch_glm_pass_args a
    cdef sch_status status
    cdef const sch_glm_ops *kernels = ops().glm  # one instruction set for the size and the run
    a.control, a.x, a.loss, a.loss_param = control(n_threads), table.c, <sch_loss>loss, loss_param
    a.n_out = coef.shape[0]
    a.y = read(y, "y", table.kind, a.x.n * (1 if loss == SCH_LOSS_SOFTMAX else a.n_out))
    a.weight = read_or_null(weight, "weight", table.kind, a.x.n)
    a.offset = read_or_null(offset, "offset", table.kind, a.x.n)
    a.coef = <const double *>read(coef, "coef", b"d", a.n_out * a.x.d)
    a.intercept = <const double *>read(intercept, "intercept", b"d", a.n_out)
    a.shift = <const double *>read_or_null(shift, "shift", b"d", a.x.d)
    a.gram_weights = GRAM_WEIGHTS[gram_weights]
    a.margins = write_or_null(margins, "margins", table.kind, a.x.n * a.n_out)
    a.gradient = <double *>write(gradient, "gradient", b"d", a.n_out * (a.x.d + 1))
    a.gram = <double *>write_or_null(gram, "gram", b"d", (a.x.d + 1) * (a.x.d + 1))
    if gram is not None and (table.is_sparse or (a.n_out > 1 and gram_weights != "sample")):
        raise ValueError("gram: expected a dense table, and gram_weights='sample' with several outputs")
    a.scratch = scratch.at_least(kernels.glm_pass_scratch(&a))
    with nogil:
        status = kernels.glm_pass(&a)
    check(status)
    return a.loss_sum


def select_columns(Table table, columns, int n_threads=1):
    """Some columns as an array or a CSR matrix, whichever the table is; columns are int64, each at most once."""
    cdef sch_select_columns_args a
    cdef char index_kind
    a.control, a.x, a.n_columns = control(n_threads), table.c, columns.shape[0]
    a.columns = <const int64_t *>read(columns, "columns", b"q", a.n_columns)
    if a.n_columns and (columns.min() < 0 or columns.max() >= a.x.d):
        raise IndexError(f"columns: expected numbers from 0 to {a.x.d - 1}")
    if not table.is_sparse:
        out = np.empty((a.x.n, a.n_columns), table.dtype)
        a.data = write(out, "out", table.kind, out.size)
        run_select(&a)
        return out
    index_kind = b"i" if a.x.storage == SCH_CSR32 else b"q"
    index_dtype = np.int32 if a.x.storage == SCH_CSR32 else np.int64
    position = np.full(a.x.d, -1, np.int32)
    position[columns] = np.arange(a.n_columns, dtype=np.int32)
    a.position = <const int32_t *>read(position, "position", b"i", a.x.d)
    indptr = np.zeros(a.x.n + 1, index_dtype)
    a.indptr, a.data = write(indptr, "indptr", index_kind, a.x.n + 1), NULL
    run_select(&a)
    np.cumsum(indptr, out=indptr)
    values, indices = np.empty(indptr[-1], table.dtype), np.empty(indptr[-1], index_dtype)
    if values.size:
        a.data = write(values, "values", table.kind, values.size)
        a.indices = write(indices, "indices", index_kind, indices.size)
        run_select(&a)
    return csr_array((values, indices, indptr), shape=(a.x.n, a.n_columns))


cdef int run_select(sch_select_columns_args *a) except -1:
    cdef sch_status status
    with nogil:
        status = ops().glm.select_columns(a)
    return check(status)


def sparse_gram(Table table, weight, gram, *, shift=None, int n_threads=1, Scratch scratch):
    """Fill gram (d + 1, d + 1) with the weighted sum of the outer products of a CSR table's rows, extended by 1."""
    cdef sch_sparse_gram_args a
    cdef sch_status status
    cdef const sch_glm_ops *kernels = ops().glm
    if not table.is_sparse:
        raise ValueError("sparse_gram: expected a CSR table")
    a.control, a.x = control(n_threads), table.c
    a.weight = read_or_null(weight, "weight", table.kind, a.x.n)
    a.shift = <const double *>read_or_null(shift, "shift", b"d", a.x.d)
    a.gram = <double *>write(gram, "gram", b"d", (a.x.d + 1) * (a.x.d + 1))
    a.scratch = scratch.at_least(kernels.sparse_gram_scratch(&a))
    with nogil:
        status = kernels.sparse_gram(&a)
    check(status)
