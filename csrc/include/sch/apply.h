/* sch/apply.h - the trees of a fitted model, applied to rows.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_APPLY_H
#define SCH_APPLY_H

#include "sch/status.h"
#include "sch/tree.h"

/* Trees one after another; child indices count from the first node of their tree. */
typedef struct {
    int64_t n_trees, n_features, n_out;
    const sch_node *nodes;
    const int64_t *offsets;      /* (n_trees + 1) first node of each tree */
    const double *values; /* (n_leaves, n_out), or NULL: tree t adds its leaf's threshold to output t % n_out */
    const int64_t *leaf_offsets; /* (n_trees + 1) first leaf of each tree */
    int64_t n_sets;
    const uint64_t *categories; /* (n_sets, 4) sets of the codes that go left */
    const uint64_t *known; /* (n_features, 4) codes that are not taken for missing; NULL: 0 .. 254 */
} sch_trees;

/* An inner node as a comparison of bytes. The rows that reach it are a mask in the slot of its number among the inner nodes
 * of its tree; what would be the mask of a leaf goes into the slot behind them. */
typedef struct {
    int32_t plane; /* whose bytes are compared */
    uint8_t threshold; /* byte <= threshold goes left */
    uint8_t leaves_left; /* leaves below the left child */
    uint16_t left, right; /* slots of the children */
} sch_mask_step;

/* The same trees for mask traversal. A plane is a byte for each row: the numeric features[u] has the planes 2 u, where a
 * missing value is below all thresholds, and 2 u + 1, where it is above; a categorical one has its codes in 2 u. Then the
 * categorical node c has one, 0 for left and 1 for right. */
typedef struct {
    int64_t n_used, n_choices;
    const int32_t *features; /* (n_used) that nodes ask for, ascending */
    const int32_t *used; /* (n_features) where features lists a feature, else -1 */
    const int32_t *levels; /* (n_used) of the feature's heap; 0: categorical */
    const int64_t *heaps; /* (n_used) thresholds as a heap of 2^levels - 1 places, after an empty one */
    const double *bounds; /* all heaps, and room for a register */
    const float *bounds_f32; /* the next numbers of single precision that are not above */
    const int32_t *choices; /* (n_choices) which used feature a categorical node asks for */
    const uint64_t *choice_sets; /* (n_choices, 4) codes that go left; bit 255: missing values do */
    const sch_mask_step *steps; /* parents first */
    const int64_t *step_offsets; /* (n_trees + 1) first step of each tree */
    const double *leaf_values; /* (n_leaves, n_out, or 1 without trees.values) from left to right, and room */
    const int32_t *leaf_nodes; /* (n_leaves) */
} sch_masks;

/* Rows, and what they are to go through. */
typedef struct {
    sch_control control;
    sch_trees trees;
    const sch_masks *masks; /* NULL: rows walk down the trees */
    int64_t first, last; /* trees first .. last - 1 */
    sch_table x; /* IN (n, n_features) */
    int64_t column_stride; /* DENSE: elements from one column to the next; rows need not be contiguous */
    void *scratch; /* SCRATCH 64-byte aligned, as many bytes as the table's entry says */
} sch_apply;

/* out = (baseline + sum over the trees, in their order) / divisor */
typedef struct {
    sch_apply apply;
    const double *baseline; /* IN (n_out) */
    double divisor;
    double *out; /* OUT (n, n_out) */
} sch_trees_predict_args;

/* The node of each tree in which each row ends, counted from the tree's first. */
typedef struct {
    sch_apply apply;
    int64_t *leaves; /* OUT (n, last - first) */
} sch_trees_leaves_args;

/* Shapley values: what each feature adds to the outputs of trees_predict, and what there is without any. */
typedef struct {
    sch_apply apply;      /* masks are not used */
    const double *weight; /* IN (n_nodes) of the training samples that reached a node */
    int64_t max_depth;    /* nodes on the longest path, the leaf not counted */
    const double
        *points; /* IN Gauss-Legendre quadrature on [0, 1]: 1 point, its weight, 2 points, their weights, ... */
    const double *baseline; /* IN (n_out) */
    double divisor;
    double *out; /* OUT (n, n_out, d + 1) */
} sch_trees_contributions_args;

#define SCH_APPLY_OPS(X)                     \
    X(trees_predict, sch_trees_predict_args) \
    X(trees_leaves, sch_trees_leaves_args)   \
    X(trees_contributions, sch_trees_contributions_args)

typedef struct {
    SCH_APPLY_OPS(SCH_KERNEL)
    int64_t (*apply_scratch)(const sch_apply *); /* bytes, a function of sizes alone */
    int64_t (*trees_contributions_scratch)(const sch_trees_contributions_args *);
} sch_apply_ops;

#endif
