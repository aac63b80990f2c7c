/* tree/apply_walk.h - one row down one tree, node by node.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_WALK_H
#define SCH_TREE_APPLY_WALK_H

#include "core/prelude.h"
#include "sch/apply.h"

SCH_INLINE int has_code(const uint64_t *set, int code) { return (int)(set[code >> 6] >> (code & 63)) & 1; }

/* The code of a category, or -1 where it is missing: NaN, out of range, or not known from training. */
SCH_INLINE int category_of(const sch_trees *trees, int32_t feature, double x)
{
    if (!(x >= 0.0 && x < SCH_MAX_BINS)) return -1;
    const int code = (int)x;
    return !trees->known || has_code(trees->known + 4 * (int64_t)feature, code) ? code : -1;
}

SCH_INLINE int goes_left(const sch_trees *trees, const sch_node *node, const double *row)
{
    const int32_t feature = node->feature & SCH_NODE_FEATURE;
    const int missing_left = (node->feature & SCH_NODE_MISSING_LEFT) != 0;
    const double x = row[feature];
    if (node->feature & SCH_NODE_CATEGORICAL) {
        const int code = category_of(trees, feature, x);
        return code < 0 ? missing_left : has_code(trees->categories + 4 * (int64_t)node->threshold, code);
    }
    return x <= node->threshold || (missing_left && isnan(x));
}

/* The leaf in which a row ends, counted from the first node of its tree. */
SCH_INLINE int64_t leaf_of(const sch_trees *trees, const sch_node *tree, const double *row)
{
    int64_t i = 0;
    while (tree[i].feature >= 0) i = tree[i].left + !goes_left(trees, tree + i, row);
    return i;
}

#endif
