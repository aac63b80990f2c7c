/* tree/route.h - leaf values added to the raw predictions: by the leaves' rows, or walking down the bins.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_ROUTE_H
#define SCH_TREE_ROUTE_H

#include "tree/binned_walk.h"
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

static void add_routed_chunk(void *context, int64_t chunk)
{
    const sch_add_routed_args *a = context;
    const int64_t end = sch_min((chunk + 1) * LEAF_BLOCK, a->n_rows);
    for (int64_t i = chunk * LEAF_BLOCK; i < end; ++i) {
        const int64_t row = a->rows ? (int64_t)a->rows[i] : i;
        a->raw[row] += a->value[binned_leaf(&a->x, a->nodes, a->sets, row)->left];
    }
}

static sch_status add_routed(sch_add_routed_args *a)
{
    return sch_par_for(&a->control, (a->n_rows + LEAF_BLOCK - 1) / LEAF_BLOCK, add_routed_chunk, a);
}

#endif
