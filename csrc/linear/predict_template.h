/* linear/predict_template.h - the linear_predict kernel: out = X coef' + intercept, blocks of rows in parallel.
 * Include after linear/margin_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { T(PREDICT_ROWS) = 256 };

SCH_INLINE void T(predict_sparse)(const sch_storage storage, const sch_linear_predict_args *a, int64_t first,
                                  int64_t last)
{
    const real *coef = a->coef, *intercept = a->intercept;
    const T(row_shape) unused = {0};
    real *out = a->out;
    for (int64_t i = first; i < last; ++i) {
        const T(row) row = T(row_of)(storage, &a->x, i);
        for (int64_t k = 0; k < a->n_out; ++k)
            out[i * a->n_out + k] = T(row_dot)(storage, &unused, row, coef + k * a->x.d) + intercept[k];
    }
}

/* Dense: each output in turn over a block that stays in cache. coef is read as it is, so rests are read like rows. */
static void T(predict_dense)(const sch_linear_predict_args *a, int64_t first, int64_t last)
{
    const real *coef = a->coef, *intercept = a->intercept;
    const int64_t d = a->x.d, stride = a->x.row_stride;
    const real *x = a->x.data;
    const T(row_shape) s = T(shape_of)(d);
    real *out = a->out;
    for (int64_t k = 0; k < a->n_out; ++k) {
        const real *w = coef + k * d;
        const vreal w_rest = s.rest ? T(load_rest)(w, &s) : (vreal){0};
        for (int64_t i = first; i < last; ++i) {
            vreal sum0 = {0}, sum1 = {0};
            int64_t j = 0;
            for (; j + 2 * VL <= d; j += 2 * VL) {
                sum0 += T(vload)(w + j) * T(vload)(x + i * stride + j);
                sum1 += T(vload)(w + j + VL) * T(vload)(x + i * stride + j + VL);
            }
            if (j + VL <= d) sum0 += T(vload)(w + j) * T(vload)(x + i * stride + j);
            if (s.rest) sum1 += w_rest * T(load_rest)(x + i * stride, &s);
            out[i * a->n_out + k] = T(vsum)(sum0 + sum1) + intercept[k];
        }
    }
}

static void T(predict_chunk)(void *context, int64_t b)
{
    const sch_linear_predict_args *a = context;
    const int64_t first = b * T(PREDICT_ROWS), last = sch_min(first + T(PREDICT_ROWS), a->x.n);
    switch (a->x.storage) {
    case SCH_DENSE: T(predict_dense)(a, first, last); break;
    case SCH_CSR32: T(predict_sparse)(SCH_CSR32, a, first, last); break;
    case SCH_CSR64: T(predict_sparse)(SCH_CSR64, a, first, last); break;
    }
}

static sch_status T(linear_predict)(sch_linear_predict_args *a)
{
    const int64_t chunks = (a->x.n + T(PREDICT_ROWS) - 1) / T(PREDICT_ROWS);
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)a->x.d * (double)a->n_out, 3e5);
    return sch_par_for(&control, chunks, T(predict_chunk), a);
}
