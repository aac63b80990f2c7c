/* nn/embedding_template.h - derivatives by the tables that categories are looked up in.
 *
 * A table's derivatives are the sums, row by row of the batch, of those by the units that the row was looked up for: one
 * thread per table, in the order of the rows. Places that no row has met have no derivative, and none is written.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Derivative by the units of all tables, for panel p of the batch; then by row. */
static void T(lookup_delta_task)(void *context, int64_t p)
{
    T(work) *w = context;
    const T(tables) *t = &w->tables;
    const sch_nn_layer *l = &w->a->network.layers[0];
    const int nv = T(nv_of)(&w->m, p);
    real *const delta = t->delta + p * t->n_units * PW;
    for (int64_t k = 0; k < t->n; ++k) {
        const T(lookup) *lookup = &t->lookup[k];
        const int64_t width = lookup->c->width, blocks = sch_nn_blocks(width);
        for (int64_t b = 0; b < blocks; ++b) {
            const int64_t first = sch_nn_begin(b, width, blocks), last = sch_nn_begin(b + 1, width, blocks);
            const T(product) product = {.depth = l->fan_out,
                                        .span = l->fan_out,
                                        .a = (const real *)l->weight + (lookup->unit + first) * l->fan_out,
                                        .a_row = l->fan_out,
                                        .a_step = 1,
                                        .b = w->layer[0].delta + p * l->fan_out * PW,
                                        .c = delta + (lookup->at + first) * PW,
                                        .c_row = PW};
            T(product_strided)(last - first, nv, &product);
        }
    }
    for (int64_t u = 0; u < t->n_units; u += VL) {
        const real *row[VL];
        for (int64_t i = 0; i < VL; ++i) row[i] = u + i < t->n_units ? delta + (u + i) * PW : NULL;
        T(transpose_rows)(row, nv * VL, t->rows + p * PW * t->row_stride + u, t->row_stride);
    }
}

/* Makes a place ready to be added to, when a step first meets it. Without steps all places count as met. */
SCH_INLINE void T(meet)(T(lookup) *l, int64_t place, real *gradient)
{
    if (l->is_met[place]) return;
    l->is_met[place] = 1;
    l->met[l->n_met++] = place;
    memset(gradient, 0, (size_t)l->c->width * sizeof(real));
}

static void T(table_gradient_task)(void *context, int64_t k)
{
    T(work) *w = context;
    const sch_nn_train_args *a = w->a;
    T(lookup) *const l = &w->tables.lookup[k];
    const int64_t width = l->c->width;
    real *const gradient = T(gradient_of)(w, l->c->table);
    if (!a->update)
        for (int64_t place = 0; place < T(n_places)(l->c); ++place) T(meet)(l, place, gradient + place * width);
    for (int64_t m = 0; m < w->m.rows; ++m) {
        const real value = w->raw[((m / PW) * a->x.d + l->column) * PW + m % PW];
        const int64_t place = T(code_of)(l->c, value);
        real *const g = gradient + place * width;
        const real *const d = w->tables.rows + m * w->tables.row_stride + l->at;
        T(meet)(l, place, g);
        SCH_SIMD
        for (int64_t u = 0; u < width; ++u) g[u] += d[u];
    }
}

static sch_status T(table_gradients)(T(work) *w)
{
    const sch_control *control = &w->a->control;
    const double values = (double)(w->m.rows * w->tables.n_units);
    const double products = 2.0 * values * (double)w->a->network.layers[0].fan_out;
    const sch_status status = sch_nn_for(control, products, w->m.panels, T(lookup_delta_task), w);
    return status == SCH_OK ? sch_nn_for(control, 16.0 * values, w->tables.n, T(table_gradient_task), w) : status;
}
