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
    default:
        for (int64_t s = 0; s < count; ++s) factor[s] = 1.0;
    }
}

#endif
