/* tree/partition.h - the rows of a node, stably divided between its children, without branches on the data.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_PARTITION_H
#define SCH_TREE_PARTITION_H

#include "core/pool.h"
#include "core/prelude.h"

enum { PARTITION_BLOCK = 16384 };

/* Which bins go left: a table, or (bin + shift) & 255 <= limit. */
typedef struct {
    const uint8_t *column; /* (n) */
    const uint8_t *table;  /* (256) 0 or 1; or NULL */
    uint8_t shift, limit;  /* shift 1 brings the missing bin, 255, below all others */
} side_rule;

typedef struct {
    side_rule rule;
    uint32_t *rows;  /* (n) of the node */
    uint32_t *spare; /* (n) */
    int64_t *counts; /* (blocks + 1) rows of the block that go left */
    int64_t n, n_left;
} partition_task;

SCH_INLINE int64_t partition_blocks(int64_t n) { return (n + PARTITION_BLOCK - 1) / PARTITION_BLOCK; }

/* Rows that go left to `lefts`, which may be `rows` itself; the others to `rights`, upwards or (step -1) downwards. Returns
 * how many go left. */
SCH_INLINE int64_t divide_rows(const side_rule *rule, const uint32_t *rows, uint32_t *lefts, uint32_t *rights,
                               const int64_t step, int64_t n, const int by_table)
{
    const uint8_t *SCH_RESTRICT column = rule->column, *SCH_RESTRICT table = rule->table;
    const uint8_t shift = rule->shift, limit = rule->limit;
    int64_t left = 0;
    for (int64_t i = 0; i < n; ++i) {
        const uint32_t row = rows[i];
        const uint8_t bin = column[row];
        const int64_t goes_left = by_table ? table[bin] : (uint8_t)(bin + shift) <= limit;
        lefts[left] = row;
        rights[step * (i - left)] = row;
        left += goes_left;
    }
    return left;
}

/* A block's lefts come to its part of `spare` from the front, its rights from the back. */
static void divide_block(void *context, int64_t block)
{
    partition_task *task = context;
    const int64_t first = block * PARTITION_BLOCK, n = sch_min(PARTITION_BLOCK, task->n - first);
    const uint32_t *rows = task->rows + first;
    uint32_t *lefts = task->spare + first, *rights = lefts + n - 1;
    task->counts[block] = task->rule.table ? divide_rows(&task->rule, rows, lefts, rights, -1, n, 1)
                                           : divide_rows(&task->rule, rows, lefts, rights, -1, n, 0);
}

/* counts: where the block's lefts are to stand. */
static void gather_block(void *context, int64_t block)
{
    const partition_task *task = context;
    const int64_t first = block * PARTITION_BLOCK, n = sch_min(PARTITION_BLOCK, task->n - first);
    const int64_t left = task->counts[block], n_left = task->counts[block + 1] - left;
    const uint32_t *SCH_RESTRICT spare = task->spare + first;
    uint32_t *SCH_RESTRICT rights = task->rows + task->n_left + (first - left);
    memcpy(task->rows + left, spare, (size_t)n_left * sizeof *spare);
    SCH_SIMD
    for (int64_t i = 0; i < n - n_left; ++i) rights[i] = spare[n - 1 - i];
}

static void partition_at_once(partition_task *task)
{
    uint32_t *rows = task->rows, *spare = task->spare;
    task->n_left = task->rule.table ? divide_rows(&task->rule, rows, rows, spare, 1, task->n, 1)
                                    : divide_rows(&task->rule, rows, rows, spare, 1, task->n, 0);
    memcpy(rows + task->n_left, spare, (size_t)(task->n - task->n_left) * sizeof *rows);
}

static sch_status partition_rows(const sch_control *control, partition_task *task)
{
    const int64_t blocks = partition_blocks(task->n);
    if (blocks == 1 || control->n_threads == 1) {
        partition_at_once(task);
        return sch_should_stop(control) ? SCH_CANCELLED : SCH_OK;
    }
    sch_status status = sch_par_for(control, blocks, divide_block, task);
    if (status) return status;
    for (int64_t b = 0; b < blocks; ++b) {
        const int64_t n_left = task->counts[b];
        task->counts[b] = task->n_left;
        task->n_left += n_left;
    }
    task->counts[blocks] = task->n_left;
    return sch_par_for(control, blocks, gather_block, task);
}

#endif
