/* nn/predict_template.h - the nn_predict kernel: outputs or losses of many rows, a block of rows at a time.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { T(PREDICT_PANELS) = 4, T(PREDICT_GROUPS) = 32 };

/* One group's work memory. */
typedef struct {
    real *x, *raw, *from, *to, *rows, *spread;
    real *y, *weight;
    int64_t *order;
} T(predict_work);

typedef struct {
    sch_nn_predict_args *a;
    int64_t blocks, groups, bytes;
    double *partial; /* (groups) */
} T(prediction);

static T(predict_work) T(predict_layout)(const sch_nn_predict_args *a, sch_arena *arena)
{
    const sch_nn_network *net = &a->network;
    const int64_t rows = T(PREDICT_PANELS) *PW;
    int64_t widest = 0;
    for (int64_t at = 0; at < net->n_layers; ++at) widest = sch_max(widest, net->layers[at].fan_out);
    const int64_t outputs = net->layers[net->n_layers - 1].fan_out;
    T(predict_work) w = {.from = T(take_reals)(rows * widest, arena), .to = T(take_reals)(rows * widest, arena)};
    w.x = a->x.storage == SCH_DENSE ? T(take_reals)(rows * net->layers[0].fan_in, arena) : NULL;
    w.raw = net->columns ? T(take_reals)(rows * a->x.d, arena) : NULL;
    w.spread = T(take_reals)(PW * sch_max(net->layers[0].fan_in, widest), arena);
    w.rows = w.x ? NULL : T(take_reals)(PW * net->layers[0].fan_out, arena);
    w.y = a->y ? T(take_reals)(rows * outputs, arena) : NULL;
    w.weight = a->y ? T(take_reals)(rows, arena) : NULL;
    w.order = sch_take(arena, rows * (int64_t)sizeof(int64_t));
    return w;
}

static T(prediction) T(prediction_of)(sch_nn_predict_args *a)
{
    T(prediction) p = {.a = a, .blocks = (a->x.n + T(PREDICT_PANELS) *PW - 1) / (T(PREDICT_PANELS) *PW)};
    sch_arena arena = {0};
    (void)T(predict_layout)(a, &arena);
    p.bytes = arena.used;
    p.groups = sch_min(p.blocks, T(PREDICT_GROUPS));
    return p;
}

static int64_t T(nn_predict_scratch)(const sch_nn_predict_args *a)
{
    sch_nn_predict_args copy = *a;
    const T(prediction) p = T(prediction_of)(&copy);
    return sch_round_up(p.groups * (int64_t)sizeof(double), SCH_LINE) + p.groups * p.bytes;
}

/* Normalise with the running statistics, or within the row; then activate. In place. */
static void T(finish_units)(const sch_nn_layer *l, real *z)
{
    const int64_t units = l->fan_out;
    if (l->norm == SCH_NN_BATCH_NORM) {
        const real *const gain = l->gain, *const shift = l->shift;
        const real *const mean = l->running_mean, *const variance = l->running_var;
        for (int64_t k = 0; k < units; ++k) {
            const real inverse = gain[k] / T(sqrt)(variance[k] + (real)NORM_EPSILON);
            for (int i = 0; i < PW; ++i) z[k * PW + i] = (z[k * PW + i] - mean[k]) * inverse + shift[k];
        }
    } else if (l->norm == SCH_NN_LAYER_NORM) {
        real scale[PW];
        T(layer_norm_panel)(l, z, z, z, scale);
    }
    T(activate)(l->activation, z, z, units * PW);
}

/* Raw outputs of panel p of a block; returns where they are. */
static real *T(predict_panel)(const sch_nn_predict_args *a, T(predict_work) *w, const T(batch) *m, int64_t p)
{
    const sch_nn_network *net = &a->network;
    const int nv = T(nv_of)(m, p);
    real *from = w->x ? w->x + p * net->layers[0].fan_in * PW : NULL, *to = w->to, *spare = w->from;
    if (w->x) T(gather_input)(net, &a->x, w->order, m->rows, p, w->raw, w->x);
    for (int64_t at = 0; at < net->n_layers; ++at) {
        const sch_nn_layer *l = &net->layers[at];
        const int64_t blocks = sch_nn_blocks(l->fan_out);
        if (from)
            for (int64_t b = 0; b < blocks; ++b)
                T(linear_tile)(l, NULL, from, nv, sch_nn_begin(b, l->fan_out, blocks),
                               sch_nn_begin(b + 1, l->fan_out, blocks), to);
        else T(sparse_forward_panel)(&a->x, w->order + p * PW, sch_min(PW, m->rows - p * PW), l, w->rows, to);
        if (at < net->n_layers - 1) T(finish_units)(l, to);
        from = to;
        to = spare;
        spare = from;
    }
    return from;
}

static double T(predict_block)(const sch_nn_predict_args *a, T(predict_work) *w, int64_t begin)
{
    const sch_nn_network *net = &a->network;
    const int64_t outputs = net->layers[net->n_layers - 1].fan_out;
    const int64_t width = net->loss == SCH_NN_LOSS_SOFTMAX ? 1 : outputs;
    const T(batch) m = T(batch_of)(sch_min(T(PREDICT_PANELS) *PW, a->x.n - begin));
    double loss = 0.0;
    for (int64_t i = 0; i < m.rows; ++i) w->order[i] = begin + i;
    for (int64_t p = 0; p < m.panels; ++p) {
        const int64_t count = sch_min(PW, m.rows - p * PW);
        const int nv = T(nv_of)(&m, p);
        real *const z = T(predict_panel)(a, w, &m, p);
        if (a->y) {
            real value[PW], none[PW] = {0};
            T(gather_targets)(a->y, a->weight, width, w->order, m.rows, p, w->y, w->weight);
            real *const slopes = z == w->to ? w->from : w->to; /* thrown away */
            T(head_panel)(net, outputs, nv, w->y + p * width * PW, z, none, slopes, value);
            loss += T(weighted_sum)(value, w->weight + p * PW, count);
        }
        if (!a->out) continue;
        if (!a->raw) T(head_output)(net, outputs, nv, z);
        real *const out = (real *)a->out + (begin + p * PW) * outputs;
        for (int64_t i = 0; i < count; ++i)
            for (int64_t u = 0; u < outputs; ++u) out[i * outputs + u] = z[u * PW + i];
    }
    return loss;
}

static void T(predict_group)(void *context, int64_t group)
{
    const T(prediction) *p = context;
    const int64_t begin = group * p->blocks / p->groups, end = (group + 1) * p->blocks / p->groups;
    sch_arena arena = {.base = (char *)p->a->scratch + sch_round_up(p->groups * (int64_t)sizeof(double), SCH_LINE) +
                               group * p->bytes};
    T(predict_work) w = T(predict_layout)(p->a, &arena);
    double loss = 0.0;
    for (int64_t b = begin; b < end; ++b) {
        if (p->blocks > 1 && sch_should_stop(&p->a->control)) return;
        loss += T(predict_block)(p->a, &w, b * T(PREDICT_PANELS) *PW);
    }
    p->partial[group] = loss;
}

static sch_status T(predict_by_row)(const sch_nn_predict_args *a)
{
    sch_arena arena = {.base = a->scratch};
    const T(predict_work) w = T(predict_layout)(a, &arena);
    for (int64_t i = 0; i < a->x.n; ++i) T(predict_row)(a, i, w.x, w.from, w.to, w.spread);
    return SCH_OK;
}

static sch_status T(nn_predict)(sch_nn_predict_args *a)
{
    a->loss_sum = 0.0;
    if (T(by_row)(a)) return T(predict_by_row)(a);
    T(prediction) p = T(prediction_of)(a);
    double work = 0.0;
    p.partial = a->scratch;
    for (int64_t at = 0; at < a->network.n_layers; ++at)
        work += 2.0 * (double)a->x.n * (double)(a->network.layers[at].fan_in * a->network.layers[at].fan_out);
    const sch_control control = sch_serial_below(a->control, work, SCH_NN_SHARED);
    const sch_status status = sch_par_for(&control, p.groups, T(predict_group), &p); /* it polls, even on one thread */
    a->loss_sum = status == SCH_OK ? sch_sum_ordered(p.partial, p.groups) : 0.0;
    return status;
}
