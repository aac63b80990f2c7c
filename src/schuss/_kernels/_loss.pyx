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


cdef char target_kind(y, char kind) except 0:
    """The kind of targets beside raw predictions of a kind: the same, or one of fewer bytes."""
    cdef char found = kind_of(y)
    return found if found == b"B" or found == b"f" else kind


cdef sch_target target_of(char kind) noexcept:
    return SCH_TARGET_U8 if kind == b"B" else SCH_TARGET_F32 if kind == b"f" else SCH_TARGET_F64


cdef double *sums_of_blocks(Scratch scratch, int64_t n) except NULL:
    return <double *>scratch.at_least((n // SCH_BLOCK + 1) * sizeof(double))


def loss_sum(y, z, *, int loss, double loss_param=0.0, weight=None, int n_threads=1):
    """Weighted sum of the loss over samples; z is (n,), or (n, n_classes) for softmax.

    y is of z's dtype, float32 or uint8.
    """
    cdef sch_loss_sum_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z), y_kind = target_kind(y, kind)
    cdef Scratch partial = Scratch()
    a.dtype, a.target, a.control = dtype_of_kind(kind), target_of(y_kind), control(n_threads)
    a.loss, a.loss_param = <sch_loss>loss, loss_param
    a.n = z.shape[0]
    a.n_out = z.shape[1] if z.ndim == 2 else 1
    a.y = read(y, "y", y_kind, a.n)
    a.z = read(z, "z", kind, a.n * a.n_out)
    a.weight = read_or_null(weight, "weight", kind, a.n)
    a.partial = sums_of_blocks(partial, a.n)
    with nogil:
        status = ops().loss.loss_sum(&a)
    check(status)
    return a.total


def loss_gradient(y, z, *, int loss, double loss_param=0.0, weight=None, gradient, hessian=None,
                  bint expected=False, int n_threads=1, Scratch scratch=None):
    """Fill gradient and, unless None, hessian with the weighted derivatives with respect to z; all (n,).

    Returns the weighted sum of the loss. With `expected`, hessian is its expectation over y under the model.
    """
    cdef sch_loss_gradient_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z)
    a.dtype, a.control = dtype_of_kind(kind), control(n_threads)
    a.loss, a.loss_param = <sch_loss>loss, loss_param
    a.expected, a.n = expected, z.shape[0]
    a.y, a.z = read(y, "y", kind, a.n), read(z, "z", kind, a.n)
    a.weight = read_or_null(weight, "weight", kind, a.n)
    a.gradient, a.hessian = write(gradient, "gradient", kind, a.n), write_or_null(hessian, "hessian", kind, a.n)
    scratch = Scratch() if scratch is None else scratch
    a.partial = sums_of_blocks(scratch, a.n)
    with nogil:
        status = ops().loss.loss_gradient(&a)
    check(status)
    return a.total


def loss_derivatives(y, z, *, int loss, double loss_param=0.0, out, int n_threads=1, Scratch scratch=None):
    """Fill out with the derivatives of the loss with respect to z: gradients (n,), or gradient and hessian (n, 2).

    out is float32 or float64, whatever z is; y is of z's dtype, float32 or uint8.

    Returns the sum of the loss.
    """
    cdef sch_loss_derivatives_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z), y_kind = target_kind(y, kind), out_kind = real_kind_of(out)
    a.dtype, a.target, a.out_dtype = dtype_of_kind(kind), target_of(y_kind), dtype_of_kind(out_kind)
    a.control, a.loss, a.loss_param = control(n_threads), <sch_loss>loss, loss_param
    a.n, a.order = z.shape[0], out.ndim
    if out.shape not in ((a.n,), (a.n, 2)):
        raise ValueError(f"out: expected the shape ({a.n},) or ({a.n}, 2), got {out.shape}")
    a.y, a.z = read(y, "y", y_kind, a.n), read(z, "z", kind, a.n)
    a.out = write(out, "out", out_kind, a.n * a.order)
    scratch = Scratch() if scratch is None else scratch
    a.partial = sums_of_blocks(scratch, a.n)
    with nogil:
        status = ops().loss.loss_derivatives(&a)
    check(status)
    return a.total


def softmax_derivatives(y, z, *, weight=None, out, int n_threads=1, Scratch scratch=None):
    """Fill out, float32 (n_classes, n, 2), with gradient and hessian of the multinomial loss with respect to z.

    z stands class by class, (n_classes, n); y is of its dtype, float32 or uint8. The hessian is the diagonal alone.

    Returns the sum of the loss, which alone is weighted.
    """
    cdef sch_softmax_derivatives_args a
    cdef sch_status status
    cdef char kind = real_kind_of(z), y_kind = target_kind(y, kind)
    a.dtype, a.target, a.control = dtype_of_kind(kind), target_of(y_kind), control(n_threads)
    a.n_out, a.n = z.shape
    a.y, a.z = read(y, "y", y_kind, a.n), read(z, "z", kind, a.n * a.n_out)
    a.weight = read_or_null(weight, "weight", kind, a.n)
    if out.shape != (a.n_out, a.n, 2):
        raise ValueError(f"out: expected the shape ({a.n_out}, {a.n}, 2), got {out.shape}")
    a.out = <float *>write(out, "out", b"f", 2 * a.n * a.n_out)
    scratch = Scratch() if scratch is None else scratch
    a.partial = sums_of_blocks(scratch, a.n)
    with nogil:
        status = ops().loss.softmax_derivatives(&a)
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
