/* linear/dual_template.h - the dual_sweep kernel: dual coordinate descent with shrinking, after Hsieh, Chang, Lin,
 * Keerthi and Sundararajan (2008), "A dual coordinate descent method for large-scale linear SVM", and Ho and Lin (2012)
 * for regression. One output is one thread's, since every step needs the one before.
 * Include after linear/row_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* What one output works with. */
typedef struct {
    T(row_shape) shape;
    real *w;       /* packed when the table is dense */
    uint8_t *left; /* (n) rows that left in this sweep */
    double intercept, violation;
    sch_visit visit;
} T(dual_output);

/* The part of the objective that belongs to one row alone. */
typedef struct {
    double y, low, high, ridge;
} T(dual_row);

/* Divides one output's scratch, or with base == NULL only counts it. */
static T(dual_output) T(dual_layout)(const sch_dual_sweep_args *a, int64_t rows, sch_arena *arena)
{
    T(dual_output) m = {.shape = T(shape_of)(a->x.d)};
    m.w = sch_take(arena, (a->x.storage == SCH_DENSE ? m.shape.packed : a->x.d) * (int64_t)sizeof(real));
    m.left = sch_take(arena, a->x.n);
    m.visit = sch_visit_layout(rows, &a->x, 1, arena);
    return m;
}

static int64_t T(dual_sweep_scratch)(const sch_dual_sweep_args *a)
{
    sch_arena arena = {0};
    (void)T(dual_layout)(a, a->x.n, &arena);
    return a->n_out * arena.used;
}

SCH_INLINE T(dual_row) T(dual_row_of)(const sch_dual_sweep_args *a, int64_t k, int64_t i)
{
    const real target = ((const real *)a->y)[i];
    const double y = a->n_out == 1 ? (double)target : ((int64_t)target == k ? 1.0 : -1.0);
    const double cost = a->cost[i] * (y > 0.0 ? a->positive_cost[k] : a->negative_cost[k]);
    const int squared = a->loss == SCH_LOSS_SQUARED_HINGE || a->loss == SCH_LOSS_SQUARED_EPSILON_INSENSITIVE;
    const int sided = a->loss == SCH_LOSS_HINGE || a->loss == SCH_LOSS_SQUARED_HINGE;
    const double far = squared && cost > 0.0 ? (double)INFINITY : cost;
    T(dual_row) r = {y, -far, far, squared && cost > 0.0 ? 0.5 / cost : 0.0};
    if (sided && y > 0.0) r.low = 0.0;
    if (sided && y <= 0.0) r.high = 0.0;
    return r;
}

/* Slopes to the right and to the left of a point; epsilon makes a kink at zero. The row leaves when both ways lead
 * up by more than the bound. Returns the slope that a step could follow. */
SCH_INLINE double T(dual_violation)(const T(dual_row) r, double epsilon, double dual, double slope, double bound,
                                    int *leaves)
{
    const double right = dual >= 0.0 ? slope + epsilon : slope - epsilon;
    const double left = dual > 0.0 ? slope + epsilon : slope - epsilon;
    const int can_rise = dual<r.high, can_fall = dual> r.low;
    *leaves = (!can_rise || right > bound) && (!can_fall || left < -bound);
    if (can_rise && right < 0.0) return -right;
    return can_fall && left > 0.0 ? left : 0.0;
}

/* Minimum of one row's parabola with a kink at zero, within its bounds. */
SCH_INLINE double T(dual_minimum)(const T(dual_row) r, double epsilon, double dual, double slope, double curvature)
{
    double moved = 0.0;
    if (slope + epsilon < curvature * dual) moved = dual - (slope + epsilon) / curvature;
    else if (slope - epsilon > curvature * dual) moved = dual - (slope - epsilon) / curvature;
    return fmin(fmax(moved, r.low), r.high);
}

SCH_INLINE void T(dual_visit_row)(const sch_storage storage, const sch_dual_sweep_args *a, T(dual_output) *m, int64_t k,
                                  int64_t i, int64_t next)
{
    const T(dual_row) r = T(dual_row_of)(a, k, i);
    const T(row) x = T(row_of)(storage, &a->x, i), ahead = T(row_of)(storage, &a->x, next);
    double *dual = a->dual + k * a->x.n + i;
    int leaves;
    if (storage != SCH_DENSE) T(prefetch_row)(storage, &a->x, next, 0);
    const double z = (double)T(row_dot)(storage, &m->shape, x, m->w) + m->intercept;
    const double slope = z - r.y + r.ridge * *dual;
    const double violation = T(dual_violation)(r, a->loss_param, *dual, slope, a->bound[k], &leaves);
    m->left[i] = (uint8_t)leaves;
    if (isnan(slope)) m->intercept = slope; /* from here on everything is, and the sweep fails */
    if (!(violation > 0.0)) return;
    m->violation = fmax(m->violation, violation);
    const double curvature = fmax(a->square[i] + a->intercept_square + r.ridge, DBL_MIN);
    const double moved = T(dual_minimum)(r, a->loss_param, *dual, slope, curvature), step = moved - *dual;
    if (step == 0.0) return;
    *dual = moved;
    T(row_axpy)(storage, &m->shape, (real)step, x, ahead, m->w);
    m->intercept += step * a->intercept_square;
}

SCH_INLINE void T(dual_span)(const sch_storage storage, const sch_dual_sweep_args *a, T(dual_output) *m, int64_t k,
                             const int64_t *order, int64_t count)
{
    const int64_t ahead = sch_prefetch_ahead(&a->x);
    for (int64_t s = 0; s < count; ++s)
        T(dual_visit_row)(storage, a, m, k, order[s], order[sch_min(s + ahead, count - 1)]);
}

/* Takes the rows that left out of the active ones. */
static void T(dual_shrink)(const sch_dual_sweep_args *a, const T(dual_output) *m, int64_t k)
{
    int64_t *active = a->active + k * a->x.n, kept = 0;
    for (int64_t p = 0; p < a->n_active[k]; ++p) {
        const int64_t i = active[p];
        if (!m->left[i]) active[kept++] = i;
    }
    a->n_active[k] = kept;
}

static void T(dual_run_output)(void *context, int64_t k)
{
    const sch_dual_sweep_args *a = context;
    sch_arena counted = {0}, arena = {0};
    (void)T(dual_layout)(a, a->x.n, &counted);
    arena.base = (char *)a->scratch + k * counted.used;
    T(dual_output) m = T(dual_layout)(a, a->n_active[k], &arena);
    real *coef = (real *)a->coef + k * a->x.d;
    const int64_t *order;
    m.intercept = a->intercept[k];
    if (a->x.storage == SCH_DENSE) T(pack_row)(coef, &m.shape, m.w);
    else memcpy(m.w, coef, (size_t)a->x.d * sizeof(real));
    memset(m.left, 0, (size_t)a->x.n);
    sch_visit_begin(&m.visit, a->active + k * a->x.n, 1, a->seed + (uint64_t)k, a->epoch);
    for (int64_t count; (count = sch_visit_next(&m.visit, &order)) > 0;) {
        if (sch_should_stop(&a->control)) return;
        switch (a->x.storage) {
        case SCH_DENSE: T(dual_span)(SCH_DENSE, a, &m, k, order, count); break;
        case SCH_CSR32: T(dual_span)(SCH_CSR32, a, &m, k, order, count); break;
        case SCH_CSR64: T(dual_span)(SCH_CSR64, a, &m, k, order, count); break;
        }
    }
    T(dual_shrink)(a, &m, k);
    if (a->x.storage == SCH_DENSE) T(unpack_row)(m.w, &m.shape, coef);
    else memcpy(coef, m.w, (size_t)a->x.d * sizeof(real));
    a->intercept[k] = m.intercept;
    a->violation[k] = m.violation;
}

static sch_status T(dual_sweep)(sch_dual_sweep_args *a)
{
    const sch_status status = sch_par_for(&a->control, a->n_out, T(dual_run_output), a);
    if (status != SCH_OK) return status;
    for (int64_t k = 0; k < a->n_out; ++k)
        if (!isfinite(a->intercept[k]) || !isfinite(a->violation[k])) return SCH_NONFINITE;
    return SCH_OK;
}
