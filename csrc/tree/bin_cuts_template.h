/* tree/bin_cuts_template.h - where sorted values are cut into bins.
 *
 * A run is a stretch of equal values. A run with at least its share of the weight, the total over max_bins, is heavy: it
 * gets a bin of its own, so that a column of many zeros keeps its other bins for the rest. Between heavy runs lie gaps;
 * they get the remaining bins in proportion to their weight, and each divides its part equally.
 * All is a function of the cumulative weights of runs alone: copies of a row do what a weight does.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    int64_t start, stop;
} T(bin_run);

typedef struct {
    const T(bin_values) *v;
    double *bound;
    int32_t n_bounds;
} T(bin_cuts);

/* Weight of the first i values. */
SCH_INLINE int64_t T(bin_before)(const T(bin_values) *v, int64_t i)
{
    return !v->weight ? i : i ? v->weight[i - 1] : 0;
}

/* The value with which the cumulative weight reaches `weight`, 1 .. total. */
static int64_t T(bin_at_weight)(const T(bin_values) *v, int64_t weight)
{
    if (!v->weight) return weight - 1;
    int64_t low = 0, high = v->n - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (v->weight[middle] < weight) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* End of the run that value i is in: steps that double, then halve. */
static int64_t T(bin_run_stop)(const T(bin_values) *v, int64_t i)
{
    const ubits key = v->key[i];
    int64_t step = 1;
    while (i + step < v->n && v->key[i + step] == key) i += step, step *= 2;
    for (; step; step /= 2)
        if (i + step < v->n && v->key[i + step] == key) i += step;
    return i + 1;
}

static int64_t T(bin_run_start)(const T(bin_values) *v, int64_t i)
{
    const ubits key = v->key[i];
    int64_t step = 1;
    while (i - step >= 0 && v->key[i - step] == key) i -= step, step *= 2;
    for (; step; step /= 2)
        if (i - step >= 0 && v->key[i - step] == key) i -= step;
    return i;
}

/* Cut before value i: low <= bound < high, even where the middle is not a number or rounds up to high. */
static void T(bin_cut)(T(bin_cuts) *c, int64_t i)
{
    if (i <= 0 || i >= c->v->n) return;
    const double low = (double)T(bin_value)(c->v->key[i - 1]), high = (double)T(bin_value)(c->v->key[i]);
    const double middle = 0.5 * low + 0.5 * high;
    c->bound[c->n_bounds++] = middle >= low && middle < high ? middle : low;
}

/* A bin for each run, if there are no more runs than that. */
static int T(bin_cut_all)(T(bin_cuts) *c, int64_t max_bins)
{
    int64_t runs = 0;
    for (int64_t i = 0; i < c->v->n; i = T(bin_run_stop)(c->v, i)) {
        if (runs++ == max_bins) {
            c->n_bounds = 0;
            return 0;
        }
        T(bin_cut)(c, i);
    }
    return 1;
}

/* A heavy run holds one of the max_bins values at which the cumulative weight reaches a whole number of shares. */
static int64_t T(bin_heavy_runs)(const T(bin_values) *v, int64_t max_bins, T(bin_run) *heavy)
{
    const int64_t total = T(bin_before)(v, v->n);
    int64_t n_heavy = 0, done = 0;
    for (int64_t k = 1; k <= max_bins; ++k) {
        const int64_t i = T(bin_at_weight)(v, (k * total + max_bins - 1) / max_bins);
        if (i < done) continue;
        const T(bin_run) run = {T(bin_run_start)(v, i), T(bin_run_stop)(v, i)};
        if ((T(bin_before)(v, run.stop) - T(bin_before)(v, run.start)) * max_bins >= total) heavy[n_heavy++] = run;
        done = run.stop;
    }
    return n_heavy;
}

/* Cuts within a gap of values into n_bins of equal weight, as far as runs allow. */
static void T(bin_cut_gap)(T(bin_cuts) *c, T(bin_run) gap, int64_t n_bins)
{
    for (int64_t i = gap.start; n_bins > 1; --n_bins) {
        const int64_t before = T(bin_before)(c->v, i), rest = T(bin_before)(c->v, gap.stop) - before;
        i = T(bin_run_stop)(c->v, T(bin_at_weight)(c->v, before + (rest + n_bins - 1) / n_bins));
        if (i >= gap.stop) return;
        T(bin_cut)(c, i);
    }
}

/* A bin for each heavy run, the others for the gaps. A gap for which no bin is left joins the heavy run after it. */
static void T(bin_cut_shares)(T(bin_cuts) *c, int64_t max_bins)
{
    T(bin_run) heavy[SCH_MAX_BINS + 1];
    const int64_t n_heavy = T(bin_heavy_runs)(c->v, max_bins, heavy);
    heavy[n_heavy] = (T(bin_run)){c->v->n, c->v->n};
    int64_t weight = 0, bins = max_bins - n_heavy, gaps = 0;
    for (int64_t h = 0, start = 0; h <= n_heavy; start = heavy[h++].stop) {
        weight += T(bin_before)(c->v, heavy[h].start) - T(bin_before)(c->v, start);
        gaps += start < heavy[h].start;
    }
    for (int64_t h = 0, start = 0; h <= n_heavy; start = heavy[h++].stop) {
        if (start < heavy[h].start) {
            const int64_t part = T(bin_before)(c->v, heavy[h].start) - T(bin_before)(c->v, start);
            const int64_t share = gaps == 1 ? bins : (2 * part * bins + weight) / (2 * weight);
            const int64_t n_bins = sch_min(sch_max(share, bins > 0), sch_max(bins - --gaps, bins > 0));
            T(bin_cut_gap)(c, (T(bin_run)){start, heavy[h].start}, n_bins);
            if (n_bins) T(bin_cut)(c, heavy[h].start);
            weight -= part, bins -= n_bins;
        }
        T(bin_cut)(c, heavy[h].stop);
    }
}
