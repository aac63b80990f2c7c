/* SPDX-License-Identifier: BSD-3-Clause */
#include <immintrin.h>
int main(void)
{
    __m512 a = _mm512_fmadd_ps(_mm512_set1_ps(1.0f), _mm512_set1_ps(2.0f), _mm512_set1_ps(3.0f)); /* F */
    __m512i b = _mm512_conflict_epi32(_mm512_castps_si512(a));                                     /* CD */
    b = _mm512_add_epi8(b, _mm512_set1_epi8(1));                                                   /* BW */
    b = _mm512_mullo_epi64(b, b);                                                                  /* DQ */
    return _mm_cvtsi128_si32(_mm256_castsi256_si128(_mm256_ternarylogic_epi32(                     /* VL */
        _mm512_castsi512_si256(b), _mm512_castsi512_si256(b), _mm512_castsi512_si256(b), 0x1b)));
}
