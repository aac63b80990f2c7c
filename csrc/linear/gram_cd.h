/* linear/gram_cd.h - the gram_cd kernel: coordinate descent in covariance form (Friedman, Hastie, Tibshirani 2010).
 *
 * A coordinate's minimiser follows from its entry of the gradient alone; only a coordinate that moves costs a pass over
 * its row of the Gram matrix, one contiguous update of the gradient per task while the row is in the nearest cache.
 * Everything is in double: the Gram matrix squares the condition number of the table it comes from.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_GRAM_CD_H
#define SCH_GRAM_CD_H

#include "core/pool.h"
#include "core/prelude.h"
#include "core/rng.h"
#include "sch/cd.h"

static int64_t gram_cd_scratch(const sch_gram_cd_args *a)
{
    const int64_t order = a->shuffle ? a->n_coordinates : 0;
    return (a->n_tasks * a->d + order) * (int64_t)sizeof(double);
}

/* How far a value outside of [-threshold, threshold] reaches beyond it. A NaN stays one. */
SCH_INLINE double sch_soft_threshold(double value, double threshold, const int positive)
{
    const double beyond = (positive ? value : fabs(value)) - threshold;
    return beyond <= 0.0 ? 0.0 : copysign(beyond, value);
}

/* gradient += change * row. */
SCH_INLINE void sch_gram_move(const double *SCH_RESTRICT row, int64_t d, double change, double *SCH_RESTRICT gradient)
{
    SCH_SIMD
    for (int64_t i = 0; i < d; ++i) gradient[i] += change * row[i];
}

/* Minimises over coordinate j of the one task; returns the square of what it moved. `slope` is the gradient there, and
 * becomes that at `next`, which thus need not wait until the whole gradient is updated. */
SCH_INLINE double sch_gram_step(sch_gram_cd_args *a, int64_t j, int64_t next, double diagonal, double factor,
                                const int positive, double *slope)
{
    const double *row = a->gram + j * a->d;
    const double old = a->coef[j], here = *slope, inverse = 1.0 / (diagonal + factor * a->l2);
    const double change = sch_soft_threshold(diagonal * old - here, factor * a->l1, positive) * inverse - old;
    *slope = a->gradient[next];
    if (change == 0.0) return 0.0;
    *slope += change * row[next];
    a->coef[j] = old + change;
    a->residual += change * (2.0 * here + diagonal * change);
    sch_gram_move(row, a->d, change, a->gradient);
    return change * change;
}

/* What coordinate j of a task would be without the L1 term, up to the division. */
SCH_INLINE double sch_gram_free(const sch_gram_cd_args *a, int64_t at, double diagonal)
{
    const double value = diagonal * a->coef[at] - a->gradient[at];
    return a->positive && value < 0.0 ? 0.0 : value;
}

/* The same over all tasks: the group is shrunk as a whole. */
SCH_INLINE double sch_gram_group_step(sch_gram_cd_args *a, int64_t j, double diagonal, double factor)
{
    double square = 0.0, moved = 0.0;
    for (int64_t t = 0; t < a->n_tasks; ++t) {
        const double value = sch_gram_free(a, t * a->d + j, diagonal);
        square += value * value;
    }
    const double norm = sqrt(square), kept = norm <= factor * a->l1 ? 0.0 : 1.0 - factor * a->l1 / norm;
    const double scale = (norm == 0.0 ? 0.0 : kept) / (diagonal + factor * a->l2);
    for (int64_t t = 0; t < a->n_tasks; ++t) {
        const int64_t at = t * a->d + j;
        const double change = scale * sch_gram_free(a, at, diagonal) - a->coef[at];
        if (change == 0.0) continue;
        a->coef[at] += change;
        a->residual += change * (2.0 * a->gradient[at] + diagonal * change);
        sch_gram_move(a->gram + j * a->d, a->d, change, a->gradient + t * a->d);
        moved += change * change;
    }
    return moved;
}

/* Largest squares, weighted by the diagonal; a NaN, once met, stays. */
typedef struct {
    double change, size;
} sch_gram_extent;

SCH_INLINE double sch_gram_size(const sch_gram_cd_args *a, int64_t j, const int single)
{
    double square = 0.0;
    if (single) return a->coef[j] * a->coef[j];
    for (int64_t t = 0; t < a->n_tasks; ++t) square += a->coef[t * a->d + j] * a->coef[t * a->d + j];
    return square;
}

SCH_INLINE sch_gram_extent sch_gram_sweep(sch_gram_cd_args *a, const int64_t *order, const int single,
                                          const int positive)
{
    sch_gram_extent most = {0.0, 0.0};
    const int64_t last = a->n_coordinates - 1;
    double slope = last < 0 ? 0.0 : a->gradient[order ? order[0] : 0];
    for (int64_t c = 0; c <= last; ++c) {
        const int64_t j = order ? order[c] : c, after = sch_min(c + 1, last), next = order ? order[after] : after;
        const double diagonal = a->gram[j * a->d + j], factor = a->penalty_factor ? a->penalty_factor[j] : 1.0;
        if (diagonal < DBL_MIN) {
            slope = a->gradient[next];
            continue;
        }
        const double size = diagonal * sch_gram_size(a, j, single);
        const double moved = diagonal * (single ? sch_gram_step(a, j, next, diagonal, factor, positive, &slope)
                                                : sch_gram_group_step(a, j, diagonal, factor));
        most.change = moved <= most.change ? most.change : moved;
        most.size = size <= most.size ? most.size : size;
    }
    return most;
}

/* Out of line: one copy of the loop for each form. */
SCH_NOINLINE sch_gram_extent sch_gram_sweep_single(sch_gram_cd_args *a, const int64_t *order)
{
    return sch_gram_sweep(a, order, 1, 0);
}
SCH_NOINLINE sch_gram_extent sch_gram_sweep_positive(sch_gram_cd_args *a, const int64_t *order)
{
    return sch_gram_sweep(a, order, 1, 1);
}
SCH_NOINLINE sch_gram_extent sch_gram_sweep_group(sch_gram_cd_args *a, const int64_t *order)
{
    return sch_gram_sweep(a, order, 0, 0);
}

static const int64_t *sch_gram_order(const sch_gram_cd_args *a)
{
    int64_t *order = (int64_t *)a->scratch + a->n_tasks * a->d;
    if (!a->shuffle) return a->coordinates;
    for (int64_t c = 0; c < a->n_coordinates; ++c) order[c] = a->coordinates ? a->coordinates[c] : c;
    sch_shuffle(order, a->n_coordinates, sch_key(a->seed, a->epoch + (uint64_t)a->n_sweeps));
    return order;
}

/* Sums over the coordinates from which the duality gap follows. */
typedef struct {
    double l1_norm, l2_square;  /* of the coefficients */
    double dual_norm;           /* of the correlations with the residual, the L2 term's included */
    double slope_square;        /* of the gradient without penalties */
    double coef_gradient;       /* coef' gradient */
} sch_gram_sums;

/* Of one task; a NaN of the largest is in the sums, too. */
SCH_INLINE sch_gram_sums sch_gram_add_up_single(const sch_gram_cd_args *a, const int positive)
{
    const double *w = a->coef, *g = a->gradient, l2 = a->l2;
    double l1_norm = 0.0, l2_square = 0.0, dual_norm = 0.0, slope_square = 0.0, coef_gradient = 0.0;
    SCH_PRAGMA(omp simd reduction(+ : l1_norm, l2_square, slope_square, coef_gradient) reduction(max : dual_norm))
    for (int64_t j = 0; j < a->d; ++j) {
        const double slope = -g[j] - l2 * w[j], dual = positive ? slope : fabs(slope);
        l1_norm += fabs(w[j]);
        l2_square += w[j] * w[j];
        slope_square += g[j] * g[j];
        coef_gradient += w[j] * g[j];
        dual_norm = dual > dual_norm ? dual : dual_norm;
    }
    return (sch_gram_sums){l1_norm, l2_square, dual_norm, slope_square, coef_gradient};
}

SCH_INLINE sch_gram_sums sch_gram_add_up_tasks(const sch_gram_cd_args *a)
{
    sch_gram_sums s = {0};
    double dual_square = 0.0;
    for (int64_t j = 0; j < a->d; ++j) {
        double size = 0.0, dual = 0.0;
        for (int64_t t = 0; t < a->n_tasks; ++t) {
            const double w = a->coef[t * a->d + j], g = a->gradient[t * a->d + j], u = -g - a->l2 * w;
            size += w * w;
            dual += a->positive && u < 0.0 ? 0.0 : u * u;
            s.slope_square += g * g;
            s.coef_gradient += w * g;
        }
        s.l2_square += size;
        if (size > 0.0) s.l1_norm += sqrt(size);
        dual_square = dual <= dual_square ? dual_square : dual;
    }
    s.dual_norm = sqrt(dual_square);
    return s;
}

static sch_gram_sums sch_gram_add_up(const sch_gram_cd_args *a)
{
    if (a->n_tasks > 1) return sch_gram_add_up_tasks(a);
    return a->positive ? sch_gram_add_up_single(a, 1) : sch_gram_add_up_single(a, 0);
}

/* Primal less dual objective; the dual point is the residual, scaled to be feasible. Without an L1 term that scaling
 * does not exist: then from the conjugate of the squared norm, and without any penalty the square of the gradient. */
static double sch_gram_gap(const sch_gram_cd_args *a)
{
    const sch_gram_sums s = sch_gram_add_up(a);
    const double with_target = a->residual - s.coef_gradient; /* residual' y */
    if (a->l1 == 0.0 && a->l2 == 0.0) return s.slope_square;
    if (a->l1 == 0.0) return a->residual + a->l2 / 2.0 * s.l2_square - with_target + s.slope_square / (2.0 * a->l2);
    const double scale = s.dual_norm > a->l1 ? a->l1 / s.dual_norm : 1.0;
    return (1.0 + scale * scale) / 2.0 * (a->residual + a->l2 * s.l2_square) + a->l1 * s.l1_norm - scale * with_target;
}

/* With a gap, small steps have to come with it, as of scikit-learn: a gap bounds the objective, not the coefficients. */
static int sch_gram_done(sch_gram_cd_args *a)
{
    const int first = a->n_sweeps == 0;
    if (a->gap_tol < 0.0) return !first && a->largest_change <= a->tol;
    const int still = first || !(a->largest_change > a->tol * a->largest_size); /* tol may be infinite, sizes zero */
    if (!still && a->n_sweeps < a->max_sweeps) return 0;
    a->gap = sch_gram_gap(a);
    return a->gap <= a->gap_tol;
}

static sch_status sch_gram_descend(sch_gram_cd_args *a)
{
    a->largest_change = a->largest_size = 0.0;
    a->n_sweeps = 0;
    while (!sch_gram_done(a) && a->n_sweeps < a->max_sweeps) {
        const int64_t *order = sch_gram_order(a);
        const sch_gram_extent most = a->n_tasks > 1 ? sch_gram_sweep_group(a, order)
                                     : a->positive  ? sch_gram_sweep_positive(a, order)
                                                    : sch_gram_sweep_single(a, order);
        ++a->n_sweeps;
        a->largest_change = sqrt(most.change);
        a->largest_size = sqrt(most.size);
        if (!(most.change <= DBL_MAX)) return SCH_NONFINITE;
        if (sch_should_stop(&a->control)) return SCH_CANCELLED;
    }
    return SCH_OK;
}

/* The gradient moves to where its registers do not straddle lines of the cache, which costs every store twice. */
static sch_status gram_cd(sch_gram_cd_args *a)
{
    double *const gradient = a->gradient;
    const size_t bytes = (size_t)(a->n_tasks * a->d) * sizeof(double);
    a->gradient = memcpy(a->scratch, gradient, bytes);
    const sch_status status = sch_gram_descend(a);
    a->gradient = memcpy(gradient, a->gradient, bytes);
    return status;
}

#endif
