/* tree/grow.h - a tree grows: the best leaf is split until nothing is left to gain.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_GROW_H
#define SCH_TREE_GROW_H

#include "tree/expand.h"

/* A tile whose histogram says what the root's sums are, so that no pass over the rows is needed for them; or -1. There is one
 * where no words are stored, the root's histogram is built in groups, and not all columns are sparse. */
static int64_t summing_tile(const growth *w)
{
    if (w->words || w->a->max_leaves == 1 || groups_of(w, &w->nodes[0]) == 1) return -1;
    for (int64_t t = 0; t < w->tiles; ++t)
        if (w->tile_used[t] && tile_dense(&w->a->x, t)) return t;
    return -1;
}

static void begin_tree(growth *w)
{
    grown_node *root = &w->nodes[0];
    *root = (grown_node){
        .n = w->a->n_rows, .left = -1, .parent = -1, .lower = -(double)INFINITY, .upper = (double)INFINITY};
    root->key = sch_key(w->a->seed, 0);
    w->n_nodes = w->n_leaves = 1;
}

/* `tile`: of the root's sums; -1: they are known. */
static sch_status search_root(growth *w, int64_t tile)
{
    grown_node *root = &w->nodes[0];
    search_task task = {.w = w, .built = root, .searched = {root}, .n_searched = 1};
    if (tile < 0 && (w->a->max_leaves == 1 || !can_split(w, root))) return SCH_OK;
    take_slot(w, 0);
    sch_status status = build_groups(w, root);
    if (!status && tile >= 0) root->total = sums_of_groups(w, root, tile);
    if (!status) status = search_nodes(&task);
    settle_slot(w, root);
    return status;
}

static sch_status grow_nodes(growth *w, int64_t tile)
{
    sch_status status = search_root(w, tile);
    while (!status && w->n_heap && w->n_leaves < w->a->max_leaves) {
        grown_node *node = &w->nodes[pop_leaf(w)];
        status = divide_node(w, node);
        if (!status) status = look_into_children(w, node);
    }
    return status;
}

/* The first member's tree is the one that counts. Where threads are busy elsewhere it grows alone. */
static void grow_member(void *context, int64_t number)
{
    team_member *members = context;
    growth_team *team = members->w.team;
    if (__atomic_load_n(&team->finished, __ATOMIC_ACQUIRE)) return;
    members[number].status = grow_nodes(&members[number].w, -1);
    if (!number) __atomic_store_n(&team->finished, 1, __ATOMIC_RELEASE);
}

static sch_status grow_together(growth *w, sch_arena *arena)
{
    growth_team team;
    team_member members[MOST_MEMBERS];
    take_team(w, &team, members, arena);
    const sch_status status = sch_par_for(&w->a->control, team.n_members, grow_member, members);
    *w = members[0].w;
    w->team = NULL;
    return status ? status : members[0].status;
}

#endif
