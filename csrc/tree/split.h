/* tree/split.h - what a split is, what it has to obey, and what a side of it is worth.
 *
 * Everything is in the units of the whole numbers: scales are powers of two, so l1, l2 and the bounds are brought to these
 * units without rounding anything. Ties go to the lowest feature, then the lowest bin, then to missing values going right;
 * scores that rounding may have set apart are ties, too.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SPLIT_H
#define SCH_TREE_SPLIT_H

#include "tree/histogram.h"

static const double BEYOND_ROUNDING = 1.0 + 1e-12; /* how much better, at least, a better score is */

typedef struct {
    double score; /* of both sides; 0: there is no split */
    int32_t feature, bin;
    int32_t missing_left, categorical;
    sums left;
    uint64_t set[SCH_SET_WORDS]; /* categories that go left */
} split;

/* Whether a split by this feature is to be preferred to another feature's. */
SCH_INLINE int beats(double score, int32_t feature, const split *other)
{
    if (feature > other->feature) return score > other->score * BEYOND_ROUNDING;
    return score * BEYOND_ROUNDING > other->score;
}

/* A node, and what its splits have to obey. */
typedef struct {
    const sch_grow_tree_args *a;
    const packing *p;
    sums total;
    int packed;
    double g_sum, h_sum;        /* of the node; the latter without l2 */
    double l1, l2;
    double h_start, a_start; /* what scans leave out of a hessian that is a count, least_n; and that with l2 */
    double both_sides, slope; /* h_sum + 2 l2; g_sum over it */
    double least_h, most_h;     /* of a side; at least 1: a side without curvature is no side */
    double least_category_h;    /* of a category that may go left */
    int64_t least_n, most_n;    /* of a side */
    double lower, upper;        /* bounds of the values, infinite without monotonic features */
    double threshold;           /* scores must be above */
    const int32_t *feature_at;  /* (tiles * 16) features by tile and column */
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

SCH_INLINE double split_score(const candidate_node *node, sums left)
{
    const sums right = minus(node->total, left);
    return side_score(node, (double)left.g, (double)left.h) + side_score(node, (double)right.g, (double)right.h);
}

/* Sums of the left side of a numeric split, and its score. The thread that has the histogram of its tile in its cache finds
 * them. */
static void complete_split(const candidate_node *node, const int64_t *cells, split *s)
{
    const int64_t *column = cells + node->a->x.tile_column[s->feature], *missing = column + SCH_MISSING_BIN * SCH_TILE;
    int64_t first = s->missing_left ? missing[0] : 0, second = s->missing_left && !node->packed ? missing[PLANE] : 0;
    for (int64_t b = 0; b <= s->bin; ++b) first += column[b * SCH_TILE];
    for (int64_t b = 0; b <= s->bin && !node->packed; ++b) second += column[PLANE + b * SCH_TILE];
    s->left = unpacked(node->p, first, second, node->packed);
    s->score = split_score(node, s->left);
}

#endif
