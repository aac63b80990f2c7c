/* tree/apply_packed.h - a large tree in half the room, for a block of many rows in single precision. What a walk waits
 * for are nodes that lie in far caches: packed on the way, the tree is read once from end to end, and then lies nearer.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_PACKED_H
#define SCH_TREE_APPLY_PACKED_H

#include "core/prelude.h"
#include "sch/apply.h"
#include "tree/apply_walk.h"

enum { PACKED_PLACE_BITS = 30 };

/* Packing pays for a tree of so many nodes for each row: of a model that no near cache holds, or of one that it does. */
enum { PACKED_PER_ROW_FAR = 128, PACKED_PER_ROW = 16, PACKED_FAR_NODES = 1 << 16 };

static const uint32_t PACKED_LEAF = UINT32_C(1) << 31, PACKED_MISSING_LEFT = UINT32_C(1) << PACKED_PLACE_BITS;

/* `word` holds the feature in its lowest bits, above them the place of the left child, then the flags. A leaf is its own
 * left child, and no value is above its threshold. */
typedef struct {
    float threshold; /* the next number of single precision that is not above: the same for all values of that kind */
    uint32_t word;
} packed_node;

SCH_INLINE int bits_for(int64_t most) { return most > 0 ? 64 - __builtin_clzll((uint64_t)most) : 0; }

/* Most nodes of a tree that is packed for so many rows; none is if the table or the model has what nodes lack room for. */
SCH_INLINE int64_t most_to_pack(const sch_apply *a, int64_t n_rows)
{
    const int feature_bits = bits_for(a->trees.n_features - 1);
    if (a->x.dtype != SCH_F32 || a->trees.n_sets || feature_bits > PACKED_PLACE_BITS) return 0;
    const int far = a->trees.offsets[a->trees.n_trees] > PACKED_FAR_NODES;
    const int64_t room = INT64_C(1) << (PACKED_PLACE_BITS - feature_bits);
    return sch_min(room, n_rows * (far ? PACKED_PER_ROW_FAR : PACKED_PER_ROW));
}

/* Nodes of the largest tree that is packed for so many rows. */
SCH_INLINE int64_t nodes_to_pack(const sch_apply *a, int64_t n_rows)
{
    const int64_t most = most_to_pack(a, n_rows);
    int64_t largest = 0;
    for (int64_t t = a->first; t < a->last && most > 0; ++t) {
        const int64_t n_nodes = a->trees.offsets[t + 1] - a->trees.offsets[t];
        if (n_nodes <= most) largest = sch_max(largest, n_nodes);
    }
    return largest;
}

SCH_INLINE float rounded_down(double x)
{
    float result = (float)x;
    if ((double)result <= x) return result;
    int32_t bits;
    memcpy(&bits, &result, sizeof bits);
    bits = result > 0.0f ? bits - 1 : result < 0.0f ? bits + 1 : INT32_MIN + 1; /* below zero: the least step */
    memcpy(&result, &bits, sizeof bits);
    return result;
}

static void pack_tree(const sch_trees *trees, int64_t t, packed_node *to)
{
    const sch_node *const from = trees->nodes + trees->offsets[t];
    const int64_t n_nodes = trees->offsets[t + 1] - trees->offsets[t];
    const int bits = bits_for(trees->n_features - 1);
    for (int64_t i = 0; i < n_nodes; ++i) {
        const sch_node *const node = from + i;
        if (node->feature < 0) {
            to[i] = (packed_node){INFINITY, PACKED_LEAF | PACKED_MISSING_LEFT | (uint32_t)i << bits};
            continue;
        }
        const uint32_t missing = node->feature & SCH_NODE_MISSING_LEFT ? PACKED_MISSING_LEFT : 0;
        const uint32_t place = (uint32_t)node->left << bits, feature = (uint32_t)node->feature & SCH_NODE_FEATURE;
        to[i] = (packed_node){rounded_down(node->threshold), missing | place | feature};
    }
}

/* The leaves of n rows in a packed tree; `rows` is (n / WALKS, d, WALKS). */
static void walk_packed(const packed_node *tree, int64_t d, const double *rows, int64_t n, int32_t *leaves)
{
    const int bits = bits_for(d - 1);
    const uint32_t place = (PACKED_MISSING_LEFT - 1) >> bits << bits, feature = (UINT32_C(1) << bits) - 1;
    for (int64_t i = 0; i < n; i += WALKS) {
        const double *const group = rows + i * d;
        uint32_t at[WALKS] = {0};
        for (uint32_t done = 0; !done;) {
            done = PACKED_LEAF;
            SCH_PRAGMA(GCC unroll 8)
            for (int w = 0; w < WALKS; ++w) {
                const packed_node *const node = tree + at[w];
                const double x = group[(node->word & feature) * WALKS + w];
                const int right = (x > (double)node->threshold) | (isnan(x) & !(node->word & PACKED_MISSING_LEFT));
                done &= node->word;
                at[w] = ((node->word & place) >> bits) + (uint32_t)right;
            }
        }
        memcpy(leaves + i, at, sizeof at);
    }
}

#endif
