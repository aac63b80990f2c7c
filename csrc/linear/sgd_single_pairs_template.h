/* linear/sgd_single_pairs_template.h - SGD for one output over dense rows two at a time, step for step what it is over
 * single rows.
 *
 * The raw prediction of a row is what older weights give and, for every step since then, its length times the product of
 * the two rows. Such products wait for nothing, so of a pair both predictions come from one read of the weights; and while
 * one pair's steps are being decided, the next pair's products are already summed up, so that from one step to the next
 * only the loss's derivative and a multiplication remain (the idea of Devarakonda et al., "Avoiding synchronization in
 * first-order methods", 2018). That is possible where a step moves the weights by a multiple of the row and of a number
 * known beforehand: not with L1, nor with passive-aggressive steps.
 * Include after linear/sgd_single_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* longest row one pair ahead; rows fetched early; shortest row whose fetching is spread over the step */
enum { T(PAIR_AHEAD_BYTES) = 512, T(PAIR_FETCH_BYTES) = 8192, T(PAIR_SPREAD_BYTES) = 1536 };

/* A line of each of two rows, of which one is wanted soon and the other soon, too, or (far) later. */
SCH_INLINE void T(pair_fetch)(const real *const *ahead, const int far, int64_t j)
{
    __builtin_prefetch(ahead[0] + j);
    if (far) __builtin_prefetch(ahead[1] + j, 0, 2);
    else __builtin_prefetch(ahead[1] + j);
}

/* Products of a pair with the weights, with each other and with the pair before: before[q][r] = x_q before_r. */
typedef struct {
    real w[2], own, before[2][2];
} T(pair_products);

/* `ahead`, or NULL: a row that is wanted soon and one later, fetched by the way. */
SCH_INLINE void T(pair_multiply)(const T(row_shape) *s, const real *const *x, const real *const *before,
                                 const real *const *ahead, const real *w, T(pair_products) *p)
{
    const int64_t full = s->full * VL;
    const real *x0 = x[0], *x1 = x[1], *b0 = before ? before[0] : x0, *b1 = before ? before[1] : x1;
    /* two sums of each kind, or long rows would wait for the last addition; with the pair before there are enough */
    vreal w0[2] = {{0}, {0}}, w1[2] = {{0}, {0}}, own[2] = {{0}, {0}}, s00 = {0}, s01 = {0}, s10 = {0}, s11 = {0};
    int64_t j = 0;
#define ACCUMULATE(HALF, LOAD, AT, W)                           \
    do {                                                        \
        const vreal u = LOAD(x0 AT), v = LOAD(x1 AT), at = (W); \
        w0[HALF] += u * at;                                     \
        w1[HALF] += v * at;                                     \
        own[HALF] += u * v;                                     \
        if (before) {                                           \
            const vreal c = LOAD(b0 AT), d = LOAD(b1 AT);       \
            s00 += u * c;                                       \
            s01 += u * d;                                       \
            s10 += v * c;                                       \
            s11 += v * d;                                       \
        }                                                       \
    } while (0)
#define REST(row) T(load_rest)(row, s)
    for (; !before && j + VL < full; j += 2 * VL) {
        if (ahead) T(pair_fetch)(ahead, 1, j);
        if (ahead && SCH_VEC_BYTES >= SCH_LINE) T(pair_fetch)(ahead, 1, j + VL);
        ACCUMULATE(0, T(vload), +j, T(vload)(w + j));
        ACCUMULATE(1, T(vload), +(j + VL), T(vload)(w + j + VL));
    }
    for (; j < full; j += VL) {
        if (ahead) T(pair_fetch)(ahead, 1, j);
        ACCUMULATE(0, T(vload), +j, T(vload)(w + j));
    }
    if (ahead) T(pair_fetch)(ahead, 1, full);
    if (s->rest) ACCUMULATE(0, REST, , T(vload)(w + full));
#undef REST
#undef ACCUMULATE
    if (before) T(store_sums)(s00, s01, s10, s11, p->before[0]);
    real sums[4];
    T(store_sums)(w0[0] + w0[1], w1[0] + w1[1], own[0] + own[1], own[0] + own[1], sums);
    p->w[0] = sums[0];
    p->w[1] = sums[1];
    p->own = sums[2];
}

/* w += c[0] * x_0 + c[1] * x_1; two rows ahead are fetched here as in dense_axpy. */
SCH_INLINE void T(pair_axpy)(const T(row_shape) *s, const real *c, const real *const *x, const real *const *ahead,
                             const int far, real *w)
{
    const int64_t full = s->full * VL;
    const vreal step0 = T(vset)(c[0]), step1 = T(vset)(c[1]);
    const real *x0 = x[0], *x1 = x[1];
    for (int64_t j = 0; j < full; j += VL) {
        T(pair_fetch)(ahead, far, j);
        T(vstore)(w + j, T(vload)(w + j) + (step0 * T(vload)(x0 + j) + step1 * T(vload)(x1 + j)));
    }
    T(pair_fetch)(ahead, far, full);
    if (s->rest) T(vstore)(w + full, T(vload)(w + full) + (step0 * T(load_rest)(x0, s) + step1 * T(load_rest)(x1, s)));
}

/* The same where it is not worth its copies: at the end of a span, and for averages. */
SCH_NOINLINE void T(pair_axpy_call)(const T(single) *m, const real *c, const real *const *x, real *w)
{
    T(pair_axpy)(&m->shape, c, x, x, 0, w);
}

SCH_NOINLINE void T(pair_multiply_call)(const T(single) *m, const real *const *x, T(pair_products) *p)
{
    T(pair_multiply)(&m->shape, x, NULL, NULL, m->w, p);
}

/* What the steps of a span need that does not depend on the weights: step = -eta * weight, kept = what L2 leaves. */
static void T(single_prepare)(const sch_sgd_sweep_args *a, const T(single) *m, int64_t count)
{
    const double eta = a->eta[0], rate = eta * a->l2;
    const real positive = (real)a->positive_weight[0], negative = (real)a->negative_weight[0];
    SCH_SIMD
    for (int64_t s = 0; s < count; ++s) m->kept[s] = rate * m->factor[s] < 1.0 ? 1.0 - rate * m->factor[s] : 0.0;
    SCH_SIMD
    for (int64_t s = 0; s < count; ++s)
        m->update[s] = -(real)(eta * m->factor[s]) * (m->y[s] > 0 ? positive : negative);
    for (int64_t s = 0; s < count && a->sample_weight; ++s)
        m->update[s] *= ((const real *)a->sample_weight)[m->order[s]];
}

SCH_INLINE void T(pair_of)(const sch_sgd_sweep_args *a, const T(single) *m, int64_t s, int64_t last, const real **x)
{
    x[0] = (const real *)a->x.data + m->order[sch_min(s, last)] * a->x.row_stride;
    x[1] = (const real *)a->x.data + m->order[sch_min(s + 1, last)] * a->x.row_stride;
}

/* What a later window needs, a row for each of the pair. */
SCH_INLINE void T(pair_later)(const sch_sgd_sweep_args *a, const T(single) *m, int64_t s, const real **later)
{
    later[0] = (const real *)a->x.data + sch_visit_later(m->visit, s) * a->x.row_stride;
    later[1] = (const real *)a->x.data + sch_visit_later(m->visit, s + 1) * a->x.row_stride;
}

SCH_INLINE void T(pair_prefetch)(const sch_sgd_sweep_args *a, const T(single) *m, int64_t s)
{
    T(prefetch_row)(SCH_DENSE, &a->x, sch_visit_later(m->visit, s), 1);
    T(prefetch_row)(SCH_DENSE, &a->x, sch_visit_later(m->visit, s + 1), 1);
}

/* Both steps of the pair visited at s. z[1] does not know the first of them yet. */
SCH_INLINE void T(pair_update)(const sch_loss loss, const sch_sgd_sweep_args *a, const T(single) *m, int64_t s,
                               real own, real decay, real *z, real *update)
{
    const real param = (real)a->loss_param;
    update[0] = m->update[s] * T(clipped_gradient)(loss, T(loss_at)(loss, m->y[s], z[0], param));
    z[1] += update[0] * (own + decay);
    update[1] = m->update[s + 1] * T(clipped_gradient)(loss, T(loss_at)(loss, m->y[s + 1], z[1], param));
    m->z[s] = z[0];
    m->z[s + 1] = z[1];
}

/* What the pair's steps do to all but the weights. c[r] * x_r is to be added to w, and lead[r] * x_r to the part of the
 * average that follows w lazily. */
SCH_INLINE void T(pair_settle)(const sch_sgd_sweep_args *a, T(single) *m, int64_t s, double t, const real *update,
                               real *c, real *lead)
{
    for (int r = 0; r < 2; ++r) {
        lead[r] = K(0.0);
        m->scale *= m->kept[s + r];
        c[r] = update[r] * (real)(1.0 / m->scale);
        if (a->fit_intercept) m->intercept += (double)update[r] * a->intercept_decay;
        if (!T(averages)(a, t + (double)(s + r))) continue;
        const double mu = sch_average_share(a, t + (double)(s + r), 1);
        if (mu < 1.0) lead[r] = (real)(-m->a) * c[r];
        else lead[0] = K(0.0); /* the average starts anew */
        T(single_average)(m, mu);
    }
}

SCH_INLINE int T(pair_may_shrink)(const T(single) *m, int64_t s)
{
    return m->scale * m->kept[s] * m->kept[s + 1] >= SMALLEST_SCALE;
}

/* Pairs from the row visited at s on, until fewer than two rows are left or L2 would shrink the weights too far. Returns
 * where it stopped. What waits for memory at one time leaves it idle at another: of long rows both passes fetch a line
 * for each line that they read (`spread`). */
SCH_INLINE int64_t T(single_pairs)(const sch_loss loss, const int spread, const sch_sgd_sweep_args *a, T(single) *m,
                                   int64_t s, int64_t count, double t)
{
    const int64_t ahead = sch_max(2, T(PAIR_FETCH_BYTES) / (m->size * (int64_t)sizeof(real)));
    const real decay = a->fit_intercept ? (real)a->intercept_decay : K(0.0);
    for (; s + 2 <= count && T(pair_may_shrink)(m, s); s += 2) {
        const real *x[2], *soon[2], *later[2];
        real z[2], update[2], c[2], lead[2];
        T(pair_products) p;
        T(pair_of)(a, m, s, count - 1, x);
        T(pair_of)(a, m, s + ahead, count - 1, soon);
        T(pair_later)(a, m, s, later);
        const real *first[2] = {soon[0], later[0]}, *second[2] = {soon[1], later[1]};
        if (!spread) T(pair_prefetch)(a, m, s);
        T(pair_multiply)(&m->shape, x, NULL, spread ? first : NULL, m->w, &p);
        z[0] = p.w[0] * (real)m->scale + (real)m->intercept;
        z[1] = p.w[1] * (real)(m->scale * m->kept[s]) + (real)m->intercept;
        T(pair_update)(loss, a, m, s, p.own, decay, z, update);
        T(pair_settle)(a, m, s, t, update, c, lead);
        T(pair_axpy)(&m->shape, c, x, spread ? second : soon, spread, m->w);
        if (m->average) T(pair_axpy_call)(m, lead, x, m->average);
    }
    return s;
}

/* The same for short rows, with the weights one pair behind: their products do not wait for the pair before. */
SCH_INLINE int64_t T(single_pairs_ahead)(const sch_loss loss, const sch_sgd_sweep_args *a, T(single) *m, int64_t s,
                                         int64_t count, double t)
{
    const int64_t ahead = 2 + sch_max(4, sch_prefetch_ahead(&a->x)), last = count - 1;
    const real decay = a->fit_intercept ? (real)a->intercept_decay : K(0.0);
    const real *before[2], *x[2], *next[2], *soon[2];
    real c[2] = {K(0.0), K(0.0)}, lead[2] = {K(0.0), K(0.0)}, z[2], update[2];
    T(pair_products) p;
    T(pair_of)(a, m, s, last, x);
    T(pair_of)(a, m, s, last, before);
    T(pair_multiply_call)(m, x, &p);
    z[0] = p.w[0] * (real)m->scale + (real)m->intercept;
    z[1] = p.w[1] * (real)(m->scale * m->kept[s]) + (real)m->intercept;
    for (; s + 2 <= count && T(pair_may_shrink)(m, s); s += 2) {
        const real kept1 = (real)m->kept[s + 1], kept2 = s + 2 < count ? (real)m->kept[s + 2] : K(1.0);
        const real intercept = (real)m->intercept, scale = (real)(m->scale * m->kept[s] * m->kept[s + 1]);
        T(pair_update)(loss, a, m, s, p.own, decay, z, update);

        T(pair_of)(a, m, s + 2, last, next);
        T(pair_of)(a, m, s + ahead, last, soon);
        T(pair_prefetch)(a, m, s);
        T(pair_axpy)(&m->shape, c, before, soon, 0, m->w);
        if (m->average) T(pair_axpy_call)(m, lead, before, m->average);
        T(pair_multiply)(&m->shape, next, x, NULL, m->w, &p);

        z[0] = p.w[0] * scale + intercept;
        z[1] = p.w[1] * (scale * kept2) + intercept;
        z[0] += update[0] * (kept1 * p.before[0][0] + decay);
        z[1] += update[0] * (kept1 * kept2 * p.before[1][0] + decay);
        z[0] += update[1] * (p.before[0][1] + decay);
        z[1] += update[1] * (kept2 * p.before[1][1] + decay);
        T(pair_settle)(a, m, s, t, update, c, lead);
        for (int r = 0; r < 2; ++r) {
            before[r] = x[r];
            x[r] = next[r];
        }
    }
    T(pair_axpy_call)(m, c, before, m->w);
    if (m->average) T(pair_axpy_call)(m, lead, before, m->average);
    return s;
}

SCH_INLINE void T(single_dense)(const sch_loss loss, const sch_sgd_sweep_args *a, T(single) *m, int64_t count, double t)
{
    const int64_t bytes = m->size * (int64_t)sizeof(real);
    int64_t s = 0;
    if (a->l1 == 0.0 && a->intercept_slope == 0.0 && !T(is_passive_aggressive)(a->schedule)) {
        T(single_prepare)(a, m, count);
        for (int64_t start = -1; start < s;) { /* where no pair can be taken, its rows are */
            start = s;
            if (bytes <= T(PAIR_AHEAD_BYTES)) s = T(single_pairs_ahead)(loss, a, m, s, count, t);
            else if (bytes < T(PAIR_SPREAD_BYTES)) s = T(single_pairs)(loss, 0, a, m, s, count, t);
            else s = T(single_pairs)(loss, 1, a, m, s, count, t);
            if (s + 2 <= count) T(single_settle)(m);
        }
    }
    T(single_rows)(SCH_DENSE, loss, a, m, s, count, t);
}

/* One function for each loss and storage: inlined into one, they would compete for registers. Indices of 64 bits come with
 * tables so large that a call a row is nothing. */
#define DEFINE(NAME, text)                                                                                       \
    SCH_NOINLINE void T(single_dense_##NAME)(const sch_sgd_sweep_args *a, T(single) *m, int64_t count, double t) \
    {                                                                                                            \
        T(single_dense)(SCH_LOSS_##NAME, a, m, count, t);                                                        \
    }                                                                                                            \
    SCH_NOINLINE void T(single_csr32_##NAME)(const sch_sgd_sweep_args *a, T(single) *m, int64_t count, double t) \
    {                                                                                                            \
        T(single_rows)(SCH_CSR32, SCH_LOSS_##NAME, a, m, 0, count, t);                                           \
    }
SCH_SGD_LOSS_LIST(DEFINE)
#undef DEFINE

static void T(single_span)(const sch_sgd_sweep_args *a, T(single) *m, int64_t count, double t)
{
    if (a->batch_size > 1) {
        switch (a->x.storage) {
        case SCH_DENSE: T(single_batches)(SCH_DENSE, a, m, count, t); break;
        case SCH_CSR32: T(single_batches)(SCH_CSR32, a, m, count, t); break;
        case SCH_CSR64: T(single_batches)(SCH_CSR64, a, m, count, t); break;
        }
        return;
    }
    if (a->x.storage == SCH_CSR64) {
        T(single_rows)(SCH_CSR64, SCH_N_SGD_LOSSES, a, m, 0, count, t);
        return;
    }
    switch (a->loss) {
#define CASE(NAME, text)                                                       \
    case SCH_LOSS_##NAME:                                                      \
        if (a->x.storage == SCH_DENSE) T(single_dense_##NAME)(a, m, count, t); \
        else T(single_csr32_##NAME)(a, m, count, t);                           \
        break;
        SCH_SGD_LOSS_LIST(CASE)
#undef CASE
    default: break;
    }
}

static void T(single_sweep)(const sch_sgd_sweep_args *a, sch_visit *visit, T(single) *m)
{
    double t = a->t;
    int64_t unsettled = 0;
    m->visit = visit;
    for (int64_t count; (count = sch_visit_next(visit, &m->order)) > 0; t += (double)count) {
        if (sch_should_stop(&a->control)) return;
        T(prefetch_beside)(a, visit);
        for (int64_t s = 0; s < count; ++s) m->y[s] = ((const real *)a->y)[m->order[s]];
        sch_step_factors(a, t, count, m->factor);
        T(single_span)(a, m, count, t);
        unsettled += count;
        if (T(settles)(&a->x, unsettled)) {
            T(single_settle)(m);
            unsettled = 0;
        }
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

    T(single_sweep)(a, visit, m);
    T(single_settle)(m);
    T(single_unpack)(m, a->x.storage, m->w, a->coef);
    T(single_unpack)(m, a->x.storage, m->average, a->average_coef);
    T(single_unpack)(m, a->x.storage, m->applied, a->l1_applied);
    ((real *)a->intercept)[0] = (real)m->intercept;
    if (m->average) ((real *)a->average_intercept)[0] = (real)m->average_intercept;
}
