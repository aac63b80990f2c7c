/* tree/expand.h - a leaf is split: its rows divided, and its children's best splits found.
 *
 * Of the two children the smaller one's histogram is built, the other's is the difference to their parent's; if the smaller
 * one is a leaf for good, its rows are taken off their parent's straight away. Histograms
 * wait in a bounded number of slots; a leaf that lost its slot to better ones has its children's both built.
 * All that is done to a tile's histograms is one chunk: they stay in the cache of the core that built them.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_EXPAND_H
#define SCH_TREE_EXPAND_H

#include "tree/build.h"
#include "tree/category.h"
#include "tree/features.h"
#include "tree/queue.h"
#include "tree/search.h"
#include "tree/team.h"

enum { FEW_ROWS = 64 }; /* sooner taken off a histogram than their histogram is */

/* Histograms to make, in this order, and the nodes whose splits are wanted. */
typedef struct {
    growth *w;
    const grown_node *built; /* or NULL */
    const grown_node *rest; /* its slot holds the parent's histogram, of which `other` is to be taken off; or NULL */
    const grown_node *other;
    int n_searched;
    grown_node *searched[2];
    candidate_node candidates[2];
} search_task;

/* The parent's histogram, in the slot of `rest`, becomes that of `rest`: few rows are taken off one by one, and all of them if
 * there is no histogram of theirs. */
static void take_off(const search_task *task, int64_t tile)
{
    const growth *w = task->w;
    const grown_node *rest = task->rest, *other = task->other;
    const int64_t n = rest->n + other->n;
    int64_t *cells = slot_cells(w, rest, tile);
    if (task->built && !(other->n < FEW_ROWS && is_packed(&w->p, n))) {
        subtract_histogram(&w->p, cells, slot_cells(w, other, tile), w->tile_top[tile], n, other->n);
        return;
    }
    remove_packed(&w->source, cells, tile, w->a->rows + other->start, other->n);
    fill_common(&w->source, cells, tile, rest->total, 1);
}

static void search_chunk(void *context, int64_t tile)
{
    search_task *task = context;
    const growth *w = task->w;
    const sch_grow_tree_args *a = w->a;
    if (!w->tile_used[tile]) return;
    if (task->built) finish_tile(w, task->built, tile);
    if (task->rest) take_off(task, tile);
    for (int i = 0; i < task->n_searched; ++i) {
        const candidate_node *node = &task->candidates[i];
        const int64_t *cells = slot_cells(w, task->searched[i], tile);
        split *found = &w->found[tile].of_node[i];
        *found = (split){0};
        search_tile(node, cells, tile, w->tile_top[tile], w->tile_missing[tile], found);
        for (int64_t f = tile; f < a->x.d; f += w->tiles)
            if (a->x.is_categorical[f] && node->usable[f]) search_category(node, cells, f, found);
    }
}

static candidate_node candidate_of(const growth *w, grown_node *node, int64_t place)
{
    const sch_grow_tree_args *a = w->a;
    const double gain_unit = w->p.g_scale * w->p.g_scale / w->p.h_scale;
    candidate_node c = {.a = a, .p = &w->p, .total = node->total, .packed = is_packed(&w->p, node->n)};
    c.g_sum = (double)node->total.g;
    c.h_sum = (double)node->total.h;
    c.l1 = a->l1 * w->p.g_scale;
    c.l2 = a->l2 * w->p.h_scale;
    c.both_sides = c.h_sum + 2.0 * c.l2;
    c.slope = c.g_sum / c.both_sides;
    c.least_h = a->min_hessian * w->p.h_scale > 1.0 ? a->min_hessian * w->p.h_scale : 1.0;
    c.most_h = c.h_sum - c.least_h;
    c.least_category_h = CATEGORY_SUPPORT * (double)w->nodes[0].total.h / w->row_weight;
    c.least_n = a->min_samples_leaf;
    c.h_start = w->p.h_shift ? 0.0 : (double)c.least_n;
    c.a_start = c.h_start + c.l2;
    c.most_n = node->total.c - c.least_n;
    c.lower = node->lower;
    c.upper = node->upper;
    node->score = side_score(&c, c.g_sum, c.h_sum);
    c.threshold = node->score * BEYOND_ROUNDING + a->min_gain * gain_unit;
    if (!features_differ(w)) place = 0; /* where the root's are */
    uint8_t *usable = w->usable + place * a->x.d;
    int64_t *allowed = w->allowed + place * w->tiles * SCH_TILE;
    if (features_differ(w) || node->parent < 0) choose_features(w, node, usable, allowed);
    c.feature_at = w->feature_at;
    c.usable = usable;
    c.allowed = allowed;
    return c;
}

static int can_split(const growth *w, const grown_node *node)
{
    const sch_grow_tree_args *a = w->a;
    return node->total.c >= 2 * a->min_samples_leaf && !(a->max_depth && node->depth >= a->max_depth);
}

/* Histograms, as far as they are not built yet, and best splits of the task's nodes, which join the queue if they have one. */
static sch_status search_nodes(search_task *task)
{
    growth *w = task->w;
    double cells = task->built ? (double)task->built->n * (double)w->a->x.d : 0.0;
    for (int i = 0; i < task->n_searched; ++i) {
        task->candidates[i] = candidate_of(w, task->searched[i], i);
        cells += SEARCH_CELLS * (double)w->tiles;
    }
    const sch_control control = sch_serial_below(w->a->control, cells, SERIAL_CELLS);
    const sch_status status =
        w->team ? search_together(w, search_chunk, task) : sch_par_for(&control, w->tiles, search_chunk, task);
    if (status) return status;
    for (int i = 0; i < task->n_searched; ++i) {
        grown_node *node = task->searched[i];
        for (int64_t t = 0; t < w->tiles; ++t) {
            const split *found = &w->found[t].of_node[i];
            if (w->tile_used[t] && found->score > 0.0 && beats(found->score, found->feature, &node->best))
                node->best = *found;
        }
        if (node->best.score > 0.0) push_leaf(w, (int32_t)(node - w->nodes));
    }
    return SCH_OK;
}

static grown_node *add_child(growth *w, const grown_node *parent, int64_t start, int64_t n, sums total)
{
    grown_node *child = &w->nodes[w->n_nodes++];
    *child = (grown_node){.start = start, .n = n, .total = total, .left = -1, .slot = -1};
    child->parent = (int32_t)(parent - w->nodes);
    child->depth = parent->depth + 1;
    child->key = sch_key(parent->key, (uint64_t)(start == parent->start));
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

/* Which way bins go; `table` has room for those of a categorical split. */
static side_rule rule_of(const growth *w, const split *s, uint8_t *table)
{
    side_rule rule = {.column = w->a->x.columns + s->feature * w->a->x.column_stride};
    if (s->categorical) {
        for (int bin = 0; bin < SCH_MAX_BINS; ++bin) table[bin] = (uint8_t)sch_in_set(s->set, bin);
        table[SCH_MISSING_BIN] = (uint8_t)s->missing_left;
        rule.table = table;
    } else {
        rule.shift = (uint8_t)s->missing_left;
        rule.limit = (uint8_t)(s->bin + s->missing_left);
    }
    return rule;
}

static sch_status divide_node(growth *w, grown_node *node)
{
    const split *s = &node->best;
    uint8_t table[SCH_MISSING_BIN + 1];
    partition_task task = {.rows = w->a->rows + node->start, .n_table = w->a->x.n, .n = node->n};
    task.spare = w->spare;
    task.bitmaps = w->bitmaps;
    task.spans = w->spans;
    task.counts = w->counts;
    task.rule = rule_of(w, s, table);
    const sch_status status = partition_rows(&w->a->control, &task);
    if (status) return status;
    const int64_t n_left = task.n_left;
    node->left = (int32_t)w->n_nodes;
    grown_node *left = add_child(w, node, node->start, n_left, s->left);
    grown_node *right = add_child(w, node, node->start + n_left, node->n - n_left, minus(node->total, s->left));
    bound_children(w, node, left, right);
    if (!w->a->x.has_missing[s->feature]) node->best.missing_left = left->total.h > right->total.h;
    ++w->n_leaves;
    return SCH_OK;
}

static sch_status build_and_search(search_task *task)
{
    const sch_status status = task->built ? build_groups(task->w, task->built) : SCH_OK;
    return status ? status : search_nodes(task);
}

/* A node by itself. */
static sch_status look_into(growth *w, grown_node *node)
{
    search_task task = {.w = w, .built = node, .searched = {node}, .n_searched = 1};
    if (!can_split(w, node)) return SCH_OK;
    take_slot(w, (int32_t)(node - w->nodes));
    return build_and_search(&task);
}

/* Two children whose parent's histogram is there: the larger one gets its slot, the smaller one a new one if its own histogram
 * is wanted or needed. */
static sch_status look_into_both(growth *w, grown_node *parent, grown_node *small, grown_node *large)
{
    search_task task = {.w = w, .rest = large, .other = small, .searched = {large}, .n_searched = 1};
    if (can_split(w, small)) task.searched[task.n_searched++] = small;
    w->owners[parent->slot] = PINNED;
    large->slot = parent->slot;
    parent->slot = -1;
    if (!is_packed(&w->p, parent->n) || can_split(w, small)) {
        take_slot(w, (int32_t)(small - w->nodes));
        task.built = small;
    }
    return build_and_search(&task);
}

/* A slot belongs to a leaf that can be split, or is free. */
static void settle_slot(growth *w, grown_node *node)
{
    if (node->best.score > 0.0) w->owners[node->slot] = (int32_t)(node - w->nodes);
    else release_slot(w, node);
}

static sch_status look_into_children(growth *w, grown_node *parent)
{
    grown_node *left = &w->nodes[parent->left], *right = left + 1;
    grown_node *small = left->n <= right->n ? left : right, *large = small == left ? right : left;
    sch_status status = SCH_OK;
    if (w->n_leaves < w->a->max_leaves) {
        if (parent->slot >= 0 && can_split(w, large)) {
            status = look_into_both(w, parent, small, large);
        } else { /* one after the other: groups have their histograms in the same place */
            status = look_into(w, left);
            if (!status) status = look_into(w, right);
        }
        settle_slot(w, small);
        settle_slot(w, large);
    }
    release_slot(w, parent);
    return status;
}

#endif
