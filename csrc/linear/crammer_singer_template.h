/* linear/crammer_singer_template.h - the crammer_singer_sweep kernel: one row of the dual at a time, after Keerthi,
 * Sundararajan, Chang, Hsieh and Lin (2008), "A sequential dual method for large scale multi-class linear SVMs".
 *
 * What the dual says of a row is a point of a simplex of the size of the row's cost. The parabola of a row has the same
 * curvature in every direction, so its minimum is the projection of its free minimum on that simplex. Coefficients stand
 * feature by feature, classes side by side in whole registers: dense and sparse rows are then read in the same way.
 * One thread, since every step needs the one before. Include after linear/row_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* A row without length has no curvature; one divides by this instead, with room for the factors of a step. */
static const double T(LEAST_CURVATURE) = 1e-200;
enum { T(TURNED) = 64 };

typedef struct {
    int64_t stride; /* classes in whole registers */
    real *w;        /* (d, stride) */
    real *move;     /* (stride) scores of a row, then by how much its duals fall */
    double *slope;  /* (n_classes) */
    double *free;   /* (n_classes) minimum without the simplex, times the curvature */
    uint8_t *left;  /* (n) rows that left in this sweep */
    double violation;
    sch_visit visit;
} T(simplex_run);

/* Divides the scratch, or with base == NULL only counts it. */
static T(simplex_run) T(simplex_layout)(const sch_crammer_singer_sweep_args *a, int64_t rows, sch_arena *arena)
{
    T(simplex_run) m = {.stride = sch_round_up(a->n_classes, VL)};
    m.w = sch_take(arena, a->x.d * m.stride * (int64_t)sizeof(real));
    m.move = sch_take(arena, m.stride * (int64_t)sizeof(real));
    m.slope = sch_take(arena, a->n_classes * (int64_t)sizeof(double));
    m.free = sch_take(arena, a->n_classes * (int64_t)sizeof(double));
    m.left = sch_take(arena, a->x.n);
    m.visit = sch_visit_layout(rows, &a->x, 1, arena);
    return m;
}

static int64_t T(crammer_singer_sweep_scratch)(const sch_crammer_singer_sweep_args *a)
{
    sch_arena arena = {0};
    (void)T(simplex_layout)(a, a->x.n, &arena);
    return arena.used;
}

SCH_INLINE T(row) T(simplex_row)(const sch_storage storage, const sch_table *x, int64_t i)
{
    T(row) r = T(row_of)(storage, x, i);
    if (storage == SCH_DENSE) r.length = x->d;
    return r;
}

/* Where the classes of a row's entry stand among the coefficients. */
SCH_INLINE int64_t T(classes_of)(const sch_storage storage, const T(row) r, int64_t e, int64_t stride)
{
    return stride * (storage == SCH_DENSE ? e : T(entry)(storage, r.index, e));
}

/* Scores of as many classes as a register holds. */
SCH_INLINE vreal T(class_scores)(const sch_storage storage, const T(row) r, int64_t stride, const real *w)
{
    vreal sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
    int64_t e = 0;
    for (; e + 4 <= r.length; e += 4) {
        sum0 += r.value[e] * T(vload)(w + T(classes_of)(storage, r, e, stride));
        sum1 += r.value[e + 1] * T(vload)(w + T(classes_of)(storage, r, e + 1, stride));
        sum2 += r.value[e + 2] * T(vload)(w + T(classes_of)(storage, r, e + 2, stride));
        sum3 += r.value[e + 3] * T(vload)(w + T(classes_of)(storage, r, e + 3, stride));
    }
    for (; e < r.length; ++e) sum0 += r.value[e] * T(vload)(w + T(classes_of)(storage, r, e, stride));
    return (sum0 + sum1) + (sum2 + sum3);
}

SCH_INLINE void T(add_to_classes)(const sch_storage storage, const T(row) r, int64_t stride, vreal move, real *w)
{
    for (int64_t e = 0; e < r.length; ++e) {
        real *to = w + T(classes_of)(storage, r, e, stride);
        T(vstore)(to, T(vload)(to) + r.value[e] * move);
    }
}

/* The level above which values add up to a total > 0. Those below the level of all are left out until none is
 * (Michelot 1986). */
SCH_INLINE double T(simplex_level)(const double *value, int64_t count, double total)
{
    double level = -(double)INFINITY;
    for (int64_t inside = count + 1, before = 0; inside != before;) {
        double sum = 0.0;
        before = inside;
        inside = 0;
        SCH_PRAGMA(omp simd reduction(+ : sum, inside))
        for (int64_t m = 0; m < count; ++m) {
            sum += value[m] > level ? value[m] : 0.0;
            inside += value[m] > level;
        }
        if (inside < before) level = (sum - total) / (double)inside;
    }
    return level;
}

/* How far the best class lies above the worst of those that the row's dual rests on. The row leaves when it rests on one
 * alone, which is better than any other by more than the bound. */
SCH_INLINE double T(simplex_violation)(const double *slope, const double *dual, int64_t count, double bound,
                                       double *top, int *leaves)
{
    double best = -(double)INFINITY, second = best, low = (double)INFINITY;
    int64_t resting = 0;
    for (int64_t m = 0; m < count; ++m) {
        const double lesser = slope[m] < best ? slope[m] : best;
        second = lesser > second ? lesser : second;
        best = slope[m] > best ? slope[m] : best;
        low = dual[m] > 0.0 && slope[m] < low ? slope[m] : low;
        resting += dual[m] > 0.0;
    }
    *top = best;
    *leaves = resting == 0 || (resting == 1 && low == best && best - second > bound);
    return best - low;
}

/* Moves the dual to its minimum, and the coefficients with it. */
SCH_INLINE void T(simplex_step)(const sch_storage storage, const sch_crammer_singer_sweep_args *a, T(simplex_run) *m,
                                int64_t i, const T(row) x, double top)
{
    double *dual = a->dual + i * a->n_classes;
    const double curvature = fmax(a->square[i] + a->intercept_square, T(LEAST_CURVATURE));
    for (int64_t c = 0; c < a->n_classes; ++c) m->free[c] = curvature * dual[c] + (m->slope[c] - top);
    const double level = T(simplex_level)(m->free, a->n_classes, curvature * a->cost[i]);
    memset(m->move, 0, (size_t)m->stride * sizeof(real));
    for (int64_t c = 0; c < a->n_classes; ++c) {
        const double to = m->free[c] > level ? (m->free[c] - level) / curvature : 0.0, move = dual[c] - to;
        dual[c] = to;
        m->move[c] = (real)move;
        a->intercept[c] += move * a->intercept_square;
    }
    for (int64_t block = 0; block < m->stride; block += VL) {
        const vreal move = T(vload)(m->move + block);
        if (T(vmax)(move) > 0 || T(vmax)(-move) > 0) T(add_to_classes)(storage, x, m->stride, move, m->w + block);
    }
}

SCH_INLINE void T(simplex_visit_row)(const sch_storage storage, const sch_crammer_singer_sweep_args *a,
                                     T(simplex_run) *m, int64_t i)
{
    const T(row) x = T(simplex_row)(storage, &a->x, i);
    const int64_t own = (int64_t)((const real *)a->y)[i];
    double top;
    int leaves;
    for (int64_t block = 0; block < m->stride; block += VL)
        T(vstore)(m->move + block, T(class_scores)(storage, x, m->stride, m->w + block));
    for (int64_t c = 0; c < a->n_classes; ++c)
        m->slope[c] = (double)m->move[c] + a->intercept[c] + (c != own ? 1.0 : 0.0);
    if (isnan(m->slope[own])) a->intercept[own] = m->slope[own]; /* it stays, and the sweep fails */
    const double *dual = a->dual + i * a->n_classes;
    const double violation = T(simplex_violation)(m->slope, dual, a->n_classes, a->bound, &top, &leaves);
    m->left[i] = (uint8_t)leaves;
    if (!(violation > 0.0)) return;
    m->violation = fmax(m->violation, violation);
    T(simplex_step)(storage, a, m, i, x, top);
}

SCH_INLINE void T(simplex_span)(const sch_storage storage, const sch_crammer_singer_sweep_args *a, T(simplex_run) *m,
                                const int64_t *order, int64_t count)
{
    const int64_t ahead = sch_prefetch_ahead(&a->x);
    for (int64_t s = 0; s < count; ++s) {
        T(prefetch_row)(storage, &a->x, order[sch_min(s + ahead, count - 1)], 0);
        T(simplex_visit_row)(storage, a, m, order[s]);
    }
}

/* Coefficients from class by class to feature by feature, or back; some features at a time, which stay in cache. */
static void T(turn_coef)(const sch_crammer_singer_sweep_args *a, const T(simplex_run) *m, int back)
{
    real *coef = a->coef;
    const int64_t d = a->x.d;
    if (!back) memset(m->w, 0, (size_t)(d * m->stride) * sizeof(real));
    for (int64_t first = 0; first < d; first += T(TURNED)) {
        const int64_t last = sch_min(first + T(TURNED), d);
        for (int64_t c = 0; c < a->n_classes; ++c)
            for (int64_t j = first; j < last; ++j)
                if (back) coef[c * d + j] = m->w[j * m->stride + c];
                else m->w[j * m->stride + c] = coef[c * d + j];
    }
}

static void T(simplex_run_all)(void *context, int64_t chunk)
{
    sch_crammer_singer_sweep_args *a = context;
    sch_arena arena = {.base = a->scratch};
    T(simplex_run) m = T(simplex_layout)(a, a->n_active, &arena);
    const int64_t *order;
    int64_t kept = 0;
    (void)chunk;
    T(turn_coef)(a, &m, 0);
    memset(m.left, 0, (size_t)a->x.n);
    sch_visit_begin(&m.visit, a->active, 1, a->seed, a->epoch);
    for (int64_t count; (count = sch_visit_next(&m.visit, &order)) > 0;) {
        if (sch_should_stop(&a->control)) return;
        switch (a->x.storage) {
        case SCH_DENSE: T(simplex_span)(SCH_DENSE, a, &m, order, count); break;
        case SCH_CSR32: T(simplex_span)(SCH_CSR32, a, &m, order, count); break;
        case SCH_CSR64: T(simplex_span)(SCH_CSR64, a, &m, order, count); break;
        }
    }
    for (int64_t p = 0; p < a->n_active; ++p)
        if (!m.left[a->active[p]]) a->active[kept++] = a->active[p];
    a->n_active = kept;
    a->violation = m.violation;
    T(turn_coef)(a, &m, 1);
}

static sch_status T(crammer_singer_sweep)(sch_crammer_singer_sweep_args *a)
{
    const sch_status status = sch_par_for(&a->control, 1, T(simplex_run_all), a);
    if (status != SCH_OK) return status;
    for (int64_t c = 0; c < a->n_classes; ++c)
        if (!isfinite(a->intercept[c])) return SCH_NONFINITE;
    return isfinite(a->violation) ? SCH_OK : SCH_NONFINITE;
}
