/* nn/norm_template.h - batch normalisation (Ioffe and Szegedy 2015), per unit over the rows of a batch, and layer
 * normalisation (Ba, Kiros and Hinton 2016), per row over the units.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef NORM_EPSILON
#undef RUNNING_SHARE
#define NORM_EPSILON 1e-5
#define RUNNING_SHARE K(0.1) /* of the newest batch in the running statistics */

typedef struct {
    const sch_nn_layer *l;
    const T(batch) *m;
    int64_t unit;
} T(unit_of_batch);

/* Sum over the batch's rows of f = (v - shift) * (w or v - shift), or of v alone; panels in order. */
SCH_INLINE double T(sum_rows)(const T(batch) *m, int64_t units, int64_t unit, const real *v, const real *w, real shift,
                              const int kind)
{
    double total = 0.0;
    for (int64_t p = 0; p < m->panels; ++p) {
        const real *const a = v + (p * units + unit) * PW, *const b = w ? w + (p * units + unit) * PW : a;
        const int64_t count = sch_min(PW, m->rows - p * PW);
        real sum = 0;
        SCH_SIMD_SUM(sum)
        for (int64_t l = 0; l < count; ++l)
            sum += kind == 0 ? a[l] : (kind == 1 ? (a[l] - shift) * (a[l] - shift) : a[l] * b[l]);
        total += (double)sum;
    }
    return total;
}

/* z: (panels, units, PW) what the linear map gave; hat, u: normalised, and scaled and shifted (may be z). */
static void T(batch_norm_unit)(const sch_nn_layer *l, const T(batch) *m, int64_t unit, const real *z, real *hat,
                               real *u, real *scale)
{
    const int64_t units = l->fan_out;
    const double rows = (double)m->rows;
    const real mean = (real)(T(sum_rows)(m, units, unit, z, NULL, K(0.0), 0) / rows);
    const double variance = T(sum_rows)(m, units, unit, z, NULL, mean, 1) / rows;
    const real inverse = (real)(1.0 / sqrt(variance + NORM_EPSILON));
    const real gain = ((const real *)l->gain)[unit], shift = ((const real *)l->shift)[unit];
    real *const running_mean = (real *)l->running_mean + unit, *const running_var = (real *)l->running_var + unit;
    for (int64_t p = 0; p < m->panels; ++p) {
        const int64_t at = (p * units + unit) * PW;
        SCH_SIMD
        for (int i = 0; i < PW; ++i) {
            const real h = (z[at + i] - mean) * inverse;
            hat[at + i] = h;
            u[at + i] = gain * h + shift;
        }
    }
    scale[unit] = inverse;
    *running_mean += RUNNING_SHARE * (mean - *running_mean);
    *running_var += RUNNING_SHARE * ((real)(variance * rows / fmax(rows - 1.0, 1.0)) - *running_var);
}

static void T(layer_norm_panel)(const sch_nn_layer *l, const real *z, real *hat, real *u, real *scale)
{
    const int64_t units = l->fan_out;
    const real share = (real)(1.0 / (double)units), *const gain = l->gain, *const shift = l->shift;
    real mean[PW] = {0}, variance[PW] = {0};
    for (int64_t k = 0; k < units; ++k)
        for (int i = 0; i < PW; ++i) mean[i] += share * z[k * PW + i];
    for (int64_t k = 0; k < units; ++k)
        for (int i = 0; i < PW; ++i) variance[i] += share * (z[k * PW + i] - mean[i]) * (z[k * PW + i] - mean[i]);
    for (int i = 0; i < PW; ++i) scale[i] = K(1.0) / T(sqrt)(variance[i] + (real)NORM_EPSILON);
    for (int64_t k = 0; k < units; ++k)
        for (int i = 0; i < PW; ++i) {
            const real h = (z[k * PW + i] - mean[i]) * scale[i];
            hat[k * PW + i] = h;
            u[k * PW + i] = gain[k] * h + shift[k];
        }
}

/* Derivatives by gain and shift of one unit; d: derivative by the norm's result. */
static void T(norm_unit_gradient)(const T(batch) *m, int64_t units, int64_t unit, const real *d, const real *hat,
                                  double *gain, double *shift)
{
    *gain = T(sum_rows)(m, units, unit, d, hat, K(0.0), 2);
    *shift = T(sum_rows)(m, units, unit, d, NULL, K(0.0), 0);
}

/* d becomes the derivative by what the linear map gave. */
static void T(batch_norm_back)(const sch_nn_layer *l, const T(batch) *m, int64_t unit, double by_gain, double by_shift,
                               const real *hat, const real *scale, real *d)
{
    const real factor = scale[unit] * ((const real *)l->gain)[unit], share = (real)(1.0 / (double)m->rows);
    const real mean = share * (real)by_shift, along = share * (real)by_gain;
    for (int64_t p = 0; p < m->panels; ++p) {
        const int64_t at = (p * l->fan_out + unit) * PW;
        SCH_SIMD
        for (int i = 0; i < PW; ++i) d[at + i] = factor * (d[at + i] - mean - hat[at + i] * along);
    }
}

static void T(layer_norm_back)(const sch_nn_layer *l, const real *hat, const real *scale, real *d)
{
    const int64_t units = l->fan_out;
    const real share = (real)(1.0 / (double)units), *const gain = l->gain;
    real mean[PW] = {0}, along[PW] = {0};
    for (int64_t k = 0; k < units; ++k)
        for (int i = 0; i < PW; ++i) {
            const real g = share * gain[k] * d[k * PW + i];
            mean[i] += g;
            along[i] += g * hat[k * PW + i];
        }
    for (int64_t k = 0; k < units; ++k)
        for (int i = 0; i < PW; ++i)
            d[k * PW + i] = scale[i] * (gain[k] * d[k * PW + i] - mean[i] - hat[k * PW + i] * along[i]);
}
