/* tree/forest_data.h - what one tree is grown on: its rows, their bins and targets, and the work memory for it.
 *
 * A region is a table of some rows of the tree, with rows numbered from 0; the nodes below are lists of its rows. Far down
 * in the tree, where a node's rows lie wide apart, they are copied into a region of their own, which fits a nearer cache.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_DATA_H
#define SCH_TREE_FOREST_DATA_H

#include "core/prelude.h"
#include "sch/forest.h"

enum { FOREST_BINS = 256, FOREST_REGIONS = 24, FOREST_SHRINK = 8, FOREST_SMALL = 1 << 14 };

typedef struct {
    const uint8_t *columns; /* (d, stride) */
    int64_t stride;
    uint32_t *rows;         /* lists of the nodes' rows */
    const uint64_t *packed; /* (n) weight of the second class << 32 | weight, where weights are packed; else */
    const int64_t *weight;  /* (n) */
    const int32_t *codes;   /* (n, n_out) lanes of the rows' classes; or */
    const int64_t *target;  /* (n, n_out) */
    char *end;              /* the first byte behind */
} forest_region;

/* A part of a node's rows in bins: prefix sums over the bins that occur, in their order or in that of `order`. */
typedef struct {
    int64_t n;             /* bins that occur, the missing one not counted */
    uint8_t bin[FOREST_BINS];
    double *weight;        /* (FOREST_BINS) prefix sums */
    double *count;         /* (FOREST_BINS) rows; meaningless unless they matter */
    double *lanes;         /* (n_lanes, FOREST_BINS) */
    double *gain;          /* (FOREST_BINS) of a split after each of the bins */
    double *more;          /* (2, FOREST_BINS) for sums on the way to the gains */
    int has_missing;
    double missing_weight, missing_count;
    double *missing;       /* (n_lanes) */
} forest_bins;

typedef struct {
    const sch_forest_grow_args *a;
    int64_t tree;
    int64_t n_lanes;      /* of a histogram: classes of all outputs, or outputs */
    int is_classes, counted;
    double least_weight; /* of a leaf */
    int64_t n_rows;       /* rows of this tree */
    uint64_t *packed;     /* (n) of the first region */
    forest_region regions[FOREST_REGIONS];
    uint32_t *spare;      /* (n) rows that go right */
    int64_t *ordered;     /* (n, 1 + n_out) targets of a node's rows, in their order; codes as int32 */
    uint64_t *histogram;  /* (FOREST_BINS, 1 + n_lanes), zero between uses */
    uint32_t *counts;     /* (FOREST_BINS), likewise */
    int32_t *features;    /* (d) a permutation */
    double *totals;       /* (n_lanes) of the node in hand */
    int two_values;    /* the node in hand has no more than two values of its one target */
    int64_t low, high; /* which */
    forest_bins bins;
    void *frontier;       /* nodes that wait, see forest_grow.h */
    char *arena;          /* where regions below the first are made */
} forest_tree;

SCH_INLINE int64_t forest_lanes(const sch_forest_grow_args *a)
{
    int64_t lanes = 0;
    if (!a->n_classes) return a->n_out;
    for (int64_t o = 0; o < a->n_out; ++o) lanes += a->n_classes[o];
    return lanes;
}

/* Copying pays where a column's bins are read more than once below: by share of features and levels to come. */
SCH_INLINE int copies_rows(const sch_forest_grow_args *a)
{
    return a->max_leaf_nodes == 0 && a->max_features * 8 >= a->x.d;
}

/* Bytes of a region of n copied rows. */
SCH_INLINE int64_t copy_bytes(const sch_forest_grow_args *a, int64_t n)
{
    const int64_t targets = sch_round_up(n * a->n_out * 8, SCH_LINE);
    return a->x.d * sch_round_up(n, SCH_LINE) + sch_round_up(n * 4, SCH_LINE) + sch_round_up(n * 8, SCH_LINE) + targets;
}

/* Divides a slot's memory, or counts it where arena has none. */
SCH_INLINE void take_tree(const sch_forest_grow_args *a, forest_tree *tree, sch_arena *arena, int64_t frontier_bytes)
{
    const int64_t n = a->x.n, lanes = forest_lanes(a);
    forest_bins *const bins = &tree->bins;
    tree->a = a;
    tree->n_lanes = lanes;
    tree->is_classes = a->n_classes != NULL;
    tree->counted = a->min_samples_leaf > 1;
    tree->regions[0].rows = sch_take(arena, n * 4);
    tree->regions[0].packed = tree->packed = a->packed ? sch_take(arena, n * 8) : NULL;
    tree->spare = sch_take(arena, n * 4);
    tree->ordered = sch_take(arena, n * (1 + a->n_out) * 8);
    tree->histogram = sch_take(arena, FOREST_BINS * (1 + lanes) * 8);
    tree->counts = sch_take(arena, FOREST_BINS * 4);
    tree->features = sch_take(arena, a->x.d * 4);
    tree->totals = sch_take(arena, lanes * 8);
    bins->weight = sch_take(arena, FOREST_BINS * 8);
    bins->count = sch_take(arena, FOREST_BINS * 8);
    bins->gain = sch_take(arena, FOREST_BINS * 8);
    bins->more = sch_take(arena, 2 * FOREST_BINS * 8);
    bins->lanes = sch_take(arena, lanes * FOREST_BINS * 8);
    bins->missing = sch_take(arena, lanes * 8);
    tree->frontier = sch_take(arena, frontier_bytes);
    tree->arena = sch_take(arena, 0);
    for (int64_t m = n / FOREST_SHRINK; copies_rows(a) && m > 0; m /= FOREST_SHRINK) sch_take(arena, copy_bytes(a, m));
}

/* The rows of a tree with their targets: the first region. */
SCH_INLINE void load_rows(forest_tree *tree)
{
    const sch_forest_grow_args *const a = tree->a;
    const int64_t *const weight = a->weight + tree->tree * a->weight_stride;
    forest_region *const root = &tree->regions[0];
    int64_t n = 0, total = 0;
    root->columns = a->x.columns;
    root->stride = a->x.column_stride;
    root->weight = weight;
    root->codes = a->codes;
    root->target = a->target;
    root->end = tree->arena;
    for (int64_t i = 0; i < a->x.n; ++i) {
        root->rows[n] = (uint32_t)i;
        n += weight[i] > 0;
        total += weight[i];
    }
    tree->n_rows = n;
    tree->least_weight = a->min_weight_fraction_leaf * (double)total;
    if (!a->packed) return;
    for (int64_t i = 0; i < a->x.n; ++i)
        tree->packed[i] = (a->codes[i] ? (uint64_t)weight[i] << 32 : 0) + (uint64_t)weight[i];
}

/* Copies the n rows of a list into a new region behind `from`, numbered from 0 in the order of the list. */
static void copy_rows(const forest_tree *tree, const forest_region *from, const uint32_t *list, int64_t n,
                      forest_region *to)
{
    const sch_forest_grow_args *const a = tree->a;
    const int64_t n_out = a->n_out;
    sch_arena arena = {.base = from->end};
    to->stride = sch_round_up(n, SCH_LINE);
    uint8_t *const columns = sch_take(&arena, a->x.d * to->stride);
    uint32_t *const rows = sch_take(&arena, n * 4);
    to->columns = columns;
    to->rows = rows;
    for (int64_t i = 0; i < n; ++i) rows[i] = (uint32_t)i;
    for (int64_t f = 0; f < a->x.d; ++f) {
        const uint8_t *const source = from->columns + f * from->stride;
        uint8_t *const target = columns + f * to->stride;
        for (int64_t i = 0; i < n; ++i) target[i] = source[list[i]];
    }
    int64_t *const words = sch_take(&arena, n * 8); /* packed, or weights */
    const int64_t *const from_words = a->packed ? (const int64_t *)from->packed : from->weight;
    to->packed = a->packed ? (uint64_t *)words : NULL;
    to->weight = a->packed ? NULL : words;
    for (int64_t i = 0; i < n; ++i) words[i] = from_words[list[i]];
    if (tree->is_classes && !a->packed) {
        int32_t *const codes = sch_take(&arena, n * n_out * 4);
        for (int64_t i = 0; i < n; ++i)
            for (int64_t o = 0; o < n_out; ++o) codes[i * n_out + o] = from->codes[list[i] * n_out + o];
        to->codes = codes;
    }
    if (!tree->is_classes) {
        int64_t *const target = sch_take(&arena, n * n_out * 8);
        for (int64_t i = 0; i < n; ++i)
            for (int64_t o = 0; o < n_out; ++o) target[i * n_out + o] = from->target[list[i] * n_out + o];
        to->target = target;
    }
    to->end = from->end + arena.used;
}

#endif
