/* linear/sgd_bundle_slopes_template.h - margins of a bundle's outputs, and the loss's derivative by each of them.
 * Include after linear/sgd_bundle_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---- margins */

SCH_INLINE real T(plain_dot)(const real *x, const real *w, int64_t d)
{
    vreal sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
    real rest = 0;
    int64_t j = 0;
    for (; j + 4 * VL <= d; j += 4 * VL) {
        sum0 += T(vload)(x + j) * T(vload)(w + j);
        sum1 += T(vload)(x + j + VL) * T(vload)(w + j + VL);
        sum2 += T(vload)(x + j + 2 * VL) * T(vload)(w + j + 2 * VL);
        sum3 += T(vload)(x + j + 3 * VL) * T(vload)(w + j + 3 * VL);
    }
    for (; j + VL <= d; j += VL) sum0 += T(vload)(x + j) * T(vload)(w + j);
    for (; j < d; ++j) rest += x[j] * w[j];
    return T(vsum)((sum0 + sum1) + (sum2 + sum3)) + rest;
}

/* z = sum over the row of x * w, for `registers` registers of outputs; w and z point to the first of them. */
SCH_INLINE void T(side_by_side_dot)(const sch_storage storage, const int registers, const T(row) r, int64_t d,
                                    int64_t width, const real *w, real *z)
{
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    vreal even[4] = {{0}, {0}, {0}, {0}}, odd[4] = {{0}, {0}, {0}, {0}};
    int64_t e = 0;
    for (; e + 2 <= length; e += 2) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        const int64_t i = storage == SCH_DENSE ? e + 1 : T(entry)(storage, r.index, e + 1);
        const vreal x = T(vset)(r.value[e]), y = T(vset)(r.value[e + 1]);
#pragma GCC unroll 4
        for (int q = 0; q < registers; ++q) {
            even[q] += x * T(vload)(w + j * width + q * VL);
            odd[q] += y * T(vload)(w + i * width + q * VL);
        }
    }
    if (e < length) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        const vreal x = T(vset)(r.value[e]);
#pragma GCC unroll 4
        for (int q = 0; q < registers; ++q) even[q] += x * T(vload)(w + j * width + q * VL);
    }
#pragma GCC unroll 4
    for (int q = 0; q < registers; ++q) T(vstore)(z + q * VL, even[q] + odd[q]);
}

SCH_INLINE void T(bundle_margin)(const sch_storage storage, const T(bundle) *m, const T(row) r, real *z)
{
    const real *intercept = m->w + m->d * m->width;
    if (m->width == 1) {
        z[0] = storage == SCH_DENSE ? T(plain_dot)(r.value, m->w, m->d) : T(row_dot)(storage, NULL, r, m->w);
        z[0] += intercept[0];
        return;
    }
    int64_t l = 0;
    for (; l + 4 * VL <= m->width; l += 4 * VL) T(side_by_side_dot)(storage, 4, r, m->d, m->width, m->w + l, z + l);
    for (; l + 2 * VL <= m->width; l += 2 * VL) T(side_by_side_dot)(storage, 2, r, m->d, m->width, m->w + l, z + l);
    for (; l < m->width; l += VL) T(side_by_side_dot)(storage, 1, r, m->d, m->width, m->w + l, z + l);
    SCH_SIMD
    for (int64_t k = 0; k < m->width; ++k) z[k] += intercept[k];
}

/* ---- slopes: from margins to the derivative of the batch's mean loss by each of them */

SCH_INLINE void T(single_slopes)(const sch_loss loss, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows)
{
    double total = 0.0;
    SCH_SIMD_SUM(total)
    for (int64_t r = 0; r < rows; ++r) {
        const T(loss_terms) t = T(loss_at)(loss, m->y[r], m->z[r], (real)a->loss_param);
        const real class_weight = m->y[r] > 0 ? m->positive[0] : m->negative[0];
        total += (double)t.value;
        m->z[r] = class_weight * m->weight[r] * T(clipped_gradient)(loss, t);
    }
    m->loss[0] += total;
}

SCH_INLINE void T(lane_slopes)(const sch_loss loss, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows)
{
    for (int64_t r = 0; r < rows; ++r) {
        real *z = m->z + r * LANES;
        const ireal own = (ireal)((int64_t)m->y[r] - m->first);
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) {
            const int mine = (ireal)l == own;
            const T(loss_terms) t = T(loss_at)(loss, mine ? m->high : m->low, z[l], (real)a->loss_param);
            m->loss[l] += (double)t.value;
            z[l] = (mine ? m->positive[l] : m->negative[l]) * m->weight[r] * T(clipped_gradient)(loss, t);
        }
    }
}

#define DEFINE(NAME, text)                                                                             \
    SCH_NOINLINE void T(bundle_slopes_##NAME)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows) \
    {                                                                                                  \
        if (m->width == 1) T(single_slopes)(SCH_LOSS_##NAME, a, m, rows);                              \
        else T(lane_slopes)(SCH_LOSS_##NAME, a, m, rows);                                              \
    }
SCH_SGD_LOSS_LIST(DEFINE)
#undef DEFINE

/* The class weights of a softmax are those of the rows' own classes. */
SCH_NOINLINE void T(softmax_slopes)(T(bundle) *m, int64_t rows)
{
    for (int64_t r = 0; r < rows; ++r) {
        real *z = m->z + r * m->width;
        const int64_t own = (int64_t)m->y[r];
        const real weight = m->weight[r] * m->positive[own];
        real highest = z[0], total = K(0.0);
        for (int l = 1; l < m->n_lanes; ++l) highest = T(max)(highest, z[l]);
        const real margin = z[own] - highest;
        SCH_SIMD_SUM(total)
        for (int l = 0; l < m->n_lanes; ++l) total += z[l] = T(exp)(z[l] - highest);
        const real share = weight / total;
        SCH_SIMD
        for (int l = 0; l < m->n_lanes; ++l) z[l] *= share;
        for (int64_t l = m->n_lanes; l < m->width; ++l) z[l] = K(0.0);
        z[own] -= weight;
        m->loss[0] += (double)(T(log1p)(total - K(1.0)) - margin);
    }
}

static void T(bundle_slopes)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows)
{
    switch (a->loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: T(bundle_slopes_##NAME)(a, m, rows); break;
        SCH_SGD_LOSS_LIST(CASE)
#undef CASE
    default: T(softmax_slopes)(m, rows);
    }
}
