/* tree/forest_grow.h - one tree from its root to its leaves.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_GROW_H
#define SCH_TREE_FOREST_GROW_H

#include "core/pool.h"
#include "tree/forest_node.h"
#include "tree/forest_split.h"

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
    return categorical ? sch_in_set(split->set, bin) : bin <= split->bin;
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
    a->gain[at] = real_gain(tree, node, split);
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
