/* core/rng.h - counter-based random numbers: a pure function of (key, counter), so there is no state to keep or share.
 * The generator is Widynski's "Squares" (2020), four rounds of squaring, 32 bits a call; a SplitMix64 step makes keys.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_RNG_H
#define SCH_RNG_H

#include "core/prelude.h"

SCH_INLINE uint64_t sch_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* Keys must be odd and irregular. */
SCH_INLINE uint64_t sch_key(uint64_t seed, uint64_t stream) { return sch_mix(sch_mix(seed) ^ stream) | 1; }

SCH_INLINE uint32_t sch_squares(uint64_t counter, uint64_t key)
{
    uint64_t x = counter * key;
    const uint64_t y = x, z = y + key;
    x = x * x + y;
    x = (x >> 32) | (x << 32);
    x = x * x + z;
    x = (x >> 32) | (x << 32);
    x = x * x + y;
    x = (x >> 32) | (x << 32);
    return (uint32_t)((x * x + z) >> 32);
}

/* An integer in [0, bound), bound < 2^32: by multiplication, whose bias of bound / 2^32 does not matter for shuffling. */
SCH_INLINE int64_t sch_below(uint64_t counter, uint64_t key, int64_t bound)
{
    return (int64_t)(((uint64_t)sch_squares(counter, key) * (uint64_t)bound) >> 32);
}

SCH_INLINE void sch_shuffle(int64_t *items, int64_t n, uint64_t key)
{
    for (int64_t i = n - 1; i > 0; --i) {
        const int64_t j = sch_below((uint64_t)i, key, i + 1), item = items[i];
        items[i] = items[j];
        items[j] = item;
    }
}

#endif
