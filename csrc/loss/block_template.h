/* loss/block_template.h - a loss over a block of samples: the one place where the loops stand.
 * Include after loss/loss_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Fills gradient and hessian where asked and returns the weighted sum of the values, in double. Which arrays there are
 * is a constant of the loop: a masked load from an array that is not there costs hundreds of cycles. A row that weighs
 * nothing adds nothing, even where its loss overflows. */
typedef enum { T(NO_HESSIAN), T(OBSERVED), T(EXPECTED) } T(second_order);

SCH_INLINE double T(block_loop)(const sch_loss loss, const int weighted, const int first, const T(second_order) second,
                                real c, const real *y, const real *z, const real *weight, int64_t n,
                                real *SCH_RESTRICT gradient, real *SCH_RESTRICT hessian)
{
    double total = 0.0;
    SCH_SIMD_SUM(total)
    for (int64_t i = 0; i < n; ++i) {
        const T(loss_terms) t = T(loss_at)(loss, y[i], z[i], c);
        const real m = weighted ? weight[i] : K(1.0);
        const int absent = weighted && m == K(0.0);
        if (first) gradient[i] = absent ? K(0.0) : m * t.gradient;
        if (second) hessian[i] = absent ? K(0.0) : m * (second == T(EXPECTED) ? t.expected : t.hessian);
        total += absent ? 0.0 : (double)(m * t.value);
    }
    return total;
}

SCH_INLINE double T(block_sum_of)(const sch_loss loss, real c, const real *y, const real *z, const real *weight,
                                  int64_t n)
{
    return weight ? T(block_loop)(loss, 1, 0, T(NO_HESSIAN), c, y, z, weight, n, NULL, NULL)
                  : T(block_loop)(loss, 0, 0, T(NO_HESSIAN), c, y, z, NULL, n, NULL, NULL);
}

SCH_INLINE double T(block_terms_with)(const sch_loss loss, const T(second_order) second, real c, const real *y,
                                      const real *z, const real *weight, int64_t n, real *gradient, real *hessian)
{
    return weight ? T(block_loop)(loss, 1, 1, second, c, y, z, weight, n, gradient, hessian)
                  : T(block_loop)(loss, 0, 1, second, c, y, z, NULL, n, gradient, hessian);
}

SCH_INLINE double T(block_terms_of)(const sch_loss loss, int expected, real c, const real *y, const real *z,
                                    const real *weight, int64_t n, real *gradient, real *hessian)
{
    if (!hessian) return T(block_terms_with)(loss, T(NO_HESSIAN), c, y, z, weight, n, gradient, NULL);
    if (expected && T(expectation_differs)(loss))
        return T(block_terms_with)(loss, T(EXPECTED), c, y, z, weight, n, gradient, hessian);
    return T(block_terms_with)(loss, T(OBSERVED), c, y, z, weight, n, gradient, hessian);
}

/* One function for each loss: inlined into one, they would compete for registers. */
#define DEFINE(NAME, text)                                                                                          \
    __attribute__((unused)) SCH_NOINLINE double T(block_sum_##NAME)(real c, const real *y, const real *z,           \
                                                                    const real *weight, int64_t n)                  \
    {                                                                                                               \
        return T(block_sum_of)(SCH_LOSS_##NAME, c, y, z, weight, n);                                                \
    }                                                                                                               \
    __attribute__((unused)) SCH_NOINLINE double T(block_terms_##NAME)(int expected, real c, const real *y,          \
                                                                      const real *z, const real *weight, int64_t n, \
                                                                      real *gradient, real *hessian)                \
    {                                                                                                               \
        return T(block_terms_of)(SCH_LOSS_##NAME, expected, c, y, z, weight, n, gradient, hessian);                 \
    }
SCH_LOSS_LIST(DEFINE)
#undef DEFINE

/* Weighted sum of the values; weight may be NULL. */
__attribute__((unused)) static double T(block_sum)(sch_loss loss, real c, const real *y, const real *z,
                                                   const real *weight, int64_t n)
{
    switch (loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: return T(block_sum_##NAME)(c, y, z, weight, n);
        SCH_LOSS_LIST(CASE)
#undef CASE
    default: return (double)NAN;
    }
}

/* Fills gradient and, unless NULL, hessian, or what is expected of it under the model; returns the weighted sum of the
 * values. */
__attribute__((unused)) static double T(block_terms)(sch_loss loss, int expected, real c, const real *y, const real *z,
                                                     const real *weight, int64_t n, real *gradient, real *hessian)
{
    switch (loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: return T(block_terms_##NAME)(expected, c, y, z, weight, n, gradient, hessian);
        SCH_LOSS_LIST(CASE)
#undef CASE
    default: return (double)NAN;
    }
}
