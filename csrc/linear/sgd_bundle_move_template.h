/* linear/sgd_bundle_move_template.h - how a bundle's weights follow a gradient, and their average the weights. The
 * optimiser is a constant of these loops, which take longer than all the rest. On sparse tables only those weights move that
 * a batch touches (see linear/optimizer_template.h).
 * Include after linear/sgd_bundle_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---- averages */

SCH_INLINE void T(average_row)(T(bundle) *m, int64_t j, real share)
{
    SCH_SIMD
    for (int64_t at = j * m->width; at < (j + 1) * m->width; ++at)
        m->average[at] += share * (m->w[at] - m->average[at]);
}

/* A column that has kept its weights while the average went on to `seen` samples. */
SCH_INLINE void T(average_column)(T(bundle) *m, int64_t j, double seen)
{
    const double before = m->averaged_at[j] > m->forget ? m->averaged_at[j] : 0.0;
    if (seen > before) T(average_row)(m, j, (real)(1.0 - before / seen));
    m->averaged_at[j] = seen;
}

/* After the step from `rows` rows, the first of them the t-th sample. */
static void T(bundle_average)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows, double t)
{
    const double share = sch_average_share(a, t, rows);
    if (!m->touched) {
        SCH_SIMD
        for (int64_t at = 0; at < (m->d + 1) * m->width; ++at)
            m->average[at] += (real)share * (m->w[at] - m->average[at]);
        return;
    }
    if (share == 1.0) m->forget = t - (double)a->average_start;
    T(average_row)(m, m->d, (real)share);
}

/* ---- moving weights */

/* The weight at `at` follows gradient g. Arrays that the optimiser does not have are never read: it is a constant. */
SCH_INLINE void T(move_at)(const sch_optimizer optimizer, const T(rule) *u, const T(bundle) *m, int64_t at, real eta,
                           real g)
{
    const int has1 =
        optimizer == SCH_OPTIMIZER_MOMENTUM || optimizer == SCH_OPTIMIZER_NESTEROV || optimizer >= SCH_OPTIMIZER_ADAM;
    const int has2 = optimizer >= SCH_OPTIMIZER_ADAGRAD;
    T(weight) x = {m->w[at], has1 ? m->state1[at] : K(0.0), has2 ? m->state2[at] : K(0.0)};
    x = T(moved)(optimizer, u, eta, g, x);
    m->w[at] = x.w;
    if (has1) m->state1[at] = x.first;
    if (has2) m->state2[at] = x.second;
}

/* All rows of weights of a dense table, the gradient being slope * x. */
SCH_INLINE void T(move_along)(const sch_optimizer optimizer, const T(bundle) *m, const real *x, const real *slope)
{
    const T(rule) u = m->rule;
    const T(bundle) b = *m;
    if (b.width == 1) {
        const real eta = b.eta_now[0], c = slope[0];
        SCH_SIMD
        for (int64_t j = 0; j < b.d; ++j) T(move_at)(optimizer, &u, &b, j, eta, c * x[j]);
        return;
    }
    for (int64_t j = 0; j < b.d; ++j)
        for (int64_t q = 0; q < b.width; q += VL) {
            SCH_SIMD
            for (int64_t l = q; l < q + VL; ++l)
                T(move_at)(optimizer, &u, &b, j * b.width + l, b.eta_now[l], slope[l] * x[j]);
        }
}

/* Row j of weights follows the gradient, which then is zero again. */
SCH_INLINE void T(move_row)(const sch_optimizer optimizer, const T(rule) *u, const T(bundle) *m, const real *eta,
                            int64_t j)
{
    if (m->width == 1) {
        T(move_at)(optimizer, u, m, j, eta[0], m->gradient[j]);
        m->gradient[j] = K(0.0);
        return;
    }
    for (int64_t q = 0; q < m->width; q += VL) {
        SCH_SIMD
        for (int64_t l = q; l < q + VL; ++l) {
            T(move_at)(optimizer, u, m, j * m->width + l, eta[l], m->gradient[j * m->width + l]);
            m->gradient[j * m->width + l] = K(0.0);
        }
    }
}

SCH_INLINE void T(move_all)(const sch_optimizer optimizer, const T(bundle) *m)
{
    const T(rule) u = m->rule;
    const T(bundle) b = *m;
    if (b.touched)
        for (int64_t e = 0; e < b.n_touched; ++e) T(move_row)(optimizer, &u, &b, b.eta_now, b.touched[e]);
    else if (b.width == 1) {
        const real eta = b.eta_now[0];
        SCH_SIMD
        for (int64_t j = 0; j < b.d; ++j) {
            T(move_at)(optimizer, &u, &b, j, eta, b.gradient[j]);
            b.gradient[j] = K(0.0);
        }
    } else
        for (int64_t j = 0; j < b.d; ++j) T(move_row)(optimizer, &u, &b, b.eta_now, j);
}

/* What column j owes the penalties of `skipped` steps, the last of them the rounds-th. */
SCH_INLINE void T(pay_overdue)(const sch_optimizer optimizer, const T(bundle) *m, int64_t j, real skipped, real rounds)
{
    if (skipped <= K(0.0)) return;
    SCH_SIMD
    for (int64_t l = 0; l < m->width; ++l) {
        const int64_t at = j * m->width + l;
        const T(weight) x = {m->w[at], m->state1 ? m->state1[at] : K(0.0), m->state2 ? m->state2[at] : K(0.0)};
        m->w[at] = T(overdue)(optimizer, &m->rule, rounds, m->eta_now[l], skipped, x);
    }
}

/* Lists the columns of a batch, each once, with the steps for which each owes its penalties; they then are up to date for
 * the step after the first `steps`. `seen` samples are in the average by then. */
SCH_INLINE void T(touch)(const sch_storage storage, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t s, int64_t rows,
                         double steps, double seen)
{
    m->n_touched = 0;
    for (int64_t r = s; r < s + rows; ++r) {
        const T(row) x = T(row_of)(storage, &a->x, m->order[r]);
        for (int64_t e = 0; e < x.length; ++e) {
            const int64_t j = T(entry)(storage, x.index, e);
            if (m->moved_at[j] > steps) continue;
            if (m->average) T(average_column)(m, j, seen);
            m->skipped[m->n_touched] = (real)(steps - m->moved_at[j]);
            m->touched[m->n_touched++] = j;
            m->moved_at[j] = steps + 1.0;
        }
    }
}

/* One function for each optimiser and purpose. With x the gradient is slope * x. */
#define DEFINE(NAME, text)                                                                      \
    SCH_NOINLINE void T(bundle_move_##NAME)(const T(bundle) *m, const real *x)                  \
    {                                                                                           \
        if (x) T(move_along)(SCH_OPTIMIZER_##NAME, m, x, m->z);                                 \
        else T(move_all)(SCH_OPTIMIZER_##NAME, m);                                              \
    }                                                                                           \
    SCH_NOINLINE void T(bundle_move_free_##NAME)(const T(bundle) *m)                            \
    {                                                                                           \
        T(move_row)(SCH_OPTIMIZER_##NAME, &m->free_rule, m, m->eta_free, m->d);                 \
    }                                                                                           \
    SCH_NOINLINE void T(bundle_pay_##NAME)(const T(bundle) *m, double steps)                    \
    {                                                                                           \
        for (int64_t e = 0; e < m->n_touched; ++e)                                              \
            T(pay_overdue)(SCH_OPTIMIZER_##NAME, m, m->touched[e], m->skipped[e], (real)steps); \
    }
SCH_OPTIMIZER_LIST(DEFINE)
#undef DEFINE

static void T(bundle_pay)(const sch_sgd_sweep_args *a, const T(bundle) *m, double steps)
{
    switch (a->optimizer) {
#define CASE(NAME, text) \
    case SCH_OPTIMIZER_##NAME: T(bundle_pay_##NAME)(m, steps); break;
        SCH_OPTIMIZER_LIST(CASE)
#undef CASE
    default: break;
    }
}

static void T(bundle_move)(const sch_sgd_sweep_args *a, const T(bundle) *m, const real *x)
{
    switch (a->optimizer) {
#define CASE(NAME, text)                                     \
    case SCH_OPTIMIZER_##NAME:                               \
        T(bundle_move_##NAME)(m, x);                         \
        if (a->fit_intercept) T(bundle_move_free_##NAME)(m); \
        break;
        SCH_OPTIMIZER_LIST(CASE)
#undef CASE
    default: break;
    }
}

/* At the end of a sweep no column owes anything, nor does the average. */
static void T(bundle_settle)(const sch_sgd_sweep_args *a, T(bundle) *m, double steps, double seen)
{
    if (!m->touched) return;
    for (int64_t j = 0; j < m->d; ++j) {
        if (m->average) T(average_column)(m, j, seen);
        m->skipped[j] = (real)(steps - m->moved_at[j]);
        m->touched[j] = j;
    }
    m->n_touched = m->d;
    T(bundle_pay)(a, m, steps);
}
