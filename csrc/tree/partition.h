/* tree/partition.h - the rows of a node, stably divided between its children, without branches on the data.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_PARTITION_H
#define SCH_TREE_PARTITION_H

#include "tree/dense.h"

#if defined(__AVX512BW__)
#  include <immintrin.h>

/* 64 rows a time, and two registers to write for each 16. Bins, or sides where they are looked up, are collected a round before
 * they are read: a register cannot be had from bytes on their way to the cache. */
enum { ROUND = 64, ROUND_LANES = 16 };

SCH_INLINE void collect_bins(const side_rule *rule, const uint32_t *rows, uint8_t *bins, const int by_table)
{
    if (!by_table && rows[ROUND - 1] - rows[0] == ROUND - 1) { /* rows ascend: these leave none out */
        memcpy(bins, rule->column + rows[0], ROUND);
        return;
    }
    for (int i = 0; i < ROUND; ++i) {
        const uint8_t bin = rule->column[rows[i]];
        bins[i] = by_table ? rule->table[bin] : bin;
    }
}

/* Whether a row goes left, as bits. */
SCH_INLINE uint64_t sides_of(const side_rule *rule, const uint8_t *bins, const int by_table)
{
    const __m512i bin = _mm512_loadu_si512(bins), shift = _mm512_set1_epi8((char)rule->shift);
    if (by_table) return _mm512_test_epi8_mask(bin, bin);
    return _mm512_cmple_epu8_mask(_mm512_add_epi8(bin, shift), _mm512_set1_epi8((char)rule->limit));
}

SCH_INLINE __m512i downwards(void) { return _mm512_set_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15); }

/* As many of the rows as make up rounds, and leave room for what is written beyond the rows that are meant. */
SCH_INLINE int64_t divide_rounds(const side_rule *rule, const uint32_t *rows, uint32_t *lefts, uint32_t *rights,
                                 int64_t n, int64_t *n_left, const int by_table)
{
    _Alignas(64) uint8_t bins[2][ROUND];
    int64_t left = 0, i = 0;
    if (n >= ROUND + ROUND_LANES) collect_bins(rule, rows, bins[0], by_table);
    for (int turn = 0; i + ROUND + ROUND_LANES <= n; turn = !turn) {
        if (i + 2 * ROUND <= n) collect_bins(rule, rows + i + ROUND, bins[!turn], by_table);
        uint64_t sides = sides_of(rule, bins[turn], by_table);
        for (const int64_t end = i + ROUND; i < end; i += ROUND_LANES, sides >>= ROUND_LANES) {
            const __m512i row = _mm512_loadu_si512(rows + i);
            const __mmask16 is_left = (__mmask16)sides, is_right = (__mmask16)~sides;
            const __m512i turned = _mm512_permutexvar_epi32(downwards(), _mm512_maskz_compress_epi32(is_right, row));
            _mm512_storeu_si512(lefts + left, _mm512_maskz_compress_epi32(is_left, row));
            _mm512_storeu_si512(rights - (i - left) - (ROUND_LANES - 1), turned);
            left += __builtin_popcount(is_left);
        }
    }
    *n_left = left;
    return i;
}

/* The bins of rows in a column, without the bytes around each that are fetched with it. */
SCH_INLINE __m512i gather_bins(const uint8_t *column, __m512i row, __mmask16 some)
{
    const __m512i four = _mm512_mask_i32gather_epi32(row, some, _mm512_srli_epi32(row, 2), column, 4);
    const __m512i place = _mm512_slli_epi32(_mm512_and_si512(row, _mm512_set1_epi32(3)), 3);
    return _mm512_and_si512(_mm512_srlv_epi32(four, place), _mm512_set1_epi32(255));
}

/* From row i on, where `left` rows have gone left, what rounds leave: no more is written than the rows that are meant. */
SCH_INLINE int64_t divide_rest(const side_rule *rule, const uint32_t *rows, uint32_t *lefts, uint32_t *rights,
                               int64_t n, int64_t i, int64_t left)
{
    const __m512i shift = _mm512_set1_epi32(rule->shift), limit = _mm512_set1_epi32(rule->limit);
    const __m512i byte = _mm512_set1_epi32(255);
    for (; i < n; i += ROUND_LANES) {
        const __mmask16 some = (__mmask16)(n - i < ROUND_LANES ? (1 << (n - i)) - 1 : (1 << ROUND_LANES) - 1);
        const __m512i row = _mm512_maskz_loadu_epi32(some, rows + i);
        const __m512i bin = _mm512_and_si512(_mm512_add_epi32(gather_bins(rule->column, row, some), shift), byte);
        const __mmask16 is_left = _mm512_mask_cmple_epu32_mask(some, bin, limit), is_right = some & (__mmask16)~is_left;
        const int n_left = __builtin_popcount(is_left), n_right = __builtin_popcount(is_right);
        const __m512i right_rows = _mm512_permutexvar_epi32(downwards(), _mm512_maskz_compress_epi32(is_right, row));
        _mm512_mask_storeu_epi32(lefts + left, (__mmask16)((1 << n_left) - 1),
                                 _mm512_maskz_compress_epi32(is_left, row));
        _mm512_mask_storeu_epi32(rights - (i - left) - (ROUND_LANES - 1), (__mmask16)(-1 << (ROUND_LANES - n_right)),
                                 right_rows);
        left += n_left;
    }
    return left;
}
#endif

/* Rows that go left to `lefts`, which may be `rows` itself; the others to `rights`, downwards, which may be the end of what
 * begins at `lefts`. Returns how many go left. */
SCH_INLINE int64_t divide_rows(const side_rule *rule, const uint32_t *rows, uint32_t *lefts, uint32_t *rights,
                               int64_t n, const int by_table)
{
    const uint8_t *SCH_RESTRICT column = rule->column, *SCH_RESTRICT table = rule->table;
    const uint8_t shift = rule->shift, limit = rule->limit;
    int64_t left = 0, i = 0;
#if defined(__AVX512BW__)
    i = divide_rounds(rule, rows, lefts, rights, n, &left, by_table);
    if (!by_table) return divide_rest(rule, rows, lefts, rights, n, i, left);
#endif
    for (; i < n; ++i) {
        const uint32_t row = rows[i];
        const uint8_t bin = column[row];
        const int64_t goes_left = by_table ? table[bin] : (uint8_t)(bin + shift) <= limit;
        lefts[left] = row;
        rights[left - i] = row;
        left += goes_left;
    }
    return left;
}

static int64_t divide(const side_rule *rule, const uint32_t *rows, uint32_t *lefts, uint32_t *rights, int64_t n)
{
    return rule->table ? divide_rows(rule, rows, lefts, rights, n, 1) : divide_rows(rule, rows, lefts, rights, n, 0);
}

/* The last `n` of what ends at `end`, the other way round. */
static void copy_turned(uint32_t *SCH_RESTRICT out, const uint32_t *SCH_RESTRICT end, int64_t n)
{
    SCH_SIMD
    for (int64_t i = 0; i < n; ++i) out[i] = end[-1 - i];
}

/* A block's lefts come to its part of `spare` from the front, its rights from the back. */
static void divide_block(void *context, int64_t block)
{
    partition_task *task = context;
    const int64_t first = block * PARTITION_BLOCK, n = sch_min(PARTITION_BLOCK, task->n - first);
    uint32_t *spare = task->spare + first;
    task->counts[block] = divide(&task->rule, task->rows + first, spare, spare + n - 1, n);
}

/* counts: where the block's lefts are to stand. */
static void gather_block(void *context, int64_t block)
{
    const partition_task *task = context;
    const int64_t first = block * PARTITION_BLOCK, n = sch_min(PARTITION_BLOCK, task->n - first);
    const int64_t left = task->counts[block], n_left = task->counts[block + 1] - left;
    const uint32_t *spare = task->spare + first;
    memcpy(task->rows + left, spare, (size_t)n_left * sizeof *spare);
    copy_turned(task->rows + task->n_left + (first - left), spare + n, n - n_left);
}

static void partition_at_once(partition_task *task)
{
    const int64_t n = task->n;
    task->n_left = divide(&task->rule, task->rows, task->rows, task->spare + n - 1, n);
    copy_turned(task->rows + task->n_left, task->spare + n, n - task->n_left);
}

/* Blocks divided, then gathered: both at the same time on any number of threads. */
static sch_status partition_blocks(const sch_control *control, partition_task *task, sch_chunk first_pass,
                                   sch_chunk second_pass)
{
    const int64_t blocks = blocks_of(task->n);
    const sch_status status = sch_par_for(control, blocks, first_pass, task);
    if (status) return status;
    for (int64_t b = 0; b < blocks; ++b) {
        const int64_t n_left = task->counts[b];
        task->counts[b] = task->n_left;
        task->n_left += n_left;
    }
    task->counts[blocks] = task->n_left;
    return sch_par_for(control, blocks, second_pass, task);
}

static sch_status partition_rows(const sch_control *control, partition_task *task)
{
    if (is_dense(task->n, task->n_table)) return partition_blocks(control, task, divide_dense, gather_dense);
    if (task->n > PARTITION_BLOCK && control->n_threads > 1)
        return partition_blocks(control, task, divide_block, gather_block);
    partition_at_once(task);
    return sch_should_stop(control) ? SCH_CANCELLED : SCH_OK;
}

#endif
