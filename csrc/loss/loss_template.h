/* loss/loss_template.h - every pointwise loss of the library: value, gradient and hessian with respect to the raw
 * prediction z, side by side.
 *
 *   y  target: any real for the regression losses, {0, 1} for LOGISTIC, {-1, +1} for the other classification losses
 *   c  the loss's parameter: delta of HUBER, epsilon of the insensitive ones; unused otherwise
 * Where a loss has a kink the subgradient is the one that scikit-learn uses, the hessian is that of the smooth side.
 * T(max)(0, x), in this order, lets a NaN through, so that an undefined prediction is never taken for a perfect one.
 * `loss` is a constant at every call in a loop, so the switch is folded away.
 * Include after core/real.h and core/math_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    real value, gradient, hessian;
} T(loss_terms);

SCH_INLINE T(loss_terms) T(loss_squared)(real y, real z)
{
    const real r = z - y;
    return (T(loss_terms)){K(0.5) * r * r, r, K(1.0)};
}

SCH_INLINE T(loss_terms) T(loss_huber)(real y, real z, real c)
{
    const real r = z - y, size = T(abs)(r), bounded = T(max)(-c, T(min)(r, c));
    const real q = T(min)(size, c);
    return (T(loss_terms)){q * (size - K(0.5) * q), bounded, size <= c ? K(1.0) : K(0.0)};
}

SCH_INLINE T(loss_terms) T(loss_epsilon_insensitive)(real y, real z, real c)
{
    const real r = z - y, excess = T(abs)(r) - c;
    const real side = r > c ? K(1.0) : (r < -c ? K(-1.0) : K(0.0));
    return (T(loss_terms)){T(max)(K(0.0), excess), side, K(0.0)};
}

SCH_INLINE T(loss_terms) T(loss_squared_epsilon_insensitive)(real y, real z, real c)
{
    const real r = z - y, excess = T(max)(K(0.0), T(abs)(r) - c);
    return (T(loss_terms)){excess * excess, K(2.0) * (r < K(0.0) ? -excess : excess),
                           excess > K(0.0) ? K(2.0) : K(0.0)};
}

/* With s = +1 for y = 0 and -1 for y = 1 the loss is log(1 + exp(s z)): exact in relative terms on both sides. */
SCH_INLINE T(loss_terms) T(loss_logistic)(real y, real z)
{
    const real s = K(1.0) - K(2.0) * y, t = s * z;
    const real e = T(exp)(-T(abs)(t));
    const real p = (t < K(0.0) ? e : K(1.0)) / (K(1.0) + e);
    const real q = K(1.0) + e;
    return (T(loss_terms)){T(max)(t, K(0.0)) + T(log1p)(e), s * p, e / (q * q)};
}

SCH_INLINE T(loss_terms) T(loss_hinge)(real y, real z)
{
    const real m = K(1.0) - y * z;
    return (T(loss_terms)){T(max)(K(0.0), m), m >= K(0.0) ? -y : K(0.0), K(0.0)};
}

SCH_INLINE T(loss_terms) T(loss_squared_hinge)(real y, real z)
{
    const real m = T(max)(K(0.0), K(1.0) - y * z);
    return (T(loss_terms)){m * m, K(-2.0) * y * m, m > K(0.0) ? K(2.0) : K(0.0)};
}

SCH_INLINE T(loss_terms) T(loss_modified_huber)(real y, real z)
{
    const real m = y * z, q = T(max)(K(0.0), K(1.0) - m);
    const int steep = m < K(-1.0);
    return (T(loss_terms)){steep ? K(-4.0) * m : q * q, y * (steep ? K(-4.0) : K(-2.0) * q),
                           steep || m >= K(1.0) ? K(0.0) : K(2.0)};
}

SCH_INLINE T(loss_terms) T(loss_perceptron)(real y, real z)
{
    const real m = -y * z;
    return (T(loss_terms)){T(max)(K(0.0), m), m >= K(0.0) ? -y : K(0.0), K(0.0)};
}

/* What a caller leaves unused the compiler drops. */
SCH_INLINE T(loss_terms) T(loss_at)(const sch_loss loss, real y, real z, real c)
{
    switch (loss) {
    case SCH_LOSS_SQUARED: return T(loss_squared)(y, z);
    case SCH_LOSS_HUBER: return T(loss_huber)(y, z, c);
    case SCH_LOSS_EPSILON_INSENSITIVE: return T(loss_epsilon_insensitive)(y, z, c);
    case SCH_LOSS_SQUARED_EPSILON_INSENSITIVE: return T(loss_squared_epsilon_insensitive)(y, z, c);
    case SCH_LOSS_LOGISTIC: return T(loss_logistic)(y, z);
    case SCH_LOSS_HINGE: return T(loss_hinge)(y, z);
    case SCH_LOSS_SQUARED_HINGE: return T(loss_squared_hinge)(y, z);
    case SCH_LOSS_MODIFIED_HUBER: return T(loss_modified_huber)(y, z);
    case SCH_LOSS_PERCEPTRON: return T(loss_perceptron)(y, z);
    default: return (T(loss_terms)){0};
    }
}
