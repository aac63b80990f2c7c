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
    const sch_visit *visit;
    const int64_t *order;        /* the span being visited, and along it: */
    double *factor, *kept;
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
    m.kept = sch_take(arena, span * (int64_t)sizeof(double));
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
SCH_NOINLINE void T(single_settle)(T(single) *m)
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

/* L2: shrinks the weights by the factor 1 - amount, but never across zero. */
SCH_INLINE void T(single_shrink)(T(single) *m, double amount)
{
    m->scale *= amount < 1.0 ? 1.0 - amount : 0.0;
    if (m->scale < SMALLEST_SCALE) T(single_settle)(m);
}

SCH_NOINLINE void T(single_average_anew)(T(single) *m)
{
    memset(m->average, 0, (size_t)m->size * sizeof(real));
    m->a = 0.0;
    m->b = 1.0;
}

/* The parameters of this step enter the average with weight mu; with weight 1 they start it anew. */
SCH_INLINE void T(single_average)(T(single) *m, double mu)
{
    if (mu < 1.0) m->b /= 1.0 - mu;
    else T(single_average_anew)(m);
    m->a += mu * m->b * m->scale;
    m->average_intercept += (m->intercept - m->average_intercept) * mu;
}

/* One weight pays its L1; `lead` * (what it lost) keeps the average as it was. */
SCH_INLINE void T(single_pay)(const T(single) *m, int64_t j, real scale, real lead, real due)
{
    const real paid = T(pay_l1)(m->w[j], scale, due, &m->applied[j]);
    if (m->average) m->average[j] -= lead * (paid - m->w[j]);
    m->w[j] = paid;
}

SCH_INLINE void T(single_l1)(const sch_storage storage, T(single) *m, const T(row) r, real due)
{
    const real scale = (real)m->scale, lead = (real)m->a;
    if (storage == SCH_DENSE) {
        SCH_SIMD
        for (int64_t j = 0; j < m->size; ++j) T(single_pay)(m, j, scale, lead, due);
        return;
    }
    for (int64_t e = 0; e < r.length; ++e) T(single_pay)(m, T(entry)(storage, r.index, e), scale, lead, due);
}

/* Where to go along x for the row visited at s: the step is length * factor. Only `length` depends on the parameters, so
 * whatever else multiplies it can be worked out beforehand. */
typedef struct {
    real length, factor;
} T(update);

SCH_NOINLINE real T(single_passive_aggressive)(const sch_sgd_sweep_args *a, const T(row) *x, real y, real z, real eta)
{
    const real c = (real)a->loss_param;
    const real value = T(value_at)(a->loss, y, z, c), gradient = T(gradient_at)(a->loss, y, z, c);
    const real square = T(row_square)(a->x.storage, a->x.d, *x);
    return T(passive_aggressive_step)(a->schedule, eta, value, gradient, square);
}

/* `loss` is a constant or SCH_N_SGD_LOSSES, which leaves it to a call. */
SCH_INLINE T(update) T(single_update)(const sch_storage storage, const sch_loss loss, const sch_sgd_sweep_args *a,
                                      T(single) *m, const T(row) x, int64_t s, real eta)
{
    const real y = m->y[s], c = (real)a->loss_param;
    const real class_weight = (real)(y > 0 ? a->positive_weight[0] : a->negative_weight[0]);
    const real weight = a->sample_weight ? class_weight * ((const real *)a->sample_weight)[m->order[s]] : class_weight;
    const real z = T(row_dot)(storage, &m->shape, x, m->w) * (real)m->scale + (real)m->intercept;
    m->z[s] = z;
    if (T(is_passive_aggressive)(a->schedule))
        return (T(update)){T(single_passive_aggressive)(a, &x, y, z, eta), weight};
    if (loss == (sch_loss)SCH_N_SGD_LOSSES) return (T(update)){T(gradient_at)(a->loss, y, z, c), -eta * weight};
    return (T(update)){T(clipped_gradient)(loss, T(loss_at)(loss, y, z, c)), -eta * weight};
}

SCH_INLINE void T(single_move)(const sch_storage storage, T(single) *m, const T(row) x, const T(row) ahead, real c,
                               int averaging)
{
    T(row_axpy)(storage, &m->shape, c, x, ahead, m->w);
    if (averaging) T(row_axpy)(storage, &m->shape, (real)(-m->a) * c, x, ahead, m->average);
}

/* What follows a step of length `shift` along the intercept: the intercept, the average, the L1 penalty due. The step
 * came from the `rows` rows visited at s and after, the first of which is the t-th sample. */
SCH_INLINE void T(single_settle_step)(const sch_storage storage, const sch_sgd_sweep_args *a, T(single) *m, int64_t s,
                                      int64_t rows, double t, double eta, double shift, int averaging)
{
    if (a->fit_intercept) m->intercept += (shift - eta * a->intercept_slope) * a->intercept_decay;
    if (averaging) T(single_average)(m, sch_average_share(a, t, rows));
    if (a->l1 > 0.0) {
        const int64_t last = storage == SCH_DENSE ? s + 1 : s + rows; /* a dense row already holds every weight */
        a->l1_total[0] += eta * a->l1;
        for (int64_t r = s; r < last; ++r)
            T(single_l1)(storage, m, T(row_of)(storage, &a->x, m->order[r]), (real)a->l1_total[0]);
    }
}

SCH_INLINE int T(averages)(const sch_sgd_sweep_args *a, double t)
{
    return a->average_start > 0 && t >= (double)a->average_start;
}

/* One step a row, for the rows visited from `first` on; t counts the span's first row. */
SCH_INLINE void T(single_rows)(const sch_storage storage, const sch_loss loss, const sch_sgd_sweep_args *a,
                               T(single) *m, int64_t first, int64_t count, double t)
{
    const int64_t ahead = sch_prefetch_ahead(&a->x);
    for (int64_t s = first; s < count; ++s) {
        const T(row) x = T(row_of)(storage, &a->x, m->order[s]);
        const double eta = a->eta[0] * m->factor[s];
        const int averaging = T(averages)(a, t + (double)s);
        const int64_t soon = m->order[sch_min(s + ahead, count - 1)];
        const T(row) next = T(row_of)(storage, &a->x, soon);
        T(prefetch_row)(storage, &a->x, sch_visit_later(m->visit, s), 1);
        if (storage != SCH_DENSE) T(prefetch_row)(storage, &a->x, soon, 0);
        const T(update) u = T(single_update)(storage, loss, a, m, x, s, (real)eta);
        T(single_shrink)(m, eta * a->l2);
        T(single_move)(storage, m, x, next, u.length * (u.factor * (real)(1.0 / m->scale)), averaging);
        T(single_settle_step)(storage, a, m, s, 1, t + (double)s, eta, (double)(u.length * u.factor), averaging);
    }
}

/* One step a mini-batch: the mean of its rows' steps. */
SCH_INLINE void T(single_batches)(const sch_storage storage, const sch_sgd_sweep_args *a, T(single) *m, int64_t count,
                                  double t)
{
    for (int64_t s = 0; s < count; s += a->batch_size) {
        const int64_t rows = sch_min(a->batch_size, count - s);
        const double eta = a->eta[0] * m->factor[s];
        const int averaging = T(averages)(a, t + (double)s);
        const real share = (real)(1.0 / (double)rows);
        double shift = 0.0;
        for (int64_t r = s; r < s + rows; ++r) {
            const T(row) x = T(row_of)(storage, &a->x, m->order[r]);
            const T(update) u = T(single_update)(storage, SCH_N_SGD_LOSSES, a, m, x, r, (real)eta);
            m->update[r] = share * u.length * u.factor;
        }
        T(single_shrink)(m, eta * a->l2);
        for (int64_t r = s; r < s + rows; ++r) {
            const T(row) x = T(row_of)(storage, &a->x, m->order[r]);
            T(single_move)(storage, m, x, x, m->update[r] * (real)(1.0 / m->scale), averaging);
            shift += (double)m->update[r];
        }
        T(single_settle_step)(storage, a, m, s, rows, t + (double)s, eta, shift, averaging);
    }
}
