/* tree/lanes_single.h - tree/lanes.h for single precision, twice as many lanes.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_LANES_SINGLE_H
#define SCH_TREE_LANES_SINGLE_H

#include "core/vec.h"

#if SCH_VEC_BYTES == 64
#  include <immintrin.h>
#endif

/* The lower and the upper halves of the numbers in two registers. */
#if SCH_VEC_BYTES == 64
#  define SCH_EVERY_OTHER(from)                                                                                       \
      from, from + 2, from + 4, from + 6, from + 8, from + 10, from + 12, from + 14, from + 16, from + 18, from + 20, \
          from + 22, from + 24, from + 26, from + 28, from + 30
#elif SCH_VEC_BYTES == 32
#  define SCH_EVERY_OTHER(from) from, from + 2, from + 4, from + 6, from + 8, from + 10, from + 12, from + 14
#else
#  define SCH_EVERY_OTHER(from) from, from + 2, from + 4, from + 6
#endif

SCH_INLINE vec_i32 lower_halves(vec_i64 x, vec_i64 y)
{
    return __builtin_shufflevector((vec_i32)x, (vec_i32)y, SCH_EVERY_OTHER(0));
}

SCH_INLINE vec_i32 upper_halves(vec_i64 x, vec_i64 y)
{
    return __builtin_shufflevector((vec_i32)x, (vec_i32)y, SCH_EVERY_OTHER(1));
}
#undef SCH_EVERY_OTHER

SCH_INLINE vec_f32 all_single(float x) { return x - (vec_f32){0}; }

#if SCH_VEC_BYTES == 64
typedef __mmask16 single_mask;

SCH_INLINE single_mask single_above_among(single_mask among, vec_f32 x, vec_f32 y)
{
    return _mm512_mask_cmp_ps_mask(among, (__m512)x, (__m512)y, _CMP_GT_OQ);
}

SCH_INLINE single_mask single_counts_from(vec_i32 x, int32_t least)
{
    return _mm512_cmpge_epi32_mask((__m512i)x, _mm512_set1_epi32(least));
}

SCH_INLINE single_mask single_counts_to(vec_i32 x, int32_t most)
{
    return _mm512_cmple_epi32_mask((__m512i)x, _mm512_set1_epi32(most));
}

SCH_INLINE int any_single(single_mask mask) { return mask != 0; }

SCH_INLINE vec_f32 select_single(single_mask mask, vec_f32 yes, vec_f32 no)
{
    return (vec_f32)_mm512_mask_mov_ps((__m512)no, mask, (__m512)yes);
}

SCH_INLINE vec_i32 select_single_whole(single_mask mask, vec_i32 yes, vec_i32 no)
{
    return (vec_i32)_mm512_mask_mov_epi32((__m512i)no, mask, (__m512i)yes);
}
#else
typedef vec_i32 single_mask;

SCH_INLINE single_mask single_above_among(single_mask among, vec_f32 x, vec_f32 y) { return among & (x > y); }

SCH_INLINE single_mask single_counts_from(vec_i32 x, int32_t least) { return x >= least; }

SCH_INLINE single_mask single_counts_to(vec_i32 x, int32_t most) { return x <= most; }

SCH_INLINE int any_single(single_mask mask)
{
    int32_t any = 0;
    for (int l = 0; l < SCH_VEC_BYTES / 4; ++l) any |= mask[l];
    return any != 0;
}

SCH_INLINE vec_i32 select_single_whole(single_mask mask, vec_i32 yes, vec_i32 no)
{
    return (yes & mask) | (no & ~mask);
}

SCH_INLINE vec_f32 select_single(single_mask mask, vec_f32 yes, vec_f32 no)
{
    return (vec_f32)select_single_whole(mask, (vec_i32)yes, (vec_i32)no);
}
#endif

#endif
