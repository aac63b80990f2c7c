/* tree/dense.h - the rows of a node that has many of the table's, divided by way of two bitmaps over the table: rows that ascend
 * can be read off the bits again, and need no copy.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_DENSE_H
#define SCH_TREE_DENSE_H

#include "tree/sides.h"

#if defined(__AVX512BW__)
#  include <immintrin.h>
#endif

enum {
    DENSE_SPAN = 4096, /* rows of the table, whose bytes stay in the first-level cache */
    BIT_LANES = 16, /* rows of a register */
    MARKED = 8 /* rows, before the next is looked at that may be beyond a span */
};

/* The first place from i on whose row is not in the same word as the row before it: there blocks may be cut. */
static int64_t word_begins(const partition_task *task, int64_t i)
{
    const uint32_t *rows = task->rows;
    while (i > 0 && i < task->n && rows[i] / WORD_ROWS == rows[i - 1] / WORD_ROWS) ++i;
    return sch_min(i, task->n);
}

/* Bytes, 0 or 1, of DENSE_SPAN rows of the table from `base` on: whether a row is the node's; by table also whether it goes
 * left. Returns how many of the rows they are. */
SCH_INLINE int64_t mark_rows(const side_rule *rule, const uint32_t *rows, int64_t n, int64_t base,
                             uint8_t *SCH_RESTRICT here, uint8_t *SCH_RESTRICT left, const int by_table)
{
    const uint8_t *SCH_RESTRICT column = rule->column + base, *SCH_RESTRICT table = rule->table;
    const int64_t end = base + DENSE_SPAN;
    int64_t i = 0;
    if (n >= DENSE_SPAN && rows[DENSE_SPAN - 1] == end - 1) { /* rows ascend: these leave none out */
        memset(here, 1, DENSE_SPAN);
        for (; by_table && i < DENSE_SPAN; ++i) left[i] = table[column[i]];
        return DENSE_SPAN;
    }
    memset(here, 0, DENSE_SPAN);
    if (by_table) memset(left, 0, DENSE_SPAN);
    while (i < n && rows[i] < end) {
        const int64_t step = i + MARKED <= n && rows[i + MARKED - 1] < end ? MARKED : 1;
#pragma GCC unroll 8
        for (int64_t k = 0; k < step; ++k, ++i) {
            const int64_t r = rows[i] - base;
            here[r] = 1;
            if (by_table) left[r] = table[column[r]];
        }
    }
    return i;
}

/* Of 64 bytes, 0 or 1. */
SCH_INLINE uint64_t bits_of(const uint8_t *bytes)
{
#if defined(__AVX512BW__)
    const __m512i all = _mm512_loadu_si512(bytes);
    return _mm512_test_epi8_mask(all, all);
#else
    uint64_t bits = 0;
    for (int i = 0; i < WORD_ROWS; i += 8) {
        uint64_t eight;
        memcpy(&eight, bytes + i, sizeof eight);
        bits |= (eight * 0x0102040810204080) >> 56 << i;
    }
    return bits;
#endif
}

/* Bits of the words from `first` to before `stop`, which hold the node's next rows. Returns how many go left. */
SCH_INLINE int64_t divide_words(const partition_task *task, const uint32_t *rows, int64_t n, int64_t first,
                                int64_t stop, const int by_table)
{
    _Alignas(64) uint8_t here[DENSE_SPAN], left[DENSE_SPAN];
    const side_rule rule = task->rule;
    int64_t i = 0, n_left = 0;
    for (int64_t word = first; word < stop; word += DENSE_SPAN / WORD_ROWS) {
        const int64_t base = word * WORD_ROWS, words = sch_min(DENSE_SPAN / WORD_ROWS, stop - word);
        const uint8_t *column = rule.column + base;
        i += mark_rows(&rule, rows + i, n - i, base, here, left, by_table);
        if (!by_table) {
            SCH_SIMD
            for (int64_t r = 0; r < words * WORD_ROWS; ++r) left[r] = (uint8_t)(column[r] + rule.shift) <= rule.limit;
        }
        for (int64_t w = 0; w < words; ++w) {
            const uint64_t mine = bits_of(here + w * WORD_ROWS), lefts = mine & bits_of(left + w * WORD_ROWS);
            task->bitmaps[2 * (word + w)] = lefts;
            task->bitmaps[2 * (word + w) + 1] = mine ^ lefts;
            n_left += __builtin_popcountll(lefts);
        }
    }
    return n_left;
}

static void divide_dense(void *context, int64_t block)
{
    partition_task *task = context;
    const uint32_t *rows = task->rows;
    const int64_t first = word_begins(task, block * PARTITION_BLOCK);
    const int64_t end = word_begins(task, (block + 1) * PARTITION_BLOCK);
    word_span *span = &task->spans[block];
    *span = (word_span){.first = first};
    task->counts[block] = 0;
    if (first == end) return;
    span->start = rows[first] / WORD_ROWS;
    span->stop = rows[end - 1] / WORD_ROWS + 1;
    task->counts[block] = task->rule.table ? divide_words(task, rows + first, end - first, span->start, span->stop, 1)
                                           : divide_words(task, rows + first, end - first, span->start, span->stop, 0);
}

/* Rows of the bits. Nothing is written beyond them: there another block's may stand already. */
SCH_INLINE uint32_t *write_bits(uint32_t *out, uint64_t bits, uint32_t base)
{
#if defined(__AVX512BW__)
    __m512i row = _mm512_add_epi32(_mm512_set1_epi32((int)base),
                                   _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    for (int i = 0; i < WORD_ROWS; i += BIT_LANES, bits >>= BIT_LANES) {
        const int64_t n = __builtin_popcountll(bits & 0xffff);
        const __mmask16 first = (__mmask16)_bzhi_u32(0xffff, (uint32_t)n);
        _mm512_mask_storeu_epi32(out, first, _mm512_maskz_compress_epi32((__mmask16)bits, row));
        row = _mm512_add_epi32(row, _mm512_set1_epi32(BIT_LANES));
        out += n;
    }
#else
    for (; bits; bits &= bits - 1) *out++ = base + (uint32_t)__builtin_ctzll(bits);
#endif
    return out;
}

static void gather_dense(void *context, int64_t block)
{
    const partition_task *task = context;
    const word_span span = task->spans[block];
    uint32_t *lefts = task->rows + task->counts[block];
    uint32_t *rights = task->rows + task->n_left + (span.first - task->counts[block]);
    for (int64_t word = span.start; word < span.stop; ++word) {
        lefts = write_bits(lefts, task->bitmaps[2 * word], (uint32_t)(word * WORD_ROWS));
        rights = write_bits(rights, task->bitmaps[2 * word + 1], (uint32_t)(word * WORD_ROWS));
    }
}

#endif
