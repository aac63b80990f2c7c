/* tree/scan.h - the best split of each feature of a tile: down the bins, all of them at once.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SCAN_H
#define SCH_TREE_SCAN_H

#include "tree/bin_range.h"

/* |x| < 2^51 */
SCH_INLINE vec_f64 to_double(vec_i64 x)
{
#if SCH_VEC_BYTES == 64
    return __builtin_convertvector(x, vec_f64);
#else
    return (vec_f64)(x + INT64_C(0x4338000000000000)) - 6755399441055744.0;
#endif
}

/* What a split is held to: sides of enough rows; of enough curvature, too; and values that l1 or monotonic features have a say
 * in. */
typedef enum { COUNTED, CURVED, BOUNDED } score_form;

/* A split for each lane: its score as a fraction, which saves the division. */
typedef struct {
    vec_f64 numerator, denominator;
    vec_i64 at; /* 2 bin + missing_left */
} lane_splits;

/* Of two the one whose score is higher, or that was there before; the other one if it is valid. */
SCH_INLINE void take_better(lane_splits *best, const lane_splits *other, lane_mask valid)
{
    const lane_mask better = lanes_above_among(valid, other->numerator * best->denominator,
                                               best->numerator * (other->denominator * BEYOND_ROUNDING));
    best->numerator = select_lanes(better, other->numerator, best->numerator);
    best->denominator = select_lanes(better, other->denominator, best->denominator);
    best->at = select_whole(better, other->at, best->at);
}

SCH_INLINE vec_f64 shrunk_lanes(vec_f64 g, double l1)
{
    const vec_f64 over = select_lanes(lanes_above(g, all_lanes(l1)), g - l1, g * 0.0);
    return select_lanes(lanes_above(all_lanes(-l1), g), g + l1, over);
}

SCH_INLINE vec_f64 value_lanes(const candidate_node *node, vec_f64 g, vec_f64 h)
{
    const vec_f64 value = -g / (h + node->l2), low = all_lanes(node->lower), high = all_lanes(node->upper);
    const vec_f64 raised = select_lanes(lanes_above(low, value), low, value);
    return select_lanes(lanes_above(raised, high), high, raised);
}

/* What is compared. Unbounded, with a = h_left + l2, b = h_right + l2 and s = a + b, the same for all splits of a node:
 *     g_left^2 / a + g_right^2 / b = g^2 / s + s (g_left - (g / s) a)^2 / (a b)
 * leaves one square over one product to compute, and loses no digits where the two sides hardly differ.
 * BOUNDED, where `direction` is that of monotonic features, it is the score itself, over 1. `spare`: rows on the left beyond
 * least_n, very many if there are not enough. */
SCH_INLINE void score_lanes(const candidate_node *node, vec_i64 g_whole, vec_i64 h_whole, vec_i64 spare, int64_t at,
                            vec_f64 direction, lane_splits *best, const score_form form)
{
    const vec_f64 gl = to_double(g_whole), h = to_double(h_whole), hl = h + node->h_start;
    const vec_f64 a = form == COUNTED ? h + node->a_start : hl + node->l2;
    lane_splits s = {.at = at - (vec_i64){0}};
    lane_mask valid = counts_to(spare, node->most_n - node->least_n);
    if (form != COUNTED) valid &= values_between(hl, node->least_h, node->most_h);
    if (form == BOUNDED) {
        const vec_f64 gr = node->g_sum - gl, hr = node->h_sum - hl;
        const vec_f64 sl = shrunk_lanes(gl, node->l1), sr = shrunk_lanes(gr, node->l1);
        const vec_f64 vl = value_lanes(node, sl, hl), vr = value_lanes(node, sr, hr);
        s.numerator = -(sl * vl + sr * vr);
        s.denominator = all_lanes(1.0);
        valid &= ~lanes_above(all_lanes(0.0), direction * (vr - vl));
    } else {
        const vec_f64 b = node->both_sides - a, u = gl - node->slope * a;
        s.numerator = u * u;
        s.denominator = a * b;
    }
    take_better(best, &s, valid);
}

/* Sums of the bins so far, counts without the rows that a side needs at least: a count that would be negative borrows from
 * what stands above it, and is too large. */
typedef struct {
    vec_i64 first, second; /* words, or gradients and the rest */
} lane_sums;

/* Adds a bin; and compares the splits after it. */
SCH_INLINE void next_bin(const candidate_node *node, const int64_t *cells, int64_t bin, vec_f64 direction,
                         lane_sums *sum, lane_splits *best, const int packed, const int missing, const score_form form)
{
    const int64_t g_shift = node->p->g_shift, h_shift = packed ? node->p->h_shift : node->p->wide_shift;
    const int64_t low_mask = node->p->low_mask, count_mask = packed ? node->p->count_mask : node->p->wide_mask;
    const int64_t *const last = cells + SCH_MISSING_BIN * SCH_TILE;
    sum->first += load_cells(cells + bin * SCH_TILE);
    if (!packed) sum->second += load_cells(cells + PLANE + bin * SCH_TILE);
#pragma GCC unroll 2
    for (int left = 0; left <= missing; ++left) {
        vec_i64 word = sum->first, low = sum->second;
        if (left) word += load_cells(last);
        if (left && !packed) low += load_cells(last + PLANE);
        if (packed) low = word & low_mask;
        score_lanes(node, packed ? shifted_right(word, g_shift) : word, shifted_right(low, h_shift),
                    (packed ? word : low) & count_mask, 2 * bin + left, direction, best, form);
    }
}

/* One run down the bins of PASS features. */
SCH_INLINE void scan_lanes(const candidate_node *node, const int64_t *cells, const bin_range *range,
                           const vec_f64 *direction, lane_splits *best, const int packed, const int missing,
                           const score_form form)
{
    lane_sums sum[PAIR];
    for (int v = 0; v < PAIR; ++v) {
        const vec_i64 start = range->before[v] - node->least_n;
        sum[v] = packed ? (lane_sums){.first = start} : (lane_sums){.second = start};
    }
    for (int64_t bin = range->first, end = range->end; bin < end; ++bin)
#pragma GCC unroll 2
        for (int v = 0; v < PAIR; ++v)
            next_bin(node, cells + v * LANES, bin, direction[v], &sum[v], &best[v], packed, missing, form);
}

/* The lanes' features, before any split is known. */
static void begin_lanes(const candidate_node *node, const int64_t *allowed, const int32_t *features, double threshold,
                        lane_splits *best, vec_f64 *direction)
{
    const int8_t *monotonic = node->a->monotonic;
    for (int v = 0; v < PAIR; ++v) {
        const vec_i64 these = load_cells(allowed + v * LANES);
        best[v].numerator = select_lanes(lanes_set(these), all_lanes(threshold), all_lanes(INFINITY));
        best[v].denominator = all_lanes(1.0);
        best[v].at = (vec_i64){0} - 1;
        direction[v] = all_lanes(0.0);
        for (int l = 0; monotonic && l < LANES; ++l)
            if (these[l]) direction[v][l] = monotonic[features[v * LANES + l]];
    }
}

/* The best split of each of the features that are allowed, if its score is above the threshold. */
static void scan(const candidate_node *node, const int64_t *cells, const bin_range *range, const int64_t *allowed,
                 const int32_t *features, double threshold, lane_splits *best, int missing, score_form form)
{
    vec_f64 direction[PAIR];
    begin_lanes(node, allowed, features, threshold, best, direction);
#define SCAN(packed, missing, form) scan_lanes(node, cells, range, direction, best, packed, missing, form)
#define CASES(form)                       \
case form:                                \
    switch (2 * node->packed + missing) { \
    case 0: SCAN(0, 0, form); break;      \
    case 1: SCAN(0, 1, form); break;      \
    case 2: SCAN(1, 0, form); break;      \
    default: SCAN(1, 1, form);            \
    }                                     \
    break;
    switch (form) {
        CASES(COUNTED)
        CASES(CURVED)
        CASES(BOUNDED)
    }
#undef CASES
#undef SCAN
}

/* Whether a split was found that has a side without enough curvature: (h_left + l2) (h_right + l2) is least where one of them
 * is. That is rare, so bins are not asked one by one at first; where hessians are counts, it cannot be. The column that fills
 * up a tile may hold anything, also what makes the product negative: it is found here as well. */
static int any_too_flat(const candidate_node *node, const lane_splits *best)
{
    if (node->h_start >= node->least_h) return 0;
    const double a = node->least_h + node->l2, least = a * (node->both_sides - a) * BEYOND_ROUNDING;
    int any = 0;
    for (int v = 0; v < PAIR; ++v)
        any |= any_lane(counts_from(best[v].at, 0) & lanes_above(all_lanes(least), best[v].denominator));
    return any;
}

#endif
