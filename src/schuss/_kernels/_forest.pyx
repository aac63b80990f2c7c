# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of random forests: build the arguments, one call, cut the trees out of the room they had."""
import numpy as np

from libc.stdint cimport int8_t, int32_t, int64_t, uint32_t, uint64_t

from schuss._kernels._bin cimport Binned
from schuss._kernels._core cimport *

FOREST_CRITERIA = {
    "gini": SCH_FOREST_GINI, "entropy": SCH_FOREST_ENTROPY, "squared_error": SCH_FOREST_SQUARED,
    "poisson": SCH_FOREST_POISSON,
}
cdef int64_t UNLIMITED = 2**31 - 2


cdef int set_target(sch_forest_grow_args *a, n_classes, codes, target, target_origin) except -1:
    """Classes or numbers, (n, n_out)."""
    cdef int64_t n = a.x.n
    a.n_out = target.shape[1] if n_classes is None else n_classes.shape[0]
    a.n_classes = <const int32_t *>read_or_null(n_classes, "n_classes", b"i", a.n_out)
    a.codes = <const int32_t *>read_or_null(codes, "codes", b"i", n * a.n_out)
    a.target = <const int64_t *>read_or_null(target, "target", b"q", n * a.n_out)
    a.target_origin = <const double *>read_or_null(target_origin, "target_origin", b"d", a.n_out)
    return 0


cdef int set_weights(sch_forest_grow_args *a, seed, weight, n_classes) except -1:
    """Rows of whole weights, for each tree or for all; and whether they and two classes fit one word."""
    cdef int64_t n = a.x.n
    a.n_trees, a.next = seed.shape[0], 0
    rows = weight if weight.ndim == 2 else weight[None, :]
    if n >= 1 << 31 or rows.shape[0] not in (1, a.n_trees):
        raise ValueError(f"expected less than 2**31 rows and weights for 1 or {a.n_trees} trees")
    sums = rows.sum(axis=1, dtype=np.float64)
    if n == 0 or rows.min() < 0 or sums.min() <= 0 or sums.max() > 2.0**53:
        raise ValueError("weight: expected whole numbers of at least 0 whose sum is between 1 and 2**53")
    a.seed = <const uint64_t *>read(seed.view(np.int64), "seed", b"q", a.n_trees)
    a.weight, a.weight_stride = <const int64_t *>read(weight, "weight", b"q", rows.size), n if rows.shape[0] > 1 else 0
    a.packed = n_classes is not None and n_classes.tolist() == [2] and sums.max() < 2.0**32
    return 0


cdef int set_room(sch_forest_grow_args *a, room) except -1:
    """Where the trees go: see `schuss.tree._histogram.rooms`."""
    cdef int64_t n = a.n_trees
    a.leaf_room, a.node_room, a.set_room = room.n_leaves, room.n_nodes, room.n_sets
    a.nodes = <sch_node *>write(room.nodes, "nodes", b"d", 2 * n * a.node_room)
    a.gain = <double *>write(room.gain, "gain", b"d", n * a.node_room)
    a.impurity = <double *>write(room.impurity, "impurity", b"d", n * a.node_room)
    a.node_weight = <double *>write(room.weight, "weight", b"d", n * a.node_room)
    a.node_samples = <uint32_t *>write(room.samples, "samples", b"I", n * a.node_room)
    a.values = <double *>write_or_null(room.values, "values", b"d", n * a.leaf_room * room.n_values)
    a.sets = <uint64_t *>write(room.sets, "sets", b"q", SCH_SET_WORDS * n * a.set_room)
    cdef int64_t *counts = <int64_t *>write(room.counts, "counts", b"q", 3 * n)
    a.n_nodes, a.n_leaves, a.n_sets = counts, counts + n, counts + 2 * n
    return 0


def forest_grow(Binned x, room, *, int criterion, n_classes=None, codes=None, target=None, target_origin=None,
                double target_unit=1.0, seed, weight, double weight_unit=1.0, int weight_shift=0, bin_value=None,
                int64_t max_features, int64_t max_depth=UNLIMITED, int64_t min_samples_split=2,
                int64_t min_samples_leaf=1, int64_t max_leaf_nodes=0, double min_weight_fraction_leaf=0.0,
                double min_impurity_decrease=0.0, monotonic=None, bint in_order=False, bint keeps_cut_short=False,
                int n_threads=1, Scratch scratch):
    """Grow a tree for each seed (uint64) into `room`, which has room enough and counts what was finished.

    codes int32 (n, n_out) number the classes of all outputs from 0; target int64 (n, n_out); weight int64 (n_trees, n)
    or (n,); bin_value float64 (d, 256): random splits.
    """
    cdef sch_forest_grow_args a
    cdef sch_status status
    cdef const sch_forest_ops *kernels = ops().forest  # one instruction set for the size and the run
    a.control, a.x = control(n_threads), x.c
    a.criterion, a.target_unit = <sch_forest_criterion>criterion, target_unit
    a.weight_unit, a.weight_shift = weight_unit, weight_shift
    set_target(&a, n_classes, codes, target, target_origin)
    set_weights(&a, seed, weight, n_classes)
    set_room(&a, room)
    a.random_splits, a.in_order, a.keeps_cut_short = bin_value is not None, in_order, keeps_cut_short
    a.bin_value = <const double *>read_or_null(bin_value, "bin_value", b"d", x.c.d * 256)
    a.max_features, a.max_depth, a.max_leaf_nodes = max_features, max_depth, max_leaf_nodes
    a.min_samples_split, a.min_samples_leaf = min_samples_split, min_samples_leaf
    a.min_weight_fraction_leaf, a.min_impurity_decrease = min_weight_fraction_leaf, min_impurity_decrease
    a.monotonic = <const int8_t *>read_or_null(monotonic, "monotonic", b"b", x.c.d)
    a.scratch = scratch.at_least(kernels.forest_grow_scratch(&a))
    with nogil:
        status = kernels.forest_grow(&a)
    check(status)


def forest_add(Binned x, nodes, *, values=None, sets, weight=None, sums, counts, int n_threads=1):
    """Add what the leaves of a tree say to sums (n, n_values), 1 to counts (n,); only where weight is 0, if given."""
    cdef sch_forest_add_args a
    cdef sch_status status
    cdef int64_t n = x.c.n
    a.control, a.x, a.n_values = control(n_threads), x.c, 1 if values is None else values.shape[1]
    a.nodes = <const sch_node *>read(nodes, "nodes", b"d", nodes.size)
    a.values = <const double *>read_or_null(values, "values", b"d", 0 if values is None else values.size)
    sets = sets.view(np.int64)
    a.sets = <const uint64_t *>read(sets, "sets", b"q", sets.size)
    a.weight = <const int64_t *>read_or_null(weight, "weight", b"q", n)
    a.sums = <double *>write(sums, "sums", b"d", n * a.n_values)
    a.counts = <int64_t *>write(counts, "counts", b"q", n)
    with nogil:
        status = ops().forest.forest_add(&a)
    check(status)
