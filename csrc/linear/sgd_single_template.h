/* linear/sgd_single_template.h - an SGD sweep for one output: binary classification and regression. One thread, since
 * every step needs the one before; registers run along the features.
 * Include after linear/sgd_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    T(row_shape) shape;
    real *w, *average, *applied; /* packed when the table is dense; average and applied may be NULL */
    double scale, intercept, average_intercept;
    double a, b;                 /* average = (average + a * w) / b */
    int64_t size;                /* elements of w */
    const int64_t *order;        /* the span being visited, and along it: */
    double *factor;
    real *y, *z, *update;
} T(single);

/* Divides the scratch, or with base == NULL only counts it. */
static T(single) T(single_layout)(const sch_sgd_sweep_args *a, sch_arena *arena)
{
    const int64_t span = sch_span_rows(a->batch_size);
    T(single) m = {.shape = T(shape_of)(a->x.d), .scale = 1.0, .b = 1.0};
    m.size = a->x.storage == SCH_DENSE ? m.shape.packed : a->x.d;
    m.w = sch_take(arena, m.size * (int64_t)sizeof(real));
    if (a->average_coef) m.average = sch_take(arena, m.size * (int64_t)sizeof(real));
    if (a->l1_applied) m.applied = sch_take(arena, m.size * (int64_t)sizeof(real));
    m.factor = sch_take(arena, span * (int64_t)sizeof(double));
    m.y = sch_take(arena, span * (int64_t)sizeof(real));
    m.z = sch_take(arena, span * (int64_t)sizeof(real));
    m.update = sch_take(arena, span * (int64_t)sizeof(real));
    return m;
}

static void T(single_pack)(const T(single) *m, sch_storage storage, const void *from, real *to)
{
    if (!to) return;
    if (storage == SCH_DENSE) T(pack_row)(from, &m->shape, to);
    else memcpy(to, from, (size_t)m->size * sizeof(real));
}

static void T(single_unpack)(const T(single) *m, sch_storage storage, const real *from, void *to)
{
    if (!from) return;
    if (storage == SCH_DENSE) T(unpack_row)(from, &m->shape, to);
    else memcpy(to, from, (size_t)m->size * sizeof(real));
}

/* Folds the scale into the weights and the lazy terms into the average. */
static void T(single_settle)(T(single) *m)
{
    const real scale = (real)m->scale, a = (real)m->a, inverse = (real)(1.0 / m->b);
    if (m->average && (m->a != 0.0 || m->b != 1.0)) {
        SCH_SIMD
        for (int64_t j = 0; j < m->size; ++j) m->average[j] = (m->average[j] + a * m->w[j]) * inverse;
        m->a = 0.0;
        m->b = 1.0;
    }
    if (m->scale != 1.0) {
        SCH_SIMD
        for (int64_t j = 0; j < m->size; ++j) m->w[j] *= scale;
        m->scale = 1.0;
    }
}

/* The k-th average taken: the parameters of this step enter with weight 1 / k. */
SCH_INLINE void T(single_average)(T(single) *m, double k)
{
    const double mu = 1.0 / k;
    if (k > 1.0) m->b /= 1.0 - mu;
    m->a += mu * m->b * m->scale;
    m->average_intercept += (m->intercept - m->average_intercept) * mu;
}

SCH_INLINE void T(single_l1)(const sch_storage storage, T(single) *m, const T(row) r, real due)
{
    const real scale = (real)m->scale;
    if (storage == SCH_DENSE) {
        SCH_SIMD
        for (int64_t j = 0; j < m->size; ++j) m->w[j] = T(pay_l1)(m->w[j], scale, due, &m->applied[j]);
        return;
    }
    for (int64_t e = 0; e < r.length; ++e) {
        const int64_t j = T(entry)(storage, r.index, e);
        m->w[j] = T(pay_l1)(m->w[j], scale, due, &m->applied[j]);
    }
}

/* One update from the `rows` rows order[s ..]: margins from the parameters as they stand, then one step. */
SCH_INLINE void T(single_step)(const sch_storage storage, const sch_sgd_sweep_args *a, T(single) *m, int64_t s,
                               int64_t rows, double t)
{
    const int passive_aggressive = a->schedule == SCH_SCHEDULE_PA1 || a->schedule == SCH_SCHEDULE_PA2;
    const real *weight = a->sample_weight;
    const double eta = a->eta[0] * m->factor[s];
    const real step = (real)eta, scale = (real)m->scale, share = (real)(1.0 / (double)rows);
    const int averaging = a->average_start > 0 && t >= (double)a->average_start;
    double shift = 0.0;

    for (int64_t r = s; r < s + rows; ++r) {
        const int64_t i = m->order[r];
        const T(row) x = T(row_of)(storage, &a->x, i);
        const real y = m->y[r];
        const real z = T(row_dot)(storage, &m->shape, x, m->w) * scale + (real)m->intercept;
        const T(loss_terms) terms = T(loss_at)(a->loss, y, z, (real)a->loss_param);
        const real square = passive_aggressive ? T(row_square)(storage, a->x.d, x) : K(0.0);
        const real importance = (real)(y > 0 ? a->positive_weight[0] : a->negative_weight[0]);
        m->z[r] = z;
        m->update[r] = T(sgd_update)(a->schedule, step, terms, square) * importance * (weight ? weight[i] : K(1.0)) * share;
    }
    m->scale *= fmax(0.0, 1.0 - eta * a->l2);
    if (m->scale < SMALLEST_SCALE) T(single_settle)(m);
    const real inverse = (real)(1.0 / m->scale);
    for (int64_t r = s; r < s + rows; ++r) {
        const T(row) x = T(row_of)(storage, &a->x, m->order[r]);
        const real c = m->update[r] * inverse;
        T(row_axpy)(storage, &m->shape, c, x, m->w);
        if (averaging) T(row_axpy)(storage, &m->shape, (real)(-m->a) * c, x, m->average);
        shift += (double)m->update[r];
    }
    if (a->fit_intercept) m->intercept += shift * a->intercept_decay;
    if (averaging) T(single_average)(m, floor((t - (double)a->average_start) / (double)a->batch_size) + 1.0);
    if (a->l1 > 0.0) {
        a->l1_total[0] += eta * a->l1;
        const int64_t last = storage == SCH_DENSE ? s + 1 : s + rows;
        for (int64_t r = s; r < last; ++r)
            T(single_l1)(storage, m, T(row_of)(storage, &a->x, m->order[r]), (real)a->l1_total[0]);
    }
}

/* A batch of 1 is its own instantiation: the loops of the step then have one turn. */
SCH_INLINE void T(single_span)(const sch_storage storage, const int64_t batch, const sch_sgd_sweep_args *a, T(single) *m,
                                 int64_t count, double t)
{
    enum { AHEAD = 6 };
    for (int64_t s = 0; s < count; s += batch) {
        const int64_t rows = batch == 1 ? 1 : sch_min(batch, count - s);
        for (int64_t r = s + AHEAD; r < sch_min(s + AHEAD + rows, count); ++r)
            T(prefetch_row)(storage, &a->x, m->order[r]);
        T(single_step)(storage, a, m, s, rows, t + (double)s);
    }
}

SCH_INLINE void T(single_sweep)(const sch_storage storage, const sch_sgd_sweep_args *a, sch_visit *visit, T(single) *m)
{
    double t = a->t;
    for (int64_t count; (count = sch_visit_next(visit, &m->order)) > 0; t += (double)count) {
        if (sch_should_stop(&a->control)) return;
        for (int64_t s = 0; s < count; ++s) m->y[s] = ((const real *)a->y)[m->order[s]];
        sch_step_factors(a, t, count, m->factor);
        if (a->batch_size == 1) T(single_span)(storage, 1, a, m, count, t);
        else T(single_span)(storage, a->batch_size, a, m, count, t);
        T(single_settle)(m);
        a->loss_sum[0] += T(block_sum)(a->loss, (real)a->loss_param, m->y, m->z, NULL, count);
    }
}

static void T(single_run)(const sch_sgd_sweep_args *a, sch_visit *visit, T(single) *m)
{
    T(single_pack)(m, a->x.storage, a->coef, m->w);
    T(single_pack)(m, a->x.storage, a->average_coef, m->average);
    T(single_pack)(m, a->x.storage, a->l1_applied, m->applied);
    m->intercept = (double)((real *)a->intercept)[0];
    if (m->average) m->average_intercept = (double)((real *)a->average_intercept)[0];
    a->loss_sum[0] = 0.0;

    switch (a->x.storage) {
    case SCH_DENSE: T(single_sweep)(SCH_DENSE, a, visit, m); break;
    case SCH_CSR32: T(single_sweep)(SCH_CSR32, a, visit, m); break;
    case SCH_CSR64: T(single_sweep)(SCH_CSR64, a, visit, m); break;
    }
    T(single_unpack)(m, a->x.storage, m->w, a->coef);
    T(single_unpack)(m, a->x.storage, m->average, a->average_coef);
    T(single_unpack)(m, a->x.storage, m->applied, a->l1_applied);
    ((real *)a->intercept)[0] = (real)m->intercept;
    if (m->average) ((real *)a->average_intercept)[0] = (real)m->average_intercept;
}
