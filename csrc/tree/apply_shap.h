/* tree/apply_shap.h - Shapley values of the features, rows by the register.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_APPLY_SHAP_H
#define SCH_TREE_APPLY_SHAP_H

#include "core/prelude.h"
#include "sch/apply.h"
#include "tree/apply_walk.h"
#include "tree/lanes.h"

/* A leaf's path splits on each of its features once or several times, which count as one: `one` says whether a row goes
 * the leaf's way there, `zero` which part of the training samples did. The leaf's Shapley value for feature j is (one_j -
 * zero_j) times its value times the integral over s from 0 to 1 of the product of f_i = (1 - s) zero_i + s one_i, i other
 * than j: the weights of subsets are Beta functions. The product is a polynomial with terms that are not negative, so
 * Gauss-Legendre quadrature gives the integral exactly and without cancellation, of half as many points as the path has
 * features.
 *
 * What leaves have in common is done once. Down the tree go the products over the features above a node, one for each
 * point and row; up go the leaves' values times their products, as sums over the leaves below. A split adds the sum below
 * a child times (one - zero) / f to its feature, and takes away what the feature's split above adds for these leaves. That
 * takes leaves x depth, where leaf by leaf it would be leaves x depth^2.
 *
 * Expectations are those of Lundberg, Erion and Lee, "Consistent individualized feature attribution for tree ensembles"
 * (2018), conditional on the path; sums instead of paths are those of Yu, Xu, Bifet and Read, "Linear TreeShap" (2022). */

enum {
    SHAP_ROWS = 32,   /* of a block: what is found out about a split serves all of them */
    SHAP_POINTS = 12, /* of the quadrature, at a time */
    SHAP_LANES = SCH_VEC_BYTES / 8,
    SHAP_PARTS = SHAP_ROWS / SHAP_LANES, /* registers for a number of each row */
    SHAP_LEAVES_TO_POLL = 256
};

typedef vec_f64 shap_block[SHAP_PARTS][SHAP_POINTS];

/* A node of the path. Of the splits on the feature that the last one asked for, this node's are those down to here. A row
 * stays with them, leaves them at the last, or has left before: `above`, where the feature was asked for before, knows. */
typedef struct {
    int64_t node;
    int64_t feature; /* that the split above asked for */
    int64_t above;   /* the level below its split before; 0 if there is none */
    int right;       /* which child this is */
    double share;    /* of its parent's training samples: what f changes by where a row has left before */
    double reached;  /* of all training samples */
    double zero;     /* of f */
    double leaving[SHAP_POINTS], staying[SHAP_POINTS];             /* what f changes by otherwise */
    double leaving_worth[SHAP_POINTS], staying_worth[SHAP_POINTS]; /* to the feature, of what comes from the leaves */
    lane_mask stays[SHAP_PARTS];
    lane_mask goes_right[SHAP_PARTS]; /* from here */
    shap_block product;               /* over the features of the path */
} shap_level;

typedef struct {
    const sch_trees_contributions_args *a;
    double *rows;       /* (SHAP_ROWS / WALKS, d, WALKS) */
    double *sums;       /* (n_out, d, SHAP_ROWS) */
    double *expected;   /* (n_out) */
    int64_t *n_points;  /* (n_trees) that a tree needs */
    int64_t *last;      /* (d) the level below each feature's last split on the path; 0 if there is none */
    shap_level *levels; /* (max_depth + 1) */
    shap_block *leaves; /* (max_depth + 1, n_out) values of leaves below a node times their products, the sums */
    const sch_node *tree;
    const double *weight, *points, *point_weights;
    int64_t n; /* points in hand; 0 on the first walk through a tree, which finds out how many it takes */
    int64_t n_features, most_features; /* of the path, of any path so far */
    int64_t first_output, n_outputs;   /* that the tree adds to */
} shap;

static void shap_memory(shap *s, const sch_trees_contributions_args *a, sch_arena *arena)
{
    const int64_t d = a->apply.x.d, n_out = a->apply.trees.n_out, n_levels = a->max_depth + 1;
    s->a = a;
    s->rows = sch_take(arena, d * SHAP_ROWS * (int64_t)sizeof(double));
    s->sums = sch_take(arena, n_out * d * SHAP_ROWS * (int64_t)sizeof(double));
    s->expected = sch_take(arena, n_out * (int64_t)sizeof(double));
    s->n_points = sch_take(arena, (a->apply.last - a->apply.first) * (int64_t)sizeof(int64_t));
    s->last = sch_take(arena, d * (int64_t)sizeof(int64_t));
    s->levels = sch_take(arena, n_levels * (int64_t)sizeof(shap_level));
    s->leaves = sch_take(arena, n_levels * n_out * (int64_t)sizeof(shap_block));
}

/* What part of a node's training samples went to a child; a half each where there were none. */
static double share_of(const double *weight, int64_t node, int64_t child)
{
    return weight[node] > 0.0 ? weight[child] / weight[node] : 0.5;
}

/* Where rows go from an inner node. */
static void shap_ask(const shap *s, shap_level *here)
{
    const sch_trees *trees = &s->a->apply.trees;
    const sch_node *node = s->tree + here->node;
    const int64_t feature = node->feature & SCH_NODE_FEATURE;
    double right[SHAP_ROWS];
    for (int64_t g = 0; g < SHAP_ROWS; g += WALKS) {
        const double *x = s->rows + g * trees->n_features + feature * WALKS;
        if (trees->n_sets)
            for (int w = 0; w < WALKS; ++w) right[g + w] = goes_right(1, trees, node, x[w]);
        else
            for (int w = 0; w < WALKS; ++w) right[g + w] = goes_right(0, trees, node, x[w]);
    }
    for (int p = 0; p < SHAP_PARTS; ++p)
        here->goes_right[p] = lanes_above(*(const vec_f64 *)(right + p * SHAP_LANES), all_lanes(0.0));
}

/* What a split does to f and is worth, at the points in hand. Where zero is 0, so is all that it multiplies. */
static void shap_factors(const shap *s, shap_level *to, double zero_above)
{
    for (int64_t q = 0; q < s->n; ++q) {
        const double point = s->points[q], rest = 1.0 - point, weight = s->point_weights[q];
        const double f = rest * to->zero + point, f_above = rest * zero_above + point;
        const double worth_above = weight * (1.0 - zero_above) / f_above;
        to->leaving[q] = rest * to->zero / f_above;
        to->staying[q] = f / f_above;
        to->leaving_worth[q] = -weight / rest - worth_above;
        to->staying_worth[q] = weight * (1.0 - to->zero) / f - worth_above;
    }
}

SCH_INLINE vec_f64 shap_choose(lane_mask before, lane_mask stays, double left, double leaving, double staying)
{
    return select_lanes(stays, all_lanes(staying), select_lanes(before, all_lanes(leaving), all_lanes(left)));
}

/* The products at a level from those of the one above. */
static void shap_multiply(const shap *s, shap_level *to)
{
    const shap_level *above = s->levels + to->above;
    for (int p = 0; p < SHAP_PARTS; ++p) {
        const lane_mask before = above->stays[p], right = to[-1].goes_right[p];
        to->stays[p] = before & (lane_mask)(to->right ? right : ~right);
        for (int64_t q = 0; q < s->n; ++q)
            to->product[p][q] =
                to[-1].product[p][q] * shap_choose(before, to->stays[p], to->share, to->leaving[q], to->staying[q]);
    }
}

/* Put a child of the path's last node, at the level above, on the path. */
static void shap_enter(shap *s, int64_t level, int right)
{
    shap_level *to = s->levels + level;
    const sch_node *parent = s->tree + to[-1].node;
    to->node = parent->left + right;
    to->feature = parent->feature & SCH_NODE_FEATURE;
    to->right = right;
    to->above = s->last[to->feature];
    to->share = share_of(s->weight, to[-1].node, to->node);
    to->reached = to->share * to[-1].reached;
    to->zero = to->share * s->levels[to->above].zero;
    s->last[to->feature] = level;
    s->n_features += to->above == 0;
    s->most_features = sch_max(s->most_features, s->n_features);
    if (!s->n) return;
    shap_factors(s, to, s->levels[to->above].zero);
    shap_multiply(s, to);
}

/* What comes from the leaves below a level goes to the level above and, for what it is worth, to the feature asked there. */
SCH_INLINE void shap_add(shap *s, int64_t level, const shap_block *leaves, int64_t stride, const double *values)
{
    const shap_level *from = s->levels + level, *above = s->levels + from->above;
    for (int p = 0; p < SHAP_PARTS; ++p) {
        vec_f64 worth[SHAP_POINTS];
        for (int64_t q = 0; q < s->n; ++q)
            worth[q] =
                shap_choose(above->stays[p], from->stays[p], 0.0, from->leaving_worth[q], from->staying_worth[q]);
        for (int64_t k = 0; k < s->n_outputs; ++k) {
            double *sum =
                s->sums + ((s->first_output + k) * s->a->apply.x.d + from->feature) * SHAP_ROWS + p * SHAP_LANES;
            vec_f64 *total = s->leaves[(level - 1) * s->n_outputs + k][p], added = all_lanes(0.0);
            for (int64_t q = 0; q < s->n; ++q) {
                const vec_f64 here = leaves[k * stride][p][q] * (values ? values[k] : 1.0);
                added += here * worth[q];
                total[q] = here + (from->right ? total[q] : all_lanes(0.0));
            }
            *(vec_f64 *)sum += added;
        }
    }
}

/* Take the path's last node from it; a leaf has values. */
static void shap_leave(shap *s, int64_t level, const double *values)
{
    shap_level *from = s->levels + level;
    if (s->n && values) shap_add(s, level, &from->product, 0, values);
    if (s->n && !values) shap_add(s, level, s->leaves + level * s->n_outputs, 1, NULL);
    s->last[from->feature] = from->above;
    s->n_features -= from->above == 0;
}

static const double *shap_values(const shap *s, int64_t t, const sch_node *leaf)
{
    const sch_trees *trees = &s->a->apply.trees;
    return trees->values ? trees->values + (trees->leaf_offsets[t] + leaf->left) * trees->n_out : &leaf->threshold;
}

/* Depth first through all leaves of a tree. Returns 0 if it was told to stop. */
static int shap_walk(shap *s, int64_t t)
{
    for (int64_t level = 0;;) {
        shap_level *here = s->levels + level;
        const sch_node *node = s->tree + here->node;
        if (node->feature >= 0) {
            if (s->n) shap_ask(s, here);
            shap_enter(s, ++level, 0);
            continue;
        }
        if (node->left % SHAP_LEAVES_TO_POLL == 0 && sch_should_stop(&s->a->apply.control)) return 0;
        const double *values = shap_values(s, t, node);
        for (int64_t k = 0; k < s->n_outputs && !s->n; ++k)
            s->expected[s->first_output + k] += here->reached * values[k];
        for (;; values = NULL, --level) { /* back to a node whose right child is still to be visited */
            if (!level) return 1;
            shap_leave(s, level, values);
            if (!s->levels[level].right) break;
        }
        shap_enter(s, level, 1);
    }
}

static void shap_begin(shap *s, int64_t t)
{
    const sch_trees *trees = &s->a->apply.trees;
    s->tree = trees->nodes + trees->offsets[t];
    s->weight = s->a->weight + trees->offsets[t];
    s->first_output = trees->values ? 0 : t % trees->n_out;
    s->n_outputs = trees->values ? trees->n_out : 1;
}

/* How many points each tree needs, and what all of them say without any feature. Returns 0 if it was told to stop. */
static int shap_prepare(shap *s)
{
    const sch_apply *a = &s->a->apply;
    shap_level *root = s->levels;
    *root = (shap_level){.reached = 1.0, .zero = 1.0};
    for (int p = 0; p < SHAP_PARTS; ++p) {
        root->stays[p] = lanes_above(all_lanes(1.0), all_lanes(0.0));
        for (int q = 0; q < SHAP_POINTS; ++q) root->product[p][q] = all_lanes(1.0);
    }
    memset(s->rows, 0, (size_t)(a->x.d * SHAP_ROWS) * sizeof(double));
    memset(s->expected, 0, (size_t)a->trees.n_out * sizeof(double));
    memset(s->last, 0, (size_t)a->x.d * sizeof *s->last);
    s->n = s->n_features = 0;
    for (int64_t t = a->first; t < a->last; ++t) {
        shap_begin(s, t);
        s->most_features = 0;
        if (!shap_walk(s, t)) return 0;
        s->n_points[t - a->first] = (s->most_features + 1) / 2;
    }
    return 1;
}

/* What a tree adds to the block in hand. Returns 0 if it was told to stop. */
static int shap_tree(shap *s, int64_t t)
{
    const int64_t n = s->n_points[t - s->a->apply.first];
    shap_begin(s, t);
    for (int64_t first = 0; first < n; first += SHAP_POINTS) {
        s->points = s->a->points + n * (n - 1) + first;
        s->point_weights = s->points + n;
        s->n = sch_min(SHAP_POINTS, n - first);
        if (!shap_walk(s, t)) return 0;
    }
    return 1;
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
