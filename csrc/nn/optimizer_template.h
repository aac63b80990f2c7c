/* nn/optimizer_template.h - what one step does to one parameter, over one flat block of them.
 *
 * SGD with momentum as scikit-learn has it; ADAM: Kingma and Ba (2015), NADAM: Dozat (2016), RMSPROP: Tieleman and Hinton
 * (2012), ADAGRAD: Duchi, Hazan and Singer (2011), LION: Chen et al. (2023); decoupled decay of the weights: Loshchilov
 * and Hutter (2019).
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    real rate;                 /* with the bias corrections that go with it */
    real decay, shrink, scale; /* times the parameter on the gradient; of the parameter; of the gradient */
    real momentum, beta_1, beta_2, rest_1, rest_2, epsilon;
    real ahead, behind;        /* NADAM: shares of the mean and of the newest gradient */
    int nesterov;
} T(step);

/* w, first, second: one parameter and its memory; g: its derivative. */
SCH_INLINE real T(step_one)(const sch_nn_solver solver, const T(step) *s, real w, real g, real *first, real *second)
{
    switch (solver) {
    case SCH_NN_SOLVER_SGD: {
        const real velocity = s->momentum * *first - s->rate * g;
        *first = velocity;
        return w + (s->nesterov ? s->momentum * velocity - s->rate * g : velocity);
    }
    case SCH_NN_SOLVER_ADAM:
        *first = s->beta_1 * *first + s->rest_1 * g;
        *second = s->beta_2 * *second + s->rest_2 * (g * g);
        return w - s->rate * *first / (T(sqrt)(*second) + s->epsilon);
    case SCH_NN_SOLVER_NADAM:
        *first = s->beta_1 * *first + s->rest_1 * g;
        *second = s->beta_2 * *second + s->rest_2 * (g * g);
        return w - s->rate * (s->ahead * *first + s->behind * g) / (T(sqrt)(*second) + s->epsilon);
    case SCH_NN_SOLVER_RMSPROP:
        *second = s->beta_2 * *second + s->rest_2 * (g * g);
        return w - s->rate * g / (T(sqrt)(*second) + s->epsilon);
    case SCH_NN_SOLVER_ADAGRAD: *second += g * g; return w - s->rate * g / (T(sqrt)(*second) + s->epsilon);
    default: {
        const real u = s->beta_1 * *first + s->rest_1 * g;
        *first = s->beta_2 * *first + s->rest_2 * g;
        return w - s->rate * (u > K(0.0) ? K(1.0) : (u < K(0.0) ? K(-1.0) : u));
    }
    }
}

/* Returns the sum of squares of the parameters before the step. */
SCH_INLINE real T(step_loop)(const sch_nn_solver solver, const T(step) *step, real *SCH_RESTRICT w,
                             const real *SCH_RESTRICT g, real *SCH_RESTRICT first, real *SCH_RESTRICT second, int64_t n)
{
    const int has_first = solver != SCH_NN_SOLVER_RMSPROP && solver != SCH_NN_SOLVER_ADAGRAD;
    const int has_second = solver != SCH_NN_SOLVER_SGD && solver != SCH_NN_SOLVER_LION;
    const T(step) s = *step;
    real squares = 0;
    SCH_SIMD_SUM(squares)
    for (int64_t i = 0; i < n; ++i) {
        real a = has_first ? first[i] : K(0.0), b = has_second ? second[i] : K(0.0);
        const real before = w[i];
        squares += before * before;
        w[i] = T(step_one)(solver, &s, before - s.shrink * before, s.scale * g[i] + s.decay * before, &a, &b);
        if (has_first) first[i] = a;
        if (has_second) second[i] = b;
    }
    return squares;
}

SCH_NOINLINE real T(step_range)(sch_nn_solver solver, const T(step) *s, real *w, const real *g, real *first,
                                real *second, int64_t n)
{
    switch (solver) {
    case SCH_NN_SOLVER_SGD: return T(step_loop)(SCH_NN_SOLVER_SGD, s, w, g, first, second, n);
    case SCH_NN_SOLVER_ADAM: return T(step_loop)(SCH_NN_SOLVER_ADAM, s, w, g, first, second, n);
    case SCH_NN_SOLVER_NADAM: return T(step_loop)(SCH_NN_SOLVER_NADAM, s, w, g, first, second, n);
    case SCH_NN_SOLVER_RMSPROP: return T(step_loop)(SCH_NN_SOLVER_RMSPROP, s, w, g, first, second, n);
    case SCH_NN_SOLVER_ADAGRAD: return T(step_loop)(SCH_NN_SOLVER_ADAGRAD, s, w, g, first, second, n);
    default: return T(step_loop)(SCH_NN_SOLVER_LION, s, w, g, first, second, n);
    }
}

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

/* Chunk of the parameters behind the tables, cut where the weights end. */
static void T(step_task)(void *context, int64_t chunk)
{
    T(work) *w = context;
    const sch_nn_train_args *a = w->a;
    const int64_t begin = w->tables.n_parameters + chunk * T(STEP_CHUNK);
    const int64_t end = sch_min(a->n_parameters, begin + T(STEP_CHUNK));
    const int64_t cut = sch_max(begin, sch_min(a->n_weights, end));
    real *const p = a->parameters, *const first = a->first, *const second = a->second;
    const real *const g = a->gradient;
    T(step) s = T(step_of)(w);
    w->partial[chunk] =
        (double)T(step_range)(a->solver, &s, p + begin, g + begin, first + begin, second + begin, cut - begin);
    s.decay = s.shrink = K(0.0);
    (void)T(step_range)(a->solver, &s, p + cut, g + cut, first + cut, second + cut, end - cut);
    T(follow_mean)(a, begin, end);
}

/* Those places of a table that the step's batches have met. Averages follow everywhere. */
static void T(step_table_task)(void *context, int64_t k)
{
    T(work) *w = context;
    const sch_nn_train_args *a = w->a;
    T(lookup) *const l = &w->tables.lookup[k];
    const int64_t start = (const real *)l->c->table - (const real *)a->parameters, width = l->c->width;
    real *const p = a->parameters, *const first = a->first, *const second = a->second;
    const T(step) s = T(step_of)(w);
    double change = 0.0;
    for (int64_t i = 0; i < l->n_met; ++i) {
        const int64_t at = start + l->met[i] * width;
        change -= (double)T(step_range)(a->solver, &s, p + at, (const real *)a->gradient + at, first + at, second + at,
                                        width);
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

/* One step on what gradient holds and `decay` times the weights. Returns the sum of their squares in *squares. */
static sch_status T(update)(T(work) *w, double decay, double *squares)
{
    sch_nn_train_args *a = w->a;
    const int64_t dense = a->n_parameters - w->tables.n_parameters, chunks = T(n_chunks)(dense);
    const double work = 32.0 * (double)dense;
    sch_status status = SCH_OK;
    w->scale = 1.0;
    w->decay = decay;
    a->power_1 *= a->beta_1;
    a->power_2 *= a->beta_2;
    if (a->clip_norm > 0.0) {
        status = sch_nn_for(&a->control, work, chunks, T(norm_of_gradient_task), w);
        if (status != SCH_OK) return status;
        const double norm = sqrt(sch_sum_ordered(w->partial, chunks) + T(norm_of_tables)(w));
        a->norm_sum += norm;
        if (norm > a->clip_norm) w->scale *= a->clip_norm / norm, w->decay *= a->clip_norm / norm;
    }
    status = sch_nn_for(&a->control, work, chunks, T(step_task), w);
    if (status != SCH_OK) return status;
    *squares = sch_sum_ordered(w->partial, chunks);
    const double met = 32.0 * (double)(w->m.rows * w->tables.n_units);
    status = sch_nn_for(&a->control, met, w->tables.n, T(step_table_task), w);
    if (status == SCH_OK) *squares += sch_sum_ordered(w->partial, w->tables.n);
    return status;
}
