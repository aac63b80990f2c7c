/* tree/queue.h - leaves that can be split, the best first; and the slots in which their histograms wait.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_QUEUE_H
#define SCH_TREE_QUEUE_H

#include "tree/growth.h"

enum { FREE = -1, PINNED = -2 };

/* Whether leaf x is to be split before leaf y: depth-wise the higher one; the one that gains more; the older one. */
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

static void release_slot(growth *w, grown_node *node)
{
    if (node->slot < 0) return;
    w->owners[node->slot] = FREE;
    node->slot = -1;
}

/* Gives the node a slot that is free, or that of the leaf least likely to be split next, whose histogram is lost. */
static void take_slot(growth *w, int32_t taker)
{
    int64_t slot = -1;
    for (int64_t s = 0; s < w->n_slots; ++s) {
        const int32_t owner = w->owners[s];
        if (owner == PINNED) continue;
        if (slot < 0 || owner == FREE || goes_before(w, w->owners[slot], owner)) slot = s;
        if (owner == FREE) break;
    }
    if (w->owners[slot] >= 0) w->nodes[w->owners[slot]].slot = -1;
    w->owners[slot] = PINNED;
    w->nodes[taker].slot = (int32_t)slot;
}

#endif
