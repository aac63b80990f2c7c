/* sch/boost.h - growing the trees of gradient boosting from histograms of gradients.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_BOOST_H
#define SCH_BOOST_H

#include "sch/status.h"
#include "sch/tree.h"
#include "sch/types.h"

/* Looks for columns most of whose rows are in one bin, and writes the rows of their tiles as tree/slots.h says. */
typedef struct {
    sch_control control;
    sch_binned x;         /* IN, and what is OUT below is its own */
    uint8_t *tiles;       /* INOUT (sch_tiles(d), n, sch_tile_stride(d)) */
    uint8_t *tile_column; /* INOUT (d) */
    uint8_t *tile_sparse; /* OUT (sch_tiles(d)) */
    uint8_t *common;      /* OUT (d) */
} sch_sparse_tiles_args;

enum { SCH_ROWS_MARGIN = 64 }; /* so early are rows fetched that are read next */

/* Grows one tree. Minimises the second-order model of the loss: a leaf with sums G and H gets the value -S(G) / (H + l2), S
 * shrinking G by l1 towards zero; a split is worth what it takes off that model. The best leaf is split first (or, depth_wise,
 * the best of the lowest depth) until max_leaves, or nothing is worth more than min_gain.
 * Sums in histograms are of whole numbers (tree/packing.h), so that no result depends on the order of rows. */
typedef struct {
    sch_control control;
    sch_binned x; /* IN, n < 2^28 */

    int64_t max_leaves; /* >= 1; of this size are the arrays below */
    int64_t max_depth; /* 0: no bound */
    int64_t min_samples_leaf; /* >= 1 */
    double min_hessian, l1, l2, min_gain;
    int depth_wise;
    const int8_t *monotonic; /* IN (d) -1, 0, 1; or NULL */
    const uint8_t *interaction; /* IN (n_groups, d) which features may meet on one path; or NULL */
    int64_t n_groups;
    const uint8_t *features; /* IN (d) features that the tree may use; or NULL: all */
    int64_t histogram_bytes; /* for those that wait, unless three take more; what finds no room is built again */
    double feature_fraction; /* of those, how many each node draws to choose from; 1: all */
    uint64_t seed;

    sch_dtype dtype; /* of derivatives */
    int order; /* 1: gradients, the hessian is 1. 2: gradient and hessian side by side */
    const void *derivatives; /* IN (n, order) hessians >= 0 */
    const double *weight; /* IN (n) >= 0, factor of both; or NULL: 1 */
    int whole_weights; /* weights are whole numbers, and act as so many copies of the row; their sum < 2^31 */
    int64_t n_rows;
    /* INOUT (n_rows) rows to learn from, ascending (with n_rows = n not read); then in the leaves' order. SCH_ROWS_MARGIN numbers
     * of rows, any, follow and are read as well */
    uint32_t *rows;
    double shrinkage; /* factor of the leaves' values */

    int64_t n_nodes, n_leaves, n_sets, depth; /* OUT */
    sch_node *nodes; /* OUT (2 max_leaves - 1) thresholds are bins: bin <= threshold goes left */
    double *gain; /* OUT (2 max_leaves - 1) 0 in leaves */
    double *value; /* OUT (2 max_leaves - 1) also what an inner node would predict, without shrinkage */
    double *cover; /* OUT (2 max_leaves - 1) sum of the hessian */
    int64_t *count; /* OUT (2 max_leaves - 1) rows whose weight is not zero */
    int64_t *leaf_start; /* OUT (max_leaves + 1) where the rows of a leaf start, and the end */
    uint64_t *sets; /* OUT (max_leaves - 1, 4) categories that go left, n_sets of them */
    void *scratch; /* SCRATCH grow_tree_scratch(a) bytes, 64-byte aligned */
} sch_grow_tree_args;

/* raw[row] += value of the row's leaf, by the leaves' stretches of `rows`. */
typedef struct {
    sch_control control;
    int64_t n_leaves;
    const uint32_t *rows; /* IN (leaf_start[n_leaves]) */
    const int64_t *leaf_start; /* IN (n_leaves + 1) */
    const double *value; /* IN (n_leaves) */
    double *raw; /* INOUT (n) */
} sch_add_leaves_args;

/* raw[row] += value of the leaf that the row falls into, for a tree whose thresholds are bins. */
typedef struct {
    sch_control control;
    sch_binned x; /* IN binned as the tree's table was; column_stride a multiple of 64 */
    int64_t n_nodes;
    const sch_node *nodes; /* IN (n_nodes) */
    const uint64_t *sets; /* IN (n_sets, 4) */
    int64_t n_rows;
    const uint32_t *rows; /* IN (n_rows), or NULL: the first n_rows of the table */
    const double *value; /* IN (n_leaves) */
    double *raw; /* INOUT (n) */
} sch_add_routed_args;

enum { SCH_REORDER_TASKS = 4 };

/* Brings the rows of a binned table into another order. */
typedef struct {
    sch_control control;
    int64_t n, d, column_stride; /* of the table, as in sch_binned */
    const uint32_t *rows; /* IN (n) the row that comes to each place: a permutation */
    uint8_t *tiles, *columns; /* INOUT */
    uint8_t *scratch; /* SCRATCH (SCH_REORDER_TASKS, n) */
} sch_reorder_rows_args;

#define SCH_BOOST_OPS(X)                   \
    X(sparse_tiles, sch_sparse_tiles_args) \
    X(grow_tree, sch_grow_tree_args)       \
    X(add_leaves, sch_add_leaves_args)     \
    X(add_routed, sch_add_routed_args)     \
    X(reorder_rows, sch_reorder_rows_args)

typedef struct {
    SCH_BOOST_OPS(SCH_KERNEL)
    int64_t (*grow_tree_scratch)(const sch_grow_tree_args *); /* bytes, a function of sizes, options and n_threads */
} sch_boost_ops;

#endif
