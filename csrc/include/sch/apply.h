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
    const uint64_t *categories; /* (n_sets, 4) sets of the codes that go left */
    const uint64_t *known; /* (n_features, 4) codes that are not taken for missing; NULL: 0 .. 254 */
} sch_trees;

/* out = (baseline + sum over the trees first .. last - 1, in this order) / divisor */
typedef struct {
    sch_control control;
    sch_trees trees;
    sch_table x; /* IN (n, n_features) */
    int64_t column_stride; /* DENSE: elements from one column to the next; rows need not be contiguous */
    int64_t first, last;
    const double *baseline; /* IN (n_out) */
    double divisor;
    double *out; /* OUT (n, n_out) */
    void *scratch; /* SCRATCH trees_predict_scratch(a) bytes, 64-byte aligned */
} sch_trees_predict_args;

/* The node of each tree in which each row ends, counted from the tree's first. */
typedef struct {
    sch_control control;
    sch_trees trees;
    sch_table x; /* IN (n, n_features) */
    int64_t column_stride; /* as above */
    int64_t *leaves; /* OUT (n, n_trees) */
    void *scratch; /* SCRATCH trees_leaves_scratch(a) bytes, 64-byte aligned */
} sch_trees_leaves_args;

#define SCH_APPLY_OPS(X)                     \
    X(trees_predict, sch_trees_predict_args) \
    X(trees_leaves, sch_trees_leaves_args)

typedef struct {
#define SCH_FIELD(name, args_t) sch_status (*name)(args_t *);
    SCH_APPLY_OPS(SCH_FIELD)
#undef SCH_FIELD
    int64_t (*trees_predict_scratch)(const sch_trees_predict_args *); /* bytes, a function of sizes alone */
    int64_t (*trees_leaves_scratch)(const sch_trees_leaves_args *);
} sch_apply_ops;

#endif
