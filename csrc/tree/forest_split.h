/* tree/forest_split.h - the split of a node: which feature, which bins go left.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_SPLIT_H
#define SCH_TREE_FOREST_SPLIT_H

#include "core/pool.h"
#include "core/rng.h"
#include "tree/forest_bins.h"
#include "tree/forest_gain.h"

enum {
    FOREST_MANY = 1 << 15
}; /* rows: a node of more is long enough a work to ask whether to stop after each feature */

/* A list of rows that a node stands for. */
typedef struct {
    int64_t first, n; /* in the region's rows */
    int32_t node, region;
    int64_t depth;
    double lower, upper; /* bounds of values below, in units of the sums */
    double weight;       /* what follows is known once the node was looked at */
    double score;
} forest_node;

typedef struct {
    double score;    /* of both sides; minus infinity: there is no split */
    double left;     /* weight of that side */
    double left_sum; /* its sum in the first lane */
    int64_t feature;
    int64_t bin;     /* the last one that goes left */
    int missing;     /* rows that miss the value go left (1), right (0), or there are none (-1) */
    double middle;   /* between the values of the two sides, for monotonic constraints */
    uint64_t set[SCH_SET_WORDS]; /* categories that go left */
} forest_split;

typedef struct {
    uint64_t key, counter;
} forest_random;

SCH_INLINE double draw_share(forest_random *random) { return sch_squares(random->counter++, random->key) * 0x1p-32; }
SCH_INLINE int64_t draw_below(forest_random *random, int64_t bound)
{
    return sch_below(random->counter++, random->key, bound);
}

/* Gains of the first n bins, with what forbids splits. */
static void find_allowed_gains(const forest_tree *tree, forest_bins *bins, const forest_node *node, int64_t feature,
                               int64_t n)
{
    find_gains(tree, bins, n, node->weight);
    refuse_small_sides(tree, bins, n, node->weight, (double)node->n);
    if (tree->a->monotonic && tree->a->monotonic[feature])
        refuse_unordered(tree, bins, n, node->weight, tree->a->monotonic[feature], node->lower, node->upper);
}

/* The first of the bins with the largest gain, if that beats the best so far; else -1. */
SCH_INLINE int64_t better(const forest_bins *bins, int64_t n, const forest_split *best)
{
    double most = best->score;
    int64_t found = -1;
    for (int64_t j = 0; j < n; ++j)
        if (bins->gain[j] > most) {
            most = bins->gain[j];
            found = j;
        }
    return found;
}

SCH_INLINE void accept(const forest_tree *tree, const forest_node *node, forest_split *best, int64_t feature, int64_t j)
{
    const forest_bins *const bins = &tree->bins;
    best->score = bins->gain[j];
    best->left = bins->weight[j];
    best->left_sum = bins->lanes[j];
    best->feature = feature;
    best->missing = -1;
    if (!tree->a->monotonic) return;
    const int64_t lane = tree->is_classes ? 1 : 0;
    const double sum = bins->lanes[lane * FOREST_BINS + j], w = bins->weight[j];
    best->middle = 0.5 * (sum / w + (tree->totals[lane] - sum) / (node->weight - w));
}

/* Between two bins that occur lie others that do not: the border goes into their middle. */
SCH_INLINE int64_t border(const forest_tree *tree, int64_t feature, int64_t j)
{
    const forest_bins *const bins = &tree->bins;
    return j + 1 < bins->n ? (bins->bin[j] + bins->bin[j + 1] - 1) / 2 : tree->a->x.n_bins[feature] - 1;
}

SCH_INLINE void add_to_all(double *sums, int64_t n, double more)
{
    for (int64_t j = 0; j < n; ++j) sums[j] += more;
}

/* What is missing joins the left side. */
static void move_missing_left(const forest_tree *tree, forest_bins *bins)
{
    add_to_all(bins->weight, bins->n, bins->missing_weight);
    add_to_all(bins->count, bins->n, bins->missing_count);
    for (int64_t l = 0; l < tree->n_lanes; ++l) add_to_all(bins->lanes + l * FOREST_BINS, bins->n, bins->missing[l]);
}

static void best_of_numeric(forest_tree *tree, const forest_node *node, int64_t feature, forest_split *best)
{
    forest_bins *const bins = &tree->bins;
    const int some_missing = bins->missing_weight > 0.0;
    for (int left = 0; left <= some_missing; ++left) {
        if (left) move_missing_left(tree, bins);
        const int64_t n = bins->n - 1 + (some_missing && !left);
        find_allowed_gains(tree, bins, node, feature, n);
        const int64_t j = better(bins, n, best);
        if (j < 0) continue;
        accept(tree, node, best, feature, j);
        best->bin = border(tree, feature, j);
        if (some_missing) best->missing = left;
    }
}

/* The last bin below `high` whose value is not above the threshold; that of `low` is not. */
SCH_INLINE int64_t bin_below(const double *value, int64_t low, int64_t high, double threshold)
{
    int64_t bin = low;
    for (int64_t step = FOREST_BINS / 2; step; step /= 2)
        if (bin + step < high && value[bin + step] <= threshold) bin += step;
    return bin;
}

/* One threshold, drawn between the least and the largest value: all there is to know is the sums on its left. Returns
 * whether the feature varies. */
static int try_random(forest_tree *tree, const forest_node *node, int64_t feature, const uint8_t *column,
                      const uint32_t *rows, forest_split *best, forest_random *random)
{
    const double *const value = tree->a->bin_value + feature * FOREST_BINS;
    uint8_t *const at = (uint8_t *)tree->spare;
    const forest_range range = range_of(column, rows, node->n, at);
    const int varies = range.low < range.high;
    if (range.low == SCH_MISSING_BIN || (!varies && !range.missing)) return 0;
    const double threshold = value[range.low] + draw_share(random) * (value[range.high] - value[range.low]);
    const int missing_left = range.missing && varies && draw_below(random, 2);
    const int64_t bin = bin_below(value, range.low, range.high, threshold);
    mark_left(at, node->n, (uint8_t)bin, missing_left);
    sum_left(tree, at, node->n);
    find_allowed_gains(tree, &tree->bins, node, feature, 1);
    if (!(tree->bins.gain[0] > best->score)) return 1;
    accept(tree, node, best, feature, 0);
    best->bin = varies ? bin : tree->a->x.n_bins[feature] - 1;
    if (range.missing) best->missing = missing_left;
    return 1;
}

SCH_INLINE void swap_bins(const forest_tree *tree, forest_bins *bins, int64_t i, int64_t j)
{
    const uint8_t bin = bins->bin[i];
    bins->bin[i] = bins->bin[j];
    bins->bin[j] = bin;
    double *const sums[] = {bins->weight, bins->count};
    for (int s = 0; s < 2; ++s) {
        const double sum = sums[s][i];
        sums[s][i] = sums[s][j];
        sums[s][j] = sum;
    }
    for (int64_t l = 0; l < tree->n_lanes; ++l) {
        double *const lane = bins->lanes + l * FOREST_BINS;
        const double sum = lane[i];
        lane[i] = lane[j];
        lane[j] = sum;
    }
}

/* By the share of a class, or by the mean: of two classes and of numbers the best set of categories is among the first
 * ones of this order (Breiman et al. 1984, 4.2.2); of more classes the commonest is taken. */
static void order_categories(const forest_tree *tree, forest_bins *bins)
{
    int64_t lane = 0;
    if (tree->is_classes)
        for (int64_t l = 1; l < tree->a->n_classes[0]; ++l)
            if (tree->totals[l] > tree->totals[lane]) lane = l;
    const double *const sums = bins->lanes + lane * FOREST_BINS;
    for (int64_t i = 1; i < bins->n; ++i)
        for (int64_t j = i; j > 0 && sums[j] / bins->weight[j] < sums[j - 1] / bins->weight[j - 1]; --j)
            swap_bins(tree, bins, j, j - 1);
}

/* What is missing is a category like the others. */
static void append_missing(const forest_tree *tree, forest_bins *bins)
{
    const int64_t j = bins->n++;
    bins->bin[j] = SCH_MISSING_BIN;
    bins->weight[j] = bins->missing_weight;
    bins->count[j] = bins->missing_count;
    for (int64_t l = 0; l < tree->n_lanes; ++l) bins->lanes[l * FOREST_BINS + j] = bins->missing[l];
}

static void split_categories(forest_tree *tree, const forest_node *node, int64_t feature, forest_split *best,
                             forest_random *random)
{
    forest_bins *const bins = &tree->bins;
    const int some_missing = bins->missing_weight > 0.0;
    if (some_missing) append_missing(tree, bins);
    const int64_t n = bins->n - 1;
    int64_t j = 0;
    if (tree->a->random_splits) {
        for (int64_t i = n; i > 0; --i) swap_bins(tree, bins, i, draw_below(random, i + 1));
        j = draw_below(random, n);
    } else {
        order_categories(tree, bins);
    }
    accumulate_bins(tree, bins);
    find_allowed_gains(tree, bins, node, feature, n);
    if (!tree->a->random_splits) j = better(bins, n, best);
    else if (!(bins->gain[j] > best->score)) j = -1;
    if (j < 0) return;
    accept(tree, node, best, feature, j);
    memset(best->set, 0, sizeof best->set);
    best->missing = some_missing ? 0 : -1;
    for (int64_t i = 0; i <= j; ++i) {
        if (bins->bin[i] == SCH_MISSING_BIN) best->missing = 1;
        else best->set[bins->bin[i] >> 6] |= UINT64_C(1) << (bins->bin[i] & 63);
    }
}

/* Looks at one feature; returns whether it varies among the node's rows. */
static int try_feature(forest_tree *tree, const forest_node *node, int64_t feature, forest_split *best,
                       forest_random *random)
{
    const sch_forest_grow_args *const a = tree->a;
    const forest_region *const region = &tree->regions[node->region];
    forest_bins *const bins = &tree->bins;
    const uint8_t *const column = region->columns + feature * region->stride;
    const uint32_t *const rows = region->rows + node->first;
    const int categorical = a->x.is_categorical[feature];
    if (a->random_splits && !categorical) return try_random(tree, node, feature, column, rows, best, random);
    sum_bins(tree, feature, column, rows, node->n, !categorical);
    if (bins->n + (bins->missing_weight > 0.0) < 2) return 0;
    if (categorical) split_categories(tree, node, feature, best, random);
    else best_of_numeric(tree, node, feature, best);
    return 1;
}

/* Whether a node's two values of the target lie on different sides. */
SCH_INLINE int separates(const forest_tree *tree, const forest_node *node, const forest_split *best)
{
    if (!tree->two_values || best->score == (double)-INFINITY) return 0;
    const double left = best->left_sum, right = tree->totals[0] - left, w = best->left, v = node->weight - w;
    const double low = (double)tree->low, high = (double)tree->high;
    return (left == w * low && right == v * high) || (left == w * high && right == v * low);
}

/* Whether no other feature can do better: both sides are pure. */
SCH_INLINE int is_perfect(const forest_tree *tree, const forest_node *node, const forest_split *best)
{
    switch (tree->a->criterion) {
    case SCH_FOREST_GINI: return best->score >= node->weight * (double)tree->a->n_out;
    case SCH_FOREST_ENTROPY: return best->score >= 0.0;
    default: return separates(tree, node, best);
    }
}

/* The best split among features drawn at random: max_features of them, and more until one varies. Returns non-zero if it
 * was told to stop. */
static int find_split(forest_tree *tree, const forest_node *node, forest_split *best)
{
    const sch_forest_grow_args *const a = tree->a;
    const uint64_t seed = a->seed[tree->tree];
    forest_random random = {.key = sch_key(seed, (uint64_t)node->node)};
    int32_t *const features = tree->features;
    int varies = 0;
    best->score = (double)-INFINITY;
    for (int64_t k = 0; k < a->x.d && (k < a->max_features || !varies); ++k) {
        const int64_t other = a->in_order ? k : k + draw_below(&random, a->x.d - k);
        const int32_t feature = features[other];
        features[other] = features[k];
        features[k] = feature;
        varies |= try_feature(tree, node, feature, best, &random);
        if (is_perfect(tree, node, best)) break;
        if (node->n > FOREST_MANY && sch_should_stop(&a->control)) return 1;
    }
    return 0;
}

#endif
