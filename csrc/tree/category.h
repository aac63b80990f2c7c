/* tree/category.h - the best split of a categorical feature: categories in the order of their own leaf values, then split as
 * if they were numbers (Fisher 1958). Either end of that order, at most half of it, becomes the left side; categories of
 * little weight stay on the right.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_CATEGORY_H
#define SCH_TREE_CATEGORY_H

#include "tree/split.h"

/* Categories need the curvature of so many average rows of the table; added to theirs, it also draws the values of small ones
 * towards zero. */
static const double CATEGORY_SUPPORT = 10.0;

typedef struct {
    double key;
    int32_t bin;
    sums s;
} category;

/* Stable: bottom-up merges. */
static category *sort_categories(category *items, category *spare, int n)
{
    for (int width = 1; width < n; width *= 2) {
        for (int first = 0; first < n; first += 2 * width) {
            const int middle = (int)sch_min(first + width, n), end = (int)sch_min(first + 2 * width, n);
            for (int i = first, j = middle, k = first; k < end; ++k)
                spare[k] = i < middle && (j >= end || items[i].key <= items[j].key) ? items[i++] : items[j++];
        }
        category *const sorted = spare;
        spare = items;
        items = sorted;
    }
    return items;
}

/* Bins that have the support to take part, missing values as one of them. */
static int list_categories(const candidate_node *node, const int64_t *cells, int64_t feature, category *list)
{
    const int64_t column = feature % node->a->x.tile_features;
    int n = 0;
    for (int bin = 0; bin <= SCH_MISSING_BIN; ++bin) {
        if (bin == node->a->x.n_bins[feature]) bin = SCH_MISSING_BIN;
        if (bin == SCH_MISSING_BIN && !node->a->x.has_missing[feature]) break;
        const sums s = cell_sums(node->p, cells, bin * SCH_TILE + column, node->packed);
        if (s.c == 0 || (double)s.h < node->least_category_h) continue;
        const double key = (double)s.g / ((double)s.h + CATEGORY_SUPPORT * node->p->h_scale);
        list[n++] = (category){.key = key, .bin = bin, .s = s};
    }
    return n;
}

/* +1: both sides are large enough; 0: the left is not yet; -1: the right no longer. */
static int admissible(const candidate_node *node, sums left)
{
    if (left.c < node->least_n || (double)left.h < node->least_h) return 0;
    const sums right = minus(node->total, left);
    return right.c < node->least_n || (double)right.h < node->least_h ? -1 : 1;
}

static void search_category(const candidate_node *node, const int64_t *cells, int64_t feature, split *out)
{
    category items[2][SCH_MAX_BINS + 1];
    const int n = list_categories(node, cells, feature, items[0]);
    if (n < 2) return;
    const category *list = sort_categories(items[0], items[1], n);
    int best_n = 0, best_step = 1;
    for (int step = 1; step >= -1; step -= 2) {
        sums left = {0, 0, 0};
        for (int i = 0; i < (n + 1) / 2; ++i) {
            left = plus(left, list[step > 0 ? i : n - 1 - i].s);
            const int fits = admissible(node, left);
            if (fits < 0) break;
            if (fits == 0) continue;
            const sums right = minus(node->total, left);
            const double score =
                side_score(node, (double)left.g, (double)left.h) + side_score(node, (double)right.g, (double)right.h);
            if (!(score > node->threshold && score > out->score * BEYOND_ROUNDING)) continue;
            *out = (split){.score = score, .feature = (int32_t)feature, .categorical = 1, .left = left};
            best_n = i + 1;
            best_step = step;
        }
    }
    for (int i = 0; i < best_n; ++i) {
        const int bin = list[best_step > 0 ? i : n - 1 - i].bin;
        if (bin == SCH_MISSING_BIN) out->missing_left = 1;
        else out->set[bin >> 6] |= UINT64_C(1) << (bin & 63);
    }
}

#endif
