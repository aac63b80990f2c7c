/* linear/sgd_lanes_template.h - an SGD sweep for many outputs at once, one-vs-all: every row is read once for LANES
 * classes, registers run along the classes. Outputs are independent, so groups of LANES go to threads.
 * Include after linear/sgd_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef LANES
#undef LANE_REGISTERS
#define LANES (64 / (int)sizeof(real))
#define LANE_REGISTERS (LANES / VL)

typedef struct {
    int64_t first;                    /* output of lane 0 */
    int n_lanes;                      /* lanes in use */
    real *w, *average, *applied;      /* (d, LANES) */
    double scale[LANES], intercept[LANES], average_intercept[LANES], eta[LANES];
    double a[LANES], b[LANES], due[LANES], loss[LANES];
    real scale_now[LANES], inverse_now[LANES], intercept_now[LANES];
    real positive[LANES], negative[LANES]; /* class weights; zero where the output does not train */
    int active[LANES];
    real low, high;                   /* how the loss encodes the two classes */
    const sch_visit *visit;
    const int64_t *order;
    double *factor;                   /* (span) */
    real *y, *weight;                 /* (span) targets and sample weights in visiting order */
    real *update;                     /* (batch_size, LANES) */
} T(lanes);

static T(lanes) T(lanes_layout)(const sch_sgd_sweep_args *a, sch_arena *arena)
{
    const int64_t matrix = a->x.d * LANES * (int64_t)sizeof(real), span = sch_span_rows(a->batch_size);
    T(lanes) m = {0};
    m.w = sch_take(arena, matrix);
    if (a->average_coef) m.average = sch_take(arena, matrix);
    if (a->l1_applied) m.applied = sch_take(arena, matrix);
    m.factor = sch_take(arena, span * (int64_t)sizeof(double));
    m.y = sch_take(arena, span * (int64_t)sizeof(real));
    m.weight = sch_take(arena, span * (int64_t)sizeof(real));
    m.update = sch_take(arena, a->batch_size * LANES * (int64_t)sizeof(real));
    return m;
}

static void T(lanes_pack)(const T(lanes) *m, int64_t d, const real *from, real *to)
{
    if (!to) return;
    memset(to, 0, (size_t)(d * LANES) * sizeof(real));
    for (int l = 0; l < m->n_lanes; ++l)
        for (int64_t j = 0; j < d; ++j) to[j * LANES + l] = from[(m->first + l) * d + j];
}

/* Outputs that no longer train keep what the caller had. */
static void T(lanes_unpack)(const T(lanes) *m, int64_t d, const real *from, real *to)
{
    if (!from) return;
    for (int l = 0; l < m->n_lanes; ++l)
        for (int64_t j = 0; j < d && m->active[l]; ++j) to[(m->first + l) * d + j] = from[j * LANES + l];
}

/* Refreshes what the inner loops read in the element type. */
SCH_INLINE void T(lanes_refresh_intercept)(T(lanes) *m)
{
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) m->intercept_now[l] = (real)m->intercept[l];
}

SCH_INLINE void T(lanes_refresh)(T(lanes) *m)
{
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) {
        m->scale_now[l] = (real)m->scale[l];
        m->inverse_now[l] = K(1.0) / m->scale_now[l];
    }
    T(lanes_refresh_intercept)(m);
}

static void T(lanes_begin)(T(lanes) *m, const sch_sgd_sweep_args *a, int64_t group)
{
    m->first = group * LANES;
    m->n_lanes = (int)sch_min(LANES, a->n_out - m->first);
    m->low = T(low_target)(a->loss);
    m->high = K(1.0);
    for (int l = 0; l < LANES; ++l) {
        const int64_t k = sch_min(m->first + l, a->n_out - 1);
        m->scale[l] = m->b[l] = 1.0;
        m->eta[l] = a->eta[k];
        m->active[l] = l < m->n_lanes && a->active[k];
        m->positive[l] = m->active[l] ? (real)a->positive_weight[k] : K(0.0);
        m->negative[l] = m->active[l] ? (real)a->negative_weight[k] : K(0.0);
        m->intercept[l] = (double)((const real *)a->intercept)[k];
        m->average_intercept[l] = a->average_intercept ? (double)((const real *)a->average_intercept)[k] : 0.0;
        m->due[l] = a->l1_total ? a->l1_total[k] : 0.0;
    }
    T(lanes_pack)(m, a->x.d, a->coef, m->w);
    T(lanes_pack)(m, a->x.d, a->average_coef, m->average);
    T(lanes_pack)(m, a->x.d, a->l1_applied, m->applied);
    T(lanes_refresh)(m);
}

SCH_NOINLINE void T(lanes_settle)(T(lanes) *m, int64_t d)
{
    real scale[LANES], lead[LANES], inverse[LANES];
    for (int l = 0; l < LANES; ++l) {
        scale[l] = (real)m->scale[l];
        lead[l] = (real)m->a[l];
        inverse[l] = (real)(1.0 / m->b[l]);
        m->scale[l] = m->b[l] = 1.0;
        m->a[l] = 0.0;
    }
    for (int64_t j = 0; j < d; ++j) {
        real *w = m->w + j * LANES;
        if (m->average) {
            real *average = m->average + j * LANES;
            SCH_SIMD
            for (int l = 0; l < LANES; ++l) average[l] = (average[l] + lead[l] * w[l]) * inverse[l];
        }
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) w[l] *= scale[l];
    }
}

/* z[l] = sum over the row of x * w[., l], as plain sums without scale and intercept. */
SCH_INLINE void T(lanes_dot)(const sch_storage storage, const T(row) r, int64_t d, const real *w, real *z)
{
    enum { WAYS = LANE_REGISTERS >= 4 ? 1 : 4 / LANE_REGISTERS }; /* enough sums in flight to hide their latency */
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    vreal sum[WAYS][LANE_REGISTERS];
    int64_t e = 0;
#pragma GCC unroll 4
    for (int way = 0; way < WAYS; ++way)
#pragma GCC unroll 4
        for (int q = 0; q < LANE_REGISTERS; ++q) sum[way][q] = (vreal){0};
    for (; e + WAYS <= length; e += WAYS) {
#pragma GCC unroll 4
        for (int way = 0; way < WAYS; ++way) {
            const int64_t j = storage == SCH_DENSE ? e + way : T(entry)(storage, r.index, e + way);
            const vreal x = T(vset)(r.value[e + way]);
#pragma GCC unroll 4
            for (int q = 0; q < LANE_REGISTERS; ++q) sum[way][q] += x * T(vload)(w + j * LANES + q * VL);
        }
    }
    for (; e < length; ++e) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        const vreal x = T(vset)(r.value[e]);
#pragma GCC unroll 4
        for (int q = 0; q < LANE_REGISTERS; ++q) sum[0][q] += x * T(vload)(w + j * LANES + q * VL);
    }
#pragma GCC unroll 4
    for (int way = 1; way < WAYS; ++way)
#pragma GCC unroll 4
        for (int q = 0; q < LANE_REGISTERS; ++q) sum[0][q] += sum[way][q];
#pragma GCC unroll 4
    for (int q = 0; q < LANE_REGISTERS; ++q) T(vstore)(z + q * VL, sum[0][q]);
}

/* w[., l] += c[l] * x */
SCH_INLINE void T(lanes_axpy)(const sch_storage storage, const T(row) r, int64_t d, const real *c, real *w)
{
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    vreal step[LANE_REGISTERS];
#pragma GCC unroll 4
    for (int q = 0; q < LANE_REGISTERS; ++q) step[q] = T(vload)(c + q * VL);
    for (int64_t e = 0; e < length; ++e) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        const vreal x = T(vset)(r.value[e]);
#pragma GCC unroll 4
        for (int q = 0; q < LANE_REGISTERS; ++q) {
            real *at = w + j * LANES + q * VL;
            T(vstore)(at, T(vload)(at) + x * step[q]);
        }
    }
}

/* All weights of a row pay their L1; what they lose is taken out of the lazy part of the average, which stays as it was. */
SCH_NOINLINE void T(lanes_l1)(const sch_storage storage, T(lanes) *m, const T(row) r, int64_t d)
{
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    real scale[LANES], due[LANES], lead[LANES];
    for (int l = 0; l < LANES; ++l) {
        scale[l] = (real)m->scale[l];
        due[l] = (real)m->due[l];
        lead[l] = (real)m->a[l];
    }
    for (int64_t e = 0; e < length; ++e) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        real *w = m->w + j * LANES, *applied = m->applied + j * LANES;
        real paid[LANES];
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) paid[l] = T(pay_l1)(w[l], scale[l], due[l], &applied[l]);
        if (m->average)
            for (int l = 0; l < LANES; ++l) m->average[j * LANES + l] -= lead[l] * (paid[l] - w[l]);
        memcpy(w, paid, sizeof paid);
    }
}

/* Losses and gradients of one row for all lanes, from the plain sums z; `own` is the lane of the row's class. */
SCH_INLINE void T(lanes_slopes_of)(const sch_loss loss, real c, const T(lanes) *m, ireal own, const real *z,
                                   real *value, real *gradient)
{
    const real low = m->low, high = m->high;
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) {
        const real margin = z[l] * m->scale_now[l] + m->intercept_now[l];
        const T(loss_terms) t = T(loss_at)(loss, (ireal)l == own ? high : low, margin, c);
        value[l] = t.value;
        gradient[l] = T(clipped_gradient)(loss, t);
    }
}

/* One function for each loss, so that all the rest is compiled once. */
#define DEFINE(NAME, text)                                                                          \
    SCH_NOINLINE void T(lanes_slopes_##NAME)(real c, const T(lanes) *m, ireal own, const real *z,   \
                                             real *SCH_RESTRICT value, real *SCH_RESTRICT gradient) \
    {                                                                                               \
        T(lanes_slopes_of)(SCH_LOSS_##NAME, c, m, own, z, value, gradient);                         \
    }
SCH_SGD_LOSS_LIST(DEFINE)
#undef DEFINE

SCH_INLINE void T(lanes_slopes)(const sch_sgd_sweep_args *a, const T(lanes) *m, ireal own, const real *z, real *value,
                                real *gradient)
{
    const real c = (real)a->loss_param;
    switch (a->loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: T(lanes_slopes_##NAME)(c, m, own, z, value, gradient); break;
        SCH_SGD_LOSS_LIST(CASE)
#undef CASE
    default: break;
    }
}

/* Margins, losses and step lengths of one row for all lanes; step[l] is the lane's eta. */
SCH_INLINE void T(lanes_update)(const sch_storage storage, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s,
                                const real *step, real share, real *update)
{
    const T(row) x = T(row_of)(storage, &a->x, m->order[s]);
    const real weight = m->weight[s] * share;
    const ireal own = (ireal)((int64_t)m->y[s] - m->first);
    real z[LANES], value[LANES], gradient[LANES], class_weight[LANES];
    T(lanes_dot)(storage, x, a->x.d, m->w, z);
    T(lanes_slopes)(a, m, own, z, value, gradient);
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) class_weight[l] = ((ireal)l == own ? m->positive[l] : m->negative[l]) * weight;
    if (T(is_passive_aggressive)(a->schedule)) {
        const real square = T(row_square)(storage, a->x.d, x);
        for (int l = 0; l < LANES; ++l)
            update[l] =
                class_weight[l] * T(passive_aggressive_step)(a->schedule, step[l], value[l], gradient[l], square);
    } else {
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) update[l] = -step[l] * class_weight[l] * gradient[l];
    }
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) m->loss[l] += (double)value[l];
}

/* L2 and what L1 is due for one step. */
SCH_INLINE void T(lanes_shrink)(const sch_sgd_sweep_args *a, T(lanes) *m, double factor)
{
    int tiny = 0;
    for (int l = 0; l < LANES; ++l) {
        const double eta = m->eta[l] * factor;
        m->scale[l] *= eta * a->l2 < 1.0 ? 1.0 - eta * a->l2 : 0.0; /* never across zero */
        m->due[l] += eta * a->l1;
        tiny |= m->scale[l] < SMALLEST_SCALE;
    }
    if (tiny) T(lanes_settle)(m, a->x.d);
    T(lanes_refresh)(m);
}

SCH_INLINE void T(lanes_move)(const sch_storage storage, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t i,
                              const real *update, int averaging)
{
    const T(row) x = T(row_of)(storage, &a->x, i);
    real c[LANES];
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) c[l] = update[l] * m->inverse_now[l];
    T(lanes_axpy)(storage, x, a->x.d, c, m->w);
    if (averaging) {
        for (int l = 0; l < LANES; ++l) c[l] *= (real)(-m->a[l]);
        T(lanes_axpy)(storage, x, a->x.d, c, m->average);
    }
    for (int l = 0; l < LANES && a->fit_intercept; ++l) m->intercept[l] += (double)update[l] * a->intercept_decay;
}

/* The parameters of this step enter the average with weight mu; with weight 1 they start it anew. */
SCH_NOINLINE void T(lanes_average)(T(lanes) *m, int64_t d, double mu)
{
    const double growth = mu < 1.0 ? 1.0 / (1.0 - mu) : 1.0;
    if (mu == 1.0) {
        memset(m->average, 0, (size_t)(d * LANES) * sizeof(real));
        for (int l = 0; l < LANES; ++l) {
            m->a[l] = 0.0;
            m->b[l] = 1.0;
        }
    }
    for (int l = 0; l < LANES; ++l) {
        m->b[l] *= growth;
        m->a[l] += mu * m->b[l] * m->scale[l];
        m->average_intercept[l] += (m->intercept[l] - m->average_intercept[l]) * mu;
    }
}

/* One step from the `rows` rows visited at s and after, the first of which is the t-th sample. */
SCH_INLINE void T(lanes_step)(const sch_storage storage, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s,
                              int64_t rows, double t)
{
    const int averaging = T(averages)(a, t);
    const real share = (real)(1.0 / (double)rows);
    const double factor = m->factor[s];
    real step[LANES];
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) step[l] = (real)(m->eta[l] * factor);

    for (int64_t r = 0; r < rows; ++r) T(lanes_update)(storage, a, m, s + r, step, share, m->update + r * LANES);
    T(lanes_shrink)(a, m, factor);
    for (int64_t r = 0; r < rows; ++r) T(lanes_move)(storage, a, m, m->order[s + r], m->update + r * LANES, averaging);
    if (a->fit_intercept && a->intercept_slope != 0.0)
        for (int l = 0; l < LANES; ++l) m->intercept[l] -= m->eta[l] * factor * a->intercept_slope * a->intercept_decay;
    T(lanes_refresh_intercept)(m);
    if (averaging) T(lanes_average)(m, a->x.d, sch_average_share(a, t, rows));
    if (a->l1 > 0.0) {
        const int64_t last = storage == SCH_DENSE ? s + 1 : s + rows; /* a dense row already holds every weight */
        for (int64_t r = s; r < last; ++r) T(lanes_l1)(storage, m, T(row_of)(storage, &a->x, m->order[r]), a->x.d);
    }
}
