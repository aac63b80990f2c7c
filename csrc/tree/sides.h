/* tree/sides.h - which rows of a node go left, and the task of dividing them.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SIDES_H
#define SCH_TREE_SIDES_H

#include "core/pool.h"
#include "core/prelude.h"

enum {
    PARTITION_BLOCK = 16384, /* rows */
    WORD_ROWS = 64, /* of a bitmap */
    DENSE = 2 /* a node with more than half of the table's rows, and than a block, is dense */
};

/* Which bins go left: a table, or (bin + shift) & 255 <= limit. */
typedef struct {
    const uint8_t *column; /* (n_table), and so much more that 64 can be read from each 64th on */
    const uint8_t *table;  /* (256) 0 or 1; or NULL */
    uint8_t shift, limit;  /* shift 1 brings the missing bin, 255, below all others */
} side_rule;

/* Words of the bitmaps that a block of rows covers. */
typedef struct {
    int64_t first; /* where its rows start in the node */
    int64_t start, stop;
} word_span;

typedef struct {
    side_rule rule;
    uint32_t *rows;    /* (n) of the node, ascending */
    int64_t n_table;   /* rows of the table */
    uint32_t *spare;   /* (n), of nodes that are not dense */
    uint64_t *bitmaps; /* (words of the table, 2), of those that are: rows that go left, and the others */
    word_span *spans;  /* (blocks), the same */
    int64_t *counts;   /* (blocks + 1) rows of the block that go left */
    int64_t n, n_left;
} partition_task;

SCH_INLINE int64_t blocks_of(int64_t n) { return (n + PARTITION_BLOCK - 1) / PARTITION_BLOCK; }
SCH_INLINE int64_t bitmap_words(int64_t n) { return (n + WORD_ROWS - 1) / WORD_ROWS; }

SCH_INLINE int is_dense(int64_t n, int64_t n_table) { return n > PARTITION_BLOCK && n > n_table / DENSE; }

/* Rows that `spare` has to hold for the nodes of n rows and fewer. */
SCH_INLINE int64_t spare_rows(int64_t n, int64_t n_table)
{
    return sch_min(n, sch_max(PARTITION_BLOCK, n_table / DENSE));
}

#endif
