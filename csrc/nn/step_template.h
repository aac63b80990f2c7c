/* nn/step_template.h - one step, over any part of the parameters.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Constants of this step; the powers of beta_1 and beta_2 count it already. */
static T(step) T(step_of)(const T(work) *w)
{
    const sch_nn_train_args *a = w->a;
    const double left_1 = 1.0 - a->power_1, left_2 = 1.0 - a->power_2;
    double rate = w->rate, epsilon = a->epsilon;
    T(step) s = {.decay = (real)w->decay,
                 .shrink = (real)(w->rate * a->weight_decay),
                 .scale = (real)w->scale,
                 .momentum = (real)a->momentum,
                 .beta_1 = (real)a->beta_1,
                 .beta_2 = (real)a->beta_2,
                 .rest_1 = (real)(1.0 - a->beta_1),
                 .rest_2 = (real)(1.0 - a->beta_2),
                 .nesterov = a->nesterov};
    if (a->solver == SCH_NN_SOLVER_ADAM) rate *= sqrt(left_2) / left_1;
    if (a->solver == SCH_NN_SOLVER_NADAM) {
        s.ahead = (real)(a->beta_1 / (1.0 - a->power_1 * a->beta_1));
        s.behind = (real)((1.0 - a->beta_1) / left_1);
        rate *= sqrt(left_2);
        epsilon *= sqrt(left_2);
    }
    s.rate = (real)rate;
    s.epsilon = (real)epsilon;
    return s;
}

SCH_INLINE void T(follow_mean)(const sch_nn_train_args *a, int64_t begin, int64_t end)
{
    real *const mean = a->average;
    const real *const p = a->parameters, share = (real)(1.0 - a->average_decay);
    if (!mean) return;
    SCH_SIMD
    for (int64_t i = begin; i < end; ++i) mean[i] += share * (p[i] - mean[i]);
}

/* The step on parameters begin .. begin + n. Returns the sum of their squares before it. */
static double T(step_block)(const T(work) *w, int64_t begin, int64_t n, int is_weight)
{
    const sch_nn_train_args *a = w->a;
    T(step) s = w->step;
    if (!is_weight) s.decay = s.shrink = K(0.0);
    const real squares = T(step_range)(a->solver, &s, (real *)a->parameters + begin, (const real *)a->gradient + begin,
                                       (real *)a->first + begin, (real *)a->second + begin, n);
    T(follow_mean)(a, begin, begin + n);
    return (double)squares;
}

/* Those places of a table that the step's batches have met. Averages follow everywhere. */
static void T(step_table_task)(void *context, int64_t k)
{
    T(work) *w = context;
    const sch_nn_train_args *a = w->a;
    T(lookup) *const l = &w->tables.lookup[k];
    const int64_t start = (const real *)l->c->table - (const real *)a->parameters, width = l->c->width;
    real *const p = a->parameters, *const first = a->first, *const second = a->second;
    double change = 0.0;
    for (int64_t i = 0; i < l->n_met; ++i) {
        const int64_t at = start + l->met[i] * width;
        change -= (double)T(step_range)(a->solver, &w->step, p + at, (const real *)a->gradient + at, first + at,
                                        second + at, width);
        change += T(sum_of_squares)(p + at, width);
    }
    w->partial[k] = l->squares;
    l->squares += change;
    T(follow_mean)(a, start, start + T(n_places)(l->c) * width);
}

/* Sum of squares of some of the gradient, as the step will see it. */
SCH_INLINE double T(norm_of_range)(const T(work) *w, int64_t begin, int64_t end)
{
    const sch_nn_train_args *a = w->a;
    const real *const g = a->gradient, *const p = a->parameters;
    const real scale = (real)w->scale, decay = (real)w->decay;
    double sum = 0.0;
    SCH_SIMD_SUM(sum)
    for (int64_t i = begin; i < end; ++i) {
        const real d = scale * g[i] + (i < a->n_weights ? decay * p[i] : K(0.0));
        sum += (double)d * (double)d;
    }
    return sum;
}

static void T(norm_of_gradient_task)(void *context, int64_t chunk)
{
    T(work) *w = context;
    const int64_t begin = w->tables.n_parameters + chunk * T(STEP_CHUNK);
    w->partial[chunk] = T(norm_of_range)(w, begin, sch_min(w->a->n_parameters, begin + T(STEP_CHUNK)));
}

static double T(norm_of_tables)(const T(work) *w)
{
    double sum = 0.0;
    for (int64_t k = 0; k < w->tables.n; ++k) {
        const T(lookup) *l = &w->tables.lookup[k];
        const int64_t start = (const real *)l->c->table - (const real *)w->a->parameters, width = l->c->width;
        for (int64_t i = 0; i < l->n_met; ++i)
            sum += T(norm_of_range)(w, start + l->met[i] * width, start + (l->met[i] + 1) * width);
    }
    return sum;
}

/* Shortens the gradient and `decay` times the weights, together, to clip_norm: by the constants of the step to come. */
static sch_status T(clip)(T(work) *w)
{
    sch_nn_train_args *a = w->a;
    const int64_t dense = a->n_parameters - w->tables.n_parameters, chunks = T(n_chunks)(dense);
    const sch_status status = sch_nn_for(&a->control, 32.0 * (double)dense, chunks, T(norm_of_gradient_task), w);
    if (status != SCH_OK) return status;
    const double norm = sqrt(sch_sum_ordered(w->partial, chunks) + T(norm_of_tables)(w));
    a->norm_sum += norm;
    if (norm > a->clip_norm) w->scale *= a->clip_norm / norm, w->decay *= a->clip_norm / norm;
    return SCH_OK;
}
