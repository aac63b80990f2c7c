/* tree/apply.c - prediction. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static but the table
 * at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/apply.h"
#include "core/blocks.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "tree/apply_masks.h"
#include "tree/apply_packed.h"
#include "tree/apply_shap.h"
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

static void mask_leaves(const sch_apply *a, const plan *p, int64_t t, int64_t n)
{
    const sch_mask_step *steps = a->masks->steps + a->masks->step_offsets[t];
    const int64_t n_steps = a->masks->step_offsets[t + 1] - a->masks->step_offsets[t];
    if (n > MASK_ROWS - REGISTER_ROWS) {
        descend(MASK_ROWS / REGISTER_ROWS, steps, n_steps, p->planes, p->masks, p->leaves);
        return;
    }
    for (int64_t i = 0; i < n; i += REGISTER_ROWS) descend(1, steps, n_steps, p->planes + i, p->masks, p->leaves + i);
}

/* The leaves of a block's rows in a tree, into p->nodes. */
static void walk_tree(const sch_apply *a, const plan *p, int64_t t, int64_t n)
{
    if (a->trees.offsets[t + 1] - a->trees.offsets[t] > most_to_pack(a, n)) {
        walk_rows(&a->trees, t, p->walked, n, p->nodes);
        return;
    }
    pack_tree(&a->trees, t, p->packed);
    walk_packed(p->packed, a->x.d, p->walked, n, p->nodes);
}

/* ---- sums of leaves */

SCH_INLINE void add_leaf(const sch_trees *trees, int64_t t, int64_t node, double *out)
{
    const sch_node *leaf = trees->nodes + trees->offsets[t] + node;
    if (!trees->values) {
        out[t % trees->n_out] += leaf->threshold;
        return;
    }
    const double *value = trees->values + (trees->leaf_offsets[t] + leaf->left) * trees->n_out;
    for (int64_t k = 0; k < trees->n_out; ++k) out[k] += value[k];
}

static void walk_sums(const sch_apply *a, const plan *p, int64_t n, double *out)
{
    const int64_t n_out = a->trees.n_out;
    if (p->group == 1) {
        for (int64_t i = 0; i < n; ++i) {
            walk_trees(&a->trees, a->first, a->last, p->walked + i * a->x.d, p->nodes);
            for (int64_t t = a->first; t < a->last; ++t)
                add_leaf(&a->trees, t, p->nodes[t - a->first], out + i * n_out);
        }
        return;
    }
    for (int64_t t = a->first; t < a->last; ++t) {
        if (t % trees_to_poll(n) == 0 && sch_should_stop(&a->control)) return;
        walk_tree(a, p, t, n);
        for (int64_t i = 0; i < n; ++i) add_leaf(&a->trees, t, p->nodes[i], out + i * n_out);
    }
}

/* Each row's leaf's value to its sum. There is room behind the values, so that registers can be filled. */
SCH_INLINE void add_values(const double *values, int64_t n_leaves, const uint8_t *leaves, double *sums)
{
#if defined(__AVX512BW__)
#  define ADD_LOOKED_UP(registers)                                                                       \
      if (n_leaves <= 8 * (registers)) {                                                                 \
          for (int i = 0; i < MASK_ROWS; i += 8) {                                                       \
              const __m512i leaf = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(leaves + i))); \
              const __m512d value = look_up_##registers##_f64(values, leaf);                             \
              _mm512_storeu_pd(sums + i, _mm512_add_pd(_mm512_loadu_pd(sums + i), value));               \
          }                                                                                              \
          return;                                                                                        \
      }
    ADD_LOOKED_UP(2)
    ADD_LOOKED_UP(4)
    ADD_LOOKED_UP(8)
    ADD_LOOKED_UP(16)
#  undef ADD_LOOKED_UP
#endif
    (void)n_leaves;
    for (int i = 0; i < MASK_ROWS; ++i) sums[i] += values[leaves[i]];
}

static void mask_sums(const sch_apply *a, const plan *p, int64_t n, double *out)
{
    const int64_t n_out = a->trees.n_out;
    const int apart = a->trees.values != NULL;
    if (!apart)
        for (int64_t k = 0; k < n_out; ++k)
            for (int64_t i = 0; i < MASK_ROWS; ++i) p->sums[k * MASK_ROWS + i] = i < n ? out[i * n_out + k] : 0.0;
    for (int64_t t = a->first; t < a->last; ++t) {
        const double *values = a->masks->leaf_values + a->trees.leaf_offsets[t] * (apart ? n_out : 1);
        mask_leaves(a, p, t, n);
        if (!apart)
            add_values(values, a->trees.leaf_offsets[t + 1] - a->trees.leaf_offsets[t], p->leaves,
                       p->sums + t % n_out * MASK_ROWS);
        else
            for (int64_t i = 0; i < n; ++i)
                for (int64_t k = 0; k < n_out; ++k) out[i * n_out + k] += values[p->leaves[i] * n_out + k];
    }
    if (!apart)
        for (int64_t i = 0; i < n; ++i)
            for (int64_t k = 0; k < n_out; ++k) out[i * n_out + k] = p->sums[k * MASK_ROWS + i];
}

static void predict_block(const void *args, const plan *p, int64_t first, int64_t n)
{
    const sch_trees_predict_args *a = args;
    const int64_t n_out = a->apply.trees.n_out;
    double *out = a->out + first * n_out;
    for (int64_t i = 0; i < n; ++i) memcpy(out + i * n_out, a->baseline, (size_t)n_out * sizeof *out);
    a->apply.masks ? mask_sums(&a->apply, p, n, out) : walk_sums(&a->apply, p, n, out);
    if (a->divisor != 1.0)
        for (int64_t i = 0; i < n * n_out; ++i) out[i] /= a->divisor;
}

static void predict_chunk(void *args, int64_t chunk)
{
    for_each_block(&((sch_trees_predict_args *)args)->apply, chunk, predict_block, args);
}

static sch_status trees_predict(sch_trees_predict_args *a) { return for_each_chunk(&a->apply, predict_chunk, a); }

/* ---- leaves */

static void leaves_block(const void *args, const plan *p, int64_t first, int64_t n)
{
    const sch_trees_leaves_args *a = args;
    const sch_apply *apply = &a->apply;
    const int64_t n_trees = apply->last - apply->first;
    int64_t *out = a->leaves + first * n_trees;
    if (!apply->masks && p->group == 1) {
        for (int64_t i = 0; i < n; ++i) {
            walk_trees(&apply->trees, apply->first, apply->last, p->walked + i * apply->x.d, p->nodes);
            for (int64_t t = 0; t < n_trees; ++t) out[i * n_trees + t] = p->nodes[t];
        }
        return;
    }
    for (int64_t t = 0; t < n_trees; ++t) {
        const int64_t tree = apply->first + t;
        if (tree % trees_to_poll(n) == 0 && sch_should_stop(&apply->control)) return;
        if (apply->masks) {
            const int32_t *nodes = apply->masks->leaf_nodes + apply->trees.leaf_offsets[tree];
            mask_leaves(apply, p, tree, n);
            for (int64_t i = 0; i < n; ++i) out[i * n_trees + t] = nodes[p->leaves[i]];
        } else {
            walk_tree(apply, p, tree, n);
            for (int64_t i = 0; i < n; ++i) out[i * n_trees + t] = p->nodes[i];
        }
    }
}

static void leaves_chunk(void *args, int64_t chunk)
{
    for_each_block(&((sch_trees_leaves_args *)args)->apply, chunk, leaves_block, args);
}

static sch_status trees_leaves(sch_trees_leaves_args *a) { return for_each_chunk(&a->apply, leaves_chunk, a); }

/* ---- contributions */

typedef struct {
    int64_t n_blocks, n_chunks, bytes;
} shap_plan;

static shap_plan shap_plan_of(const sch_trees_contributions_args *a)
{
    sch_arena arena = {0};
    shap s;
    shap_memory(&s, a, &arena);
    shap_plan p = {.n_blocks = (a->apply.x.n + SHAP_ROWS - 1) / SHAP_ROWS, .bytes = arena.used};
    p.n_chunks = sch_min(p.n_blocks, sch_max(2, sch_min(MOST_CHUNKS, ALL_BYTES / p.bytes)));
    return p;
}

static int64_t trees_contributions_scratch(const sch_trees_contributions_args *a)
{
    const shap_plan p = shap_plan_of(a);
    return p.n_chunks * p.bytes;
}

static int contribute_block(shap *s, int64_t first, int64_t n)
{
    const sch_apply *a = &s->a->apply;
    a->x.dtype == SCH_F32 ? load_rows_f32(WALKS, &a->x, a->column_stride, first, n, s->rows)
                          : load_rows_f64(WALKS, &a->x, a->column_stride, first, n, s->rows);
    memset(s->sums, 0, (size_t)(a->trees.n_out * a->x.d * SHAP_ROWS) * sizeof(double));
    for (int64_t t = a->first; t < a->last; ++t)
        if (!shap_tree(s, t)) return 0;
    shap_store(s, first, n);
    return 1;
}

static void contributions_chunk(void *args, int64_t chunk)
{
    const sch_trees_contributions_args *a = args;
    const shap_plan p = shap_plan_of(a);
    sch_arena arena = {.base = (char *)a->apply.scratch + chunk * p.bytes};
    shap s;
    shap_memory(&s, a, &arena);
    if (!shap_prepare(&s)) return;
    for (int64_t b = p.n_blocks * chunk / p.n_chunks; b < p.n_blocks * (chunk + 1) / p.n_chunks; ++b)
        if (!contribute_block(&s, b * SHAP_ROWS, sch_min(SHAP_ROWS, a->apply.x.n - b * SHAP_ROWS))) return;
}

static sch_status trees_contributions(sch_trees_contributions_args *a)
{
    return sch_par_for(&a->apply.control, shap_plan_of(a).n_chunks, contributions_chunk, a);
}

extern const sch_apply_ops SCH_CAT(sch_apply_ops_, SCH_ISA);
const sch_apply_ops SCH_CAT(sch_apply_ops_, SCH_ISA) = {.apply_scratch = apply_scratch,
                                                        .trees_contributions_scratch = trees_contributions_scratch,
                                                        SCH_APPLY_OPS(SCH_ENTRY)};
