/* tree/build.h - large nodes' histograms: their rows in groups, so that there is work for all threads.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_BUILD_H
#define SCH_TREE_BUILD_H

#include "tree/growth.h"

typedef struct {
    growth *w;
    const grown_node *node;
    int64_t groups;
} build_task;

SCH_INLINE int64_t groups_of(const growth *w, const grown_node *node)
{
    return is_packed(&w->p, node->n) ? 1 : sch_max(1, sch_min(node->n / GROUP_ROWS, most_groups(w->tiles)));
}

SCH_INLINE int64_t *group_cells(const growth *w, const grown_node *node, int64_t group, int64_t tile)
{
    return group ? w->partial + ((group - 1) * w->tiles + tile) * 2 * PLANE : slot_cells(w, node, tile);
}

/* One group of a node's rows, in one tile. */
static void build_group(const growth *w, const grown_node *node, int64_t group, int64_t groups, int64_t tile)
{
    const int64_t first = node->n * group / groups, end = node->n * (group + 1) / groups;
    build_histogram(&w->source, group_cells(w, node, group, tile), tile, w->a->rows + node->start + first, end - first,
                    is_packed(&w->p, node->n));
}

static void build_chunk(void *context, int64_t chunk)
{
    const build_task *task = context;
    const int64_t tile = chunk / task->groups;
    if (task->w->tile_used[tile]) build_group(task->w, task->node, chunk % task->groups, task->groups, tile);
}

/* Groups are built first; a node of one group is left to `finish_tile`. */
static sch_status build_groups(growth *w, const grown_node *node)
{
    build_task task = {.w = w, .node = node, .groups = groups_of(w, node)};
    return task.groups > 1 ? sch_par_for(&w->a->control, w->tiles * task.groups, build_chunk, &task) : SCH_OK;
}

/* The sums of a node, from the groups of a tile whose first column is not sparse. */
static sums sums_of_groups(const growth *w, const grown_node *node, int64_t tile)
{
    sums total = {0};
    for (int64_t g = 0; g < groups_of(w, node); ++g) {
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
    if (groups == 1) build_group(w, node, 0, 1, tile);
    for (int64_t g = 1; g < groups; ++g)
        merge_histogram(slot_cells(w, node, tile), group_cells(w, node, g, tile), w->tile_top[tile]);
    fill_common(&w->source, slot_cells(w, node, tile), tile, node->total, is_packed(&w->p, node->n));
}

#endif
