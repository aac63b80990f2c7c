/* tree/apply_walk.h - rows down trees, node by node; several walks at a time, for each step waits for two loads.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_WALK_H
#define SCH_TREE_APPLY_WALK_H

#include "core/prelude.h"
#include "sch/apply.h"

enum { WALKS = 8 };

/* The code of a category, or -1 where it is missing: NaN, out of range, or not known from training. */
SCH_INLINE int category_of(const sch_trees *trees, int32_t feature, double x)
{
    if (!(x >= 0.0 && x < SCH_MAX_BINS)) return -1;
    const int code = (int)x;
    return !trees->known || sch_in_set(trees->known + 4 * (int64_t)feature, code) ? code : -1;
}

SCH_INLINE int category_goes_right(const sch_trees *trees, const sch_node *node, double x)
{
    const int code = category_of(trees, node->feature & SCH_NODE_FEATURE, x);
    if (code < 0) return !(node->feature & SCH_NODE_MISSING_LEFT);
    return !sch_in_set(trees->categories + 4 * (int64_t)node->threshold, code);
}

/* Without branches but where there are categories: the nodes that rows meet cannot be foretold. A leaf's answer is of no
 * use and harmless. */
SCH_INLINE int goes_right(const int categorical, const sch_trees *trees, const sch_node *node, double x)
{
    if (categorical && node->feature >= 0 && node->feature & SCH_NODE_CATEGORICAL)
        return category_goes_right(trees, node, x);
    return (x > node->threshold) | (isnan(x) & !(node->feature & SCH_NODE_MISSING_LEFT));
}

SCH_INLINE int32_t step(const int categorical, const int64_t group, const sch_trees *trees, const sch_node *tree,
                        int32_t at, const double *x, int32_t *done)
{
    const sch_node *node = tree + at;
    const int32_t leaf = node->feature >> 31; /* 0 or -1 */
    const int64_t feature = node->feature & SCH_NODE_FEATURE & ~leaf;
    const int32_t next = node->left + goes_right(categorical, trees, node, x[feature * group]);
    *done &= leaf;
    return leaf ? at : next;
}

/* The leaves of WALKS rows in one tree; `rows` is (d, WALKS). */
SCH_INLINE void walk_group(const int categorical, const sch_trees *trees, const sch_node *tree, const double *rows,
                           int32_t *leaves)
{
    int32_t at[WALKS] = {0};
    for (int32_t done = 0; !done;) {
        done = -1;
        SCH_PRAGMA(GCC unroll 8)
        for (int w = 0; w < WALKS; ++w) at[w] = step(categorical, WALKS, trees, tree, at[w], rows + w, &done);
    }
    memcpy(leaves, at, sizeof at);
}

/* The leaves of a row in WALKS trees. */
SCH_INLINE void walk_row(const int categorical, const sch_trees *trees, const sch_node *const tree[WALKS],
                         const double *row, int32_t *leaves)
{
    int32_t at[WALKS] = {0};
    for (int32_t done = 0; !done;) {
        done = -1;
        SCH_PRAGMA(GCC unroll 8)
        for (int w = 0; w < WALKS; ++w) at[w] = step(categorical, 1, trees, tree[w], at[w], row, &done);
    }
    memcpy(leaves, at, sizeof at);
}

/* The leaves of n rows in one tree; `rows` is (n / WALKS, d, WALKS). */
static void walk_rows(const sch_trees *trees, int64_t t, const double *rows, int64_t n, int32_t *leaves)
{
    const sch_node *tree = trees->nodes + trees->offsets[t];
    const int64_t d = trees->n_features;
    for (int64_t i = 0; i < n; i += WALKS)
        if (trees->n_sets) walk_group(1, trees, tree, rows + i * d, leaves + i);
        else walk_group(0, trees, tree, rows + i * d, leaves + i);
}

/* The leaves of a row in the trees first .. last - 1. */
static void walk_trees(const sch_trees *trees, int64_t first, int64_t last, const double *row, int32_t *leaves)
{
    const sch_node *tree[WALKS];
    for (int64_t t = first; t < last; t += WALKS) {
        for (int w = 0; w < WALKS; ++w) tree[w] = trees->nodes + trees->offsets[sch_min(t + w, last - 1)];
        if (trees->n_sets) walk_row(1, trees, tree, row, leaves + (t - first));
        else walk_row(0, trees, tree, row, leaves + (t - first));
    }
}

#endif
