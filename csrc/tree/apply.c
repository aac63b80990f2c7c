/* tree/apply.c - prediction. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static but the table
 * at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/apply.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "tree/apply_blocks.h"
#include "tree/apply_masks.h"
#include "tree/apply_packed.h"
#include "tree/apply_shap.h"
#include "tree/apply_walk.h"

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
