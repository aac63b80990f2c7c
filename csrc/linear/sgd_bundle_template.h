/* linear/sgd_bundle_template.h - what the general form of the SGD sweep works on: the weights of `width` outputs side by
 * side, (d + 1, width), with all that belongs to them. That is one output alone, a group of LANES of a one-vs-all problem, or
 * all classes of a softmax. The last of the d + 1 rows are the intercepts.
 * Include after linear/optimizer_template.h and linear/sgd_lanes_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    int64_t first, width; /* the first output, and outputs side by side with their padding */
    int n_lanes; /* of which so many are in use */
    int64_t d;
    T(rule) rule, free_rule; /* with the penalties, and without: for intercepts */
    real *w, *state1, *state2, *average;
    real *gradient; /* (d + 1, width) */
    real *z; /* (batch_size, width) margins, then slopes */
    real *y, *weight; /* (batch_size) */
    real *eta, *positive, *negative; /* (width) */
    double *loss; /* (width) */
    real *eta_now, *eta_free; /* (width) at this step, and that of the intercepts */
    double *square; /* (width) of the gradient's norm */
    int64_t *touched, n_touched; /* sparse: columns of this batch */
    real *skipped; /* sparse: steps that each of them has skipped */
    double *moved_at; /* sparse (d) the step after which a weight was up to date */
    double *averaged_at; /* sparse (d) samples in the average when it last looked at this weight */
    double forget; /* an average of so many samples or fewer counts for nothing */
    double power1, power2; /* adam: momentum and memory to the power of the steps taken */
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
        m.skipped = sch_take(arena, m.d * size);
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
    m->low = T(low_target)(a->loss);
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
