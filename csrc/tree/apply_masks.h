/* tree/apply_masks.h - a block of rows down a tree at once: each node is a comparison of bytes under the mask of the rows
 * that reach it.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_MASKS_H
#define SCH_TREE_APPLY_MASKS_H

#include "sch/apply.h"
#include "tree/row_masks.h"

/* Rows that go down a tree together: some registers, so that decoding a step pays; few enough that the planes of some dozen
 * features stay in the first-level cache. */
enum { MASK_ROWS = 256, MOST_SLOTS = 256, MASKS_BYTES = MOST_SLOTS * MASK_ROWS };

/* Leaves of n_registers * REGISTER_ROWS rows in a tree, counted from left to right. */
SCH_INLINE void descend(const int n_registers, const sch_mask_step *steps, int64_t n_steps, const uint8_t *planes,
                        row_mask *masks, uint8_t *leaves)
{
    const int n_rows = n_registers * REGISTER_ROWS;
    bytes leaf[MASK_ROWS / SCH_VEC_BYTES] = {0};
    memset(masks, 255, (size_t)n_rows);
    for (int64_t s = 0; s < n_steps; ++s) {
        const sch_mask_step step = steps[s];
        const bytes threshold = step.threshold - (bytes){0}, count = step.leaves_left - (bytes){0};
        const uint8_t *x = planes + (int64_t)step.plane * MASK_ROWS;
        const row_mask *here = masks + s * n_rows;
        row_mask *left = masks + step.left * n_rows, *right = masks + step.right * n_rows; /* may be the same */
        SCH_PRAGMA(GCC unroll 16)
        for (int i = 0; i < n_rows; i += SCH_VEC_BYTES) {
            const bytes mask = *(const bytes *)(here + i);
            const bytes go = (bytes)(*(const bytes *)(x + i) > threshold) & mask;
            leaf[i / SCH_VEC_BYTES] += go & count;
            *(bytes *)(right + i) = go;
            *(bytes *)(left + i) = mask ^ go;
        }
    }
    memcpy(leaves, leaf, (size_t)n_rows);
}

/* 1 for the rows whose code is not in a set. */
static void choose(const uint64_t *set, const uint8_t *codes, uint8_t *out)
{
    for (int i = 0; i < REGISTER_ROWS; ++i) out[i] = !sch_in_set(set, codes[i]);
}

#endif
