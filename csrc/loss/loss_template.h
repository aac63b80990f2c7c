/* loss/loss_template.h - every pointwise loss of the library: value, gradient and hessian with respect to the raw
 * prediction z, side by side.
 *
 *   y  target: any real for the regression losses, {0, 1} for LOGISTIC, {-1, +1} for the other classification losses,
 *      a share from 0 to 1 for BINOMIAL, not negative or positive for the other exponential families
 *   c  the loss's parameter: delta of HUBER, epsilon of the insensitive ones, power of TWEEDIE, theta of
 *      NEGATIVE_BINOMIAL; unused otherwise
 * Where a loss has a kink the subgradient is the one that scikit-learn uses, the hessian is that of the smooth side.
 * T(max)(0, x), in this order, lets a NaN through, so that an undefined prediction is never taken for a perfect one.
 * `loss` is a constant at every call in a loop, so the switch is folded away.
 * Include after core/real.h and core/math_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    real value, gradient, hessian;
    real expected; /* hessian's expectation over y under the model; set where T(expectation_differs) says so */
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
    return (T(loss_terms)){T(max)(t, K(0.0)) + T(log1p_unit)(e), s * p, e / (q * q)};
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

/* Half unit deviances of exponential families, without the terms in which only y occurs. mu is the mean; it is exp(z)
 * but for TWEEDIE_IDENTITY, where it is z, and BINOMIAL. An exponential that overflows makes the value infinite. */

SCH_INLINE T(loss_terms) T(loss_poisson)(real y, real z)
{
    const real mu = T(exp)(z);
    return (T(loss_terms)){mu - y * z, mu - y, mu, mu};
}

SCH_INLINE T(loss_terms) T(loss_gamma)(real y, real z)
{
    const real ratio = y * T(exp)(-z);
    return (T(loss_terms)){z + ratio, K(1.0) - ratio, ratio, K(1.0)};
}

SCH_INLINE T(loss_terms) T(loss_inverse_gaussian)(real y, real z)
{
    const real e = T(exp)(-z), ratio = y * e;
    return (T(loss_terms)){e * (K(0.5) * ratio - K(1.0)), e * (K(1.0) - ratio), e * (K(2.0) * ratio - K(1.0)), e};
}

/* Variance mu^c; c is neither 1 nor 2. */
SCH_INLINE T(loss_terms) T(loss_tweedie)(real y, real z, real c)
{
    const real a = K(1.0) - c, b = K(2.0) - c;
    const real own = T(exp)(b * z), cross = y * T(exp)(a * z);
    return (T(loss_terms)){own / b - cross / a, own - cross, b * own - a * cross, own};
}

/* The same with mu = z > 0, for any c but 0; elsewhere the value is infinite. */
SCH_INLINE T(loss_terms) T(loss_tweedie_identity)(real y, real z, real c)
{
    const real log_mu = T(log)(z), variance = T(exp)(c * log_mu), ratio = y / z;
    const real power = z / variance * (z / (K(2.0) - c) - y / (K(1.0) - c));
    const real value = c == K(1.0) ? z - y * log_mu : (c == K(2.0) ? log_mu + ratio : power);
    return (T(loss_terms)){z <= K(0.0) ? (real)INFINITY : value, (z - y) / variance,
                           (K(1.0) - c + c * ratio) / variance, K(1.0) / variance};
}

/* The logistic loss for any share y: y log(1 + exp(-z)) + (1 - y) log(1 + exp(z)), without cancellation. */
SCH_INLINE T(loss_terms) T(loss_binomial)(real y, real z)
{
    const real e = T(exp)(-T(abs)(z)), q = K(1.0) + e;
    const real other = z > K(0.0) ? K(1.0) - y : y; /* the share of the less likely outcome */
    const real positive = (z < K(0.0) ? e : K(1.0)) / q, negative = (z < K(0.0) ? K(1.0) : e) / q;
    const real hessian = e / (q * q);
    return (T(loss_terms)){T(abs)(z) * other + T(log1p_unit)(e), (K(1.0) - y) * positive - y * negative, hessian,
                           hessian};
}

/* Variance mu + c mu^2: with t = z + log(c), y log(1 + exp(-t)) + log(1 + exp(t)) / c. */
SCH_INLINE T(loss_terms) T(loss_negative_binomial)(real y, real z, real c)
{
    const real t = z + T(log)(c), scale = K(1.0) / c;
    const real e = T(exp)(-T(abs)(t)), q = K(1.0) + e, log_q = T(log1p_unit)(e);
    const real positive = (t < K(0.0) ? e : K(1.0)) / q, negative = (t < K(0.0) ? K(1.0) : e) / q;
    const real value = y * (T(max)(-t, K(0.0)) + log_q) + scale * (T(max)(t, K(0.0)) + log_q);
    return (T(loss_terms)){value, scale * positive - y * negative, (y + scale) * positive * negative, scale * positive};
}

/* Elsewhere y does not enter the hessian, or there is no model behind the loss. */
SCH_INLINE int T(expectation_differs)(const sch_loss loss)
{
    return loss == SCH_LOSS_GAMMA || loss == SCH_LOSS_INVERSE_GAUSSIAN || loss == SCH_LOSS_TWEEDIE ||
           loss == SCH_LOSS_TWEEDIE_IDENTITY || loss == SCH_LOSS_NEGATIVE_BINOMIAL;
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
    case SCH_LOSS_POISSON: return T(loss_poisson)(y, z);
    case SCH_LOSS_GAMMA: return T(loss_gamma)(y, z);
    case SCH_LOSS_INVERSE_GAUSSIAN: return T(loss_inverse_gaussian)(y, z);
    case SCH_LOSS_TWEEDIE: return T(loss_tweedie)(y, z, c);
    case SCH_LOSS_TWEEDIE_IDENTITY: return T(loss_tweedie_identity)(y, z, c);
    case SCH_LOSS_BINOMIAL: return T(loss_binomial)(y, z);
    case SCH_LOSS_NEGATIVE_BINOMIAL: return T(loss_negative_binomial)(y, z, c);
    default: return (T(loss_terms)){0};
    }
}
