/* tree/features.h - the features that a node may be split on.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FEATURES_H
#define SCH_TREE_FEATURES_H

#include "core/rng.h"
#include "tree/growth.h"

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
    int64_t left = 0;
    for (int64_t f = 0; f < a->x.d; ++f) left += usable[f];
    int64_t wanted = sch_max(1, (int64_t)ceil(a->feature_fraction * (double)left));
    for (int64_t f = 0; f < a->x.d; ++f) {
        if (!usable[f]) continue;
        usable[f] = sch_below((uint64_t)f, node->key, left) < wanted;
        wanted -= usable[f];
        --left;
    }
}

/* Whether nodes differ in the features that they may be split on. */
SCH_INLINE int features_differ(const growth *w) { return w->a->interaction || w->a->feature_fraction < 1.0; }

static void choose_features(const growth *w, const grown_node *node, uint8_t *usable, int64_t *allowed)
{
    const sch_grow_tree_args *a = w->a;
    if (a->interaction) mark_interacting(w, node, usable);
    else memset(usable, 1, (size_t)a->x.d);
    for (int64_t f = 0; f < a->x.d && a->features; ++f) usable[f] &= a->features[f] != 0;
    if (a->feature_fraction < 1.0) draw_features(w, node, usable);
    memset(allowed, 0, (size_t)(w->tiles * SCH_TILE) * sizeof *allowed);
    for (int64_t t = 0; t < w->tiles; ++t)
        for (int64_t f = t; f < a->x.d; f += w->tiles)
            allowed[t * SCH_TILE + a->x.tile_column[f]] = usable[f] && !a->x.is_categorical[f] ? -1 : 0;
}

#endif
