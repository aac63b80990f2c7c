/* linear/row_template.h - one row of a table against a weight vector, dense or CSR. `storage` is a constant at every
 * call. Dense weights are packed (core/vec_template.h), CSR weights are plain.
 * Include after core/vec_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    const real *value;
    const void *index; /* CSR */
    int64_t length;    /* CSR: non-zeros */
} T(row);

SCH_INLINE int64_t T(entry)(const sch_storage storage, const void *array, int64_t e)
{
    return storage == SCH_CSR32 ? (int64_t)((const int32_t *)array)[e] : ((const int64_t *)array)[e];
}

SCH_INLINE T(row) T(row_of)(const sch_storage storage, const sch_table *x, int64_t i)
{
    if (storage == SCH_DENSE) return (T(row)){.value = (const real *)x->data + i * x->row_stride};
    const int64_t first = T(entry)(storage, x->indptr, i), last = T(entry)(storage, x->indptr, i + 1);
    const char *index = (const char *)x->indices + first * (storage == SCH_CSR32 ? 4 : 8);
    return (T(row)){.value = (const real *)x->data + first, .index = index, .length = last - first};
}

/* Memory that will be wanted soon or later: into the first cache or the second. */
SCH_INLINE void T(prefetch_bytes)(const void *from, int64_t bytes, int later)
{
    const char *stop = (const char *)from + bytes;
    for (const char *line = (const char *)((uintptr_t)from & -(uintptr_t)SCH_LINE); line < stop; line += SCH_LINE) {
        if (later) __builtin_prefetch(line, 0, 2);
        else __builtin_prefetch(line);
    }
}

SCH_INLINE void T(prefetch_row)(const sch_storage storage, const sch_table *x, int64_t i, int later)
{
    const T(row) r = T(row_of)(storage, x, i);
    const int64_t length = storage == SCH_DENSE ? x->d : r.length;
    T(prefetch_bytes)(r.value, length * (int64_t)sizeof(real), later);
    if (storage != SCH_DENSE) T(prefetch_bytes)(r.index, length * (storage == SCH_CSR32 ? 4 : 8), later);
}

SCH_INLINE real T(dense_dot)(const T(row_shape) *s, const real *x, const real *w)
{
    vreal sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
    const int64_t full = s->full * VL;
    int64_t j = 0;
    for (; j + 4 * VL <= full; j += 4 * VL) {
        sum0 += T(vload)(x + j) * T(vload)(w + j);
        sum1 += T(vload)(x + j + VL) * T(vload)(w + j + VL);
        sum2 += T(vload)(x + j + 2 * VL) * T(vload)(w + j + 2 * VL);
        sum3 += T(vload)(x + j + 3 * VL) * T(vload)(w + j + 3 * VL);
    }
    if (j + VL <= full) sum0 += T(vload)(x + j) * T(vload)(w + j);
    if (j + 2 * VL <= full) sum1 += T(vload)(x + j + VL) * T(vload)(w + j + VL);
    if (j + 3 * VL <= full) sum2 += T(vload)(x + j + 2 * VL) * T(vload)(w + j + 2 * VL);
    if (s->rest) sum3 += T(load_rest)(x, s) * T(vload)(w + full);
    return T(vsum)((sum0 + sum1) + (sum2 + sum3));
}

/* w += c * x. `ahead` is a row that will be wanted soon: fetched here, a line at a time, it does not crowd out the loads
 * that the next dot product waits for. */
SCH_INLINE void T(dense_axpy)(const T(row_shape) *s, real c, const real *x, const real *ahead, real *w)
{
    const int64_t full = s->full * VL;
    const vreal step = T(vset)(c);
    for (int64_t j = 0; j < full; j += VL) {
        __builtin_prefetch(ahead + j);
        T(vstore)(w + j, T(vload)(w + j) + step * T(vload)(x + j));
    }
    __builtin_prefetch(ahead + full);
    if (s->rest) T(vstore)(w + full, T(vload)(w + full) + step * T(load_rest)(x, s));
}

SCH_INLINE real T(row_dot)(const sch_storage storage, const T(row_shape) *s, const T(row) r, const real *w)
{
    if (storage == SCH_DENSE) return T(dense_dot)(s, r.value, w);
    real sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    int64_t e = 0;
    for (; e + 4 <= r.length; e += 4) {
        sum0 += r.value[e] * w[T(entry)(storage, r.index, e)];
        sum1 += r.value[e + 1] * w[T(entry)(storage, r.index, e + 1)];
        sum2 += r.value[e + 2] * w[T(entry)(storage, r.index, e + 2)];
        sum3 += r.value[e + 3] * w[T(entry)(storage, r.index, e + 3)];
    }
    for (; e < r.length; ++e) sum0 += r.value[e] * w[T(entry)(storage, r.index, e)];
    return (sum0 + sum1) + (sum2 + sum3);
}

SCH_INLINE void T(row_axpy)(const sch_storage storage, const T(row_shape) *s, real c, const T(row) r,
                            const T(row) ahead, real *w)
{
    if (storage == SCH_DENSE) {
        T(dense_axpy)(s, c, r.value, ahead.value, w);
        return;
    }
    for (int64_t e = 0; e < r.length; ++e) w[T(entry)(storage, r.index, e)] += c * r.value[e];
}

SCH_INLINE real T(row_square)(const sch_storage storage, int64_t d, const T(row) r)
{
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    real sum = 0;
    SCH_SIMD_SUM(sum)
    for (int64_t e = 0; e < length; ++e) sum += r.value[e] * r.value[e];
    return sum;
}
