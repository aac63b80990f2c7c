/* core/math_template.h - exp, log, log1p, sigmoid and softplus without branches, so that loops over them vectorise.
 *
 * Error against the exact value, which the tests bound: exp 1.25 ulp, log 1 ulp, log1p 1 ulp, sigmoid 2.5 ulp, softplus 2 ulp.
 * exp: Cody-Waite reduction to |r| <= ln(2)/2, then 1 + r + r^2 q(r); log, log1p: reduction to [sqrt(1/2), sqrt(2)), then
 * 2s + s^3 R(s^2) with s = f / (2 + f). The polynomials q and R are Chebyshev fits.
 * Included by core/math.h.
 * SPDX-License-Identifier: BSD-3-Clause */

SCH_INLINE ireal T(bits_of)(real x)
{
    ireal i;
    memcpy(&i, &x, sizeof i);
    return i;
}

SCH_INLINE real T(of_bits)(ireal i)
{
    real x;
    memcpy(&x, &i, sizeof x);
    return x;
}

SCH_INLINE real T(abs)(real x) { return REAL_BITS == 32 ? (real)fabsf((float)x) : (real)fabs((double)x); }
SCH_INLINE real T(sqrt)(real x) { return REAL_BITS == 32 ? (real)sqrtf((float)x) : (real)sqrt((double)x); }
SCH_INLINE real T(max)(real a, real b) { return a > b ? a : b; }
SCH_INLINE real T(min)(real a, real b) { return a < b ? a : b; }

#undef EXPONENT_BITS
#undef EXPONENT_BIAS
#undef ROUND_TO_INTEGER
#undef EXP_HIGHEST
#undef EXP_LOWEST
#undef LN2_HIGH
#undef LN2_LOW
#undef REAL_TINY
#undef REAL_LIFT
#if REAL_BITS == 32
#  define EXPONENT_BITS 23
#  define EXPONENT_BIAS 127
#  define ROUND_TO_INTEGER 12582912.0f /* 1.5 * 2^23: adding it leaves the nearest integer in the low bits */
#  define EXP_HIGHEST 88.72284f
#  define EXP_LOWEST -104.0f
#  define LN2_HIGH 0.693359375f
#  define LN2_LOW -2.12194440e-4f
#  define REAL_TINY FLT_MIN
#  define REAL_LIFT 33554432.0f /* 2^(EXPONENT_BITS + 2) */
#else
#  define EXPONENT_BITS 52
#  define EXPONENT_BIAS 1023
#  define ROUND_TO_INTEGER 6755399441055744.0 /* 1.5 * 2^52 */
#  define EXP_HIGHEST 709.782712893384
#  define EXP_LOWEST -746.0
#  define LN2_HIGH 6.93147180369123816490e-01
#  define LN2_LOW 1.90821492927058770002e-10
#  define REAL_TINY DBL_MIN
#  define REAL_LIFT 18014398509481984.0 /* 2^(EXPONENT_BITS + 2) */
#endif

/* q by Estrin's scheme: SGD waits for every exponential, so the short chain of operations counts. */
SCH_INLINE real T(exp_polynomial)(real r)
{
    const real r2 = r * r, r4 = r2 * r2;
#if REAL_BITS == 32
    const real q = (0.5f + 1.6666577e-1f * r) + r2 * (4.1666554e-2f + 8.3632329e-3f * r) + r4 * 1.3926250e-3f;
#else
    const real q01 = 0.5 + 0.16666666666666669 * r;
    const real q23 = 0.04166666666662413 + 0.008333333333330062 * r;
    const real q45 = 0.0013888888917213717 + 0.00019841269863053618 * r;
    const real q67 = 2.4801521295954376e-05 + 2.7557268459997064e-06 * r;
    const real q89 = 2.7620088445409746e-07 + 2.510038549551032e-08 * r;
    const real q = (q01 + r2 * q23) + r4 * ((q45 + r2 * q67) + r4 * q89);
#endif
    return (r2 * q + r) + K(1.0);
}

SCH_INLINE real T(exp)(real x)
{
    /* comparisons are written so that a NaN passes through the clamps */
    real c = x > EXP_HIGHEST ? EXP_HIGHEST : x;
    c = c < EXP_LOWEST ? EXP_LOWEST : c;
    const real shifted = c * K(1.4426950408889634) + ROUND_TO_INTEGER;
    const real n = shifted - ROUND_TO_INTEGER;
    const ireal k = T(bits_of)(shifted) - T(bits_of)(ROUND_TO_INTEGER);
    const real r = (c - n * LN2_HIGH) - n * LN2_LOW;
    /* two factors: 2^k alone leaves the range at both ends (an unsigned shift, as not every CPU has the signed one) */
    const ireal half = (ireal)((ubits)(k + 2048) >> 1) - 1024;
    const real first = T(of_bits)((half + EXPONENT_BIAS) * ((ireal)1 << EXPONENT_BITS));
    const real second = T(of_bits)((k - half + EXPONENT_BIAS) * ((ireal)1 << EXPONENT_BITS));
    const real y = T(exp_polynomial)(r) * first * second;
    return x > EXP_HIGHEST ? (real)INFINITY : y;
}

SCH_INLINE real T(log_polynomial)(real z)
{
#if REAL_BITS == 32
    real p = 0.23331614f;
    p = p * z + 0.28550779f;
    p = p * z + 0.40000122f;
    p = p * z + 0.66666667f;
#else
    real p = 0.13088034850907555;
    p = p * z + 0.13268638369266825;
    p = p * z + 0.15386244737621665;
    p = p * z + 0.18181795547521137;
    p = p * z + 0.22222222392581045;
    p = p * z + 0.28571428570799784;
    p = p * z + 0.40000000000000885;
    p = p * z + 0.6666666666666666;
#endif
    return p;
}

SCH_INLINE real T(log)(real x)
{
    /* numbers below the normal range are brought into it */
    const int tiny = x < REAL_TINY;
    const real u = tiny ? x * REAL_LIFT : x;
    const ireal sqrt_half = T(bits_of)(K(0.70710678118654752));
    const ireal one = (ireal)1 << EXPONENT_BITS;
    const ireal k = (ireal)((ubits)(T(bits_of)(u) - sqrt_half + EXPONENT_BIAS * one) >> EXPONENT_BITS) - EXPONENT_BIAS;
    const real f = T(of_bits)(T(bits_of)(u) - k * one) - K(1.0);
    const real s = f / (K(2.0) + f), z = s * s;
    const real n =
        T(of_bits)(T(bits_of)(ROUND_TO_INTEGER) + k) - ROUND_TO_INTEGER - (tiny ? (real)(EXPONENT_BITS + 2) : K(0.0));
    const real half_square = K(0.5) * f * f;
    const real tail = s * (half_square + z * T(log_polynomial)(z));
    const real y = n * LN2_HIGH - ((half_square - (tail + n * LN2_LOW)) - f);
    const real edge = x == K(0.0) ? -(real)INFINITY : (real)NAN;
    return x > K(0.0) ? (x == (real)INFINITY ? x : y) : edge;
}

SCH_INLINE real T(log1p)(real x)
{
    const real u = K(1.0) + x;
    /* what rounding 1 + x threw away */
    const real lost = T(abs)(x) < K(1.0) ? x - (u - K(1.0)) : K(1.0) - (u - x);
    const ireal sqrt_half = T(bits_of)(K(0.70710678118654752));
    const ireal one = (ireal)1 << EXPONENT_BITS;
    const ireal k = (ireal)((ubits)(T(bits_of)(u) - sqrt_half + EXPONENT_BIAS * one) >> EXPONENT_BITS) - EXPONENT_BIAS;
    const real m = T(of_bits)(T(bits_of)(u) - k * one);
    const real f = m - K(1.0);
    const real s = f / (K(2.0) + f), z = s * s;
    const real n = T(of_bits)(T(bits_of)(ROUND_TO_INTEGER) + k) - ROUND_TO_INTEGER; /* k as a real */
    const real half_square = K(0.5) * f * f;
    /* log(1+f) = f - f^2/2 + s (f^2/2 + z R(z) ...): keeps the leading term exact for small f */
    const real tail = s * (half_square + z * T(log_polynomial)(z));
    const real log_u = n * LN2_HIGH - ((half_square - (tail + (n * LN2_LOW + lost / u))) - f);
    const real y = x == (real)INFINITY ? x : log_u;
    const real edge = x == K(-1.0) ? -(real)INFINITY : y;
    return x < K(-1.0) ? (real)NAN : edge;
}

/* log1p for 0 <= x <= 1, where 1 + x needs no bits taken apart: half the work. */
SCH_INLINE real T(log1p_unit)(real x)
{
    const int upper = x > K(0.41421356237309505);
    const real n = upper ? K(1.0) : K(0.0), f = upper ? K(0.5) * (x - K(1.0)) : x;
    const real s = f / (K(2.0) + f), half_square = K(0.5) * f * f;
    const real tail = s * (half_square + s * s * T(log_polynomial)(s * s));
    return n * LN2_HIGH - ((half_square - (tail + n * LN2_LOW)) - f);
}

SCH_INLINE real T(sigmoid)(real x)
{
    const real e = T(exp)(-T(abs)(x));
    return (x < K(0.0) ? e : K(1.0)) / (K(1.0) + e);
}

/* log(1 + exp(x)) */
SCH_INLINE real T(softplus)(real x) { return T(max)(x, K(0.0)) + T(log1p_unit)(T(exp)(-T(abs)(x))); }
