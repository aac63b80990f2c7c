/* linear/margin_template.h - raw predictions of a block of dense rows, and their transpose: the gradient of the block.
 * With one output registers run along the features; with several they run along the outputs, whose weights are laid out
 * as (d, n_padded), n_padded a multiple of the register.
 * Include after linear/row_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum {
    T(ROWS) = 4, /* rows that share each load of the weights */
    T(NARROW) = 1280 / sizeof(real) /* up to so many features two blocks of 16 rows fit in the first cache */
};

/* Fetching what is read next is left to the software: a block is read twice, and in between the hardware would idle.
 *
 * Of narrow rows, each phase fetches half of the next block, evenly: for every ROWS rows that it reads it asks for half as
 * many, line by line in the order of memory, which the hardware's own prefetching then follows. Wide rows would push the
 * block at hand out of the first cache; of them the gradient phase fetches the next block, the margin phase streams. */
SCH_INLINE void T(fetch_rows)(const real *x, int64_t stride, int64_t d)
{
    const int64_t rows = T(ROWS) / 2, spans = stride == d ? 1 : rows, length = stride == d ? rows * d : d;
    for (int64_t r = 0; r < spans; ++r)
        for (int64_t j = 0; j < length; j += SCH_LINE / (int64_t)sizeof(real)) __builtin_prefetch(x + r * stride + j);
}

/* z[r] = x_r w, for ROWS rows at once */
SCH_INLINE void T(dot_rows)(const T(row_shape) *s, const real *x, int64_t stride, const real *w, real *z)
{
    vreal sum[T(ROWS)][2];
    const int64_t full = s->full * VL;
    int64_t j = 0;
#pragma GCC unroll 4
    for (int r = 0; r < T(ROWS); ++r) sum[r][0] = sum[r][1] = (vreal){0};
    for (; j + 2 * VL <= full; j += 2 * VL) {
        const vreal w0 = T(vload)(w + j), w1 = T(vload)(w + j + VL);
#pragma GCC unroll 4
        for (int r = 0; r < T(ROWS); ++r) {
            sum[r][0] += w0 * T(vload)(x + r * stride + j);
            sum[r][1] += w1 * T(vload)(x + r * stride + j + VL);
        }
    }
    if (j + VL <= full)
#pragma GCC unroll 4
        for (int r = 0; r < T(ROWS); ++r) sum[r][0] += T(vload)(w + j) * T(vload)(x + r * stride + j);
    if (s->rest)
#pragma GCC unroll 4
        for (int r = 0; r < T(ROWS); ++r) sum[r][1] += T(vload)(w + full) * T(load_rest)(x + r * stride, s);
    T(store_sums)(sum[0][0] + sum[0][1], sum[1][0] + sum[1][1], sum[2][0] + sum[2][1], sum[3][0] + sum[3][1], z);
}

/* g += sum over ROWS rows of c[r] * x_r, of which those `ahead` elements further are fetched, unless that is 0. */
SCH_INLINE void T(add_rows)(const T(row_shape) *s, const real *x, int64_t stride, int64_t ahead, const real *c, real *g)
{
    const vreal c0 = T(vset)(c[0]), c1 = T(vset)(c[1]), c2 = T(vset)(c[2]), c3 = T(vset)(c[3]);
    const int64_t full = s->full * VL;
    for (int64_t j = 0; j < full; j += VL) {
        if (ahead)
#pragma GCC unroll 4
            for (int r = 0; r < T(ROWS); ++r) __builtin_prefetch(x + r * stride + j + ahead);
        T(vstore)(g + j, T(vload)(g + j) + ((c0 * T(vload)(x + j) + c1 * T(vload)(x + stride + j)) +
                                            (c2 * T(vload)(x + 2 * stride + j) + c3 * T(vload)(x + 3 * stride + j))));
    }
    if (s->rest)
        T(vstore)(g + full,
                  T(vload)(g + full) + ((c0 * T(load_rest)(x, s) + c1 * T(load_rest)(x + stride, s)) +
                                        (c2 * T(load_rest)(x + 2 * stride, s) + c3 * T(load_rest)(x + 3 * stride, s))));
}

SCH_INLINE void T(dot_block)(const T(row_shape) *s, const real *x, int64_t stride, int64_t rows, const real *w,
                             real intercept, real *z)
{
    const int64_t d = s->full * VL + s->rest;
    const real *next = x + rows * stride;
    int64_t r = 0;
    for (; r + T(ROWS) <= rows; r += T(ROWS)) {
        if (d <= T(NARROW)) T(fetch_rows)(next + r / 2 * stride, stride, d);
        T(dot_rows)(s, x + r * stride, stride, w, z + r);
    }
    for (; r < rows; ++r) z[r] = T(dense_dot)(s, x + r * stride, w);
    SCH_SIMD
    for (r = 0; r < rows; ++r) z[r] += intercept;
}

SCH_INLINE void T(add_block)(const T(row_shape) *s, const real *x, int64_t stride, int64_t rows, const real *c, real *g)
{
    const int64_t d = s->full * VL + s->rest;
    const real *next = x + (rows + rows / 2) * stride;
    int64_t r = 0;
    if (d <= T(NARROW)) {
        for (; r + T(ROWS) <= rows; r += T(ROWS)) {
            T(fetch_rows)(next + r / 2 * stride, stride, d);
            T(add_rows)(s, x + r * stride, stride, 0, c + r, g);
        }
    } else {
        for (; r + T(ROWS) <= rows; r += T(ROWS)) T(add_rows)(s, x + r * stride, stride, rows * stride, c + r, g);
    }
    for (; r < rows; ++r) T(dense_axpy)(s, c[r], x + r * stride, x + r * stride, g);
}

/* Several outputs: z (rows, n_padded) = x w + intercept, two registers of outputs by ROWS rows at a time. */
SCH_INLINE void T(dot_panel)(const real *x, int64_t stride, const int64_t rows, int64_t d, const real *w,
                             int64_t n_padded, const int two, const real *intercept, real *z)
{
    vreal sum[T(ROWS)][2];
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
        sum[r][0] = T(vload)(intercept);
        if (two) sum[r][1] = T(vload)(intercept + VL);
    }
    for (int64_t j = 0; j < d; ++j) {
        const vreal w0 = T(vload)(w + j * n_padded), w1 = T(vload)(w + j * n_padded + (two ? VL : 0));
#pragma GCC unroll 4
        for (int r = 0; r < rows; ++r) {
            const vreal value = T(vset)(x[r * stride + j]);
            sum[r][0] += value * w0;
            if (two) sum[r][1] += value * w1;
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) {
        T(vstore)(z + r * n_padded, sum[r][0]);
        if (two) T(vstore)(z + r * n_padded + VL, sum[r][1]);
    }
}

static void T(dot_block_multi)(const real *x, int64_t stride, int64_t rows, int64_t d, const real *w, int64_t n_padded,
                               const real *intercept, real *z)
{
    for (int64_t r = 0; r < rows; r += r + T(ROWS) <= rows ? T(ROWS) : 1) {
        const int whole = r + T(ROWS) <= rows;
        for (int64_t k = 0; k < n_padded; k += 2 * VL) {
            const int two = k + VL < n_padded;
            const real *from = x + r * stride;
            real *to = z + r * n_padded + k;
            if (whole && two) T(dot_panel)(from, stride, T(ROWS), d, w + k, n_padded, 1, intercept + k, to);
            else if (whole) T(dot_panel)(from, stride, T(ROWS), d, w + k, n_padded, 0, intercept + k, to);
            else if (two) T(dot_panel)(from, stride, 1, d, w + k, n_padded, 1, intercept + k, to);
            else T(dot_panel)(from, stride, 1, d, w + k, n_padded, 0, intercept + k, to);
        }
    }
}

/* g (d, n_padded) += x' c for a block, `features` of them by two registers of outputs at a time. */
SCH_INLINE void T(add_panel)(const real *x, int64_t stride, int64_t rows, const int features, const real *c,
                             int64_t n_padded, const int two, real *g)
{
    vreal sum[T(ROWS)][2];
#pragma GCC unroll 4
    for (int f = 0; f < features; ++f) {
        sum[f][0] = T(vload)(g + f * n_padded);
        if (two) sum[f][1] = T(vload)(g + f * n_padded + VL);
    }
    for (int64_t r = 0; r < rows; ++r) {
        const vreal c0 = T(vload)(c + r * n_padded), c1 = T(vload)(c + r * n_padded + (two ? VL : 0));
#pragma GCC unroll 4
        for (int f = 0; f < features; ++f) {
            const vreal value = T(vset)(x[r * stride + f]);
            sum[f][0] += value * c0;
            if (two) sum[f][1] += value * c1;
        }
    }
#pragma GCC unroll 4
    for (int f = 0; f < features; ++f) {
        T(vstore)(g + f * n_padded, sum[f][0]);
        if (two) T(vstore)(g + f * n_padded + VL, sum[f][1]);
    }
}

static void T(add_block_multi)(const real *x, int64_t stride, int64_t rows, int64_t d, const real *c, int64_t n_padded,
                               real *g)
{
    for (int64_t j = 0; j < d; j += j + T(ROWS) <= d ? T(ROWS) : 1) {
        const int whole = j + T(ROWS) <= d;
        for (int64_t k = 0; k < n_padded; k += 2 * VL) {
            const int two = k + VL < n_padded;
            real *to = g + j * n_padded + k;
            if (whole && two) T(add_panel)(x + j, stride, rows, T(ROWS), c + k, n_padded, 1, to);
            else if (whole) T(add_panel)(x + j, stride, rows, T(ROWS), c + k, n_padded, 0, to);
            else if (two) T(add_panel)(x + j, stride, rows, 1, c + k, n_padded, 1, to);
            else T(add_panel)(x + j, stride, rows, 1, c + k, n_padded, 0, to);
        }
    }
}

/* (n_out, d) -> (d, n_padded), the padding zero */
static void T(pack_outputs)(const double *coef, int64_t n_out, int64_t d, int64_t n_padded, real *w)
{
    for (int64_t j = 0; j < d; ++j)
        for (int64_t k = 0; k < n_padded; ++k) w[j * n_padded + k] = k < n_out ? (real)coef[k * d + j] : K(0.0);
}
