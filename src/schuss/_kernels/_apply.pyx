# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of tree prediction: a model's arrays checked once, then one call per table."""
import numpy as np

from libc.stdint cimport int32_t, int64_t, uint64_t

from schuss._kernels._core cimport *


cdef struct rows:
    sch_table x
    int64_t column_stride


cdef rows rows_of(object x, int64_t n_features) except *:
    """The kernels' view of X: a dense array of any layout, or CSR. The caller keeps it alive."""
    cdef rows r
    cdef Table table
    cdef Columns columns
    if getattr(x, "format", None) == "csr":
        table = Table(x)
        r.x, r.column_stride = table.c, 0
    else:
        columns = Columns(x)
        r.x.dtype, r.x.storage, r.x.data = columns.c.dtype, SCH_DENSE, columns.c.data
        r.x.n, r.x.d, r.x.row_stride = columns.c.n, columns.c.d, columns.c.row_stride
        r.x.indices = r.x.indptr = NULL
        r.column_stride = columns.c.column_stride
    if r.x.d != n_features:
        raise ValueError(f"x: expected {n_features} columns, got {r.x.d}")
    return r


cdef class Predictor:
    """The trees of a model as the kernels see them. Holds references to the arrays, copies nothing.

    The nodes have to be those of proper trees: children come after their parents, and all indices are in range.
    """
    cdef sch_trees c
    cdef tuple owners

    def __cinit__(self, nodes, offsets, *, int64_t n_features, int64_t n_out=1, values=None, leaf_offsets,
                  categories, known_categories=None):
        nodes = np.ascontiguousarray(nodes)
        raw = nodes.view(np.float64)  # two words a node
        self.c.n_trees, self.c.n_features, self.c.n_out = offsets.shape[0] - 1, n_features, n_out
        self.c.nodes = <const sch_node *>read(raw, "nodes", b"d", 2 * nodes.shape[0])
        self.c.offsets = <const int64_t *>read(offsets, "offsets", b"q", self.c.n_trees + 1)
        self.c.leaf_offsets = <const int64_t *>read(leaf_offsets, "leaf_offsets", b"q", self.c.n_trees + 1)
        if offsets[-1] != nodes.shape[0]:
            raise ValueError(f"offsets: expected to end with {nodes.shape[0]} nodes, got {offsets[-1]}")
        self.c.values = <const double *>read_or_null(values, "values", b"d", leaf_offsets[-1] * n_out)
        categories = np.ascontiguousarray(categories).view(np.int64)
        self.c.categories = <const uint64_t *>read(categories, "categories", b"q", categories.size)
        known = None if known_categories is None else np.ascontiguousarray(known_categories).view(np.int64)
        self.c.known = <const uint64_t *>read_or_null(known, "known_categories", b"q", 4 * n_features)
        self.owners = (raw, offsets, values, leaf_offsets, categories, known)

    @property
    def n_trees(self):
        return self.c.n_trees

    @property
    def n_out(self):
        return self.c.n_out


def trees_predict(Predictor predictor, x, *, baseline=None, double divisor=1.0, first=0, last=None, int n_threads=1):
    """(baseline + sum over the trees first .. last - 1) / divisor for each row of x, (n, n_out) in float64."""
    cdef sch_trees_predict_args a
    cdef sch_status status
    cdef const sch_apply_ops *kernels = ops().apply  # one instruction set for the size and the run
    cdef Scratch scratch = Scratch()
    cdef rows r = rows_of(x, predictor.c.n_features)
    a.control, a.trees, a.x, a.column_stride = control(n_threads), predictor.c, r.x, r.column_stride
    a.first, a.last = first, predictor.c.n_trees if last is None else last
    if not 0 <= a.first <= a.last <= predictor.c.n_trees:
        raise IndexError(f"expected trees from 0 to {predictor.c.n_trees}, got {first} to {last}")
    baseline = np.zeros(a.trees.n_out) if baseline is None else baseline
    out = np.empty((a.x.n, a.trees.n_out))
    a.baseline, a.divisor = <const double *>read(baseline, "baseline", b"d", a.trees.n_out), divisor
    a.out = <double *>write(out, "out", b"d", a.x.n * a.trees.n_out)
    a.scratch = scratch.at_least(kernels.trees_predict_scratch(&a))
    with nogil:
        status = kernels.trees_predict(&a)
    check(status)
    return out


def trees_leaves(Predictor predictor, x, *, int n_threads=1):
    """The node of each tree in which each row of x ends, (n, n_trees) in int64, counted from the tree's first node."""
    cdef sch_trees_leaves_args a
    cdef sch_status status
    cdef const sch_apply_ops *kernels = ops().apply
    cdef Scratch scratch = Scratch()
    cdef rows r = rows_of(x, predictor.c.n_features)
    a.control, a.trees, a.x, a.column_stride = control(n_threads), predictor.c, r.x, r.column_stride
    leaves = np.empty((a.x.n, a.trees.n_trees), np.int64)
    a.leaves = <int64_t *>write(leaves, "leaves", b"q", a.x.n * a.trees.n_trees)
    a.scratch = scratch.at_least(kernels.trees_leaves_scratch(&a))
    with nogil:
        status = kernels.trees_leaves(&a)
    check(status)
    return leaves
