/* sch/forest.h - growing the trees of random forests on a binned table.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_FOREST_H
#define SCH_FOREST_H

#include "sch/status.h"
#include "sch/tree.h"
#include "sch/types.h"

/* What a split is to make small: the first two of classes, the others of numbers. */
typedef enum { SCH_FOREST_GINI, SCH_FOREST_ENTROPY, SCH_FOREST_SQUARED, SCH_FOREST_POISSON } sch_forest_criterion;

/* Some trees, one thread each. All sums over rows are integers: weights count units of weight_unit, targets units of
 * target_unit, so that a row of weight two and the same row twice make the same tree. A tree is a function of the data
 * and of its seed alone. Inner nodes hold the bin up to which rows go left as their threshold. */
typedef struct {
    sch_control control;
    sch_binned x; /* its columns; n < 2^32 */

    sch_forest_criterion criterion;
    int64_t n_out;
    const int32_t *n_classes;    /* IN (n_out) GINI and ENTROPY */
    const int32_t *codes;        /* IN (n, n_out) likewise: classes, numbered from 0 through all outputs */
    const int64_t *target;       /* IN (n, n_out) SQUARED and POISSON: (y - target_origin) / target_unit */
    const double *target_origin; /* IN (n_out) 0 for POISSON */
    double target_unit;

    int64_t n_trees;
    const uint64_t *seed;  /* IN (n_trees) */
    const int64_t *weight; /* IN (n_trees or 1, n) in units; rows of weight 0 are left out */
    int64_t weight_stride; /* n, or 0: one for all trees */
    double weight_unit;
    int weight_shift; /* products of weight and target are divided by two to this power, that they fit 64 bits */
    int packed;       /* one output of two classes, and the weights of a tree sum to less than 2^32 */

    int random_splits;       /* one threshold drawn for each feature, instead of the best */
    const double *bin_value; /* IN (d, 256) a value of each bin, ascending; random splits alone */
    int64_t max_features;    /* features looked at in a node; more until one varies there */
    int in_order;            /* they are the first ones, not drawn at random: of equal splits the first is taken */
    int64_t max_depth;
    int64_t min_samples_split, min_samples_leaf;
    int64_t max_leaf_nodes;       /* 0: no limit; else the best split of the whole tree is made next */
    double min_weight_fraction_leaf; /* of the tree's weight */
    double min_impurity_decrease; /* of the impurity, times the share of the tree's weight in the node */
    const int8_t *monotonic;      /* IN (d) -1, 0, 1; NULL: no constraints */

    int64_t node_room, leaf_room, set_room; /* places for each tree */
    sch_node *nodes;                        /* OUT (n_trees, node_room) */
    double *gain;                           /* OUT (n_trees, node_room) weight times fall of the impurity */
    double *impurity;                       /* OUT (n_trees, node_room) */
    double *node_weight;                    /* OUT (n_trees, node_room) */
    uint32_t *node_samples;                 /* OUT (n_trees, node_room) rows of the table */
    double *values;                         /* OUT (n_trees, leaf_room, n_values), or NULL: leaves hold their value */
    uint64_t *sets;                         /* OUT (n_trees, set_room, 4) categories that go left */
    int keeps_cut_short; /* a tree that is stopped midway keeps its splits, and is finished by leaves; else dropped */
    int64_t *n_nodes;                       /* OUT (n_trees) 0 where the tree was not finished */
    int64_t *n_leaves, *n_sets;             /* OUT (n_trees) */
    int64_t next;                           /* INOUT 0: the next tree to begin */
    void *scratch;                          /* SCRATCH forest_grow_scratch(a) bytes, 64-byte aligned */
} sch_forest_grow_args;

/* Adds what the leaves of one tree say to the rows of a binned table. */
typedef struct {
    sch_control control;
    sch_binned x;
    const sch_node *nodes; /* IN one tree as forest_grow makes it */
    const double *values;  /* IN (n_leaves, n_values), or NULL */
    int64_t n_values;
    const uint64_t *sets;  /* IN (n_sets, 4) */
    const int64_t *weight; /* IN (n) only rows of weight 0 count, or NULL: all do */
    double *sums;          /* INOUT (n, n_values) */
    int64_t *counts;       /* INOUT (n) trees that were added */
} sch_forest_add_args;

#define SCH_FOREST_OPS(X) X(forest_grow, sch_forest_grow_args) X(forest_add, sch_forest_add_args)

typedef struct {
    SCH_FOREST_OPS(SCH_KERNEL)
    int64_t (*forest_grow_scratch)(const sch_forest_grow_args *); /* bytes, a function of sizes and options alone */
} sch_forest_ops;

#endif
