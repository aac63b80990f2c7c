/* tree/leaves.h - what a grown tree says: values of its leaves from the gradients themselves, and its arrays.
 *
 * Leaf sums are whole numbers too, but of LEAF_BITS bits: finer than float32, and still the same in any order.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_LEAVES_H
#define SCH_TREE_LEAVES_H

#include "tree/grow.h"

enum { LEAF_BLOCK = 8192 };

/* The leaf whose stretch holds position i. */
SCH_INLINE int64_t leaf_at(const int64_t *leaf_start, int64_t n_leaves, int64_t i)
{
    int64_t low = 0, high = n_leaves;
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (leaf_start[middle] <= i) low = middle;
        else high = middle;
    }
    return low;
}

/* Sums over the rows at some positions of `rows`, added to their leaf's. */
SCH_INLINE void sum_stretch(const growth *w, int64_t first, int64_t end, int64_t *total, const derivative_form form)
{
    const sch_grow_tree_args *a = w->a;
    const int plain = form.order == 1 && form.kind == NO_WEIGHT;
    int64_t g = 0, h = 0;
    for (int64_t i = first; i < end; ++i) {
        g += whole_gradient(a, form, w->p.g_leaf_scale, a->rows[i]);
        if (!plain) h += whole_hessian(a, form, w->p.h_leaf_scale, a->rows[i]);
    }
    if (plain) h = (end - first) * nearest(w->p.h_leaf_scale);
    __atomic_fetch_add(&total[0], g, __ATOMIC_RELAXED); /* whole numbers: the order does not matter */
    __atomic_fetch_add(&total[1], h, __ATOMIC_RELAXED);
}

typedef float two_floats __attribute__((vector_size(8)));
typedef double two_doubles __attribute__((vector_size(16)));
typedef uint64_t two_wholes __attribute__((vector_size(16)));

/* The same for derivatives in single precision, of rows without weights: both of a row's at once. */
SCH_INLINE void sum_pairs(const growth *w, int64_t first, int64_t end, int64_t *total)
{
    const float *pairs = w->a->derivatives;
    const two_doubles scale = {w->p.g_leaf_scale, w->p.h_leaf_scale}, added = {NEAREST, NEAREST};
    two_wholes sum = {0, 0};
    for (int64_t i = first; i < end; ++i) {
        two_floats pair;
        __builtin_prefetch(pairs + 2 * (int64_t)w->a->rows[i + SCH_ROWS_MARGIN]);
        memcpy(&pair, pairs + 2 * (int64_t)w->a->rows[i], sizeof pair);
        sum += (two_wholes)(__builtin_convertvector(pair, two_doubles) * scale + added);
    }
    const uint64_t excess = (uint64_t)(end - first) * (uint64_t)bits_of_f64(NEAREST);
    __atomic_fetch_add(&total[0], (int64_t)(sum[0] - excess), __ATOMIC_RELAXED);
    __atomic_fetch_add(&total[1], (int64_t)(sum[1] - excess), __ATOMIC_RELAXED);
}

static void leaf_sums_chunk(void *context, int64_t chunk)
{
    const growth *w = context;
    const sch_grow_tree_args *a = w->a;
    const int64_t end = sch_min((chunk + 1) * LEAF_BLOCK, a->n_rows);
    int64_t i = chunk * LEAF_BLOCK;
    for (int64_t leaf = leaf_at(a->leaf_start, a->n_leaves, i); i < end; ++leaf) {
        const int64_t stop = sch_min(end, a->leaf_start[leaf + 1]);
        int64_t *total = w->leaf_sums + 2 * leaf;
        if (w->source.origin == OF_PAIR) sum_pairs(w, i, stop, total);
        else if (w->source.origin == OF_GRADIENT) sum_stretch(w, i, stop, total, GRADIENTS);
        else sum_stretch(w, i, stop, total, derivative_form_of(a));
        i = stop;
    }
}

/* Numbers the leaves in the order of their rows. */
static void number_leaves(const growth *w)
{
    const sch_grow_tree_args *a = w->a;
    int32_t *const number =
        w->leaf_number; /* how many leaves are below a node; from its parent's turn on, its first leaf */
    for (int64_t i = w->n_nodes - 1; i >= 0; --i) {
        const int32_t left = w->nodes[i].left;
        number[i] = left < 0 ? 1 : number[left] + number[left + 1];
    }
    number[0] = 0;
    for (int64_t i = 0; i < w->n_nodes; ++i) {
        const int32_t left = w->nodes[i].left;
        if (left < 0) {
            a->leaf_start[number[i]] = w->nodes[i].start;
        } else {
            number[left + 1] = number[i] + number[left];
            number[left] = number[i];
        }
    }
    a->leaf_start[w->n_leaves] = a->n_rows;
}

static void write_inner(const growth *w, int64_t i)
{
    sch_grow_tree_args *a = w->a;
    const grown_node *node = &w->nodes[i];
    const double value_unit = w->p.h_scale / w->p.g_scale;
    const candidate_node c = {
        .l1 = a->l1 * w->p.g_scale, .l2 = a->l2 * w->p.h_scale, .lower = node->lower, .upper = node->upper};
    const split *s = &node->best;
    a->gain[i] = (s->score - node->score) * value_unit / w->p.g_scale;
    a->value[i] = side_value(&c, (double)node->total.g, (double)node->total.h) * value_unit;
    a->nodes[i] = (sch_node){.threshold = s->bin, .feature = s->feature, .left = w->nodes[i].left};
    if (s->missing_left) a->nodes[i].feature |= SCH_NODE_MISSING_LEFT;
    if (!s->categorical) return;
    a->nodes[i].feature |= SCH_NODE_CATEGORICAL;
    a->nodes[i].threshold = (double)a->n_sets;
    memcpy(a->sets + SCH_SET_WORDS * a->n_sets++, s->set, sizeof s->set);
}

static void write_leaf(const growth *w, int64_t i, int32_t leaf)
{
    sch_grow_tree_args *a = w->a;
    const grown_node *node = &w->nodes[i];
    const double value_unit = w->p.h_scale / w->p.g_scale;
    const candidate_node c = {
        .l1 = a->l1, .l2 = a->l2, .lower = node->lower * value_unit, .upper = node->upper * value_unit};
    const double g = (double)w->leaf_sums[2 * leaf] / w->p.g_leaf_scale;
    const double h = (double)w->leaf_sums[2 * leaf + 1] / w->p.h_leaf_scale;
    a->gain[i] = 0.0;
    a->value[i] = a->shrinkage * side_value(&c, g, h);
    a->nodes[i] = (sch_node){.threshold = a->value[i], .feature = -1, .left = leaf};
}

static sch_status write_tree(growth *w)
{
    sch_grow_tree_args *a = w->a;
    a->n_nodes = w->n_nodes;
    a->n_leaves = w->n_leaves;
    a->n_sets = a->depth = 0;
    number_leaves(w);
    memset(w->leaf_sums, 0, (size_t)(2 * w->n_leaves) * sizeof *w->leaf_sums);
    const int64_t blocks = (a->n_rows + LEAF_BLOCK - 1) / LEAF_BLOCK;
    const sch_status status = sch_par_for(&a->control, blocks, leaf_sums_chunk, w);
    if (status) return status;
    for (int64_t i = 0; i < w->n_nodes; ++i) {
        a->cover[i] = (double)w->nodes[i].total.h / w->p.h_scale;
        a->count[i] = w->nodes[i].total.c;
        a->depth = sch_max(a->depth, w->nodes[i].depth);
        if (w->nodes[i].left < 0) write_leaf(w, i, w->leaf_number[i]);
        else write_inner(w, i);
    }
    return SCH_OK;
}

#endif
