/* tree/route.h - leaf values added to the raw predictions: by the leaves' rows, or from the bins.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_ROUTE_H
#define SCH_TREE_ROUTE_H

#include "tree/binned_masks.h"
#include "tree/binned_walk.h"
#include "tree/leaves.h"

enum { LEAF_STRETCH = 16384 }; /* rows of the table */

/* The first of ascending rows that is not below `row`, or their end. */
SCH_INLINE const uint32_t *row_from(const uint32_t *rows, const uint32_t *end, int64_t row)
{
    while (rows < end) {
        const uint32_t *middle = rows + (end - rows) / 2;
        if (*middle < row) rows = middle + 1;
        else end = middle;
    }
    return rows;
}

/* A stretch of the table, not of `rows`: threads that write to neighbours would take lines of memory from each other. */
static void add_leaves_chunk(void *context, int64_t chunk)
{
    const sch_add_leaves_args *a = context;
    const int64_t first = chunk * LEAF_STRETCH, stop = first + LEAF_STRETCH;
    for (int64_t leaf = 0; leaf < a->n_leaves; ++leaf) {
        const double value = a->value[leaf];
        const uint32_t *end = a->rows + a->leaf_start[leaf + 1];
        for (const uint32_t *at = row_from(a->rows + a->leaf_start[leaf], end, first); at < end && *at < stop; ++at)
            a->raw[*at] += value;
    }
}

static sch_status add_leaves(sch_add_leaves_args *a)
{
    int64_t last = -1; /* row */
    for (int64_t leaf = 0; leaf < a->n_leaves; ++leaf)
        if (a->leaf_start[leaf] < a->leaf_start[leaf + 1]) last = sch_max(last, a->rows[a->leaf_start[leaf + 1] - 1]);
    return sch_par_for(&a->control, last / LEAF_STRETCH + (last >= 0), add_leaves_chunk, a);
}

static void add_masked_chunk(void *context, int64_t chunk)
{
    const sch_add_routed_args *a = context;
    const int64_t end = sch_min((chunk + 1) * LEAF_BLOCK, a->n_rows);
    masked_rows m;
    for (int64_t first = chunk * LEAF_BLOCK; first < end; first += REGISTER_ROWS) {
        route_masked(&m, &a->x, a->nodes, a->n_nodes, a->sets, first);
        const int64_t n = sch_min(REGISTER_ROWS, end - first);
        for (int64_t r = 0; r < n; ++r) a->raw[first + r] += a->value[m.leaf[r]];
    }
}

static void add_walked_chunk(void *context, int64_t chunk)
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
    const sch_chunk body = a->rows || a->n_nodes > MASKED_NODES ? add_walked_chunk : add_masked_chunk;
    return sch_par_for(&a->control, (a->n_rows + LEAF_BLOCK - 1) / LEAF_BLOCK, body, a);
}

#endif
