/* tree/forest_node.h - a node and its rows: its sums and impurity, whether it may be split, what it says as a leaf.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_NODE_H
#define SCH_TREE_FOREST_NODE_H

#include "tree/forest_split.h"

/* What a node tells beyond its sums. */
typedef struct {
    double impurity;
    int pure;
} forest_view;

SCH_INLINE int64_t place(const forest_tree *tree, int32_t node) { return tree->tree * tree->a->node_room + node; }

/* Adds up the ordered targets. */
static void total_of_node(forest_tree *tree, forest_node *node)
{
    const int64_t n_out = tree->a->n_out, *const words = tree->ordered;
    double *const totals = tree->totals;
    int64_t weight = 0;
    for (int64_t l = 0; l < tree->n_lanes; ++l) totals[l] = 0.0;
    if (tree->a->packed) {
        uint64_t sum = 0;
        for (int64_t i = 0; i < node->n; ++i) sum += (uint64_t)words[i];
        weight = (int64_t)(sum & UINT32_MAX);
        totals[1] = (double)(int64_t)(sum >> 32);
        totals[0] = (double)weight - totals[1];
    } else if (tree->is_classes) {
        const int32_t *const codes = (const int32_t *)(words + node->n);
        for (int64_t i = 0; i < node->n; ++i) {
            weight += words[i];
            for (int64_t o = 0; o < n_out; ++o) totals[codes[i * n_out + o]] += (double)words[i];
        }
    } else {
        for (int64_t i = 0; i < node->n; ++i) weight += words[i * (1 + n_out)];
        for (int64_t o = 0; o < n_out; ++o) {
            int64_t sum = 0;
            for (int64_t i = 0; i < node->n; ++i) sum += words[i * (1 + n_out) + 1 + o];
            totals[o] = (double)sum;
        }
    }
    node->weight = (double)weight;
}

static forest_view view_of_classes(const forest_tree *tree, const forest_node *node)
{
    const sch_forest_grow_args *const a = tree->a;
    const double least = node->score * score_unit(a) / (node->weight * a->weight_unit);
    forest_view view = {.impurity = a->criterion == SCH_FOREST_GINI ? 1.0 - least : -least, .pure = 1};
    for (int64_t o = 0, first = 0; o < a->n_out; first += a->n_classes[o++]) {
        int pure = 0;
        for (int64_t l = first; l < first + a->n_classes[o]; ++l) pure |= tree->totals[l] == node->weight;
        view.pure &= pure;
    }
    if (view.pure || view.impurity < 0.0) view.impurity = 0.0;
    return view;
}

/* Impurities of numbers want a second look at the rows. */
static forest_view view_of_numbers(forest_tree *tree, const forest_region *region, const forest_node *node)
{
    const sch_forest_grow_args *const a = tree->a;
    const int64_t n_out = a->n_out;
    const uint32_t *const rows = region->rows + node->first;
    const double scale = ldexp(1.0, a->weight_shift);
    forest_view view = {.pure = 1};
    double sum = 0.0;
    for (int64_t o = 0; o < n_out; ++o) {
        const double mean = tree->totals[o] / node->weight * scale;
        const int64_t first = region->target[rows[0] * n_out + o];
        int64_t low = first, high = first, between = 0;
        for (int64_t i = 0; i < node->n; ++i) {
            const int64_t y = region->target[rows[i] * n_out + o];
            const double w = (double)tree->ordered[i * (1 + n_out)], t = (double)y;
            low = sch_min(low, y);
            high = sch_max(high, y);
            if (a->criterion == SCH_FOREST_SQUARED) sum += w * (t - mean) * (t - mean);
            else if (y > 0) sum += w * t * log_f64(t / mean);
        }
        view.pure &= low == high;
        for (int64_t i = 0; i < node->n && n_out == 1; ++i) {
            const int64_t y = region->target[rows[i]];
            between |= y != low && y != high;
        }
        tree->two_values = n_out == 1 && !between;
        tree->low = low;
        tree->high = high;
    }
    const double unit = a->criterion == SCH_FOREST_SQUARED ? a->target_unit * a->target_unit : a->target_unit;
    view.impurity = view.pure ? 0.0 : sum * unit / (node->weight * (double)n_out);
    return view;
}

/* Looks at the rows of a node: what it publishes, and whether it may be split at all. */
static int open_node(forest_tree *tree, forest_node *node)
{
    const sch_forest_grow_args *const a = tree->a;
    const forest_region *const region = &tree->regions[node->region];
    const int64_t at = place(tree, node->node);
    order_targets(tree, region, region->rows + node->first, node->n);
    total_of_node(tree, node);
    node->score = node_score(tree, node->weight);
    const forest_view view = tree->is_classes ? view_of_classes(tree, node) : view_of_numbers(tree, region, node);
    a->gain[at] = 0.0;
    a->impurity[at] = view.impurity;
    a->node_weight[at] = node->weight * a->weight_unit;
    a->node_samples[at] = (uint32_t)node->n;
    return !view.pure && node->depth < a->max_depth && node->n >= a->min_samples_split &&
           node->n >= 2 * a->min_samples_leaf && node->weight >= 2.0 * tree->least_weight;
}

/* The node whose totals are in hand becomes a leaf. */
static void close_node(forest_tree *tree, const forest_node *node)
{
    const sch_forest_grow_args *const a = tree->a;
    const int64_t leaf = a->n_leaves[tree->tree]++;
    const double scale = ldexp(a->target_unit, a->weight_shift);
    sch_node *const out = &a->nodes[place(tree, node->node)];
    *out = (sch_node){.feature = -1, .left = (int32_t)leaf};
    if (!a->values) { /* splits by features without a constraint may have left the bounds */
        const double value = tree->totals[tree->is_classes] / node->weight;
        const double inside = value < node->lower ? node->lower : value > node->upper ? node->upper : value;
        out->threshold = tree->is_classes ? inside : a->target_origin[0] + inside * scale;
        return;
    }
    double *const values = a->values + (tree->tree * a->leaf_room + leaf) * tree->n_lanes;
    for (int64_t l = 0; l < tree->n_lanes; ++l) values[l] = tree->totals[l] / node->weight;
    for (int64_t l = 0; l < tree->n_lanes && !tree->is_classes; ++l)
        values[l] = a->target_origin[l] + values[l] * scale;
}

#endif
