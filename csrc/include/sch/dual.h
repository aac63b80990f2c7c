/* sch/dual.h - coordinate descent on the dual of linear support vector machines.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_DUAL_H
#define SCH_DUAL_H

#include "sch/loss.h"
#include "sch/status.h"
#include "sch/types.h"

/* One epoch over the active rows for n_out independent outputs (one-vs-all when n_out > 1). With u = sum of dual * x:
 * minimises |u|^2 / 2 + sum(ridge * dual^2 / 2 - y * dual + loss_param * |dual|), x having one more column,
 * sqrt(intercept_square). HINGE and SQUARED_HINGE keep dual on y's side of zero, the two losses that are not squared
 * keep it within the row's cost, the squared ones have ridge = 1 / (2 cost). */
typedef struct {
    sch_control control;
    sch_table x; /* IN (n, d) */

    sch_loss loss;     /* HINGE, SQUARED_HINGE, EPSILON_INSENSITIVE or SQUARED_EPSILON_INSENSITIVE */
    double loss_param; /* epsilon of the insensitive ones */
    double intercept_square;
    int64_t n_out;
    const void *y;               /* IN (n) target, or the class index when n_out > 1 */
    const double *cost;          /* IN (n) */
    const double *positive_cost; /* IN (n_out) factors of cost by the sign of y */
    const double *negative_cost; /* IN (n_out) */
    const double *square;        /* IN (n) |x|^2 without that column */
    uint64_t seed, epoch;

    double *dual;       /* INOUT (n_out, n) */
    void *coef;         /* INOUT (n_out, d) */
    double *intercept;  /* INOUT (n_out) sum of dual, times intercept_square */
    int64_t *active;    /* INOUT (n_out, n) rows to visit first, in ascending order */
    int64_t *n_active;  /* INOUT (n_out) how many; rows found to stay at their bound leave */
    const double *bound; /* IN (n_out) violation beyond which a row at its bound leaves */
    double *violation;  /* OUT (n_out) largest slope of the dual that a step could still follow */
    void *scratch;      /* SCRATCH dual_sweep_scratch(a) bytes, 64-byte aligned */
} sch_dual_sweep_args;

/* One epoch over the active rows for the machine of Crammer and Singer, all classes at once. Minimises
 * |w|^2 / 2 - sum of dual[i][m] over m != y_i, where w_m is the sum of (cost_i [m == y_i] - dual[i][m]) x_i, x having one
 * more column, sqrt(intercept_square), and a row of dual is not negative and adds up to the row's cost. */
typedef struct {
    sch_control control;
    sch_table x; /* IN (n, d) */

    double intercept_square;
    int64_t n_classes;
    const void *y;        /* IN (n) class index */
    const double *cost;   /* IN (n) */
    const double *square; /* IN (n) |x|^2 without that column */
    uint64_t seed, epoch;
    double bound; /* IN lead of the class that a row rests on beyond which the row leaves */

    double *dual;      /* INOUT (n, n_classes) */
    void *coef;        /* INOUT (n_classes, d) */
    double *intercept; /* INOUT (n_classes) */
    int64_t *active;   /* INOUT (n) rows to visit first, in ascending order */
    int64_t n_active;  /* INOUT how many; rows found to stay where they are leave */
    double violation;  /* OUT largest slope of the dual that a step could still follow */
    void *scratch;     /* SCRATCH crammer_singer_sweep_scratch(a) bytes, 64-byte aligned */
} sch_crammer_singer_sweep_args;

#define SCH_DUAL_OPS(X)                \
    X(dual_sweep, sch_dual_sweep_args) \
    X(crammer_singer_sweep, sch_crammer_singer_sweep_args)

typedef struct {
    SCH_DUAL_OPS(SCH_KERNEL)
    int64_t (*dual_sweep_scratch)(const sch_dual_sweep_args *); /* bytes, a function of sizes and options alone */
    int64_t (*crammer_singer_sweep_scratch)(const sch_crammer_singer_sweep_args *);
} sch_dual_ops;

#endif
