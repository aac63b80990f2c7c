/* tree/bin_cuts_template.h - where groups of values are cut into bins.
 *
 * A group with at least its share of the weight, the total over max_bins, is heavy: it gets a bin of its own, so that a
 * column of many zeros keeps its other bins for the rest. Between heavy groups lie gaps; they get the remaining bins in
 * proportion to their weight, and each divides its part equally.
 * Include after tree/bin_group_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    const T(bin_group) *group; /* with cumulative weights */
    int64_t n;
    double *bound;
    int32_t n_bounds;
} T(bin_cuts);

/* Weight of the first i groups. */
SCH_INLINE int64_t T(bin_before)(const T(bin_cuts) *c, int64_t i) { return i ? c->group[i - 1].weight : 0; }

/* The group with which the cumulative weight reaches `weight`, 1 .. total; not before group `low`. The next one is looked for in
 * steps that grow: mostly it is near. */
static int64_t T(bin_at_weight)(const T(bin_cuts) *c, int64_t low, int64_t weight)
{
    int64_t step = 1;
    for (; low + step < c->n && c->group[low + step - 1].weight < weight; step *= 2) low += step;
    int64_t high = sch_min(low + step, c->n) - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (c->group[middle].weight < weight) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Cut before group i: low <= bound < high, even where the middle is not a number or rounds up to high. */
static void T(bin_cut)(T(bin_cuts) *c, int64_t i)
{
    if (i <= 0 || i >= c->n) return;
    const double low = (double)T(bin_value)(c->group[i - 1].first | T(bin_open)(c->group[i - 1].free_bits));
    const double high = (double)T(bin_value)(c->group[i].first);
    const double middle = 0.5 * low + 0.5 * high;
    c->bound[c->n_bounds++] = middle >= low && middle < high ? middle : low;
}

/* A heavy group is one of the max_bins at which the cumulative weight reaches a whole number of shares. */
static int64_t T(bin_heavy)(const T(bin_cuts) *c, int64_t max_bins, int64_t *heavy)
{
    const int64_t total = T(bin_before)(c, c->n);
    int64_t n_heavy = 0, before = -1;
    for (int64_t k = 1; k <= max_bins; ++k) {
        const int64_t i = T(bin_at_weight)(c, sch_max(before, 0), (k * total + max_bins - 1) / max_bins);
        if (i == before) continue;
        before = i;
        if ((T(bin_before)(c, i + 1) - T(bin_before)(c, i)) * max_bins >= total) heavy[n_heavy++] = i;
    }
    return n_heavy;
}

/* Cuts the groups start .. stop - 1 into n_bins of equal weight, as far as they allow. */
static void T(bin_cut_gap)(T(bin_cuts) *c, int64_t start, int64_t stop, int64_t n_bins)
{
    for (; n_bins > 1; --n_bins) {
        const int64_t before = T(bin_before)(c, start), rest = T(bin_before)(c, stop) - before;
        start = T(bin_at_weight)(c, start, before + (rest + n_bins - 1) / n_bins) + 1;
        if (start >= stop) return;
        T(bin_cut)(c, start);
    }
}

/* A bin for each heavy group, the others for the gaps. A gap for which no bin is left joins the heavy group after it. */
static void T(bin_cut_shares)(T(bin_cuts) *c, int64_t max_bins)
{
    int64_t heavy[SCH_MAX_BINS + 1];
    const int64_t n_heavy = T(bin_heavy)(c, max_bins, heavy);
    heavy[n_heavy] = c->n;
    int64_t weight = 0, bins = max_bins - n_heavy, gaps = 0;
    for (int64_t h = 0, start = 0; h <= n_heavy; start = heavy[h++] + 1) {
        weight += T(bin_before)(c, heavy[h]) - T(bin_before)(c, start);
        gaps += start < heavy[h];
    }
    for (int64_t h = 0, start = 0; h <= n_heavy; start = heavy[h++] + 1) {
        const int64_t stop = heavy[h];
        if (start < stop) {
            const int64_t part = T(bin_before)(c, stop) - T(bin_before)(c, start);
            const int64_t share = gaps == 1 ? bins : (2 * part * bins + weight) / (2 * weight);
            const int64_t n_bins = sch_min(sch_max(share, bins > 0), sch_max(bins - --gaps, bins > 0));
            T(bin_cut_gap)(c, start, stop, n_bins);
            if (n_bins) T(bin_cut)(c, stop);
            weight -= part, bins -= n_bins;
        }
        T(bin_cut)(c, stop + 1);
    }
}

static void T(bin_cut_all)(T(bin_cuts) *c, int64_t max_bins)
{
    if (c->n > max_bins) T(bin_cut_shares)(c, max_bins);
    else
        for (int64_t i = 1; i < c->n; ++i) T(bin_cut)(c, i);
}
