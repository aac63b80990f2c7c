# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of tree prediction: a model's arrays checked once, then one call per table."""
import numpy as np

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from libc.math cimport isinf, isnan
from libc.stdint cimport int32_t, int64_t, uint64_t

from schuss._kernels._core cimport *


cdef object ndarray = np.ndarray, empty = np.empty, zeros = np.zeros  # looked up once
cdef int64_t FEWEST_ROWS = 16  # for masks: with fewer, most of a register of rows would be empty


cdef class Predictor:
    """The trees of a model as the kernels see them. Holds references to the arrays, copies nothing.

    The nodes have to be those of proper trees: children come after their parents, and all indices are in range.
    ``masks`` returns the arrays of mask traversal, a `schuss.tree._masks.Masks`, or None. It is called when
    ``masks_from`` leaves or more are to be looked up; without it, rows walk down the trees node by node.
    """
    cdef sch_trees trees
    cdef sch_masks masks
    cdef bint has_masks
    cdef int64_t n_nodes
    cdef object prepare
    cdef int64_t masks_from
    cdef list owners
    cdef Scratch scratch

    def __cinit__(self, nodes, offsets, *, int64_t n_features, int64_t n_out=1, values=None, leaf_offsets,
                  categories, known_categories=None, masks=None, int64_t masks_from=20000):
        cdef sch_trees *c = &self.trees
        self.scratch = Scratch()
        self.owners, self.prepare, self.masks_from = [], masks, masks_from
        c.n_trees, c.n_features, c.n_out = len(offsets) - 1, n_features, n_out
        if offsets[-1] != len(nodes):
            raise ValueError(f"offsets: expected to end with {len(nodes)} nodes, got {offsets[-1]}")
        self.n_nodes = len(nodes)
        c.nodes = <const sch_node *>self.keep(nodes.view(np.float64), "nodes", b"d", 2 * len(nodes))
        c.offsets = <const int64_t *>self.keep(offsets, "offsets", b"q", c.n_trees + 1)
        c.leaf_offsets = <const int64_t *>self.keep(leaf_offsets, "leaf_offsets", b"q", c.n_trees + 1)
        c.values = NULL
        if values is not None:
            c.values = <const double *>self.keep(values, "values", b"d", leaf_offsets[-1] * n_out)
        c.n_sets = len(categories)
        c.categories = <const uint64_t *>self.keep(categories.view(np.int64), "categories", b"q",
                                                   SCH_SET_WORDS * c.n_sets)
        c.known = NULL
        if known_categories is not None:
            known = known_categories.view(np.int64)
            c.known = <const uint64_t *>self.keep(known, "known_categories", b"q",
                                                  SCH_SET_WORDS * n_features)

    cdef const void *keep(self, array, str name, char kind, int64_t size) except? NULL:
        self.owners.append(array)
        return read(array, name, kind, size)

    cdef int prepare_masks(self, int64_t n_leaves) except -1:
        """Get the masks if there is so much to look up, once."""
        if self.prepare is None or n_leaves < self.masks_from:
            return 0
        m = self.prepare()
        self.prepare = None
        if m is not None:
            self.use_masks(m)
        return 0

    cdef int use_masks(self, m) except -1:
        cdef sch_masks *c = &self.masks
        cdef int64_t used = len(m.features), choices = len(m.choices), steps = m.step_offsets[-1]
        c.n_used, c.n_choices = used, choices
        c.features = <const int32_t *>self.keep(m.features, "features", b"i", used)
        c.used = <const int32_t *>self.keep(m.used, "used", b"i", self.trees.n_features)
        c.levels = <const int32_t *>self.keep(m.levels, "levels", b"i", used)
        c.heaps = <const int64_t *>self.keep(m.heaps, "heaps", b"q", used)
        c.bounds = <const double *>self.keep(m.bounds, "bounds", b"d", len(m.bounds))
        c.bounds_f32 = <const float *>self.keep(m.bounds_f32, "bounds_f32", b"f", len(m.bounds))
        c.choices = <const int32_t *>self.keep(m.choices, "choices", b"i", choices)
        c.choice_sets = <const uint64_t *>self.keep(m.choice_sets.view(np.int64), "choice_sets", b"q",
                                                    SCH_SET_WORDS * choices)
        c.steps = <const sch_mask_step *>self.keep(m.steps.view(np.int32), "steps", b"i", 3 * steps)
        c.step_offsets = <const int64_t *>self.keep(m.step_offsets, "step_offsets", b"q", self.trees.n_trees + 1)
        c.leaf_values = <const double *>self.keep(m.leaf_values, "leaf_values", b"d", m.leaf_values.size)
        c.leaf_nodes = <const int32_t *>self.keep(m.leaf_nodes, "leaf_nodes", b"i", len(m.leaf_nodes))
        self.has_masks = True
        return 0

    @property
    def n_trees(self):
        return self.trees.n_trees

    @property
    def n_out(self):
        return self.trees.n_out

    def predict_few(self, x, *, baseline=None, double divisor=1.0, last=None, bint missing=True, bint infinite=True):
        """`trees_predict` for some rows in microseconds, or None if x needs a closer look.

        Taken as they are: plain arrays of float32 or float64, of the right width, up to 15 rows, without NaN unless
        ``missing`` and without infinity unless ``infinite``.
        """
        cdef sch_trees_predict_args a
        cdef Py_buffer view
        cdef int64_t n_out = self.trees.n_out
        if type(x) is not ndarray:
            return None
        PyObject_GetBuffer(x, &view, PyBUF_FORMAT | PyBUF_STRIDES)
        cdef bint taken = few_rows_of(&a.apply.x, &a.apply.column_stride, &view, self.trees.n_features)
        taken = taken and (missing and infinite or is_as_wanted(&a.apply, missing, infinite))
        PyBuffer_Release(&view)
        if not taken:
            return None
        a.apply.control.n_threads, a.apply.control.poll = 1, NULL
        a.apply.trees, a.apply.masks, a.apply.first = self.trees, NULL, 0
        a.apply.last = self.trees.n_trees if last is None else last
        if not 0 <= a.apply.last <= self.trees.n_trees:
            raise IndexError(f"expected trees from 0 to {self.trees.n_trees}, got 0 to {last}")
        baseline = zeros(n_out) if baseline is None else baseline
        out = empty((a.apply.x.n, n_out))
        a.baseline, a.divisor = <const double *>read(baseline, "baseline", b"d", n_out), divisor
        a.out = <double *>write(out, "out", b"d", a.apply.x.n * n_out)
        a.apply.scratch = self.scratch.at_least(ops().apply.apply_scratch(&a.apply))
        check(ops().apply.trees_predict(&a))  # keeps the interpreter's lock, which guards the work memory
        return out


cdef bint few_rows_of(sch_table *x, int64_t *column_stride, Py_buffer *view, int64_t n_features) noexcept:
    """Describe a small table of the right width; False if it is anything else."""
    cdef char kind = view.format[0]
    if view.ndim != 2 or (kind != b"d" and kind != b"f") or view.format[1]:
        return False
    x.n, x.d = view.shape[0], view.shape[1]
    if not (0 < x.n < FEWEST_ROWS and x.d == n_features):
        return False
    if <size_t>view.buf % view.itemsize or view.strides[0] % view.itemsize or view.strides[1] % view.itemsize:
        return False
    x.dtype, x.storage, x.data = dtype_of_kind(kind), SCH_DENSE, view.buf
    x.row_stride, column_stride[0] = view.strides[0] // view.itemsize, view.strides[1] // view.itemsize
    x.indices = x.indptr = NULL
    return True


cdef bint is_as_wanted(const sch_apply *a, bint missing, bint infinite) noexcept:
    cdef int64_t i, j, at
    cdef double value
    for i in range(a.x.n):
        for j in range(a.x.d):
            at = i * a.x.row_stride + j * a.column_stride
            value = (<const double *>a.x.data)[at] if a.x.dtype == SCH_F64 else (<const float *>a.x.data)[at]
            if (isnan(value) and not missing) or (isinf(value) and not infinite):
                return False
    return True


cdef sch_apply apply_of(Predictor predictor, object x, int64_t first, object last, int n_threads) except *:
    """Which trees, and the kernels' view of X, a dense array of any layout, or CSR. The caller keeps X alive."""
    cdef sch_apply a
    cdef Table table
    cdef Columns columns
    if getattr(x, "format", None) == "csr":
        table = Table(x)
        a.x, a.column_stride = table.c, 0
    else:
        columns = Columns(x)
        a.x.dtype, a.x.storage, a.x.data = columns.c.dtype, SCH_DENSE, columns.c.data
        a.x.n, a.x.d, a.x.row_stride = columns.c.n, columns.c.d, columns.c.row_stride
        a.x.indices = a.x.indptr = NULL
        a.column_stride = columns.c.column_stride
    if a.x.d != predictor.trees.n_features:
        raise ValueError(f"x: expected {predictor.trees.n_features} columns, got {a.x.d}")
    a.control, a.trees, a.masks = control(n_threads), predictor.trees, NULL
    a.first, a.last = first, predictor.trees.n_trees if last is None else last
    if not 0 <= a.first <= a.last <= predictor.trees.n_trees:
        raise IndexError(f"expected trees from 0 to {predictor.trees.n_trees}, got {first} to {last}")
    predictor.prepare_masks(a.x.n * (a.last - a.first))
    if predictor.has_masks and a.x.n >= FEWEST_ROWS:
        a.masks = &predictor.masks
    return a


def trees_predict(Predictor predictor, x, *, baseline=None, double divisor=1.0, int64_t first=0, last=None,
                  int n_threads=1):
    """(baseline + sum over the trees first .. last - 1) / divisor for each row of x, (n, n_out) in float64."""
    cdef sch_trees_predict_args a
    cdef sch_status status
    cdef const sch_apply_ops *kernels = ops().apply  # one instruction set for the size and the run
    cdef Scratch scratch = Scratch()
    cdef int64_t n_out = predictor.trees.n_out
    a.apply = apply_of(predictor, x, first, last, n_threads)
    baseline = np.zeros(n_out) if baseline is None else baseline
    out = np.empty((a.apply.x.n, n_out))
    a.baseline, a.divisor = <const double *>read(baseline, "baseline", b"d", n_out), divisor
    a.out = <double *>write(out, "out", b"d", a.apply.x.n * n_out)
    a.apply.scratch = scratch.at_least(kernels.apply_scratch(&a.apply))
    with nogil:
        status = kernels.trees_predict(&a)
    check(status)
    return out


def trees_leaves(Predictor predictor, x, *, int64_t first=0, last=None, int n_threads=1):
    """The node of each of these trees in which each row of x ends, (n, last - first) in int64, counted from the tree's
    first node."""
    cdef sch_trees_leaves_args a
    cdef sch_status status
    cdef const sch_apply_ops *kernels = ops().apply
    cdef Scratch scratch = Scratch()
    a.apply = apply_of(predictor, x, first, last, n_threads)
    cdef int64_t n = a.apply.x.n, n_trees = a.apply.last - a.apply.first
    leaves = np.empty((n, n_trees), np.int64)
    a.leaves = <int64_t *>write(leaves, "leaves", b"q", n * n_trees)
    a.apply.scratch = scratch.at_least(kernels.apply_scratch(&a.apply))
    with nogil:
        status = kernels.trees_leaves(&a)
    check(status)
    return leaves


def trees_contributions(Predictor predictor, x, *, weight, int64_t max_depth, baseline=None, double divisor=1.0,
                        int64_t first=0, last=None, int n_threads=1):
    """What each feature contributes to `trees_predict`, (n, n_out, d + 1) float64; last what there is without any."""
    cdef sch_trees_contributions_args a
    cdef sch_status status
    cdef const sch_apply_ops *kernels = ops().apply
    cdef Scratch scratch = Scratch()
    cdef int64_t n_out = predictor.trees.n_out, n_points = (min(max_depth, predictor.trees.n_features) + 1) // 2
    a.apply = apply_of(predictor, x, first, last, n_threads)
    points = np.concatenate([np.zeros(0)] + [gauss_legendre(n) for n in range(1, n_points + 1)])
    baseline = zeros(n_out) if baseline is None else baseline
    out = empty((a.apply.x.n, n_out, a.apply.x.d + 1))
    a.weight = <const double *>read(weight, "weight", b"d", predictor.n_nodes)
    a.points = <const double *>read(points, "points", b"d", n_points * (n_points + 1))
    a.max_depth, a.divisor = max_depth, divisor
    a.baseline = <const double *>read(baseline, "baseline", b"d", n_out)
    a.out = <double *>write(out, "out", b"d", out.size)
    a.apply.scratch = scratch.at_least(kernels.trees_contributions_scratch(&a))
    with nogil:
        status = kernels.trees_contributions(&a)
    check(status)
    return out


cdef gauss_legendre(int64_t n):
    """Points and weights of the quadrature of so many points on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(n)
    return np.concatenate([(points + 1.0) / 2.0, weights / 2.0])
