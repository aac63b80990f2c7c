/* linear/gram_template.h - sum over rows of omega_i [x_i - shift; 1][x_i - shift; 1]', one block of rows at a time.
 *
 * Rows are scaled by sqrt(omega), shifted, extended by the intercept's column and packed into panels of PANEL columns;
 * the micro-kernel of gram_tile_template.h then runs over the rows of the block. Within a block sums are in real, blocks
 * are added in double; only tiles on or below the diagonal are computed.
 * Include after linear/gram_tile_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

SCH_INLINE int64_t T(gram_columns)(int64_t d) { return sch_round_up(d + 1, PANEL); }
SCH_INLINE int64_t T(gram_size)(int64_t d) { return T(gram_columns)(d) * T(gram_columns)(d); }

/* What a packed row subtracts, and which lanes of it come from the table: offset (columns) is the shift, -1 in the
 * intercept's column, whose element thus becomes 1; keep (columns) masks everything beyond the features. */
SCH_INLINE void T(gram_prepare)(int64_t d, const double *shift, real *offset, ireal *keep)
{
    for (int64_t c = 0; c < T(gram_columns)(d); ++c) {
        offset[c] = c < d ? (shift ? (real)shift[c] : K(0.0)) : (c == d ? K(-1.0) : K(0.0));
        keep[c] = c < d ? -1 : 0;
    }
}

/* packed[p][r][PANEL]; unused columns are zero. Whole registers are read, also beyond the end of a row, but never beyond
 * `end`, the end of the table. */
SCH_INLINE void T(gram_pack)(const real *x, int64_t row_stride, int64_t rows, int64_t d, real *omega,
                             const real *offset, const ireal *keep, const real *end, real *packed)
{
    const int64_t columns = T(gram_columns)(d);
    SCH_SIMD
    for (int64_t r = 0; r < rows; ++r) omega[r] = T(sqrt)(omega[r]);
    for (int64_t r = 0; r < rows; ++r) {
        const real *row = x + r * row_stride;
        const vreal scale = T(vset)(omega[r]);
        real last[T(GRAM_TAIL)];
        int64_t c = 0;
        for (; c < columns; c += VL) {
            const real *from = row + c;
            if (from + VL > end) { /* the last rows of the table */
                for (int l = 0; l < VL; ++l) last[l] = from + l < end ? from[l] : K(0.0);
                from = last;
            }
            const vmask lanes = (vmask)T(vload)(from) & *(const vmask *)(keep + c);
            T(vstore)(packed + c / PANEL * PANEL * rows + r * PANEL + c % PANEL,
                      scale * ((vreal)lanes - T(vload)(offset + c)));
        }
    }
}

/* Adds one packed block to total (columns, columns), the part on and below the diagonal. */
static void T(gram_add)(const real *packed, int64_t rows, int64_t d, double *total)
{
    const int64_t columns = T(gram_columns)(d);
    for (int64_t j = 0; j < d + 1; j += PANEL)
        for (int64_t i = j; i < d + 1; i += TILE) {
            const real *left = packed + i / PANEL * PANEL * rows + i % PANEL, *right = packed + j * rows;
            /* one register will do at the diagonal's top, and in a last panel that is half empty */
            if (i + TILE <= j + VL || d + 1 <= j + VL)
                T(gram_tile)(0, left, right, rows, columns, total + i * columns + j);
            else T(gram_tile)(1, left, right, rows, columns, total + i * columns + j);
        }
}

/* The lower triangle of total, mirrored into the caller's (d + 1, d + 1). */
static void T(gram_finish)(const double *total, int64_t d, double *gram)
{
    const int64_t columns = T(gram_columns)(d);
    for (int64_t i = 0; i < d + 1; ++i)
        for (int64_t j = 0; j <= i; ++j) gram[i * (d + 1) + j] = gram[j * (d + 1) + i] = total[i * columns + j];
}
