/* linear/sparse_template.h - what the working sets of wide tables need: some columns as a table of their own
 * (select_columns), and the weighted Gram matrix of a CSR table with few columns (sparse_gram).
 * Include after linear/row_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { T(SELECT_ROWS) = 512, T(SPARSE_GRAM_GROUPS) = 16, T(SPARSE_GRAM_ROWS) = 256, T(SPARSE_GRAM_PAYS) = 4 };
static const double T(SPARSE_GRAM_BYTES) = 64e6; /* for the groups' Gram matrices together */

/* ---------------------------------------------------------------- select_columns */

SCH_INLINE void T(put)(const sch_storage storage, void *array, int64_t e, int64_t value)
{
    if (storage == SCH_CSR32) ((int32_t *)array)[e] = (int32_t)value;
    else ((int64_t *)array)[e] = value;
}

SCH_INLINE void T(count_selected)(const sch_storage storage, const sch_select_columns_args *a, int64_t first,
                                  int64_t last)
{
    for (int64_t i = first; i < last; ++i) {
        const T(row) row = T(row_of)(storage, &a->x, i);
        int64_t found = 0;
        for (int64_t e = 0; e < row.length; ++e) found += a->position[T(entry)(storage, row.index, e)] >= 0;
        T(put)(storage, a->indptr, i + 1, found);
    }
}

/* Entries are written whether they are wanted or not and only the wanted ones kept, which spares a branch that nobody
 * could predict; but nothing may be written beyond what belongs to these rows. */
SCH_INLINE void T(select_sparse)(const sch_storage storage, const sch_select_columns_args *a, int64_t first,
                                 int64_t last)
{
    real *data = a->data;
    const int64_t end = T(entry)(storage, a->indptr, last);
    for (int64_t i = first; i < last; ++i) {
        const T(row) row = T(row_of)(storage, &a->x, i);
        int64_t to = T(entry)(storage, a->indptr, i);
        for (int64_t e = 0; e < row.length && to < end; ++e) {
            const int32_t column = a->position[T(entry)(storage, row.index, e)];
            data[to] = row.value[e];
            T(put)(storage, a->indices, to, column);
            to += column >= 0;
        }
    }
}

static void T(select_dense)(const sch_select_columns_args *a, int64_t first, int64_t last)
{
    for (int64_t i = first; i < last; ++i) {
        const real *row = (const real *)a->x.data + i * a->x.row_stride;
        real *to = (real *)a->data + i * a->n_columns;
        for (int64_t j = 0; j < a->n_columns; ++j) to[j] = row[a->columns[j]];
    }
}

static void T(select_chunk)(void *context, int64_t chunk)
{
    const sch_select_columns_args *a = context;
    const int64_t first = chunk * T(SELECT_ROWS), last = sch_min(first + T(SELECT_ROWS), a->x.n);
    switch (a->x.storage) {
    case SCH_DENSE: T(select_dense)(a, first, last); break;
    case SCH_CSR32:
        if (a->data) T(select_sparse)(SCH_CSR32, a, first, last);
        else T(count_selected)(SCH_CSR32, a, first, last);
        break;
    case SCH_CSR64:
        if (a->data) T(select_sparse)(SCH_CSR64, a, first, last);
        else T(count_selected)(SCH_CSR64, a, first, last);
        break;
    }
}

static sch_status T(select_columns)(sch_select_columns_args *a)
{
    const int64_t chunks = (a->x.n + T(SELECT_ROWS) - 1) / T(SELECT_ROWS);
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)a->n_columns, 1e5);
    return sch_par_for(&control, chunks, T(select_chunk), a);
}

/* ---------------------------------------------------------------- sparse_gram */

/* As many as can be added up in a small part of the time that the rows take. */
static int64_t T(sparse_gram_groups)(const sch_sparse_gram_args *a)
{
    const double size = ((double)a->x.d + 1.0) * ((double)a->x.d + 1.0);
    const double stored = (double)(a->x.storage == SCH_CSR32 ? T(entry)(SCH_CSR32, a->x.indptr, a->x.n)
                                                             : T(entry)(SCH_CSR64, a->x.indptr, a->x.n));
    const double pairs = 0.5 * stored * stored / fmax((double)a->x.n, 1.0);
    const double most =
        fmin(fmin(T(SPARSE_GRAM_GROUPS), pairs / (T(SPARSE_GRAM_PAYS) *size)), T(SPARSE_GRAM_BYTES) / (8.0 * size));
    return sch_max(1, sch_min((int64_t)most, a->x.n / T(SPARSE_GRAM_ROWS)));
}

static int64_t T(sparse_gram_scratch)(const sch_sparse_gram_args *a)
{
    return T(sparse_gram_groups)(a) * (a->x.d + 1) * (a->x.d + 1) * (int64_t)sizeof(double);
}

/* Each pair of entries of a row once, in the order in which they are stored, and half of each square: the sum of the
 * result and its transpose is the Gram matrix, even if columns are not sorted or stored twice. */
SCH_INLINE void T(sparse_gram_rows)(const sch_storage storage, const sch_sparse_gram_args *a, int64_t first,
                                    int64_t last, double *half)
{
    const int64_t d = a->x.d;
    const real *weight = a->weight;
    for (int64_t i = first; i < last; ++i) {
        const T(row) row = T(row_of)(storage, &a->x, i);
        const double omega = weight ? (double)weight[i] : 1.0;
        half[d * (d + 1) + d] += 0.5 * omega;
        if (omega == 0.0) continue;
        for (int64_t e = 0; e < row.length; ++e) {
            const int64_t j = T(entry)(storage, row.index, e);
            const double value = omega * (double)row.value[e];
            double *to = half + j * (d + 1);
            for (int64_t f = 0; f < e; ++f) to[T(entry)(storage, row.index, f)] += value * (double)row.value[f];
            to[j] += 0.5 * value * (double)row.value[e];
            to[d] += value;
        }
    }
}

static void T(sparse_gram_group)(void *context, int64_t group)
{
    const sch_sparse_gram_args *a = context;
    const int64_t size = (a->x.d + 1) * (a->x.d + 1), groups = T(sparse_gram_groups)(a);
    const int64_t first = group * a->x.n / groups, last = (group + 1) * a->x.n / groups;
    double *half = (double *)a->scratch + group * size;
    memset(half, 0, (size_t)size * sizeof(double));
    for (int64_t i = first; i < last; i += T(SPARSE_GRAM_ROWS)) {
        if (sch_should_stop(&a->control)) return;
        const int64_t end = sch_min(i + T(SPARSE_GRAM_ROWS), last);
        if (a->x.storage == SCH_CSR32) T(sparse_gram_rows)(SCH_CSR32, a, i, end, half);
        else T(sparse_gram_rows)(SCH_CSR64, a, i, end, half);
    }
}

/* Adds the groups and the transpose; then moves the columns' zero by the shift. */
static void T(sparse_gram_finish)(const sch_sparse_gram_args *a)
{
    const int64_t order = a->x.d + 1, size = order * order, d = a->x.d;
    double *sum = a->scratch, *gram = a->gram;
    for (int64_t group = 1; group < T(sparse_gram_groups)(a); ++group) {
        const double *half = sum + group * size;
        SCH_SIMD
        for (int64_t e = 0; e < size; ++e) sum[e] += half[e];
    }
    for (int64_t i = 0; i < order; ++i)
        for (int64_t j = 0; j <= i; ++j)
            gram[i * order + j] = gram[j * order + i] = sum[i * order + j] + sum[j * order + i];
    if (!a->shift) return;
    const double total = gram[d * order + d], *s = a->shift;
    double *mean = gram + d * order; /* sums of the columns, still unshifted */
    for (int64_t i = 0; i < d; ++i)
        for (int64_t j = 0; j <= i; ++j)
            gram[i * order + j] = gram[j * order + i] += s[i] * s[j] * total - s[i] * mean[j] - s[j] * mean[i];
    for (int64_t j = 0; j < d; ++j) gram[j * order + d] = mean[j] -= s[j] * total;
}

static sch_status T(sparse_gram)(sch_sparse_gram_args *a)
{
    if (a->x.storage == SCH_DENSE) return SCH_BAD_ARGUMENT;
    const sch_status status = sch_par_for(&a->control, T(sparse_gram_groups)(a), T(sparse_gram_group), a);
    if (status == SCH_OK) T(sparse_gram_finish)(a);
    return status;
}
