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


def forest_grow(Binned x, finished, *, int criterion, n_classes=None, codes=None, target=None, target_origin=None,
                double target_unit=1.0, seed, weight, double weight_unit=1.0, int weight_shift=0, bin_value=None,
                int64_t max_features, int64_t max_depth=UNLIMITED, int64_t min_samples_split=2,
                int64_t min_samples_leaf=1, int64_t max_leaf_nodes=0, double min_weight_fraction_leaf=0.0,
                double min_impurity_decrease=0.0, monotonic=None, int n_threads=1, Scratch scratch):
    """Grow a tree for each seed and append them to `finished`, which holds those before it even if interrupted.

    A tree is a dict: nodes as float64 (2 n_nodes,), two words each; gain, impurity, weight and samples (n_nodes,);
    values (n_leaves, n_lanes) or None; sets (n_sets, 4). codes int32 (n, n_out) number the classes of all outputs from
    0; target int64 (n, n_out); weight int64 (n_trees, n) or (n,); bin_value float64 (d, 256): random splits.
    """
    cdef sch_forest_grow_args a
    cdef sch_status status
    cdef const sch_forest_ops *kernels = ops().forest  # one instruction set for the size and the run
    cdef int64_t n = x.c.n, d = x.c.d, n_trees = seed.shape[0], lanes
    rows = weight if weight.ndim == 2 else weight[None, :]
    if n >= 1 << 31 or rows.shape[0] not in (1, n_trees):
        raise ValueError(f"expected less than 2**31 rows and weights for 1 or {n_trees} trees")
    if rows.shape[1] and rows.min() < 0:
        raise ValueError("weight: expected whole numbers of at least 0")
    sums = rows.sum(axis=1, dtype=np.float64)
    used = np.count_nonzero(rows, axis=1)
    if n_trees and (used.min() == 0 or sums.max() > 2.0**53):
        raise ValueError("weight: expected a sum between 1 and 2**53 for each tree")
    a.control, a.x = control(n_threads), x.c
    a.criterion, a.target_unit = <sch_forest_criterion>criterion, target_unit
    a.n_out = 1 if n_classes is None and target.ndim == 1 else n_classes.shape[0] if target is None else target.shape[1]
    lanes = a.n_out if n_classes is None else int(n_classes.sum())
    a.n_classes = <const int32_t *>read_or_null(n_classes, "n_classes", b"i", a.n_out)
    a.codes = <const int32_t *>read_or_null(codes, "codes", b"i", n * a.n_out)
    a.target = <const int64_t *>read_or_null(target, "target", b"q", n * a.n_out)
    a.target_origin = <const double *>read_or_null(target_origin, "target_origin", b"d", a.n_out)
    a.n_trees, a.next = n_trees, 0
    seed = np.ascontiguousarray(seed).view(np.int64)
    a.seed = <const uint64_t *>read(seed, "seed", b"q", n_trees)
    a.weight = <const int64_t *>read(weight, "weight", b"q", rows.size)
    a.weight_stride = n if rows.shape[0] > 1 else 0
    a.weight_unit, a.weight_shift = weight_unit, weight_shift
    a.packed = n_classes is not None and lanes == 2 and a.n_out == 1 and sums.max() < 2.0**32
    a.random_splits = bin_value is not None
    a.bin_value = <const double *>read_or_null(bin_value, "bin_value", b"d", d * 256)
    a.max_features, a.max_depth, a.max_leaf_nodes = max_features, max_depth, max_leaf_nodes
    a.min_samples_split, a.min_samples_leaf, a.min_weight_fraction_leaf = min_samples_split, min_samples_leaf, min_weight_fraction_leaf
    a.min_impurity_decrease = min_impurity_decrease
    a.monotonic = <const int8_t *>read_or_null(monotonic, "monotonic", b"b", d)

    a.leaf_room = most_leaves(max(used, default=1), min_samples_leaf, max_depth, max_leaf_nodes)
    a.node_room = 2 * a.leaf_room - 1
    a.set_room = a.leaf_room - 1 if x.is_categorical.any() else 0
    alone = lanes == (2 if n_classes is not None else 1) and a.n_out == 1  # leaves have room for one value
    nodes, gain = np.empty((n_trees, a.node_room, 2)), np.empty((n_trees, a.node_room), np.float32)
    impurity, node_weight = np.empty_like(gain), np.empty((n_trees, a.node_room))
    samples = np.empty((n_trees, a.node_room), np.uint32)
    values = None if alone else np.empty((n_trees, a.leaf_room, lanes))
    sets = np.empty((n_trees, a.set_room, 4), np.int64)
    counts = np.zeros((3, n_trees), np.int64)
    n_nodes, n_leaves, n_sets = counts
    a.nodes = <sch_node *>write(nodes, "nodes", b"d", nodes.size)
    a.gain, a.impurity = <float *>write(gain, "gain", b"f", gain.size), <float *>write(impurity, "impurity", b"f", gain.size)
    a.node_weight = <double *>write(node_weight, "node_weight", b"d", gain.size)
    a.node_samples = <uint32_t *>write(samples, "samples", b"I", gain.size)
    a.values = <double *>write_or_null(values, "values", b"d", 0 if values is None else values.size)
    a.sets = <uint64_t *>write(sets, "sets", b"q", sets.size)
    a.n_nodes = <int64_t *>write(n_nodes, "n_nodes", b"q", n_trees)
    a.n_leaves = <int64_t *>write(n_leaves, "n_leaves", b"q", n_trees)
    a.n_sets = <int64_t *>write(n_sets, "n_sets", b"q", n_trees)
    a.scratch = scratch.at_least(kernels.forest_grow_scratch(&a))
    with nogil:
        status = kernels.forest_grow(&a)
    for t in range(n_trees):
        if n_nodes[t] == 0:
            break
        finished.append({
            "nodes": nodes[t, : n_nodes[t]].reshape(-1).copy(),
            "gain": gain[t, : n_nodes[t]].copy(),
            "impurity": impurity[t, : n_nodes[t]].copy(),
            "weight": node_weight[t, : n_nodes[t]].copy(),
            "samples": samples[t, : n_nodes[t]].copy(),
            "values": None if values is None else values[t, : n_leaves[t]].copy(),
            "sets": sets[t, : n_sets[t]].view(np.uint64).copy(),
        })
    check(status)


def most_leaves(n, min_samples_leaf, max_depth, max_leaf_nodes):
    """An upper bound of a tree's leaves."""
    most = max(int(n) // min_samples_leaf, 1)
    if max_depth < 40:
        most = min(most, 1 << max_depth)
    return min(most, max_leaf_nodes) if max_leaf_nodes else most


def forest_add(Binned x, nodes, *, values=None, sets, weight=None, sums, counts, int n_threads=1):
    """Add what the leaves of one tree say to sums (n, n_values), and 1 to counts (n,); only where weight is 0, if given."""
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
