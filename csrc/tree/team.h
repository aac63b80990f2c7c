/* tree/team.h - small tables: threads grow the same tree, each for itself, and only share out the tiles of a search.
 *
 * What lies between two searches, rows divided and leaves ranked, takes a fourth of the time there if one thread does it while
 * others wait, and wait for the rows that it moved. Here each has its own rows and nodes, which come out the same: histograms
 * and what searches find are what they have in common. A tile goes to whoever is first to claim it, its member if that is
 * there; who comes late finds done what it was about to do.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_TEAM_H
#define SCH_TREE_TEAM_H

#include "tree/build.h"

enum { MOST_MEMBERS = 4, TEAM_LEAVES = 256 /* at most: what all searches find is kept */ };

/* How far a tile is: the last search that somebody has begun, and ended, in it. */
typedef struct {
    _Alignas(SCH_LINE) int64_t begun;
    int64_t ended;
} tile_progress;

struct growth_team {
    int64_t n_members;
    tile_progress *progress; /* (tiles) */
    tile_splits *found; /* (searches, tiles) */
    int finished; /* the tree is there */
};

/* Each leaf may be looked into by itself. */
SCH_INLINE int64_t most_searches(const sch_grow_tree_args *a) { return 2 * a->max_leaves - 1; }

/* 1: each search is a loop of its own. In a team one thread alone builds a node's histogram in a tile, and divides its rows:
 * groups and blocks of rows, which threads share, have no place for each member. */
SCH_INLINE int64_t team_members(const sch_grow_tree_args *a)
{
    const int64_t most = sch_min(sch_min(a->control.n_threads, sch_tiles(a->x.d)), MOST_MEMBERS);
    return a->n_rows < 2 * GROUP_ROWS && a->n_rows <= PARTITION_BLOCK && a->max_leaves <= TEAM_LEAVES ? most : 1;
}

SCH_INLINE int begin_tile(growth_team *team, int64_t tile, int64_t search)
{
    int64_t before = search - 1;
    return __atomic_load_n(&team->progress[tile].begun, __ATOMIC_RELAXED) == before &&
           __atomic_compare_exchange_n(&team->progress[tile].begun, &before, search, 0, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

SCH_INLINE int has_ended(const growth_team *team, int64_t tile, int64_t search)
{
    return __atomic_load_n(&team->progress[tile].ended, __ATOMIC_ACQUIRE) >= search;
}

/* The next search of each member: body(context, tile) of the tiles that nobody else has begun; then until all have ended. */
static sch_status search_together(growth *w, sch_chunk body, void *context)
{
    growth_team *team = w->team;
    const sch_control *control = &w->a->control;
    const int64_t search = ++w->n_searches, n = team->n_members;
    w->found = team->found + (search - 1) * w->tiles;
    if (sch_should_stop(control) || __atomic_load_n(&team->finished, __ATOMIC_ACQUIRE)) return SCH_CANCELLED;
    for (int64_t turn = 0; turn < n; ++turn)
        for (int64_t tile = (w->member + turn) % n; tile < w->tiles; tile += n) {
            if (!begin_tile(team, tile, search)) continue;
            body(context, tile);
            __atomic_store_n(&team->progress[tile].ended, search, __ATOMIC_RELEASE);
        }
    for (int64_t tile = 0; tile < w->tiles; ++tile)
        for (int64_t turn = 0; !has_ended(team, tile, search); ++turn)
            if (!sch_wait(control, turn)) return SCH_CANCELLED;
    return SCH_OK;
}

/* What a member has of its own. */
typedef struct {
    growth w;
    sch_grow_tree_args a;
    sch_status status;
} team_member;

static void take_member(const growth *first, int64_t number, team_member *member, sch_arena *arena)
{
    const sch_grow_tree_args *a = first->a;
    const int64_t leaves = a->max_leaves, tiles = first->tiles;
    const int64_t rows_bytes = (a->n_rows + SCH_ROWS_MARGIN) * (int64_t)sizeof(uint32_t);
    growth w = *first;
    w.nodes = sch_take(arena, (2 * leaves - 1) * (int64_t)sizeof *w.nodes);
    w.heap = sch_take(arena, leaves * (int64_t)sizeof *w.heap);
    w.owners = sch_take(arena, w.n_slots * (int64_t)sizeof *w.owners);
    w.usable = sch_take(arena, 2 * a->x.d);
    w.allowed = sch_take(arena, 2 * tiles * SCH_TILE * (int64_t)sizeof *w.allowed);
    w.filled = sch_take(arena, most_groups(tiles) * tiles);
    w.spare = sch_take(arena, rows_bytes);
    uint32_t *rows = sch_take(arena, rows_bytes);
    if (!arena->base) return;
    w.nodes[0] = first->nodes[0];
    memcpy(w.owners, first->owners, (size_t)w.n_slots * sizeof *w.owners);
    memcpy(rows, a->rows, (size_t)rows_bytes);
    w.member = number;
    member->w = w;
    member->a = *a;
    member->a.rows = rows;
    member->w.a = &member->a;
}

/* `first` is as it is before the root is searched; without an arena's memory only that is counted. */
static void take_team(const growth *first, growth_team *team, team_member *members, sch_arena *arena)
{
    const int64_t n = team_members(first->a), tiles = first->tiles;
    growth w = *first;
    team->n_members = n;
    team->finished = 0;
    team->progress = sch_take(arena, tiles * (int64_t)sizeof *team->progress);
    team->found = sch_take(arena, most_searches(first->a) * tiles * (int64_t)sizeof *team->found);
    if (arena->base) memset(team->progress, 0, (size_t)tiles * sizeof *team->progress);
    w.team = team;
    members[0].w = w;
    for (int64_t number = 1; number < n; ++number) take_member(&w, number, &members[number], arena);
}

#endif
