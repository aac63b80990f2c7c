/* tree/bin_column_template.h - a column of a table, dense or CSC, as binning reads it.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Dense: `length` values, `stride` apart. CSC: the stored values and their rows. */
typedef struct {
    const real *value;
    const void *row;
    int64_t length, stride;
} T(bin_column);

SCH_INLINE int64_t T(bin_row)(const sch_column_storage storage, const void *rows, int64_t e)
{
    return storage == SCH_CSC32 ? ((const int32_t *)rows)[e] : ((const int64_t *)rows)[e];
}

SCH_INLINE T(bin_column) T(bin_column_of)(const sch_columns *x, int64_t f)
{
    if (x->storage == SCH_STRIDED)
        return (T(bin_column)){(const real *)x->data + f * x->column_stride, NULL, x->n, x->row_stride};
    const int64_t start = T(bin_row)(x->storage, x->indptr, f), stop = T(bin_row)(x->storage, x->indptr, f + 1);
    const char *rows = (const char *)x->indices + start * (x->storage == SCH_CSC32 ? 4 : 8);
    return (T(bin_column)){(const real *)x->data + start, rows, stop - start, 1};
}
