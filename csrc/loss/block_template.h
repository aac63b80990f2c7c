/* loss/block_template.h - a loss over a block of samples: the one place where the loops stand.
 * Include after loss/loss_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Fills gradient and hessian where asked and returns the weighted sum of the values, in double. Which arrays there are
 * is a constant of the loop: a masked load from an array that is not there costs hundreds of cycles. */
SCH_INLINE double T(block_loop)(const sch_loss loss, const int weighted, const int first, const int second, real c,
                                const real *y, const real *z, const real *weight, int64_t n,
                                real *SCH_RESTRICT gradient, real *SCH_RESTRICT hessian)
{
    double total = 0.0;
    SCH_SIMD_SUM(total)
    for (int64_t i = 0; i < n; ++i) {
        const T(loss_terms) t = T(loss_at)(loss, y[i], z[i], c);
        const real m = weighted ? weight[i] : K(1.0);
        if (first) gradient[i] = m * t.gradient;
        if (second) hessian[i] = m * t.hessian;
        total += (double)(m * t.value);
    }
    return total;
}

SCH_INLINE double T(block_sum_of)(const sch_loss loss, real c, const real *y, const real *z, const real *weight,
                                  int64_t n)
{
    return weight ? T(block_loop)(loss, 1, 0, 0, c, y, z, weight, n, NULL, NULL)
                  : T(block_loop)(loss, 0, 0, 0, c, y, z, NULL, n, NULL, NULL);
}

SCH_INLINE double T(block_terms_of)(const sch_loss loss, real c, const real *y, const real *z, const real *weight,
                                    int64_t n, real *gradient, real *hessian)
{
    if (weight && hessian) return T(block_loop)(loss, 1, 1, 1, c, y, z, weight, n, gradient, hessian);
    if (weight) return T(block_loop)(loss, 1, 1, 0, c, y, z, weight, n, gradient, NULL);
    if (hessian) return T(block_loop)(loss, 0, 1, 1, c, y, z, NULL, n, gradient, hessian);
    return T(block_loop)(loss, 0, 1, 0, c, y, z, NULL, n, gradient, NULL);
}

/* Weighted sum of the values; weight may be NULL. */
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

/* Fills gradient and, unless NULL, hessian; returns the weighted sum of the values. */
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
