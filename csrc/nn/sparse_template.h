/* nn/sparse_template.h - the first layer of a CSR table, row by row.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    const real *values;
    const void *indices;
    int64_t begin, end;
} T(sparse_row);

SCH_INLINE T(sparse_row) T(sparse_row_of)(const sch_table *x, int64_t i)
{
    T(sparse_row) r = {.values = x->data, .indices = x->indices};
    if (x->storage == SCH_CSR32) r.begin = ((const int32_t *)x->indptr)[i], r.end = ((const int32_t *)x->indptr)[i + 1];
    else r.begin = ((const int64_t *)x->indptr)[i], r.end = ((const int64_t *)x->indptr)[i + 1];
    return r;
}

SCH_INLINE int64_t T(sparse_column)(const sch_table *x, const T(sparse_row) *r, int64_t at)
{
    return x->storage == SCH_CSR32 ? ((const int32_t *)r->indices)[at] : ((const int64_t *)r->indices)[at];
}

/* out = bias + row i times weight, for the units from `first` on. */
static void T(sparse_forward_row)(const sch_table *x, int64_t i, const sch_nn_layer *l, real *SCH_RESTRICT out)
{
    const T(sparse_row) r = T(sparse_row_of)(x, i);
    const int64_t n = l->fan_out;
    memcpy(out, l->bias, (size_t)n * sizeof(real));
    for (int64_t at = r.begin; at < r.end; ++at) {
        const real *const weight = (const real *)l->weight + T(sparse_column)(x, &r, at) * n;
        const real value = r.values[at];
        SCH_SIMD
        for (int64_t u = 0; u < n; ++u) out[u] += value * weight[u];
    }
}

/* One panel: its rows by themselves into `rows`, PW of them n_rows apart, then into the panel. */
static void T(sparse_forward_panel)(const sch_table *x, const int64_t *order, int64_t count, const sch_nn_layer *l,
                                    real *rows, real *panel)
{
    const int64_t n = l->fan_out;
    for (int64_t r = 0; r < count; ++r) T(sparse_forward_row)(x, order[r], l, rows + r * n);
    for (int v = 0; v < 2 && v * VL < count; ++v) {
        const real *row[VL];
        for (int i = 0; i < VL; ++i) row[i] = v * VL + i < count ? rows + (v * VL + i) * n : NULL;
        T(transpose_rows)(row, n, panel + v * VL, PW);
    }
}

/* Adds x' delta to the gradient of `count` units from `first` on; delta by row, PW apart. */
static void T(sparse_gradient)(const sch_table *x, const int64_t *order, int64_t rows, const real *delta, int64_t n,
                               int64_t first, int64_t count, real *gradient)
{
    for (int64_t m = 0; m < rows; ++m) {
        const T(sparse_row) r = T(sparse_row_of)(x, order[m]);
        for (int64_t at = r.begin; at < r.end; ++at) {
            real *const g = gradient + T(sparse_column)(x, &r, at) * n + first;
            const real value = r.values[at];
            SCH_SIMD
            for (int64_t u = 0; u < count; ++u) g[u] += value * delta[m * PW + u];
        }
    }
}
