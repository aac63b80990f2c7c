/* nn/tables_template.h - what training keeps of the tables that categories are looked up in.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    const sch_nn_column *c;
    int64_t column;       /* of the table of rows */
    int64_t unit;         /* of the network's input, the first of this table */
    int64_t at;           /* the same among the units of tables alone */
    int64_t *met, n_met;  /* rows of it that the batches of a step have met, in that order */
    char *is_met;         /* (levels + 1) */
    double squares;       /* sum over all its numbers */
} T(lookup);

typedef struct {
    T(lookup) *lookup;      /* (n) */
    int64_t n, n_units, n_parameters;
    real *delta;            /* derivative of the loss by their units, [panel][unit][PW] */
    real *rows;             /* the same by row of the batch */
    int64_t row_stride;
} T(tables);

SCH_INLINE int64_t T(n_places)(const sch_nn_column *c) { return c->levels + 1; }

/* Divides the scratch, or with arena->base == NULL only counts it. */
static T(tables) T(tables_layout)(const sch_nn_network *net, int64_t d, int64_t rows, sch_arena *arena)
{
    T(tables) t = {0};
    for (int64_t j = 0; net->columns && j < d; ++j) t.n += net->columns[j].table != NULL;
    t.lookup = sch_take(arena, t.n * (int64_t)sizeof *t.lookup);
    for (int64_t j = 0, k = 0, unit = 0; k < t.n; unit += net->columns[j++].width) {
        const sch_nn_column *c = &net->columns[j];
        if (!c->table) continue;
        T(lookup) l = {.c = c, .column = j, .unit = unit, .at = t.n_units};
        l.met = sch_take(arena, T(n_places)(c) * (int64_t)sizeof *l.met);
        l.is_met = sch_take(arena, T(n_places)(c));
        if (arena->base) t.lookup[k] = l;
        t.n_units += c->width;
        t.n_parameters += T(n_places)(c) * c->width;
        ++k;
    }
    t.row_stride = sch_round_up(t.n_units, VL);
    t.delta = sch_take(arena, rows * t.n_units * (int64_t)sizeof(real));
    t.rows = sch_take(arena, rows * t.row_stride * (int64_t)sizeof(real));
    return t;
}

SCH_INLINE double T(sum_of_squares)(const real *w, int64_t n)
{
    double sum = 0.0;
    SCH_SIMD_SUM(sum)
    for (int64_t i = 0; i < n; ++i) sum += (double)w[i] * (double)w[i];
    return sum;
}

static void T(begin_tables)(T(tables) *t)
{
    for (int64_t k = 0; k < t->n; ++k) {
        T(lookup) *l = &t->lookup[k];
        memset(l->is_met, 0, (size_t)T(n_places)(l->c));
        l->squares = T(sum_of_squares)(l->c->table, T(n_places)(l->c) * l->c->width);
    }
}

static void T(forget_met)(T(tables) *t)
{
    for (int64_t k = 0; k < t->n; ++k) {
        T(lookup) *l = &t->lookup[k];
        for (int64_t i = 0; i < l->n_met; ++i) l->is_met[l->met[i]] = 0;
        l->n_met = 0;
    }
}
