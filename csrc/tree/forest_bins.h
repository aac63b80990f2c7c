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

/* Takes the sums of one bin into the lanes and leaves zeros; returns its weight. */
SCH_INLINE double take_bin(const forest_tree *tree, int64_t bin, double *lanes, int64_t stride)
{
    uint64_t *const words = tree->histogram + bin * words_per_bin(tree);
    double weight = 0.0;
    if (tree->a->packed) {
        const uint64_t word = words[0], second = word >> 32, all = word & UINT32_MAX;
        lanes[0] = (double)(int64_t)(all - second);
        lanes[stride] = (double)(int64_t)second;
        words[0] = 0;
        return (double)(int64_t)all;
    }
    if (tree->is_classes) {
        for (int64_t l = 0; l < tree->n_lanes; ++l) {
            lanes[l * stride] = (double)(int64_t)words[l];
            words[l] = 0;
        }
        for (int64_t l = 0; l < tree->a->n_classes[0]; ++l) weight += lanes[l * stride];
        return weight;
    }
    weight = (double)(int64_t)words[0];
    for (int64_t l = 0; l < tree->n_lanes; ++l) lanes[l * stride] = (double)(int64_t)words[1 + l];
    memset(words, 0, (size_t)(1 + tree->n_lanes) * 8);
    return weight;
}

SCH_INLINE double take_count(const forest_tree *tree, int64_t bin)
{
    const double count = (double)tree->counts[bin];
    tree->counts[bin] = 0;
    return count;
}

/* Appends a bin if it occurs: sums of that bin alone, for now. */
SCH_INLINE void append_bin(const forest_tree *tree, forest_bins *bins, int64_t bin)
{
    const int64_t j = bins->n;
    const double weight = take_bin(tree, bin, bins->lanes + j, FOREST_BINS);
    bins->bin[j] = (uint8_t)bin;
    bins->weight[j] = weight;
    if (tree->counted) bins->count[j] = take_count(tree, bin);
    bins->n = j + (weight > 0.0);
}

/* The bins that occur among a node's rows, ascending, with their sums; what is missing apart. */
static void sum_bins(forest_tree *tree, int64_t feature, const uint8_t *column, const uint32_t *rows, int64_t n)
{
    forest_bins *const bins = &tree->bins;
    uint64_t seen[4] = {0};
    fill_histogram(tree, column, rows, n);
    bins->n = 0;
    if (n <= FOREST_FEW) {
        for (int64_t i = 0; i < n; ++i) seen[column[rows[i]] >> 6] |= UINT64_C(1) << (column[rows[i]] & 63);
        seen[3] &= ~(UINT64_C(1) << 63);
        for (int64_t word = 0; word < 4; ++word)
            for (uint64_t bits = seen[word]; bits; bits &= bits - 1)
                append_bin(tree, bins, word * 64 + __builtin_ctzll(bits));
    } else {
        const int64_t n_bins = tree->a->x.n_bins[feature];
        for (int64_t bin = 0; bin < n_bins; ++bin) append_bin(tree, bins, bin);
    }
    bins->missing_weight = bins->missing_count = 0.0;
    if (!tree->a->x.has_missing[feature]) return;
    bins->missing_weight = take_bin(tree, SCH_MISSING_BIN, bins->missing, 1);
    if (tree->counted) bins->missing_count = take_count(tree, SCH_MISSING_BIN);
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
