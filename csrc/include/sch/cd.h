/* sch/cd.h - coordinate descent for quadratics with L1, elastic-net and group penalties.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_CD_H
#define SCH_CD_H

#include "sch/status.h"
#include "sch/types.h"

/* Sweeps over the coordinates of a quadratic whose Hessian is a Gram matrix, the gradient kept up to date:
 *     sum_t (w_t' G w_t / 2 - c_t' w_t) + sum_j f_j (l1 |w_.j| + l2/2 |w_.j|^2),   gradient_t = G w_t - c_t,
 * where |w_.j| is the absolute value with one task and the Euclidean norm over the tasks with several. */
typedef struct {
    sch_control control;
    int64_t d, n_tasks;
    const double *gram; /* IN (d, d) symmetric; a coordinate whose diagonal is 0, or denormal, keeps its value */
    double l1, l2;
    const double *penalty_factor; /* IN (d) f, or NULL for ones */
    int positive; /* coefficients stay at or above 0 */
    const int64_t *coordinates; /* IN (n_coordinates) which to move and in which order, or NULL for all */
    int64_t n_coordinates;
    int shuffle; /* another order in each sweep */
    uint64_t seed, epoch; /* epoch: sweeps done before this call */
    int64_t max_sweeps;
    double tol; /* end at a largest_change of at most this; with a gap: of this times largest_size, */
    double gap_tol; /* and the duality gap at most this; negative: no gap. A gap needs f = 1 */

    double *gradient; /* INOUT (n_tasks, d), of all coordinates */
    double *coef; /* INOUT (n_tasks, d) */
    double residual; /* INOUT squared norm of y - X w, where G = X'X and c = X'y; for the gap */
    double gap; /* OUT at the end; meaningless without gap_tol */
    int64_t n_sweeps; /* OUT */
    double largest_change; /* OUT of the last sweep: max over j of sqrt(G_jj) |change of w_.j|, */
    double largest_size; /* OUT and of sqrt(G_jj) |w_.j| before it */
    void *scratch; /* SCRATCH gram_cd_scratch(a) bytes, 64-byte aligned */
} sch_gram_cd_args;

/* The next penalties of several paths at once: descents that start on the line through their last two solutions. */
typedef struct {
    sch_control control;
    int64_t n_paths;
    sch_gram_cd_args *descents; /* INOUT (n_paths), alike but for gram, penalties, gap_tol and what changes */
    double *last_coef, *last_gradient; /* INOUT (n_paths, n_tasks, d) of the solutions before those in descents */
    const double *length; /* IN (n_paths) how far along the line to start, in steps from solution to solution; or 0 */
    sch_status *status; /* SCRATCH (n_paths) */
} sch_gram_path_args;

/* X_columns' W X_new of chosen, shifted columns: what a working set adds to its Gram matrix when it grows. */
typedef struct {
    sch_control control;
    sch_columns x; /* IN (n, d) STRIDED */
    const int64_t *columns; /* IN (m) the n_new new columns first */
    int64_t m, n_new;
    const double *shift; /* IN (d) what columns lose, or NULL */
    const void *weight; /* IN (n) or NULL */
    double *gram; /* OUT (m, n_new) */
    void *scratch; /* SCRATCH column_gram_scratch(a) bytes, 64-byte aligned */
} sch_column_gram_args;

/* r X for k rows r: the correlations of every column with a residual. */
typedef struct {
    sch_control control;
    sch_columns x; /* IN (n, d), STRIDED with row_stride 1, or CSC */
    int64_t k;
    const void *r; /* IN (k, n) */
    double *products; /* OUT (k, d) */
} sch_column_products_args;

/* y - offset - X_columns coef' for k targets. */
typedef struct {
    sch_control control;
    sch_columns x; /* IN (n, d) as for column_products */
    int64_t k, m;
    const int64_t *columns; /* IN (m) */
    const double *coef; /* IN (k, m) */
    const double *offset; /* IN (k) */
    const void *y; /* IN (k, n) */
    void *residual; /* OUT (k, n) */
} sch_column_residual_args;

#define SCH_CD_OPS(X)                            \
    X(gram_cd, sch_gram_cd_args)                 \
    X(gram_path, sch_gram_path_args)             \
    X(column_gram, sch_column_gram_args)         \
    X(column_products, sch_column_products_args) \
    X(column_residual, sch_column_residual_args)

typedef struct {
    SCH_CD_OPS(SCH_KERNEL)
    int64_t (*gram_cd_scratch)(const sch_gram_cd_args *); /* bytes, a function of sizes and options alone */
    int64_t (*column_gram_scratch)(const sch_column_gram_args *);
} sch_cd_ops;

#endif
