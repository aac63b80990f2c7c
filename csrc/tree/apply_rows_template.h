/* tree/apply_rows_template.h - a block of rows of a table as a dense array of doubles, whatever the table is.
 * SPDX-License-Identifier: BSD-3-Clause */

static void T(load_dense)(const sch_table *x, int64_t column_stride, int64_t first, int64_t n, double *out)
{
    const real *data = x->data;
    for (int64_t i = 0; i < n; ++i) {
        const real *row = data + (first + i) * x->row_stride;
        for (int64_t j = 0; j < x->d; ++j) out[i * x->d + j] = (double)row[j * column_stride];
    }
}

SCH_INLINE int64_t T(index_at)(const sch_storage storage, const void *array, int64_t e)
{
    return storage == SCH_CSR32 ? (int64_t)((const int32_t *)array)[e] : ((const int64_t *)array)[e];
}

/* An entry that a CSR table names twice counts for the sum of both, as everywhere. */
SCH_INLINE void T(load_sparse)(const sch_storage storage, const sch_table *x, int64_t first, int64_t n, double *out)
{
    const real *data = x->data;
    memset(out, 0, (size_t)(n * x->d) * sizeof *out);
    for (int64_t i = 0; i < n; ++i) {
        const int64_t end = T(index_at)(storage, x->indptr, first + i + 1);
        for (int64_t e = T(index_at)(storage, x->indptr, first + i); e < end; ++e)
            out[i * x->d + T(index_at)(storage, x->indices, e)] += (double)data[e];
    }
}

static void T(load_rows)(const sch_table *x, int64_t column_stride, int64_t first, int64_t n, double *out)
{
    switch (x->storage) {
    case SCH_DENSE: T(load_dense)(x, column_stride, first, n, out); break;
    case SCH_CSR32: T(load_sparse)(SCH_CSR32, x, first, n, out); break;
    case SCH_CSR64: T(load_sparse)(SCH_CSR64, x, first, n, out); break;
    }
}
