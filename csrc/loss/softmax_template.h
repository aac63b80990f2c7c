/* loss/softmax_template.h - the multinomial loss: one raw prediction per class, the target is a class index.
 * Include after core/math_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

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
