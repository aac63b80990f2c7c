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

/* Bins that may take part, one after the other. */
typedef struct {
    double key[SCH_MAX_BINS + 1];
    int32_t bin[SCH_MAX_BINS + 1];
    sums s[SCH_MAX_BINS + 1];
    int n;
} categories;

/* Stable: each goes to where as many are before it as belong there. Of so few this is faster than any other way to sort them. */
static void sort_categories(const categories *list, int32_t *order)
{
    for (int i = 0; i < list->n; ++i) {
        const double key = list->key[i];
        int64_t before = 0;
        SCH_PRAGMA(omp simd reduction(+ : before))
        for (int j = 0; j < i; ++j) before += list->key[j] <= key;
        SCH_PRAGMA(omp simd reduction(+ : before))
        for (int j = i + 1; j < list->n; ++j) before += list->key[j] < key;
        order[before] = i;
    }
}

/* Bins that have the support to take part, missing values as one of them. */
static void list_categories(const candidate_node *node, const int64_t *cells, int64_t feature, categories *list)
{
    const int64_t column = node->a->x.tile_column[feature];
    list->n = 0;
    for (int bin = 0; bin <= SCH_MISSING_BIN; ++bin) {
        if (bin == node->a->x.n_bins[feature]) bin = SCH_MISSING_BIN;
        if (bin == SCH_MISSING_BIN && !node->a->x.has_missing[feature]) break;
        const sums s = cell_sums(node->p, cells, bin * SCH_TILE + column, node->packed);
        if (s.c == 0 || (double)s.h < node->least_category_h) continue;
        list->key[list->n] = (double)s.g / ((double)s.h + CATEGORY_SUPPORT * node->p->h_scale);
        list->bin[list->n] = bin;
        list->s[list->n++] = s;
    }
}

/* +1: both sides are large enough; 0: the left is not yet; -1: the right no longer. */
static int admissible(const candidate_node *node, sums left)
{
    if (left.c < node->least_n || (double)left.h < node->least_h) return 0;
    const sums right = minus(node->total, left);
    return right.c < node->least_n || (double)right.h < node->least_h ? -1 : 1;
}

static void search_category(const candidate_node *node, const int64_t *cells, int64_t feature, split *found)
{
    split best = {0};
    categories list;
    int32_t order[SCH_MAX_BINS + 1];
    list_categories(node, cells, feature, &list);
    const int n = list.n;
    if (n < 2) return;
    sort_categories(&list, order);
    int best_n = 0, best_step = 1;
    for (int step = 1; step >= -1; step -= 2) {
        sums left = {0, 0, 0};
        for (int i = 0; i < (n + 1) / 2; ++i) {
            left = plus(left, list.s[order[step > 0 ? i : n - 1 - i]]);
            const int fits = admissible(node, left);
            if (fits < 0) break;
            if (fits == 0) continue;
            const double score = split_score(node, left);
            if (!(score > node->threshold && score > best.score * BEYOND_ROUNDING)) continue;
            best = (split){.score = score, .feature = (int32_t)feature, .categorical = 1, .left = left};
            best_n = i + 1;
            best_step = step;
        }
    }
    if (!best_n || !beats(best.score, best.feature, found)) return;
    for (int i = 0; i < best_n; ++i) {
        const int bin = list.bin[order[best_step > 0 ? i : n - 1 - i]];
        if (bin == SCH_MISSING_BIN) best.missing_left = 1;
        else best.set[bin >> 6] |= UINT64_C(1) << (bin & 63);
    }
    *found = best;
}

#endif
