/* tree/apply_blocks.h - rows in blocks, as the kernels of prediction read them: by value for walks, or by byte for masks.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_BLOCKS_H
#define SCH_TREE_APPLY_BLOCKS_H

#include "core/blocks.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "sch/apply.h"
#include "tree/apply_masks.h"
#include "tree/apply_packed.h"
#include "tree/apply_walk.h"
#if defined(__AVX512BW__)
#  include <immintrin.h>
#endif

#define SCH_TEMPLATES "tree/apply_rows_template.h"
#include "core/for_each_real.h"
#define SCH_TEMPLATES "tree/apply_search_template.h"
#include "core/for_each_real.h"
#define SCH_TEMPLATES "tree/apply_bins_template.h"
#include "core/for_each_real.h"

/* Rows go through all trees in blocks. Chunks of blocks have work memory of their own, hence not too many of them. */
enum { MOST_CHUNKS = 64, MOST_ROWS = 1 << 14, WALKS_TO_POLL = 1 << 16, BLOCKS_PER_TREE = 8 };
static const int64_t LEAST_BYTES = 1 << 17, MOST_BYTES = 1 << 22, ALL_BYTES = 1 << 26;

typedef struct {
    int64_t rows; /* of a block */
    int64_t group; /* rows that walk down a tree together; 1: one row walks down several trees */
    int64_t n_blocks, n_chunks;
    int64_t bytes; /* of work memory for a chunk */
    double *walked; /* (rows / group, d, group) */
    int32_t *nodes; /* leaves of the rows in a tree, or of a row in the trees */
    packed_node *packed; /* the largest tree that is packed */
    void *columns; /* (n_used, REGISTER_ROWS) */
    uint8_t *planes; /* (n_planes, MASK_ROWS) */
    row_mask *masks; /* a slot for each inner node, and one more */
    uint8_t *leaves; /* (MASK_ROWS) leaves of the rows in a tree */
    double *sums; /* (n_out, MASK_ROWS) */
} plan;

static void divide_memory(plan *p, const sch_apply *a, char *base)
{
    sch_arena arena = {.base = base};
    const sch_masks *m = a->masks;
    if (m) {
        p->columns = sch_take(&arena, m->n_used * REGISTER_ROWS * (int64_t)sizeof(double));
        p->planes = sch_take(&arena, (2 * m->n_used + m->n_choices) * MASK_ROWS);
        p->masks = sch_take(&arena, MASKS_BYTES);
        p->leaves = sch_take(&arena, MASK_ROWS);
        p->sums = sch_take(&arena, a->trees.n_out * MASK_ROWS * (int64_t)sizeof(double));
    } else {
        const int64_t nodes = p->group == 1 ? a->trees.n_trees : p->rows;
        p->walked = sch_take(&arena, p->rows * a->x.d * (int64_t)sizeof(double));
        p->nodes = sch_take(&arena, sch_round_up(nodes, WALKS) * (int64_t)sizeof(int32_t));
        const int64_t packed = p->group == 1 ? 0 : nodes_to_pack(a, p->rows);
        p->packed = sch_take(&arena, packed * (int64_t)sizeof(packed_node));
    }
    p->bytes = arena.used;
}

/* Rows of a block that walks. What it costs to fetch a large tree into the cache is shared by the rows of a block, which
 * therefore takes several times the room of a tree; small trees stay in the cache anyway, and rows should, too. */
static int64_t rows_to_walk(const sch_apply *a, int64_t group)
{
    const int64_t n_nodes = a->trees.offsets[a->trees.n_trees] / sch_max(a->trees.n_trees, 1);
    const int64_t wanted = BLOCKS_PER_TREE * n_nodes * (int64_t)sizeof(sch_node);
    const int64_t bytes = sch_min(MOST_BYTES, sch_max(LEAST_BYTES, wanted));
    const int64_t rows = sch_min(MOST_ROWS, bytes / (sch_max(a->x.d, 1) * (int64_t)sizeof(double)) / WALKS * WALKS);
    const int64_t of_thread = (a->x.n + a->control.n_threads - 1) / a->control.n_threads;
    return sch_max(group, sch_min(rows, sch_round_up(of_thread, group)));
}

static plan plan_of(const sch_apply *a)
{
    plan p = {.group = a->x.n < WALKS ? 1 : WALKS, .rows = MASK_ROWS};
    if (!a->masks) p.rows = rows_to_walk(a, p.group);
    divide_memory(&p, a, NULL);
    p.n_blocks = (a->x.n + p.rows - 1) / p.rows;
    p.n_chunks = sch_min(p.n_blocks, sch_max(2, sch_min(MOST_CHUNKS, ALL_BYTES / p.bytes)));
    return p;
}

static int64_t apply_scratch(const sch_apply *a)
{
    const plan p = plan_of(a);
    return p.n_chunks * p.bytes;
}

/* Waking a thread takes longer than some thousand leaves. */
static sch_status for_each_chunk(const sch_apply *a, sch_chunk body, void *args)
{
    const double work = (double)a->x.n * (double)(a->last - a->first + a->x.d);
    const sch_control control = sch_serial_below(a->control, work, 1e4);
    return sch_par_for(&control, plan_of(a).n_chunks, body, args);
}

SCH_INLINE int64_t trees_to_poll(int64_t n_rows) { return sch_max(1, WALKS_TO_POLL / n_rows); }

/* What a kernel does with a block of rows that was read. */
typedef void (*block_body)(const void *args, const plan *p, int64_t first, int64_t n);

SCH_INLINE void load_block(const sch_apply *a, const plan *p, int64_t first, int64_t n)
{
    const int f32 = a->x.dtype == SCH_F32;
    if (a->masks) {
        for (int64_t i = 0; i < n; i += REGISTER_ROWS) {
            const int64_t some = sch_min(REGISTER_ROWS, n - i);
            f32 ? planes_of_f32(a, first + i, some, p->columns, p->planes + i, MASK_ROWS)
                : planes_of_f64(a, first + i, some, p->columns, p->planes + i, MASK_ROWS);
        }
    } else if (p->group == 1) {
        f32 ? load_rows_f32(1, &a->x, a->column_stride, first, n, p->walked)
            : load_rows_f64(1, &a->x, a->column_stride, first, n, p->walked);
    } else {
        f32 ? load_rows_f32(WALKS, &a->x, a->column_stride, first, n, p->walked)
            : load_rows_f64(WALKS, &a->x, a->column_stride, first, n, p->walked);
    }
}

SCH_INLINE void for_each_block(const sch_apply *a, int64_t chunk, const block_body body, const void *args)
{
    plan p = plan_of(a);
    divide_memory(&p, a, (char *)a->scratch + chunk * p.bytes);
    for (int64_t b = p.n_blocks * chunk / p.n_chunks; b < p.n_blocks * (chunk + 1) / p.n_chunks; ++b) {
        const int64_t first = b * p.rows, n = sch_min(p.rows, a->x.n - first);
        if (sch_should_stop(&a->control)) return;
        load_block(a, &p, first, n);
        body(args, &p, first, n);
    }
}

#endif
