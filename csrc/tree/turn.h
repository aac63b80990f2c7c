/* tree/turn.h - cells that stand column by column, turned to stand bin by bin.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_TURN_H
#define SCH_TREE_TURN_H

#include "core/prelude.h"
#include "sch/tree.h"

enum { SQUARE = 4, COLUMN = 256 /* cells of a column */ };

typedef int64_t four_cells __attribute__((vector_size(32), aligned(8), may_alias));

SCH_INLINE void turn_square(four_cells v[SQUARE])
{
    const four_cells even = __builtin_shufflevector(v[0], v[1], 0, 4, 2, 6);
    const four_cells odd = __builtin_shufflevector(v[0], v[1], 1, 5, 3, 7);
    const four_cells next_even = __builtin_shufflevector(v[2], v[3], 0, 4, 2, 6);
    const four_cells next_odd = __builtin_shufflevector(v[2], v[3], 1, 5, 3, 7);
    v[0] = __builtin_shufflevector(even, next_even, 0, 1, 4, 5);
    v[1] = __builtin_shufflevector(odd, next_odd, 0, 1, 4, 5);
    v[2] = __builtin_shufflevector(even, next_even, 2, 3, 6, 7);
    v[3] = __builtin_shufflevector(odd, next_odd, 2, 3, 6, 7);
}

/* Four bins of `width` columns, rounded up to a multiple of four: from (16, 256) `columns`, which are cleared, to (4, 16) `bins`. */
SCH_INLINE void turn_bins(int64_t *SCH_RESTRICT columns, int64_t *SCH_RESTRICT bins, int64_t width)
{
    for (int64_t column = 0; column < width; column += SQUARE) {
        four_cells square[SQUARE];
#pragma GCC unroll 4
        for (int k = 0; k < SQUARE; ++k) {
            four_cells *from = (four_cells *)(columns + (column + k) * COLUMN);
            square[k] = *from;
            *from = (four_cells){0};
        }
        turn_square(square);
#pragma GCC unroll 4
        for (int k = 0; k < SQUARE; ++k) *(four_cells *)(bins + k * SCH_TILE + column) = square[k];
    }
}

#endif
