/* nn/head_template.h - the last layer's raw outputs: loss and its derivative in one pass, or probabilities and means.
 * Everything is lane by lane, a lane being a row of the batch.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    real value, slope;
} T(head_terms);

/* (1 - p)^focal and its derivative's factor for a right class of probability p with -log p = value. */
SCH_INLINE T(head_terms) T(focal_terms)(real p, real value, real focal)
{
    const real rest = T(max)(K(1.0) - p, REAL_TINY), log_rest = T(log)(rest);
    const real weight = T(exp)(focal * log_rest);
    return (T(head_terms)){weight, weight + focal * (weight / rest) * p * value};
}

SCH_INLINE real T(log_or_zero)(real y) { return y > K(0.0) ? T(log)(y) : K(0.0); }

/* One output against its target; SOFTMAX is not among them. */
SCH_INLINE T(head_terms)
    T(head_one)(const sch_nn_loss loss, const int focused, real y, real z, real param, real smoothing, real focal)
{
    const real r = z - y;
    switch (loss) {
    case SCH_NN_LOSS_LOGISTIC:
        if (focused) {
            const real side = K(2.0) * y - K(1.0), p = T(sigmoid)(side * z), value = T(softplus)(-side * z);
            const T(head_terms) f = T(focal_terms)(p, value, focal);
            return (T(head_terms)){f.value * value, -side * (K(1.0) - p) * f.slope};
        } else {
            const real q = y + smoothing * (K(0.5) - y);
            return (T(head_terms)){T(softplus)(z) - q * z, T(sigmoid)(z) - q};
        }
    case SCH_NN_LOSS_ABSOLUTE: return (T(head_terms)){T(abs)(r), r > K(0.0) ? K(1.0) : (r < K(0.0) ? K(-1.0) : r)};
    case SCH_NN_LOSS_HUBER: {
        const real q = T(min)(T(abs)(r), param);
        return (T(head_terms)){q * (T(abs)(r) - K(0.5) * q), T(max)(-param, T(min)(r, param))};
    }
    case SCH_NN_LOSS_QUANTILE:
        return (T(head_terms)){r < K(0.0) ? -param * r : (K(1.0) - param) * r,
                               r < K(0.0) ? -param : (r > K(0.0) ? K(1.0) - param : r)};
    case SCH_NN_LOSS_POISSON: {
        const real mean = T(exp)(z);
        return (T(head_terms)){mean - y * z + y * T(log_or_zero)(y) - y, mean - y};
    }
    case SCH_NN_LOSS_GAMMA: {
        const real ratio = y * T(exp)(-z);
        return (T(head_terms)){z + ratio - K(1.0) - T(log_or_zero)(y), K(1.0) - ratio};
    }
    default: return (T(head_terms)){K(0.5) * r * r, r};
    }
}

/* loss[i] += values, d = scale[i] * slopes over one panel of outputs. */
SCH_INLINE void T(head_loop)(const sch_nn_loss loss, const int focused, const sch_nn_network *net, int64_t units,
                             int nv, const real *y, const real *z, const real *scale, real *d, real *value)
{
    const real param = (real)net->loss_param, smoothing = (real)net->smoothing, focal = (real)net->focal;
    for (int64_t u = 0; u < units; ++u) {
        SCH_SIMD
        for (int i = 0; i < nv * VL; ++i) {
            const T(head_terms) t = T(head_one)(loss, focused, y[u * PW + i], z[u * PW + i], param, smoothing, focal);
            value[i] += t.value;
            if (d) d[u * PW + i] = scale[i] * t.slope;
        }
    }
}

/* z becomes probabilities; returns log of the sum of exponentials in `total`. */
SCH_INLINE void T(softmax_panel)(int64_t units, int nv, const real *z, real *p, real *total)
{
    real top[PW], sum[PW];
    const int n = nv * VL;
    SCH_SIMD
    for (int i = 0; i < n; ++i) top[i] = z[i], sum[i] = 0;
    for (int64_t u = 1; u < units; ++u) {
        SCH_SIMD
        for (int i = 0; i < n; ++i) top[i] = z[u * PW + i] < top[i] ? top[i] : z[u * PW + i];
    }
    for (int64_t u = 0; u < units; ++u) {
        SCH_SIMD
        for (int i = 0; i < n; ++i) {
            const real e = T(exp)(z[u * PW + i] - top[i]);
            sum[i] += e;
            p[u * PW + i] = e;
        }
    }
    SCH_SIMD
    for (int i = 0; i < n; ++i) {
        total[i] = top[i] + T(log)(sum[i]);
        sum[i] = K(1.0) / sum[i];
    }
    for (int64_t u = 0; u < units; ++u) {
        SCH_SIMD
        for (int i = 0; i < n; ++i) p[u * PW + i] *= sum[i];
    }
}

/* d holds room for the probabilities, and ends as the derivative. */
static void T(softmax_head)(const sch_nn_network *net, int64_t units, int nv, const real *y, const real *z,
                            const real *scale, real *d, real *value)
{
    const real even = (real)(net->smoothing / (double)units), right = (real)(1.0 - net->smoothing);
    const int n = nv * VL;
    real total[PW], hit[PW] = {0}, factor[PW];
    T(softmax_panel)(units, nv, z, d, total);
    for (int64_t u = 0; u < units; ++u) {
        SCH_SIMD
        for (int i = 0; i < n; ++i) {
            const real q = (y[i] == (real)u ? right : K(0.0)) + even;
            hit[i] += q * z[u * PW + i];
        }
    }
    SCH_SIMD
    for (int i = 0; i < n; ++i) {
        const real loss = total[i] - hit[i];
        const T(head_terms) f =
            net->focal > 0.0 ? T(focal_terms)(T(exp)(-loss), loss, (real)net->focal) : (T(head_terms)){K(1.0), K(1.0)};
        value[i] = f.value * loss;
        factor[i] = scale[i] * f.slope;
    }
    for (int64_t u = 0; u < units; ++u) {
        SCH_SIMD
        for (int i = 0; i < n; ++i) {
            const real q = (y[i] == (real)u ? right : K(0.0)) + even;
            d[u * PW + i] = factor[i] * (d[u * PW + i] - q);
        }
    }
}

/* Loss of each row of a panel in value (PW), and d = scale * derivative: (units, PW). */
static void T(head_panel)(const sch_nn_network *net, int64_t units, int nv, const real *y, const real *z,
                          const real *scale, real *d, real *value)
{
    for (int i = 0; i < PW; ++i) value[i] = 0;
    switch (net->loss) {
    case SCH_NN_LOSS_SOFTMAX: T(softmax_head)(net, units, nv, y, z, scale, d, value); break;
    case SCH_NN_LOSS_LOGISTIC:
        if (net->focal > 0.0) T(head_loop)(SCH_NN_LOSS_LOGISTIC, 1, net, units, nv, y, z, scale, d, value);
        else T(head_loop)(SCH_NN_LOSS_LOGISTIC, 0, net, units, nv, y, z, scale, d, value);
        break;
    case SCH_NN_LOSS_ABSOLUTE: T(head_loop)(SCH_NN_LOSS_ABSOLUTE, 0, net, units, nv, y, z, scale, d, value); break;
    case SCH_NN_LOSS_HUBER: T(head_loop)(SCH_NN_LOSS_HUBER, 0, net, units, nv, y, z, scale, d, value); break;
    case SCH_NN_LOSS_QUANTILE: T(head_loop)(SCH_NN_LOSS_QUANTILE, 0, net, units, nv, y, z, scale, d, value); break;
    case SCH_NN_LOSS_POISSON: T(head_loop)(SCH_NN_LOSS_POISSON, 0, net, units, nv, y, z, scale, d, value); break;
    case SCH_NN_LOSS_GAMMA: T(head_loop)(SCH_NN_LOSS_GAMMA, 0, net, units, nv, y, z, scale, d, value); break;
    default: T(head_loop)(SCH_NN_LOSS_SQUARED, 0, net, units, nv, y, z, scale, d, value); break;
    }
}

/* From raw outputs to probabilities or means, in place. */
static void T(head_output)(const sch_nn_network *net, int64_t units, int nv, real *z)
{
    real total[PW];
    switch (net->loss) {
    case SCH_NN_LOSS_SOFTMAX: T(softmax_panel)(units, nv, z, z, total); break;
    case SCH_NN_LOSS_LOGISTIC: T(activate)(SCH_NN_LOGISTIC, z, z, units * PW); break;
    case SCH_NN_LOSS_POISSON:
    case SCH_NN_LOSS_GAMMA: {
        SCH_SIMD
        for (int64_t i = 0; i < units * PW; ++i) z[i] = T(exp)(z[i]);
        break;
    }
    default: break;
    }
}

/* Weighted sum of the losses of a panel's rows. */
SCH_INLINE double T(weighted_sum)(const real *value, const real *weight, int64_t count)
{
    double total = 0.0;
    for (int64_t i = 0; i < count; ++i)
        if (weight[i] != K(0.0)) total += (double)weight[i] * (double)value[i];
    return total;
}
