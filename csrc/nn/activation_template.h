/* nn/activation_template.h - activations and their derivatives, over whole vectors.
 *
 * Most derivatives follow from the output alone. GELU (in its tanh form, Hendrycks and Gimpel 2016) and SILU need the
 * input, which is kept for them.
 * SPDX-License-Identifier: BSD-3-Clause */

SCH_INLINE real T(tanh)(real x)
{
    const real e = T(exp)(K(-2.0) * T(abs)(x)), t = (K(1.0) - e) / (K(1.0) + e);
    return x < K(0.0) ? -t : t;
}

#undef LEAK
#undef GELU_SCALE
#undef GELU_CUBE
#define LEAK K(0.01)
#define GELU_SCALE K(1.5957691216057308) /* 2 sqrt(2 / pi) */
#define GELU_CUBE K(0.044715)

SCH_INLINE real T(activate_one)(const sch_nn_activation activation, real x)
{
    switch (activation) {
    case SCH_NN_LOGISTIC: return T(sigmoid)(x);
    case SCH_NN_TANH: return T(tanh)(x);
    case SCH_NN_RELU: return x > K(0.0) ? x : (x <= K(0.0) ? K(0.0) : x); /* a NaN passes */
    case SCH_NN_LEAKY_RELU: return x < K(0.0) ? LEAK * x : x;
    case SCH_NN_ELU: return x < K(0.0) ? T(exp)(T(min)(x, K(0.0))) - K(1.0) : x;
    case SCH_NN_GELU: return x * T(sigmoid)(GELU_SCALE * (x + GELU_CUBE * x * x * x));
    case SCH_NN_SILU: return x * T(sigmoid)(x);
    default: return x;
    }
}

/* y: the output; x: the input, where the activation keeps it. */
SCH_INLINE real T(slope_one)(const sch_nn_activation activation, real y, real x)
{
    switch (activation) {
    case SCH_NN_LOGISTIC: return y * (K(1.0) - y);
    case SCH_NN_TANH: return K(1.0) - y * y;
    case SCH_NN_RELU: return y > K(0.0) ? K(1.0) : K(0.0);
    case SCH_NN_LEAKY_RELU: return y < K(0.0) ? LEAK : K(1.0);
    case SCH_NN_ELU: return y < K(0.0) ? y + K(1.0) : K(1.0);
    case SCH_NN_GELU: {
        const real s = T(sigmoid)(GELU_SCALE * (x + GELU_CUBE * x * x * x));
        return s + x * s * (K(1.0) - s) * GELU_SCALE * (K(1.0) + K(3.0) * GELU_CUBE * x * x);
    }
    case SCH_NN_SILU: {
        const real s = T(sigmoid)(x);
        return s + x * s * (K(1.0) - s);
    }
    default: return K(1.0);
    }
}

SCH_INLINE int T(keeps_input)(const sch_nn_layer *l)
{
    return l->activation == SCH_NN_GELU || l->activation == SCH_NN_SILU;
}

SCH_INLINE void T(activate_loop)(const sch_nn_activation activation, const real *x, real *y, int64_t n)
{
    SCH_SIMD
    for (int64_t i = 0; i < n; ++i) y[i] = T(activate_one)(activation, x[i]);
}

SCH_INLINE void T(slope_loop)(const sch_nn_activation activation, const real *y, const real *x, real *d, int64_t n)
{
    SCH_SIMD
    for (int64_t i = 0; i < n; ++i) d[i] *= T(slope_one)(activation, y[i], x[i]);
}

#undef NN_EACH
#define NN_EACH(name, text) \
    case SCH_NN_##name: NN_LOOP(SCH_NN_##name); break;

/* y = activation(x); they may be the same. */
SCH_NOINLINE void T(activate)(sch_nn_activation activation, const real *x, real *y, int64_t n)
{
    switch (activation) {
#undef NN_LOOP
#define NN_LOOP(code) T(activate_loop)((code), x, y, n)
        SCH_NN_ACTIVATION_LIST(NN_EACH)
    default: break;
    }
}

/* d *= the derivative. */
SCH_NOINLINE void T(multiply_slope)(sch_nn_activation activation, const real *y, const real *x, real *d, int64_t n)
{
    switch (activation) {
#undef NN_LOOP
#define NN_LOOP(code) T(slope_loop)((code), y, x, d, n)
        SCH_NN_ACTIVATION_LIST(NN_EACH)
    default: break;
    }
}
