/* nn/forward_template.h - from the rows of a batch to raw outputs.
 * SPDX-License-Identifier: BSD-3-Clause */

/* The columns of a dense table for panel p of the batch: rows become lanes. */
static void T(gather_panel)(const sch_table *x, const int64_t *order, int64_t rows, int64_t p, real *panels)
{
    real *const panel = panels + p * x->d * PW;
    for (int v = 0; v < 2 && p * PW + v * VL < rows; ++v) {
        const real *row[VL];
        for (int i = 0; i < VL; ++i) {
            const int64_t m = p * PW + v * VL + i;
            row[i] = m < rows ? (const real *)x->data + order[m] * x->row_stride : NULL;
        }
        T(transpose_rows)(row, x->d, panel + v * VL, PW);
    }
}

/* Panel p of the network's input. raw: room for the columns where they are not the input themselves, or NULL. */
static void T(gather_input)(const sch_nn_network *net, const sch_table *x, const int64_t *order, int64_t rows,
                            int64_t p, real *raw, real *panels)
{
    T(gather_panel)(x, order, rows, p, raw ? raw : panels);
    const int lanes = rows - p * PW > VL ? PW : VL; /* all of a register, or of both, that hold rows */
    if (raw) T(spread_columns)(net, x->d, lanes, raw + p * x->d * PW, panels + p * net->layers[0].fan_in * PW);
}

static void T(gather_targets)(const void *y, const void *weight, int64_t width, const int64_t *order, int64_t rows,
                              int64_t p, real *to, real *weights)
{
    for (int i = 0; i < PW; ++i) {
        const int64_t m = p * PW + i;
        weights[m] = m >= rows ? K(0.0) : (weight ? ((const real *)weight)[order[m]] : K(1.0));
        for (int64_t k = 0; k < width; ++k)
            to[(p * width + k) * PW + i] = m < rows ? ((const real *)y)[order[m] * width + k] : K(0.0);
    }
}

/* Tiles of a layer's linear map: units first .. last of one panel. packed: as pack_forward left it, or NULL. */
SCH_INLINE void T(linear_tile)(const sch_nn_layer *l, const real *packed, const real *in, int nv, int64_t first,
                               int64_t last, real *out)
{
    T(product) p = {.depth = l->fan_in,
                    .span = l->fan_in,
                    .a = (const real *)l->weight + first,
                    .a_step = l->fan_out,
                    .b = in,
                    .start = (const real *)l->bias + first,
                    .c = out + first * PW,
                    .c_row = PW};
    if (packed) p.a = packed, p.a_step = SCH_NN_ROWS;
    T(product_near)(last - first, nv, &p);
}

/* Activation and dropout of some units of a panel whose norm, if any, is done. */
SCH_INLINE void T(activate_units)(const T(work) *w, int64_t at, int64_t panel, int64_t first, int64_t units)
{
    const sch_nn_layer *l = &w->a->network.layers[at];
    const T(layer_work) *k = &w->layer[at];
    const int64_t offset = (panel * l->fan_out + first) * PW;
    T(activate)(l->activation, (k->input ? k->input : k->act) + offset, k->act + offset, units * PW);
    if (l->dropout > 0.0) {
        const T(dropout) d = T(dropout_of)(l, w->a->seed, w->a->batches, at);
        T(drop)(&d, panel, first, units, k->act + offset, k->out + offset);
    }
}

/* Where the linear map's results go: to the end of the chain that follows. */
SCH_INLINE real *T(linear_target)(const T(layer_work) *k) { return k->hat ? k->hat : (k->input ? k->input : k->act); }

static void T(gather_task)(void *context, int64_t p)
{
    T(work) *w = context;
    const sch_nn_train_args *a = w->a;
    if (w->x) T(gather_input)(&a->network, &a->x, w->order, w->m.rows, p, w->raw, w->x);
    T(gather_targets)(a->y, a->weight, w->y_width, w->order, w->m.rows, p, w->y, w->weight);
}

static void T(forward_task)(void *context, int64_t task)
{
    T(work) *w = context;
    const sch_nn_network *net = &w->a->network;
    const sch_nn_layer *l = &net->layers[w->at];
    const T(layer_work) *k = &w->layer[w->at];
    const int64_t p = task / w->grid.groups, group = task % w->grid.groups, blocks = w->grid.inner;
    const int64_t begin = group * w->grid.group, end = sch_min(blocks, begin + w->grid.group);
    const int64_t first = sch_nn_begin(begin, l->fan_out, blocks), last = sch_nn_begin(end, l->fan_out, blocks);
    real *const out = T(linear_target)(k) + p * l->fan_out * PW;
    for (int64_t b = begin; b < end; ++b) {
        const real *const packed = w->is_packed ? w->packed + b * T(forward_block)(l->fan_in) : NULL;
        T(linear_tile)(l, packed, T(input_of)(w, w->at) + p * l->fan_in * PW, T(nv_of)(&w->m, p),
                       sch_nn_begin(b, l->fan_out, blocks), sch_nn_begin(b + 1, l->fan_out, blocks), out);
    }
    if (w->at < net->n_layers - 1 && !k->hat) T(activate_units)(w, w->at, p, first, last - first);
}

static void T(sparse_forward_task)(void *context, int64_t p)
{
    T(work) *w = context;
    const sch_nn_network *net = &w->a->network;
    const sch_nn_layer *l = &net->layers[0];
    const T(layer_work) *k = &w->layer[0];
    T(sparse_forward_panel)(&w->a->x, w->order + p * PW, sch_min(PW, w->m.rows - p * PW), l,
                            k->rows + p * PW * l->fan_out, T(linear_target)(k) + p * l->fan_out * PW);
    if (net->n_layers > 1 && !k->hat) T(activate_units)(w, 0, p, 0, l->fan_out);
}

static void T(norm_task)(void *context, int64_t task)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[w->at];
    const T(layer_work) *k = &w->layer[w->at];
    real *const u = k->input ? k->input : k->act;
    if (l->norm == SCH_NN_BATCH_NORM) {
        T(batch_norm_unit)(l, &w->m, task, k->hat, k->hat, u, k->scale);
        for (int64_t p = 0; p < w->m.panels; ++p) T(activate_units)(w, w->at, p, task, 1);
    } else {
        const int64_t offset = task * l->fan_out * PW;
        T(layer_norm_panel)(l, k->hat + offset, k->hat + offset, u + offset, k->scale + task * PW);
        T(activate_units)(w, w->at, task, 0, l->fan_out);
    }
}

enum { T(PACK_BLOCKS) = 8, T(PACK_AHEAD) = 16 };

/* Weights in the order in which the tiles of all panels read them: pays once there are some panels. A task does some
 * neighbouring blocks, to read whole lines of each row, and asks for rows ahead: they are pages apart, which no hardware
 * foresees. Registers read on beyond a block, at the end of the weights into what follows them, the intercepts. */
static void T(pack_forward_task)(void *context, int64_t task)
{
    T(work) *w = context;
    const sch_nn_layer *l = &w->a->network.layers[w->at];
    const int64_t blocks = sch_nn_blocks(l->fan_out), ahead = T(PACK_AHEAD) *l->fan_out;
    const int64_t begin = task * T(PACK_BLOCKS), end = sch_min(blocks, begin + T(PACK_BLOCKS));
    const int64_t first = sch_nn_begin(begin, l->fan_out, blocks), last = sch_nn_begin(end, l->fan_out, blocks);
    const real *row = l->weight;
    for (int64_t k = 0; k < l->fan_in; ++k, row += l->fan_out) {
        for (int64_t u = first; u < last; u += SCH_LINE / (int64_t)sizeof(real)) __builtin_prefetch(row + ahead + u);
        for (int64_t b = begin; b < end; ++b) {
            const real *const from = row + sch_nn_begin(b, l->fan_out, blocks);
            real *const to = w->packed + b * T(forward_block)(l->fan_in) + k * SCH_NN_ROWS;
            for (int64_t v = 0; v < SCH_NN_ROWS; v += VL) T(vstore)(to + v, T(vload)(from + v));
        }
    }
}

static sch_status T(forward)(T(work) *w)
{
    const sch_nn_train_args *a = w->a;
    const sch_nn_network *net = &a->network;
    const double rows = (double)w->m.rows;
    sch_status status =
        sch_nn_for(&a->control, 16.0 * rows * (double)net->layers[0].fan_in, w->m.panels, T(gather_task), w);
    for (w->at = 0; w->at < net->n_layers && status == SCH_OK; ++w->at) {
        const sch_nn_layer *l = &net->layers[w->at];
        const int64_t blocks = sch_nn_blocks(l->fan_out);
        const double work = 2.0 * rows * (double)(l->fan_in * l->fan_out);
        const int sparse = w->at == 0 && a->x.storage != SCH_DENSE;
        w->grid = sch_nn_grid_of(w->m.panels, blocks, work);
        w->is_packed = !sparse && w->m.panels > 3 && l->fan_out > 256;
        const int64_t packs = (blocks + T(PACK_BLOCKS) - 1) / T(PACK_BLOCKS);
        if (w->is_packed) status = sch_nn_for(&a->control, work, packs, T(pack_forward_task), w);
        if (status != SCH_OK) break;
        if (sparse) status = sch_nn_for(&a->control, work, w->m.panels, T(sparse_forward_task), w);
        else status = sch_nn_for(&a->control, work, w->m.panels * w->grid.groups, T(forward_task), w);
        if (status == SCH_OK && w->layer[w->at].hat)
            status = sch_nn_for(&a->control, 64.0 * rows * (double)l->fan_out,
                                l->norm == SCH_NN_BATCH_NORM ? l->fan_out : w->m.panels, T(norm_task), w);
    }
    return status;
}
