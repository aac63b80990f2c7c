/* tree/bin_range.h - the bins of a tile between which a node can be split: small nodes have few of them.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_BIN_RANGE_H
#define SCH_TREE_BIN_RANGE_H

#include "tree/lanes.h"
#include "tree/split.h"

enum {
    LANES = SCH_VEC_BYTES / 8,
    PAIR = 2,
    PASS = LANES * PAIR /* features of one run down the bins */,
    BIN_BLOCK = 2
};

SCH_INLINE vec_i64 load_cells(const int64_t *cells) { return *(const vec_i64 *)cells; }

/* Bins between which both sides can have enough rows, in blocks. Missing values may be on either side. */
typedef struct {
    int64_t first, end;
    vec_i64 before[PAIR]; /* sums of the bins before the first */
} bin_range;

SCH_INLINE void add_bins(vec_i64 *sum, const int64_t *cells, int64_t first, int64_t end)
{
    for (int64_t bin = first; bin < end; ++bin)
        for (int v = 0; v < PAIR; ++v) sum[v] += load_cells(cells + bin * SCH_TILE + v * LANES);
}

SCH_INLINE int any_lane_reaches(const vec_i64 *sum, const vec_i64 *more, int64_t count_mask, int64_t least)
{
    lane_mask reached = counts_from((sum[0] + more[0]) & count_mask, least);
    for (int v = 1; v < PAIR; ++v) reached |= counts_from((sum[v] + more[v]) & count_mask, least);
    return any_lane(reached);
}

static bin_range useful_bins(const candidate_node *node, const int64_t *cells, int64_t top, int missing)
{
    bin_range range = {.first = 0, .end = top};
    vec_i64 apart[PAIR] = {0}, after[PAIR] = {0}, next[PAIR] = {0};
    if (!node->packed || node->least_n < 4) return range;
    if (missing) add_bins(apart, cells, SCH_MISSING_BIN, SCH_MISSING_BIN + 1);
    for (; range.first + BIN_BLOCK <= top; range.first += BIN_BLOCK) {
        add_bins(next, cells, range.first, range.first + BIN_BLOCK);
        if (any_lane_reaches(next, apart, node->p->count_mask, node->least_n)) break;
        memcpy(range.before, next, sizeof next);
    }
    for (; range.end - BIN_BLOCK > range.first; range.end -= BIN_BLOCK) {
        add_bins(after, cells, range.end - BIN_BLOCK, range.end);
        if (any_lane_reaches(after, apart, node->p->count_mask, node->least_n)) break;
    }
    return range;
}

#endif
