/* linear/sgd_lanes_quads_template.h - SGD for many outputs over dense rows four at a time, step for step what it is over
 * single rows: see linear/sgd_single_pairs_template.h. A load of the weights serves four rows, and the products of the rows
 * with each other serve all outputs.
 * Include after linear/sgd_lanes_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef QUAD
#undef QUAD_PRODUCT
#define QUAD 4
#define QUAD_PRODUCT(later, row) ((later) * ((later) - 1) / 2 + (row)) /* where the product of two rows stands */

SCH_INLINE int T(lanes_quads_allowed)(const sch_sgd_sweep_args *a)
{
    return a->batch_size == 1 && a->l1 == 0.0 && a->intercept_slope == 0.0 && !T(is_passive_aggressive)(a->schedule);
}

/* product[QUAD_PRODUCT(q, r)] = x_q x_r for r < q */
SCH_INLINE void T(quad_products)(const real *const *x, int64_t d, real *product)
{
    const real *x0 = x[0], *x1 = x[1], *x2 = x[2], *x3 = x[3];
    vreal p10 = {0}, p20 = {0}, p21 = {0}, p30 = {0}, p31 = {0}, p32 = {0};
    real sums[8];
    int64_t j = 0;
    for (; j + VL <= d; j += VL) {
        const vreal v0 = T(vload)(x0 + j), v1 = T(vload)(x1 + j), v2 = T(vload)(x2 + j), v3 = T(vload)(x3 + j);
        p10 += v1 * v0;
        p20 += v2 * v0;
        p21 += v2 * v1;
        p30 += v3 * v0;
        p31 += v3 * v1;
        p32 += v3 * v2;
    }
    T(store_sums)(p10, p20, p21, p30, sums);
    T(store_sums)(p31, p32, p31, p32, sums + 4);
    for (; j < d; ++j) {
        sums[0] += x1[j] * x0[j];
        sums[1] += x2[j] * x0[j];
        sums[2] += x2[j] * x1[j];
        sums[3] += x3[j] * x0[j];
        sums[4] += x3[j] * x1[j];
        sums[5] += x3[j] * x2[j];
    }
    memcpy(product, sums, 6 * sizeof(real));
}

/* z[r][l] = sum over the features of x_r w[., l]: even and odd features apart, or each sum would wait for its own last
 * addition. */
SCH_INLINE void T(quad_dot)(const real *const *x, int64_t d, const real *w, real (*z)[LANES])
{
#pragma GCC unroll 4
    for (int q = 0; q < LANE_REGISTERS; ++q) {
        vreal z0[2] = {{0}, {0}}, z1[2] = {{0}, {0}}, z2[2] = {{0}, {0}}, z3[2] = {{0}, {0}};
        int64_t j = 0;
#define ACCUMULATE(HALF, AT)                                 \
    do {                                                     \
        const vreal v = T(vload)(w + (AT) * LANES + q * VL); \
        z0[HALF] += v * T(vset)(x[0][AT]);                   \
        z1[HALF] += v * T(vset)(x[1][AT]);                   \
        z2[HALF] += v * T(vset)(x[2][AT]);                   \
        z3[HALF] += v * T(vset)(x[3][AT]);                   \
    } while (0)
        for (; j + 2 <= d; j += 2) {
            ACCUMULATE(0, j);
            ACCUMULATE(1, j + 1);
        }
        if (j < d) ACCUMULATE(0, j);
#undef ACCUMULATE
        T(vstore)(z[0] + q * VL, z0[0] + z0[1]);
        T(vstore)(z[1] + q * VL, z1[0] + z1[1]);
        T(vstore)(z[2] + q * VL, z2[0] + z2[1]);
        T(vstore)(z[3] + q * VL, z3[0] + z3[1]);
    }
}

/* w[., l] += sum of c[r][l] * x_r */
SCH_INLINE void T(quad_axpy)(const real *const *x, int64_t d, real (*c)[LANES], real *w)
{
#pragma GCC unroll 4
    for (int q = 0; q < LANE_REGISTERS; ++q) {
        const vreal c0 = T(vload)(c[0] + q * VL), c1 = T(vload)(c[1] + q * VL);
        const vreal c2 = T(vload)(c[2] + q * VL), c3 = T(vload)(c[3] + q * VL);
        for (int64_t j = 0; j < d; ++j) {
            real *at = w + j * LANES + q * VL;
            T(vstore)(at, T(vload)(at) + ((c0 * T(vset)(x[0][j]) + c1 * T(vset)(x[1][j])) +
                                          (c2 * T(vset)(x[2][j]) + c3 * T(vset)(x[3][j]))));
        }
    }
}

/* kept[r][l] = what L2 leaves of lane l's weights at row r, whole[l] at all rows; 0 where that is too little. */
SCH_INLINE int T(quad_shrink)(const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s, real (*kept)[LANES], double *whole)
{
    double least = 1.0, lowest = 1.0;
    for (int l = 0; l < LANES; ++l) whole[l] = 1.0;
#pragma GCC unroll 4
    for (int r = 0; r < QUAD; ++r) {
        const double rate = m->factor[s + r] * a->l2;
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) {
            const double now = m->eta[l] * rate < 1.0 ? 1.0 - m->eta[l] * rate : 0.0;
            kept[r][l] = (real)now;
            whole[l] *= now;
        }
    }
    SCH_PRAGMA(omp simd reduction(min : least, lowest))
    for (int l = 0; l < LANES; ++l) {
        const double then = m->scale[l] * whole[l];
        least = whole[l] < least ? whole[l] : least;
        lowest = then < lowest ? then : lowest;
    }
    if (least < SMALLEST_SCALE) return 0;
    if (lowest < SMALLEST_SCALE) T(lanes_settle)(m, a->x.d);
    return 1;
}

/* The four steps' part in the lazy average, lead[r] * x_r; a step may start the average anew. */
SCH_NOINLINE void T(quad_average)(const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s, double t, const real *const *x,
                                  real (*update)[LANES], real (*c)[LANES])
{
    real lead[QUAD][LANES];
    double scale[LANES], intercept[LANES];
    memcpy(scale, m->scale, sizeof scale);
    memcpy(intercept, m->intercept, sizeof intercept);
    memset(lead, 0, sizeof lead);
    for (int r = 0; r < QUAD; ++r) {
        for (int l = 0; l < LANES; ++l) {
            const double amount = m->eta[l] * m->factor[s + r] * a->l2;
            m->scale[l] *= amount < 1.0 ? 1.0 - amount : 0.0;
            if (a->fit_intercept) m->intercept[l] += (double)update[r][l] * a->intercept_decay;
        }
        if (!T(averages)(a, t + r)) continue;
        const double mu = sch_average_share(a, t + r, 1);
        for (int l = 0; l < LANES && mu < 1.0; ++l) lead[r][l] = (real)(-m->a[l]) * c[r][l];
        if (mu == 1.0) memset(lead, 0, (size_t)r * sizeof *lead);
        T(lanes_average)(m, a->x.d, mu);
    }
    T(quad_axpy)(x, a->x.d, lead, m->average);
    memcpy(m->scale, scale, sizeof scale);
    memcpy(m->intercept, intercept, sizeof intercept);
}

/* One row's step for every lane: its length along the row. */
SCH_INLINE void T(quad_update)(const sch_loss loss, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s, const real *z,
                               real *update)
{
    const real weight = m->weight[s], low = m->low, high = m->high;
    const ireal own = (ireal)((int64_t)m->y[s] - m->first);
    const double factor = m->factor[s];
    real value[LANES];
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) {
        const int mine = (ireal)l == own;
        const T(loss_terms) terms = T(loss_at)(loss, mine ? high : low, z[l], (real)a->loss_param);
        const real class_weight = (mine ? m->positive[l] : m->negative[l]) * weight;
        value[l] = terms.value;
        update[l] = -(real)(m->eta[l] * factor) * class_weight * T(clipped_gradient)(loss, terms);
    }
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) m->loss[l] += (double)value[l];
}

/* The four rows visited at s and after, the first of which is the t-th sample; 0, and nothing done, where L2 shrinks the
 * weights too fast. `last` is where the span ends: the rows after these are prefetched, some at each step. */
SCH_INLINE int T(lanes_quad)(const sch_loss loss, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t s, int64_t last,
                             double t)
{
    const real decay = a->fit_intercept ? (real)a->intercept_decay : K(0.0);
    const real *x[QUAD];
    real z[QUAD][LANES], update[QUAD][LANES], c[QUAD][LANES], kept[QUAD][LANES], scale[LANES], product[8];
    double whole[LANES];
    if (!T(quad_shrink)(a, m, s, kept, whole)) return 0;
    for (int r = 0; r < QUAD; ++r) x[r] = (const real *)a->x.data + m->order[s + r] * a->x.row_stride;
    T(quad_products)(x, a->x.d, product);
    T(quad_dot)(x, a->x.d, m->w, z);
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) scale[l] = (real)m->scale[l];
#pragma GCC unroll 4
    for (int r = 0; r < QUAD; ++r) {
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) {
            z[r][l] = z[r][l] * scale[l] + (real)m->intercept[l];
            scale[l] *= kept[r][l];
            c[r][l] = K(1.0) / scale[l];
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < QUAD; ++r) {
        real left[LANES];
        T(prefetch_row)(SCH_DENSE, &a->x, m->order[sch_min(s + r + QUAD, last)], 0);
        T(prefetch_row)(SCH_DENSE, &a->x, sch_visit_later(m->visit, s + r), 1);
        T(quad_update)(loss, a, m, s + r, z[r], update[r]);
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) {
            c[r][l] *= update[r][l];
            left[l] = K(1.0);
        }
#pragma GCC unroll 4
        for (int later = r + 1; later < QUAD; ++later) {
            const real both = product[QUAD_PRODUCT(later, r)];
            SCH_SIMD
            for (int l = 0; l < LANES; ++l) {
                z[later][l] += update[r][l] * (left[l] * both + decay);
                left[l] *= kept[later][l];
            }
        }
    }
    if (m->average) {
        T(quad_average)(a, m, s, t, x, update, c);
    }
    T(quad_axpy)(x, a->x.d, c, m->w);
    SCH_SIMD
    for (int l = 0; l < LANES; ++l) {
        m->scale[l] *= whole[l];
        m->intercept[l] += (double)(decay * ((update[0][l] + update[1][l]) + (update[2][l] + update[3][l])));
    }
    return 1;
}

/* Four rows at a time from the first one of the span on; returns where it stopped. One function for each loss: a call
 * between the four rows' margins and their steps would cost up to a quarter. */
#define DEFINE(NAME, text)                                                                                        \
    SCH_NOINLINE int64_t T(lanes_quads_##NAME)(const sch_sgd_sweep_args *a, T(lanes) *m, int64_t count, double t) \
    {                                                                                                             \
        int64_t s = 0;                                                                                            \
        for (; s + QUAD <= count; s += QUAD) {                                                                    \
            if (!T(lanes_quad)(SCH_LOSS_##NAME, a, m, s, count - 1, t + (double)s)) break;                        \
        }                                                                                                         \
        return s;                                                                                                 \
    }
SCH_SGD_LOSS_LIST(DEFINE)
#undef DEFINE

static int64_t T(lanes_quads)(const sch_sgd_sweep_args *a, T(lanes) *m, int64_t count, double t)
{
    switch (a->loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: return T(lanes_quads_##NAME)(a, m, count, t);
        SCH_SGD_LOSS_LIST(CASE)
#undef CASE
    default: return 0;
    }
}

SCH_INLINE void T(lanes_steps)(const sch_storage storage, const sch_sgd_sweep_args *a, T(lanes) *m, int64_t first,
                               int64_t count, double t)
{
    const int64_t ahead = sch_prefetch_ahead(&a->x);
    for (int64_t s = first; s < count; s += a->batch_size) {
        const int64_t rows = sch_min(a->batch_size, count - s);
        for (int64_t r = s; r < s + rows; ++r) T(prefetch_row)(storage, &a->x, sch_visit_later(m->visit, r), 1);
        for (int64_t r = s + ahead; r < sch_min(s + ahead + rows, count); ++r)
            T(prefetch_row)(storage, &a->x, m->order[r], 0);
        T(lanes_step)(storage, a, m, s, rows, t + (double)s);
    }
}

static void T(lanes_span)(const sch_sgd_sweep_args *a, T(lanes) *m, int64_t count, double t)
{
    int64_t first = 0;
    if (a->x.storage == SCH_DENSE && T(lanes_quads_allowed)(a)) {
        first = T(lanes_quads)(a, m, count, t);
        T(lanes_refresh)(m);
    }
    switch (a->x.storage) {
    case SCH_DENSE: T(lanes_steps)(SCH_DENSE, a, m, first, count, t); break;
    case SCH_CSR32: T(lanes_steps)(SCH_CSR32, a, m, first, count, t); break;
    case SCH_CSR64: T(lanes_steps)(SCH_CSR64, a, m, first, count, t); break;
    }
}

static void T(lanes_sweep)(const sch_sgd_sweep_args *a, sch_visit *visit, T(lanes) *m)
{
    double t = a->t;
    int64_t unsettled = 0;
    m->visit = visit;
    for (int64_t count; (count = sch_visit_next(visit, &m->order)) > 0; t += (double)count) {
        if (sch_should_stop(&a->control)) return;
        T(prefetch_beside)(a, visit);
        /* gathered beforehand, or every step would wait for them */
        for (int64_t s = 0; s < count; ++s) m->y[s] = ((const real *)a->y)[m->order[s]];
        for (int64_t s = 0; s < count; ++s)
            m->weight[s] = a->sample_weight ? ((const real *)a->sample_weight)[m->order[s]] : K(1.0);
        sch_step_factors(a, t, count, m->factor);
        T(lanes_span)(a, m, count, t);
        unsettled += count;
        if (!T(settles)(&a->x, unsettled)) continue;
        T(lanes_settle)(m, a->x.d);
        T(lanes_refresh)(m);
        unsettled = 0;
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
        if (!m->active[l]) continue;
        ((real *)a->intercept)[k] = (real)m->intercept[l];
        if (a->average_intercept) ((real *)a->average_intercept)[k] = (real)m->average_intercept[l];
        if (a->l1_total) a->l1_total[k] = m->due[l];
    }
}
