/* tree/growth.h - a tree grows: the best leaf is split until nothing is left to gain.
 *
 * Of a node's two children the smaller one's histogram is built, the other's is the difference to their parent's. Histograms
 * wait in a bounded number of slots; a leaf that lost its slot to better ones has its children's both built.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_GROWTH_H
#define SCH_TREE_GROWTH_H

#include "core/blocks.h"
#include "core/rng.h"
#include "tree/category.h"
#include "tree/partition.h"
#include "tree/words.h"

enum { LEAST_SLOTS = 3, SLOT_BYTES = 16 << 20, GROUP_ROWS = 16384, SERIAL_CELLS = 65536 };

typedef struct {
    int64_t start, n; /* rows */
    sums total;
    double score;        /* what the node as a leaf takes off the model */
    double lower, upper; /* bounds of its value, in whole units */
    split best;
    int32_t left, parent, depth; /* children: left, left + 1; -1: none */
    int32_t slot;                /* of its histogram; -1: none */
} grown_node;

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
    int64_t n_slots, n_used, tile_words;
    int32_t *owners;  /* (n_slots) node, or -1 */
    int64_t *partial; /* (groups - 1, tiles, 2 planes) */

    int32_t *tile_top;    /* (tiles) */
    uint8_t *tile_used;   /* (tiles) 0: no feature of the tile may be split on */
    uint8_t *tile_missing; /* (tiles) a feature of it has missing values */
    uint8_t *usable;       /* (2, d) features that each of two nodes may be split on */
    int64_t *allowed;      /* (2, tiles * 16) the numeric ones as masks */
    split *found;          /* (2, tiles) */

    int64_t *words;
    uint32_t *spare;
    int64_t *counts;
    magnitudes *partial_magnitudes;
    int64_t *leaf_sums;   /* (max_leaves, 2) */
    int32_t *leaf_number; /* (2 max_leaves - 1) */
} growth;

SCH_INLINE int64_t n_tiles(int64_t d) { return (d + SCH_TILE - 1) / SCH_TILE; }

/* Tasks beyond the number of tiles, where those are too few to share out. */
SCH_INLINE int64_t most_groups(int64_t tiles) { return sch_max(1, 8 / tiles); }

SCH_INLINE int64_t wanted_slots(int64_t max_leaves, int64_t tiles)
{
    const int64_t fit = SLOT_BYTES / (tiles * 2 * PLANE * (int64_t)sizeof(int64_t));
    return sch_min(sch_max(LEAST_SLOTS, fit), max_leaves + 1);
}

static growth divide_scratch(sch_grow_tree_args *a, sch_arena *arena)
{
    growth w = {.a = a, .tiles = n_tiles(a->x.d)};
    const int64_t leaves = a->max_leaves, tiles = w.tiles, tile_bytes = 2 * PLANE * (int64_t)sizeof(int64_t);
    w.n_slots = sch_max(2, wanted_slots(leaves, tiles));
    w.nodes = sch_take(arena, (2 * leaves - 1) * (int64_t)sizeof *w.nodes);
    w.heap = sch_take(arena, leaves * (int64_t)sizeof *w.heap);
    w.slots = sch_take(arena, w.n_slots * tiles * tile_bytes);
    w.owners = sch_take(arena, w.n_slots * (int64_t)sizeof *w.owners);
    w.partial = sch_take(arena, (most_groups(tiles) - 1) * tiles * tile_bytes);
    w.tile_top = sch_take(arena, tiles * (int64_t)sizeof *w.tile_top);
    w.tile_used = sch_take(arena, tiles);
    w.tile_missing = sch_take(arena, tiles);
    w.usable = sch_take(arena, 2 * a->x.d);
    w.allowed = sch_take(arena, 2 * tiles * SCH_TILE * (int64_t)sizeof *w.allowed);
    w.found = sch_take(arena, 2 * tiles * (int64_t)sizeof *w.found);
    w.words = sch_take(arena, a->x.n * (int64_t)sizeof *w.words);
    w.spare = sch_take(arena, a->n_rows * (int64_t)sizeof *w.spare);
    w.counts = sch_take(arena, partition_blocks(a->n_rows) * (int64_t)sizeof *w.counts);
    w.partial_magnitudes = sch_take(arena, word_blocks(a->n_rows) * (int64_t)sizeof *w.partial_magnitudes);
    w.leaf_sums = sch_take(arena, 2 * leaves * (int64_t)sizeof *w.leaf_sums);
    w.leaf_number = sch_take(arena, (2 * leaves - 1) * (int64_t)sizeof *w.leaf_number);
    return w;
}

static void describe_tiles(growth *w)
{
    const sch_grow_tree_args *a = w->a;
    memset(w->tile_top, 0, (size_t)w->tiles * sizeof *w->tile_top);
    memset(w->tile_used, 0, (size_t)w->tiles);
    memset(w->tile_missing, 0, (size_t)w->tiles);
    for (int64_t f = 0; f < a->x.d; ++f) {
        const int64_t t = f / SCH_TILE;
        if (a->x.n_bins[f] > w->tile_top[t]) w->tile_top[t] = a->x.n_bins[f];
        w->tile_used[t] |= !a->features || a->features[f];
        w->tile_missing[t] |= a->x.has_missing[f];
    }
}

/* ---- the queue of leaves */

/* Whether leaf x is to be split before leaf y. */
static int goes_before(const growth *w, int32_t x, int32_t y)
{
    const grown_node *p = &w->nodes[x], *q = &w->nodes[y];
    if (w->a->depth_wise && p->depth != q->depth) return p->depth < q->depth;
    const double gain = (p->best.score - p->score) - (q->best.score - q->score);
    return gain != 0.0 ? gain > 0.0 : x < y;
}

static void push_leaf(growth *w, int32_t leaf)
{
    int64_t at = w->n_heap++;
    for (; at > 0 && goes_before(w, leaf, w->heap[(at - 1) / 2]); at = (at - 1) / 2)
        w->heap[at] = w->heap[(at - 1) / 2];
    w->heap[at] = leaf;
}

static int32_t pop_leaf(growth *w)
{
    const int32_t first = w->heap[0], last = w->heap[--w->n_heap];
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= w->n_heap) break;
        if (child + 1 < w->n_heap && goes_before(w, w->heap[child + 1], w->heap[child])) ++child;
        if (!goes_before(w, w->heap[child], last)) break;
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return first;
}

/* ---- slots */

SCH_INLINE int64_t *slot_cells(const growth *w, const grown_node *node, int64_t tile)
{
    return w->slots + (node->slot * w->tiles + tile) * w->tile_words;
}

static void release_slot(growth *w, grown_node *node)
{
    if (node->slot < 0) return;
    w->owners[node->slot] = -1;
    node->slot = -1;
}

/* A free slot, or that of the leaf least likely to be split next; `keep` is not robbed. */
static void take_slot(growth *w, int32_t taker, int32_t keep)
{
    int64_t slot = -1;
    for (int64_t s = 0; s < w->n_slots; ++s) {
        if (w->owners[s] < 0) {
            slot = s;
            break;
        }
        if (w->owners[s] != keep && (slot < 0 || goes_before(w, w->owners[slot], w->owners[s]))) slot = s;
    }
    if (w->owners[slot] >= 0) w->nodes[w->owners[slot]].slot = -1;
    w->owners[slot] = taker;
    w->nodes[taker].slot = (int32_t)slot;
}

/* ---- histograms of nodes */

typedef struct {
    growth *w;
    grown_node *node;
    int64_t groups;
} build_task;

SCH_INLINE int64_t *group_cells(const build_task *task, int64_t group, int64_t tile)
{
    const growth *w = task->w;
    return group ? w->partial + ((group - 1) * w->tiles + tile) * 2 * PLANE : slot_cells(w, task->node, tile);
}

static void build_chunk(void *context, int64_t chunk)
{
    const build_task *task = context;
    const growth *w = task->w;
    const int64_t tile = chunk / task->groups, group = chunk % task->groups, n = task->node->n;
    const int64_t first = n * group / task->groups, end = n * (group + 1) / task->groups;
    if (!w->tile_used[tile]) return;
    build_histogram(&w->source, group_cells(task, group, tile), tile, w->a->rows + task->node->start + first,
                    end - first, is_packed(&w->p, n));
}

static void merge_chunk(void *context, int64_t tile)
{
    const build_task *task = context;
    for (int64_t g = 1; g < task->groups && task->w->tile_used[tile]; ++g)
        merge_histogram(group_cells(task, 0, tile), group_cells(task, g, tile), task->w->tile_top[tile]);
}

SCH_INLINE sch_control control_for(const growth *w, int64_t rows)
{
    return sch_serial_below(w->a->control, (double)rows * (double)w->a->x.d, SERIAL_CELLS);
}

static sch_status build_node(growth *w, grown_node *node)
{
    const sch_control control = control_for(w, node->n);
    build_task task = {.w = w, .node = node, .groups = 1};
    if (!is_packed(&w->p, node->n)) task.groups = sch_max(1, sch_min(node->n / GROUP_ROWS, most_groups(w->tiles)));
    const sch_status status = sch_par_for(&control, w->tiles * task.groups, build_chunk, &task);
    if (status || task.groups == 1) return status;
    return sch_par_for(&control, w->tiles, merge_chunk, &task);
}

/* ---- splits of nodes */

typedef struct {
    growth *w;
    int n_nodes;
    grown_node *nodes[2];
    candidate_node candidates[2];
    grown_node *rest; /* its slot holds the parent's histogram still, of which `part` is to be taken off; or NULL */
    const grown_node *part;
} search_task;

static void search_chunk(void *context, int64_t tile)
{
    search_task *task = context;
    growth *w = task->w;
    const sch_grow_tree_args *a = w->a;
    if (!w->tile_used[tile]) return;
    if (task->rest)
        subtract_histogram(&w->p, slot_cells(w, task->rest, tile), slot_cells(w, task->part, tile), w->tile_top[tile],
                           task->rest->n + task->part->n, task->part->n);
    for (int i = 0; i < task->n_nodes; ++i) {
        const candidate_node *node = &task->candidates[i];
        const int64_t *cells = slot_cells(w, task->nodes[i], tile);
        split *found = &w->found[i * w->tiles + tile];
        *found = (split){0};
        search_tile(node, cells, tile, w->tile_top[tile], w->tile_missing[tile], found);
        for (int64_t f = tile * SCH_TILE; f < sch_min((tile + 1) * SCH_TILE, a->x.d); ++f)
            if (a->x.is_categorical[f] && node->usable[f]) search_category(node, cells, f, found);
    }
}

/* Features that may be split on below `node`, which has met those on its path. */
static void mark_interacting(const growth *w, const grown_node *node, uint8_t *usable)
{
    const sch_grow_tree_args *a = w->a;
    const int64_t d = a->x.d;
    memset(usable, 0, (size_t)d);
    for (int64_t g = 0; g < a->n_groups; ++g) {
        const uint8_t *group = a->interaction + g * d;
        int holds = 1;
        for (int32_t up = node->parent; up >= 0 && holds; up = w->nodes[up].parent)
            holds = group[w->nodes[up].best.feature];
        for (int64_t f = 0; f < d && holds; ++f) usable[f] |= group[f];
    }
}

/* Keeps a random part of the usable features: each with the odds that fill the part (selection sampling). */
static void draw_features(const growth *w, const grown_node *node, uint8_t *usable)
{
    const sch_grow_tree_args *a = w->a;
    const uint64_t key = sch_key(a->seed, (uint64_t)(node - w->nodes));
    int64_t left = 0;
    for (int64_t f = 0; f < a->x.d; ++f) left += usable[f];
    int64_t wanted = sch_max(1, (int64_t)ceil(a->feature_fraction * (double)left));
    for (int64_t f = 0; f < a->x.d; ++f) {
        if (!usable[f]) continue;
        usable[f] = sch_below((uint64_t)f, key, left) < wanted;
        wanted -= usable[f];
        --left;
    }
}

static void choose_features(const growth *w, const grown_node *node, uint8_t *usable, int64_t *allowed)
{
    const sch_grow_tree_args *a = w->a;
    if (a->interaction) mark_interacting(w, node, usable);
    else memset(usable, 1, (size_t)a->x.d);
    for (int64_t f = 0; f < a->x.d && a->features; ++f) usable[f] &= a->features[f] != 0;
    if (a->feature_fraction < 1.0) draw_features(w, node, usable);
    memset(allowed, 0, (size_t)(w->tiles * SCH_TILE) * sizeof *allowed);
    for (int64_t f = 0; f < a->x.d; ++f) allowed[f] = usable[f] && !a->x.is_categorical[f] ? -1 : 0;
}

static candidate_node candidate_of(const growth *w, grown_node *node, int i)
{
    const sch_grow_tree_args *a = w->a;
    const double gain_unit = w->p.g_scale * w->p.g_scale / w->p.h_scale;
    candidate_node c = {.a = a, .p = &w->p, .total = node->total, .packed = is_packed(&w->p, node->n)};
    c.g_sum = (double)node->total.g;
    c.h_sum = (double)node->total.h;
    c.l1 = a->l1 * w->p.g_scale;
    c.l2 = a->l2 * w->p.h_scale;
    c.least_h = a->min_hessian * w->p.h_scale > 1.0 ? a->min_hessian * w->p.h_scale : 1.0;
    c.least_n = sch_max(1, a->min_samples_leaf);
    c.least_category_h = CATEGORY_SUPPORT * (double)w->nodes[0].total.h / w->row_weight;
    c.lower = node->lower;
    c.upper = node->upper;
    node->score = side_score(&c, c.g_sum, c.h_sum);
    c.threshold = node->score * BEYOND_ROUNDING + a->min_gain * gain_unit;
    c.allowed = w->allowed + i * w->tiles * SCH_TILE;
    c.usable = w->usable + i * a->x.d;
    choose_features(w, node, w->usable + i * a->x.d, w->allowed + i * w->tiles * SCH_TILE);
    return c;
}

static int can_split(const growth *w, const grown_node *node)
{
    const sch_grow_tree_args *a = w->a;
    return node->total.c >= 2 * sch_max(1, a->min_samples_leaf) && !(a->max_depth && node->depth >= a->max_depth);
}

/* Finds the nodes' best splits and queues those that have one. */
static sch_status search_nodes(search_task *task)
{
    growth *w = task->w;
    int64_t rows = 0;
    for (int i = 0; i < task->n_nodes; ++i) {
        task->candidates[i] = candidate_of(w, task->nodes[i], i);
        rows += task->nodes[i]->n;
    }
    const sch_control control = control_for(w, rows);
    const sch_status status = sch_par_for(&control, w->tiles, search_chunk, task);
    if (status) return status;
    for (int i = 0; i < task->n_nodes; ++i) {
        grown_node *node = task->nodes[i];
        for (int64_t t = 0; t < w->tiles; ++t) {
            const split *found = &w->found[i * w->tiles + t];
            if (w->tile_used[t] && found->score > node->best.score * BEYOND_ROUNDING) node->best = *found;
        }
        if (node->best.score > 0.0) push_leaf(w, (int32_t)(node - w->nodes));
        else release_slot(w, node);
    }
    return SCH_OK;
}

/* ---- one split */

static grown_node *add_child(growth *w, grown_node *parent, int64_t start, int64_t n, sums total)
{
    grown_node *child = &w->nodes[w->n_nodes++];
    *child = (grown_node){.start = start, .n = n, .total = total, .left = -1, .slot = -1};
    child->parent = (int32_t)(parent - w->nodes);
    child->depth = parent->depth + 1;
    child->lower = parent->lower;
    child->upper = parent->upper;
    return child;
}

/* The children of a split on a monotonic feature keep to their sides of the middle of their values. */
static void bound_children(const growth *w, const grown_node *parent, grown_node *left, grown_node *right)
{
    const int direction = w->a->monotonic && !parent->best.categorical ? w->a->monotonic[parent->best.feature] : 0;
    candidate_node c = {.l1 = w->a->l1 * w->p.g_scale, .l2 = w->a->l2 * w->p.h_scale};
    if (!direction) return;
    c.lower = parent->lower;
    c.upper = parent->upper;
    const double middle = 0.5 * (side_value(&c, (double)left->total.g, (double)left->total.h) +
                                 side_value(&c, (double)right->total.g, (double)right->total.h));
    if (direction > 0) left->upper = right->lower = middle;
    else left->lower = right->upper = middle;
}

static sch_status divide_node(growth *w, grown_node *node)
{
    const split *s = &node->best;
    uint8_t table[256] = {0};
    partition_task task = {.rows = w->a->rows + node->start, .spare = w->spare, .counts = w->counts, .n = node->n};
    task.rule.column = w->a->x.columns + s->feature * w->a->x.column_stride;
    if (s->categorical) {
        for (int bin = 0; bin < SCH_MAX_BINS; ++bin) table[bin] = s->set[bin >> 6] >> (bin & 63) & 1;
        table[SCH_MISSING_BIN] = (uint8_t)s->missing_left;
        task.rule.table = table;
    } else {
        task.rule.shift = (uint8_t)s->missing_left;
        task.rule.limit = (uint8_t)(s->bin + s->missing_left);
    }
    const sch_status status = partition_rows(&w->a->control, &task);
    if (status) return status;
    node->left = (int32_t)w->n_nodes;
    grown_node *left = add_child(w, node, node->start, task.n_left, s->left);
    grown_node *right =
        add_child(w, node, node->start + task.n_left, node->n - task.n_left, minus(node->total, s->left));
    bound_children(w, node, left, right);
    if (!w->a->x.has_missing[s->feature]) node->best.missing_left = left->total.h > right->total.h;
    ++w->n_leaves;
    return SCH_OK;
}

/* Histograms of the children of a node, as far as they are needed, and their best splits. */
static sch_status look_into_children(growth *w, grown_node *parent)
{
    grown_node *left = &w->nodes[parent->left], *right = left + 1;
    grown_node *small = left->n <= right->n ? left : right, *large = small == left ? right : left;
    search_task task = {.w = w};
    sch_status status = SCH_OK;
    if (can_split(w, left)) task.nodes[task.n_nodes++] = left;
    if (can_split(w, right)) task.nodes[task.n_nodes++] = right;
    if (w->n_leaves == w->a->max_leaves || !task.n_nodes) {
        release_slot(w, parent);
        return SCH_OK;
    }
    const int32_t parent_at = (int32_t)(parent - w->nodes);
    take_slot(w, (int32_t)(small - w->nodes), parent_at);
    status = build_node(w, small);
    if (status) return status;
    if (parent->slot >= 0 && can_split(w, large)) {
        large->slot = parent->slot;
        w->owners[large->slot] = (int32_t)(large - w->nodes);
        parent->slot = -1;
        task.rest = large;
        task.part = small;
    } else if (can_split(w, large)) {
        take_slot(w, (int32_t)(large - w->nodes), (int32_t)(small - w->nodes));
        status = build_node(w, large);
    }
    release_slot(w, parent);
    if (status) return status;
    status = search_nodes(&task);
    if (!can_split(w, small)) release_slot(w, small);
    return status;
}

static sch_status start_root(growth *w)
{
    grown_node *root = &w->nodes[0];
    search_task task = {.w = w, .n_nodes = 1, .nodes = {root}};
    *root =
        (grown_node){.n = w->a->n_rows, .left = -1, .parent = -1, .slot = -1, .lower = -INFINITY, .upper = INFINITY};
    w->n_nodes = w->n_leaves = 1;
    int64_t tile = 0;
    while (tile < w->tiles && !w->tile_used[tile]) ++tile;
    if (tile == w->tiles) return SCH_BAD_ARGUMENT; /* a tree needs a feature */
    take_slot(w, 0, -1);
    sch_status status = build_node(w, root);
    if (status) return status;
    const int64_t *cells = slot_cells(w, root, tile);
    for (int64_t bin = 0; bin < 256; ++bin)
        if (bin < w->tile_top[tile] || bin == SCH_MISSING_BIN)
            root->total = plus(root->total, cell_sums(&w->p, cells, bin * SCH_TILE, is_packed(&w->p, root->n)));
    if (w->a->max_leaves > 1 && can_split(w, root)) status = search_nodes(&task);
    return status;
}

static sch_status grow_nodes(growth *w)
{
    sch_status status = start_root(w);
    while (!status && w->n_heap && w->n_leaves < w->a->max_leaves) {
        grown_node *node = &w->nodes[pop_leaf(w)];
        status = divide_node(w, node);
        if (!status) status = look_into_children(w, node);
    }
    return status;
}

#endif
