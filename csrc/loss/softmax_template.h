/* loss/softmax_template.h - the multinomial loss: one raw prediction per class, the target is a class index.
 * Include after core/math_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Turns a row of raw predictions into probabilities in place; returns log(sum(exp(z))). */
SCH_INLINE double T(softmax_row)(real *z, int64_t n_out)
{
    real highest = z[0], total = K(0.0);
    for (int64_t k = 1; k < n_out; ++k) highest = T(max)(highest, z[k]);
    SCH_SIMD_SUM(total)
    for (int64_t k = 0; k < n_out; ++k) {
        z[k] = T(exp)(z[k] - highest);
        total += z[k];
    }
    const real scale = K(1.0) / total;
    SCH_SIMD
    for (int64_t k = 0; k < n_out; ++k) z[k] *= scale;
    return (double)(highest + T(log1p)(total - K(1.0)));
}

#undef REAL_HIGHEST
#define REAL_HIGHEST (REAL_BITS == 32 ? (real)FLT_MAX : (real)DBL_MAX)

/* The same for a row padded to whole registers with -REAL_HIGHEST; probabilities go to p. Returns log(sum(exp(z))). */
SCH_INLINE real T(softmax_padded)(const real *z, int64_t n_padded, real *p)
{
    real highest = z[0], total = K(0.0);
    for (int64_t k = 1; k < n_padded; ++k) highest = T(max)(highest, z[k]);
    for (int64_t k = 0; k < n_padded; k += VL) {
        SCH_SIMD
        for (int l = 0; l < VL; ++l) p[k + l] = T(exp)(z[k + l] - highest);
    }
    for (int64_t k = 0; k < n_padded; ++k) total += p[k];
    const real scale = K(1.0) / total;
    for (int64_t k = 0; k < n_padded; k += VL) {
        SCH_SIMD
        for (int l = 0; l < VL; ++l) p[k + l] *= scale;
    }
    return highest + T(log1p)(total - K(1.0));
}

/* Weighted sum of log(sum(exp(z))) - z[y] over rows of raw predictions. */
SCH_INLINE double T(softmax_sum)(const real *y, const real *z, const real *weight, int64_t n, int64_t n_out)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        const real *row = z + i * n_out;
        real highest = row[0], total = K(0.0);
        for (int64_t k = 1; k < n_out; ++k) highest = T(max)(highest, row[k]);
        SCH_SIMD_SUM(total)
        for (int64_t k = 0; k < n_out; ++k) total += T(exp)(row[k] - highest);
        const real value = highest - row[(int64_t)y[i]] + T(log1p)(total - K(1.0));
        sum += (double)(weight ? weight[i] * value : value);
    }
    return sum;
}
