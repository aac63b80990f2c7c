/* tree/binned_masks.h - 64 rows of a binned table down a small tree at once: each node is a comparison of bytes under the mask
 * of the rows that reach it.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_BINNED_MASKS_H
#define SCH_TREE_BINNED_MASKS_H

#include "sch/tree.h"
#include "tree/row_masks.h"

/* Of trees whose leaves have numbers of one byte. */
enum { MASKED_NODES = 2 * 256 - 1 };

typedef struct {
    row_mask here[MASKED_NODES][REGISTER_ROWS]; /* which rows reach a node */
    uint8_t leaf[REGISTER_ROWS]; /* where they end up */
} masked_rows;

/* 1 for the bins of a set. */
static void bins_in_set(const uint64_t *set, int missing, const uint8_t *bins, uint8_t *out)
{
    for (int r = 0; r < REGISTER_ROWS; ++r)
        out[r] = (uint8_t)(bins[r] == SCH_MISSING_BIN ? missing : sch_in_set(set, bins[r]));
}

static void divide_masks(masked_rows *m, const sch_node *nodes, int64_t i, const uint8_t *bins, const uint64_t *sets)
{
    const sch_node *node = nodes + i;
    const int missing_left = (node->feature & SCH_NODE_MISSING_LEFT) != 0;
    uint8_t chosen[REGISTER_ROWS], shift = (uint8_t)missing_left, limit;
    if (node->feature & SCH_NODE_CATEGORICAL) {
        bins_in_set(sets + SCH_SET_WORDS * (int64_t)node->threshold, missing_left, bins, chosen);
        bins = chosen;
        shift = 255; /* what is in the set, 1, becomes 0, and all else 255 */
        limit = 0;
    } else {
        limit = (uint8_t)(node->threshold + missing_left); /* a shift of 1 brings the missing bin below all others */
    }
    for (int r = 0; r < REGISTER_ROWS; r += SCH_VEC_BYTES) {
        const bytes mask = *(const bytes *)(m->here[i] + r), bin = *(const bytes *)(bins + r) + shift;
        const bytes left = (bytes)(bin <= limit) & mask;
        *(bytes *)(m->here[node->left] + r) = left;
        *(bytes *)(m->here[node->left + 1] + r) = mask ^ left;
    }
}

/* Finds the leaves of rows first .. first + 63, of which some may lie beyond the last. Parents come before children. */
static void route_masked(masked_rows *m, const sch_binned *x, const sch_node *nodes, int64_t n_nodes,
                         const uint64_t *sets, int64_t first)
{
    bytes leaf[REGISTER_ROWS / SCH_VEC_BYTES] = {0};
    memset(m->here[0], 255, REGISTER_ROWS);
    for (int64_t i = 0; i < n_nodes; ++i) {
        if (nodes[i].feature >= 0) {
            const int64_t feature = nodes[i].feature & SCH_NODE_FEATURE;
            divide_masks(m, nodes, i, x->columns + feature * x->column_stride + first, sets);
            continue;
        }
        const uint8_t number = (uint8_t)nodes[i].left;
        for (int r = 0; r < REGISTER_ROWS; r += SCH_VEC_BYTES)
            leaf[r / SCH_VEC_BYTES] |= *(const bytes *)(m->here[i] + r) & number;
    }
    memcpy(m->leaf, leaf, sizeof leaf);
}

#endif
