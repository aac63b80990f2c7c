/* tree/bin_sort_template.h - values in ascending order, each with its weight: a radix sort of their bits.
 * SPDX-License-Identifier: BSD-3-Clause */

enum {
    T(BIN_DIGIT) = 11, /* bits: the counts of all digits of a float fit the first-level cache */
    T(BIN_DIGITS) = (REAL_BITS + T(BIN_DIGIT) - 1) / T(BIN_DIGIT),
    T(BIN_RADIX) = 1 << T(BIN_DIGIT),
    T(BIN_BLOCK) = 1 << 16, /* elements between two asks whether to stop */
};

#define BIN_SIGN ((ubits)1 << (REAL_BITS - 1))

/* Bits that compare as the numbers do; -0 becomes 0 first. */
SCH_INLINE ubits T(bin_key)(real value)
{
    ubits bits;
    value += K(0.0);
    memcpy(&bits, &value, sizeof bits);
    return bits ^ (bits & BIN_SIGN ? ~(ubits)0 : BIN_SIGN);
}

SCH_INLINE real T(bin_value)(ubits key)
{
    real value;
    key ^= key & BIN_SIGN ? BIN_SIGN : ~(ubits)0;
    memcpy(&value, &key, sizeof value);
    return value;
}

#undef BIN_SIGN

/* `weight` is NULL when every value counts once. The spare arrays are as large. */
typedef struct {
    ubits *key, *spare_key;
    int64_t *weight, *spare_weight;
    uint32_t (*count)[T(BIN_RADIX)];
    int64_t n;
} T(bin_values);

SCH_INLINE int64_t T(bin_digit)(ubits key, int digit) { return key >> (digit * T(BIN_DIGIT))&(T(BIN_RADIX) - 1); }

SCH_INLINE void T(bin_push)(T(bin_values) *v, real value, int64_t weight)
{
    const ubits key = T(bin_key)(value);
    if (v->weight) v->weight[v->n] = weight;
    v->key[v->n++] = key;
}

static void T(bin_count_digits)(T(bin_values) *v)
{
    memset(v->count, 0, sizeof *v->count * T(BIN_DIGITS));
    for (int64_t i = 0; i < v->n; ++i) {
#pragma GCC unroll 6
        for (int digit = 0; digit < T(BIN_DIGITS); ++digit) ++v->count[digit][T(bin_digit)(v->key[i], digit)];
    }
}

/* One pass, stable: from key to spare_key by one digit, then the two change places. */
static int T(bin_sort_digit)(T(bin_values) *v, int digit, const sch_control *control)
{
    uint32_t *start = v->count[digit];
    uint32_t total = 0;
    for (int64_t b = 0; b < T(BIN_RADIX); ++b) {
        const uint32_t size = start[b];
        start[b] = total;
        total += size;
    }
    for (int64_t first = 0; first < v->n; first += T(BIN_BLOCK)) {
        if (sch_should_stop(control)) return 0;
        const int64_t last = sch_min(first + T(BIN_BLOCK), v->n);
        if (v->weight) {
            for (int64_t i = first; i < last; ++i) {
                const uint32_t place = start[T(bin_digit)(v->key[i], digit)]++;
                v->spare_key[place] = v->key[i];
                v->spare_weight[place] = v->weight[i];
            }
        } else {
            for (int64_t i = first; i < last; ++i) v->spare_key[start[T(bin_digit)(v->key[i], digit)]++] = v->key[i];
        }
    }
    ubits *key = v->key;
    int64_t *weight = v->weight;
    v->key = v->spare_key, v->spare_key = key;
    v->weight = v->spare_weight, v->spare_weight = weight;
    return 1;
}

/* Sorts, and sums up the weights: afterwards weight[i] is that of the values 0 .. i together. 0: told to stop. */
static int T(bin_sort)(T(bin_values) *v, const sch_control *control)
{
    T(bin_count_digits)(v);
    for (int digit = 0; digit < T(BIN_DIGITS) &&v->n; ++digit) {
        const int64_t same = v->count[digit][T(bin_digit)(v->key[0], digit)];
        if (same < v->n && !T(bin_sort_digit)(v, digit, control)) return 0;
    }
    if (v->weight)
        for (int64_t i = 1; i < v->n; ++i) v->weight[i] += v->weight[i - 1];
    return 1;
}
