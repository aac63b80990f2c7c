/* tree/growth.h - the state of a growing tree, and its work memory.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_GROWTH_H
#define SCH_TREE_GROWTH_H

#include "core/blocks.h"
#include "tree/partition.h"
#include "tree/split.h"
#include "tree/words.h"

enum {
    LEAST_SLOTS = 3,     /* the parent's, and two more */
    GROUP_ROWS = 8192,   /* at least, on average */
    STRETCH = 8192,      /* rows that a group takes at a time */
    SEARCH_CELLS = 2048,   /* whose updates take as long as the search of a tile */
    SERIAL_CELLS = 4096    /* with less than this to do, threads are not worth waking */
};

typedef struct {
    int64_t start, n; /* rows */
    sums total;
    double score;        /* what the node as a leaf takes off the model */
    double lower, upper; /* bounds of its value, in whole units */
    split best;
    uint64_t key; /* of the node's random draws */
    int32_t parent, depth;
    int32_t left; /* child, the right one follows; -1: a leaf */
    int32_t slot; /* of its histogram; -1: none */
} grown_node;

/* The best splits that a search of one or two nodes has found in a tile: others write next to them. */
typedef struct {
    _Alignas(SCH_LINE) split of_node[2];
} tile_splits;

typedef struct growth_team growth_team;

typedef struct {
    sch_grow_tree_args *a;
    packing p;
    double row_weight; /* sum over the rows */
    histogram_source source;
    int64_t tiles;
    grown_node *nodes; /* (2 max_leaves - 1) */
    int64_t n_nodes, n_leaves;
    int32_t *heap; /* (max_leaves) leaves that can be split, the best first */
    int64_t n_heap;

    int64_t *slots; /* (n_slots, tiles, 2 or 1 planes) */
    int64_t n_slots, tile_words;
    int32_t *owners;  /* (n_slots) node; or FREE, PINNED */
    int64_t *partial; /* (groups - 1, tiles, 2 planes) while a histogram is built */
    int64_t *taken;   /* (tiles) rows that groups have taken */
    uint8_t *filled;  /* (groups, tiles) whether it has any */

    int32_t *tile_top;     /* (tiles) */
    uint8_t *tile_used;    /* (tiles) 0: no feature of the tile may be split on */
    uint8_t *tile_missing; /* (tiles) a feature of it has missing values */
    int32_t *feature_at;   /* (tiles * 16) */
    uint8_t *usable;       /* (2, d) features that each of two nodes may be split on */
    int64_t *allowed;      /* (2, tiles * 16) the numeric ones as masks */
    tile_splits *found;    /* (tiles) */
    int64_t *counts;       /* (blocks + 1) */
    word_span *spans;      /* (blocks) */

    int64_t *words; /* (n), or NULL: not stored */
    uint32_t *spare;   /* while a node is divided, where `partial` is at other times */
    uint64_t *bitmaps; /* likewise */
    magnitudes *magnitudes;
    int64_t *leaf_sums;   /* (max_leaves, 2) */
    int32_t *leaf_number; /* (2 max_leaves - 1) */

    growth_team *team; /* of those who grow the same tree; or NULL */
    int64_t member, n_searches;
} growth;

/* Tasks beyond the number of tiles, where those are too few to share out. */
SCH_INLINE int64_t most_groups(int64_t tiles) { return sch_max(1, 8 / tiles); }

/* With L leaves, K = max_leaves - L may still be split, the last of them without a look at its children: of those that wait,
 * only the best K - 1 need histograms. A leaf loses its slot only when all others are held by leaves that go before it, or by
 * the two children being looked at: with half of max_leaves slots that leaves K - 1 better ones, for then there are so many
 * leaves that K is less than that half. */
SCH_INLINE int64_t wanted_slots(const sch_grow_tree_args *a, int64_t tiles)
{
    const int64_t fit = a->histogram_bytes / (tiles * 2 * PLANE * (int64_t)sizeof(int64_t));
    return sch_max(LEAST_SLOTS, sch_min(fit, (a->max_leaves + 1) / 2));
}

/* Of `spare`, `bitmaps` and `partial`, which stand in the same place at different times. */
static int64_t shared_bytes(int64_t n_rows, int64_t n_table, int64_t partial_bytes)
{
    const int64_t spare = spare_rows(n_rows, n_table) * (int64_t)sizeof(uint32_t);
    const int64_t bitmaps = is_dense(n_rows, n_table) ? bitmap_words(n_table) * 2 * (int64_t)sizeof(uint64_t) : 0;
    return sch_max(sch_max(spare, bitmaps), partial_bytes);
}

static growth divide_scratch(sch_grow_tree_args *a, sch_arena *arena)
{
    growth w = {.a = a, .tiles = sch_tiles(a->x.d)};
    const int64_t leaves = a->max_leaves, tiles = w.tiles, tile_bytes = 2 * PLANE * (int64_t)sizeof(int64_t);
    w.n_slots = wanted_slots(a, tiles);
    w.nodes = sch_take(arena, (2 * leaves - 1) * (int64_t)sizeof *w.nodes);
    w.heap = sch_take(arena, leaves * (int64_t)sizeof *w.heap);
    w.slots = sch_take(arena, w.n_slots * tiles * tile_bytes);
    w.owners = sch_take(arena, w.n_slots * (int64_t)sizeof *w.owners);
    w.tile_top = sch_take(arena, tiles * (int64_t)sizeof *w.tile_top);
    w.tile_used = sch_take(arena, tiles);
    w.tile_missing = sch_take(arena, tiles);
    w.feature_at = sch_take(arena, tiles * SCH_TILE * (int64_t)sizeof *w.feature_at);
    w.usable = sch_take(arena, 2 * a->x.d);
    w.allowed = sch_take(arena, 2 * tiles * SCH_TILE * (int64_t)sizeof *w.allowed);
    w.found = sch_take(arena, tiles * (int64_t)sizeof *w.found);
    w.counts = sch_take(arena, (blocks_of(a->n_rows) + 1) * (int64_t)sizeof *w.counts);
    w.spans = sch_take(arena, blocks_of(a->n_rows) * (int64_t)sizeof *w.spans);
    w.words = word_origin_of(a) == STORED ? sch_take(arena, a->x.n * (int64_t)sizeof *w.words) : NULL;
    w.partial = sch_take(arena, shared_bytes(a->n_rows, a->x.n, (most_groups(tiles) - 1) * tiles * tile_bytes));
    w.taken = sch_take(arena, tiles * (int64_t)sizeof *w.taken);
    w.filled = sch_take(arena, most_groups(tiles) * tiles);
    w.spare = (uint32_t *)w.partial;
    w.bitmaps = (uint64_t *)w.partial;
    w.magnitudes = sch_take(arena, word_blocks(a->n_rows) * (int64_t)sizeof *w.magnitudes);
    w.leaf_sums = sch_take(arena, 2 * leaves * (int64_t)sizeof *w.leaf_sums);
    w.leaf_number = sch_take(arena, (2 * leaves - 1) * (int64_t)sizeof *w.leaf_number);
    return w;
}

/* Whether there is a feature to split on. */
static int describe_tiles(growth *w)
{
    const sch_grow_tree_args *a = w->a;
    int any = 0;
    memset(w->tile_top, 0, (size_t)w->tiles * sizeof *w->tile_top);
    memset(w->tile_used, 0, (size_t)w->tiles);
    memset(w->tile_missing, 0, (size_t)w->tiles);
    for (int64_t t = 0; t < w->tiles; ++t) {
        for (int64_t f = t; f < a->x.d; f += w->tiles) {
            w->feature_at[t * SCH_TILE + a->x.tile_column[f]] = (int32_t)f;
            if (a->x.n_bins[f] > w->tile_top[t]) w->tile_top[t] = a->x.n_bins[f];
            w->tile_used[t] |= !a->features || a->features[f];
            w->tile_missing[t] |= a->x.has_missing[f];
        }
        any |= w->tile_used[t];
    }
    return any;
}

SCH_INLINE int64_t *slot_cells(const growth *w, const grown_node *node, int64_t tile)
{
    return w->slots + (node->slot * w->tiles + tile) * w->tile_words;
}

#endif
