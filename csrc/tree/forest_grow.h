/* tree/forest_grow.h - one tree from its root to its leaves.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_GROW_H
#define SCH_TREE_FOREST_GROW_H

#include "core/pool.h"
#include "tree/forest_split.h"

/* What a node tells beyond its sums. */
typedef struct {
    double impurity;
    int pure;
} forest_view;

/* A node that waits to be split, best first. */
typedef struct {
    forest_node node;
    forest_split split;
} forest_candidate;

/* Depth first the heavier child waits while the lighter one is grown: as weights sum to at most 2^53, there are never more
 * than so many of them. */
enum { FOREST_WAITING = 64 };

SCH_INLINE int64_t frontier_bytes(const sch_forest_grow_args *a)
{
    if (a->max_leaf_nodes) return sch_min(a->max_leaf_nodes, a->leaf_room) * (int64_t)sizeof(forest_candidate);
    return FOREST_WAITING * (int64_t)sizeof(forest_node);
}

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
    a->gain[at] = 0.0f;
    a->impurity[at] = (float)view.impurity;
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

SCH_INLINE double real_gain(const forest_tree *tree, const forest_node *node, const forest_split *split)
{
    return (split->score - node->score) * score_unit(tree->a);
}

/* Whether a split was found that gains what it must. */
SCH_INLINE int worth_it(const forest_tree *tree, const forest_node *node, const forest_split *split)
{
    const double least = tree->a->min_impurity_decrease * tree->a->node_weight[place(tree, 0)];
    return split->score > (double)-INFINITY && real_gain(tree, node, split) + DBL_EPSILON >= least;
}

SCH_INLINE int goes_left(const forest_split *split, int categorical, uint8_t bin)
{
    if (bin == SCH_MISSING_BIN) return split->missing == 1;
    return categorical ? (int)(split->set[bin >> 6] >> (bin & 63) & 1) : bin <= split->bin;
}

/* Rows that go left come first, both sides in their order; returns how many. */
static int64_t partition_rows(forest_tree *tree, const forest_node *node, const forest_split *split)
{
    const forest_region *const region = &tree->regions[node->region];
    const uint8_t *const column = region->columns + split->feature * region->stride;
    const int categorical = tree->a->x.is_categorical[split->feature];
    uint32_t *const rows = region->rows + node->first, *const right = tree->spare;
    int64_t n_left = 0, n_right = 0;
    if (!categorical && split->missing < 1) { /* what is missing has the largest bin */
        const uint8_t bin = (uint8_t)split->bin;
        for (int64_t i = 0; i < node->n; ++i) {
            const uint32_t row = rows[i];
            const int left = column[row] <= bin;
            rows[n_left] = row;
            right[n_right] = row;
            n_left += left;
            n_right += !left;
        }
    } else {
        for (int64_t i = 0; i < node->n; ++i) {
            const uint32_t row = rows[i];
            const int left = goes_left(split, categorical, column[row]);
            rows[n_left] = row;
            right[n_right] = row;
            n_left += left;
            n_right += !left;
        }
    }
    memcpy(rows + n_left, right, (size_t)n_right * sizeof *rows);
    return n_left;
}

/* Where a child has far fewer rows than its region, and the region does not fit the nearest cache. */
static int32_t region_of(forest_tree *tree, int32_t from, int64_t first, int64_t n, int64_t from_n)
{
    const sch_forest_grow_args *const a = tree->a;
    if (!copies_rows(a) || n * FOREST_SHRINK > from_n || from_n * a->x.d <= FOREST_SMALL || from + 1 == FOREST_REGIONS)
        return from;
    copy_rows(tree, &tree->regions[from], tree->regions[from].rows + first, n, &tree->regions[from + 1]);
    return from + 1;
}

SCH_INLINE void write_inner_node(forest_tree *tree, const forest_node *node, const forest_split *split,
                                 int missing_left)
{
    const sch_forest_grow_args *const a = tree->a;
    const int categorical = a->x.is_categorical[split->feature];
    const int64_t at = place(tree, node->node), t = tree->tree;
    sch_node *const out = &a->nodes[at];
    *out =
        (sch_node){.threshold = (double)split->bin, .feature = (int32_t)split->feature, .left = (int32_t)a->n_nodes[t]};
    if (missing_left) out->feature |= SCH_NODE_MISSING_LEFT;
    if (categorical) {
        out->feature |= SCH_NODE_CATEGORICAL;
        out->threshold = (double)a->n_sets[t];
        memcpy(a->sets + (t * a->set_room + a->n_sets[t]++) * SCH_SET_WORDS, split->set, sizeof split->set);
    }
    a->gain[at] = (float)real_gain(tree, node, split);
    a->n_nodes[t] += 2;
}

/* Splits a node and makes its children. */
static void split_node(forest_tree *tree, const forest_node *node, const forest_split *split, forest_node *children)
{
    const sch_forest_grow_args *const a = tree->a;
    const int64_t n_left = partition_rows(tree, node, split);
    const int32_t left = (int32_t)a->n_nodes[tree->tree];
    const int missing_left =
        split->missing >= 0 ? split->missing : 2.0 * split->left > node->weight; /* if any come later */
    write_inner_node(tree, node, split, missing_left);
    for (int side = 0; side < 2; ++side)
        children[side] = (forest_node){.first = node->first + (side ? n_left : 0),
                                       .n = side ? node->n - n_left : n_left,
                                       .node = left + side,
                                       .region = node->region,
                                       .depth = node->depth + 1,
                                       .lower = node->lower,
                                       .upper = node->upper};
    const int sign = a->monotonic ? a->monotonic[split->feature] : 0;
    if (sign > 0) children[0].upper = children[1].lower = split->middle;
    if (sign < 0) children[0].lower = children[1].upper = split->middle;
}

/* What was to be split when the tree was told to stop: leaves, or nothing at all. Returns non-zero for the latter. */
static int cut_short(forest_tree *tree, forest_node *nodes, int64_t n)
{
    if (!tree->a->keeps_cut_short) return 1;
    for (int64_t i = 0; i < n; ++i) {
        open_node(tree, &nodes[i]);
        close_node(tree, &nodes[i]);
    }
    return 0;
}

/* Depth first. Returns non-zero if it was told to stop. */
static int grow_depth_first(forest_tree *tree, const forest_node *root)
{
    forest_node *const waiting = tree->frontier;
    int64_t n_waiting = 1, rows_since_poll = 0;
    int64_t region_n[FOREST_REGIONS] = {tree->a->x.n};
    waiting[0] = *root;
    while (n_waiting > 0) {
        forest_node node = waiting[--n_waiting], children[2];
        forest_split split;
        const int32_t from = node.region;
        if ((rows_since_poll += node.n + 64) > (1 << 14)) {
            rows_since_poll = 0;
            if (sch_should_stop(&tree->a->control)) return cut_short(tree, waiting, n_waiting + 1);
        }
        node.region = region_of(tree, from, node.first, node.n, region_n[from]);
        if (node.region != from) {
            region_n[node.region] = node.n;
            node.first = 0;
        }
        const int open = open_node(tree, &node);
        if (open && find_split(tree, &node, &split)) return cut_short(tree, waiting, n_waiting + 1);
        if (!open || !worth_it(tree, &node, &split)) {
            close_node(tree, &node);
            continue;
        }
        split_node(tree, &node, &split, children);
        const int left_is_lighter = 2.0 * split.left < node.weight;
        waiting[n_waiting++] = children[left_is_lighter];
        waiting[n_waiting++] = children[!left_is_lighter];
    }
    return 0;
}

/* Of two candidates the one that gains more, then the older one. */
SCH_INLINE int comes_first(const forest_tree *tree, const forest_candidate *a, const forest_candidate *b)
{
    const double x = real_gain(tree, &a->node, &a->split), y = real_gain(tree, &b->node, &b->split);
    return x > y || (x == y && a->node.node < b->node.node);
}

static void push_candidate(const forest_tree *tree, forest_candidate *heap, int64_t n,
                           const forest_candidate *candidate)
{
    int64_t i = n;
    for (; i > 0 && comes_first(tree, candidate, &heap[(i - 1) / 2]); i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = *candidate;
}

/* Takes the first candidate off a heap of n. */
static forest_candidate pop_candidate(const forest_tree *tree, forest_candidate *heap, int64_t n)
{
    const forest_candidate first = heap[0], last = heap[n - 1];
    int64_t i = 0;
    for (int64_t child; (child = 2 * i + 1) < n - 1; i = child) {
        if (child + 1 < n - 1 && comes_first(tree, &heap[child + 1], &heap[child])) ++child;
        if (!comes_first(tree, &heap[child], &last)) break;
        heap[i] = heap[child];
    }
    heap[i] = last;
    return first;
}

/* Best first: every node becomes a leaf at once, and is opened again if its turn comes. */
static int grow_best_first(forest_tree *tree, const forest_node *root)
{
    forest_candidate *const heap = tree->frontier, candidate = {.node = *root};
    const int64_t most = tree->a->max_leaf_nodes;
    int64_t n = 0, n_leaves = 1;
    forest_node next[2] = {*root};
    int n_next = 1, stopped = 0;
    for (;;) {
        for (int k = 0; k < n_next; ++k) {
            stopped = stopped || sch_should_stop(&tree->a->control);
            forest_candidate made = candidate;
            made.node = next[k];
            const int open = open_node(tree, &made.node) && !stopped && n_leaves < most;
            stopped = stopped || (open && find_split(tree, &made.node, &made.split));
            if (open && !stopped && worth_it(tree, &made.node, &made.split)) push_candidate(tree, heap, n++, &made);
            else close_node(tree, &made.node);
        }
        if (stopped && !tree->a->keeps_cut_short) return 1;
        if (n == 0) return 0;
        if (n_leaves >= most || stopped) break;
        const forest_candidate first = pop_candidate(tree, heap, n--);
        split_node(tree, &first.node, &first.split, next);
        n_next = 2;
        ++n_leaves;
    }
    for (int64_t i = 0; i < n; ++i) { /* their turn did not come */
        open_node(tree, &heap[i].node);
        close_node(tree, &heap[i].node);
    }
    return 0;
}

static void grow_tree(forest_tree *tree)
{
    const sch_forest_grow_args *const a = tree->a;
    const int64_t t = tree->tree;
    a->n_nodes[t] = 1;
    a->n_leaves[t] = a->n_sets[t] = 0;
    load_rows(tree);
    for (int64_t f = 0; f < a->x.d; ++f) tree->features[f] = (int32_t)f;
    memset(tree->histogram, 0, (size_t)(FOREST_BINS * (1 + tree->n_lanes)) * 8);
    memset(tree->counts, 0, FOREST_BINS * sizeof *tree->counts);
    const forest_node root = {.n = tree->n_rows, .lower = (double)-INFINITY, .upper = (double)INFINITY};
    const int stopped = a->max_leaf_nodes ? grow_best_first(tree, &root) : grow_depth_first(tree, &root);
    if (stopped) a->n_nodes[t] = 0;
}

#endif
