/* tree/split.h - the best split of a node: down the bins of a tile, all of its features at once.
 *
 * Everything is in the units of the whole numbers: scales are powers of two, so l1, l2 and the bounds are brought to these
 * units without rounding anything. Ties go to the lowest feature, then the lowest bin, then to missing values going right;
 * scores that rounding may have set apart are ties, too.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SPLIT_H
#define SCH_TREE_SPLIT_H

#include "core/vec.h"
#include "tree/histogram.h"

static const double BEYOND_ROUNDING = 1.0 + 1e-12; /* how much better, at least, a better score is */

typedef struct {
    double score; /* of both sides; 0: there is no split */
    int32_t feature, bin;
    int32_t missing_left, categorical;
    sums left;
    uint64_t set[SCH_SET_WORDS]; /* categories that go left */
} split;

/* A node, and what its splits have to obey. */
typedef struct {
    const sch_grow_tree_args *a;
    const packing *p;
    sums total;
    int packed;
    double g_sum, h_sum;        /* of the node; the latter without l2 */
    double l1, l2;
    double least_h;             /* >= 1: a side without curvature is no side */
    double least_category_h;    /* of a category that may go left */
    int64_t least_n;
    double lower, upper;        /* bounds of the values, infinite without monotonic features */
    double threshold;           /* scores must be above */
    const int64_t *allowed;     /* (tiles * 16) -1 or 0: numeric features that may be split on */
    const uint8_t *usable;      /* (d) 1: features that may be, of either kind */
} candidate_node;

SCH_INLINE double shrunk(double g, double l1) { return g > l1 ? g - l1 : g < -l1 ? g + l1 : 0.0; }

SCH_INLINE double clipped(double value, double lower, double upper)
{
    return value < lower ? lower : value > upper ? upper : value;
}

/* The value of a leaf, and what the leaf takes off the model of the loss (twice). */
SCH_INLINE double side_value(const candidate_node *node, double g, double h)
{
    const double denominator = h + node->l2;
    return denominator > 0.0 ? clipped(-shrunk(g, node->l1) / denominator, node->lower, node->upper) : 0.0;
}

SCH_INLINE double side_score(const candidate_node *node, double g, double h)
{
    return -shrunk(g, node->l1) * side_value(node, g, h);
}

enum { LANES = SCH_VEC_BYTES / 8, PAIR = 2, PASS = LANES * PAIR /* features of one run down the bins */ };

SCH_INLINE vec_i64 load_cells(const int64_t *cells) { return *(const vec_i64 *)cells; }

SCH_INLINE vec_f64 all_lanes(double x) { return x - (vec_f64){0}; }

SCH_INLINE vec_f64 select_lanes(vec_i64 mask, vec_f64 yes, vec_f64 no)
{
    return (vec_f64)(((vec_i64)yes & mask) | ((vec_i64)no & ~mask));
}

/* |x| < 2^51 */
SCH_INLINE vec_f64 to_double(vec_i64 x)
{
#if SCH_VEC_BYTES == 64
    return __builtin_convertvector(x, vec_f64);
#else
    return (vec_f64)(x + INT64_C(0x4338000000000000)) - 6755399441055744.0;
#endif
}

/* The best of each lane so far: its score as a fraction, which saves the division. */
typedef struct {
    vec_f64 numerator, denominator;
    vec_i64 at; /* 2 bin + missing_left */
} lane_best;

SCH_INLINE vec_f64 shrunk_lanes(vec_f64 g, double l1)
{
    const vec_f64 over = select_lanes(g > l1, g - l1, g * 0.0);
    return select_lanes(g < -l1, g + l1, over);
}

SCH_INLINE vec_f64 value_lanes(const candidate_node *node, vec_f64 g, vec_f64 h)
{
    const vec_f64 value = -g / (h + node->l2), low = all_lanes(node->lower), high = all_lanes(node->upper);
    const vec_f64 raised = select_lanes(value < low, low, value);
    return select_lanes(raised > high, high, raised);
}

/* `bounded`: with l1 or monotonic features, whose direction is in `direction`. */
SCH_INLINE void consider(const candidate_node *node, vec_i64 g_whole, vec_i64 h_whole, vec_i64 count, int64_t at,
                         vec_f64 direction, lane_best *best, const int bounded)
{
    const vec_f64 gl = to_double(g_whole), hl = to_double(h_whole);
    const vec_f64 gr = node->g_sum - gl, hr = node->h_sum - hl;
    vec_f64 numerator, denominator;
    vec_i64 valid = (count >= node->least_n) & (node->total.c - count >= node->least_n) & (hl >= node->least_h) &
                    (hr >= node->least_h);
    if (bounded) {
        const vec_f64 sl = shrunk_lanes(gl, node->l1), sr = shrunk_lanes(gr, node->l1);
        const vec_f64 vl = value_lanes(node, sl, hl), vr = value_lanes(node, sr, hr);
        numerator = -(sl * vl + sr * vr);
        denominator = all_lanes(1.0);
        valid &= direction * (vr - vl) >= 0.0;
    } else {
        const vec_f64 dl = hl + node->l2, dr = hr + node->l2;
        numerator = gl * gl * dr + gr * gr * dl;
        denominator = dl * dr;
    }
    const vec_i64 better = valid & (numerator * best->denominator > best->numerator * (denominator * BEYOND_ROUNDING));
    best->numerator = select_lanes(better, numerator, best->numerator);
    best->denominator = select_lanes(better, denominator, best->denominator);
    best->at = (best->at & ~better) | (better & at);
}

/* One run down the bins of PASS features. */
SCH_INLINE void scan_lanes(const candidate_node *node, const int64_t *cells, int64_t top, const vec_f64 *direction,
                           lane_best *best, const int packed, const int missing, const int bounded)
{
    const int64_t g_shift = node->p->g_shift, h_shift = packed ? node->p->h_shift : node->p->wide_shift;
    const int64_t low_mask = node->p->low_mask, count_mask = packed ? node->p->count_mask : node->p->wide_mask;
    const int64_t *const last = cells + SCH_MISSING_BIN * SCH_TILE;
    vec_i64 first[PAIR] = {0}, second[PAIR] = {0};
    for (int64_t bin = 0; bin < top; ++bin)
#pragma GCC unroll 2
        for (int v = 0; v < PAIR; ++v) {
            const int64_t at = bin * SCH_TILE + v * LANES;
            first[v] += load_cells(cells + at);
            if (!packed) second[v] += load_cells(cells + PLANE + at);
#pragma GCC unroll 2
            for (int left = 0; left <= missing; ++left) {
                vec_i64 word = first[v], low = second[v];
                if (left) word += load_cells(last + v * LANES);
                if (left && !packed) low += load_cells(last + PLANE + v * LANES);
                if (packed) low = word & low_mask;
                consider(node, packed ? word >> g_shift : word, low >> h_shift, low & count_mask, 2 * bin + left,
                         direction[v], &best[v], bounded);
            }
        }
}

SCH_INLINE void scan_pass(const candidate_node *node, const int64_t *cells, int64_t top, const vec_f64 *direction,
                          lane_best *best, int missing, int bounded)
{
#define SCAN(packed, missing, bounded) scan_lanes(node, cells, top, direction, best, packed, missing, bounded)
    switch (4 * node->packed + 2 * missing + bounded) {
    case 0: SCAN(0, 0, 0); break;
    case 1: SCAN(0, 0, 1); break;
    case 2: SCAN(0, 1, 0); break;
    case 3: SCAN(0, 1, 1); break;
    case 4: SCAN(1, 0, 0); break;
    case 5: SCAN(1, 0, 1); break;
    case 6: SCAN(1, 1, 0); break;
    default: SCAN(1, 1, 1);
    }
#undef SCAN
}

/* Sums of the bins 0 .. bin of a column of the histogram. */
static sums sums_up_to(const candidate_node *node, const int64_t *cells, int64_t lane, int64_t bin)
{
    sums left = {0, 0, 0};
    for (int64_t b = 0; b <= bin; ++b) left = plus(left, cell_sums(node->p, cells, b * SCH_TILE + lane, node->packed));
    return left;
}

static void take_best_lane(const candidate_node *node, const int64_t *cells, int64_t first, const lane_best *best,
                           split *out)
{
    int64_t winner = -1;
    for (int lane = 0; lane < PASS; ++lane) {
        const lane_best *b = &best[lane / LANES];
        const int64_t at = b->at[lane % LANES];
        const double score = b->numerator[lane % LANES] / b->denominator[lane % LANES];
        if (at < 0 || !(score > out->score * BEYOND_ROUNDING)) continue;
        *out = (split){.score = score, .feature = (int32_t)(first + lane), .bin = (int32_t)(at >> 1)};
        out->missing_left = (int32_t)(at & 1);
        winner = lane;
    }
    if (winner < 0) return;
    out->left = sums_up_to(node, cells, winner, out->bin);
    if (out->missing_left)
        out->left = plus(out->left, cell_sums(node->p, cells, SCH_MISSING_BIN * SCH_TILE + winner, node->packed));
}

/* The best numeric split of a tile; `out` is kept if it is not worse. */
static void search_tile(const candidate_node *node, const int64_t *cells, int64_t tile, int64_t top, int missing,
                        split *out)
{
    const sch_grow_tree_args *a = node->a;
    const int bounded = a->monotonic || node->l1 > 0.0;
    for (int64_t first = tile * SCH_TILE; first < (tile + 1) * SCH_TILE; first += PASS) {
        lane_best best[PAIR];
        vec_f64 direction[PAIR];
        vec_i64 any = {0};
        for (int v = 0; v < PAIR; ++v) {
            const vec_i64 allowed = load_cells(node->allowed + first + v * LANES);
            any |= allowed;
            best[v].numerator = select_lanes(allowed, all_lanes(node->threshold), all_lanes(INFINITY));
            best[v].denominator = all_lanes(1.0);
            best[v].at = (vec_i64){0} - 1;
            direction[v] = all_lanes(0.0);
            for (int l = 0; a->monotonic && l < LANES; ++l)
                if (first + v * LANES + l < a->x.d) direction[v][l] = a->monotonic[first + v * LANES + l];
        }
        int used = 0;
        for (int l = 0; l < LANES; ++l) used |= any[l] != 0;
        if (!used) continue;
        scan_pass(node, cells + first % SCH_TILE, top, direction, best, missing, bounded);
        take_best_lane(node, cells + first % SCH_TILE, first, best, out);
    }
}

#endif
