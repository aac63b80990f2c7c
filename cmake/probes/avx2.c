/* SPDX-License-Identifier: BSD-3-Clause */
#include <immintrin.h>
int main(void)
{
    __m256 a = _mm256_fmadd_ps(_mm256_set1_ps(1.0f), _mm256_set1_ps(2.0f), _mm256_set1_ps(3.0f));
    __m256i b = _mm256_add_epi32(_mm256_castps_si256(a), _mm256_set1_epi32(1));
    return (int)_pext_u32((unsigned)_mm256_extract_epi32(b, 0), _blsr_u32(7u));
}
