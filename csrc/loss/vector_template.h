/* loss/vector_template.h - the loss family's kernels: loops over blocks of elements, in parallel, sums in block order.
 * Include after loss/block_template.h and loss/softmax_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Targets of n rows from `first` on: where they stand if they are of this type, otherwise in `room`. */
SCH_INLINE const real *T(targets)(sch_target type, const void *y, int64_t first, int64_t n, real *room)
{
    if (type == (REAL_BITS == 32 ? SCH_TARGET_F32 : SCH_TARGET_F64)) return (const real *)y + first;
    if (type == SCH_TARGET_U8) {
        const uint8_t *small = (const uint8_t *)y + first;
        for (int64_t i = 0; i < n; ++i) room[i] = (real)small[i];
    } else {
        const float *narrow = (const float *)y + first;
        for (int64_t i = 0; i < n; ++i) room[i] = (real)narrow[i];
    }
    return room;
}

static void T(loss_sum_chunk)(void *context, int64_t b)
{
    sch_loss_sum_args *a = context;
    const int64_t first = b * SCH_BLOCK, n = sch_min(SCH_BLOCK, a->n - first);
    real room[SCH_BLOCK];
    const real *y = T(targets)(a->target, a->y, first, n, room), *z = (const real *)a->z + first * a->n_out;
    const real *weight = a->weight ? (const real *)a->weight + first : NULL;
    a->partial[b] = a->loss == SCH_LOSS_SOFTMAX ? T(softmax_sum)(y, z, weight, n, a->n_out)
                                                : T(block_sum)(a->loss, (real)a->loss_param, y, z, weight, n);
}

static sch_status T(loss_sum)(sch_loss_sum_args *a)
{
    return sum_blocks(a->control, a->n, a->n_out, T(loss_sum_chunk), a, a->partial, &a->total);
}

static void T(loss_gradient_chunk)(void *context, int64_t b)
{
    sch_loss_gradient_args *a = context;
    const int64_t first = b * SCH_BLOCK, n = sch_min(SCH_BLOCK, a->n - first);
    const real *weight = a->weight ? (const real *)a->weight + first : NULL;
    a->partial[b] = T(block_terms)(a->loss, a->expected, (real)a->loss_param, (const real *)a->y + first,
                                   (const real *)a->z + first, weight, n, (real *)a->gradient + first,
                                   a->hessian ? (real *)a->hessian + first : NULL);
}

static sch_status T(loss_gradient)(sch_loss_gradient_args *a)
{
    if ((unsigned)a->loss >= SCH_LOSS_SOFTMAX) return SCH_BAD_ARGUMENT;
    return sum_blocks(a->control, a->n, 1, T(loss_gradient_chunk), a, a->partial, &a->total);
}

/* Derivatives of rows from `first` on, to where they are wanted. */
static void T(write_derivatives)(const sch_loss_derivatives_args *a, int64_t first, int64_t n, const real *gradient,
                                 const real *hessian)
{
    if (a->out_dtype == SCH_F64) {
        double *wide = (double *)a->out + first * a->order;
        for (int64_t i = 0; i < n; ++i) wide[i * a->order] = (double)gradient[i];
        for (int64_t i = 0; i < n && a->order == 2; ++i) wide[2 * i + 1] = (double)hessian[i];
        return;
    }
    float *narrow = (float *)a->out + first * a->order;
    if (a->order == 2) {
        SCH_SIMD
        for (int64_t i = 0; i < n; ++i) {
            narrow[2 * i] = (float)gradient[i];
            narrow[2 * i + 1] = (float)hessian[i];
        }
    } else {
        for (int64_t i = 0; i < n; ++i) narrow[i] = (float)gradient[i];
    }
}

/* By way of pieces that stay in the first-level cache. */
static void T(loss_derivatives_chunk)(void *context, int64_t b)
{
    enum { PIECE = 512 };
    sch_loss_derivatives_args *a = context;
    const int64_t end = sch_min((b + 1) * SCH_BLOCK, a->n);
    real gradient[PIECE], hessian[PIECE], room[PIECE];
    double total = 0.0;
    for (int64_t first = b * SCH_BLOCK; first < end; first += PIECE) {
        const int64_t rows = sch_min(PIECE, end - first);
        const real *y = T(targets)(a->target, a->y, first, rows, room);
        total += T(block_terms)(a->loss, 0, (real)a->loss_param, y, (const real *)a->z + first, NULL, rows, gradient,
                                a->order == 2 ? hessian : NULL);
        T(write_derivatives)(a, first, rows, gradient, hessian);
    }
    a->partial[b] = total;
}

static sch_status T(loss_derivatives)(sch_loss_derivatives_args *a)
{
    if ((unsigned)a->loss >= SCH_LOSS_SOFTMAX) return SCH_BAD_ARGUMENT;
    return sum_blocks(a->control, a->n, 1, T(loss_derivatives_chunk), a, a->partial, &a->total);
}

static void T(softmax_derivatives_chunk)(void *context, int64_t b)
{
    sch_softmax_derivatives_args *a = context;
    const int64_t first = b * SCH_BLOCK, end = sch_min(first + SCH_BLOCK, a->n);
    real room[T(STRIP)];
    double total = 0.0;
    for (int64_t i = first; i < end; i += T(STRIP)) {
        const int64_t n = sch_min(T(STRIP), end - i);
        total += T(softmax_strip)(T(targets)(a->target, a->y, i, n, room), (const real *)a->z + i,
                                  a->weight ? (const real *)a->weight + i : NULL, n, a->n, a->n_out, a->out + 2 * i);
    }
    a->partial[b] = total;
}

static sch_status T(softmax_derivatives)(sch_softmax_derivatives_args *a)
{
    return sum_blocks(a->control, a->n, a->n_out, T(softmax_derivatives_chunk), a, a->partial, &a->total);
}

static void T(vector_math_chunk)(void *context, int64_t b)
{
    sch_vector_math_args *a = context;
    const int64_t first = b * SCH_BLOCK, n = sch_min(SCH_BLOCK, a->n - first);
    const real *x = (const real *)a->x + first;
    real *out = (real *)a->out + first;
    switch (a->function) {
#define CASE(NAME, function)                                        \
    case NAME:                                                      \
        SCH_SIMD                                                    \
        for (int64_t i = 0; i < n; ++i) out[i] = T(function)(x[i]); \
        break;
        CASE(SCH_MATH_EXP, exp)
        CASE(SCH_MATH_LOG, log)
        CASE(SCH_MATH_LOG1P, log1p)
        CASE(SCH_MATH_SIGMOID, sigmoid)
        CASE(SCH_MATH_SOFTPLUS, softplus)
#undef CASE
    }
}

static sch_status T(vector_math)(sch_vector_math_args *a)
{
    const sch_control control = sch_serial_below(a->control, (double)a->n, 5e4);
    return sch_par_for(&control, sch_n_blocks(a->n), T(vector_math_chunk), a);
}

/* Turns rows of raw predictions into probabilities in place. The exponentials run over all rows at once: rows of a few
 * classes are shorter than a register. */
static void T(softmax_rows)(real *z, int64_t rows, int64_t n_out)
{
    for (int64_t r = 0; r < rows; ++r) {
        real *row = z + r * n_out, highest = row[0];
        for (int64_t k = 1; k < n_out; ++k) highest = T(max)(highest, row[k]);
        for (int64_t k = 0; k < n_out; ++k) row[k] -= highest;
    }
    SCH_SIMD
    for (int64_t i = 0; i < rows * n_out; ++i) z[i] = T(exp)(z[i]);
    for (int64_t r = 0; r < rows; ++r) {
        real *row = z + r * n_out, total = K(0.0);
        for (int64_t k = 0; k < n_out; ++k) total += row[k];
        const real scale = K(1.0) / total;
        for (int64_t k = 0; k < n_out; ++k) row[k] *= scale;
    }
}

static void T(softmax_chunk)(void *context, int64_t b)
{
    sch_softmax_args *a = context;
    const int64_t first = b * SCH_BLOCK, n = sch_min(SCH_BLOCK, a->n - first);
    const real *z = (const real *)a->z + first * a->n_out;
    real *out = (real *)a->out + first * a->n_out;
    if (out != z) memcpy(out, z, (size_t)(n * a->n_out) * sizeof(real));
    T(softmax_rows)(out, n, a->n_out);
}

static sch_status T(softmax)(sch_softmax_args *a)
{
    const sch_control control = sch_serial_below(a->control, (double)a->n * (double)a->n_out, 5e4);
    return sch_par_for(&control, sch_n_blocks(a->n), T(softmax_chunk), a);
}

/* x * 0 is zero exactly where x is finite; the sum over a block is NaN as soon as one element is not. */
enum { T(FINITE_BLOCK) = 1 << 16 };

static void T(count_nonfinite_chunk)(void *context, int64_t b)
{
    sch_count_nonfinite_args *a = context;
    const int64_t first = b * T(FINITE_BLOCK), n = sch_min(T(FINITE_BLOCK), a->n - first);
    const real *x = (const real *)a->x + first;
    real sum = K(0.0);
    SCH_SIMD_SUM(sum)
    for (int64_t i = 0; i < n; ++i) sum += x[i] * K(0.0);
    if (!(sum == K(0.0))) __atomic_fetch_add(&a->nonfinite, 1, __ATOMIC_RELAXED);
}

static sch_status T(count_nonfinite)(sch_count_nonfinite_args *a)
{
    const int64_t blocks = (a->n + T(FINITE_BLOCK) - 1) / T(FINITE_BLOCK);
    const sch_control control = sch_serial_below(a->control, (double)a->n, 4e5);
    a->nonfinite = 0;
    return sch_par_for(&control, blocks, T(count_nonfinite_chunk), a);
}
