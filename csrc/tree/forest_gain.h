/* tree/forest_gain.h - what splits gain, for all bins of a feature at once.
 *
 * A part of the rows has a score, the larger the purer: weight * (constant - impurity) up to a factor. A split gains the
 * scores of its sides less that of the node. Loops run over whole registers; what stands beyond the last bin is not used.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_GAIN_H
#define SCH_TREE_FOREST_GAIN_H

#include "core/math.h"
#include "tree/forest_data.h"

enum { FOREST_LANES = 8 };

#define FOR_BINS(j, n)                                                \
    for (int64_t j##0 = 0; j##0 < (n); j##0 += FOREST_LANES) SCH_SIMD \
    for (int64_t j = j##0; j < j##0 + FOREST_LANES; ++j)

static const double LN_2 = 0.69314718055994530942;

SCH_INLINE double x_log_x(double x) { return x > 0.0 ? x * log_f64(x) : 0.0; }
SCH_INLINE double x_log_mean(double sum, double weight)
{
    return sum > 0.0 ? sum * log_f64(sum / weight) : (double)-INFINITY;
}

/* Real impurity times real weight, per unit of score. */
SCH_INLINE double score_unit(const sch_forest_grow_args *a)
{
    const double moment = a->target_unit * ldexp(1.0, a->weight_shift), share = a->weight_unit / (double)a->n_out;
    switch (a->criterion) {
    case SCH_FOREST_GINI: return share;
    case SCH_FOREST_ENTROPY: return share / LN_2;
    case SCH_FOREST_SQUARED: return share * moment * moment;
    default: return share * moment;
    }
}

/* The score of a whole node from its sums. */
SCH_INLINE double node_score(const forest_tree *tree, double weight)
{
    const sch_forest_grow_args *const a = tree->a;
    double score = 0.0;
    for (int64_t l = 0; l < tree->n_lanes; ++l) {
        const double sum = tree->totals[l];
        switch (a->criterion) {
        case SCH_FOREST_GINI:
        case SCH_FOREST_SQUARED: score += sum * sum / weight; break;
        case SCH_FOREST_ENTROPY: score += x_log_x(sum); break;
        default: score += x_log_mean(sum, weight);
        }
    }
    return a->criterion == SCH_FOREST_ENTROPY ? score - (double)a->n_out * x_log_x(weight) : score;
}

/* Sums of squares over all lanes: GINI and SQUARED. */
SCH_INLINE void gains_of_squares(const forest_tree *tree, forest_bins *bins, int64_t n, double total)
{
    double *const left = bins->more, *const right = bins->more + FOREST_BINS;
    for (int64_t l = 0; l < tree->n_lanes; ++l) {
        const double *const sums = bins->lanes + l * FOREST_BINS;
        const double all = tree->totals[l];
        if (l == 0) {
            FOR_BINS(j, n)
            {
                left[j] = sums[j] * sums[j];
                right[j] = (all - sums[j]) * (all - sums[j]);
            }
        } else {
            FOR_BINS(j, n)
            {
                left[j] += sums[j] * sums[j];
                right[j] += (all - sums[j]) * (all - sums[j]);
            }
        }
    }
    FOR_BINS(j, n)
    {
        const double w = bins->weight[j], v = total - w;
        bins->gain[j] = (left[j] * v + right[j] * w) / (w * v);
    }
}

SCH_INLINE void gains_of_entropy(const forest_tree *tree, forest_bins *bins, int64_t n, double total)
{
    const double n_out = (double)tree->a->n_out;
    FOR_BINS(j, n) { bins->gain[j] = -n_out * (x_log_x(bins->weight[j]) + x_log_x(total - bins->weight[j])); }
    for (int64_t l = 0; l < tree->n_lanes; ++l) {
        const double *const sums = bins->lanes + l * FOREST_BINS;
        const double all = tree->totals[l];
        FOR_BINS(j, n) { bins->gain[j] += x_log_x(sums[j]) + x_log_x(all - sums[j]); }
    }
}

SCH_INLINE void gains_of_poisson(const forest_tree *tree, forest_bins *bins, int64_t n, double total)
{
    FOR_BINS(j, n) { bins->gain[j] = 0.0; }
    for (int64_t l = 0; l < tree->n_lanes; ++l) {
        const double *const sums = bins->lanes + l * FOREST_BINS;
        const double all = tree->totals[l];
        FOR_BINS(j, n)
        {
            const double w = bins->weight[j];
            bins->gain[j] += x_log_mean(sums[j], w) + x_log_mean(all - sums[j], total - w);
        }
    }
}

/* Minus infinity where a side would be too small. */
SCH_INLINE void refuse_small_sides(const forest_tree *tree, forest_bins *bins, int64_t n, double total, double rows)
{
    const double least = tree->least_weight, least_rows = (double)tree->a->min_samples_leaf;
    if (least > 0.0) FOR_BINS(j, n)
        {
            const double w = bins->weight[j];
            bins->gain[j] = ((w < least) | (total - w < least)) ? (double)-INFINITY : bins->gain[j];
        }
    if (tree->counted) FOR_BINS(j, n)
        {
            const double c = bins->count[j];
            bins->gain[j] = ((c < least_rows) | (rows - c < least_rows)) ? (double)-INFINITY : bins->gain[j];
        }
}

/* The value of a side that monotonic constraints are about, in units of the sums. */
SCH_INLINE double side_value(const forest_tree *tree, const double *lanes, int64_t stride, double weight)
{
    return lanes[tree->is_classes ? stride : 0] / weight;
}

/* Minus infinity where values leave the node's bounds or are in the wrong order. */
static void refuse_unordered(const forest_tree *tree, forest_bins *bins, int64_t n, double total, int sign,
                             double lower, double upper)
{
    const int64_t lane = tree->is_classes ? 1 : 0;
    const double *const sums = bins->lanes + lane * FOREST_BINS;
    const double all = tree->totals[lane];
    for (int64_t j = 0; j < n; ++j) {
        const double left = sums[j] / bins->weight[j], right = (all - sums[j]) / (total - bins->weight[j]);
        const int inside = left >= lower && left <= upper && right >= lower && right <= upper;
        if (!inside || (left - right) * sign > 0.0) bins->gain[j] = (double)-INFINITY;
    }
}

/* Scores of both sides, for splits after each of the first n bins. */
static void find_gains(const forest_tree *tree, forest_bins *bins, int64_t n, double total)
{
    switch (tree->a->criterion) {
    case SCH_FOREST_ENTROPY: gains_of_entropy(tree, bins, n, total); break;
    case SCH_FOREST_POISSON: gains_of_poisson(tree, bins, n, total); break;
    default: gains_of_squares(tree, bins, n, total);
    }
}

#endif
