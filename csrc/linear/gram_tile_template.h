/* linear/gram_tile_template.h - the micro-kernel of Gram matrices: TILE x PANEL products of columns of one packed block
 * of rows, with their sums in registers.
 * Include after core/vec_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef PANEL
#undef TILE
#define PANEL (2 * VL)
#define TILE (SCH_VEC_BYTES == 64 ? 8 : 4) /* 2 * TILE sums: half of the registers, the other half holds operands */

enum { T(GRAM_ROWS) = 128, T(GRAM_TAIL) = VL }; /* two panels stay in the first-level cache */

/* total[i + m][j + .] += sum over rows of left[r][m] * right[r][.], over both registers of the panel or only its first. */
SCH_INLINE void T(gram_tile)(const int both, const real *left, const real *right, int64_t rows, int64_t columns,
                             double *total)
{
    const int width = both ? PANEL : VL;
    vreal sum[TILE][2];
#pragma GCC unroll 8
    for (int m = 0; m < TILE; ++m) sum[m][0] = sum[m][1] = (vreal){0};
    for (int64_t r = 0; r < rows; ++r) {
        const vreal b0 = T(vload)(right + r * PANEL), b1 = T(vload)(right + r * PANEL + VL);
#pragma GCC unroll 8
        for (int m = 0; m < TILE; ++m) {
            const vreal a = T(vset)(left[r * PANEL + m]);
            sum[m][0] += a * b0;
            if (both) sum[m][1] += a * b1;
        }
    }
#pragma GCC unroll 8
    for (int m = 0; m < TILE; ++m) {
        real row[PANEL];
        T(vstore)(row, sum[m][0]);
        T(vstore)(row + VL, sum[m][1]);
        SCH_SIMD
        for (int c = 0; c < width; ++c) total[m * columns + c] += (double)row[c];
    }
}
