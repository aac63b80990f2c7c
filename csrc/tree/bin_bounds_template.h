/* tree/bin_bounds_template.h - the bin_bounds kernel: a column's values in groups, the groups cut into bins.
 *
 * Neighbouring columns are read together, for they share cache lines. They are dealt out to lanes, each with work memory
 * for some columns; which lane gets a column is left to chance, what becomes of it is not.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { T(BIN_TOGETHER) = 4, T(BIN_AHEAD) = 48 /* rows: so early they are fetched */ };

typedef struct {
    ubits *key[T(BIN_TOGETHER)];    /* (n) */
    int64_t *cell[T(BIN_TOGETHER)]; /* (BIN_CELLS) */
    int64_t *weight;                /* (n) sparse columns: of what is stored */
    T(bin_groups) groups;
} T(bin_lane);

typedef struct {
    sch_bin_bounds_args *a;
    T(bin_lane) *lane;
    int64_t next;  /* column that is dealt out next; atomic */
    int64_t total; /* weight of all rows */
} T(bin_bounds_work);

SCH_INLINE int64_t T(bin_lanes)(const sch_bin_bounds_args *a)
{
    return sch_max(1, sch_min(a->control.n_threads, a->x.d));
}

/* Columns that a lane reads together: so few that all lanes' keys take no more memory than the table does. */
SCH_INLINE int64_t T(bin_together)(const sch_bin_bounds_args *a)
{
    if (a->x.storage != SCH_STRIDED || a->x.row_stride == 1) return 1;
    return sch_max(1, sch_min(T(BIN_TOGETHER), a->x.d / (2 * T(bin_lanes)(a))));
}

static T(bin_lane) T(bin_take_lane)(const sch_bin_bounds_args *a, sch_arena *arena)
{
    const int64_t n = sch_max(a->x.n, 1), groups = sch_min(n + 2, T(BIN_MOST));
    T(bin_lane) lane = {{0}};
    for (int64_t j = 0; j < T(bin_together)(a); ++j) {
        lane.key[j] = sch_take(arena, n * (int64_t)sizeof(ubits));
        lane.cell[j] = sch_take(arena, T(BIN_CELLS) *(int64_t)sizeof(int64_t));
    }
    if (a->weight && a->x.storage != SCH_STRIDED) lane.weight = sch_take(arena, n * (int64_t)sizeof(int64_t));
    lane.groups.group = sch_take(arena, groups * (int64_t)sizeof(T(bin_group)));
    lane.groups.spare = sch_take(arena, groups * (int64_t)sizeof(T(bin_group)));
    lane.groups.slot = sch_take(arena, n * (int64_t)sizeof(uint16_t));
    lane.groups.slot_at = sch_take(arena, T(BIN_PLACES) *(int64_t)sizeof(uint16_t));
    lane.groups.count = sch_take(arena, T(BIN_SLOTS) *(int64_t)sizeof(int64_t[T(BIN_FAN)]));
    return lane;
}

static int64_t T(bin_bounds_scratch)(const sch_bin_bounds_args *a)
{
    sch_arena arena = {0};
    sch_take(&arena, T(bin_lanes)(a) * (int64_t)sizeof(T(bin_lane)));
    for (int64_t l = 0; l < T(bin_lanes)(a); ++l) T(bin_take_lane)(a, &arena);
    return arena.used;
}

/* What a dense column's row, or a sparse one's entry, weighs. */
SCH_INLINE int64_t T(bin_weight)(const sch_bin_bounds_args *a, const T(bin_column) *x, const int64_t *weight, int64_t e)
{
    if (weight) return weight[e];
    if (!a->rows) return 1;
    return a->rows[a->x.storage == SCH_STRIDED ? e : T(bin_row)(a->x.storage, x->row, e)];
}

/* Whether so few values of weight 1 that each is a heavy group: then they are sorted, not counted. */
SCH_INLINE int T(bin_is_short)(const sch_bin_bounds_args *a, int64_t length)
{
    return !a->weight && !a->rows && a->x.storage == SCH_STRIDED && length < a->max_bins * T(BIN_PARTS);
}

/* Reads `together` columns from f on: their keys, counted by cell unless they are short. A row that is left out has the
 * key of NaN, which is not looked at again. 0: told to stop. */
SCH_INLINE int T(bin_read)(const int64_t together, const T(bin_bounds_work) *work, int64_t f, T(bin_lane) *lane)
{
    const sch_bin_bounds_args *a = work->a;
    const T(bin_column) x = T(bin_column_of)(&a->x, f);
    const int64_t *weight = lane->weight ? lane->weight : a->weight, next = a->x.column_stride;
    const int counted = !T(bin_is_short)(a, x.length);
    if (lane->weight)
        for (int64_t e = 0; e < x.length; ++e) lane->weight[e] = a->weight[T(bin_row)(a->x.storage, x.row, e)];
    for (int64_t j = 0; j < together && counted; ++j) memset(lane->cell[j], 0, sizeof(int64_t) * T(BIN_CELLS));
    for (int64_t first = 0; first < x.length; first += T(BIN_BLOCK)) {
        if (sch_should_stop(&a->control)) return 0;
        const int64_t stop = sch_min(first + T(BIN_BLOCK), x.length);
        for (int64_t e = first; e < stop; ++e) {
            const int64_t add = T(bin_weight)(a, &x, weight, e);
            if (together > 1) __builtin_prefetch(x.value + sch_min(e + T(BIN_AHEAD), x.length - 1) * x.stride);
            for (int64_t j = 0; j < together; ++j) {
                const ubits key = add ? T(bin_key)(x.value[e * x.stride + j * next]) : ~(ubits)0;
                lane->key[j][e] = key;
                if (counted) lane->cell[j][T(bin_cell)(key)] += add;
            }
        }
    }
    return 1;
}

/* Cuts column f, the lane's number j. 0: told to stop. */
static int T(bin_cut_column)(const T(bin_bounds_work) *work, int64_t f, int64_t j, T(bin_lane) *lane)
{
    const sch_bin_bounds_args *a = work->a;
    const int64_t n = T(bin_column_of)(&a->x, f).length;
    T(bin_groups) *groups = &lane->groups;
    if (T(bin_is_short)(a, n)) {
        ubits spare[T(BIN_PARTS) *SCH_MAX_BINS];
        const ubits *sorted = T(bin_sort)(lane->key[j], spare, n);
        a->has_missing[f] = n > 0 && sorted[n - 1] == ~(ubits)0;
        T(bin_group_few)(sorted, n, groups);
    } else {
        T(bin_values) v = {lane->key[j], lane->weight ? lane->weight : a->weight, n, 0, a->max_bins, lane->cell[j]};
        if (a->x.storage != SCH_STRIDED) {
            v.zeros = work->total;
            for (int64_t c = 0; c < T(BIN_CELLS); ++c) v.zeros -= v.cell[c];
        }
        a->has_missing[f] = v.cell[T(BIN_CELLS) - 1] > 0;
        if (!T(bin_group_values)(&v, groups, &a->control)) return 0;
    }
    T(bin_cuts) cuts = {.group = groups->group, .n = groups->n_groups, .bound = a->bounds + f * SCH_BIN_ROW};
    T(bin_cut_all)(&cuts, a->max_bins);
    a->n_bounds[f] = cuts.n_bounds;
    return 1;
}

static void T(bin_bounds_lane)(void *context, int64_t l)
{
    T(bin_bounds_work) *work = context;
    sch_bin_bounds_args *a = work->a;
    const int64_t together = T(bin_together)(a);
    while (!sch_should_stop(&a->control)) {
        const int64_t f = __atomic_fetch_add(&work->next, together, __ATOMIC_RELAXED);
        const int64_t columns = sch_min(together, a->x.d - f);
        T(bin_lane) *lane = work->lane + l;
        if (columns <= 0) return;
        const int done = columns == 4   ? T(bin_read)(4, work, f, lane)
                         : columns == 3 ? T(bin_read)(3, work, f, lane)
                         : columns == 2 ? T(bin_read)(2, work, f, lane)
                                        : T(bin_read)(1, work, f, lane);
        if (!done) return;
        for (int64_t j = 0; j < columns; ++j) {
            if (a->skip && a->skip[f + j]) a->n_bounds[f + j] = 0, a->has_missing[f + j] = 0;
            else if (!T(bin_cut_column)(work, f + j, j, lane)) return;
        }
    }
}

static sch_status T(bin_bounds)(sch_bin_bounds_args *a)
{
    sch_arena arena = {.base = a->scratch};
    const int64_t lanes = T(bin_lanes)(a);
    T(bin_bounds_work) work = {.a = a, .lane = sch_take(&arena, lanes * (int64_t)sizeof(T(bin_lane)))};
    for (int64_t l = 0; l < lanes; ++l) work.lane[l] = T(bin_take_lane)(a, &arena);
    work.total = a->weight || a->rows ? 0 : a->x.n;
    for (int64_t i = 0; a->weight && i < a->x.n; ++i) work.total += a->weight[i];
    for (int64_t i = 0; a->rows && i < a->x.n; ++i) work.total += a->rows[i];
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)a->x.d, 8192.0);
    return sch_par_for(&control, lanes, T(bin_bounds_lane), &work);
}
