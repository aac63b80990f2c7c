/* tree/bin_search_template.h - the bin of a value: how many of 256 rising bounds are less.
 *
 * Two steps of 16: every 16th bound says which 16 to look at. A compiler makes no mask of bits from a comparison of GNU
 * vectors, hence the intrinsics; decision 0018 has the measurement. Without them it is a binary search without branches.
 * SPDX-License-Identifier: BSD-3-Clause */
#if defined(__AVX2__)
#  include <immintrin.h>
#endif

enum { T(BIN_ROWS) = 64 };

#if defined(__AVX2__)

typedef struct {
#  if SCH_VEC_BYTES == 64 && REAL_BITS == 32
    __m512 part[1];
#  elif SCH_VEC_BYTES == 64
    __m512d part[2];
#  elif REAL_BITS == 32
    __m256 part[2];
#  else
    __m256d part[4];
#  endif
} T(bin_sixteen);

SCH_INLINE T(bin_sixteen) T(bin_load)(const real *p)
{
    T(bin_sixteen) s;
    memcpy(&s, p, sizeof s);
    return s;
}

/* How many of 16 are less than the value. */
SCH_INLINE int T(bin_less)(T(bin_sixteen) s, real value)
{
    unsigned mask = 0;
#  if SCH_VEC_BYTES == 64 && REAL_BITS == 32
    mask = _mm512_cmp_ps_mask(s.part[0], _mm512_set1_ps(value), _CMP_LT_OQ);
#  elif SCH_VEC_BYTES == 64
    for (int i = 0; i < 2; ++i)
        mask |= (unsigned)_mm512_cmp_pd_mask(s.part[i], _mm512_set1_pd(value), _CMP_LT_OQ) << (8 * i);
#  elif REAL_BITS == 32
    for (int i = 0; i < 2; ++i)
        mask |= (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(s.part[i], _mm256_set1_ps(value), _CMP_LT_OQ)) << (8 * i);
#  else
    for (int i = 0; i < 4; ++i)
        mask |= (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(s.part[i], _mm256_set1_pd(value), _CMP_LT_OQ)) << (4 * i);
#  endif
    return __builtin_popcount(mask);
}

/* Bins of BIN_ROWS values. */
SCH_INLINE void T(bin_search)(const real *value, const real *bound, uint8_t *bin)
{
    real every[16];
    for (int i = 0; i < 16; ++i) every[i] = bound[16 * i + 15];
    const T(bin_sixteen) coarse = T(bin_load)(every);
    for (int r = 0; r < T(BIN_ROWS); ++r) {
        const int first = 16 * T(bin_less)(coarse, value[r]);
        const int at = first + T(bin_less)(T(bin_load)(bound + first), value[r]);
        bin[r] = value[r] == value[r] ? (uint8_t)at : SCH_MISSING_BIN;
    }
}

#else

SCH_INLINE void T(bin_search)(const real *value, const real *bound, uint8_t *bin)
{
    for (int r = 0; r < T(BIN_ROWS); ++r) {
        int64_t at = 0;
#  pragma GCC unroll 8
        for (int64_t step = SCH_BIN_ROW / 2; step; step /= 2) at += (int64_t)(bound[at + step - 1] < value[r]) * step;
        bin[r] = value[r] == value[r] ? (uint8_t)at : SCH_MISSING_BIN;
    }
}

#endif
