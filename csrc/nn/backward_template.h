/* nn/backward_template.h - from the loss to the derivatives by what every layer gives, and by biases and norms.
 * SPDX-License-Identifier: BSD-3-Clause */

static void T(head_task)(void *context, int64_t p)
{
    T(work) *w = context;
    const sch_nn_network *net = &w->a->network;
    const int64_t last = net->n_layers - 1, units = net->layers[last].fan_out;
    const real inverse = (real)(w->weight_sum > 0.0 ? 1.0 / w->weight_sum : 0.0);
    real value[PW], scale[PW];
    const real *const weight = w->weight + p * PW;
    for (int i = 0; i < PW; ++i) scale[i] = weight[i] * inverse;
    T(head_panel)(net, units, T(nv_of)(&w->m, p), w->y + p * w->y_width * PW, w->layer[last].out + p * units * PW,
                  scale, w->layer[last].delta + p * units * PW, value);
    w->partial[p] = T(weighted_sum)(value, weight, sch_min(PW, w->m.rows - p * PW));
}

/* Weights with units of the layer's input as rows of the tiles. */
static void T(pack_backward_task)(void *context, int64_t b)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[w->at + 1];
    const int64_t blocks = sch_nn_blocks(l->fan_in), first = sch_nn_begin(b, l->fan_in, blocks);
    const int64_t count = sch_nn_begin(b + 1, l->fan_in, blocks) - first, stride = T(pack_stride)();
    real *const to = w->packed + b * l->fan_out * stride;
    for (int64_t v = 0; v < count; v += VL) {
        const real *row[VL];
        for (int64_t i = 0; i < VL; ++i)
            row[i] = v + i < count ? (const real *)l->weight + (first + v + i) * l->fan_out : NULL;
        T(transpose_rows)(row, l->fan_out, to + v, stride);
    }
}

/* Derivative by the output of layer `at`, through dropout and activation. */
static void T(backward_task)(void *context, int64_t task)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[w->at], *next = l + 1;
    const T(layer_work) *k = &w->layer[w->at];
    const int64_t p = task / w->grid.groups, group = task % w->grid.groups, blocks = w->grid.inner;
    const int64_t begin = group * w->grid.group, end = sch_min(blocks, begin + w->grid.group);
    const int64_t first = sch_nn_begin(begin, l->fan_out, blocks), last = sch_nn_begin(end, l->fan_out, blocks);
    real *const delta = k->delta + p * l->fan_out * PW;
    for (int64_t b = begin; b < end; ++b) {
        const int64_t unit = sch_nn_begin(b, l->fan_out, blocks);
        const int64_t rows = sch_nn_begin(b + 1, l->fan_out, blocks) - unit;
        T(product) product = {.depth = next->fan_out,
                              .span = next->fan_out,
                              .a = (const real *)next->weight + unit * next->fan_out,
                              .a_row = next->fan_out,
                              .a_step = 1,
                              .b = w->layer[w->at + 1].delta + p * next->fan_out * PW,
                              .c = delta + unit * PW,
                              .c_row = PW};
        if (w->is_packed) {
            product.a = w->packed + b * next->fan_out * T(pack_stride)(), product.a_step = T(pack_stride)();
            T(product_near)(rows, T(nv_of)(&w->m, p), &product);
        } else {
            T(product_strided)(rows, T(nv_of)(&w->m, p), &product);
        }
    }
    const int64_t offset = (p * l->fan_out + first) * PW, count = last - first;
    if (l->dropout > 0.0) {
        const T(dropout) d = T(dropout_of)(l, w->a->seed, w->a->batches, w->at);
        T(drop)(&d, p, first, count, delta + first * PW, delta + first * PW);
    }
    T(multiply_slope)(l->activation, k->act + offset, (k->input ? k->input : k->act) + offset, delta + first * PW,
                      count * PW);
}

SCH_INLINE void T(put)(const T(work) *w, real *gradient, double value)
{
    *gradient = w->add ? *gradient + (real)value : (real)value;
}

/* By gain and shift of one unit, and for batch normalisation on through it. */
static void T(norm_back_unit_task)(void *context, int64_t unit)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[w->at];
    const T(layer_work) *k = &w->layer[w->at];
    double by_gain, by_shift;
    T(norm_unit_gradient)(&w->m, l->fan_out, unit, k->delta, k->hat, &by_gain, &by_shift);
    T(put)(w, T(gradient_of)(w, (const real *)l->gain + unit), by_gain);
    T(put)(w, T(gradient_of)(w, (const real *)l->shift + unit), by_shift);
    if (l->norm == SCH_NN_BATCH_NORM) T(batch_norm_back)(l, &w->m, unit, by_gain, by_shift, k->hat, k->scale, k->delta);
}

static void T(norm_back_panel_task)(void *context, int64_t p)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[w->at];
    const T(layer_work) *k = &w->layer[w->at];
    const int64_t offset = p * l->fan_out * PW;
    T(layer_norm_back)(l, k->hat + offset, k->scale + p * PW, k->delta + offset);
}

/* One of the layers' columns of PW units: which layer, and which column of it. */
SCH_INLINE int64_t T(layer_of_column)(const sch_nn_network *net, int64_t *column)
{
    int64_t at = 0;
    for (int64_t count; *column >= (count = (net->layers[at].fan_out + PW - 1) / PW); ++at) *column -= count;
    return at;
}

static int64_t T(n_columns)(const sch_nn_network *net)
{
    int64_t count = 0;
    for (int64_t at = 0; at < net->n_layers; ++at) count += (net->layers[at].fan_out + PW - 1) / PW;
    return count;
}

/* delta by row, and the derivatives by the biases. */
static void T(rows_task)(void *context, int64_t column)
{
    T(work) *w = context;
    const sch_nn_network *net = &w->a->network;
    const int64_t at = T(layer_of_column)(net, &column), units = net->layers[at].fan_out;
    const int64_t first = column * PW, count = sch_min(PW, units - first);
    const real *const delta = w->layer[at].delta;
    real *const to = w->layer[at].rows + column * PW * T(round_rows)(w->m.rows);
    for (int64_t p = 0; p < w->m.panels; ++p)
        for (int64_t v = 0; v < count; v += VL) {
            const real *row[VL];
            for (int64_t i = 0; i < VL; ++i) row[i] = v + i < count ? delta + (p * units + first + v + i) * PW : NULL;
            T(transpose_rows)(row, T(nv_of)(&w->m, p) * VL, to + p * PW * PW + v, PW);
        }
    real *const gradient = T(gradient_of)(w, (const real *)net->layers[at].bias + first);
    real sum[PW] = {0};
    for (int64_t m = 0; m < w->m.rows; ++m) {
        SCH_SIMD
        for (int i = 0; i < PW; ++i) sum[i] += to[m * PW + i];
    }
    for (int64_t i = 0; i < count; ++i) gradient[i] = w->add ? gradient[i] + sum[i] : sum[i];
}

static sch_status T(backward_layer)(T(work) *w)
{
    const sch_control *control = &w->a->control;
    const sch_nn_layer *l = &w->a->network.layers[w->at];
    const int64_t blocks = sch_nn_blocks(l->fan_out);
    const double rows = (double)w->m.rows, work = 2.0 * rows * (double)(l->fan_out * l[1].fan_out);
    sch_status status = SCH_OK;
    w->is_packed = w->m.panels > 2 || l[1].fan_out > 512;
    if (w->is_packed) status = sch_nn_for(control, work, blocks, T(pack_backward_task), w);
    w->grid = sch_nn_grid_of(w->m.panels, blocks, work);
    if (status == SCH_OK) status = sch_nn_for(control, work, w->m.panels * w->grid.groups, T(backward_task), w);
    if (!w->layer[w->at].hat || status != SCH_OK) return status;
    const double pass = 32.0 * rows * (double)l->fan_out;
    status = sch_nn_for(control, pass, l->fan_out, T(norm_back_unit_task), w);
    if (status == SCH_OK && l->norm == SCH_NN_LAYER_NORM)
        status = sch_nn_for(control, pass, w->m.panels, T(norm_back_panel_task), w);
    return status;
}

/* Loss of the batch in *loss (weighted sum); what the derivatives by the weights are products of, all others in gradient. */
static sch_status T(backward)(T(work) *w, double *loss)
{
    const sch_nn_network *net = &w->a->network;
    const double rows = (double)w->m.rows;
    double units = 0.0;
    for (int64_t at = 0; at < net->n_layers; ++at) units += (double)net->layers[at].fan_out;
    sch_status status = sch_nn_for(&w->a->control, 64.0 * rows * (double)net->layers[net->n_layers - 1].fan_out,
                                   w->m.panels, T(head_task), w);
    if (status != SCH_OK) return status;
    *loss = sch_sum_ordered(w->partial, w->m.panels);
    for (w->at = net->n_layers - 2; w->at >= 0 && status == SCH_OK; --w->at) status = T(backward_layer)(w);
    if (status == SCH_OK) status = sch_nn_for(&w->a->control, 16.0 * rows * units, T(n_columns)(net), T(rows_task), w);
    return status == SCH_OK && w->tables.n ? T(table_gradients)(w) : status;
}
