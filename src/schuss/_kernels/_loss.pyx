# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of the loss family: build the arguments, one call, check."""
from schuss._kernels._core cimport *

MATH = {
    "exp": SCH_MATH_EXP,
    "log": SCH_MATH_LOG,
    "log1p": SCH_MATH_LOG1P,
    "sigmoid": SCH_MATH_SIGMOID,
    "softplus": SCH_MATH_SOFTPLUS,
}


def loss_sum(y, z, *, int loss, double loss_param=0.0, weight=None, int n_threads=1):
    """Weighted sum of the loss over samples; z is (n,), or (n, n_classes) for softmax."""
    cdef sch_loss_sum_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z)
    cdef Scratch partial = Scratch()
    a.dtype, a.control = dtype_of_kind(kind), control(n_threads)
    a.loss, a.loss_param = <sch_loss>loss, loss_param
    a.n = z.shape[0]
    a.n_out = z.shape[1] if z.ndim == 2 else 1
    a.y = read(y, "y", kind, a.n)
    a.z = read(z, "z", kind, a.n * a.n_out)
    a.weight = read_or_null(weight, "weight", kind, a.n)
    a.partial = <double *>partial.at_least((a.n // SCH_BLOCK + 1) * sizeof(double))
    with nogil:
        status = ops().loss.loss_sum(&a)
    check(status)
    return a.total


def loss_gradient(y, z, *, int loss, double loss_param=0.0, weight=None, gradient, hessian=None,
                  bint expected=False, int n_threads=1, Scratch scratch=None):
    """Fill gradient and, unless None, hessian with the weighted derivatives with respect to z; all (n,).

    gradient and hessian are of z's dtype, or float32.

    Returns the weighted sum of the loss. With `expected`, hessian is its expectation over y under the model.
    """
    cdef sch_loss_gradient_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z), slope_kind = real_kind_of(gradient)
    a.dtype, a.control = dtype_of_kind(kind), control(n_threads)
    a.loss, a.loss_param = <sch_loss>loss, loss_param
    a.expected, a.n, a.narrow = expected, z.shape[0], kind == b"d" and slope_kind == b"f"
    a.y, a.z = read(y, "y", kind, a.n), read(z, "z", kind, a.n)
    a.weight = read_or_null(weight, "weight", kind, a.n)
    slope_kind = slope_kind if a.narrow else kind
    a.gradient = write(gradient, "gradient", slope_kind, a.n)
    a.hessian = write_or_null(hessian, "hessian", slope_kind, a.n)
    scratch = Scratch() if scratch is None else scratch
    a.partial = <double *>scratch.at_least((a.n // SCH_BLOCK + 1) * sizeof(double))
    with nogil:
        status = ops().loss.loss_gradient(&a)
    check(status)
    return a.total


def softmax_gradient(y, z, *, weight=None, gradient, hessian, int n_threads=1, Scratch scratch=None):
    """Fill gradient and hessian of the multinomial loss with respect to z; all (n_classes, n), class by class.

    gradient and hessian are float32, whatever z is.

    Returns the sum of the loss, which alone is weighted.
    """
    cdef sch_softmax_gradient_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z)
    a.dtype, a.control = dtype_of_kind(kind), control(n_threads)
    a.n_out, a.n = z.shape
    a.y, a.z = read(y, "y", kind, a.n), read(z, "z", kind, a.n * a.n_out)
    a.weight = read_or_null(weight, "weight", kind, a.n)
    a.gradient = <float *>write(gradient, "gradient", b"f", a.n * a.n_out)
    a.hessian = <float *>write(hessian, "hessian", b"f", a.n * a.n_out)
    scratch = Scratch() if scratch is None else scratch
    a.partial = <double *>scratch.at_least((a.n // SCH_BLOCK + 1) * sizeof(double))
    with nogil:
        status = ops().loss.softmax_gradient(&a)
    check(status)
    return a.total


def vector_math(str name, x, out, int n_threads=1):
    """out = exp, log, log1p, sigmoid or softplus of x, elementwise; out may be x."""
    cdef sch_vector_math_args a
    cdef sch_status status
    cdef char kind = real_kind_of(x)
    a.dtype, a.control, a.function, a.n = dtype_of_kind(kind), control(n_threads), MATH[name], x.size
    a.x, a.out = read(x, "x", kind, a.n), write(out, "out", kind, a.n)
    with nogil:
        status = ops().loss.vector_math(&a)
    check(status)


def sigmoid(z, out, int n_threads=1):
    """out = 1 / (1 + exp(-z)), elementwise; out may be z."""
    vector_math("sigmoid", z, out, n_threads)


def softmax(z, out, int n_threads=1):
    """Rows of out = probabilities of the rows of raw predictions z (n, n_classes); out may be z."""
    cdef sch_softmax_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z)
    a.dtype, a.control = dtype_of_kind(kind), control(n_threads)
    a.n, a.n_out = z.shape
    a.z, a.out = read(z, "z", kind, a.n * a.n_out), write(out, "out", kind, a.n * a.n_out)
    with nogil:
        status = ops().loss.softmax(&a)
    check(status)


def all_finite(x, int n_threads=1):
    """Whether a float32 or float64 array, C- or F-contiguous, holds neither infinities nor NaNs."""
    cdef sch_count_nonfinite_args a
    cdef sch_status status
    flat = x if x.flags.c_contiguous else x.T
    cdef char kind = real_kind_of(flat)
    a.dtype, a.control, a.n = dtype_of_kind(kind), control(n_threads), flat.size
    a.x = read(flat, "x", kind, a.n)
    with nogil:
        status = ops().loss.count_nonfinite(&a)
    check(status)
    return a.nonfinite == 0
