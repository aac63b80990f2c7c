/* loss/block_template.h - a loss over a block of samples: the one place where the loops stand.
 * Include after loss/loss_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Weighted sum of the values, summed in double. weight may be NULL. */
SCH_INLINE double T(block_sum_of)(const sch_loss loss, real c, const real *y, const real *z, const real *weight, int64_t n)
{
    double total = 0.0;
    if (weight) {
        SCH_SIMD_SUM(total)
        for (int64_t i = 0; i < n; ++i) total += (double)(weight[i] * T(loss_at)(loss, y[i], z[i], c).value);
    } else {
        SCH_SIMD_SUM(total)
        for (int64_t i = 0; i < n; ++i) total += (double)T(loss_at)(loss, y[i], z[i], c).value;
    }
    return total;
}

/* Fills gradient and, unless NULL, hessian; returns the weighted sum of the values. */
SCH_INLINE double T(block_terms_of)(const sch_loss loss, real c, const real *y, const real *z, const real *weight,
                                    int64_t n, real *SCH_RESTRICT gradient, real *SCH_RESTRICT hessian)
{
    double total = 0.0;
    if (hessian) {
        SCH_SIMD_SUM(total)
        for (int64_t i = 0; i < n; ++i) {
            const T(loss_terms) t = T(loss_at)(loss, y[i], z[i], c);
            const real m = weight ? weight[i] : K(1.0);
            gradient[i] = m * t.gradient;
            hessian[i] = m * t.hessian;
            total += (double)(m * t.value);
        }
    } else {
        SCH_SIMD_SUM(total)
        for (int64_t i = 0; i < n; ++i) {
            const T(loss_terms) t = T(loss_at)(loss, y[i], z[i], c);
            const real m = weight ? weight[i] : K(1.0);
            gradient[i] = m * t.gradient;
            total += (double)(m * t.value);
        }
    }
    return total;
}

static double T(block_sum)(sch_loss loss, real c, const real *y, const real *z, const real *weight, int64_t n)
{
    switch (loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: return T(block_sum_of)(SCH_LOSS_##NAME, c, y, z, weight, n);
        SCH_LOSS_LIST(CASE)
#undef CASE
    default: return (double)NAN;
    }
}

__attribute__((unused)) static double T(block_terms)(sch_loss loss, real c, const real *y, const real *z,
                                                     const real *weight, int64_t n, real *gradient, real *hessian)
{
    switch (loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: return T(block_terms_of)(SCH_LOSS_##NAME, c, y, z, weight, n, gradient, hessian);
        SCH_LOSS_LIST(CASE)
#undef CASE
    default: return (double)NAN;
    }
}
