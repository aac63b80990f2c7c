/* sch/glm.h - passes over the whole table for generalised linear models.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_GLM_H
#define SCH_GLM_H

#include "sch/loss.h"
#include "sch/status.h"
#include "sch/types.h"

/* Weights of the Gram matrix are not negative: HESSIAN is for convex losses, EXPECTED for all. */
typedef enum { SCH_GRAM_HESSIAN, SCH_GRAM_EXPECTED, SCH_GRAM_SAMPLE } sch_gram_weights;

/* One read of X: margins, loss, gradient, and the weighted Gram matrix when asked. */
typedef struct {
    sch_control control;
    sch_table x; /* IN (n, d) */

    sch_loss loss;
    double loss_param;
    int64_t n_out;
    const void *y;           /* IN (n), or (n, n_out) for SQUARED with n_out > 1 */
    const void *weight;      /* IN (n) or NULL */
    const void *offset;      /* IN (n) or NULL: added to the margins; n_out = 1 only */
    const double *coef;      /* IN (n_out, d) */
    const double *intercept; /* IN (n_out) */
    sch_gram_weights gram_weights;
    const double *shift;     /* IN (d) or NULL: Gram of x - shift */

    void *margins;    /* OUT (n, n_out) or NULL */
    double *gradient; /* OUT (n_out, d + 1), sums; last column: intercept */
    double *gram;     /* OUT (d + 1, d + 1) symmetric, or NULL; DENSE only */
    double loss_sum;  /* OUT weighted sum of the loss */
    void *scratch;    /* SCRATCH glm_pass_scratch(a) bytes, 64-byte aligned */
} sch_glm_pass_args;

typedef struct {
    sch_control control;
    sch_table x;           /* IN (n, d) */
    int64_t n_out;
    const void *coef;      /* IN (n_out, d) */
    const void *intercept; /* IN (n_out) */
    void *out;             /* OUT (n, n_out) */
} sch_linear_predict_args;

/* Some columns as a table of their own. CSR takes two calls: without data it counts, and with it, indptr cumulated in
 * between, it copies. */
typedef struct {
    sch_control control;
    sch_table x;             /* IN (n, d) */
    int64_t n_columns;
    const int64_t *columns;  /* IN (n_columns) DENSE: which */
    const int32_t *position; /* IN (d) CSR: where a column goes, -1 for nowhere */
    void *data;              /* OUT (n, n_columns), or (non-zeros), or NULL: count */
    void *indices;           /* OUT (non-zeros), integers as in x */
    void *indptr;            /* INOUT (n + 1), integers as in x; counting sets entry i + 1 for row i */
} sch_select_columns_args;

/* Sum over the rows of weight_i [x_i - shift; 1][x_i - shift; 1]'. */
typedef struct {
    sch_control control;
    sch_table x;         /* IN (n, d) CSR */
    const void *weight;  /* IN (n) of any sign, or NULL */
    const double *shift; /* IN (d) or NULL */
    double *gram;        /* OUT (d + 1, d + 1) symmetric */
    void *scratch;       /* SCRATCH sparse_gram_scratch(a) bytes */
} sch_sparse_gram_args;

#define SCH_GLM_OPS(X)                         \
    X(glm_pass, sch_glm_pass_args)             \
    X(linear_predict, sch_linear_predict_args) \
    X(select_columns, sch_select_columns_args) \
    X(sparse_gram, sch_sparse_gram_args)

typedef struct {
    SCH_GLM_OPS(SCH_KERNEL)
    int64_t (*glm_pass_scratch)(const sch_glm_pass_args *); /* bytes, a function of sizes and options alone */
    int64_t (*sparse_gram_scratch)(const sch_sparse_gram_args *);
} sch_glm_ops;

#endif
