/* tree/bin_transpose.h - bins from columns to the rows of a tile: 16 x 16 bytes at a time, in four rounds that interleave each
 * row with the one eight after it.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_BIN_TRANSPOSE_H
#define SCH_BIN_TRANSPOSE_H

#include "core/prelude.h"
#include "sch/tree.h"

typedef uint8_t bin_bytes __attribute__((vector_size(16)));

SCH_INLINE void bin_interleave(const bin_bytes *in, bin_bytes *out)
{
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        out[2 * i] = __builtin_shufflevector(in[i], in[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        out[2 * i + 1] =
            __builtin_shufflevector(in[i], in[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
}

/* Column j of the result begins at in + j * stride; its rows follow each other in `out`, `width` bytes of each. */
SCH_INLINE void bin_transpose(const uint8_t *in, int64_t stride, uint8_t *out, int64_t width)
{
    uint8_t rows[SCH_TILE * SCH_TILE]; /* each row overwrites what the one before has too much */
    bin_bytes a[16], b[16];
    for (int i = 0; i < 16; ++i) memcpy(&a[i], in + i * stride, sizeof *a);
    bin_interleave(a, b);
    bin_interleave(b, a);
    bin_interleave(a, b);
    bin_interleave(b, a);
    for (int i = 0; i < SCH_TILE; ++i) memcpy(rows + i * width, &a[i], sizeof *a);
    memcpy(out, rows, (size_t)(SCH_TILE * width));
}

/* Rows of a tile, `width` bytes of each: bin r of column j is in[j * stride + r]. All 16 columns may be read. */
SCH_INLINE void bin_write_rows(const uint8_t *in, int64_t stride, int64_t rows, uint8_t *out, int64_t width)
{
    int64_t r = 0;
    for (; r + SCH_TILE <= rows; r += SCH_TILE) bin_transpose(in + r, stride, out + r * width, width);
    for (; r < rows; ++r)
        for (int64_t j = 0; j < width; ++j) out[r * width + j] = in[j * stride + r];
}

#endif
