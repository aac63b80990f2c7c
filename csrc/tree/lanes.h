/* tree/lanes.h - comparisons of registers' lanes and choices by them: masks are registers of their own in AVX-512, which the
 * compiler does not see through GNU vectors.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_LANES_H
#define SCH_TREE_LANES_H

#include "core/vec.h"

#if SCH_VEC_BYTES == 64
#  include <immintrin.h>
#endif

SCH_INLINE vec_f64 all_lanes(double x) { return x - (vec_f64){0}; }

#if SCH_VEC_BYTES == 64
typedef __mmask8 lane_mask;

SCH_INLINE lane_mask lanes_above(vec_f64 x, vec_f64 y)
{
    return _mm512_cmp_pd_mask((__m512d)x, (__m512d)y, _CMP_GT_OQ);
}

SCH_INLINE lane_mask lanes_above_among(lane_mask among, vec_f64 x, vec_f64 y)
{
    return _mm512_mask_cmp_pd_mask(among, (__m512d)x, (__m512d)y, _CMP_GT_OQ);
}

SCH_INLINE lane_mask counts_from(vec_i64 x, int64_t least)
{
    return _mm512_cmpge_epi64_mask((__m512i)x, _mm512_set1_epi64(least));
}

SCH_INLINE lane_mask counts_to(vec_i64 x, int64_t most)
{
    return _mm512_cmple_epi64_mask((__m512i)x, _mm512_set1_epi64(most));
}

/* Which lanes are within the bounds, both included. */
SCH_INLINE lane_mask values_between(vec_f64 x, double least, double most)
{
    const lane_mask enough = _mm512_cmp_pd_mask((__m512d)x, _mm512_set1_pd(least), _CMP_GE_OQ);
    return _mm512_mask_cmp_pd_mask(enough, (__m512d)x, _mm512_set1_pd(most), _CMP_LE_OQ);
}

SCH_INLINE int any_lane(lane_mask mask) { return mask != 0; }

/* Lanes that are not 0. */
SCH_INLINE lane_mask lanes_set(vec_i64 x) { return _mm512_test_epi64_mask((__m512i)x, (__m512i)x); }

/* By as many bits in all lanes: a count in a register of its own takes two of some cores' slots. */
SCH_INLINE vec_i64 shifted_right(vec_i64 x, int64_t bits)
{
    return (vec_i64)_mm512_srav_epi64((__m512i)x, _mm512_set1_epi64(bits));
}

SCH_INLINE vec_f64 select_lanes(lane_mask mask, vec_f64 yes, vec_f64 no)
{
    return (vec_f64)_mm512_mask_mov_pd((__m512d)no, mask, (__m512d)yes);
}

SCH_INLINE vec_i64 select_whole(lane_mask mask, vec_i64 yes, vec_i64 no)
{
    return (vec_i64)_mm512_mask_mov_epi64((__m512i)no, mask, (__m512i)yes);
}
#else
typedef vec_i64 lane_mask;

SCH_INLINE lane_mask lanes_above(vec_f64 x, vec_f64 y) { return x > y; }

SCH_INLINE lane_mask lanes_above_among(lane_mask among, vec_f64 x, vec_f64 y) { return among & (x > y); }

SCH_INLINE lane_mask counts_from(vec_i64 x, int64_t least) { return x >= least; }

SCH_INLINE lane_mask counts_to(vec_i64 x, int64_t most) { return x <= most; }

SCH_INLINE lane_mask values_between(vec_f64 x, double least, double most) { return (x >= least) & (x <= most); }

SCH_INLINE int any_lane(lane_mask mask)
{
    int64_t any = 0;
    for (int l = 0; l < SCH_VEC_BYTES / 8; ++l) any |= mask[l];
    return any != 0;
}

SCH_INLINE lane_mask lanes_set(vec_i64 x) { return x != 0; }

SCH_INLINE vec_i64 shifted_right(vec_i64 x, int64_t bits) { return x >> bits; }

SCH_INLINE vec_i64 select_whole(lane_mask mask, vec_i64 yes, vec_i64 no) { return (yes & mask) | (no & ~mask); }

SCH_INLINE vec_f64 select_lanes(lane_mask mask, vec_f64 yes, vec_f64 no)
{
    return (vec_f64)select_whole(mask, (vec_i64)yes, (vec_i64)no);
}
#endif

#endif
