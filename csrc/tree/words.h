/* tree/words.h - passes over gradients before a tree grows: how large they are; then, unless a histogram says so, their sums as
 * whole numbers, and the words of rows where these are stored.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_WORDS_H
#define SCH_TREE_WORDS_H

#include "core/pool.h"
#include "tree/row_word.h"

enum { WORD_BLOCK = 16384 }; /* rows of one chunk */

typedef struct {
    const sch_grow_tree_args *a;
    packing p;
    magnitudes *partial; /* (blocks) */
    int64_t *words; /* (n) by row; NULL: not stored */
    word_origin origin;
    double row_weight; /* sum over the rows */
    sums total;
} word_pass;

static const derivative_form PAIRS = {SCH_F32, 2, NO_WEIGHT}, GRADIENTS = {SCH_F32, 1, NO_WEIGHT};

SCH_INLINE int holds_all(const word_pass *pass) { return pass->a->n_rows == pass->a->x.n; }

SCH_INLINE int64_t word_blocks(int64_t n_rows) { return (n_rows + WORD_BLOCK - 1) / WORD_BLOCK; }

SCH_INLINE magnitudes measure_rows(const sch_grow_tree_args *a, int64_t first, int64_t end, const derivative_form form)
{
    double g_max = 0.0, g_sum = 0.0, h_max = 0.0, h_min = INFINITY, h_sum = 0.0, w_max = 0.0, w_sum = 0.0;
    SCH_PRAGMA(omp simd reduction(max : g_max, h_max, w_max) reduction(min : h_min) reduction(+ : g_sum, h_sum, w_sum))
    for (int64_t i = first; i < end; ++i) {
        const int64_t row = a->rows[i];
        const double copies = form.kind == WHOLE_WEIGHT ? a->weight[row] : 1.0;
        const double use = copies > 0.0 ? 1.0 : 0.0, factor = form.kind == ANY_WEIGHT ? a->weight[row] : 1.0;
        const double g = fabs(gradient_at(a, form, row) * factor), h = hessian_at(a, form, row) * factor;
        const double g_used = g * use, h_used = h * use, h_least = copies > 0.0 ? h : INFINITY;
        g_max = g_used > g_max ? g_used : g_max;
        h_max = h_used > h_max ? h_used : h_max;
        h_min = h_least < h_min ? h_least : h_min;
        w_max = copies > w_max ? copies : w_max;
        g_sum += g * copies;
        h_sum += h * copies;
        w_sum += copies;
    }
    return (magnitudes){.g_max = g_max,
                        .g_mean = g_sum,
                        .h_max = h_max,
                        .h_min = h_min,
                        .h_mean = h_sum,
                        .w_max = w_max,
                        .w_sum = w_sum};
}

/* The same for derivatives of rows side by side, in single precision and without weights. Bits of numbers that are not negative
 * are ordered as the numbers are, and their largest is found in vectors: the compiler does not look for that of numbers, one of
 * which might be NaN. A negative zero is made positive: its bits would be below those of hessians that are negative in earnest. */
SCH_INLINE magnitudes measure_all(const float *derivatives, int64_t n, const int order)
{
    int32_t g_max = 0, h_max = 0, h_min = INT32_MAX;
    double g_sum = 0.0, h_sum = 0.0;
    SCH_PRAGMA(omp simd reduction(max : g_max, h_max) reduction(min : h_min) reduction(+ : g_sum, h_sum))
    for (int64_t i = 0; i < n; ++i) {
        const float g = fabsf(derivatives[i * order]), h = order == 2 ? derivatives[2 * i + 1] + 0.0f : 1.0f;
        const int32_t g_bits = bits_of_f32(g), h_bits = bits_of_f32(h);
        g_max = g_bits > g_max ? g_bits : g_max;
        h_max = h_bits > h_max ? h_bits : h_max;
        h_min = h_bits < h_min ? h_bits : h_min;
        g_sum += (double)g;
        h_sum += (double)h;
    }
    return (magnitudes){.g_max = (double)of_bits_f32(g_max),
                        .g_mean = g_sum,
                        .h_max = (double)of_bits_f32(h_max),
                        .h_min = (double)of_bits_f32(h_min),
                        .h_mean = h_sum,
                        .w_max = 1.0,
                        .w_sum = (double)n};
}

SCH_INLINE magnitudes measure(const word_pass *pass, int64_t first, int64_t end)
{
    const sch_grow_tree_args *a = pass->a;
    const float *derivatives = a->derivatives;
    if (holds_all(pass) && pass->origin == OF_PAIR) return measure_all(derivatives + 2 * first, end - first, 2);
    if (holds_all(pass) && pass->origin == OF_GRADIENT) return measure_all(derivatives + first, end - first, 1);
    return measure_rows(a, first, end, derivative_form_of(a));
}

/* Sums over rows, as whole numbers; their words are written if there is a place for them.
 * `all`: the rows are all those of the table, in order, and need not be looked up. */
SCH_INLINE sums sum_rows(const sch_grow_tree_args *a, const packing *p, int64_t *words, int64_t first, int64_t end,
                         const int all, const derivative_form form)
{
    const int plain = form.order == 1 && form.kind == NO_WEIGHT;
    int64_t g_sum = 0, h_sum = 0, count = 0;
    SCH_PRAGMA(omp simd reduction(+ : g_sum, h_sum, count))
    for (int64_t i = first; i < end; ++i) {
        const int64_t row = all ? i : (int64_t)a->rows[i];
        const int64_t g = whole_gradient(a, form, p->g_scale, row);
        const int64_t h = plain ? 0 : whole_hessian(a, form, p->h_scale, row);
        const int64_t one = form.kind == NO_WEIGHT || a->weight[row] > 0.0;
        if (words) words[row] = (int64_t)(((uint64_t)g << p->g_shift) + ((uint64_t)h << p->h_shift)) + one;
        g_sum += g;
        h_sum += h;
        count += one;
    }
    return (sums){g_sum, plain ? count : h_sum, count};
}

SCH_INLINE sums add_up(const word_pass *pass, int64_t first, int64_t end)
{
    const sch_grow_tree_args *a = pass->a;
    const packing *p = &pass->p;
    if (holds_all(pass) && pass->origin == OF_PAIR) return sum_rows(a, p, NULL, first, end, 1, PAIRS);
    if (holds_all(pass) && pass->origin == OF_GRADIENT) return sum_rows(a, p, NULL, first, end, 1, GRADIENTS);
    return sum_rows(a, p, p->chunk ? pass->words : NULL, first, end, 0, derivative_form_of(a));
}

static void number_rows(uint32_t *rows, int64_t first, int64_t end)
{
    SCH_SIMD
    for (int64_t i = first; i < end; ++i) rows[i] = (uint32_t)i;
}

static void measure_chunk(void *context, int64_t chunk)
{
    const word_pass *pass = context;
    const int64_t first = chunk * WORD_BLOCK, end = sch_min(first + WORD_BLOCK, pass->a->n_rows);
    if (holds_all(pass)) number_rows(pass->a->rows, first, end);
    pass->partial[chunk] = measure(pass, first, end);
}

static void words_chunk(void *context, int64_t chunk)
{
    word_pass *pass = context;
    const int64_t first = chunk * WORD_BLOCK, end = sch_min(first + WORD_BLOCK, pass->a->n_rows);
    const sums part = add_up(pass, first, end);
    __atomic_fetch_add(&pass->total.g, part.g, __ATOMIC_RELAXED); /* whole numbers: the order does not matter */
    __atomic_fetch_add(&pass->total.h, part.h, __ATOMIC_RELAXED);
    __atomic_fetch_add(&pass->total.c, part.c, __ATOMIC_RELAXED);
}

/* Chooses the scales. */
static sch_status measure_gradients(word_pass *pass)
{
    const sch_control *control = &pass->a->control;
    const int64_t blocks = word_blocks(pass->a->n_rows);
    magnitudes all = {.h_min = INFINITY};
    sch_status status = sch_par_for(control, blocks, measure_chunk, pass);
    if (status) return status;
    for (int64_t b = 0; b < blocks; ++b) {
        const magnitudes *part = &pass->partial[b];
        all.g_max = part->g_max > all.g_max ? part->g_max : all.g_max;
        all.h_max = part->h_max > all.h_max ? part->h_max : all.h_max;
        all.h_min = part->h_min < all.h_min ? part->h_min : all.h_min;
        all.w_max = part->w_max > all.w_max ? part->w_max : all.w_max;
        all.g_mean += part->g_mean;
        all.h_mean += part->h_mean;
        all.w_sum += part->w_sum;
    }
    if (!isfinite(all.g_mean) || !isfinite(all.h_mean)) return SCH_NONFINITE; /* so would be the largest */
    if (all.h_min < 0.0) return SCH_BAD_ARGUMENT;
    if (all.w_sum > 0.0) all.g_mean /= all.w_sum, all.h_mean /= all.w_sum;
    pass->row_weight = all.w_sum;
    pass->p = choose_packing(pass->a, &all);
    return SCH_OK;
}

/* Sums over all rows; their words are written, if any are stored. */
static sch_status sum_all_rows(word_pass *pass)
{
    pass->total = (sums){0, 0, 0};
    return sch_par_for(&pass->a->control, word_blocks(pass->a->n_rows), words_chunk, pass);
}

#endif
