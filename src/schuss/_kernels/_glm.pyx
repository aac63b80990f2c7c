# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of generalised linear models: build the arguments, one call, check."""
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
