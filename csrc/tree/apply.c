/* tree/apply.c - prediction. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static but the table
 * at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/apply.h"
#include "core/blocks.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "tree/apply_walk.h"

#define SCH_TEMPLATES "tree/apply_rows_template.h"
#include "core/for_each_real.h"

/* Rows go through all trees in blocks. Chunks of blocks have work memory of their own, hence not too many of them. */
enum { BLOCK_ROWS = 64, MOST_CHUNKS = 64 };

static int64_t n_blocks_of(int64_t n) { return (n + BLOCK_ROWS - 1) / BLOCK_ROWS; }
static int64_t n_chunks_of(int64_t n) { return sch_min(n_blocks_of(n), MOST_CHUNKS); }

static void load_rows(const sch_table *x, int64_t column_stride, int64_t first, int64_t n, double *out)
{
    if (x->dtype == SCH_F32) load_rows_f32(x, column_stride, first, n, out);
    else load_rows_f64(x, column_stride, first, n, out);
}

static int64_t rows_bytes(const sch_table *x)
{
    return sch_round_up(sch_min(x->n, BLOCK_ROWS) * x->d * (int64_t)sizeof(double), SCH_LINE);
}

/* ---- sums of leaves */

static void add_tree(const sch_trees *trees, int64_t t, const double *row, double *out)
{
    const sch_node *tree = trees->nodes + trees->offsets[t];
    const sch_node *leaf = tree + leaf_of(trees, tree, row);
    if (!trees->values) {
        out[t % trees->n_out] += leaf->threshold;
        return;
    }
    const double *value = trees->values + (trees->leaf_offsets[t] + leaf->left) * trees->n_out;
    for (int64_t k = 0; k < trees->n_out; ++k) out[k] += value[k];
}

static void predict_block(const sch_trees_predict_args *a, int64_t first, int64_t n, double *rows)
{
    const int64_t n_out = a->trees.n_out;
    double *out = a->out + first * n_out;
    load_rows(&a->x, a->column_stride, first, n, rows);
    for (int64_t i = 0; i < n; ++i) memcpy(out + i * n_out, a->baseline, (size_t)n_out * sizeof *out);
    for (int64_t t = a->first; t < a->last; ++t)
        for (int64_t i = 0; i < n; ++i) add_tree(&a->trees, t, rows + i * a->x.d, out + i * n_out);
    for (int64_t i = 0; i < n * n_out; ++i) out[i] /= a->divisor;
}

static void predict_chunk(void *context, int64_t chunk)
{
    const sch_trees_predict_args *a = context;
    const int64_t n_blocks = n_blocks_of(a->x.n), n_chunks = n_chunks_of(a->x.n);
    double *rows = (double *)((char *)a->scratch + chunk * rows_bytes(&a->x));
    for (int64_t b = n_blocks * chunk / n_chunks; b < n_blocks * (chunk + 1) / n_chunks; ++b) {
        if (sch_should_stop(&a->control)) return;
        predict_block(a, b * BLOCK_ROWS, sch_min(BLOCK_ROWS, a->x.n - b * BLOCK_ROWS), rows);
    }
}

static int64_t trees_predict_scratch(const sch_trees_predict_args *a)
{
    return n_chunks_of(a->x.n) * rows_bytes(&a->x);
}

static sch_status trees_predict(sch_trees_predict_args *a)
{
    const double work = (double)a->x.n * (double)(a->last - a->first);
    const sch_control control = sch_serial_below(a->control, work, 3e3);
    return sch_par_for(&control, n_chunks_of(a->x.n), predict_chunk, a);
}

/* ---- leaves */

static void leaves_chunk(void *context, int64_t chunk)
{
    const sch_trees_leaves_args *a = context;
    const sch_trees *trees = &a->trees;
    const int64_t n_blocks = n_blocks_of(a->x.n), n_chunks = n_chunks_of(a->x.n);
    double *rows = (double *)((char *)a->scratch + chunk * rows_bytes(&a->x));
    for (int64_t b = n_blocks * chunk / n_chunks; b < n_blocks * (chunk + 1) / n_chunks; ++b) {
        const int64_t first = b * BLOCK_ROWS, n = sch_min(BLOCK_ROWS, a->x.n - first);
        if (sch_should_stop(&a->control)) return;
        load_rows(&a->x, a->column_stride, first, n, rows);
        for (int64_t t = 0; t < trees->n_trees; ++t)
            for (int64_t i = 0; i < n; ++i)
                a->leaves[(first + i) * trees->n_trees + t] =
                    leaf_of(trees, trees->nodes + trees->offsets[t], rows + i * a->x.d);
    }
}

static int64_t trees_leaves_scratch(const sch_trees_leaves_args *a) { return n_chunks_of(a->x.n) * rows_bytes(&a->x); }

static sch_status trees_leaves(sch_trees_leaves_args *a)
{
    const double work = (double)a->x.n * (double)a->trees.n_trees;
    const sch_control control = sch_serial_below(a->control, work, 3e3);
    return sch_par_for(&control, n_chunks_of(a->x.n), leaves_chunk, a);
}

extern const sch_apply_ops SCH_CAT(sch_apply_ops_, SCH_ISA);
const sch_apply_ops SCH_CAT(sch_apply_ops_, SCH_ISA) = {
#define FIELD(name, args_t) .name = name,
    SCH_APPLY_OPS(FIELD)
#undef FIELD
        .trees_predict_scratch = trees_predict_scratch,
    .trees_leaves_scratch = trees_leaves_scratch,
};
