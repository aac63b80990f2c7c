/* linear/column_template.h - the column_products and column_residual kernels: what the columns of a table, dense or CSC,
 * have in common with vectors over the rows. Each sum is one chunk's own, so threads change no bit.
 * Include after core/vec_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { T(COLUMN_PIECE) = 2048, T(COLUMN_SUMS) = 4, T(COLUMN_CHUNK) = 16, T(RESIDUAL_ROWS) = 1024 };

/* A short stretch, in real: several sums hide the latency of addition. */
SCH_INLINE double T(dot_piece)(const real *x, const real *r, int64_t n)
{
    vreal sum[T(COLUMN_SUMS)] = {{0}};
    double rest = 0.0;
    int64_t i = 0;
    for (; i + T(COLUMN_SUMS) *VL <= n; i += T(COLUMN_SUMS) *VL) {
#pragma GCC unroll 4
        for (int s = 0; s < T(COLUMN_SUMS); ++s) sum[s] += T(vload)(x + i + s * VL) * T(vload)(r + i + s * VL);
    }
    for (; i < n; ++i) rest += (double)x[i] * (double)r[i];
    return (double)T(vsum)((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;
}

static void T(products_of_strided)(const sch_column_products_args *a, int64_t j)
{
    const real *x = (const real *)a->x.data + j * a->x.column_stride, *r = a->r;
    for (int64_t t = 0; t < a->k; ++t) a->products[t * a->x.d + j] = 0.0;
    for (int64_t i = 0; i < a->x.n; i += T(COLUMN_PIECE)) {
        const int64_t rows = sch_min(T(COLUMN_PIECE), a->x.n - i);
        for (int64_t t = 0; t < a->k; ++t) a->products[t * a->x.d + j] += T(dot_piece)(x + i, r + t * a->x.n + i, rows);
    }
}

/* The non-zeros of column j of a CSC table. */
typedef struct {
    const real *value;
    const void *index;
    int64_t length;
} T(sparse_column);

SCH_INLINE int64_t T(sparse_row)(const sch_column_storage storage, const void *index, int64_t e)
{
    return storage == SCH_CSC32 ? ((const int32_t *)index)[e] : ((const int64_t *)index)[e];
}

SCH_INLINE T(sparse_column) T(sparse_column_of)(const sch_column_storage storage, const sch_columns *x, int64_t j)
{
    const int64_t start = T(sparse_row)(storage, x->indptr, j), stop = T(sparse_row)(storage, x->indptr, j + 1);
    return (T(sparse_column)){
        .value = (const real *)x->data + start,
        .index = (const char *)x->indices + start * (storage == SCH_CSC32 ? 4 : 8),
        .length = stop - start,
    };
}

SCH_INLINE double T(dot_sparse)(const sch_column_storage storage, const T(sparse_column) *x, const real *r)
{
    double sum[4] = {0.0};
    int64_t e = 0;
    for (; e + 4 <= x->length; e += 4) {
#pragma GCC unroll 4
        for (int s = 0; s < 4; ++s)
            sum[s] += (double)x->value[e + s] * (double)r[T(sparse_row)(storage, x->index, e + s)];
    }
    for (; e < x->length; ++e) sum[0] += (double)x->value[e] * (double)r[T(sparse_row)(storage, x->index, e)];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

SCH_INLINE void T(products_of_sparse)(const sch_column_storage storage, const sch_column_products_args *a, int64_t j)
{
    const T(sparse_column) x = T(sparse_column_of)(storage, &a->x, j);
    for (int64_t t = 0; t < a->k; ++t)
        a->products[t * a->x.d + j] = T(dot_sparse)(storage, &x, (const real *)a->r + t * a->x.n);
}

static void T(products_chunk)(void *context, int64_t chunk)
{
    const sch_column_products_args *a = context;
    const int64_t first = chunk * T(COLUMN_CHUNK), last = sch_min(first + T(COLUMN_CHUNK), a->x.d);
    for (int64_t j = first; j < last; ++j) {
        if (a->x.storage == SCH_STRIDED) T(products_of_strided)(a, j);
        else if (a->x.storage == SCH_CSC32) T(products_of_sparse)(SCH_CSC32, a, j);
        else T(products_of_sparse)(SCH_CSC64, a, j);
    }
}

SCH_INLINE double T(column_work)(const sch_columns *x)
{
    if (x->storage == SCH_STRIDED) return (double)x->n * (double)x->d;
    return 4.0 * (double)T(sparse_row)(x->storage, x->indptr, x->d);
}

static sch_status T(column_products)(sch_column_products_args *a)
{
    if (a->x.storage == SCH_STRIDED && a->x.row_stride != 1) return SCH_BAD_ARGUMENT;
    const sch_control control = sch_serial_below(a->control, T(column_work)(&a->x) * (double)a->k, 1e5);
    return sch_par_for(&control, (a->x.d + T(COLUMN_CHUNK) - 1) / T(COLUMN_CHUNK), T(products_chunk), a);
}

/* A block of rows, all targets; sums over the columns are in double. */
static void T(residual_chunk)(void *context, int64_t chunk)
{
    const sch_column_residual_args *a = context;
    const int64_t first = chunk * T(RESIDUAL_ROWS), rows = sch_min(T(RESIDUAL_ROWS), a->x.n - first);
    double z[T(RESIDUAL_ROWS)];
    for (int64_t t = 0; t < a->k; ++t) {
        const real *y = (const real *)a->y + t * a->x.n + first;
        real *residual = (real *)a->residual + t * a->x.n + first;
        for (int64_t i = 0; i < rows; ++i) z[i] = (double)y[i] - a->offset[t];
        for (int64_t c = 0; c < a->m; ++c) {
            const real *x = (const real *)a->x.data + a->columns[c] * a->x.column_stride + first;
            const double w = a->coef[t * a->m + c];
            SCH_SIMD
            for (int64_t i = 0; i < rows; ++i) z[i] -= w * (double)x[i];
        }
        SCH_SIMD
        for (int64_t i = 0; i < rows; ++i) residual[i] = (real)z[i];
    }
}

SCH_INLINE void T(residual_of_sparse)(const sch_column_storage storage, const sch_column_residual_args *a, int64_t t)
{
    real *residual = (real *)a->residual + t * a->x.n;
    const real *y = (const real *)a->y + t * a->x.n;
    for (int64_t i = 0; i < a->x.n; ++i) residual[i] = (real)((double)y[i] - a->offset[t]);
    for (int64_t c = 0; c < a->m; ++c) {
        const T(sparse_column) x = T(sparse_column_of)(storage, &a->x, a->columns[c]);
        const real w = (real)a->coef[t * a->m + c];
        for (int64_t e = 0; e < x.length; ++e) residual[T(sparse_row)(storage, x.index, e)] -= w * x.value[e];
    }
}

static void T(residual_of_target)(void *context, int64_t t)
{
    const sch_column_residual_args *a = context;
    if (a->x.storage == SCH_CSC32) T(residual_of_sparse)(SCH_CSC32, a, t);
    else T(residual_of_sparse)(SCH_CSC64, a, t);
}

static sch_status T(column_residual)(sch_column_residual_args *a)
{
    if (a->x.storage != SCH_STRIDED) return sch_par_for(&a->control, a->k, T(residual_of_target), a);
    if (a->x.row_stride != 1) return SCH_BAD_ARGUMENT;
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)(a->m * a->k), 1e5);
    return sch_par_for(&control, (a->x.n + T(RESIDUAL_ROWS) - 1) / T(RESIDUAL_ROWS), T(residual_chunk), a);
}
