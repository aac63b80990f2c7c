# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of exact decision trees: rows sorted by every feature, and the tree grown on them."""
import numpy as np

from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

from schuss._kernels._core cimport *

# The C types sch_cart_entry and sch_cart_node.
CART_ENTRY = np.dtype([("x", np.float32), ("row", np.uint32)])
CART_NODE = np.dtype(
    [(name, np.float64) for name in ("threshold", "weight", "impurity", "loss", "gain", "lower", "upper", "middle")]
    + [(name, np.int64) for name in ("start", "n_rows", "n_left", "stored_start", "n_stored")]
    + [("key", np.uint64)]
    + [(name, np.int32) for name in ("feature", "left", "parent", "depth", "missing_left", "unused")]
)
if CART_ENTRY.itemsize != sizeof(sch_cart_entry) or CART_NODE.itemsize != sizeof(sch_cart_node):
    raise ImportError("CART_ENTRY and CART_NODE are not what the compiler made of sch/cart.h")

CART_CRITERIA = {
    "gini": SCH_CART_GINI,
    "entropy": SCH_CART_ENTROPY,
    "squared_error": SCH_CART_SQUARED,
    "poisson": SCH_CART_POISSON,
    "absolute_error": SCH_CART_ABSOLUTE,
}
CART_SEARCHES = {"sorted": SCH_CART_SORTED, "gathered": SCH_CART_GATHERED, "random": SCH_CART_RANDOM}

cdef enum:
    FIRST_CAPACITY = 256


cdef void *records(object array, object dtype, int64_t size) except NULL:
    """Pointer to C-contiguous records; the caller keeps the array alive."""
    if array.dtype != dtype or array.size != size or not array.flags.c_contiguous:
        raise ValueError(f"expected {size} contiguous records of {dtype}")
    cdef uint8_t[::1] view = array.reshape(-1).view(np.uint8)
    return &view[0]


cdef bint rows_ascend(const sch_columns *x) noexcept nogil:
    """Whether every row has one entry at most in each sparse column, and they are in order."""
    cdef const int32_t *rows = <const int32_t *>x.indices
    cdef const int32_t *first = <const int32_t *>x.indptr
    cdef int64_t f, j
    for f in range(x.d):
        for j in range(first[f] + 1, first[f + 1]):
            if rows[j] <= rows[j - 1]:
                return False
    return True


cdef int check_table(Columns table) except -1:
    if table.kind != b"f":
        raise TypeError("x: expected float32")
    if table.c.storage == SCH_CSC64:
        raise TypeError("x: expected 32-bit indices")
    if table.c.n >= 1 << 30:
        raise ValueError(f"x: {table.c.n} rows are too many for one tree, which numbers its nodes with 31 bits")
    if table.c.storage == SCH_CSC32 and not rows_ascend(&table.c):
        raise ValueError("x: expected rows in ascending order, each once, in every column")
    return 0


cdef int64_t n_entries(Columns table):
    return (<const int32_t *>table.c.indptr)[table.c.d]


cdef class CartTree:
    """A tree that grows. Shares ``orders`` with nobody: they are reordered; everything else is only read.

    ``y`` (n, n_outputs) are targets or classes as numbers, ``codes`` the classes again, as int32, or None;
    ``n_values`` the largest number of classes, or 1. ``orders`` (l, n_rows) are those of all features for the search
    "sorted" of a dense table, else any one of the rows, and behind them for "absolute_error" those of the outputs.
    ``stored`` are sorted entries of a sparse table: for "gathered" all; for "sorted" those in rows that weigh
    something, (m,), and ``stored_feature`` (m,) their columns, both of which are copied.
    """

    cdef sch_cart_grow_args a
    cdef Scratch scratch
    cdef tuple owners
    cdef object nodes_, sums_, frontier_

    def __init__(self, Columns table, orders, y, *, codes=None, int64_t n_values=1, weighted_y=None, weight=None,
                 double total_weight, int search, int criterion, stored=None, stored_feature=None, monotonic=None,
                 int64_t max_features,
                 int64_t max_depth=2**31 - 1, int64_t min_samples_split=2, int64_t min_samples_leaf=1,
                 double min_weight_leaf=0.0, double min_impurity_decrease=0.0, uint64_t seed=0, int64_t max_leaves=0):
        cdef sch_cart_grow_args *a = &self.a
        check_table(table)
        cdef int64_t n = table.c.n, k = y.shape[1], n_orders, n_rows
        n_orders, n_rows = orders.shape
        absolute = criterion == SCH_CART_ABSOLUTE
        sparse, in_order = table.c.storage != SCH_STRIDED, search == SCH_CART_SORTED
        if n_orders != (table.c.d if in_order and not sparse else 1) + (k if absolute else 0) or n_rows < 1:
            raise ValueError(f"orders: unexpected shape {orders.shape}")
        if (stored is not None) != (sparse and search != SCH_CART_RANDOM):
            raise ValueError("stored: expected with a sparse table whose values are searched, and only then")
        if stored is not None and in_order:
            stored, stored_feature = self.use_stored(stored, stored_feature)
        elif stored is not None and n_entries(table):
            a.by_value = <const sch_cart_entry *>records(stored, CART_ENTRY, n_entries(table))
        node_of = np.empty(n, dtype=np.int32) if sparse and not in_order else None
        side = np.empty(n, dtype=np.uint8)
        rank = np.empty((k, n), dtype=np.int32) if absolute else None
        a.x, a.search, a.criterion = table.c, <sch_cart_search>search, <sch_cart_criterion>criterion
        a.n_outputs, a.n_values, a.total_weight = k, n_values, total_weight
        a.codes = <const int32_t *>read_or_null(codes, "codes", b"i", n * k)
        a.y = <const double *>read(y, "y", b"d", n * k)
        a.weighted_y = <const double *>read_or_null(weighted_y, "weighted_y", b"d", n * k)
        a.weight = <const double *>read_or_null(weight, "weight", b"d", n)
        a.monotonic = <const int8_t *>read_or_null(monotonic, "monotonic", b"b", table.c.d)
        a.max_features, a.max_depth, a.max_leaves = max_features, max_depth, max_leaves
        a.min_samples_split, a.min_samples_leaf = min_samples_split, min_samples_leaf
        a.min_weight_leaf, a.min_impurity_decrease, a.seed = min_weight_leaf, min_impurity_decrease, seed
        a.n_rows, a.n_orders = n_rows, n_orders
        a.orders = <sch_cart_entry *>records(orders, CART_ENTRY, n_orders * n_rows)
        a.node_of = <int32_t *>write_or_null(node_of, "node_of", b"i", n)
        a.side = <uint8_t *>write(side, "side", b"B", n)
        a.rank = <uint32_t *>write_or_null(rank, "rank", b"i", n * k)
        self.owners = (table, orders, y, codes, weighted_y, weight, monotonic)
        self.owners += (stored, stored_feature, node_of, side, rank)
        self.scratch = Scratch()
        a.n_nodes = a.n_open = 0
        self.make_room(FIRST_CAPACITY)

    cdef tuple use_stored(self, stored, stored_feature):
        cdef int64_t m = stored.shape[0], room = max(1, 2 * m)  # not even nothing may be NULL
        entries, features = np.empty(room, dtype=CART_ENTRY), np.empty(room, dtype=np.int32)
        entries[:m], features[:m] = stored, stored_feature
        self.a.n_stored = m
        self.a.stored = <sch_cart_entry *>records(entries, CART_ENTRY, room)
        self.a.stored_feature = <int32_t *>write(features, "stored_feature", b"i", room)
        return entries, features

    cdef int make_room(self, int64_t capacity) except -1:
        cdef int64_t width = self.a.n_outputs * self.a.n_values, n = self.a.n_nodes
        nodes, sums = np.empty(capacity, dtype=CART_NODE), np.empty((capacity, width))
        frontier = np.empty(capacity, dtype=np.int32)
        if n:
            nodes[:n], sums[:n] = self.nodes_[:n], self.sums_[:n]
            frontier[: self.a.n_frontier] = self.frontier_[: self.a.n_frontier]
        self.nodes_, self.sums_, self.frontier_ = nodes, sums, frontier
        self.a.nodes = <sch_cart_node *>records(nodes, CART_NODE, capacity)
        self.a.sums = <double *>write(sums, "sums", b"d", capacity * width)
        self.a.frontier = <int32_t *>write(frontier, "frontier", b"i", capacity)
        self.a.capacity = capacity
        return 0

    @property
    def nodes(self):
        """The nodes so far (n_nodes,), dtype CART_NODE, parents before children; not a copy."""
        return self.nodes_[: self.a.n_nodes]

    @property
    def sums(self):
        """Per node weights of classes, sums of targets or medians (n_nodes, n_outputs, n_values); not a copy."""
        return self.sums_[: self.a.n_nodes].reshape(-1, self.a.n_outputs, self.a.n_values)

    @property
    def n_nodes(self):
        return self.a.n_nodes

    @property
    def n_leaves(self):
        return self.a.n_leaves

    @property
    def depth(self):
        return self.a.depth

    @property
    def impurity(self):
        """Mean impurity of the leaves, weighted."""
        return self.a.impurity_sum / self.a.total_weight

    @property
    def loss(self):
        """Mean training loss: log loss of classifiers, for regression the impurity."""
        return self.a.loss_sum / self.a.total_weight


def cart_sort(Columns table, *, int n_threads=1, Scratch scratch):
    """Orders (d, n) of the rows by every feature, dtype CART_ENTRY; missing values last.

    Of a sparse table its entries (nnz,) alone, those of each column sorted.
    """
    cdef sch_cart_sort_args a
    cdef int64_t size
    cdef sch_status status
    cdef const sch_cart_ops *kernels = ops().cart  # one instruction set for the size and the run
    check_table(table)
    dense = table.c.storage == SCH_STRIDED
    size = table.c.d * table.c.n if dense else n_entries(table)
    orders = np.empty(max(1, size), dtype=CART_ENTRY)
    a.control, a.x = control(n_threads), table.c
    a.orders = <sch_cart_entry *>records(orders, CART_ENTRY, max(1, size))
    a.scratch = scratch.at_least(kernels.cart_sort_scratch(&a))
    with nogil:
        status = kernels.cart_sort(&a)
    check(status)
    return orders.reshape(table.c.d, table.c.n) if dense else orders[:size]


def cart_select(orders, weight, *, int n_threads=1):
    """Orders (l, n) without the rows whose weight (n,) is zero."""
    cdef sch_cart_select_args a
    cdef sch_status status
    a.control = control(n_threads)
    a.n_orders, a.n = orders.shape
    a.n_kept = np.count_nonzero(weight)
    kept = np.empty((a.n_orders, a.n_kept), dtype=CART_ENTRY)
    a.weight = <const double *>read(weight, "weight", b"d", a.n)
    a.source = <const sch_cart_entry *>records(orders, CART_ENTRY, a.n_orders * a.n)
    a.to = <sch_cart_entry *>records(kept, CART_ENTRY, a.n_orders * a.n_kept)
    with nogil:
        status = ops().cart.cart_select(&a)
    check(status)
    return kept


def cart_grow(CartTree tree, int64_t steps=2**62, *, int n_threads=1):
    """Grow by some levels, or best first by some splits; True when nothing is left to split.

    The first call of all makes the root before. Room is made for the next step, and then some: with more steps than
    one, call again until it says True. Different trees may grow in different threads.
    """
    cdef sch_cart_grow_args *a = &tree.a
    cdef sch_status status
    cdef const sch_cart_ops *kernels = ops().cart
    if a.n_nodes + 2 * a.n_open > a.capacity:
        tree.make_room(a.n_nodes + 6 * a.n_open + FIRST_CAPACITY)
    a.control, a.steps = control(n_threads), steps
    a.scratch = tree.scratch.at_least(kernels.cart_grow_scratch(a))
    with nogil:
        status = kernels.cart_grow(a)
    check(status)
    return a.n_open == 0


def cart_preorder(left, Scratch scratch):
    """Position (n,) of each node when subtrees are written out, the left one first, from the left children (n,)."""
    cdef sch_cart_preorder_args a
    cdef sch_status status
    cdef const sch_cart_ops *kernels = ops().cart
    a.control, a.n = control(1), left.shape[0]
    position = np.empty(a.n, dtype=np.int64)
    a.left = <const int32_t *>read(left, "left", b"i", a.n)
    a.position = <int64_t *>write(position, "position", b"q", a.n)
    a.scratch = scratch.at_least(kernels.cart_preorder_scratch(&a))
    with nogil:
        status = kernels.cart_preorder(&a)
    check(status)
    return position
