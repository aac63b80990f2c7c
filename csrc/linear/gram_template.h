/* linear/gram_template.h - sum over rows of omega_i [x_i - shift; 1][x_i - shift; 1]', one block of rows at a time.
 *
 * Rows are scaled by sqrt(omega), shifted, extended by the intercept's column and packed into panels of PANEL columns;
 * a micro-kernel of TILE x PANEL then runs over the rows of the block with its sums in registers. Within a block sums
 * are in real, blocks are added in double; only tiles on or below the diagonal are computed.
 * Include after core/vec_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef PANEL
#undef TILE
#define PANEL (2 * VL)
#define TILE (SCH_VEC_BYTES == 64 ? 8 : 4) /* 2 * TILE sums: half of the registers, the other half holds operands */

enum { T(GRAM_ROWS) = 128 }; /* two panels stay in the first-level cache */

SCH_INLINE int64_t T(gram_columns)(int64_t d) { return sch_round_up(d + 1, PANEL); }
SCH_INLINE int64_t T(gram_size)(int64_t d) { return T(gram_columns)(d) * T(gram_columns)(d); }

/* packed[p][r][PANEL]; unused columns are zero */
SCH_INLINE void T(gram_pack)(const real *x, int64_t row_stride, int64_t rows, int64_t d, const real *omega,
                             const real *shift, real *packed)
{
    const int64_t columns = T(gram_columns)(d);
    for (int64_t r = 0; r < rows; ++r) {
        const real scale = (real)sqrt((double)T(max)(omega[r], K(0.0)));
        const real *row = x + r * row_stride;
        for (int64_t p = 0; p < columns; p += PANEL) {
            real *to = packed + p * rows + r * PANEL;
            const int64_t width = sch_min(PANEL, d - p);
            if (width == PANEL) {
                SCH_SIMD
                for (int64_t c = 0; c < PANEL; ++c) to[c] = scale * (row[p + c] - shift[p + c]);
                continue;
            }
            for (int64_t c = 0; c < width; ++c) to[c] = scale * (row[p + c] - shift[p + c]);
            for (int64_t c = sch_max(width, 0); c < PANEL; ++c) to[c] = p + c == d ? scale : K(0.0);
        }
    }
}

/* total[i + m][j + .] += sum over rows of left[r][m] * right[r][.] */
SCH_INLINE void T(gram_tile)(const real *left, const real *right, int64_t rows, int64_t columns, double *total)
{
    vreal sum[TILE][2];
#pragma GCC unroll 8
    for (int m = 0; m < TILE; ++m) sum[m][0] = sum[m][1] = (vreal){0};
    for (int64_t r = 0; r < rows; ++r) {
        const vreal b0 = T(vload)(right + r * PANEL), b1 = T(vload)(right + r * PANEL + VL);
#pragma GCC unroll 8
        for (int m = 0; m < TILE; ++m) {
            const vreal a = T(vset)(left[r * PANEL + m]);
            sum[m][0] += a * b0;
            sum[m][1] += a * b1;
        }
    }
#pragma GCC unroll 8
    for (int m = 0; m < TILE; ++m) {
        real row[PANEL];
        T(vstore)(row, sum[m][0]);
        T(vstore)(row + VL, sum[m][1]);
        SCH_SIMD
        for (int c = 0; c < PANEL; ++c) total[m * columns + c] += (double)row[c];
    }
}

/* Adds one packed block to total (columns, columns), the part on and below the diagonal. */
static void T(gram_add)(const real *packed, int64_t rows, int64_t d, double *total)
{
    const int64_t columns = T(gram_columns)(d);
    for (int64_t j = 0; j < d + 1; j += PANEL)
        for (int64_t i = j; i < d + 1; i += TILE)
            T(gram_tile)(packed + i / PANEL * PANEL * rows + i % PANEL, packed + j * rows, rows, columns,
                         total + i * columns + j);
}

/* The lower triangle of total, mirrored into the caller's (d + 1, d + 1). */
static void T(gram_finish)(const double *total, int64_t d, double *gram)
{
    const int64_t columns = T(gram_columns)(d);
    for (int64_t i = 0; i < d + 1; ++i)
        for (int64_t j = 0; j <= i; ++j) gram[i * (d + 1) + j] = gram[j * (d + 1) + i] = total[i * columns + j];
}
