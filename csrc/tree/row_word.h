/* tree/row_word.h - the word of a row: made of its derivatives each time it is asked for, or stored.
 *
 * Derivatives in single precision, of rows without weights, become a word in six instructions, which hide behind the stores of
 * a histogram's updates; so there is no array of words to write, to read and to keep. Others are stored.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_ROW_WORD_H
#define SCH_TREE_ROW_WORD_H

#include "tree/packing.h"

typedef enum { STORED, OF_GRADIENT, OF_PAIR } word_origin;

SCH_INLINE word_origin word_origin_of(const sch_grow_tree_args *a)
{
    if (a->weight || a->dtype != SCH_F32) return STORED;
    return a->order == 2 ? OF_PAIR : OF_GRADIENT;
}

typedef float four_floats __attribute__((vector_size(16)));
typedef uint32_t four_ints __attribute__((vector_size(16)));
typedef int64_t two_words __attribute__((vector_size(16)));

/* Both at once, the hessian in the low half: an addition rounds them, and leaves the whole parts in the low bits, as in
 * `nearest`. `rest` takes what was added off again, and counts the row. */
SCH_INLINE int64_t word_of_pair(const packing *p, const float *pair)
{
    enum { G_SHIFT = PACKED_G_SHIFT - 32 };
    const uint32_t added = 0x4B400000; /* the bits of 1.5 * 2^23 */
    const four_floats scale = {(float)p->h_scale, (float)p->g_scale}, whole = {12582912.0f, 12582912.0f};
    const four_ints shift = {PACKED_COUNT_BITS, G_SHIFT};
    const four_ints rest = {1u - (added << PACKED_COUNT_BITS), 0u - (added << G_SHIFT)};
    two_words both = {0};
    memcpy(&both, pair, 2 * sizeof *pair);
    const four_floats swapped = __builtin_shufflevector((four_floats)both, (four_floats)both, 1, 0, 2, 3);
    const four_floats rounded = swapped * scale + whole;
    const two_words word = (two_words)(((four_ints)rounded << shift) + rest);
    return word[0];
}

/* Where the count is the hessian. The bits of the number added are shifted out. */
SCH_INLINE int64_t word_of_gradient(const packing *p, float gradient)
{
    const uint64_t bits = (uint64_t)bits_of_f64((double)gradient * p->g_scale + NEAREST);
    return (int64_t)(bits << PLAIN_COUNT_BITS) + 1;
}

SCH_INLINE int64_t row_word(const word_origin origin, const packing *p, const void *source, int64_t row)
{
    if (origin == STORED) return ((const int64_t *)source)[row];
    if (origin == OF_PAIR) return word_of_pair(p, (const float *)source + 2 * row);
    return word_of_gradient(p, ((const float *)source)[row]);
}

SCH_INLINE void prefetch_word(const word_origin origin, const void *source, int64_t row)
{
    __builtin_prefetch((const char *)source +
                       row * (origin == OF_GRADIENT ? (int64_t)sizeof(float) : (int64_t)sizeof(int64_t)));
}

#endif
