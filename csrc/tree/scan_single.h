/* tree/scan_single.h - tree/scan.h in single precision, twice as many features to a register: for packed words without missing
 * values.
 *
 * Their sums have 26 bits. What single precision rounds off them, at most 2^-25 of each, is less than a sixth of what rounding
 * the rows' gradients to 15 bits leaves in them (its standard deviation). Where values may be missing, two splits of a feature
 * can have the same sides the other way round, and are to score the same: rounding would set them apart.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SCAN_SINGLE_H
#define SCH_TREE_SCAN_SINGLE_H

#include "tree/bin_range.h"
#include "tree/lanes_single.h"

/* How much better, at least, a better score is: beyond what rounding makes of splits that mirror each other, as long as the
 * difference of their sides is a tenth of the node's gradient and more. */
static const float BEYOND_SINGLE = 1.0F + 0x1p-18F;
static const double SINGLE_ERROR = 0x1p-21; /* of a side's hessian with l2, in those of both sides; with some room */

/* A word's upper half is 32 times the gradient, and the hessian's first bits: less than one of the 32. */
static const double UPPER = 1 << (PACKED_G_SHIFT - 32);
enum { SINGLE_BITS = 28 }; /* of both sides' hessians: products of four numbers stay within single precision */
_Static_assert(SCH_TILE % PASS == 0 && LANES * PAIR == SCH_VEC_BYTES / (int)sizeof(float), "two registers make one");

typedef struct {
    vec_f32 numerator, denominator;
    vec_i32 bin; /* -1: there is no split */
} single_splits;

/* Of a node; the slope is in the units of a word's upper half. */
typedef struct {
    float l2, both_sides, slope;
    int32_t most_spare;
} single_node;

SCH_INLINE int fits_single(const candidate_node *node, int missing)
{
    return node->packed && node->p->h_shift && !missing && node->both_sides < ldexp(1.0, SINGLE_BITS);
}

/* As `score_lanes` (COUNTED), and `take_better`. */
SCH_INLINE void score_single(const single_node *node, vec_i64 first, vec_i64 second, int32_t bin, single_splits *best,
                             const int with_l2)
{
    const int h_bits = PACKED_G_SHIFT - PACKED_COUNT_BITS;
    const vec_i32 low = lower_halves(first, second), high = upper_halves(first, second);
    const vec_i32 h_low = (vec_i32)((vec_u32)low >> PACKED_COUNT_BITS), h_high = high << (32 - PACKED_COUNT_BITS);
    const vec_f32 h = __builtin_convertvector((h_low | h_high) & ((1 << h_bits) - 1), vec_f32);
    vec_f32 a = h;
    if (with_l2) a = h + node->l2;
    const vec_f32 b = node->both_sides - a, u = __builtin_convertvector(high, vec_f32) - node->slope * a;
    const vec_f32 numerator = u * u, denominator = a * b;
    const single_mask valid = single_counts_to(low & ((1 << PACKED_COUNT_BITS) - 1), node->most_spare);
    const single_mask better =
        single_above_among(valid, numerator * best->denominator, best->numerator * (denominator * BEYOND_SINGLE));
    best->numerator = select_single(better, numerator, best->numerator);
    best->denominator = select_single(better, denominator, best->denominator);
    best->bin = select_single_whole(better, bin - (vec_i32){0}, best->bin);
}

/* One run down the bins of PASS features. */
SCH_INLINE void scan_single_lanes(const candidate_node *node, const int64_t *cells, const bin_range *range,
                                  single_splits *best, const int with_l2)
{
    const single_node single = {(float)node->l2, (float)node->both_sides, (float)(UPPER * node->slope),
                                (int32_t)(node->most_n - node->least_n)};
    vec_i64 first = range->before[0] - node->least_n, second = range->before[1] - node->least_n;
    for (int64_t bin = range->first, end = range->end; bin < end; ++bin) {
        first += load_cells(cells + bin * SCH_TILE);
        second += load_cells(cells + bin * SCH_TILE + LANES);
        score_single(&single, first, second, (int32_t)bin, best, with_l2);
    }
}

/* The best split of each of the features that are allowed, if its score is above the threshold. */
static single_splits scan_single(const candidate_node *node, const int64_t *cells, const bin_range *range,
                                 const int64_t *allowed, double threshold)
{
    const single_mask out = single_counts_from(lower_halves(load_cells(allowed), load_cells(allowed + LANES)), 0);
    const float least = (float)(UPPER * UPPER * threshold);
    single_splits best = {.bin = (vec_i32){0} - 1, .denominator = all_single(1.0F)};
    best.numerator = select_single(out, all_single(INFINITY), all_single(least));
    if (node->l2 > 0.0) scan_single_lanes(node, cells, range, &best, 1);
    else scan_single_lanes(node, cells, range, &best, 0);
    return best;
}

/* As `any_too_flat`; also where rounding may hide it. */
static int any_too_flat_single(const candidate_node *node, const single_splits *best)
{
    const double a = node->least_h + node->l2 + SINGLE_ERROR * node->both_sides;
    const vec_f32 least = all_single((float)(a * (node->both_sides - a)) * BEYOND_SINGLE);
    return any_single(single_above_among(single_counts_from(best->bin, 0), least, best->denominator));
}

#endif
