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
    int64_t *counts; /* (blocks) rows of the block that go left */
    int64_t n, n_left;
} partition_task;

SCH_INLINE int64_t partition_blocks(int64_t n) { return (n + PARTITION_BLOCK - 1) / PARTITION_BLOCK; }

/* Rows that go left stay at the front of `rows`, the others go to `spare`. Returns how many go left. */
SCH_INLINE int64_t divide_rows(const side_rule *rule, uint32_t *rows, uint32_t *SCH_RESTRICT spare, int64_t n,
                               const int by_table)
{
    const uint8_t *SCH_RESTRICT column = rule->column, *SCH_RESTRICT table = rule->table;
    const uint8_t shift = rule->shift, limit = rule->limit;
    int64_t left = 0;
    for (int64_t i = 0; i < n; ++i) {
        const uint32_t row = rows[i];
        const uint8_t bin = column[row];
        const int64_t goes_left = by_table ? table[bin] : (uint8_t)(bin + shift) <= limit;
        rows[left] = row;
        spare[i - left] = row;
        left += goes_left;
    }
    return left;
}

static void divide_block(void *context, int64_t block)
{
    partition_task *task = context;
    const int64_t first = block * PARTITION_BLOCK, n = sch_min(PARTITION_BLOCK, task->n - first);
    uint32_t *rows = task->rows + first, *spare = task->spare + first;
    task->counts[block] =
        task->rule.table ? divide_rows(&task->rule, rows, spare, n, 1) : divide_rows(&task->rule, rows, spare, n, 0);
}

/* The blocks' lefts move together, and so, in `spare`, do the rights, which then follow them. */
static void close_ranks(partition_task *task, int64_t blocks)
{
    int64_t left = 0, right = 0;
    for (int64_t b = 0; b < blocks; ++b) {
        const int64_t first = b * PARTITION_BLOCK, n = sch_min(PARTITION_BLOCK, task->n - first);
        const int64_t n_left = task->counts[b], n_right = n - n_left;
        memmove(task->rows + left, task->rows + first, (size_t)n_left * sizeof *task->rows);
        memmove(task->spare + right, task->spare + first, (size_t)n_right * sizeof *task->spare);
        left += n_left;
        right += n_right;
    }
    memcpy(task->rows + left, task->spare, (size_t)right * sizeof *task->rows);
    task->n_left = left;
}

static sch_status partition_rows(const sch_control *control, partition_task *task)
{
    const int64_t blocks = partition_blocks(task->n);
    const sch_status status = sch_par_for(control, blocks, divide_block, task);
    if (status) return status;
    close_ranks(task, blocks);
    return SCH_OK;
}

#endif
