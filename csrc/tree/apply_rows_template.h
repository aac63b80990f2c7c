/* tree/apply_rows_template.h - a block of rows as doubles, (n / group, d, group), whatever the table is. Rows that fill
 * the last group up are the last row again.
 * SPDX-License-Identifier: BSD-3-Clause */

SCH_INLINE void T(load_dense)(const int64_t group, const sch_table *x, int64_t column_stride, int64_t first, int64_t n,
                              double *out)
{
    for (int64_t i = 0; i < n; i += group)
        for (int64_t w = 0; w < group; ++w) {
            const real *row = (const real *)x->data + (first + sch_min(i + w, n - 1)) * x->row_stride;
            double *to = out + i * x->d + w;
            for (int64_t j = 0; j < x->d; ++j) to[j * group] = (double)row[j * column_stride];
        }
}

SCH_INLINE int64_t T(index_at)(const sch_storage storage, const void *array, int64_t e)
{
    return storage == SCH_CSR32 ? (int64_t)((const int32_t *)array)[e] : ((const int64_t *)array)[e];
}

/* An entry that a CSR table names twice counts for the sum of both, as everywhere. */
SCH_INLINE void T(load_sparse)(const sch_storage storage, const int64_t group, const sch_table *x, int64_t first,
                               int64_t n, double *out)
{
    const real *data = x->data;
    memset(out, 0, (size_t)(sch_round_up(n, group) * x->d) * sizeof *out);
    for (int64_t i = 0; i < sch_round_up(n, group); ++i) {
        const int64_t row = first + sch_min(i, n - 1), end = T(index_at)(storage, x->indptr, row + 1);
        double *to = out + i / group * group * x->d + i % group;
        for (int64_t e = T(index_at)(storage, x->indptr, row); e < end; ++e) {
            double *entry = to + T(index_at)(storage, x->indices, e) * group;
            *entry = (double)((real)*entry + data[e]);
        }
    }
}

SCH_INLINE void T(load_rows)(const int64_t group, const sch_table *x, int64_t column_stride, int64_t first, int64_t n,
                             double *out)
{
    switch (x->storage) {
    case SCH_DENSE: T(load_dense)(group, x, column_stride, first, n, out); break;
    case SCH_CSR32: T(load_sparse)(SCH_CSR32, group, x, first, n, out); break;
    case SCH_CSR64: T(load_sparse)(SCH_CSR64, group, x, first, n, out); break;
    }
}
