/* sch/cart.h - one decision tree by exact greedy splits: classification and regression trees (Breiman, Friedman, Olshen
 * and Stone, 1984).
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_CART_H
#define SCH_CART_H

#include "sch/status.h"
#include "sch/types.h"

typedef enum {
    SCH_CART_GINI = 0,
    SCH_CART_ENTROPY = 1,
    SCH_CART_SQUARED = 2,
    SCH_CART_POISSON = 3,
    SCH_CART_ABSOLUTE = 4,
} sch_cart_criterion;

/* How a node looks for the best split of a feature: along rows that were sorted once for all nodes, along the node's own
 * rows sorted on the spot, or at one threshold drawn at random. */
typedef enum { SCH_CART_SORTED = 0, SCH_CART_GATHERED = 1, SCH_CART_RANDOM = 2 } sch_cart_search;

/* A value and the row it is from; rows are below 2^32. */
typedef struct {
    float x;
    uint32_t row;
} sch_cart_entry;

/* A node while the tree grows. Until `left` is set it is a leaf; n_left > 0 then means that it may still be split. */
typedef struct {
    double threshold; /* x <= threshold goes left; infinity: all but what is missing */
    double weight, impurity, loss,
        gain; /* loss: mean log loss or the impurity; gain: decrease of the tree's impurity */
    double lower, upper, middle; /* bounds of the value, and what divides the children, under constraints */
    int64_t start, n_rows, n_left; /* its rows in every order, and how many of them go left */
    int64_t stored_start, n_stored; /* its entries in the list of a sparse table */
    uint64_t key; /* of its random numbers: depends on the path alone */
    int32_t feature, left, parent, depth;
    int32_t missing_left, unused;
} sch_cart_node;

/* Rows in ascending order of every feature, missing values last; rows of equal values in their own order. Of a sparse
 * table the entries alone, column behind column. */
typedef struct {
    sch_control control;
    sch_columns x; /* IN (n, d) float32 */
    sch_cart_entry *orders; /* OUT (d, n), or the entries */
    void *scratch; /* SCRATCH cart_sort_scratch(a) bytes */
} sch_cart_sort_args;

/* Copies orders without the rows that weigh nothing. */
typedef struct {
    sch_control control;
    int64_t n, n_kept, n_orders;
    const double *weight; /* IN (n), n_kept of them not zero */
    const sch_cart_entry *from; /* IN (n_orders, n) */
    sch_cart_entry *to; /* OUT (n_orders, n_kept) */
} sch_cart_select_args;

/* Grows a tree by some levels or, best first, by some splits, as far as there is room: a step takes 2 * n_open nodes. The
 * first call of all, with n_nodes = 0, makes the root before. An interrupted call leaves the tree as it was, not to be
 * grown on. */
typedef struct {
    sch_control control;
    sch_columns x; /* IN (n, d) float32; SORTED does not read it */
    sch_cart_search search;
    sch_cart_criterion criterion;
    int64_t n_outputs, n_values; /* values per output: the largest number of classes, or 1 */
    const int32_t *codes; /* IN (n, n_outputs) classes; NULL for regression */
    const double *y; /* IN (n, n_outputs) targets, or the classes as numbers */
    const double *weighted_y; /* IN (n, n_outputs) weight * y; NULL without weights */
    const double *weight; /* IN (n) or NULL */
    double total_weight; /* of all rows */
    const int8_t *monotonic; /* IN (d) or NULL: sign that the value of the first output must follow */
    int64_t max_features, max_depth, min_samples_split, min_samples_leaf;
    double min_weight_leaf, min_impurity_decrease;
    uint64_t seed;
    int64_t max_leaves; /* 0: level by level. Else best first, up to this many leaves */
    int64_t steps; /* INOUT levels, or splits, still to do in this call */

    int64_t n_rows, n_orders; /* SORTED: d orders, else or sparse the rows alone; ABSOLUTE: n_outputs more, by y */
    sch_cart_entry *orders; /* INOUT (n_orders, n_rows) */
    int64_t n_stored; /* sparse and SORTED: entries of these rows, else 0 */
    sch_cart_entry *stored; /* INOUT (2, n_stored) by feature and value, at first in [0]; else NULL */
    int32_t *stored_feature; /* INOUT (2, n_stored) */
    const sch_cart_entry *by_value; /* IN entries of x, sorted in each column: sparse and GATHERED, else NULL */
    int32_t *node_of; /* INOUT (n) node of each row; sparse and not SORTED, else NULL */
    uint8_t *side; /* INOUT (n) */
    uint32_t *rank; /* INOUT (n_outputs, n) within the node, for ABSOLUTE; else NULL */
    sch_cart_node *nodes; /* INOUT (capacity) */
    double *sums; /* INOUT (capacity, n_outputs, n_values) weights of classes, sums of y, or medians */
    int32_t *frontier; /* INOUT (capacity) */
    int64_t capacity, n_nodes, level, n_frontier;
    int64_t n_leaves, depth; /* OUT */
    double impurity_sum, loss_sum; /* INOUT of all leaves, times their weight */
    int64_t n_open; /* OUT leaves that the next step splits; 0: the tree is complete */
    void *scratch; /* SCRATCH cart_grow_scratch(a) bytes, 64-byte aligned */
} sch_cart_grow_args;

/* Where the nodes of a tree stand when subtrees are written out one after another, the left one first. */
typedef struct {
    sch_control control;
    int64_t n;
    const int32_t *left; /* IN (n) left child, behind its parent; right is left + 1; 0: a leaf */
    int64_t *position; /* OUT (n) */
    void *scratch; /* SCRATCH cart_preorder_scratch(a) bytes */
} sch_cart_preorder_args;

#define SCH_CART_OPS(X)                  \
    X(cart_sort, sch_cart_sort_args)     \
    X(cart_select, sch_cart_select_args) \
    X(cart_grow, sch_cart_grow_args)     \
    X(cart_preorder, sch_cart_preorder_args)

typedef struct {
    SCH_CART_OPS(SCH_KERNEL)
    int64_t (*cart_sort_scratch)(const sch_cart_sort_args *); /* bytes, a function of sizes and options alone */
    int64_t (*cart_grow_scratch)(const sch_cart_grow_args *);
    int64_t (*cart_preorder_scratch)(const sch_cart_preorder_args *);
} sch_cart_ops;

#endif
