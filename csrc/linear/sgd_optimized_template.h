/* linear/sgd_optimized_template.h - an SGD sweep with an optimiser, clipped gradients or the softmax loss: a step works out
 * the mean gradient of its batch and moves every weight.
 * Include after linear/sgd_bundle_slopes_template.h and linear/sgd_bundle_move_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---- gradients */

/* gradient += x' slopes */
SCH_INLINE void T(bundle_gather)(const sch_storage storage, T(bundle) *m, const T(row) r, const real *slope)
{
    const int64_t length = storage == SCH_DENSE ? m->d : r.length, width = m->width;
    if (width == 1 && storage == SCH_DENSE) {
        SCH_SIMD
        for (int64_t j = 0; j < length; ++j) m->gradient[j] += slope[0] * r.value[j];
        return;
    }
    for (int64_t e = 0; e < length; ++e) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        real *g = m->gradient + j * width;
        SCH_SIMD
        for (int64_t l = 0; l < width; ++l) g[l] += slope[l] * r.value[e];
    }
}

SCH_INLINE real T(within)(real g, real limit) { return g > limit ? limit : g < -limit ? -limit : g; }

/* Row e of the gradient that is in use: all of a dense table's, those touched of a sparse one's, the intercepts at last. */
SCH_INLINE int64_t T(row_in_use)(const T(bundle) *m, int64_t e)
{
    if (!m->touched) return e;
    return e < m->n_touched ? m->touched[e] : m->d;
}

SCH_INLINE int64_t T(rows_in_use)(const T(bundle) *m) { return (m->touched ? m->n_touched : m->d) + 1; }

/* Each output by its own norm; the classes of a softmax by that of all. */
static void T(bundle_clip)(const sch_sgd_sweep_args *a, T(bundle) *m)
{
    const int64_t rows = T(rows_in_use)(m), width = m->width;
    const real limit = a->clip_value > 0.0 ? (real)a->clip_value : (real)INFINITY;
    memset(m->square, 0, (size_t)width * sizeof *m->square);
    for (int64_t e = 0; e < rows; ++e) {
        real *g = m->gradient + T(row_in_use)(m, e) * width;
        SCH_SIMD
        for (int64_t l = 0; l < width; ++l) {
            g[l] = T(within)(g[l], limit);
            m->square[l] += (double)g[l] * (double)g[l];
        }
    }
    if (a->clip_norm == 0.0) return;
    double together = 0.0;
    for (int64_t l = 0; l < width; ++l) together += m->square[l];
    for (int64_t l = 0; l < width; ++l) {
        const double norm = sqrt(a->loss == SCH_LOSS_SOFTMAX ? together : m->square[l]);
        m->square[l] = norm > a->clip_norm ? a->clip_norm / norm : 1.0;
    }
    for (int64_t e = 0; e < rows; ++e) {
        real *g = m->gradient + T(row_in_use)(m, e) * width;
        SCH_SIMD
        for (int64_t l = 0; l < width; ++l) g[l] *= (real)m->square[l];
    }
}

/* ---- the sweep */

/* Samples that the average has taken in before the t-th. */
SCH_INLINE double T(seen_before)(const sch_sgd_sweep_args *a, double t)
{
    return a->average_start > 0 && t > (double)a->average_start ? t - (double)a->average_start : 0.0;
}

/* What the step after the first `steps` goes by. */
static void T(bundle_rule)(const sch_sgd_sweep_args *a, T(bundle) *m, double factor, double steps)
{
    m->power1 *= a->momentum;
    m->power2 *= a->memory;
    m->free_rule = (T(rule)){
        .momentum = (real)a->momentum,
        .memory = (real)a->memory,
        .damping = (real)a->damping,
        .unbias1 = (real)(1.0 / (1.0 - m->power1)),
        .unbias2 = (real)(1.0 / (1.0 - m->power2)),
        .rounds = (real)(steps + 1.0),
    };
    m->rule = m->free_rule;
    m->rule.l1 = (real)a->l1;
    m->rule.l2 = (real)a->l2;
    for (int64_t l = 0; l < m->width; ++l) {
        m->eta_now[l] = (real)((double)m->eta[l] * factor);
        m->eta_free[l] = (real)((double)m->eta_now[l] * a->intercept_decay);
    }
}

SCH_INLINE void T(bundle_step)(const sch_storage storage, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t s,
                               int64_t rows, double t, double steps)
{
    const int direct = storage == SCH_DENSE && rows == 1 && a->clip_norm == 0.0 && a->clip_value == 0.0;
    const real share = (real)(1.0 / (double)rows);
    T(bundle_rule)(a, m, m->factor[s], steps);
    if (storage != SCH_DENSE) {
        T(touch)(storage, a, m, s, rows, steps, T(seen_before)(a, t));
        T(bundle_pay)(a, m, steps);
    }
    for (int64_t r = 0; r < rows; ++r) {
        const int64_t i = m->order[s + r];
        m->y[r] = ((const real *)a->y)[i];
        m->weight[r] = a->sample_weight ? ((const real *)a->sample_weight)[i] * share : share;
        T(bundle_margin)(storage, m, T(row_of)(storage, &a->x, i), m->z + r * m->width);
    }
    T(bundle_slopes)(a, m, rows);
    real *free_gradient = m->gradient + m->d * m->width;
    for (int64_t l = 0; l < m->width; ++l) free_gradient[l] = a->fit_intercept ? (real)a->intercept_slope : K(0.0);
    for (int64_t r = 0; r < rows; ++r) {
        const real *slope = m->z + r * m->width;
        if (!direct) T(bundle_gather)(storage, m, T(row_of)(storage, &a->x, m->order[s + r]), slope);
        SCH_SIMD
        for (int64_t l = 0; l < m->width; ++l) free_gradient[l] += a->fit_intercept ? slope[l] : K(0.0);
    }
    if (a->clip_norm > 0.0 || a->clip_value > 0.0) T(bundle_clip)(a, m);
    T(bundle_move)(a, m, direct ? T(row_of)(storage, &a->x, m->order[s]).value : NULL);
    if (T(averages)(a, t)) T(bundle_average)(a, m, rows, t);
}

SCH_INLINE void T(bundle_span)(const sch_storage storage, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t count,
                               double t, double *steps)
{
    const int64_t ahead = sch_prefetch_ahead(&a->x);
    for (int64_t s = 0; s < count; s += a->batch_size, *steps += 1.0) {
        const int64_t rows = sch_min(a->batch_size, count - s);
        for (int64_t r = s + ahead; r < sch_min(s + ahead + rows, count); ++r)
            T(prefetch_row)(storage, &a->x, m->order[r], 0);
        T(bundle_step)(storage, a, m, s, rows, t + (double)s, *steps);
    }
}

static void T(bundle_run)(const sch_sgd_sweep_args *a, sch_visit *visit, T(bundle) *m, int64_t group)
{
    double t = a->t, steps = a->steps;
    T(bundle_begin)(m, a, group);
    for (int64_t count; (count = sch_visit_next(visit, &m->order)) > 0; t += (double)count) {
        if (sch_should_stop(&a->control)) return;
        sch_step_factors(a, t, count, m->factor);
        switch (a->x.storage) {
        case SCH_DENSE: T(bundle_span)(SCH_DENSE, a, m, count, t, &steps); break;
        case SCH_CSR32: T(bundle_span)(SCH_CSR32, a, m, count, t, &steps); break;
        case SCH_CSR64: T(bundle_span)(SCH_CSR64, a, m, count, t, &steps); break;
        }
    }
    T(bundle_settle)(a, m, steps, T(seen_before)(a, t));
    T(bundle_end)(m, a);
}
