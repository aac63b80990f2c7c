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

/* The same, and its derivatives, for a strip of rows whose raw predictions stand class by class, `stride` apart: the
 * loops run over rows, however few the classes are. */
enum { T(STRIP) = 256 };

__attribute__((unused)) static double T(softmax_strip)(const real *y, const real *z, const real *weight, int64_t n,
                                                       int64_t stride, int64_t n_out, float *SCH_RESTRICT out)
{
    real highest[T(STRIP)], total[T(STRIP)];
    memcpy(highest, z, (size_t)n * sizeof(real));
    for (int64_t k = 1; k < n_out; ++k) {
        const real *own = z + k * stride;
        SCH_SIMD
        for (int64_t i = 0; i < n; ++i) highest[i] = T(max)(highest[i], own[i]);
    }
    memset(total, 0, sizeof total);
    for (int64_t k = 0; k < n_out; ++k) {
        const real *own = z + k * stride;
        float *pair = out + 2 * k * stride;
        SCH_SIMD
        for (int64_t i = 0; i < n; ++i) {
            const real power = T(exp)(own[i] - highest[i]);
            pair[2 * i] = (float)power;
            total[i] += power;
        }
    }
    double sum = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        const real value = highest[i] - z[(int64_t)y[i] * stride + i] + T(log1p)(total[i] - K(1.0));
        sum += (double)(weight ? weight[i] * value : value);
        total[i] = K(1.0) / total[i];
    }
    for (int64_t k = 0; k < n_out; ++k) {
        float *pair = out + 2 * k * stride;
        SCH_SIMD
        for (int64_t i = 0; i < n; ++i) {
            const real p = T(min)(K(1.0), (real)pair[2 * i] * total[i]); /* rounding brings some above */
            pair[2 * i] = (float)(p - (y[i] == (real)k ? K(1.0) : K(0.0)));
            pair[2 * i + 1] = (float)(p * (K(1.0) - p));
        }
    }
    return sum;
}
