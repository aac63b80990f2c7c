# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of tree growth for boosting: a Grower keeps options and work memory, and grows one tree a call."""
import numpy as np

from libc.stdint cimport int8_t, int64_t, uint8_t, uint32_t, uint64_t

from schuss._kernels._bin cimport Binned
from schuss._kernels._core cimport *

# The C type sch_node.
TREE_NODE = np.dtype([("threshold", np.float64), ("feature", np.int32), ("left", np.int32)])
if TREE_NODE.itemsize != sizeof(sch_node):
    raise ImportError("TREE_NODE is not what the compiler made of sch/tree.h")


cdef class GrownTree:
    """A tree as `Grower.grow` makes it; thresholds are bins.

    Attributes
    ----------
    nodes : array (n_nodes,), dtype TREE_NODE
    gain : float64 array (n_nodes,)
    value : float64 array (n_nodes,), of leaves with shrinkage
    cover : float64 array (n_nodes,), sums of the hessian
    count : int64 array (n_nodes,), rows whose weight is not zero
    depth : int, the longest path
    leaf_start : int64 array (n_leaves + 1,), the leaves' stretches of `rows`
    leaf_value : float64 array (n_leaves,)
    sets : uint64 array (n_sets, SET_WORDS), categories that go left
    rows : uint32 array (n_rows,), in the order of the leaves; belongs to the grower, whose next tree overwrites it
    """
    cdef readonly int64_t depth
    cdef readonly object nodes, gain, value, cover, count, leaf_start, leaf_value, sets, rows

    @property
    def n_leaves(self):
        return len(self.leaf_value)


cdef class Grower:
    """Grows the trees of a boosting run on one binned table.

    Parameters
    ----------
    binned : Binned
    weight : float64 array (n,) or None
        Factors of gradients and hessians. Whole numbers act as so many copies of a row, to the bit.
    max_leaves : int or None
    max_depth : int or None
    min_samples_leaf : int
        Rows of weight 0 do not count.
    min_hessian, l1, l2, min_gain : float
    depth_wise : bool
        Split the best leaf of the lowest depth first, not the best of all.
    monotonic : int8 array (d,) or None
        -1, 0 or 1.
    interaction : uint8 array (n_groups, d) or None
        Features that may meet on a path; a feature in no group is never used.
    feature_fraction : float
        Part of the features that each node draws to choose from.
    histogram_bytes : int
        What the histograms of leaves may take, if it is enough for three; beyond that some are built again.
    n_threads : int
    """
    cdef sch_grow_tree_args a
    cdef Scratch scratch
    cdef int n_threads
    cdef int64_t bound, capacity
    cdef readonly Binned binned
    cdef tuple owners
    cdef object rows, nodes, gain, value, cover, count, leaf_start, sets

    def __cinit__(self, Binned binned, *, weight=None, max_leaves=31, max_depth=None, int64_t min_samples_leaf=20,
                  double min_hessian=1e-3, double l1=0.0, double l2=0.0, double min_gain=0.0, bint depth_wise=False,
                  monotonic=None, interaction=None, double feature_fraction=1.0, int64_t histogram_bytes=16 << 20,
                  int n_threads=1):
        cdef int64_t n = binned.c.n, d = binned.c.d
        if not 0 < n < 1 << 28 or d < 1:
            raise ValueError(f"binned: expected 1 to 2**28 - 1 rows and at least one column, got {n} and {d}")
        if interaction is not None and not len(interaction):
            raise ValueError("interaction: expected at least one group")
        self.binned, self.n_threads, self.scratch = binned, n_threads, Scratch()
        sparse_tiles(binned, n_threads=n_threads)
        self.owners = (weight, monotonic, interaction)
        self.a.x = binned.c
        self.a.max_depth = 0 if max_depth is None else max_depth
        self.a.min_samples_leaf, self.a.min_hessian = max(1, min_samples_leaf), min_hessian
        self.a.l1, self.a.l2, self.a.min_gain, self.a.depth_wise = l1, l2, min_gain, depth_wise
        self.a.monotonic = <const int8_t *>read_or_null(monotonic, "monotonic", b"b", d)
        self.a.n_groups = 0 if interaction is None else len(interaction)
        self.a.interaction = <const uint8_t *>read_or_null(interaction, "interaction", b"B", self.a.n_groups * d)
        self.a.feature_fraction, self.a.histogram_bytes = feature_fraction, histogram_bytes
        self.a.weight = <const double *>read_or_null(weight, "weight", b"d", n)
        if weight is not None:
            self.a.whole_weights = bool((weight == np.rint(weight)).all() and weight.sum() < 2.0**31)
        self.bound = n if max_leaves is None else max(1, max_leaves)
        if self.a.max_depth and self.a.max_depth < 40:
            self.bound = min(self.bound, 1 << self.a.max_depth)
        self.rows = np.zeros(n + SCH_ROWS_MARGIN, np.uint32)
        self.a.rows = <uint32_t *>write(self.rows, "rows", b"I", n + SCH_ROWS_MARGIN)

    cdef int make_room(self) except -1:
        """Arrays for as many leaves as this number of rows can have."""
        cdef int64_t leaves = max(1, min(self.bound, self.a.n_rows // self.a.min_samples_leaf)), nodes = 2 * leaves - 1
        self.a.max_leaves = leaves
        if leaves <= self.capacity:
            return 0
        self.nodes, self.gain, self.value = np.empty(nodes, TREE_NODE), np.empty(nodes), np.empty(nodes)
        self.cover, self.count = np.empty(nodes), np.empty(nodes, np.int64)
        self.leaf_start, self.sets = np.empty(leaves + 1, np.int64), np.empty((leaves, SCH_SET_WORDS), np.uint64)
        self.a.nodes = <sch_node *>write(self.nodes.view(np.uint8), "nodes", b"B", nodes * sizeof(sch_node))
        self.a.gain = <double *>write(self.gain, "gain", b"d", nodes)
        self.a.value = <double *>write(self.value, "value", b"d", nodes)
        self.a.cover = <double *>write(self.cover, "cover", b"d", nodes)
        self.a.count = <int64_t *>write(self.count, "count", b"q", nodes)
        self.a.leaf_start = <int64_t *>write(self.leaf_start, "leaf_start", b"q", leaves + 1)
        self.a.sets = <uint64_t *>write(self.sets.view(np.int64), "sets", b"q", leaves * SCH_SET_WORDS)
        self.capacity = leaves
        return 0

    def grow(self, derivatives, *, rows=None, features=None, uint64_t seed=0, double shrinkage=1.0):
        """Grow a tree.

        derivatives : float32 or float64 array, without weights: gradients (n,), where the hessian is 1; or gradient and
            hessian (n, 2), hessians not negative.
        rows : integers, ascending, to learn from; None: all.
        features : uint8 array (d,), 1 for those to use; None: all.
        """
        cdef sch_grow_tree_args *a = &self.a
        cdef sch_status status
        cdef const sch_boost_ops *kernels = ops().boost  # one instruction set for the size and the run
        cdef int64_t n = a.x.n
        cdef char kind = real_kind_of(derivatives)
        a.control, a.dtype, a.seed, a.shrinkage = control(self.n_threads), dtype_of_kind(kind), seed, shrinkage
        if derivatives.shape not in ((n,), (n, 2)):
            raise ValueError(f"derivatives: expected the shape ({n},) or ({n}, 2), got {derivatives.shape}")
        a.order = derivatives.ndim
        a.derivatives = read(derivatives, "derivatives", kind, n * a.order)
        a.features = <const uint8_t *>read_or_null(features, "features", b"B", a.x.d)
        if features is not None and not features.any():
            raise ValueError("features: expected at least one")
        a.n_rows = n if rows is None else len(rows)
        if not 0 < a.n_rows <= n:
            raise ValueError(f"rows: expected 1 to {n}, got {a.n_rows}")
        if rows is not None:
            if rows[0] < 0 or rows[-1] >= n or (rows[1:] <= rows[:-1]).any():
                raise ValueError(f"rows: expected numbers from 0 to {n - 1}, ascending")
            self.rows[: a.n_rows] = rows
        self.make_room()
        a.scratch = self.scratch.at_least(kernels.grow_tree_scratch(a))
        with nogil:
            status = kernels.grow_tree(a)
        check(status)
        return self.grown()

    cdef GrownTree grown(self):
        cdef GrownTree tree = GrownTree()
        cdef int64_t nodes = self.a.n_nodes, leaves = self.a.n_leaves
        tree.depth = self.a.depth
        tree.nodes, tree.gain = self.nodes[:nodes].copy(), self.gain[:nodes].copy()
        tree.value, tree.cover = self.value[:nodes].copy(), self.cover[:nodes].copy()
        tree.count, tree.leaf_start = self.count[:nodes].copy(), self.leaf_start[: leaves + 1].copy()
        tree.sets, tree.rows = self.sets[: self.a.n_sets].copy(), self.rows[: self.a.n_rows]
        tree.leaf_value = np.empty(leaves)
        cdef double *leaf_value = <double *>write(tree.leaf_value, "leaf_value", b"d", leaves)
        for i in range(nodes):
            if self.a.nodes[i].feature < 0:
                leaf_value[self.a.nodes[i].left] = self.a.value[i]
        return tree


def add_leaves(tree, value, raw, *, int n_threads=1):
    """raw[row] += value[leaf] for the rows the tree has learned from; raw float64 (n,), value float64 (n_leaves,)."""
    cdef sch_add_leaves_args a
    cdef sch_status status
    a.control, a.n_leaves = control(n_threads), len(tree.leaf_start) - 1
    a.rows = <const uint32_t *>read(tree.rows, "rows", b"I", len(tree.rows))
    a.leaf_start = <const int64_t *>read(tree.leaf_start, "leaf_start", b"q", a.n_leaves + 1)
    a.value = <const double *>read(value, "value", b"d", a.n_leaves)
    a.raw = <double *>write(raw, "raw", b"d", len(raw))
    with nogil:
        status = ops().boost.add_leaves(&a)
    check(status)


def add_routed(Binned binned, tree, value, raw, *, rows=None, int n_threads=1):
    """raw[row] += value[leaf] for any rows of a table binned as the tree's was; rows uint32, None: all."""
    cdef sch_add_routed_args a
    cdef sch_status status
    a.control, a.x, a.n_nodes = control(n_threads), binned.c, len(tree.nodes)
    a.nodes = <const sch_node *>read(tree.nodes.view(np.uint8), "nodes", b"B", a.n_nodes * sizeof(sch_node))
    a.sets = <const uint64_t *>read(tree.sets.view(np.int64), "sets", b"q", tree.sets.size)
    a.n_rows = binned.c.n if rows is None else len(rows)
    a.rows = <const uint32_t *>read_or_null(rows, "rows", b"I", a.n_rows)
    a.value = <const double *>read(value, "value", b"d", len(value))
    a.raw = <double *>write(raw, "raw", b"d", binned.c.n)
    with nogil:
        status = ops().boost.add_routed(&a)
    check(status)


def sparse_tiles(Binned binned, *, int n_threads=1):
    """Write tiles for histograms that leave out the bins that most rows of a column have; nothing if that was done."""
    cdef sch_sparse_tiles_args a
    cdef sch_status status
    cdef int64_t d = binned.c.d, tiles = sch_tiles(d)
    binned.check_tiles()
    if binned.tile_sparse.any():
        return
    a.control, a.x = control(n_threads), binned.c
    a.tiles = <uint8_t *>write(binned.tiles, "tiles", b"B", binned.tiles.size)
    a.tile_column = <uint8_t *>write(binned.tile_column, "tile_column", b"B", d)
    a.tile_sparse = <uint8_t *>write(binned.tile_sparse, "tile_sparse", b"B", tiles)
    a.common = <uint8_t *>write(binned.common, "common", b"B", d)
    with nogil:
        status = ops().boost.sparse_tiles(&a)
    check(status)


def reorder_rows(Binned binned, rows, *, int n_threads=1):
    """Bring the rows of a table into another order, in place. No column is sparse then, until `sparse_tiles`.

    rows : uint32 array (n,), the row that comes to each place; a permutation
    """
    cdef sch_reorder_rows_args a
    cdef sch_status status
    cdef Scratch scratch = Scratch()
    a.control, a.n, a.d, a.column_stride = control(n_threads), binned.c.n, binned.c.d, binned.c.column_stride
    a.rows = <const uint32_t *>read(rows, "rows", b"I", a.n)
    a.tiles, a.columns = <uint8_t *>binned.c.tiles, <uint8_t *>binned.c.columns
    a.scratch = <uint8_t *>scratch.at_least(SCH_REORDER_TASKS * a.n)
    binned.check_tiles()
    binned.arrange()
    with nogil:
        status = ops().boost.reorder_rows(&a)
    check(status)
