/* linear/glm_template.h - the glm_pass kernel: one read of X gives margins, loss, gradient and, when asked, the weighted
 * Gram matrix. Rows go in blocks small enough to stay in cache between the margins and the gradient; blocks are summed
 * in order within a group, groups in order at the end, and neither depends on the number of threads.
 * Include after linear/margin_template.h, linear/gram_template.h and the loss templates.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef REAL_HIGHEST
#define REAL_HIGHEST (REAL_BITS == 32 ? (real)FLT_MAX : (real)DBL_MAX)

enum {
    T(BLOCK_CACHE) = 16 * 1024,
    T(FLUSH_ROWS) = 256,
    T(MOST_ROWS) = 256,
    T(MOST_GROUPS) = 64,
    T(GROUP_WORK) = 1 << 15
};
static const double T(GRAM_BYTES) = 32e6; /* for the groups' Gram matrices together */

typedef struct {
    const sch_glm_pass_args *a;
    T(row_shape) shape;
    int64_t n_padded; /* outputs, padded to registers when several */
    int64_t rows; /* per block */
    int64_t blocks, groups, group_bytes;
    real *w; /* packed (d), or (d, n_padded) */
    real *intercept; /* (n_padded) */
    real *offset; /* (columns of the Gram), and */
    ireal *keep; /* (columns of the Gram): see gram_prepare */
    char *group_base;
} T(glm);

/* What one group of blocks works in and adds up. */
typedef struct {
    real *z, *c; /* (rows, n_padded) margins; weight * gradient of the loss */
    real *omega; /* (rows) weights of the Gram */
    real *above; /* (rows) softmax: highest raw prediction above that of the row's own class, */
    real *total; /* (rows) and the sum of the exponentials relative to the highest */
    real *g; /* gradient of one block, laid out like w */
    real *packed; /* the block as the Gram wants it */
    double *gradient; /* (n_out, d + 1) */
    double *gram; /* (columns, columns) */
    double *loss; /* (1) */
} T(glm_group);

static int64_t T(glm_rows)(const sch_glm_pass_args *a)
{
    if (a->gram) return T(GRAM_ROWS);
    const int64_t fitting = T(BLOCK_CACHE) / (int64_t)sizeof(real) / sch_max(1, a->x.d) / 16 * 16;
    return sch_max(16, sch_min(T(MOST_ROWS), fitting));
}

/* Enough groups to share out, few enough that adding them up is nothing beside the pass. */
static int64_t T(glm_groups)(const sch_glm_pass_args *a, int64_t blocks)
{
    const double d = (double)a->x.d + 1.0;
    double most = T(MOST_GROUPS);
    if (a->x.storage != SCH_DENSE) most = fmin(most, fmax(2.0, 8.0 * (double)a->x.n / (d * (double)a->n_out)));
    if (a->gram) most = fmin(fmin(most, 16.0), fmax(4.0, T(GRAM_BYTES) / (8.0 * d * d)));
    most = fmin(most, (double)a->x.n * d / T(GROUP_WORK));
    return sch_max(1, sch_min((int64_t)most, blocks / 2));
}

static T(glm_group) T(glm_group_layout)(const T(glm) *m, sch_arena *arena)
{
    const sch_glm_pass_args *a = m->a;
    const int64_t size = (int64_t)sizeof(real), tile = m->rows * m->n_padded * size;
    const int64_t weights = (a->n_out == 1 ? sch_max(m->shape.packed, 1) : a->x.d * m->n_padded) * size;
    T(glm_group) s = {0};
    s.z = sch_take(arena, tile);
    s.c = sch_take(arena, tile);
    s.omega = sch_take(arena, m->rows * size);
    if (a->loss == SCH_LOSS_SOFTMAX) {
        s.above = sch_take(arena, m->rows * size);
        s.total = sch_take(arena, m->rows * size);
    }
    if (a->x.storage == SCH_DENSE) s.g = sch_take(arena, weights);
    if (a->gram) {
        s.packed = sch_take(arena, m->rows * T(gram_columns)(a->x.d) * size);
        s.gram = sch_take(arena, T(gram_size)(a->x.d) * (int64_t)sizeof(double));
    }
    s.gradient = sch_take(arena, a->n_out * (a->x.d + 1) * (int64_t)sizeof(double));
    s.loss = sch_take(arena, (int64_t)sizeof(double));
    return s;
}

static T(glm) T(glm_layout)(const sch_glm_pass_args *a, sch_arena *arena)
{
    const int64_t size = (int64_t)sizeof(real);
    T(glm) m = {.a = a, .shape = T(shape_of)(a->x.d), .rows = T(glm_rows)(a)};
    sch_arena counted = {0};
    m.n_padded = a->n_out == 1 ? 1 : sch_round_up(a->n_out, VL);
    m.blocks = (a->x.n + m.rows - 1) / m.rows;
    m.groups = T(glm_groups)(a, m.blocks);
    m.w = sch_take(arena, (sch_round_up(sch_max(a->x.d, 1), VL) * m.n_padded) * size);
    m.intercept = sch_take(arena, sch_round_up(m.n_padded, VL) * size);
    if (a->gram) {
        m.offset = sch_take(arena, T(gram_columns)(a->x.d) * size);
        m.keep = sch_take(arena, T(gram_columns)(a->x.d) * size);
    }
    (void)T(glm_group_layout)(&m, &counted);
    m.group_bytes = counted.used;
    m.group_base = sch_take(arena, m.groups * m.group_bytes);
    return m;
}

static int64_t T(glm_pass_scratch)(const sch_glm_pass_args *a)
{
    sch_arena arena = {0};
    (void)T(glm_layout)(a, &arena);
    return arena.used;
}

static T(glm_group) T(glm_group_at)(const T(glm) *m, int64_t group)
{
    sch_arena arena = {.base = m->group_base + group * m->group_bytes};
    return T(glm_group_layout)(m, &arena);
}

/* The weights of this pass as the kernels want them. */
static void T(glm_prepare)(const T(glm) *m)
{
    const sch_glm_pass_args *a = m->a;
    const int64_t d = a->x.d;
    const real beyond = a->loss == SCH_LOSS_SOFTMAX ? -REAL_HIGHEST : K(0.0); /* probability zero */
    for (int64_t k = 0; k < m->n_padded; ++k) m->intercept[k] = k < a->n_out ? (real)a->intercept[k] : beyond;
    if (a->gram) T(gram_prepare)(d, a->shift, m->offset, m->keep);
    if (a->n_out > 1) {
        T(pack_outputs)(a->coef, a->n_out, d, m->n_padded, m->w);
        return;
    }
    const int64_t whole = a->x.storage == SCH_DENSE ? m->shape.full * VL : d;
    const int64_t gap = a->x.storage == SCH_DENSE ? m->shape.packed - d : 0; /* zeros before the rest */
    memset(m->w, 0, (size_t)sch_round_up(d, VL) * sizeof(real));
    for (int64_t j = 0; j < d; ++j) m->w[j < whole ? j : j + gap] = (real)a->coef[j];
}

static void T(glm_margins)(const T(glm) *m, const T(glm_group) *s, int64_t first, int64_t rows)
{
    const sch_table *x = &m->a->x;
    const real *from = (const real *)x->data + first * x->row_stride;
    if (x->storage != SCH_DENSE) {
        for (int64_t r = 0; r < rows; ++r) {
            real *z = s->z + r * m->n_padded;
            const T(row) row =
                x->storage == SCH_CSR32 ? T(row_of)(SCH_CSR32, x, first + r) : T(row_of)(SCH_CSR64, x, first + r);
            if (m->n_padded == 1) {
                z[0] = m->intercept[0] + (x->storage == SCH_CSR32 ? T(row_dot)(SCH_CSR32, &m->shape, row, m->w)
                                                                  : T(row_dot)(SCH_CSR64, &m->shape, row, m->w));
                continue;
            }
            memcpy(z, m->intercept, (size_t)m->n_padded * sizeof(real));
            for (int64_t e = 0; e < row.length; ++e) {
                const real *w = m->w + T(entry)(x->storage, row.index, e) * m->n_padded, value = row.value[e];
                SCH_SIMD
                for (int64_t k = 0; k < m->n_padded; ++k) z[k] += value * w[k];
            }
        }
    } else if (m->n_padded == 1) {
        T(dot_block)(&m->shape, from, x->row_stride, rows, m->w, m->intercept[0], s->z);
    } else {
        T(dot_block_multi)(from, x->row_stride, rows, x->d, m->w, m->n_padded, m->intercept, s->z);
    }
}

static void T(glm_keep_margins)(const T(glm) *m, const T(glm_group) *s, int64_t first, int64_t rows)
{
    const int64_t n_out = m->a->n_out;
    real *to = (real *)m->a->margins + first * n_out;
    for (int64_t r = 0; r < rows; ++r) memcpy(to + r * n_out, s->z + r * m->n_padded, (size_t)n_out * sizeof(real));
}

static void T(glm_add_offset)(const T(glm) *m, const T(glm_group) *s, int64_t first, int64_t rows)
{
    const real *offset = (const real *)m->a->offset + first;
    SCH_SIMD
    for (int64_t r = 0; r < rows; ++r) s->z[r] += offset[r];
}

/* One row's exponentials, relative to its highest raw prediction, which is returned; their sum goes to total. */
SCH_INLINE real T(softmax_row)(const real *z, int64_t n_padded, real *e, real *total)
{
    vreal highest = T(vload)(z), sum = {0};
    for (int64_t k = VL; k < n_padded; k += VL) {
        const vreal v = T(vload)(z + k);
        const vmask higher = v > highest;
        highest = (vreal)(((vmask)v & higher) | ((vmask)highest & ~higher));
    }
    const real top = T(vmax)(highest);
    for (int64_t k = 0; k < n_padded; k += VL) {
        SCH_SIMD
        for (int l = 0; l < VL; ++l) e[k + l] = T(exp)(z[k + l] - top);
        sum += T(vload)(e + k);
    }
    *total = T(vsum)(sum);
    return top;
}

/* Softmax: probabilities minus the indicator, times the weight. Padded outputs get probability zero. */
static double T(glm_softmax)(const T(glm) *m, const T(glm_group) *s, const real *y, const real *weight, int64_t rows)
{
    double loss = 0.0;
    for (int64_t r = 0; r < rows; ++r) {
        const real *z = s->z + r * m->n_padded;
        real *c = s->c + r * m->n_padded;
        const int64_t own = (int64_t)y[r];
        const real importance = weight ? weight[r] : K(1.0);
        const real raw = z[own];
        s->above[r] = T(softmax_row)(z, m->n_padded, c, &s->total[r]) - raw;
        const vreal scale = T(vset)(importance / s->total[r]);
        for (int64_t k = 0; k < m->n_padded; k += VL) T(vstore)(c + k, T(vload)(c + k) * scale);
        c[own] -= importance;
    }
    SCH_SIMD_SUM(loss)
    for (int64_t r = 0; r < rows; ++r) {
        const real value = s->above[r] + T(log1p)(s->total[r] - K(1.0));
        loss += (double)value * (weight ? (double)weight[r] : 1.0);
    }
    return loss;
}

static double T(glm_squared)(const T(glm) *m, const T(glm_group) *s, const real *y, const real *weight, int64_t rows)
{
    const int64_t n_out = m->a->n_out;
    double total = 0.0;
    for (int64_t r = 0; r < rows; ++r) {
        const real importance = weight ? weight[r] : K(1.0);
        for (int64_t k = 0; k < n_out; ++k) {
            const T(loss_terms) t = T(loss_squared)(y[r * n_out + k], s->z[r * m->n_padded + k]);
            s->c[r * m->n_padded + k] = importance * t.gradient;
            total += (double)(importance * t.value);
        }
        for (int64_t k = n_out; k < m->n_padded; ++k) s->c[r * m->n_padded + k] = K(0.0);
    }
    return total;
}

static double T(glm_loss)(const T(glm) *m, const T(glm_group) *s, int64_t first, int64_t rows)
{
    const sch_glm_pass_args *a = m->a;
    const real *weight = a->weight ? (const real *)a->weight + first : NULL;
    const real *y = (const real *)a->y;
    real *hessian = a->gram && a->gram_weights != SCH_GRAM_SAMPLE ? s->omega : NULL;
    const int expected = a->gram_weights == SCH_GRAM_EXPECTED;
    if (a->gram && !hessian)
        for (int64_t r = 0; r < rows; ++r) s->omega[r] = weight ? weight[r] : K(1.0);
    if (a->loss == SCH_LOSS_SOFTMAX) return T(glm_softmax)(m, s, y + first, weight, rows);
    if (a->n_out > 1) return T(glm_squared)(m, s, y + first * a->n_out, weight, rows);
    return T(block_terms)(a->loss, expected, (real)a->loss_param, y + first, s->z, weight, rows, s->c, hessian);
}

static void T(glm_add_sparse)(const T(glm) *m, const T(glm_group) *s, int64_t first, int64_t rows)
{
    const sch_glm_pass_args *a = m->a;
    for (int64_t r = 0; r < rows; ++r) {
        const T(row) row =
            a->x.storage == SCH_CSR32 ? T(row_of)(SCH_CSR32, &a->x, first + r) : T(row_of)(SCH_CSR64, &a->x, first + r);
        for (int64_t k = 0; k < a->n_out; ++k) {
            const real c = s->c[r * m->n_padded + k];
            double *g = s->gradient + k * (a->x.d + 1);
            for (int64_t e = 0; e < row.length; ++e)
                g[T(entry)(a->x.storage, row.index, e)] += (double)(c * row.value[e]);
        }
    }
}

static void T(glm_add_dense)(const T(glm) *m, const T(glm_group) *s, int64_t first, int64_t rows)
{
    const sch_glm_pass_args *a = m->a;
    const int64_t d = a->x.d, stride = a->x.row_stride;
    const real *x = (const real *)a->x.data + first * stride;
    if (a->n_out > 1) {
        memset(s->g, 0, (size_t)(d * m->n_padded) * sizeof(real));
        T(add_block_multi)(x, stride, rows, d, s->c, m->n_padded, s->g);
        for (int64_t k = 0; k < a->n_out; ++k)
            for (int64_t j = 0; j < d; ++j) s->gradient[k * (d + 1) + j] += (double)s->g[j * m->n_padded + k];
        return;
    }
    T(add_block)(&m->shape, x, stride, rows, s->c, s->g);
}

/* One output: blocks add to g in the element type, which is emptied into the gradient every FLUSH_ROWS or so. */
static void T(glm_flush)(const T(glm) *m, const T(glm_group) *s)
{
    const int64_t d = m->a->x.d, whole = m->shape.full * VL, gap = m->shape.packed - d;
    SCH_SIMD
    for (int64_t j = 0; j < whole; ++j) s->gradient[j] += (double)s->g[j];
    for (int64_t j = whole; j < d; ++j) s->gradient[j] += (double)s->g[j + gap];
    memset(s->g, 0, (size_t)m->shape.packed * sizeof(real));
}

SCH_INLINE double T(sum_column)(const real *c, const int64_t stride, int64_t rows)
{
    double sum = 0.0;
    SCH_SIMD_SUM(sum)
    for (int64_t r = 0; r < rows; ++r) sum += (double)c[r * stride];
    return sum;
}

static void T(glm_add_intercept)(const T(glm) *m, const T(glm_group) *s, int64_t rows)
{
    const int64_t d = m->a->x.d;
    if (m->n_padded == 1) {
        s->gradient[d] += T(sum_column)(s->c, 1, rows);
        return;
    }
    for (int64_t k = 0; k < m->a->n_out; ++k)
        s->gradient[k * (d + 1) + d] += T(sum_column)(s->c + k, m->n_padded, rows);
}

static void T(glm_block)(const T(glm) *m, const T(glm_group) *s, int64_t b)
{
    const sch_glm_pass_args *a = m->a;
    const int64_t first = b * m->rows, rows = sch_min(m->rows, a->x.n - first);
    T(glm_margins)(m, s, first, rows);
    if (a->offset) T(glm_add_offset)(m, s, first, rows);
    if (a->margins) T(glm_keep_margins)(m, s, first, rows);
    s->loss[0] += T(glm_loss)(m, s, first, rows);
    if (a->x.storage == SCH_DENSE) T(glm_add_dense)(m, s, first, rows);
    else T(glm_add_sparse)(m, s, first, rows);
    T(glm_add_intercept)(m, s, rows);
    if (a->gram) {
        const real *x = (const real *)a->x.data, *end = x + (a->x.n - 1) * a->x.row_stride + a->x.d;
        T(gram_pack)(x + first * a->x.row_stride, a->x.row_stride, rows, a->x.d, s->omega, m->offset, m->keep, end,
                     s->packed);
        T(gram_add)(s->packed, rows, a->x.d, s->gram);
    }
}

static void T(glm_run_group)(void *context, int64_t group)
{
    const T(glm) *m = context;
    const T(glm_group) s = T(glm_group_at)(m, group);
    const int64_t first = group * m->blocks / m->groups, last = (group + 1) * m->blocks / m->groups;
    memset(s.gradient, 0, (size_t)(m->a->n_out * (m->a->x.d + 1)) * sizeof(double));
    if (s.gram) memset(s.gram, 0, (size_t)T(gram_size)(m->a->x.d) * sizeof(double));
    s.loss[0] = 0.0;
    const int collects = m->a->x.storage == SCH_DENSE && m->a->n_out == 1;
    const int64_t stretch = sch_max(1, T(FLUSH_ROWS) / m->rows);
    if (collects) memset(s.g, 0, (size_t)m->shape.packed * sizeof(real));
    for (int64_t b = first; b < last;) {
        if (sch_should_stop(&m->a->control)) return;
        for (const int64_t stop = sch_min(b + stretch, last); b < stop; ++b) T(glm_block)(m, &s, b);
        if (collects) T(glm_flush)(m, &s);
    }
}

/* Adds the groups up, in their order, into the first one. */
static void T(glm_combine)(const T(glm) *m, sch_glm_pass_args *a)
{
    const T(glm_group) sum = T(glm_group_at)(m, 0);
    const int64_t size = a->n_out * (a->x.d + 1);
    for (int64_t group = 1; group < m->groups; ++group) {
        const T(glm_group) s = T(glm_group_at)(m, group);
        SCH_SIMD
        for (int64_t e = 0; e < size; ++e) sum.gradient[e] += s.gradient[e];
        if (a->gram) {
            SCH_SIMD
            for (int64_t e = 0; e < T(gram_size)(a->x.d); ++e) sum.gram[e] += s.gram[e];
        }
        sum.loss[0] += s.loss[0];
    }
    memcpy(a->gradient, sum.gradient, (size_t)size * sizeof(double));
    if (a->gram) T(gram_finish)(sum.gram, a->x.d, a->gram);
    a->loss_sum = sum.loss[0];
}

static sch_status T(glm_pass)(sch_glm_pass_args *a)
{
    const int several = a->n_out > 1;
    if (several != (a->loss == SCH_LOSS_SOFTMAX) && !(several && a->loss == SCH_LOSS_SQUARED)) return SCH_BAD_ARGUMENT;
    if (a->gram && a->x.storage != SCH_DENSE) return SCH_BAD_ARGUMENT;
    if (a->offset && several) return SCH_BAD_ARGUMENT;
    sch_arena arena = {.base = a->scratch};
    T(glm) m = T(glm_layout)(a, &arena);
    const double per_row = (double)a->x.d * (double)a->n_out + (a->gram ? (double)a->x.d * (double)a->x.d / 8.0 : 0.0);
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * per_row, 2e5);
    T(glm_prepare)(&m);
    const sch_status status = sch_par_for(&control, m.groups, T(glm_run_group), &m);
    if (status != SCH_OK) return status;
    T(glm_combine)(&m, a);
    return isfinite(a->loss_sum) ? SCH_OK : SCH_NONFINITE;
}
