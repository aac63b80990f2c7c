/* tree/route.h - leaf values added to the raw predictions: by the leaves' rows, or walking down the bins.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_ROUTE_H
#define SCH_TREE_ROUTE_H

#include "tree/leaves.h"

static void add_leaves_chunk(void *context, int64_t chunk)
{
    const sch_add_leaves_args *a = context;
    const int64_t end = sch_min((chunk + 1) * LEAF_BLOCK, a->leaf_start[a->n_leaves]);
    int64_t i = chunk * LEAF_BLOCK;
    for (int64_t leaf = leaf_at(a->leaf_start, a->n_leaves, i); i < end; ++leaf) {
        const double value = a->value[leaf];
        for (const int64_t stop = sch_min(end, a->leaf_start[leaf + 1]); i < stop; ++i) a->raw[a->rows[i]] += value;
    }
}

static sch_status add_leaves(sch_add_leaves_args *a)
{
    return sch_par_for(&a->control, (a->leaf_start[a->n_leaves] + LEAF_BLOCK - 1) / LEAF_BLOCK, add_leaves_chunk, a);
}

SCH_INLINE int32_t leaf_of_row(const sch_add_routed_args *a, int64_t row)
{
    int32_t at = 0;
    while (a->nodes[at].feature >= 0) {
        const sch_node *node = &a->nodes[at];
        const uint8_t bin = a->x.columns[(node->feature & SCH_NODE_FEATURE) * a->x.column_stride + row];
        int left = bin <= node->threshold;
        if (bin == SCH_MISSING_BIN) left = (node->feature & SCH_NODE_MISSING_LEFT) != 0;
        else if (node->feature & SCH_NODE_CATEGORICAL)
            left = (int)(a->sets[SCH_SET_WORDS * (int64_t)node->threshold + (bin >> 6)] >> (bin & 63) & 1);
        at = node->left + !left;
    }
    return a->nodes[at].left;
}

static void add_routed_chunk(void *context, int64_t chunk)
{
    const sch_add_routed_args *a = context;
    const int64_t end = sch_min((chunk + 1) * LEAF_BLOCK, a->n_rows);
    for (int64_t i = chunk * LEAF_BLOCK; i < end; ++i) {
        const int64_t row = a->rows ? (int64_t)a->rows[i] : i;
        a->raw[row] += a->value[leaf_of_row(a, row)];
    }
}

static sch_status add_routed(sch_add_routed_args *a)
{
    return sch_par_for(&a->control, (a->n_rows + LEAF_BLOCK - 1) / LEAF_BLOCK, add_routed_chunk, a);
}

#endif
