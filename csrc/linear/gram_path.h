/* linear/gram_path.h - the gram_path kernel: the next penalties of several paths in step, each descent as gram_cd, on
 * whichever thread.
 *
 * Between two changes of sign the lasso's solution is a straight line in the penalty. A descent therefore starts on the
 * line through the last two solutions, if the objective is lower there than where the last one ended.
 * Include after linear/gram_cd.h.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_GRAM_PATH_H
#define SCH_GRAM_PATH_H

#include "core/blocks.h"

/* The objective at coef + length * (coef - last), whose squared residual is given; infinite outside of the domain. */
static double sch_gram_objective(const sch_gram_cd_args *a, const double *last, double length, double residual)
{
    double l1_norm = 0.0, l2_square = 0.0;
    for (int64_t j = 0; j < a->d; ++j) {
        double square = 0.0;
        for (int64_t e = j; e < a->n_tasks * a->d; e += a->d) {
            const double w = a->coef[e] + length * (a->coef[e] - last[e]);
            if (a->positive && w < 0.0) return INFINITY;
            square += w * w;
        }
        l1_norm += sqrt(square);
        l2_square += square;
    }
    return residual / 2.0 + a->l1 * l1_norm + a->l2 / 2.0 * l2_square;
}

/* The squared residual there: the gradient of half of it is linear, too. */
static double sch_gram_residual(const sch_gram_cd_args *a, const double *last_coef, const double *last_gradient,
                                double length)
{
    double sum = 0.0;
    SCH_SIMD_SUM(sum)
    for (int64_t e = 0; e < a->n_tasks * a->d; ++e) {
        const double step = length * (a->coef[e] - last_coef[e]);
        sum += step * (2.0 * a->gradient[e] + length * (a->gradient[e] - last_gradient[e]));
    }
    return fmax(a->residual + sum, 0.0);
}

/* now goes on along the line from last, which takes its place. */
static void sch_gram_move_on(int64_t size, double length, double *SCH_RESTRICT now, double *SCH_RESTRICT last)
{
    SCH_SIMD
    for (int64_t e = 0; e < size; ++e) {
        const double here = now[e];
        now[e] += length * (here - last[e]);
        last[e] = here;
    }
}

static void sch_gram_path_one(void *context, int64_t path)
{
    const sch_gram_path_args *p = context;
    sch_gram_cd_args *a = p->descents + path;
    const int64_t size = a->n_tasks * a->d;
    double *last_coef = p->last_coef + path * size, *last_gradient = p->last_gradient + path * size;
    double length = p->length[path];
    const double residual = sch_gram_residual(a, last_coef, last_gradient, length);
    const double there = sch_gram_objective(a, last_coef, length, residual);
    if (there < sch_gram_objective(a, last_coef, 0.0, a->residual)) a->residual = residual;
    else length = 0.0;
    sch_gram_move_on(size, length, a->coef, last_coef);
    sch_gram_move_on(size, length, a->gradient, last_gradient);
    p->status[path] = gram_cd(a);
}

static sch_status gram_path(sch_gram_path_args *p)
{
    const double sweep = (double)p->n_paths * (double)p->descents->n_tasks * (double)(p->descents->d * p->descents->d);
    const sch_control control = sch_serial_below(p->control, sweep, 1e5);
    const sch_status status = sch_par_for(&control, p->n_paths, sch_gram_path_one, p);
    if (status != SCH_OK) return status;
    for (int64_t path = 0; path < p->n_paths; ++path)
        if (p->status[path] != SCH_OK) return p->status[path];
    return SCH_OK;
}

#endif
