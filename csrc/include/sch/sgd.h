/* sch/sgd.h - stochastic gradient descent of the linear models.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_SGD_H
#define SCH_SGD_H

#include "sch/loss.h"
#include "sch/status.h"
#include "sch/types.h"

/* Step sizes of stochastic gradient descent, as functions of the sample counter t. */
#define SCH_SCHEDULE_LIST(X)                                                        \
    X(CONSTANT, "constant")     /* eta */                                           \
    X(OPTIMAL, "optimal")       /* eta / (optimal_init + t - 1), eta = 1 / alpha */ \
    X(INVSCALING, "invscaling") /* eta / t^power_t */                               \
    X(PA1, "pa1")               /* min(eta, loss / |x|^2) */                        \
    X(PA2, "pa2")               /* loss / (|x|^2 + 1 / (2 eta)) */                  \
    X(COSINE, "cosine")         /* from eta to 0 along a cosine over the horizon */ \
    X(ONE_CYCLE, "one_cycle")   /* eta / 25 up to eta and down to almost nothing over the horizon */

typedef enum {
#define SCH_SCHEDULE_ENUMERATOR(name, text) SCH_SCHEDULE_##name,
    SCH_SCHEDULE_LIST(SCH_SCHEDULE_ENUMERATOR)
#undef SCH_SCHEDULE_ENUMERATOR
        SCH_N_SCHEDULES
} sch_schedule;

const char *sch_schedule_name(sch_schedule schedule);

/* What a gradient does to the weights; see linear/optimizer_template.h. The adaptive ones stand from ADAGRAD on. */
#define SCH_OPTIMIZER_LIST(X) \
    X(SGD, "sgd")             \
    X(MOMENTUM, "momentum")   \
    X(NESTEROV, "nesterov")   \
    X(ADAGRAD, "adagrad")     \
    X(RMSPROP, "rmsprop")     \
    X(ADAM, "adam")           \
    X(ADAMW, "adamw")         \
    X(FTRL, "ftrl")

typedef enum {
#define SCH_OPTIMIZER_ENUMERATOR(name, text) SCH_OPTIMIZER_##name,
    SCH_OPTIMIZER_LIST(SCH_OPTIMIZER_ENUMERATOR)
#undef SCH_OPTIMIZER_ENUMERATOR
        SCH_N_OPTIMIZERS
} sch_optimizer;

const char *sch_optimizer_name(sch_optimizer optimizer);

/* One epoch of stochastic gradient descent: for n_out independent outputs (one-vs-all when n_out > 1), or with
 * SCH_LOSS_SOFTMAX for n_out classes together. */
typedef struct {
    sch_control control;
    sch_table x; /* IN (n, d) */

    sch_loss loss;
    double loss_param;
    double l1, l2;
    sch_schedule schedule;
    double power_t, optimal_init;
    double t; /* IN 1-based counter of samples seen, at the first row of this sweep */
    double horizon; /* samples over which COSINE and ONE_CYCLE stretch */
    double warmup;  /* samples over which the step size grows from nothing */
    int64_t batch_size;
    int fit_intercept;
    double intercept_decay, intercept_slope; /* the objective has a term intercept_slope * intercept */

    int64_t n_out;
    const double *eta;             /* IN (n_out) */
    const double *positive_weight; /* IN (n_out) */
    const double *negative_weight; /* IN (n_out) */
    const uint8_t *active;         /* IN (n_out) outputs that still train */
    const void *y;                 /* IN (n) encoded target, or the class index when n_out > 1 */
    const void *sample_weight;     /* IN (n) or NULL */

    const int64_t *rows; /* IN (n_rows) rows to train on, or NULL for all */
    int64_t n_rows;
    int shuffle;
    uint64_t seed, epoch;

    int64_t average_start;        /* average from this t on; 0: never */
    void *coef;                   /* INOUT (n_out, d) */
    void *intercept;              /* INOUT (n_out) */
    void *average_coef;           /* INOUT (n_out, d) or NULL */
    void *average_intercept;      /* INOUT (n_out) or NULL */
    double *l1_total;             /* INOUT (n_out) L1 penalty due so far, or NULL */
    void *l1_applied;             /* INOUT (n_out, d) L1 penalty each weight has paid, or NULL */

    sch_optimizer optimizer;
    double momentum;              /* of velocities; beta_1 of adam */
    double memory;                /* of squares: rho of rmsprop, beta_2 of adam */
    double damping;               /* eps beside the root of squares; beta of ftrl */
    double clip_norm, clip_value; /* limits of the mean gradient of a step; 0: none */
    double steps;                 /* IN steps taken before this sweep */
    void *first, *second; /* INOUT (n_out, d + 1) the optimiser's state, intercepts last; NULL where it has none */

    double *loss_sum; /* OUT (n_out) losses before each update, unweighted; [0] alone with SOFTMAX */
    void *scratch; /* SCRATCH sgd_sweep_scratch(a) bytes, 64-byte aligned */
} sch_sgd_sweep_args;

/* The order in which a shuffled sgd_sweep with batch_size 1 visits all rows, written out for tests. */
typedef struct {
    sch_control control;
    sch_table x;
    uint64_t seed, epoch;
    int64_t *order; /* OUT (n) */
    void *scratch; /* SCRATCH; with NULL nothing is done but to return its bytes */
} sch_visiting_order_args;

#define SCH_SGD_OPS(X) X(sgd_sweep, sch_sgd_sweep_args)

typedef struct {
    SCH_SGD_OPS(SCH_KERNEL)
    int64_t (*sgd_sweep_scratch)(const sch_sgd_sweep_args *); /* bytes, a function of sizes and options alone */
    int64_t (*visiting_order)(sch_visiting_order_args *);
} sch_sgd_ops;

#endif
