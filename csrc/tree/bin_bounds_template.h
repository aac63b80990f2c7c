/* tree/bin_bounds_template.h - the bin_bounds kernel: sort a column's values, cut them into bins.
 *
 * Columns are dealt out to lanes, each with work memory for one column; which lane gets a column is left to chance, what
 * becomes of it is not.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    sch_bin_bounds_args *a;
    T(bin_values) *lane; /* what each starts a column with */
    int64_t next;        /* column that is dealt out next; atomic */
    int64_t total;       /* weight of all rows */
} T(bin_bounds_work);

SCH_INLINE int64_t T(bin_lanes)(const sch_bin_bounds_args *a)
{
    return sch_max(1, sch_min(a->control.n_threads, a->x.d));
}

static T(bin_values) T(bin_take_values)(const sch_bin_bounds_args *a, sch_arena *arena)
{
    const int64_t n = a->x.n + 1; /* one more for the zeros that a sparse column does not store */
    const int weighted = a->weight || a->x.storage != SCH_STRIDED;
    return (T(bin_values)){
        .key = sch_take(arena, n * (int64_t)sizeof(ubits)),
        .spare_key = sch_take(arena, n * (int64_t)sizeof(ubits)),
        .weight = weighted ? sch_take(arena, n * (int64_t)sizeof(int64_t)) : NULL,
        .spare_weight = weighted ? sch_take(arena, n * (int64_t)sizeof(int64_t)) : NULL,
        .count = sch_take(arena, (int64_t)sizeof(uint32_t[T(BIN_DIGITS)][T(BIN_RADIX)])),
    };
}

static int64_t T(bin_bounds_scratch)(const sch_bin_bounds_args *a)
{
    sch_arena arena = {0};
    sch_take(&arena, T(bin_lanes)(a) * (int64_t)sizeof(T(bin_values)));
    for (int64_t l = 0; l < T(bin_lanes)(a); ++l) T(bin_take_values)(a, &arena);
    return arena.used;
}

/* Reads a column's values with positive weight; says whether one is missing. */
static uint8_t T(bin_read)(const T(bin_bounds_work) *work, int64_t f, T(bin_values) *v)
{
    const sch_bin_bounds_args *a = work->a;
    const T(bin_column) x = T(bin_column_of)(&a->x, f);
    const int sparse = a->x.storage != SCH_STRIDED;
    int64_t stored = 0;
    uint8_t missing = 0;
    v->n = 0;
    for (int64_t e = 0; e < x.length; ++e) {
        const real value = x.value[e * x.stride];
        const int64_t row = sparse ? T(bin_row)(a->x.storage, x.row, e) : e;
        const int64_t weight = a->weight ? a->weight[row] : 1;
        stored += weight;
        if (!weight) continue;
        if (value != value) missing = 1;
        else T(bin_push)(v, value, weight);
    }
    if (sparse && stored < work->total) T(bin_push)(v, K(0.0), work->total - stored);
    return missing;
}

static void T(bin_bounds_lane)(void *context, int64_t l)
{
    T(bin_bounds_work) *work = context;
    sch_bin_bounds_args *a = work->a;
    T(bin_values) v = work->lane[l];
    for (;;) {
        const int64_t f = __atomic_fetch_add(&work->next, 1, __ATOMIC_RELAXED);
        if (f >= a->x.d || sch_should_stop(&a->control)) return;
        T(bin_cuts) cuts = {.v = &v, .bound = a->bounds + f * SCH_BIN_ROW};
        if (a->skip && a->skip[f]) {
            a->n_bounds[f] = 0, a->has_missing[f] = 0;
            continue;
        }
        a->has_missing[f] = T(bin_read)(work, f, &v);
        if (!T(bin_sort)(&v, &a->control)) return;
        if (!T(bin_cut_all)(&cuts, a->max_bins)) T(bin_cut_shares)(&cuts, a->max_bins);
        a->n_bounds[f] = cuts.n_bounds;
    }
}

static sch_status T(bin_bounds)(sch_bin_bounds_args *a)
{
    sch_arena arena = {.base = a->scratch};
    const int64_t lanes = T(bin_lanes)(a);
    T(bin_bounds_work) work = {.a = a, .lane = sch_take(&arena, lanes * (int64_t)sizeof(T(bin_values)))};
    for (int64_t l = 0; l < lanes; ++l) work.lane[l] = T(bin_take_values)(a, &arena);
    work.total = a->x.n;
    if (a->weight) {
        work.total = 0;
        for (int64_t i = 0; i < a->x.n; ++i) work.total += a->weight[i];
    }
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)a->x.d, 2048.0);
    return sch_par_for(&control, lanes, T(bin_bounds_lane), &work);
}
