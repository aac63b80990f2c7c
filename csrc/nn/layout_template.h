/* nn/layout_template.h - what training keeps of a batch, and where.
 *
 * Everything of a batch is in panels (see product_template.h): [panel][unit][PW]. Rows beyond the batch in its last panel
 * hold what they hold: their loss weighs nothing, and no sum over rows includes them.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    real *out;   /* the layer's output: raw ones in the last layer */
    real *act;   /* before dropout, else the same as out */
    real *input; /* what the activation was given, where its derivative needs it, else NULL */
    real *hat;   /* normalised, or NULL */
    real *scale; /* the norm's 1 / deviation: (units) or (rows) */
    real *delta; /* derivative of the loss by what the linear map gives */
    real *rows;  /* delta by row: [PW units][row][PW] */
    sch_nn_grid weights; /* tasks: pairs of blocks of inputs, so that deltas are used twice, by columns of PW units */
} T(layer_work);

typedef struct {
    sch_nn_train_args *a;
    T(batch) m;
    const int64_t *order;  /* rows of the table that are in the batch */
    real *x, *y, *weight;  /* gathered; x only of dense tables */
    real *raw;             /* x before categories become units, or NULL */
    T(tables) tables;
    int64_t y_width;
    real *packed;          /* weights in the order in which tiles read them */
    int is_packed;
    int64_t *visit;        /* all rows in visiting order */
    double *partial;
    T(layer_work) *layer;
    double weight_sum;
    int add;               /* gradient goes on top of what is there */
    int64_t at;            /* layer of the loop that is running */
    sch_nn_grid grid;
    double decay, scale;   /* of the step: alpha / weight of the rows, what gradients are multiplied with */
    double rate;
    T(step) step;
    int64_t n_tasks;       /* of all layers' weights */
    int derives, steps;    /* what they do */
} T(work);

enum { T(STEP_CHUNK) = 16384 }; /* parameters per task of an update */

SCH_INLINE int64_t T(round_rows)(int64_t rows) { return sch_round_up(rows, PW); }
SCH_INLINE int64_t T(n_chunks)(int64_t n) { return (n + T(STEP_CHUNK) - 1) / T(STEP_CHUNK); }
SCH_INLINE int64_t T(pack_stride)(void) { return sch_round_up(SCH_NN_ROWS, VL); }

/* Room for a block of weights packed for the way forward: rows written by whole registers, one over the end of the other. */
SCH_INLINE int64_t T(forward_block)(int64_t fan_in) { return (fan_in - 1) * SCH_NN_ROWS + T(pack_stride)(); }

static real *T(take_reals)(int64_t n, sch_arena *arena) { return sch_take(arena, n * (int64_t)sizeof(real)); }

/* Returns the number of tasks that its weights are cut into. */
static int64_t T(layer_layout)(const sch_nn_network *net, int64_t at, int64_t rows, T(layer_work) *w, sch_arena *arena)
{
    const sch_nn_layer *l = &net->layers[at];
    const int last = at == net->n_layers - 1;
    const int64_t size = rows * l->fan_out;
    T(layer_work) k = {.out = T(take_reals)(size, arena), .delta = T(take_reals)(size, arena)};
    k.act = !last && l->dropout > 0.0 ? T(take_reals)(size, arena) : k.out;
    k.input = !last && T(keeps_input)(l) ? T(take_reals)(size, arena) : NULL;
    if (!last && l->norm != SCH_NN_NO_NORM) {
        k.hat = T(take_reals)(size, arena);
        k.scale = T(take_reals)(sch_max(l->fan_out, rows), arena);
    }
    k.rows = T(take_reals)(rows * sch_round_up(l->fan_out, PW), arena);
    k.weights = sch_nn_grid_of((sch_nn_blocks(l->fan_in) + 1) / 2, (l->fan_out + PW - 1) / PW,
                               2.0 * (double)(rows * l->fan_in * l->fan_out));
    if (w) *w = k;
    return sch_nn_tasks(&k.weights);
}

/* Divides the scratch, or with arena.base == NULL only counts it. */
static T(work) T(train_layout)(sch_nn_train_args *a, sch_arena *arena)
{
    const sch_nn_network *net = &a->network;
    const int64_t rows = T(round_rows)(sch_min(a->batch_size, a->x.n)), n_layers = net->n_layers;
    T(work) w = {.a = a, .y_width = net->loss == SCH_NN_LOSS_SOFTMAX ? 1 : net->layers[n_layers - 1].fan_out};
    int64_t packed = 0;
    w.layer = sch_take(arena, n_layers * (int64_t)sizeof *w.layer);
    for (int64_t at = 0; at < n_layers; ++at) {
        const sch_nn_layer *l = &net->layers[at];
        const int64_t forward = sch_nn_blocks(l->fan_out) * l->fan_in, backward = sch_nn_blocks(l->fan_in) * l->fan_out;
        w.n_tasks += T(layer_layout)(net, at, rows, arena->base ? &w.layer[at] : NULL, arena);
        packed = sch_max(packed, sch_max(forward, backward) * T(pack_stride)());
    }
    w.packed = T(take_reals)(packed, arena);
    w.x = a->x.storage == SCH_DENSE ? T(take_reals)(rows * net->layers[0].fan_in, arena) : NULL;
    w.raw = net->columns ? T(take_reals)(rows * a->x.d, arena) : NULL;
    w.tables = T(tables_layout)(net, a->x.d, rows, arena);
    w.y = T(take_reals)(rows * w.y_width, arena);
    w.weight = T(take_reals)(rows, arena);
    w.visit = sch_take(arena, a->x.n * (int64_t)sizeof(int64_t));
    const int64_t partials = sch_max(sch_max(rows, w.n_tasks), sch_max(w.tables.n, T(n_chunks)(a->n_parameters)));
    w.partial = sch_take(arena, partials * (int64_t)sizeof(double));
    return w;
}

static int64_t T(nn_train_scratch)(const sch_nn_train_args *a)
{
    sch_arena arena = {0};
    sch_nn_train_args copy = *a;
    (void)T(train_layout)(&copy, &arena);
    return arena.used;
}

/* The input of layer `at`, in panels; NULL for a sparse table. */
SCH_INLINE const real *T(input_of)(const T(work) *w, int64_t at) { return at ? w->layer[at - 1].out : w->x; }

/* Where the derivative by a parameter goes: gradient and parameters are laid out alike. */
SCH_INLINE real *T(gradient_of)(const T(work) *w, const void *parameter)
{
    return (real *)w->a->gradient + ((const real *)parameter - (const real *)w->a->parameters);
}
