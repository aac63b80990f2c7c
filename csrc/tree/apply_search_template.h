/* tree/apply_search_template.h - the places of values among the thresholds of a feature.
 *
 * Thresholds are a heap: from level to level the next one stands at twice the place so far, or one on. AVX-512 keeps the
 * levels in registers and looks them up by permuting those, which takes a fifth of the time of loads from memory.
 * SPDX-License-Identifier: BSD-3-Clause */

#if defined(__AVX512BW__)
#  undef VEC
#  undef INT
#  undef VEC_MASK
#  undef INT_MASK
#  undef vector
#  if REAL_BITS == 32
#    define VEC(name) _mm512_##name##_ps
#    define INT(name) _mm512_##name##_epi32
#    define VEC_MASK(name) _mm512_##name##_ps_mask
#    define INT_MASK(name) _mm512_##name##_epi32_mask
#    define vector __m512
#  else
#    define VEC(name) _mm512_##name##_pd
#    define INT(name) _mm512_##name##_epi64
#    define VEC_MASK(name) _mm512_##name##_pd_mask
#    define INT_MASK(name) _mm512_##name##_epi64_mask
#    define vector __m512d
#  endif

/* table[at] for a table of so many registers; only the bits of `at` that are needed count. */
SCH_INLINE vector T(look_up_2)(const real *table, __m512i at)
{
    return VEC(permutex2var)(VEC(loadu)(table), at, VEC(loadu)(table + VL));
}

#  define LOOK_UP(registers, half)                                                     \
      SCH_INLINE vector T(look_up_##registers)(const real *table, __m512i at)          \
      {                                                                                \
          const vector low = T(look_up_##half)(table, at);                             \
          const vector high = T(look_up_##half)(table + half * VL, at);                \
          return VEC(mask_blend)(INT_MASK(test)(at, INT(set1)(half * VL)), low, high); \
      }
LOOK_UP(4, 2)
LOOK_UP(8, 4)
LOOK_UP(16, 8)
#  undef LOOK_UP

SCH_INLINE vector T(bounds_at)(const int level, const real *heap, __m512i at)
{
    const real *bounds = heap + (1 << level);
    if ((1 << level) <= 2 * VL) return T(look_up_2)(bounds, at);
    if ((1 << level) == 4 * VL) return T(look_up_4)(bounds, at);
    if ((1 << level) == 8 * VL) return T(look_up_8)(bounds, at);
    return T(look_up_16)(bounds, at);
}

SCH_INLINE void T(places_for)(const int levels, const real *heap, const real *values, uint8_t *low, uint8_t *high)
{
    const __m512i one = INT(set1)(1), missing = INT(set1)(255);
    for (int i = 0; i < REGISTER_ROWS; i += VL) {
        const vector x = VEC(loadu)(values + i);
        __m512i at = _mm512_setzero_si512();
        SCH_PRAGMA(GCC unroll 8)
        for (int level = 0; level < levels; ++level) {
            const vector bound = T(bounds_at)(level, heap, at);
            at = INT(add)(at, at);
            at = INT(mask_add)(at, VEC_MASK(cmp)(x, bound, _CMP_GT_OQ), at, one);
        }
        const __m512i above = INT(mask_mov)(at, VEC_MASK(cmp)(x, x, _CMP_UNORD_Q), missing);
#  if REAL_BITS == 32
        _mm_storeu_si128((__m128i *)(low + i), _mm512_cvtepi32_epi8(at));
        _mm_storeu_si128((__m128i *)(high + i), _mm512_cvtepi32_epi8(above));
#  else
        _mm_storel_epi64((__m128i *)(low + i), _mm512_cvtepi64_epi8(at));
        _mm_storel_epi64((__m128i *)(high + i), _mm512_cvtepi64_epi8(above));
#  endif
    }
}

static void T(places_of)(const real *heap, int levels, const real *x, uint8_t *low, uint8_t *high)
{
    switch (levels) {
    case 1: T(places_for)(1, heap, x, low, high); break;
    case 2: T(places_for)(2, heap, x, low, high); break;
    case 3: T(places_for)(3, heap, x, low, high); break;
    case 4: T(places_for)(4, heap, x, low, high); break;
    case 5: T(places_for)(5, heap, x, low, high); break;
    case 6: T(places_for)(6, heap, x, low, high); break;
    case 7: T(places_for)(7, heap, x, low, high); break;
    default: T(places_for)(8, heap, x, low, high);
    }
}

#else
static void T(places_of)(const real *heap, int levels, const real *x, uint8_t *low, uint8_t *high)
{
    int32_t at[REGISTER_ROWS];
    for (int i = 0; i < REGISTER_ROWS; ++i) at[i] = 1;
    for (int level = 0; level < levels; ++level)
        for (int i = 0; i < REGISTER_ROWS; ++i) at[i] = 2 * at[i] + (x[i] > heap[at[i]]);
    for (int i = 0; i < REGISTER_ROWS; ++i) {
        const int32_t place = at[i] - (1 << levels);
        low[i] = (uint8_t)place;
        high[i] = (uint8_t)(isnan(x[i]) ? 255 : place);
    }
}
#endif
