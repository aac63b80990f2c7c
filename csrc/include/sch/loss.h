/* sch/loss.h - pointwise losses and the vector kernels over them.
 * y: target, z: raw prediction, c: the loss's parameter (Huber delta, epsilon of the insensitive tube, Tweedie power,
 * theta of the negative binomial distribution).
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_LOSS_H
#define SCH_LOSS_H

#include "sch/status.h"
#include "sch/types.h"

/* Pointwise losses: one raw prediction per sample. Names as Python sees them. Stochastic descent knows these; */
#define SCH_SGD_LOSS_LIST(X)                                      \
    X(SQUARED, "squared")                                         \
    X(HUBER, "huber")                                             \
    X(EPSILON_INSENSITIVE, "epsilon_insensitive")                 \
    X(SQUARED_EPSILON_INSENSITIVE, "squared_epsilon_insensitive") \
    X(LOGISTIC, "logistic")                                       \
    X(HINGE, "hinge")                                             \
    X(SQUARED_HINGE, "squared_hinge")                             \
    X(MODIFIED_HUBER, "modified_huber")                           \
    X(PERCEPTRON, "perceptron")

/* these are for passes over the whole table: half unit deviances of exponential families. */
#define SCH_GLM_LOSS_LIST(X)                \
    X(POISSON, "poisson")                   \
    X(GAMMA, "gamma")                       \
    X(INVERSE_GAUSSIAN, "inverse_gaussian") \
    X(TWEEDIE, "tweedie")                   \
    X(TWEEDIE_IDENTITY, "tweedie_identity") \
    X(BINOMIAL, "binomial")                 \
    X(NEGATIVE_BINOMIAL, "negative_binomial")

#define SCH_LOSS_LIST(X) SCH_SGD_LOSS_LIST(X) SCH_GLM_LOSS_LIST(X)

typedef enum {
#define SCH_LOSS_ENUMERATOR(name, text) SCH_LOSS_##name,
    SCH_LOSS_LIST(SCH_LOSS_ENUMERATOR)
#undef SCH_LOSS_ENUMERATOR
        SCH_LOSS_SOFTMAX, /* one raw prediction per class; y is the class index */
    SCH_N_LOSSES
} sch_loss;

#define SCH_LOSS_COUNT(name, text) +1
enum { SCH_N_SGD_LOSSES = 0 SCH_SGD_LOSS_LIST(SCH_LOSS_COUNT) };
#undef SCH_LOSS_COUNT

const char *sch_loss_name(sch_loss loss);

/* Targets may take fewer bytes than raw predictions: they are widened block by block, and results are the same. */
typedef enum { SCH_TARGET_F32 = SCH_F32, SCH_TARGET_F64 = SCH_F64, SCH_TARGET_U8 } sch_target;

typedef struct {
    sch_dtype dtype;
    sch_control control;
    sch_loss loss;
    double loss_param;
    int64_t n;
    int64_t n_out;      /* 1 for pointwise losses, classes for SOFTMAX */
    sch_target target;  /* y's type: no wider than dtype */
    const void *y;      /* IN (n) */
    const void *z;      /* IN (n, n_out) */
    const void *weight; /* IN (n) or NULL */
    double *partial;    /* SCRATCH (sch_n_blocks(n)) */
    double total;       /* OUT weighted sum of the loss */
} sch_loss_sum_args;

typedef struct {
    sch_dtype dtype;
    sch_control control;
    sch_loss loss;
    double loss_param;
    int expected; /* whether hessian is that of the model: its expectation over y */
    int64_t n;
    const void *y;      /* IN (n) */
    const void *z;      /* IN (n) */
    const void *weight; /* IN (n) or NULL */
    void *gradient;     /* OUT (n) weight * dloss/dz */
    void *hessian;      /* OUT (n) weight * d2loss/dz2, or NULL */
    double *partial;    /* SCRATCH (sch_n_blocks(n)) */
    double total;       /* OUT weighted sum of the loss */
} sch_loss_gradient_args;

/* The derivatives side by side. */
typedef struct {
    sch_dtype dtype;
    sch_control control;
    sch_loss loss;
    double loss_param;
    int64_t n;
    sch_target target;   /* y's type: no wider than dtype */
    const void *y;       /* IN (n) */
    const void *z;       /* IN (n) */
    int order;           /* 1: gradients. 2: gradient and hessian */
    sch_dtype out_dtype; /* whatever dtype is */
    void *out;           /* OUT (n, order) dloss/dz, d2loss/dz2 */
    double *partial;     /* SCRATCH (sch_n_blocks(n)) */
    double total;        /* OUT sum of the loss */
} sch_loss_derivatives_args;

/* The multinomial loss with respect to raw predictions that stand class by class. */
typedef struct {
    sch_dtype dtype;
    sch_control control;
    int64_t n;
    int64_t n_out;
    sch_target target;  /* y's type: no wider than dtype */
    const void *y;      /* IN (n) class indices */
    const void *z;      /* IN (n_out, n) */
    const void *weight; /* IN (n) or NULL: of the sum alone */
    float *out; /* OUT (n_out, n, 2) probability, less 1 for the class of the row; diagonal of the second derivative */
    double *partial; /* SCRATCH (sch_n_blocks(n)) */
    double total; /* OUT weighted sum of the loss */
} sch_softmax_derivatives_args;

/* Elementwise functions, also used to test the mathematics on its own. */
typedef enum { SCH_MATH_EXP, SCH_MATH_LOG, SCH_MATH_LOG1P, SCH_MATH_SIGMOID, SCH_MATH_SOFTPLUS } sch_math;

typedef struct {
    sch_dtype dtype;
    sch_control control;
    sch_math function;
    int64_t n;
    const void *x; /* IN (n) */
    void *out; /* OUT (n), may be x */
} sch_vector_math_args;

typedef struct {
    sch_dtype dtype;
    sch_control control;
    int64_t n;
    int64_t n_out;
    const void *z; /* IN (n, n_out) */
    void *out; /* OUT (n, n_out) probabilities, may be z */
} sch_softmax_args;

typedef struct {
    sch_dtype dtype;
    sch_control control;
    int64_t n;
    const void *x; /* IN (n) */
    int64_t nonfinite; /* OUT how many blocks hold an infinity or a NaN */
} sch_count_nonfinite_args;

#define SCH_LOSS_OPS(X)                                  \
    X(loss_sum, sch_loss_sum_args)                       \
    X(loss_gradient, sch_loss_gradient_args)             \
    X(loss_derivatives, sch_loss_derivatives_args)       \
    X(softmax_derivatives, sch_softmax_derivatives_args) \
    X(vector_math, sch_vector_math_args)                 \
    X(softmax, sch_softmax_args)                         \
    X(count_nonfinite, sch_count_nonfinite_args)

typedef struct {
    SCH_LOSS_OPS(SCH_KERNEL)
} sch_loss_ops;

#endif
