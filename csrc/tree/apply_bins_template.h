/* tree/apply_bins_template.h - rows as planes of bytes: how many of the model's thresholds lie below a value.
 * SPDX-License-Identifier: BSD-3-Clause */

SCH_INLINE int64_t T(index_of)(const sch_storage storage, const void *array, int64_t e)
{
    return storage == SCH_CSR32 ? (int64_t)((const int32_t *)array)[e] : ((const int64_t *)array)[e];
}

/* The used features of up to REGISTER_ROWS rows by column, (n_used, REGISTER_ROWS); 0 beyond the last row. */
static void T(columns_of_dense)(const sch_apply *a, int64_t first, int64_t n, real *columns)
{
    const sch_table *x = &a->x;
    const real *data = (const real *)x->data + first * x->row_stride;
    for (int64_t u = 0; u < a->masks->n_used; ++u) {
        const real *from = data + a->masks->features[u] * a->column_stride;
        real *to = columns + u * REGISTER_ROWS;
        for (int64_t i = 0; i < n; ++i) to[i] = from[i * x->row_stride];
        for (int64_t i = n; i < REGISTER_ROWS; ++i) to[i] = 0;
    }
}

SCH_INLINE void T(columns_of_sparse)(const sch_storage storage, const sch_apply *a, int64_t first, int64_t n,
                                     real *columns)
{
    const sch_table *x = &a->x;
    memset(columns, 0, (size_t)(a->masks->n_used * REGISTER_ROWS) * sizeof(real));
    for (int64_t i = 0; i < n; ++i) {
        const int64_t end = T(index_of)(storage, x->indptr, first + i + 1);
        for (int64_t e = T(index_of)(storage, x->indptr, first + i); e < end; ++e) {
            const int64_t u = a->masks->used[T(index_of)(storage, x->indices, e)];
            if (u >= 0) columns[u * REGISTER_ROWS + i] += ((const real *)x->data)[e]; /* may be named twice */
        }
    }
}

/* Codes of categories; 255: missing. */
static void T(codes_of)(const sch_apply *a, int32_t feature, const real *x, uint8_t *codes)
{
    for (int i = 0; i < REGISTER_ROWS; ++i) {
        const int code = category_of(&a->trees, feature, (double)x[i]);
        codes[i] = (uint8_t)(code < 0 ? 255 : code);
    }
}

static void T(planes_of)(const sch_apply *a, int64_t first, int64_t n, real *columns, uint8_t *planes, int64_t stride)
{
    const sch_masks *m = a->masks;
    switch (a->x.storage) {
    case SCH_DENSE: T(columns_of_dense)(a, first, n, columns); break;
    case SCH_CSR32: T(columns_of_sparse)(SCH_CSR32, a, first, n, columns); break;
    case SCH_CSR64: T(columns_of_sparse)(SCH_CSR64, a, first, n, columns); break;
    }
    /* In both planes a value is the place of the first threshold that is not below it; NaN is 0 in one, 255 in the other. */
    const real *bounds = REAL_BITS == 32 ? (const void *)m->bounds_f32 : (const void *)m->bounds;
    for (int64_t u = 0; u < m->n_used; ++u) {
        const real *x = columns + u * REGISTER_ROWS;
        uint8_t *low = planes + 2 * u * stride, *high = low + stride;
        if (m->levels[u]) T(places_of)(bounds + m->heaps[u], m->levels[u], x, low, high);
        else T(codes_of)(a, m->features[u], x, low);
    }
    for (int64_t c = 0; c < m->n_choices; ++c)
        choose(m->choice_sets + 4 * c, planes + 2 * m->choices[c] * stride, planes + (2 * m->n_used + c) * stride);
}
