/* tree/bin_key_template.h - numbers as unsigned integers that compare in the same way, and a short sort of these.
 * SPDX-License-Identifier: BSD-3-Clause */

#define BIN_SIGN ((ubits)1 << (REAL_BITS - 1))

/* -0 becomes 0; every NaN the largest key. */
SCH_INLINE ubits T(bin_key)(real value)
{
    ubits bits;
    value += K(0.0);
    memcpy(&bits, &value, sizeof bits);
    bits ^= bits & BIN_SIGN ? ~(ubits)0 : BIN_SIGN;
    return value == value ? bits : ~(ubits)0;
}

SCH_INLINE real T(bin_value)(ubits key)
{
    real value;
    key ^= key & BIN_SIGN ? BIN_SIGN : ~(ubits)0;
    memcpy(&value, &key, sizeof value);
    return value;
}

/* Sorts by one byte after the other, skipping those that are all the same; returns the array that holds the result. */
static ubits *T(bin_sort)(ubits *key, ubits *spare, int64_t n)
{
    int32_t start[sizeof(ubits)][256] = {{0}};
    for (int64_t i = 0; i < n; ++i)
        for (size_t byte = 0; byte < sizeof(ubits); ++byte) ++start[byte][key[i] >> (8 * byte) & 255];
    for (size_t byte = 0; byte < sizeof(ubits); ++byte) {
        if (start[byte][key[0] >> (8 * byte) & 255] == n) continue;
        int32_t total = 0;
        for (int64_t b = 0; b < 256; ++b) {
            const int32_t size = start[byte][b];
            start[byte][b] = total;
            total += size;
        }
        for (int64_t i = 0; i < n; ++i) spare[start[byte][key[i] >> (8 * byte) & 255]++] = key[i];
        ubits *sorted = spare;
        spare = key, key = sorted;
    }
    return key;
}
