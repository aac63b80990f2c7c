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

static sch_status start_root(growth *w, word_pass *pass)
{
    const sch_grow_tree_args *a = w->a;
    grown_node *root = &w->nodes[0];
    search_task task = {.w = w, .built = root};
    sch_status status = SCH_OK;
    *root =
        (grown_node){.n = a->n_rows, .left = -1, .parent = -1, .lower = -(double)INFINITY, .upper = (double)INFINITY};
    root->key = sch_key(a->seed, 0);
    w->n_nodes = w->n_leaves = 1;
    const int64_t tile = summing_tile(w);
    if (tile < 0) {
        status = sum_all_rows(pass);
        root->total = pass->total;
        if (status || a->max_leaves == 1 || !can_split(w, root)) return status;
    }
    take_slot(w, 0);
    task.searched[task.n_searched++] = root;
    status = build_groups(w, root);
    if (!status && tile >= 0) root->total = sums_of_groups(w, root, tile);
    if (!status) status = search_nodes(&task);
    settle_slot(w, root);
    return status;
}

static sch_status grow_nodes(growth *w, word_pass *pass)
{
    sch_status status = start_root(w, pass);
    while (!status && w->n_heap && w->n_leaves < w->a->max_leaves) {
        grown_node *node = &w->nodes[pop_leaf(w)];
        status = divide_node(w, node);
        if (!status) status = look_into_children(w, node);
    }
    return status;
}

#endif
