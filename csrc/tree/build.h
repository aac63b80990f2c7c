/* tree/build.h - large nodes' histograms: several tasks, or groups, share a node's rows in a tile, as fast as each is.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_BUILD_H
#define SCH_TREE_BUILD_H

#include "tree/growth.h"

typedef struct {
    growth *w;
    const grown_node *node;
} build_task;

SCH_INLINE int64_t groups_of(const growth *w, const grown_node *node)
{
    return is_packed(&w->p, node->n) ? 1 : sch_max(1, sch_min(node->n / GROUP_ROWS, most_groups(w->tiles)));
}

SCH_INLINE int64_t *group_cells(const growth *w, const grown_node *node, int64_t group, int64_t tile)
{
    return group ? w->partial + ((group - 1) * w->tiles + tile) * 2 * PLANE : slot_cells(w, node, tile);
}

/* One of a node's groups, in one tile: as many of the rows as it gets before others have them. The first one has a histogram in
 * any case. */
static void build_group(const growth *w, const grown_node *node, int64_t group, int64_t tile, int64_t step,
                        int64_t *taken)
{
    const row_supply supply = {w->a->rows + node->start, node->n, step, taken};
    const row_stretch first = take_rows(&supply);
    w->filled[group * w->tiles + tile] = !group || first.n;
    if (!group || first.n)
        build_histogram(&w->source, group_cells(w, node, group, tile), tile, first, &supply, is_packed(&w->p, node->n));
}

static void build_chunk(void *context, int64_t chunk)
{
    const build_task *task = context;
    const growth *w = task->w;
    const int64_t tile = chunk % w->tiles;
    if (w->tile_used[tile]) build_group(w, task->node, chunk / w->tiles, tile, STRETCH, &w->taken[tile]);
}

/* Groups are built first; a node of one group is left to `finish_tile`. Each tile's first group comes before all second ones:
 * these go to threads that have nothing else to do, and take what is left then. */
static sch_status build_groups(growth *w, const grown_node *node)
{
    build_task task = {.w = w, .node = node};
    const int64_t groups = groups_of(w, node);
    if (groups == 1) return SCH_OK;
    memset(w->taken, 0, (size_t)w->tiles * sizeof *w->taken);
    return sch_par_for(&w->a->control, w->tiles * groups, build_chunk, &task);
}

/* The sums of a node, from the groups of a tile whose first column is not sparse. */
static sums sums_of_groups(const growth *w, const grown_node *node, int64_t tile)
{
    sums total = {0};
    for (int64_t g = 0; g < groups_of(w, node); ++g) {
        if (!w->filled[g * w->tiles + tile]) continue;
        const int64_t *cells = group_cells(w, node, g, tile);
        total = plus(total, cell_sums(&w->p, cells, SCH_MISSING_BIN * SCH_TILE, 0));
        for (int64_t bin = 0; bin < w->tile_top[tile]; ++bin)
            total = plus(total, cell_sums(&w->p, cells, bin * SCH_TILE, 0));
    }
    return total;
}

static void finish_tile(const growth *w, const grown_node *node, int64_t tile)
{
    const int64_t groups = groups_of(w, node);
    int64_t taken = 0;
    if (groups == 1) build_group(w, node, 0, tile, node->n, &taken);
    for (int64_t g = 1; g < groups; ++g) {
        if (!w->filled[g * w->tiles + tile]) continue;
        merge_histogram(slot_cells(w, node, tile), group_cells(w, node, g, tile), w->tile_top[tile]);
    }
    fill_common(&w->source, slot_cells(w, node, tile), tile, node->total, is_packed(&w->p, node->n));
}

#endif
