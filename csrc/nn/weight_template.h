/* nn/weight_template.h - derivatives by the weights, and the step on all parameters.
 *
 * The weights of some inputs of a layer stand side by side, and so do their derivatives and what the solver remembers of
 * them. A task computes those derivatives and, unless more has to be known first, takes the step while they are near.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Derivatives by the weights between units k .. k + count of the input, at most SCH_NN_ROWS, and a column of PW units. */
static void T(weight_tile)(const T(work) *w, int64_t at, int64_t column, int64_t k, int64_t count)
{
    const sch_nn_layer *l = &w->a->network.layers[at];
    const int64_t units = sch_min(PW, l->fan_out - column * PW);
    const int nv = units > VL ? 2 : 1;
    real edge[SCH_NN_ROWS * PW];
    real *const to = T(gradient_of)(w, l->weight) + k * l->fan_out + column * PW;
    T(product) p = {.depth = w->m.rows,
                    .span = PW,
                    .a = T(input_of)(w, at) + k * PW,
                    .a_step = 1,
                    .a_jump = (l->fan_in - 1) * PW,
                    .b = w->layer[at].rows + column * PW * T(round_rows)(w->m.rows),
                    .c = to,
                    .c_row = l->fan_out,
                    .add = w->add};
    if (units == nv * VL) {
        T(product_far)(count, nv, &p);
        return;
    }
    p.c = edge, p.c_row = PW, p.add = 0;
    T(product_far)(count, nv, &p);
    for (int64_t r = 0; r < count; ++r)
        for (int64_t u = 0; u < units; ++u)
            to[r * l->fan_out + u] = w->add ? to[r * l->fan_out + u] + edge[r * PW + u] : edge[r * PW + u];
}

/* The same for so few units that most lanes of a register would be idle: sums along the rows of the batch, four inputs at
 * a time. Rows beyond it count as zeros. */
SCH_INLINE void T(narrow_loop)(const int units, const T(work) *w, int64_t at, int64_t unit, int64_t k, int64_t count)
{
    const sch_nn_layer *l = &w->a->network.layers[at];
    const int64_t full = w->m.rows / VL * VL;
    const real *const input = T(input_of)(w, at) + k * PW, *const delta = w->layer[at].delta + unit * PW;
    real *const to = T(gradient_of)(w, l->weight) + k * l->fan_out + unit;
    vmask rest;
    for (int i = 0; i < VL; ++i) rest[i] = full + i < w->m.rows ? -1 : 0;
    for (int64_t r = 0; r < count; r += 4) {
        vreal sum[4][4] = {0};
        for (int64_t m = 0; m < w->m.rows; m += VL) {
            const real *const x = input + m / PW * PW * l->fan_in + m % PW;
            const real *const d = delta + m / PW * PW * l->fan_out + m % PW;
            vmask keep = rest;
            if (m < full) keep = ~(vmask){0};
#pragma GCC unroll 4
            for (int u = 0; u < units; ++u) {
                const vreal by = (vreal)((vmask)T(vload)(d + u * PW) & keep);
#pragma GCC unroll 4
                for (int i = 0; i < 4; ++i)
                    sum[i][u] += (vreal)((vmask)T(vload)(x + sch_min(r + i, count - 1) * PW) & keep) * by;
            }
        }
#pragma GCC unroll 4
        for (int u = 0; u < units; ++u) {
            real total[4];
            T(store_sums)(sum[0][u], sum[1][u], sum[2][u], sum[3][u], total);
            for (int64_t i = r; i < sch_min(r + 4, count); ++i) {
                real *const g = to + i * l->fan_out + u;
                *g = w->add ? *g + total[i - r] : total[i - r];
            }
        }
    }
}

/* Derivatives by the weights between any number of inputs and a column. */
static void T(weight_column)(const T(work) *w, int64_t at, int64_t column, int64_t k, int64_t count)
{
    const int64_t unit = column * PW, blocks = sch_nn_blocks(count);
    switch (w->a->network.layers[at].fan_out - unit) {
    case 1: T(narrow_loop)(1, w, at, unit, k, count); break;
#if SCH_VEC_BYTES * 8 / REAL_BITS >= 8
    case 2: T(narrow_loop)(2, w, at, unit, k, count); break;
#endif
#if SCH_VEC_BYTES * 8 / REAL_BITS >= 16
    case 3: T(narrow_loop)(3, w, at, unit, k, count); break;
    case 4: T(narrow_loop)(4, w, at, unit, k, count); break;
#endif
    default:
        for (int64_t b = 0; b < blocks; ++b) {
            const int64_t first = sch_nn_begin(b, count, blocks);
            T(weight_tile)(w, at, column, k + first, sch_nn_begin(b + 1, count, blocks) - first);
        }
    }
}

static void T(sparse_weight_task)(void *context, int64_t column)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[0];
    const int64_t first = column * PW, count = sch_min(PW, l->fan_out - first);
    real *const gradient = T(gradient_of)(w, l->weight);
    if (!w->add)
        for (int64_t k = 0; k < l->fan_in; ++k)
            memset(gradient + k * l->fan_out + first, 0, (size_t)count * sizeof(real));
    T(sparse_gradient)(&w->a->x, w->order, w->m.rows, w->layer[0].rows + column * PW * T(round_rows)(w->m.rows),
                       l->fan_out, first, count, gradient);
}

/* The layers' tasks in one row: which layer, and which of its tasks. */
SCH_INLINE int64_t T(layer_of_task)(const T(work) *w, int64_t *task)
{
    int64_t at = 0;
    for (int64_t count; *task >= (count = sch_nn_tasks(&w->layer[at].weights)); ++at) *task -= count;
    return at;
}

static void T(weight_task)(void *context, int64_t task)
{
    T(work) *w = context;
    int64_t own = task;
    const int64_t at = T(layer_of_task)(w, &own);
    const sch_nn_layer *l = &w->a->network.layers[at];
    const sch_nn_grid *g = &w->layer[at].weights;
    const int64_t block = own / g->groups, first = sch_nn_begin(block, l->fan_in, g->outer);
    const int64_t count = sch_nn_begin(block + 1, l->fan_in, g->outer) - first;
    const int64_t begin = own % g->groups * g->group, end = sch_min(g->inner, begin + g->group);
    if (w->derives && T(input_of)(w, at))
        for (int64_t column = begin; column < end; ++column) T(weight_column)(w, at, column, first, count);
    if (!w->steps) return;
    const int64_t unit = begin * PW, units = sch_min(end * PW, l->fan_out) - unit;
    const int64_t start = (const real *)l->weight - (const real *)w->a->parameters + first * l->fan_out + unit;
    const int whole = units == l->fan_out;
    w->partial[task] = 0.0;
    for (int64_t r = 0; r < (whole ? 1 : count); ++r)
        w->partial[task] += T(step_block)(w, start + r * l->fan_out, whole ? count * units : units, 1);
}

/* Derivatives by all weights, steps on them, or both. */
static sch_status T(weights_pass)(T(work) *w, int derives, int steps)
{
    const sch_nn_train_args *a = w->a;
    const sch_nn_layer *first = a->network.layers;
    const double work = 2.0 * (double)(w->m.rows * (a->n_weights - w->tables.n_parameters));
    w->derives = derives;
    w->steps = steps;
    if (derives && !w->x) {
        const sch_status status =
            sch_nn_for(&a->control, work, (first->fan_out + PW - 1) / PW, T(sparse_weight_task), w);
        if (status != SCH_OK) return status;
    }
    return sch_nn_for(&a->control, work, w->n_tasks, T(weight_task), w);
}

/* Derivatives by the weights, then one step on the gradient and `decay` times the weights. Returns the sum of their
 * squares in *squares. */
static sch_status T(update)(T(work) *w, double decay, double *squares)
{
    sch_nn_train_args *a = w->a;
    const int clips = a->clip_norm > 0.0;
    sch_status status = SCH_OK;
    w->scale = 1.0;
    w->decay = decay;
    a->power_1 *= a->beta_1;
    a->power_2 *= a->beta_2;
    if (clips) status = T(weights_pass)(w, 1, 0);
    if (clips && status == SCH_OK) status = T(clip)(w);
    if (status != SCH_OK) return status;
    w->step = T(step_of)(w);
    status = T(weights_pass)(w, !clips, 1);
    if (status != SCH_OK) return status;
    *squares = sch_sum_ordered(w->partial, w->n_tasks);
    (void)T(step_block)(w, a->n_weights, a->n_parameters - a->n_weights, 0);
    const double met = 32.0 * (double)(w->m.rows * w->tables.n_units);
    status = sch_nn_for(&a->control, met, w->tables.n, T(step_table_task), w);
    if (status == SCH_OK) *squares += sch_sum_ordered(w->partial, w->tables.n);
    return status;
}
