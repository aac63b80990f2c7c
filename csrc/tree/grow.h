/* tree/grow.h - a tree grows: the best leaf is split until nothing is left to gain.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_GROW_H
#define SCH_TREE_GROW_H

#include "tree/expand.h"

static sch_status start_root(growth *w)
{
    const sch_grow_tree_args *a = w->a;
    grown_node *root = &w->nodes[0];
    search_task task = {.w = w, .built = {root}};
    *root =
        (grown_node){.n = a->n_rows, .left = -1, .parent = -1, .lower = -(double)INFINITY, .upper = (double)INFINITY};
    root->key = sch_key(a->seed, 0);
    root->total = w->total;
    w->n_nodes = w->n_leaves = 1;
    if (a->max_leaves == 1 || !can_split(w, root)) return SCH_OK;
    take_slot(w, 0);
    task.searched[task.n_searched++] = root;
    const sch_status status = search_nodes(&task);
    settle_slot(w, root);
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
