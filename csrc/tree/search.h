/* tree/search.h - the best split of the numeric features of a tile.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SEARCH_H
#define SCH_TREE_SEARCH_H

#include "tree/scan.h"
#include "tree/scan_single.h"

static const double HARDLY_LESS = 1.0 - 0x1p-16; /* how much less, at least, a lesser score in single precision is */

/* The best split of each feature of a pass. */
typedef struct {
    double score[PASS]; /* to be compared with one another, up to rounding */
    int64_t at[PASS];   /* 2 bin + missing_left; below 0: none */
} best_splits;

static best_splits of_lanes(const lane_splits *best)
{
    best_splits found;
    for (int v = 0; v < PAIR; ++v) {
        const vec_f64 score = best[v].numerator / best[v].denominator;
        memcpy(found.score + v * LANES, &score, sizeof score);
        memcpy(found.at + v * LANES, &best[v].at, sizeof best[v].at);
    }
    return found;
}

static best_splits of_single(const single_splits *best)
{
    const vec_f32 score = best->numerator / best->denominator;
    best_splits found;
    for (int l = 0; l < PASS; ++l) {
        found.score[l] = (double)score[l];
        found.at[l] = 2 * (int64_t)best->bin[l];
    }
    return found;
}

/* Of the features' splits the best one, if it is better than `out`. Those that hardly differ are compared by their exact sums. */
static void take_best(const candidate_node *node, const int64_t *cells, const int32_t *features,
                      const best_splits *found, split *out)
{
    double most = 0.0;
    for (int l = 0; l < PASS; ++l)
        if (found->at[l] >= 0 && found->score[l] > most) most = found->score[l];
    for (int l = 0; l < PASS; ++l) {
        if (found->at[l] < 0 || found->score[l] < most * HARDLY_LESS) continue;
        split s = {.feature = features[l], .bin = (int32_t)(found->at[l] >> 1)};
        s.missing_left = (int32_t)(found->at[l] & 1);
        complete_split(node, cells, &s);
        if (s.score > node->threshold && beats(s.score, s.feature, out)) *out = s;
    }
}

/* One run down the bins, or a second one where sides turn out to have too little curvature. */
static best_splits scan_pass(const candidate_node *node, const int64_t *cells, const int64_t *allowed,
                             const int32_t *features, int64_t top, int missing)
{
    const int bounded = node->a->monotonic || node->l1 > 0.0;
    const double threshold =
        bounded ? node->threshold : (node->threshold - node->g_sum * node->slope) / node->both_sides;
    const bin_range range = useful_bins(node, cells, top, missing);
    lane_splits best[PAIR];
    if (!bounded && fits_single(node, missing)) {
        const single_splits single = scan_single(node, cells, &range, allowed, threshold);
        if (!any_too_flat_single(node, &single)) return of_single(&single);
    } else {
        scan(node, cells, &range, allowed, features, threshold, best, missing, bounded ? BOUNDED : COUNTED);
        if (bounded || !any_too_flat(node, best)) return of_lanes(best);
    }
    scan(node, cells, &range, allowed, features, threshold, best, missing, CURVED);
    return of_lanes(best);
}

/* The best numeric split of a tile; `out` is kept if it is not worse. */
static void search_tile(const candidate_node *node, const int64_t *cells, int64_t tile, int64_t top, int missing,
                        split *out)
{
    if (node->least_h > node->most_h) return; /* there is not enough curvature for two sides */
    for (int64_t column = 0; column < SCH_TILE; column += PASS) {
        const int64_t place = tile * SCH_TILE + column, *allowed = node->allowed + place;
        if (!any_lane(lanes_set(load_cells(allowed) | load_cells(allowed + LANES)))) continue;
        const int32_t *features = node->feature_at + place;
        const best_splits found = scan_pass(node, cells + column, allowed, features, top, missing);
        take_best(node, cells, features, &found, out);
    }
}

#endif
