# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of coordinate descent: build the arguments, one call, check."""
from libc.stdint cimport int64_t, uint64_t

from schuss._kernels._core cimport *


cdef const int64_t *indices(object array, str name, int64_t d) except? NULL:
    """Pointer to int64 numbers of columns, each of which exists."""
    if array.shape[0] and (array.min() < 0 or array.max() >= d):
        raise ValueError(f"{name}: expected numbers from 0 to {d - 1}")
    return <const int64_t *>read(array, name, b"q", array.shape[0])


cdef int set_descents(sch_gram_path_args *p, const sch_gram_cd_args *common, char *block, int64_t each, grams, gradient,
                      coef, l1, l2, residual, gap_tol) except -1:
    """The descent of each path, in a block whose first `each` bytes a path are its work memory."""
    cdef sch_gram_cd_args *a
    cdef int64_t i, d = common.d, size = common.n_tasks * d
    cdef double *gradients = <double *>write(gradient, "gradient", b"d", p.n_paths * size)
    cdef double *coefs = <double *>write(coef, "coef", b"d", p.n_paths * size)
    cdef const double *l1s = <const double *>read(l1, "l1", b"d", p.n_paths)
    cdef const double *l2s = <const double *>read(l2, "l2", b"d", p.n_paths)
    cdef const double *gap_tols = <const double *>read(gap_tol, "gap_tol", b"d", p.n_paths)
    cdef const double *residuals = <const double *>read(residual, "residual", b"d", p.n_paths)
    if len(grams) != p.n_paths:
        raise ValueError(f"grams: expected {p.n_paths}, got {len(grams)}")
    p.descents = <sch_gram_cd_args *>(block + p.n_paths * each)
    p.status = <sch_status *>(p.descents + p.n_paths)
    for i in range(p.n_paths):
        a = p.descents + i
        a[0] = common[0]
        a.scratch = block + i * each
        a.gram = <const double *>read(grams[i], "grams", b"d", d * d)
        a.gradient, a.coef = gradients + i * size, coefs + i * size
        a.l1, a.l2, a.gap_tol = l1s[i], l2s[i], gap_tols[i]
        a.residual, a.gap = residuals[i], 0.0
    return 0


cdef void write_results(const sch_gram_path_args *p, double *residual, double *gap, int64_t *n_sweeps) noexcept:
    cdef int64_t i
    for i in range(p.n_paths):
        residual[i], gap[i], n_sweeps[i] = p.descents[i].residual, p.descents[i].gap, p.descents[i].n_sweeps


def gram_cd(gram, gradient, coef, *, double l1, double l2=0.0, penalty_factor=None, bint positive=False,
            coordinates=None, bint shuffle=False, uint64_t seed=0, uint64_t epoch=0, int64_t max_sweeps,
            double tol=0.0, residual=None, double gap_tol=0.0, Scratch scratch=None):
    """Coordinate descent on gram (d, d), in place on gradient and coef (k, d); returns (sweeps, largest change).

    With the squared norm of the residual it ends at small steps, tol being relative to the largest coefficient, and a
    duality gap of gap_tol; returns (sweeps, residual, gap).
    """
    cdef sch_gram_cd_args a
    cdef sch_status status
    cdef const sch_cd_ops *kernels = ops().cd  # one instruction set for the size and the run
    a.control, a.n_tasks, a.d = control(1), coef.shape[0], gram.shape[0]
    a.gram = <const double *>read(gram, "gram", b"d", a.d * a.d)
    a.l1, a.l2, a.positive = l1, l2, positive
    a.penalty_factor = <const double *>read_or_null(penalty_factor, "penalty_factor", b"d", a.d)
    a.n_coordinates = a.d if coordinates is None else coordinates.shape[0]
    a.coordinates = NULL if coordinates is None else indices(coordinates, "coordinates", a.d)
    a.shuffle, a.seed, a.epoch, a.max_sweeps, a.tol = shuffle, seed, epoch, max_sweeps, tol
    if residual is not None and (penalty_factor is not None or gap_tol < 0.0):
        raise ValueError("residual: expected no penalty_factor, and a gap_tol of at least 0")
    a.residual, a.gap, a.gap_tol = 0.0 if residual is None else residual, 0.0, -1.0 if residual is None else gap_tol
    a.gradient = <double *>write(gradient, "gradient", b"d", a.n_tasks * a.d)
    a.coef = <double *>write(coef, "coef", b"d", a.n_tasks * a.d)
    scratch = Scratch() if scratch is None else scratch
    a.scratch = scratch.at_least(kernels.gram_cd_scratch(&a))
    with nogil:
        status = kernels.gram_cd(&a)
    check(status)
    if residual is not None:
        return a.n_sweeps, a.residual, a.gap
    return a.n_sweeps, a.largest_change


def gram_path(grams, gradient, coef, *, last_gradient, last_coef, length, l1, l2, residual, gap, gap_tol, n_sweeps,
              bint positive=False, bint shuffle=False, uint64_t seed=0, int64_t max_sweeps, double tol=0.0,
              int n_threads=1, Scratch scratch=None):
    """gram_cd with a gap for p paths at once, in place on gradient, coef (p, k, d), their last_ and residual (p,).

    Each starts `length` (p,) times as far beyond the last solution as that is from the one before, if that is lower.
    Writes gap and n_sweeps (p,).
    """
    cdef sch_gram_path_args p
    cdef sch_gram_cd_args a  # what all have in common
    cdef sch_status status
    cdef int64_t size, each
    cdef const sch_cd_ops *kernels = ops().cd  # one instruction set for the size and the run
    p.control, p.n_paths, a.n_tasks, a.d = control(n_threads), coef.shape[0], coef.shape[1], coef.shape[2]
    a.control, a.penalty_factor, a.coordinates, a.n_coordinates, a.epoch = p.control, NULL, NULL, a.d, 0
    a.positive, a.shuffle, a.seed, a.max_sweeps, a.tol = positive, shuffle, seed, max_sweeps, tol
    size = p.n_paths * a.n_tasks * a.d
    cdef double *residuals = <double *>write(residual, "residual", b"d", p.n_paths)
    cdef double *gaps = <double *>write(gap, "gap", b"d", p.n_paths)
    cdef int64_t *sweeps = <int64_t *>write(n_sweeps, "n_sweeps", b"q", p.n_paths)
    p.last_gradient = <double *>write(last_gradient, "last_gradient", b"d", size)
    p.last_coef = <double *>write(last_coef, "last_coef", b"d", size)
    p.length = <const double *>read(length, "length", b"d", p.n_paths)
    scratch = Scratch() if scratch is None else scratch
    each = (kernels.gram_cd_scratch(&a) + 63) // 64 * 64
    cdef char *block = <char *>scratch.at_least(p.n_paths * (each + <int64_t>(sizeof(a) + sizeof(status))))
    set_descents(&p, &a, block, each, grams, gradient, coef, l1, l2, residual, gap_tol)
    with nogil:
        status = kernels.gram_path(&p)
    check(status)
    write_results(&p, residuals, gaps, sweeps)


def column_gram(Columns x, columns, gram, *, shift=None, weight=None, int n_threads=1, Scratch scratch=None):
    """gram (m, k) = products of the m columns with the first k of them, less their shift (d,), weighted (n,)."""
    cdef sch_column_gram_args a
    cdef sch_status status
    cdef const sch_cd_ops *kernels = ops().cd  # one instruction set for the size and the run
    a.control, a.x, a.m, a.n_new = control(n_threads), x.c, columns.shape[0], gram.shape[1]
    if a.n_new > a.m or x.c.storage != SCH_STRIDED:
        raise ValueError("gram: expected no more new columns than columns, and a dense table")
    a.columns = indices(columns, "columns", x.c.d)
    a.shift = <const double *>read_or_null(shift, "shift", b"d", x.c.d)
    a.weight = read_or_null(weight, "weight", x.kind, x.c.n)
    a.gram = <double *>write(gram, "gram", b"d", a.m * a.n_new)
    scratch = Scratch() if scratch is None else scratch
    a.scratch = scratch.at_least(kernels.column_gram_scratch(&a))
    with nogil:
        status = kernels.column_gram(&a)
    check(status)


def column_products(Columns x, r, products, *, int n_threads=1):
    """products (k, d) = r (k, n) X; a dense table has to be F-contiguous."""
    cdef sch_column_products_args a
    cdef sch_status status
    a.control, a.x, a.k = control(n_threads), x.c, r.shape[0]
    if x.c.storage == SCH_STRIDED and x.c.row_stride != 1:
        raise ValueError("x: expected contiguous columns")
    a.r = read(r, "r", x.kind, a.k * x.c.n)
    a.products = <double *>write(products, "products", b"d", a.k * x.c.d)
    with nogil:
        status = ops().cd.column_products(&a)
    check(status)


def column_residual(Columns x, columns, coef, offset, y, residual, *, int n_threads=1):
    """residual (k, n) = y (k, n) - offset (k,) - coef (k, m) X_columns'; a dense table has to be F-contiguous."""
    cdef sch_column_residual_args a
    cdef sch_status status
    a.control, a.x, a.k, a.m = control(n_threads), x.c, coef.shape[0], columns.shape[0]
    if x.c.storage == SCH_STRIDED and x.c.row_stride != 1:
        raise ValueError("x: expected contiguous columns")
    a.columns = indices(columns, "columns", x.c.d)
    a.coef = <const double *>read(coef, "coef", b"d", a.k * a.m)
    a.offset = <const double *>read(offset, "offset", b"d", a.k)
    a.y = read(y, "y", x.kind, a.k * x.c.n)
    a.residual = write(residual, "residual", x.kind, a.k * x.c.n)
    with nogil:
        status = ops().cd.column_residual(&a)
    check(status)
