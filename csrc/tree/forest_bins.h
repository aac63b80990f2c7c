/* tree/forest_bins.h - a node's rows by the bins of one feature: sums per bin, then prefix sums over the bins that occur.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_FOREST_BINS_H
#define SCH_TREE_FOREST_BINS_H

#include "tree/forest_data.h"

/* Up to this many rows the bins that occur are found in a set of bits, above by looking at all of them. */
enum { FOREST_FEW = 96 };

/* Integers of a bin: the packed word; weights of the classes; the weight, and weight times target of each output. */
SCH_INLINE int64_t words_per_bin(const forest_tree *tree)
{
    return tree->a->packed ? 1 : tree->is_classes ? tree->n_lanes : 1 + tree->n_lanes;
}

SCH_INLINE int64_t weighted(int64_t weight, int64_t target, int shift)
{
    if (shift == 0) return weight * target;
    return (int64_t)(((__int128)weight * target + ((__int128)1 << (shift - 1))) >> shift);
}

/* What the rows of a node add to their bins, in the order of the node: all features read it. */
SCH_INLINE void order_targets(const forest_tree *tree, const forest_region *region, const uint32_t *rows, int64_t n)
{
    const int64_t n_out = tree->a->n_out;
    int64_t *const words = tree->ordered;
    if (tree->a->packed) {
        for (int64_t i = 0; i < n; ++i) words[i] = (int64_t)region->packed[rows[i]];
    } else if (tree->is_classes) {
        int32_t *const codes = (int32_t *)(words + n);
        for (int64_t i = 0; i < n; ++i) words[i] = region->weight[rows[i]];
        for (int64_t i = 0; i < n; ++i)
            for (int64_t o = 0; o < n_out; ++o) codes[i * n_out + o] = region->codes[rows[i] * n_out + o];
    } else {
        const int shift = tree->a->weight_shift;
        for (int64_t i = 0; i < n; ++i) {
            const int64_t w = region->weight[rows[i]];
            words[i * (1 + n_out)] = w;
            for (int64_t o = 0; o < n_out; ++o)
                words[i * (1 + n_out) + 1 + o] = weighted(w, region->target[rows[i] * n_out + o], shift);
        }
    }
}

SCH_INLINE void fill_packed(uint64_t *histogram, const uint8_t *bins, const uint32_t *rows, int64_t n,
                            const int64_t *words)
{
    for (int64_t i = 0; i < n; ++i) histogram[bins[rows[i]]] += (uint64_t)words[i];
}

SCH_INLINE void fill_classes(uint64_t *histogram, const uint8_t *bins, const uint32_t *rows, int64_t n,
                             const int64_t *words, int64_t lanes, int64_t n_out)
{
    const int32_t *const codes = (const int32_t *)(words + n);
    for (int64_t i = 0; i < n; ++i)
        for (int64_t o = 0; o < n_out; ++o)
            histogram[bins[rows[i]] * lanes + codes[i * n_out + o]] += (uint64_t)words[i];
}

SCH_INLINE void fill_moments(uint64_t *histogram, const uint8_t *bins, const uint32_t *rows, int64_t n,
                             const int64_t *words, int64_t width)
{
    for (int64_t i = 0; i < n; ++i)
        for (int64_t l = 0; l < width; ++l) histogram[bins[rows[i]] * width + l] += (uint64_t)words[i * width + l];
}

static void fill_histogram(const forest_tree *tree, const uint8_t *bins, const uint32_t *rows, int64_t n)
{
    const int64_t width = words_per_bin(tree), n_out = tree->a->n_out;
    const int64_t *const words = tree->ordered;
    if (tree->a->packed) fill_packed(tree->histogram, bins, rows, n, words);
    else if (tree->is_classes && n_out == 1) fill_classes(tree->histogram, bins, rows, n, words, width, 1);
    else if (tree->is_classes) fill_classes(tree->histogram, bins, rows, n, words, width, n_out);
    else if (width == 2) fill_moments(tree->histogram, bins, rows, n, words, 2);
    else fill_moments(tree->histogram, bins, rows, n, words, width);
    if (tree->counted)
        for (int64_t i = 0; i < n; ++i) ++tree->counts[bins[rows[i]]];
}

/* Whether a bin holds any weight. */
SCH_INLINE int occurs(const forest_tree *tree, int64_t bin, int64_t width)
{
    const uint64_t *const words = tree->histogram + bin * width;
    if (!tree->is_classes || tree->a->packed) return words[0] != 0;
    uint64_t any = 0;
    for (int64_t l = 0; l < tree->a->n_classes[0]; ++l) any |= words[l];
    return any != 0;
}

/* Lists the bins that occur, ascending, but for the missing one. */
SCH_INLINE void list_bins(forest_tree *tree, int64_t feature, const uint8_t *column, const uint32_t *rows, int64_t n)
{
    forest_bins *const bins = &tree->bins;
    int64_t m = 0;
    if (n <= FOREST_FEW) {
        uint64_t seen[SCH_SET_WORDS] = {0};
        for (int64_t i = 0; i < n; ++i) seen[column[rows[i]] >> 6] |= UINT64_C(1) << (column[rows[i]] & 63);
        seen[3] &= ~(UINT64_C(1) << 63);
        for (int64_t word = 0; word < 4; ++word)
            for (uint64_t bits = seen[word]; bits; bits &= bits - 1)
                bins->bin[m++] = (uint8_t)(word * 64 + __builtin_ctzll(bits));
    } else {
        const int64_t n_bins = tree->a->x.n_bins[feature], width = words_per_bin(tree);
        for (int64_t bin = 0; bin < n_bins; ++bin) {
            bins->bin[m] = (uint8_t)bin;
            m += occurs(tree, bin, width);
        }
    }
    bins->n = m;
}

/* Takes the listed bins out of the histogram, which they leave at zero: their sums, or with `up` sums up to each. */
SCH_INLINE void take_packed(const forest_tree *tree, forest_bins *bins, int up)
{
    double *const first = bins->lanes, *const second = bins->lanes + FOREST_BINS;
    uint64_t word = 0;
    for (int64_t j = 0; j < bins->n; ++j) {
        word = tree->histogram[bins->bin[j]] + (up ? word : 0);
        tree->histogram[bins->bin[j]] = 0;
        const int64_t all = (int64_t)(word & UINT32_MAX), some = (int64_t)(word >> 32);
        bins->weight[j] = (double)all;
        first[j] = (double)(all - some);
        second[j] = (double)some;
    }
}

SCH_INLINE void take_classes(const forest_tree *tree, forest_bins *bins, int up)
{
    const int64_t width = tree->n_lanes;
    for (int64_t l = 0; l < width; ++l) {
        double *const sums = bins->lanes + l * FOREST_BINS;
        uint64_t sum = 0;
        for (int64_t j = 0; j < bins->n; ++j) {
            uint64_t *const word = tree->histogram + bins->bin[j] * width + l;
            sum = *word + (up ? sum : 0);
            *word = 0;
            sums[j] = (double)(int64_t)sum;
            bins->weight[j] = l == 0                      ? sums[j]
                              : l < tree->a->n_classes[0] ? bins->weight[j] + sums[j]
                                                          : bins->weight[j];
        }
    }
}

SCH_INLINE void take_moments(const forest_tree *tree, forest_bins *bins, int up, int64_t width)
{
    for (int64_t l = 0; l < width; ++l) {
        double *const sums = l == 0 ? bins->weight : bins->lanes + (l - 1) * FOREST_BINS;
        uint64_t sum = 0;
        for (int64_t j = 0; j < bins->n; ++j) {
            uint64_t *const word = tree->histogram + bins->bin[j] * width + l;
            sum = *word + (up ? sum : 0);
            *word = 0;
            sums[j] = (double)(int64_t)sum;
        }
    }
}

static void take_bins(const forest_tree *tree, forest_bins *bins, int up)
{
    if (tree->a->packed) up ? take_packed(tree, bins, 1) : take_packed(tree, bins, 0);
    else if (tree->is_classes) up ? take_classes(tree, bins, 1) : take_classes(tree, bins, 0);
    else if (tree->n_lanes == 1) up ? take_moments(tree, bins, 1, 2) : take_moments(tree, bins, 0, 2);
    else take_moments(tree, bins, up, 1 + tree->n_lanes);
    if (!tree->counted) return;
    double count = 0.0;
    for (int64_t j = 0; j < bins->n; ++j) {
        count = (double)tree->counts[bins->bin[j]] + (up ? count : 0.0);
        tree->counts[bins->bin[j]] = 0;
        bins->count[j] = count;
    }
}

/* What is missing, taken as a list of one bin. */
static void take_missing(const forest_tree *tree, forest_bins *bins)
{
    const int64_t n = bins->n;
    const uint8_t first = bins->bin[0];
    bins->bin[0] = SCH_MISSING_BIN;
    bins->n = 1;
    take_bins(tree, bins, 0);
    bins->missing_weight = bins->weight[0];
    bins->missing_count = bins->count[0];
    for (int64_t l = 0; l < tree->n_lanes; ++l) bins->missing[l] = bins->lanes[l * FOREST_BINS];
    bins->bin[0] = first;
    bins->n = n;
}

/* The bins that occur among a node's rows, ascending, with their sums or with sums up to each; what is missing apart. */
static void sum_bins(forest_tree *tree, int64_t feature, const uint8_t *column, const uint32_t *rows, int64_t n, int up)
{
    forest_bins *const bins = &tree->bins;
    fill_histogram(tree, column, rows, n);
    list_bins(tree, feature, column, rows, n);
    bins->missing_weight = bins->missing_count = 0.0;
    if (tree->a->x.has_missing[feature]) take_missing(tree, bins);
    take_bins(tree, bins, up);
}

/* ---------------------------------------------------------------- one threshold */

/* The bins between which a node's values lie, the missing one not counted; low is that where all are missing. */
typedef struct {
    int64_t low, high;
    int missing;
} forest_range;

/* Puts a node's bins next to each other. */
SCH_INLINE forest_range range_of(const uint8_t *column, const uint32_t *rows, int64_t n, uint8_t *to)
{
    uint8_t low = SCH_MISSING_BIN, high = 0, highest = 0;
    for (int64_t i = 0; i < n; ++i) to[i] = column[rows[i]];
#pragma omp simd reduction(min : low) reduction(max : high, highest)
    for (int64_t i = 0; i < n; ++i) {
        const uint8_t bin = to[i], known = bin == SCH_MISSING_BIN ? 0 : bin;
        low = bin < low ? bin : low;
        high = known > high ? known : high;
        highest = bin > highest ? bin : highest;
    }
    return (forest_range){.low = low, .high = high, .missing = highest == SCH_MISSING_BIN};
}

/* All bits of a row that goes left, none of another: in place of the rows' bins. */
SCH_INLINE void mark_left(uint8_t *at, int64_t n, uint8_t bin, int missing_left)
{
    const uint8_t other = missing_left ? SCH_MISSING_BIN : 0; /* 0 goes left anyway */
    SCH_SIMD
    for (int64_t i = 0; i < n; ++i) at[i] = (uint8_t)-((at[i] <= bin) | (at[i] == other));
}

SCH_INLINE int64_t if_left(uint8_t mark, int64_t word) { return word & (int64_t)(int8_t)mark; }

SCH_INLINE void sum_moments(uint64_t *sums, const uint8_t *left, int64_t n, const int64_t *words, const int64_t width)
{
    for (int64_t i = 0; i < n; ++i)
        for (int64_t l = 0; l < width; ++l) sums[l] += (uint64_t)if_left(left[i], words[i * width + l]);
}

/* What goes left, without branches that would go either way, summed up as a list of one bin. */
static void sum_left(forest_tree *tree, const uint8_t *left, int64_t n)
{
    const int64_t width = words_per_bin(tree), n_out = tree->a->n_out;
    const int64_t *const words = tree->ordered;
    const int32_t *const codes = (const int32_t *)(words + n);
    uint64_t *const sums = tree->histogram, few[2] = {0, 0};
    if (tree->is_classes && !tree->a->packed) {
        for (int64_t i = 0; i < n; ++i)
            for (int64_t o = 0; o < n_out; ++o) sums[codes[i * n_out + o]] += (uint64_t)if_left(left[i], words[i]);
    } else if (width == 1) {
        sum_moments(few, left, n, words, 1);
        sums[0] = few[0];
    } else if (width == 2) {
        sum_moments(few, left, n, words, 2);
        sums[0] = few[0];
        sums[1] = few[1];
    } else {
        sum_moments(sums, left, n, words, width);
    }
    if (tree->counted)
        for (int64_t i = 0; i < n; ++i) tree->counts[0] += left[i] & 1;
    tree->bins.n = 1;
    tree->bins.bin[0] = 0;
    take_bins(tree, &tree->bins, 0);
}

/* Sums of single bins become sums up to each bin. */
SCH_INLINE void add_up(double *sums, int64_t n)
{
    for (int64_t j = 1; j < n; ++j) sums[j] += sums[j - 1];
}

static void accumulate_bins(const forest_tree *tree, forest_bins *bins)
{
    add_up(bins->weight, bins->n);
    if (tree->counted) add_up(bins->count, bins->n);
    for (int64_t l = 0; l < tree->n_lanes; ++l) add_up(bins->lanes + l * FOREST_BINS, bins->n);
}

#endif
