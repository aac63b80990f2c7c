/* tree/apply_shap.h - Shapley values of the features, rows by the register.
 *
 * A leaf's path splits on each of its D features once or several times, which count as one: `one` says whether a row goes
 * the leaf's way there, `zero` which part of the training samples did. The leaf's Shapley value for feature j is (one_j -
 * zero_j) times its value times the integral over s from 0 to 1 of the product of (1 - s) zero_i + s one_i, i other than j:
 * the weights of subsets are Beta functions. The product is a polynomial of degree D - 1 in s with terms that are not
 * negative, so Gauss-Legendre quadrature of (D + 1) / 2 points gives the integral exactly and without cancellation.
 *
 * Expectations are those of Lundberg, Erion and Lee, "Consistent individualized feature attribution for tree ensembles"
 * (2018), conditional on the path; the quadrature takes the place of their recursion over subsets.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_SHAP_H
#define SCH_TREE_APPLY_SHAP_H

#include "core/prelude.h"
#include "sch/apply.h"
#include "tree/apply_walk.h"

enum { SHAP_ROWS = 32 }; /* of a block: what is found out about a path serves all of them */
enum { SHAP_LEAVES_TO_POLL = 256 };

typedef struct {
    int32_t feature;
    int32_t ones; /* which row of shap.ones */
    double zero;
} element; /* of a path: a feature */

typedef struct {
    int64_t node;
    int right;      /* which child is being visited */
    int64_t place;  /* of the node's feature among the elements */
    element before; /* what was there; feature -1: nothing */
} frame; /* a node on the path */

typedef struct {
    const sch_trees_contributions_args *a;
    double *rows;     /* (SHAP_ROWS / WALKS, d, WALKS) */
    double *sums;     /* (n_out, d, SHAP_ROWS) */
    double *expected; /* (n_out) */
    double *ones;     /* (max_depth, SHAP_ROWS) 1 where a row goes the path's way */
    double *before;   /* (max_depth, SHAP_ROWS) products over the elements before */
    double *integral; /* (max_depth, SHAP_ROWS) */
    frame *frames;    /* (max_depth) */
    element *elements; /* (max_depth) */
    int64_t n_elements;
} shap;

static void shap_memory(shap *s, const sch_trees_contributions_args *a, sch_arena *arena)
{
    const int64_t d = a->apply.x.d, row_bytes = SHAP_ROWS * (int64_t)sizeof(double);
    s->a = a;
    s->rows = sch_take(arena, d * row_bytes);
    s->sums = sch_take(arena, a->apply.trees.n_out * d * row_bytes);
    s->expected = sch_take(arena, a->apply.trees.n_out * (int64_t)sizeof(double));
    s->ones = sch_take(arena, a->max_depth * row_bytes);
    s->before = sch_take(arena, a->max_depth * row_bytes);
    s->integral = sch_take(arena, a->max_depth * row_bytes);
    s->frames = sch_take(arena, a->max_depth * (int64_t)sizeof(frame));
    s->elements = sch_take(arena, a->max_depth * (int64_t)sizeof(element));
}

/* What part of a node's training samples went to a child; a half each where there were none. */
static double share_of(const double *weight, int64_t node, int64_t child)
{
    return weight[node] > 0.0 ? weight[child] / weight[node] : 0.5;
}

/* Put a child on the path: its feature becomes an element, or the element that there is narrower. */
static void shap_enter(shap *s, const sch_node *tree, const double *weight, int64_t depth)
{
    frame *f = s->frames + depth;
    const sch_trees *trees = &s->a->apply.trees;
    const sch_node *node = tree + f->node;
    const int32_t feature = node->feature & SCH_NODE_FEATURE;
    double *ones = s->ones + depth * SHAP_ROWS;
    for (int i = 0; i < SHAP_ROWS; ++i) {
        const double x = s->rows[(i / WALKS * trees->n_features + feature) * WALKS + i % WALKS];
        ones[i] = goes_right(1, trees, node, x) == f->right;
    }
    element now = {.feature = feature, .ones = (int32_t)depth};
    now.zero = share_of(weight, f->node, node->left + f->right);
    for (f->place = 0; f->place < s->n_elements && s->elements[f->place].feature != feature;) ++f->place;
    f->before.feature = -1;
    if (f->place < s->n_elements) {
        f->before = s->elements[f->place];
        now.zero *= f->before.zero;
        const double *others = s->ones + (int64_t)f->before.ones * SHAP_ROWS;
        for (int i = 0; i < SHAP_ROWS; ++i) ones[i] *= others[i];
    } else {
        ++s->n_elements;
    }
    s->elements[f->place] = now;
}

static void shap_leave(shap *s, const frame *f)
{
    if (f->before.feature < 0) --s->n_elements;
    else s->elements[f->place] = f->before;
}

/* The integrals of the products over all elements but one. */
static void shap_integrals(shap *s)
{
    const int64_t n = s->n_elements, n_points = (n + 1) / 2;
    const double *points = s->a->points + n_points * (n_points - 1), *weights = points + n_points;
    double product[SHAP_ROWS];
    memset(s->integral, 0, (size_t)(n * SHAP_ROWS) * sizeof(double));
    for (int64_t q = 0; q < n_points; ++q) {
        const double point = points[q];
        for (int i = 0; i < SHAP_ROWS; ++i) product[i] = weights[q];
        for (int64_t e = 0; e < n; ++e) {
            const double *ones = s->ones + (int64_t)s->elements[e].ones * SHAP_ROWS;
            const double zero = (1.0 - point) * s->elements[e].zero;
            double *before = s->before + e * SHAP_ROWS;
            for (int i = 0; i < SHAP_ROWS; ++i) {
                before[i] = product[i];
                product[i] *= zero + point * ones[i];
            }
        }
        for (int i = 0; i < SHAP_ROWS; ++i) product[i] = 1.0;
        for (int64_t e = n - 1; e >= 0; --e) {
            const double *ones = s->ones + (int64_t)s->elements[e].ones * SHAP_ROWS;
            const double zero = (1.0 - point) * s->elements[e].zero, *before = s->before + e * SHAP_ROWS;
            double *integral = s->integral + e * SHAP_ROWS;
            for (int i = 0; i < SHAP_ROWS; ++i) {
                integral[i] += before[i] * product[i];
                product[i] *= zero + point * ones[i];
            }
        }
    }
}

static void shap_add(shap *s, int64_t output, double value)
{
    double share = 1.0;
    for (int64_t e = 0; e < s->n_elements; ++e) {
        const element *el = s->elements + e;
        const double *ones = s->ones + (int64_t)el->ones * SHAP_ROWS, *integral = s->integral + e * SHAP_ROWS;
        double *sum = s->sums + (output * s->a->apply.x.d + el->feature) * SHAP_ROWS;
        for (int i = 0; i < SHAP_ROWS; ++i) sum[i] += value * (ones[i] - el->zero) * integral[i];
        share *= el->zero;
    }
    s->expected[output] += share * value;
}

static void shap_leaf(shap *s, int64_t t, const sch_node *leaf)
{
    const sch_trees *trees = &s->a->apply.trees;
    shap_integrals(s);
    if (!trees->values) {
        shap_add(s, t % trees->n_out, leaf->threshold);
        return;
    }
    const double *values = trees->values + (trees->leaf_offsets[t] + leaf->left) * trees->n_out;
    for (int64_t k = 0; k < trees->n_out; ++k) shap_add(s, k, values[k]);
}

/* Depth first through all leaves of a tree. Returns 0 if it was told to stop. */
static int shap_tree(shap *s, int64_t t)
{
    const sch_node *tree = s->a->apply.trees.nodes + s->a->apply.trees.offsets[t];
    const double *weight = s->a->weight + s->a->apply.trees.offsets[t];
    int64_t depth = 0, at = 0;
    s->n_elements = 0;
    for (;;) {
        if (tree[at].feature >= 0) {
            s->frames[depth] = (frame){.node = at};
        } else {
            if (tree[at].left % SHAP_LEAVES_TO_POLL == 0 && sch_should_stop(&s->a->apply.control)) return 0;
            shap_leaf(s, t, tree + at);
            for (;; --depth) { /* back to a node whose right child is still to be visited */
                if (!depth) return 1;
                shap_leave(s, s->frames + depth - 1);
                if (!s->frames[depth - 1].right) break;
            }
            s->frames[--depth].right = 1;
        }
        shap_enter(s, tree, weight, depth);
        at = tree[s->frames[depth].node].left + s->frames[depth].right;
        ++depth;
    }
}

static void shap_store(const shap *s, int64_t first, int64_t n)
{
    const sch_trees_contributions_args *a = s->a;
    const int64_t d = a->apply.x.d, n_out = a->apply.trees.n_out;
    for (int64_t i = 0; i < n; ++i)
        for (int64_t k = 0; k < n_out; ++k) {
            double *out = a->out + ((first + i) * n_out + k) * (d + 1);
            for (int64_t j = 0; j < d; ++j) out[j] = s->sums[(k * d + j) * SHAP_ROWS + i] / a->divisor;
            out[d] = (a->baseline[k] + s->expected[k]) / a->divisor;
        }
}

#endif
