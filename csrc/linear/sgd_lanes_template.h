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
    real positive[LANES], negative[LANES], active[LANES];
    real low, high;                   /* how the loss encodes the two classes */
    const int64_t *order;
    double *factor;                   /* (span) */
    real *update;                     /* (batch_size, LANES) */
} T(lanes);

static T(lanes) T(lanes_layout)(const sch_sgd_sweep_args *a, sch_arena *arena)
{
    const int64_t matrix = a->x.d * LANES * (int64_t)sizeof(real);
    T(lanes) m = {0};
    m.w = sch_take(arena, matrix);
    if (a->average_coef) m.average = sch_take(arena, matrix);
    if (a->l1_applied) m.applied = sch_take(arena, matrix);
    m.factor = sch_take(arena, sch_span_rows(a->batch_size) * (int64_t)sizeof(double));
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
        for (int64_t j = 0; j < d && m->active[l] > 0; ++j) to[(m->first + l) * d + j] = from[j * LANES + l];
}

static void T(lanes_begin)(T(lanes) *m, const sch_sgd_sweep_args *a, int64_t group)
{
    m->first = group * LANES;
    m->n_lanes = (int)sch_min(LANES, a->n_out - m->first);
    m->low = a->loss == SCH_LOSS_LOGISTIC ? K(0.0) : K(-1.0);
    m->high = K(1.0);
    for (int l = 0; l < LANES; ++l) {
        const int64_t k = sch_min(m->first + l, a->n_out - 1);
        m->scale[l] = m->b[l] = 1.0;
        m->eta[l] = a->eta[k];
        m->positive[l] = (real)a->positive_weight[k];
        m->negative[l] = (real)a->negative_weight[k];
        m->active[l] = l < m->n_lanes && a->active[k] ? K(1.0) : K(0.0);
        m->intercept[l] = (double)((const real *)a->intercept)[k];
        m->average_intercept[l] = a->average_intercept ? (double)((const real *)a->average_intercept)[k] : 0.0;
        m->due[l] = a->l1_total ? a->l1_total[k] : 0.0;
    }
    T(lanes_pack)(m, a->x.d, a->coef, m->w);
    T(lanes_pack)(m, a->x.d, a->average_coef, m->average);
    T(lanes_pack)(m, a->x.d, a->l1_applied, m->applied);
}

static void T(lanes_settle)(T(lanes) *m, int64_t d)
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
    memset(sum, 0, sizeof sum);
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

SCH_INLINE void T(lanes_l1)(const sch_storage storage, T(lanes) *m, const T(row) r, int64_t d)
{
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    real scale[LANES], due[LANES];
    for (int l = 0; l < LANES; ++l) {
        scale[l] = (real)m->scale[l];
        due[l] = (real)m->due[l];
    }
    for (int64_t e = 0; e < length; ++e) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        real *w = m->w + j * LANES, *applied = m->applied + j * LANES;
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) w[l] = T(pay_l1)(w[l], scale[l], due[l], &applied[l]);
    }
}

/* Margins, losses and step lengths of one row for all lanes. */
SCH_INLINE void T(lanes_update)(const sch_storage storage, const sch_loss loss, const sch_sgd_sweep_args *a, T(lanes) *m,
                                int64_t i, double factor, real share, real *update)
{
    const T(row) x = T(row_of)(storage, &a->x, i);
    const int passive_aggressive = a->schedule == SCH_SCHEDULE_PA1 || a->schedule == SCH_SCHEDULE_PA2;
    const real square = passive_aggressive ? T(row_square)(storage, a->x.d, x) : K(0.0);
    const real importance = (a->sample_weight ? ((const real *)a->sample_weight)[i] : K(1.0)) * share;
    const int own = (int)((int64_t)((const real *)a->y)[i] - m->first);
    const real c = (real)a->loss_param, low = m->low, high = m->high;
    const sch_schedule schedule = a->schedule;
    real z[LANES], value[LANES];
    T(lanes_dot)(storage, x, a->x.d, m->w, z);
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) {
        const real y = l == own ? high : low;
        const real margin = z[l] * (real)m->scale[l] + (real)m->intercept[l];
        const T(loss_terms) t = T(loss_at)(loss, y, margin, c);
        const real step = (real)(m->eta[l] * factor);
        value[l] = t.value;
        update[l] = T(sgd_update)(schedule, step, t, square) * importance * m->active[l] *
                    (l == own ? m->positive[l] : m->negative[l]);
    }
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) m->loss[l] += (double)value[l];
}

SCH_INLINE void T(lanes_step)(const sch_storage storage, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s, int64_t rows,
                              double t)
{
    const int averaging = a->average_start > 0 && t >= (double)a->average_start;
    const double k = averaging ? floor((t - (double)a->average_start) / (double)a->batch_size) + 1.0 : 1.0;
    const real share = (real)(1.0 / (double)rows);
    double shift[LANES] = {0};
    int tiny = 0;

    for (int64_t r = 0; r < rows; ++r) {
        switch (a->loss) {
#define CASE(NAME, text)                                                                                               \
    case SCH_LOSS_##NAME:                                                                                              \
        T(lanes_update)(storage, SCH_LOSS_##NAME, a, m, m->order[s + r], m->factor[s], share, m->update + r * LANES); \
        break;
            SCH_LOSS_LIST(CASE)
#undef CASE
        default: break;
        }
    }
    for (int l = 0; l < LANES; ++l) {
        const double eta = m->eta[l] * m->factor[s] * (double)m->active[l];
        m->scale[l] *= fmax(0.0, 1.0 - eta * a->l2);
        m->due[l] += eta * a->l1;
        tiny |= m->scale[l] < SMALLEST_SCALE;
    }
    if (tiny) T(lanes_settle)(m, a->x.d);
    for (int64_t r = 0; r < rows; ++r) {
        const T(row) x = T(row_of)(storage, &a->x, m->order[s + r]);
        const real *update = m->update + r * LANES;
        real c[LANES], back[LANES];
        for (int l = 0; l < LANES; ++l) {
            c[l] = update[l] / (real)m->scale[l];
            back[l] = (real)(-m->a[l]) * c[l];
            shift[l] += (double)update[l];
        }
        T(lanes_axpy)(storage, x, a->x.d, c, m->w);
        if (averaging) T(lanes_axpy)(storage, x, a->x.d, back, m->average);
    }
    if (a->fit_intercept)
        for (int l = 0; l < LANES; ++l) m->intercept[l] += shift[l] * a->intercept_decay;
    if (averaging)
        for (int l = 0; l < LANES; ++l) {
            if (k > 1.0) m->b[l] /= 1.0 - 1.0 / k;
            m->a[l] += m->b[l] * m->scale[l] / k;
            m->average_intercept[l] += (m->intercept[l] - m->average_intercept[l]) / k;
        }
    if (a->l1 > 0.0) {
        const int64_t last = storage == SCH_DENSE ? s + 1 : s + rows;
        for (int64_t r = s; r < last; ++r) T(lanes_l1)(storage, m, T(row_of)(storage, &a->x, m->order[r]), a->x.d);
    }
}

SCH_INLINE void T(lanes_sweep)(const sch_storage storage, const sch_sgd_sweep_args *a, sch_visit *visit, T(lanes) *m)
{
    enum { AHEAD = 4 };
    double t = a->t;
    for (int64_t count; (count = sch_visit_next(visit, &m->order)) > 0; t += (double)count) {
        if (sch_should_stop(&a->control)) return;
        sch_step_factors(a, t, count, m->factor);
        for (int64_t s = 0; s < count; s += a->batch_size) {
            const int64_t rows = sch_min(a->batch_size, count - s);
            for (int64_t r = s + AHEAD; r < sch_min(s + AHEAD + rows, count); ++r)
                T(prefetch_row)(storage, &a->x, m->order[r]);
            T(lanes_step)(storage, a, m, s, rows, t + (double)s);
        }
        T(lanes_settle)(m, a->x.d);
    }
}

static void T(lanes_end)(const T(lanes) *m, const sch_sgd_sweep_args *a)
{
    T(lanes_unpack)(m, a->x.d, m->w, a->coef);
    T(lanes_unpack)(m, a->x.d, m->average, a->average_coef);
    T(lanes_unpack)(m, a->x.d, m->applied, a->l1_applied);
    for (int l = 0; l < m->n_lanes; ++l) {
        const int64_t k = m->first + l;
        a->loss_sum[k] = m->loss[l];
        if (!(m->active[l] > 0)) continue;
        ((real *)a->intercept)[k] = (real)m->intercept[l];
        if (a->average_intercept) ((real *)a->average_intercept)[k] = (real)m->average_intercept[l];
        if (a->l1_total) a->l1_total[k] = m->due[l];
    }
}
