/* linear/steps.h - step sizes of SGD for a span of samples.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_STEPS_H
#define SCH_STEPS_H

#include "core/math.h"
#include "sch/sgd.h"

/* The weight with which a step from `rows` samples, the first of them the t-th, enters the average of all samples since
 * average_start. */
SCH_INLINE double sch_average_share(const sch_sgd_sweep_args *a, double t, int64_t rows)
{
    const double before = t - (double)a->average_start;
    return before < (double)a->batch_size ? 1.0 : (double)rows / (before + (double)rows);
}

/* factor[s] = from + (to - from) * (half a cosine at `progress` + s * `pace`), by rotation. */
static void sch_anneal(double from, double to, double progress, double pace, int64_t count, double *factor)
{
    const double pi = 3.14159265358979323846;
    const double turn_cos = cos(pi * pace), turn_sin = sin(pi * pace);
    double c = cos(pi * progress), s = sin(pi * progress);
    for (int64_t i = 0; i < count; ++i) {
        factor[i] = to + (from - to) * (0.5 + 0.5 * c);
        const double turned = c * turn_cos - s * turn_sin;
        s = s * turn_cos + c * turn_sin;
        c = turned;
    }
}

/* The first `until` samples of the whole training go from one factor to another; returns how many of these they are. */
static int64_t sch_anneal_until(double from, double to, double start, double until, double t, int64_t count,
                                double *factor)
{
    const double left = ceil(until - (t - 1.0));
    const int64_t n = left < (double)count ? sch_max(0, (int64_t)left) : count;
    if (n > 0) sch_anneal(from, to, (t - 1.0 - start) / (until - start), 1.0 / (until - start), n, factor);
    return n;
}

/* Smith's (2018) single cycle with the usual proportions: up from 1/25 within 0.3 of it, then down to 1/250000. */
static void sch_one_cycle(double horizon, double t, int64_t count, double *factor)
{
    const double low = 1.0 / 25.0, least = low / 1e4, peak = 0.3 * horizon;
    const int64_t up = sch_anneal_until(low, 1.0, 0.0, peak, t, count, factor);
    const int64_t down = sch_anneal_until(1.0, least, peak, horizon, t + (double)up, count - up, factor + up);
    for (int64_t s = up + down; s < count; ++s) factor[s] = least;
}

/* factor[s] of the step size eta * factor; the span's first row is the t-th sample. */
static void sch_step_factors(const sch_sgd_sweep_args *a, double t, int64_t count, double *factor)
{
    switch (a->schedule) {
    case SCH_SCHEDULE_OPTIMAL:
        SCH_SIMD
        for (int64_t s = 0; s < count; ++s) factor[s] = 1.0 / (a->optimal_init + t + (double)s - 1.0);
        break;
    case SCH_SCHEDULE_INVSCALING:
        SCH_SIMD
        for (int64_t s = 0; s < count; ++s) factor[s] = exp_f64(-a->power_t * log1p_f64(t + (double)s - 1.0));
        break;
    case SCH_SCHEDULE_COSINE:
        for (int64_t s = sch_anneal_until(1.0, 0.0, 0.0, a->horizon, t, count, factor); s < count; ++s) factor[s] = 0.0;
        break;
    case SCH_SCHEDULE_ONE_CYCLE: sch_one_cycle(a->horizon, t, count, factor); break;
    default:
        for (int64_t s = 0; s < count; ++s) factor[s] = 1.0;
    }
    for (int64_t s = 0; s < count && t + (double)s < a->warmup; ++s) factor[s] *= (t + (double)s) / a->warmup;
}

#endif
