/* tree/scan.h - the best split of the numeric features of a tile: down the bins, all of its features at once.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SCAN_H
#define SCH_TREE_SCAN_H

#include "tree/lanes.h"
#include "tree/split.h"

enum {
    LANES = SCH_VEC_BYTES / 8,
    PAIR = 2,
    PASS = LANES * PAIR /* features of one run down the bins */,
    BIN_BLOCK = 2
};

SCH_INLINE vec_i64 load_cells(const int64_t *cells) { return *(const vec_i64 *)cells; }

/* |x| < 2^51 */
SCH_INLINE vec_f64 to_double(vec_i64 x)
{
#if SCH_VEC_BYTES == 64
    return __builtin_convertvector(x, vec_f64);
#else
    return (vec_f64)(x + INT64_C(0x4338000000000000)) - 6755399441055744.0;
#endif
}

/* What a split is held to: sides of enough rows; of enough curvature, too, unless that goes without saying; and values that
 * l1 or monotonic features have a say in. */
typedef enum { COUNTED, CURVED, BOUNDED } score_form;

/* A split for each lane: its score as a fraction, which saves the division. */
typedef struct {
    vec_f64 numerator, denominator;
    vec_i64 at; /* 2 bin + missing_left */
} lane_splits;

/* Of two the one whose score is higher, or that was there before. */
SCH_INLINE void take_better(lane_splits *best, const lane_splits *other)
{
    const lane_mask better =
        lanes_above(other->numerator * best->denominator, best->numerator * (other->denominator * BEYOND_ROUNDING));
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
 *     g_left^2 / a + g_right^2 / b = g^2 / s + (g_left s - g a)^2 / (s a b)
 * leaves one square over one product to compute, and loses no digits where the two sides hardly differ.
 * BOUNDED, where `direction` is that of monotonic features, it is the score itself, over 1. */
SCH_INLINE lane_splits score_lanes(const candidate_node *node, vec_i64 g_whole, vec_i64 h_whole, vec_i64 count,
                                   int64_t at, vec_f64 direction, const score_form form)
{
    const vec_f64 gl = to_double(g_whole), hl = to_double(h_whole);
    lane_splits s = {.at = at - (vec_i64){0}};
    lane_mask valid = counts_between(count, node->least_n, node->most_n);
    if (form != COUNTED) valid &= values_between(hl, node->least_h, node->most_h);
    if (form == BOUNDED) {
        const vec_f64 gr = node->g_sum - gl, hr = node->h_sum - hl;
        const vec_f64 sl = shrunk_lanes(gl, node->l1), sr = shrunk_lanes(gr, node->l1);
        const vec_f64 vl = value_lanes(node, sl, hl), vr = value_lanes(node, sr, hr);
        s.numerator = -(sl * vl + sr * vr);
        s.denominator = all_lanes(1.0);
        valid &= ~lanes_above(all_lanes(0.0), direction * (vr - vl));
    } else {
        const vec_f64 a = hl + node->l2, b = node->both_sides - a, u = gl * node->both_sides - node->g_sum * a;
        s.numerator = u * u;
        s.denominator = a * b;
    }
    s.numerator = select_lanes(valid, s.numerator, all_lanes(-INFINITY));
    return s;
}

/* Bins between which both sides can have enough rows, in blocks: small nodes have few of them. Missing values may be on
 * either side. */
typedef struct {
    int64_t first, end;
} bin_range;

SCH_INLINE int any_lane_reaches(const vec_i64 *sum, int64_t count_mask, int64_t least)
{
    lane_mask reached = counts_between(sum[0] & count_mask, least, INT64_MAX);
    for (int v = 1; v < PAIR; ++v) reached |= counts_between(sum[v] & count_mask, least, INT64_MAX);
    return any_lane(reached);
}

SCH_INLINE void add_bins(vec_i64 *sum, const int64_t *cells, int64_t first, int64_t end)
{
    for (int64_t bin = first; bin < end; ++bin)
        for (int v = 0; v < PAIR; ++v) sum[v] += load_cells(cells + bin * SCH_TILE + v * LANES);
}

static bin_range useful_bins(const candidate_node *node, const int64_t *cells, int64_t top, int missing)
{
    bin_range range = {.first = 0, .end = top};
    vec_i64 before[PAIR] = {0}, after[PAIR] = {0};
    if (!node->packed || node->least_n < 4) return range;
    if (missing) add_bins(before, cells, SCH_MISSING_BIN, SCH_MISSING_BIN + 1);
    memcpy(after, before, sizeof after);
    for (; range.first + BIN_BLOCK <= top; range.first += BIN_BLOCK) {
        add_bins(before, cells, range.first, range.first + BIN_BLOCK);
        if (any_lane_reaches(before, node->p->count_mask, node->least_n)) break;
    }
    for (; range.end - BIN_BLOCK > range.first; range.end -= BIN_BLOCK) {
        add_bins(after, cells, range.end - BIN_BLOCK, range.end);
        if (any_lane_reaches(after, node->p->count_mask, node->least_n)) break;
    }
    return range;
}

/* Sums of the bins so far. */
typedef struct {
    vec_i64 first, second; /* words, or gradients and the rest */
} lane_sums;

/* Adds a bin; returns the better of the splits after it. */
SCH_INLINE lane_splits next_bin(const candidate_node *node, const int64_t *cells, int64_t bin, vec_f64 direction,
                                lane_sums *sum, const int packed, const int missing, const score_form form)
{
    const int64_t g_shift = node->p->g_shift, h_shift = packed ? node->p->h_shift : node->p->wide_shift;
    const int64_t low_mask = node->p->low_mask, count_mask = packed ? node->p->count_mask : node->p->wide_mask;
    const int64_t *const last = cells + SCH_MISSING_BIN * SCH_TILE;
    lane_splits splits[2];
    sum->first += load_cells(cells + bin * SCH_TILE);
    if (!packed) sum->second += load_cells(cells + PLANE + bin * SCH_TILE);
#pragma GCC unroll 2
    for (int left = 0; left <= missing; ++left) {
        vec_i64 word = sum->first, low = sum->second;
        if (left) word += load_cells(last);
        if (left && !packed) low += load_cells(last + PLANE);
        if (packed) low = word & low_mask;
        splits[left] = score_lanes(node, packed ? word >> g_shift : word, low >> h_shift, low & count_mask,
                                   2 * bin + left, direction, form);
    }
    if (missing) take_better(&splits[0], &splits[1]);
    return splits[0];
}

/* One run down the bins of PASS features. Bins are compared in twos first: the best so far has to be waited for. */
SCH_INLINE void scan_lanes(const candidate_node *node, const int64_t *cells, bin_range range, const vec_f64 *direction,
                           lane_splits *best, const int packed, const int missing, const score_form form)
{
#define NEXT_BIN(bin) next_bin(node, cells + v * LANES, bin, direction[v], &sum[v], packed, missing, form)
    vec_i64 before[PAIR] = {0};
    lane_sums sum[PAIR] = {0};
    add_bins(before, cells, 0, range.first);
    for (int v = 0; v < PAIR; ++v) sum[v].first = before[v];
    int64_t bin = range.first;
    for (; bin + 2 <= range.end; bin += 2)
#pragma GCC unroll 2
        for (int v = 0; v < PAIR; ++v) {
            lane_splits better = NEXT_BIN(bin);
            const lane_splits other = NEXT_BIN(bin + 1);
            take_better(&better, &other);
            take_better(&best[v], &better);
        }
    for (int v = 0; bin < range.end && v < PAIR; ++v) {
        const lane_splits last = NEXT_BIN(bin);
        take_better(&best[v], &last);
    }
#undef NEXT_BIN
}

SCH_INLINE void scan_pass(const candidate_node *node, const int64_t *cells, bin_range range, const vec_f64 *direction,
                          lane_splits *best, int missing, score_form form)
{
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

static void take_best_lane(const candidate_node *node, const int32_t *features, const lane_splits *best, int bounded,
                           split *out)
{
    for (int lane = 0; lane < PASS; ++lane) {
        const lane_splits *b = &best[lane / LANES];
        const int64_t at = b->at[lane % LANES];
        double score = b->numerator[lane % LANES] / b->denominator[lane % LANES];
        if (!bounded) score = (score + node->g_sum * node->g_sum) / node->both_sides;
        if (at < 0 || !beats(score, features[lane], out)) continue;
        *out = (split){.score = score, .feature = features[lane], .bin = (int32_t)(at >> 1)};
        out->missing_left = (int32_t)(at & 1);
    }
}

/* The best numeric split of a tile; `out` is kept if it is not worse. */
static void search_tile(const candidate_node *node, const int64_t *cells, int64_t tile, int64_t top, int missing,
                        split *out)
{
    const sch_grow_tree_args *a = node->a;
    const int bounded = a->monotonic || node->l1 > 0.0;
    const score_form form = bounded ? BOUNDED : node->all_curved ? COUNTED : CURVED;
    const double threshold = bounded ? node->threshold : node->threshold * node->both_sides - node->g_sum * node->g_sum;
    for (int64_t column = 0; column < SCH_TILE; column += PASS) {
        const int32_t *features = node->feature_at + tile * SCH_TILE + column;
        lane_splits best[PAIR];
        vec_f64 direction[PAIR];
        vec_i64 any = {0};
        for (int v = 0; v < PAIR; ++v) {
            const vec_i64 allowed = load_cells(node->allowed + tile * SCH_TILE + column + v * LANES);
            any |= allowed;
            for (int l = 0; l < LANES; ++l) best[v].numerator[l] = allowed[l] ? threshold : (double)INFINITY;
            best[v].denominator = all_lanes(1.0);
            best[v].at = (vec_i64){0} - 1;
            direction[v] = all_lanes(0.0);
            for (int l = 0; a->monotonic && l < LANES; ++l)
                if (allowed[l]) direction[v][l] = a->monotonic[features[v * LANES + l]];
        }
        int used = 0;
        for (int l = 0; l < LANES; ++l) used |= any[l] != 0;
        if (!used) continue;
        scan_pass(node, cells + column, useful_bins(node, cells + column, top, missing), direction, best, missing,
                  form);
        take_best_lane(node, features, best, bounded, out);
    }
}

#endif
