/* linear/sgd_optimized_template.h - an SGD sweep with an optimiser, clipped gradients or the softmax loss.
 *
 * The weights of `width` outputs lie side by side, (d + 1, width): one output alone, a group of LANES of a one-vs-all
 * problem, or all classes of a softmax. The last of the d + 1 rows are the intercepts. A step works out the mean gradient of
 * its batch and moves every weight; on sparse tables, those that the batch touches (see linear/optimizer_template.h).
 * The optimiser is a constant of the loops that move weights, which take longer than all the rest.
 * Include after linear/optimizer_template.h and linear/sgd_lanes_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    int64_t first, width; /* the first output, and outputs side by side with their padding */
    int n_lanes;          /* of which so many are in use */
    int64_t d;
    T(rule) rule, free_rule; /* with the penalties, and without: for intercepts */
    real *w, *state1, *state2, *average;
    real *gradient;                       /* (d + 1, width) */
    real *z;                              /* (batch_size, width) margins, then slopes */
    real *y, *weight;                     /* (batch_size) */
    real *eta, *positive, *negative;      /* (width) */
    double *loss;                         /* (width) */
    real *eta_now, *eta_free;             /* (width) at this step, and that of the intercepts */
    double *square;                       /* (width) of the gradient's norm */
    int64_t *touched, n_touched;          /* sparse: columns of this batch */
    double *moved_at;                     /* sparse (d) the step after which a weight was up to date */
    double *averaged_at;                  /* sparse (d) samples in the average when it last looked at this weight */
    double forget;                        /* an average of so many samples or fewer counts for nothing */
    double power1, power2;                /* adam: momentum and memory to the power of the steps taken */
    const int64_t *order;
    double *factor;
    real low, high;
} T(bundle);

static int T(is_optimized)(const sch_sgd_sweep_args *a)
{
    return a->optimizer != SCH_OPTIMIZER_SGD || a->clip_norm > 0.0 || a->clip_value > 0.0 ||
           a->loss == SCH_LOSS_SOFTMAX;
}

static int64_t T(bundle_width)(const sch_sgd_sweep_args *a)
{
    if (a->n_out == 1) return 1;
    return a->loss == SCH_LOSS_SOFTMAX ? sch_round_up(a->n_out, VL) : LANES;
}

static T(bundle) T(bundle_layout)(const sch_sgd_sweep_args *a, sch_arena *arena)
{
    T(bundle) m = {.d = a->x.d, .width = T(bundle_width)(a)};
    const int64_t size = (int64_t)sizeof(real), matrix = (m.d + 1) * m.width * size, row = m.width * size;
    m.w = sch_take(arena, matrix);
    m.gradient = sch_take(arena, matrix);
    if (a->first) m.state1 = sch_take(arena, matrix);
    if (a->second) m.state2 = sch_take(arena, matrix);
    if (a->average_coef) m.average = sch_take(arena, matrix);
    m.z = sch_take(arena, a->batch_size * row);
    m.y = sch_take(arena, a->batch_size * size);
    m.weight = sch_take(arena, a->batch_size * size);
    m.eta = sch_take(arena, row);
    m.eta_now = sch_take(arena, row);
    m.eta_free = sch_take(arena, row);
    m.square = sch_take(arena, m.width * (int64_t)sizeof(double));
    m.positive = sch_take(arena, row);
    m.negative = sch_take(arena, row);
    m.loss = sch_take(arena, m.width * (int64_t)sizeof(double));
    m.factor = sch_take(arena, sch_span_rows(a->batch_size) * (int64_t)sizeof(double));
    if (a->x.storage != SCH_DENSE) {
        m.touched = sch_take(arena, m.d * (int64_t)sizeof(int64_t));
        m.moved_at = sch_take(arena, m.d * (int64_t)sizeof(double));
        m.averaged_at = sch_take(arena, m.d * (int64_t)sizeof(double));
    }
    return m;
}

/* ---- between the caller's arrays and the bundle's */

/* from has rows of `length`; its columns go to rows of the bundle from `row` on. */
static void T(bundle_pack)(const T(bundle) *m, int64_t length, int64_t row, const void *from, real *to)
{
    if (!to) return;
    for (int l = 0; l < m->n_lanes; ++l)
        for (int64_t j = 0; j < length; ++j)
            to[(row + j) * m->width + l] = ((const real *)from)[(m->first + l) * length + j];
}

static void T(bundle_unpack)(const T(bundle) *m, const sch_sgd_sweep_args *a, int64_t length, int64_t row,
                             const real *from, void *to)
{
    if (!from) return;
    for (int l = 0; l < m->n_lanes; ++l)
        for (int64_t j = 0; j < length && a->active[m->first + l]; ++j)
            ((real *)to)[(m->first + l) * length + j] = from[(row + j) * m->width + l];
}

static void T(bundle_begin)(T(bundle) *m, const sch_sgd_sweep_args *a, int64_t group)
{
    const size_t matrix = (size_t)((m->d + 1) * m->width) * sizeof(real);
    m->first = group * m->width;
    m->n_lanes = (int)sch_min(m->width, a->n_out - m->first);
    m->low = a->loss == SCH_LOSS_LOGISTIC ? K(0.0) : K(-1.0);
    m->high = K(1.0);
    memset(m->w, 0, matrix);
    memset(m->gradient, 0, matrix);
    if (m->state1) memset(m->state1, 0, matrix);
    if (m->state2) memset(m->state2, 0, matrix);
    if (m->average) memset(m->average, 0, matrix);
    T(bundle_pack)(m, m->d, 0, a->coef, m->w);
    T(bundle_pack)(m, 1, m->d, a->intercept, m->w);
    T(bundle_pack)(m, m->d + 1, 0, a->first, m->state1);
    T(bundle_pack)(m, m->d + 1, 0, a->second, m->state2);
    T(bundle_pack)(m, m->d, 0, a->average_coef, m->average);
    T(bundle_pack)(m, 1, m->d, a->average_intercept, m->average);
    for (int64_t l = 0; l < m->width; ++l) {
        const int64_t k = sch_min(m->first + l, a->n_out - 1);
        m->eta[l] = (real)a->eta[k];
        m->positive[l] = (real)a->positive_weight[k];
        m->negative[l] = (real)a->negative_weight[k];
        m->loss[l] = 0.0;
    }
    m->power1 = pow(a->momentum, a->steps);
    m->power2 = pow(a->memory, a->steps);
    const double averaged = a->average_start > 0 ? a->t - (double)a->average_start : 0.0;
    for (int64_t j = 0; j < m->d && m->moved_at; ++j) {
        m->moved_at[j] = a->steps;
        m->averaged_at[j] = averaged > 0.0 ? averaged : 0.0;
    }
}

static void T(bundle_end)(const T(bundle) *m, const sch_sgd_sweep_args *a)
{
    T(bundle_unpack)(m, a, m->d, 0, m->w, a->coef);
    T(bundle_unpack)(m, a, 1, m->d, m->w, a->intercept);
    T(bundle_unpack)(m, a, m->d + 1, 0, m->state1, a->first);
    T(bundle_unpack)(m, a, m->d + 1, 0, m->state2, a->second);
    T(bundle_unpack)(m, a, m->d, 0, m->average, a->average_coef);
    T(bundle_unpack)(m, a, 1, m->d, m->average, a->average_intercept);
    for (int l = 0; l < m->n_lanes; ++l) a->loss_sum[m->first + l] = m->loss[l];
}

/* ---- margins */

SCH_INLINE real T(plain_dot)(const real *x, const real *w, int64_t d)
{
    vreal sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
    real rest = 0;
    int64_t j = 0;
    for (; j + 4 * VL <= d; j += 4 * VL) {
        sum0 += T(vload)(x + j) * T(vload)(w + j);
        sum1 += T(vload)(x + j + VL) * T(vload)(w + j + VL);
        sum2 += T(vload)(x + j + 2 * VL) * T(vload)(w + j + 2 * VL);
        sum3 += T(vload)(x + j + 3 * VL) * T(vload)(w + j + 3 * VL);
    }
    for (; j + VL <= d; j += VL) sum0 += T(vload)(x + j) * T(vload)(w + j);
    for (; j < d; ++j) rest += x[j] * w[j];
    return T(vsum)((sum0 + sum1) + (sum2 + sum3)) + rest;
}

/* z = sum over the row of x * w, for `registers` registers of outputs; w and z point to the first of them. */
SCH_INLINE void T(side_by_side_dot)(const sch_storage storage, const int registers, const T(row) r, int64_t d,
                                    int64_t width, const real *w, real *z)
{
    const int64_t length = storage == SCH_DENSE ? d : r.length;
    vreal even[4] = {{0}, {0}, {0}, {0}}, odd[4] = {{0}, {0}, {0}, {0}};
    int64_t e = 0;
    for (; e + 2 <= length; e += 2) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        const int64_t i = storage == SCH_DENSE ? e + 1 : T(entry)(storage, r.index, e + 1);
        const vreal x = T(vset)(r.value[e]), y = T(vset)(r.value[e + 1]);
#pragma GCC unroll 4
        for (int q = 0; q < registers; ++q) {
            even[q] += x * T(vload)(w + j * width + q * VL);
            odd[q] += y * T(vload)(w + i * width + q * VL);
        }
    }
    if (e < length) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        const vreal x = T(vset)(r.value[e]);
#pragma GCC unroll 4
        for (int q = 0; q < registers; ++q) even[q] += x * T(vload)(w + j * width + q * VL);
    }
#pragma GCC unroll 4
    for (int q = 0; q < registers; ++q) T(vstore)(z + q * VL, even[q] + odd[q]);
}

SCH_INLINE void T(bundle_margin)(const sch_storage storage, const T(bundle) *m, const T(row) r, real *z)
{
    const real *intercept = m->w + m->d * m->width;
    if (m->width == 1) {
        z[0] = storage == SCH_DENSE ? T(plain_dot)(r.value, m->w, m->d) : T(row_dot)(storage, NULL, r, m->w);
        z[0] += intercept[0];
        return;
    }
    int64_t l = 0;
    for (; l + 4 * VL <= m->width; l += 4 * VL) T(side_by_side_dot)(storage, 4, r, m->d, m->width, m->w + l, z + l);
    for (; l + 2 * VL <= m->width; l += 2 * VL) T(side_by_side_dot)(storage, 2, r, m->d, m->width, m->w + l, z + l);
    for (; l < m->width; l += VL) T(side_by_side_dot)(storage, 1, r, m->d, m->width, m->w + l, z + l);
    SCH_SIMD
    for (int64_t k = 0; k < m->width; ++k) z[k] += intercept[k];
}

/* ---- slopes: from margins to the derivative of the batch's mean loss by each of them */

SCH_INLINE void T(single_slopes)(const sch_loss loss, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows)
{
    double total = 0.0;
    SCH_SIMD_SUM(total)
    for (int64_t r = 0; r < rows; ++r) {
        const T(loss_terms) t = T(loss_at)(loss, m->y[r], m->z[r], (real)a->loss_param);
        const real class_weight = m->y[r] > 0 ? m->positive[0] : m->negative[0];
        total += (double)t.value;
        m->z[r] = class_weight * m->weight[r] * T(clipped_gradient)(loss, t);
    }
    m->loss[0] += total;
}

SCH_INLINE void T(lane_slopes)(const sch_loss loss, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows)
{
    for (int64_t r = 0; r < rows; ++r) {
        real *z = m->z + r * LANES;
        const ireal own = (ireal)((int64_t)m->y[r] - m->first);
        SCH_SIMD
        for (int l = 0; l < LANES; ++l) {
            const int mine = (ireal)l == own;
            const T(loss_terms) t = T(loss_at)(loss, mine ? m->high : m->low, z[l], (real)a->loss_param);
            m->loss[l] += (double)t.value;
            z[l] = (mine ? m->positive[l] : m->negative[l]) * m->weight[r] * T(clipped_gradient)(loss, t);
        }
    }
}

#define DEFINE(NAME, text)                                                                             \
    SCH_NOINLINE void T(bundle_slopes_##NAME)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows) \
    {                                                                                                  \
        if (m->width == 1) T(single_slopes)(SCH_LOSS_##NAME, a, m, rows);                              \
        else T(lane_slopes)(SCH_LOSS_##NAME, a, m, rows);                                              \
    }
SCH_SGD_LOSS_LIST(DEFINE)
#undef DEFINE

/* The class weights of a softmax are those of the rows' own classes. */
SCH_NOINLINE void T(softmax_slopes)(T(bundle) *m, int64_t rows)
{
    for (int64_t r = 0; r < rows; ++r) {
        real *z = m->z + r * m->width;
        const int64_t own = (int64_t)m->y[r];
        const real weight = m->weight[r] * m->positive[own];
        real highest = z[0], total = K(0.0);
        for (int l = 1; l < m->n_lanes; ++l) highest = T(max)(highest, z[l]);
        const real margin = z[own] - highest;
        SCH_SIMD_SUM(total)
        for (int l = 0; l < m->n_lanes; ++l) total += z[l] = T(exp)(z[l] - highest);
        const real share = weight / total;
        SCH_SIMD
        for (int l = 0; l < m->n_lanes; ++l) z[l] *= share;
        for (int64_t l = m->n_lanes; l < m->width; ++l) z[l] = K(0.0);
        z[own] -= weight;
        m->loss[0] += (double)(T(log1p)(total - K(1.0)) - margin);
    }
}

static void T(bundle_slopes)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows)
{
    switch (a->loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: T(bundle_slopes_##NAME)(a, m, rows); break;
        SCH_SGD_LOSS_LIST(CASE)
#undef CASE
    default: T(softmax_slopes)(m, rows);
    }
}

/* ---- gradients */

/* gradient += x' slopes */
SCH_INLINE void T(bundle_gather)(const sch_storage storage, T(bundle) *m, const T(row) r, const real *slope)
{
    const int64_t length = storage == SCH_DENSE ? m->d : r.length, width = m->width;
    if (width == 1 && storage == SCH_DENSE) {
        SCH_SIMD
        for (int64_t j = 0; j < length; ++j) m->gradient[j] += slope[0] * r.value[j];
        return;
    }
    for (int64_t e = 0; e < length; ++e) {
        const int64_t j = storage == SCH_DENSE ? e : T(entry)(storage, r.index, e);
        real *g = m->gradient + j * width;
        SCH_SIMD
        for (int64_t l = 0; l < width; ++l) g[l] += slope[l] * r.value[e];
    }
}

SCH_INLINE real T(within)(real g, real limit) { return g > limit ? limit : g < -limit ? -limit : g; }

/* Row e of the gradient that is in use: all of a dense table's, those touched of a sparse one's, the intercepts at last. */
SCH_INLINE int64_t T(row_in_use)(const T(bundle) *m, int64_t e)
{
    if (!m->touched) return e;
    return e < m->n_touched ? m->touched[e] : m->d;
}

SCH_INLINE int64_t T(rows_in_use)(const T(bundle) *m) { return (m->touched ? m->n_touched : m->d) + 1; }

/* Each output by its own norm; the classes of a softmax by that of all. */
static void T(bundle_clip)(const sch_sgd_sweep_args *a, T(bundle) *m)
{
    const int64_t rows = T(rows_in_use)(m), width = m->width;
    const real limit = a->clip_value > 0.0 ? (real)a->clip_value : (real)INFINITY;
    memset(m->square, 0, (size_t)width * sizeof *m->square);
    for (int64_t e = 0; e < rows; ++e) {
        real *g = m->gradient + T(row_in_use)(m, e) * width;
        SCH_SIMD
        for (int64_t l = 0; l < width; ++l) {
            g[l] = T(within)(g[l], limit);
            m->square[l] += (double)g[l] * (double)g[l];
        }
    }
    if (a->clip_norm == 0.0) return;
    double together = 0.0;
    for (int64_t l = 0; l < width; ++l) together += m->square[l];
    for (int64_t l = 0; l < width; ++l) {
        const double norm = sqrt(a->loss == SCH_LOSS_SOFTMAX ? together : m->square[l]);
        m->square[l] = norm > a->clip_norm ? a->clip_norm / norm : 1.0;
    }
    for (int64_t e = 0; e < rows; ++e) {
        real *g = m->gradient + T(row_in_use)(m, e) * width;
        SCH_SIMD
        for (int64_t l = 0; l < width; ++l) g[l] *= (real)m->square[l];
    }
}

/* ---- averages */

SCH_INLINE void T(average_row)(T(bundle) *m, int64_t j, real share)
{
    SCH_SIMD
    for (int64_t at = j * m->width; at < (j + 1) * m->width; ++at)
        m->average[at] += share * (m->w[at] - m->average[at]);
}

/* A column that has kept its weights while the average went on to `seen` samples. */
SCH_INLINE void T(average_column)(T(bundle) *m, int64_t j, double seen)
{
    const double before = m->averaged_at[j] > m->forget ? m->averaged_at[j] : 0.0;
    if (seen > before) T(average_row)(m, j, (real)(1.0 - before / seen));
    m->averaged_at[j] = seen;
}

/* After the step from `rows` rows, the first of them the t-th sample. */
static void T(bundle_average)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t rows, double t)
{
    const double share = sch_average_share(a, t, rows);
    if (!m->touched) {
        SCH_SIMD
        for (int64_t at = 0; at < (m->d + 1) * m->width; ++at)
            m->average[at] += (real)share * (m->w[at] - m->average[at]);
        return;
    }
    if (share == 1.0) m->forget = t - (double)a->average_start;
    T(average_row)(m, m->d, (real)share);
}

/* ---- moving weights */

/* The weight at `at` follows gradient g. Arrays that the optimiser does not have are never read: it is a constant. */
SCH_INLINE void T(move_at)(const sch_optimizer optimizer, const T(rule) *u, const T(bundle) *m, int64_t at, real eta,
                           real g)
{
    const int has1 =
        optimizer == SCH_OPTIMIZER_MOMENTUM || optimizer == SCH_OPTIMIZER_NESTEROV || optimizer >= SCH_OPTIMIZER_ADAM;
    const int has2 = optimizer >= SCH_OPTIMIZER_ADAGRAD;
    T(weight) x = {m->w[at], has1 ? m->state1[at] : K(0.0), has2 ? m->state2[at] : K(0.0)};
    x = T(moved)(optimizer, u, eta, g, x);
    m->w[at] = x.w;
    if (has1) m->state1[at] = x.first;
    if (has2) m->state2[at] = x.second;
}

/* All rows of weights of a dense table, the gradient being slope * x. */
SCH_INLINE void T(move_along)(const sch_optimizer optimizer, const T(bundle) *m, const real *x, const real *slope)
{
    const T(rule) u = m->rule;
    const T(bundle) b = *m;
    if (b.width == 1) {
        const real eta = b.eta_now[0], c = slope[0];
        SCH_SIMD
        for (int64_t j = 0; j < b.d; ++j) T(move_at)(optimizer, &u, &b, j, eta, c * x[j]);
        return;
    }
    for (int64_t j = 0; j < b.d; ++j)
        for (int64_t q = 0; q < b.width; q += VL) {
            SCH_SIMD
            for (int64_t l = q; l < q + VL; ++l)
                T(move_at)(optimizer, &u, &b, j * b.width + l, b.eta_now[l], slope[l] * x[j]);
        }
}

/* Row j of weights follows the gradient, which then is zero again. */
SCH_INLINE void T(move_row)(const sch_optimizer optimizer, const T(rule) *u, const T(bundle) *m, const real *eta,
                            int64_t j)
{
    if (m->width == 1) {
        T(move_at)(optimizer, u, m, j, eta[0], m->gradient[j]);
        m->gradient[j] = K(0.0);
        return;
    }
    for (int64_t q = 0; q < m->width; q += VL) {
        SCH_SIMD
        for (int64_t l = q; l < q + VL; ++l) {
            T(move_at)(optimizer, u, m, j * m->width + l, eta[l], m->gradient[j * m->width + l]);
            m->gradient[j * m->width + l] = K(0.0);
        }
    }
}

SCH_INLINE void T(move_all)(const sch_optimizer optimizer, const T(bundle) *m)
{
    const T(rule) u = m->rule;
    const T(bundle) b = *m;
    if (b.touched)
        for (int64_t e = 0; e < b.n_touched; ++e) T(move_row)(optimizer, &u, &b, b.eta_now, b.touched[e]);
    else if (b.width == 1) {
        const real eta = b.eta_now[0];
        SCH_SIMD
        for (int64_t j = 0; j < b.d; ++j) {
            T(move_at)(optimizer, &u, &b, j, eta, b.gradient[j]);
            b.gradient[j] = K(0.0);
        }
    } else
        for (int64_t j = 0; j < b.d; ++j) T(move_row)(optimizer, &u, &b, b.eta_now, j);
}

/* What column j owes the penalties of the steps since it was last up to date. */
SCH_INLINE void T(pay_overdue)(const sch_optimizer optimizer, const T(bundle) *m, int64_t j, double steps)
{
    const real skipped = (real)(steps - m->moved_at[j]), rounds = (real)steps;
    if (skipped <= K(0.0)) return;
    SCH_SIMD
    for (int64_t l = 0; l < m->width; ++l) {
        const int64_t at = j * m->width + l;
        const T(weight) x = {m->w[at], m->state1 ? m->state1[at] : K(0.0), m->state2 ? m->state2[at] : K(0.0)};
        m->w[at] = T(overdue)(optimizer, &m->rule, rounds, m->eta_now[l], skipped, x);
    }
}

/* Lists the columns of a batch, each once, and brings them up to date for the step after the first `steps`. `seen`
 * samples are in the average by then. */
SCH_INLINE void T(touch)(const sch_storage storage, const sch_optimizer optimizer, const sch_sgd_sweep_args *a,
                         T(bundle) *m, int64_t s, int64_t rows, double steps, double seen)
{
    m->n_touched = 0;
    for (int64_t r = s; r < s + rows; ++r) {
        const T(row) x = T(row_of)(storage, &a->x, m->order[r]);
        for (int64_t e = 0; e < x.length; ++e) {
            const int64_t j = T(entry)(storage, x.index, e);
            if (m->moved_at[j] > steps) continue;
            if (m->average) T(average_column)(m, j, seen);
            T(pay_overdue)(optimizer, m, j, steps);
            m->moved_at[j] = steps + 1.0;
            m->touched[m->n_touched++] = j;
        }
    }
}

/* One function for each optimiser and purpose. With x the gradient is slope * x. */
#define DEFINE(NAME, text)                                                                                       \
    SCH_NOINLINE void T(bundle_move_##NAME)(const T(bundle) *m, const real *x)                                   \
    {                                                                                                            \
        if (x) T(move_along)(SCH_OPTIMIZER_##NAME, m, x, m->z);                                                  \
        else T(move_all)(SCH_OPTIMIZER_##NAME, m);                                                               \
    }                                                                                                            \
    SCH_NOINLINE void T(bundle_move_free_##NAME)(const T(bundle) *m)                                             \
    {                                                                                                            \
        T(move_row)(SCH_OPTIMIZER_##NAME, &m->free_rule, m, m->eta_free, m->d);                                  \
    }                                                                                                            \
    SCH_NOINLINE void T(bundle_touch_##NAME)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t s, int64_t rows, \
                                             double steps, double seen)                                          \
    {                                                                                                            \
        if (a->x.storage == SCH_CSR32) T(touch)(SCH_CSR32, SCH_OPTIMIZER_##NAME, a, m, s, rows, steps, seen);    \
        else T(touch)(SCH_CSR64, SCH_OPTIMIZER_##NAME, a, m, s, rows, steps, seen);                              \
    }                                                                                                            \
    SCH_NOINLINE void T(bundle_pay_##NAME)(T(bundle) *m, double steps, double seen)                              \
    {                                                                                                            \
        for (int64_t j = 0; j < m->d; ++j) {                                                                     \
            if (m->average) T(average_column)(m, j, seen);                                                       \
            T(pay_overdue)(SCH_OPTIMIZER_##NAME, m, j, steps);                                                   \
        }                                                                                                        \
    }
SCH_OPTIMIZER_LIST(DEFINE)
#undef DEFINE

static void T(bundle_touch)(const sch_sgd_sweep_args *a, T(bundle) *m, int64_t s, int64_t rows, double steps,
                            double seen)
{
    switch (a->optimizer) {
#define CASE(NAME, text) \
    case SCH_OPTIMIZER_##NAME: T(bundle_touch_##NAME)(a, m, s, rows, steps, seen); break;
        SCH_OPTIMIZER_LIST(CASE)
#undef CASE
    default: break;
    }
}

static void T(bundle_move)(const sch_sgd_sweep_args *a, const T(bundle) *m, const real *x)
{
    switch (a->optimizer) {
#define CASE(NAME, text)                                     \
    case SCH_OPTIMIZER_##NAME:                               \
        T(bundle_move_##NAME)(m, x);                         \
        if (a->fit_intercept) T(bundle_move_free_##NAME)(m); \
        break;
        SCH_OPTIMIZER_LIST(CASE)
#undef CASE
    default: break;
    }
}

/* At the end of a sweep no column owes anything, nor does the average. */
static void T(bundle_settle)(const sch_sgd_sweep_args *a, T(bundle) *m, double steps, double seen)
{
    if (!m->touched) return;
    switch (a->optimizer) {
#define CASE(NAME, text) \
    case SCH_OPTIMIZER_##NAME: T(bundle_pay_##NAME)(m, steps, seen); break;
        SCH_OPTIMIZER_LIST(CASE)
#undef CASE
    default: break;
    }
}

/* ---- the sweep */

/* Samples that the average has taken in before the t-th. */
SCH_INLINE double T(seen_before)(const sch_sgd_sweep_args *a, double t)
{
    return a->average_start > 0 && t > (double)a->average_start ? t - (double)a->average_start : 0.0;
}

/* What the step after the first `steps` goes by. */
static void T(bundle_rule)(const sch_sgd_sweep_args *a, T(bundle) *m, double factor, double steps)
{
    m->power1 *= a->momentum;
    m->power2 *= a->memory;
    m->free_rule = (T(rule)){
        .momentum = (real)a->momentum,
        .memory = (real)a->memory,
        .damping = (real)a->damping,
        .unbias1 = (real)(1.0 / (1.0 - m->power1)),
        .unbias2 = (real)(1.0 / (1.0 - m->power2)),
        .rounds = (real)(steps + 1.0),
    };
    m->rule = m->free_rule;
    m->rule.l1 = (real)a->l1;
    m->rule.l2 = (real)a->l2;
    for (int64_t l = 0; l < m->width; ++l) {
        m->eta_now[l] = (real)((double)m->eta[l] * factor);
        m->eta_free[l] = (real)((double)m->eta_now[l] * a->intercept_decay);
    }
}

SCH_INLINE void T(bundle_step)(const sch_storage storage, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t s,
                               int64_t rows, double t, double steps)
{
    const int direct = storage == SCH_DENSE && rows == 1 && a->clip_norm == 0.0 && a->clip_value == 0.0;
    const real share = (real)(1.0 / (double)rows);
    T(bundle_rule)(a, m, m->factor[s], steps);
    if (storage != SCH_DENSE) T(bundle_touch)(a, m, s, rows, steps, T(seen_before)(a, t));
    for (int64_t r = 0; r < rows; ++r) {
        const int64_t i = m->order[s + r];
        m->y[r] = ((const real *)a->y)[i];
        m->weight[r] = a->sample_weight ? ((const real *)a->sample_weight)[i] * share : share;
        T(bundle_margin)(storage, m, T(row_of)(storage, &a->x, i), m->z + r * m->width);
    }
    T(bundle_slopes)(a, m, rows);
    real *free_gradient = m->gradient + m->d * m->width;
    for (int64_t l = 0; l < m->width; ++l) free_gradient[l] = a->fit_intercept ? (real)a->intercept_slope : K(0.0);
    for (int64_t r = 0; r < rows; ++r) {
        const real *slope = m->z + r * m->width;
        if (!direct) T(bundle_gather)(storage, m, T(row_of)(storage, &a->x, m->order[s + r]), slope);
        SCH_SIMD
        for (int64_t l = 0; l < m->width; ++l) free_gradient[l] += a->fit_intercept ? slope[l] : K(0.0);
    }
    if (a->clip_norm > 0.0 || a->clip_value > 0.0) T(bundle_clip)(a, m);
    T(bundle_move)(a, m, direct ? T(row_of)(storage, &a->x, m->order[s]).value : NULL);
    if (T(averages)(a, t)) T(bundle_average)(a, m, rows, t);
}

SCH_INLINE void T(bundle_span)(const sch_storage storage, const sch_sgd_sweep_args *a, T(bundle) *m, int64_t count,
                               double t, double *steps)
{
    const int64_t ahead = sch_prefetch_ahead(&a->x);
    for (int64_t s = 0; s < count; s += a->batch_size, *steps += 1.0) {
        const int64_t rows = sch_min(a->batch_size, count - s);
        for (int64_t r = s + ahead; r < sch_min(s + ahead + rows, count); ++r)
            T(lanes_prefetch)(storage, &a->x, m->order[r]);
        T(bundle_step)(storage, a, m, s, rows, t + (double)s, *steps);
    }
}

static void T(bundle_run)(const sch_sgd_sweep_args *a, sch_visit *visit, T(bundle) *m, int64_t group)
{
    double t = a->t, steps = a->steps;
    T(bundle_begin)(m, a, group);
    for (int64_t count; (count = sch_visit_next(visit, &m->order)) > 0; t += (double)count) {
        if (sch_should_stop(&a->control)) return;
        sch_step_factors(a, t, count, m->factor);
        switch (a->x.storage) {
        case SCH_DENSE: T(bundle_span)(SCH_DENSE, a, m, count, t, &steps); break;
        case SCH_CSR32: T(bundle_span)(SCH_CSR32, a, m, count, t, &steps); break;
        case SCH_CSR64: T(bundle_span)(SCH_CSR64, a, m, count, t, &steps); break;
        }
    }
    T(bundle_settle)(a, m, steps, T(seen_before)(a, t));
    T(bundle_end)(m, a);
}
