/* tree/packing.h - gradients as whole numbers: sums that are exact, and the same in any order.
 *
 * A row's gradient, hessian and a one for counting stand in one 64-bit word,
 *     gradient << g_shift | hessian << h_shift | count
 * so that one addition updates a bin of a histogram. Words of up to `chunk` rows can be added up before a field
 * overflows; larger sums are kept "wide", in two words: the gradient, and hessian << wide_shift | count. The scales are powers
 * of two, derived from the largest absolute value alone: neither copies of rows nor their order change them.
 *
 * Without a hessian (it is 1, and rows have no weights) the count stands for it: h_shift = wide_shift = 0 makes both fields the
 * same bits. With whole weights a word is the rounded gradient times the weight: exactly the sum of so many copies.
 * Where few rows dominate (mean far below the largest) 15 bits would lose the others: then chunk = 0, and histograms are built
 * wide, with finer scales.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_PACKING_H
#define SCH_TREE_PACKING_H

#include "core/math.h"
#include "core/prelude.h"
#include "sch/boost.h"

typedef struct {
    double g_scale, h_scale;           /* of histograms */
    double g_leaf_scale, h_leaf_scale; /* of the sums that leaf values are made of: finer */
    int32_t g_shift, h_shift, wide_shift;
    int64_t low_mask, count_mask, wide_mask;
    int64_t chunk; /* 0: rows have no words */
} packing;

enum {
    PACKED_BITS = 15,      /* of gradient and hessian in a word */
    PACKED_COUNT_BITS = 11,
    PACKED_G_SHIFT = PACKED_BITS + 2 * PACKED_COUNT_BITS,
    PLAIN_COUNT_BITS = 16, /* where the count is the hessian, */
    PLAIN_BITS = 30,       /* and this the gradient's */
    FINE_G_BITS = 32,
    FINE_H_BITS = 23,
    LEAF_BITS = 34,
    SUM_BITS = 50, /* sums stay below 2^51, where conversion to double is exact and cheap */
    SCALE_BITS = 100, /* scales of single precision stay well within it */
    LEAST_CHUNK = 256
};
static const double FEW_DOMINATE = 1024.0; /* largest over mean */
static const double NEAREST = 6755399441055744.0; /* 1.5 * 2^52: added, it leaves the whole part in the low bits */

/* Of some rows: gradients and hessians as whole numbers, and how many rows. */
typedef struct {
    int64_t g, h, c;
} sums;

/* Largest and mean absolute gradient and hessian, the smallest hessian, the largest weight and their sum. */
typedef struct {
    double g_max, g_mean, h_max, h_min, h_mean, w_max, w_sum;
} magnitudes;

SCH_INLINE int bit_length(double x)
{
    int exponent;
    frexp(x, &exponent);
    return exponent;
}

/* 2^bits / (the power of two above x) */
SCH_INLINE double scale_to(int bits, double x) { return x > 0.0 ? ldexp(1.0, bits - bit_length(x)) : 1.0; }

/* The same, not to be more than single precision can multiply with. */
SCH_INLINE double narrow_scale_to(int bits, double x, const sch_dtype dtype)
{
    const double scale = scale_to(bits, x), most = ldexp(1.0, SCALE_BITS);
    return dtype == SCH_F32 && scale > most ? most : scale;
}

/* Nearest whole number, ties to even, of |x| < 2^51. */
SCH_INLINE int64_t nearest(double x) { return bits_of_f64(x + NEAREST) - INT64_C(0x4338000000000000); }

static packing choose_packing(const sch_grow_tree_args *a, const magnitudes *m)
{
    packing p = {0};
    const int n_bits = bit_length((double)a->n_rows), w_bits = bit_length(m->w_sum);
    const int plain = a->order == 1 && !a->weight;
    const int leaf_bits = (int)sch_min(LEAF_BITS, 62 - w_bits);
    p.g_leaf_scale = scale_to(leaf_bits, m->g_max);
    p.h_leaf_scale = scale_to(leaf_bits, m->h_max);
    if (plain) {
        p.g_scale = scale_to((int)sch_min(PLAIN_BITS, SUM_BITS - w_bits), m->g_max);
        p.h_scale = 1.0;
        p.g_shift = PLAIN_COUNT_BITS;
        p.count_mask = p.low_mask = ((int64_t)1 << PLAIN_COUNT_BITS) - 1;
        p.wide_mask = INT64_MAX; /* of a count below zero it makes one that is too large, as the others do */
        p.chunk = p.count_mask;
        return p;
    }
    const int fine = m->g_max > FEW_DOMINATE * m->g_mean || m->h_max > FEW_DOMINATE * m->h_mean;
    const int h_room = 63 - w_bits - n_bits;
    p.g_scale = narrow_scale_to((int)sch_min(fine ? FINE_G_BITS : PACKED_BITS, SUM_BITS - w_bits), m->g_max, a->dtype);
    p.h_scale = narrow_scale_to((int)sch_min(fine ? FINE_H_BITS : PACKED_BITS, h_room), m->h_max, a->dtype);
    p.h_shift = PACKED_COUNT_BITS;
    p.g_shift = PACKED_G_SHIFT;
    p.low_mask = ((int64_t)1 << p.g_shift) - 1;
    p.count_mask = ((int64_t)1 << PACKED_COUNT_BITS) - 1;
    p.wide_shift = n_bits;
    p.wide_mask = ((int64_t)1 << n_bits) - 1;
    const int64_t chunk = fine ? 0 : p.count_mask / (a->whole_weights ? sch_max(1, (int64_t)m->w_max) : 1);
    p.chunk = chunk >= LEAST_CHUNK ? chunk : 0;
    return p;
}

/* How a row's value becomes a whole number. */
typedef enum { NO_WEIGHT, ANY_WEIGHT, WHOLE_WEIGHT } weighting;

SCH_INLINE weighting weighting_of(const sch_grow_tree_args *a)
{
    return !a->weight ? NO_WEIGHT : a->whole_weights ? WHOLE_WEIGHT : ANY_WEIGHT;
}

/* How derivatives are given: constants of the loops over the common kinds of rows. */
typedef struct {
    sch_dtype dtype;
    int order;
    weighting kind;
} derivative_form;

SCH_INLINE derivative_form derivative_form_of(const sch_grow_tree_args *a)
{
    return (derivative_form){a->dtype, a->order, weighting_of(a)};
}

SCH_INLINE double derivative_at(const sch_grow_tree_args *a, const derivative_form form, int64_t place)
{
    return form.dtype == SCH_F32 ? (double)((const float *)a->derivatives)[place]
                                 : ((const double *)a->derivatives)[place];
}

SCH_INLINE double gradient_at(const sch_grow_tree_args *a, const derivative_form form, int64_t row)
{
    return derivative_at(a, form, form.order * row);
}

SCH_INLINE double hessian_at(const sch_grow_tree_args *a, const derivative_form form, int64_t row)
{
    return form.order == 2 ? derivative_at(a, form, 2 * row + 1) : 1.0;
}

SCH_INLINE int64_t whole_of(const sch_grow_tree_args *a, const derivative_form form, double value, double scale,
                            int64_t row)
{
    if (form.kind == NO_WEIGHT) return nearest(value * scale);
    if (form.kind == WHOLE_WEIGHT) return nearest(value * scale) * (int64_t)a->weight[row];
    return nearest(value * a->weight[row] * scale);
}

SCH_INLINE int64_t whole_gradient(const sch_grow_tree_args *a, const derivative_form form, double scale, int64_t row)
{
    return whole_of(a, form, gradient_at(a, form, row), scale, row);
}

SCH_INLINE int64_t whole_hessian(const sch_grow_tree_args *a, const derivative_form form, double scale, int64_t row)
{
    return whole_of(a, form, hessian_at(a, form, row), scale, row);
}

#endif
