/* nn/dropout_template.h - which outputs are dropped: a hash of batch, layer, unit and row, computed again on the way back
 * rather than stored. The hash is Wellons' "lowbias32" after a keyed start.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    uint32_t key, bar; /* dropped where the hash is below the bar */
    real scale; /* of what stays */
} T(dropout);

SCH_INLINE T(dropout) T(dropout_of)(const sch_nn_layer *l, uint64_t seed, int64_t batch, int64_t layer)
{
    const uint64_t key = sch_mix(sch_key(seed, (uint64_t)batch) + (uint64_t)layer);
    return (T(dropout)){(uint32_t)(key >> 32), (uint32_t)(l->dropout * 4294967295.0), (real)(1.0 / (1.0 - l->dropout))};
}

/* out[i] = x[i] * factor over the PW rows of some units; they may be the same. */
SCH_NOINLINE void T(drop)(const T(dropout) *drop, int64_t panel, int64_t first, int64_t units, const real *x, real *out)
{
    for (int64_t u = 0; u < units; ++u) {
        const uint32_t base = (drop->key ^ (uint32_t)(first + u) * 0x9e3779b9u) + (uint32_t)(panel * PW);
        SCH_SIMD
        for (int l = 0; l < PW; ++l) {
            uint32_t h = base + (uint32_t)l;
            h = (h ^ (h >> 16)) * 0x7feb352du;
            h = (h ^ (h >> 15)) * 0x846ca68bu;
            h ^= h >> 16;
            out[u * PW + l] = h < drop->bar ? K(0.0) : x[u * PW + l] * drop->scale;
        }
    }
}
