/* linear/visit.h - in which order an epoch of SGD visits the rows.
 *
 * Rows in fully random order cost a TLB miss each. So the table is cut into short blocks of neighbouring rows (a page or
 * so), the blocks are permuted, and WINDOW_BLOCKS of them at a time are shuffled row by row: every window mixes rows from
 * places drawn all over the table, which keeps the statistics of a full shuffle even where the table is sorted by class.
 * While one window is visited, the rows of the next one are fetched into the cache, in the order in which they lie in
 * memory. The order is a function of (seed, epoch, rows, bytes a row) alone.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_VISIT_H
#define SCH_VISIT_H

#include "core/prelude.h"
#include "core/rng.h"
#include "sch/sgd.h"

enum { WINDOW_BLOCKS = 64, BLOCK_BYTES = 2048, MAX_BLOCK_ROWS = 32, MAX_WINDOW = WINDOW_BLOCKS * MAX_BLOCK_ROWS };
enum { MAX_FETCH_BYTES = 1 << 19 }; /* longest window to fetch: with the one before, what the second cache holds */

typedef struct {
    int64_t n_rows;      /* rows to visit */
    int64_t block_rows;  /* neighbours kept together until their window is shuffled */
    int64_t n_blocks;
    int64_t span;        /* rows handed out at a time; 0: one window */
    int shuffle;
    uint64_t key;
    const int64_t *rows; /* (n_rows) which rows, or NULL for 0 .. n_rows - 1 */
    int64_t *block;      /* SCRATCH (n_blocks) permuted blocks */
    int64_t *order;      /* SCRATCH (MAX_WINDOW), or (n_rows) when span > 0: mini-batches may straddle windows */
    int64_t *next;       /* SCRATCH (MAX_WINDOW) the next window, not shuffled yet */
    int64_t n_next;
    int64_t position;    /* the window after that one, or the next row when span > 0 */
    int fetches;         /* whether a window leaves the second cache room for the next one */
    const int64_t *later; /* (n_later) the rows to fetch meanwhile; where there are none, those being visited */
    int64_t n_later;
} sch_visit;

/* Rows of the longest span: what buffers along the visiting order must hold. */
SCH_INLINE int64_t sch_span_rows(int64_t batch_size)
{
    return batch_size == 1 ? MAX_WINDOW : sch_max(1, MAX_WINDOW / batch_size) * batch_size;
}

/* What decides the block length: the bytes of a dense row; of a sparse one, whose length varies, a usual number. */
SCH_INLINE int64_t sch_row_bytes(const sch_table *x)
{
    return x->storage == SCH_DENSE ? x->d * (x->dtype == SCH_F32 ? 4 : 8) : 256;
}

/* What a row takes of the cache; a sparse one on average. */
SCH_INLINE int64_t sch_fetched_bytes(const sch_table *x)
{
    const int64_t element = x->dtype == SCH_F32 ? 4 : 8, n = sch_max(1, x->n);
    if (x->storage == SCH_CSR32) return ((const int32_t *)x->indptr)[x->n] / n * (element + 4);
    if (x->storage == SCH_CSR64) return ((const int64_t *)x->indptr)[x->n] / n * (element + 8);
    return sch_row_bytes(x);
}

/* How many rows ahead to prefetch: some pages' worth of memory latency, less for rows that fill a page by themselves. */
SCH_INLINE int64_t sch_prefetch_ahead(const sch_table *x)
{
    return sch_max(1, sch_min(8, 8192 / sch_max(1, sch_row_bytes(x))));
}

SCH_INLINE sch_visit sch_visit_layout(int64_t n_rows, const sch_table *x, int64_t batch_size, sch_arena *arena)
{
    sch_visit v = {.n_rows = n_rows};
    v.block_rows = sch_max(1, sch_min(MAX_BLOCK_ROWS, BLOCK_BYTES / sch_max(1, sch_row_bytes(x))));
    v.n_blocks = (n_rows + v.block_rows - 1) / v.block_rows;
    v.span = batch_size == 1 ? 0 : sch_span_rows(batch_size);
    v.block = sch_take(arena, v.n_blocks * (int64_t)sizeof(int64_t));
    v.order = sch_take(arena, (v.span ? n_rows : MAX_WINDOW) * (int64_t)sizeof(int64_t));
    v.next = sch_take(arena, MAX_WINDOW * (int64_t)sizeof(int64_t));
    v.fetches = WINDOW_BLOCKS * v.block_rows * sch_fetched_bytes(x) <= MAX_FETCH_BYTES;
    return v;
}

SCH_INLINE int64_t sch_n_windows(const sch_visit *v) { return (v->n_blocks + WINDOW_BLOCKS - 1) / WINDOW_BLOCKS; }

/* Writes the rows of one window as they lie in memory; returns how many, 0 after the last window. */
SCH_INLINE int64_t sch_visit_window(const sch_visit *v, int64_t window, int64_t *rows)
{
    const int64_t first = window * WINDOW_BLOCKS, last = sch_min(first + WINDOW_BLOCKS, v->n_blocks);
    int64_t count = 0;
    for (int64_t b = first; b < last; ++b) {
        const int64_t start = v->block[b] * v->block_rows, stop = sch_min(start + v->block_rows, v->n_rows);
        for (int64_t p = start; p < stop; ++p) rows[count++] = v->rows ? v->rows[p] : p;
    }
    return count;
}

SCH_INLINE void sch_visit_shuffle(const sch_visit *v, int64_t window, int64_t *rows, int64_t count)
{
    if (v->shuffle) sch_shuffle(rows, count, sch_key(v->key, (uint64_t)window));
}

SCH_INLINE void sch_visit_begin(sch_visit *v, const int64_t *rows, int shuffle, uint64_t seed, uint64_t epoch)
{
    v->rows = rows;
    v->shuffle = shuffle;
    v->key = sch_key(seed, epoch);
    v->position = 0;
    for (int64_t b = 0; b < v->n_blocks; ++b) v->block[b] = b;
    if (shuffle) sch_shuffle(v->block, v->n_blocks, v->key);
    if (v->span == 0) {
        v->n_next = sch_visit_window(v, v->position++, v->next);
        return;
    }
    int64_t filled = 0;
    for (int64_t w = 0; w < sch_n_windows(v); ++w) {
        const int64_t count = sch_visit_window(v, w, v->order + filled);
        sch_visit_shuffle(v, w, v->order + filled, count);
        filled += count;
    }
}

/* Points *order to the next rows to visit; returns how many, 0 at the end of the epoch. */
SCH_INLINE int64_t sch_visit_next(sch_visit *v, const int64_t **order)
{
    int64_t count;
    if (v->span == 0) {
        int64_t *now = v->next;
        count = v->n_next;
        v->next = v->order;
        *order = v->order = now;
        sch_visit_shuffle(v, v->position - 1, now, count);
        v->n_next = sch_visit_window(v, v->position++, v->next);
    } else {
        *order = v->order + v->position;
        count = sch_min(v->span, v->n_rows - v->position);
        v->position += count;
    }
    const int fetches = v->span == 0 && v->fetches && v->n_next > 0;
    v->later = fetches ? v->next : *order;
    v->n_later = fetches ? v->n_next : count;
    return count;
}

/* The row to fetch into the second cache while the s-th of these is visited. */
SCH_INLINE int64_t sch_visit_later(const sch_visit *v, int64_t s) { return v->later[sch_min(s, v->n_later - 1)]; }

__attribute__((unused)) static int64_t visiting_order(sch_visiting_order_args *a)
{
    sch_arena arena = {.base = a->scratch};
    sch_visit v = sch_visit_layout(a->x.n, &a->x, 1, &arena);
    const int64_t *order;
    int64_t filled = 0;
    if (!a->scratch) return arena.used;
    sch_visit_begin(&v, NULL, 1, a->seed, a->epoch);
    for (int64_t count; (count = sch_visit_next(&v, &order)) > 0; filled += count)
        memcpy(a->order + filled, order, (size_t)count * sizeof *order);
    return filled;
}

#endif
