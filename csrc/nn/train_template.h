/* nn/train_template.h - the nn_train kernel: an epoch of mini-batches, or one pass for loss and gradient.
 * SPDX-License-Identifier: BSD-3-Clause */

static void T(visit_rows)(const T(work) *w)
{
    const sch_nn_train_args *a = w->a;
    for (int64_t i = 0; i < a->x.n; ++i) w->visit[i] = i;
    if (a->shuffle) sch_shuffle(w->visit, a->x.n, sch_key(a->seed, a->epoch));
}

static double T(weight_of_rows)(const sch_nn_train_args *a, const int64_t *order, int64_t rows)
{
    if (!a->weight) return (double)rows;
    double sum = 0.0;
    for (int64_t i = 0; i < rows; ++i) sum += (double)((const real *)a->weight)[order[i]];
    return sum;
}

/* Mini-batches that share a step, which is the one that a batch of all their rows would make. */
typedef struct {
    int64_t count, rows; /* batches so far; rows of all that will be */
    double weight, loss; /* of all rows; sum over the rows so far */
    int64_t steps;
} T(group);

static void T(begin_group)(T(work) *w, int64_t begin, T(group) *g)
{
    const sch_nn_train_args *a = w->a;
    const int64_t left = a->x.n - begin;
    g->rows = a->accumulate <= left / a->batch_size ? a->accumulate * a->batch_size : left;
    g->weight = a->update ? T(weight_of_rows)(a, w->visit + begin, g->rows) : a->normaliser;
    g->loss = 0.0;
    T(forget_met)(&w->tables);
}

static sch_status T(end_group)(T(work) *w, T(group) *g)
{
    sch_nn_train_args *a = w->a;
    const double share = g->weight > 0.0 ? (double)g->rows / g->weight : 0.0;
    double squares = 0.0;
    a->loss_sum += g->loss * share;
    w->rate = a->rates[g->steps++];
    const sch_status status = T(update)(w, g->weight > 0.0 ? a->alpha / g->weight : 0.0, &squares);
    a->penalty_sum += 0.5 * a->alpha * share * squares;
    g->count = 0;
    return status;
}

static sch_status T(train_batch)(T(work) *w, int64_t begin, T(group) *g)
{
    sch_nn_train_args *a = w->a;
    const int64_t rows = sch_min(a->batch_size, a->x.n - begin);
    double loss = 0.0;
    if (g->count == 0) T(begin_group)(w, begin, g);
    w->order = w->visit + begin;
    w->m = T(batch_of)(rows);
    w->weight_sum = g->weight;
    w->add = g->count > 0;
    sch_status status = T(forward)(w);
    if (status == SCH_OK) status = T(backward)(w, &loss);
    if (status != SCH_OK) return status;
    ++a->batches;
    ++g->count;
    g->loss += loss;
    if (!a->update) a->loss_sum += loss / a->normaliser;
    const int due = a->update && (g->count == a->accumulate || begin + rows == a->x.n);
    return due ? T(end_group)(w, g) : T(weights_pass)(w, 1, 0);
}

static sch_status T(nn_train)(sch_nn_train_args *a)
{
    sch_arena arena = {.base = a->scratch};
    T(work) w = T(train_layout)(a, &arena);
    T(group) group = {0};
    a->loss_sum = a->penalty_sum = a->norm_sum = 0.0;
    T(visit_rows)(&w);
    T(begin_tables)(&w.tables);
    for (int64_t begin = 0; begin < a->x.n; begin += a->batch_size) {
        if (sch_should_stop(&a->control)) return SCH_CANCELLED;
        const sch_status status = T(train_batch)(&w, begin, &group);
        if (status != SCH_OK) return status;
    }
    return SCH_OK;
}
