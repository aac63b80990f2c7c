/* nn/train_template.h - the nn_train kernel: an epoch of mini-batches, or one pass for loss and gradient.
 * SPDX-License-Identifier: BSD-3-Clause */

static void T(visit_rows)(const T(work) *w)
{
    const sch_nn_train_args *a = w->a;
    for (int64_t i = 0; i < a->x.n; ++i) w->visit[i] = i;
    if (a->shuffle) sch_shuffle(w->visit, a->x.n, sch_key(a->seed, a->epoch));
}

static double T(weight_of_batch)(const sch_nn_train_args *a, const int64_t *order, int64_t rows)
{
    if (!a->weight) return (double)rows;
    double sum = 0.0;
    for (int64_t i = 0; i < rows; ++i) sum += (double)((const real *)a->weight)[order[i]];
    return sum;
}

/* Mini-batches that share a step. */
typedef struct {
    int64_t count; /* batches whose derivatives the gradient holds */
    double decay;  /* sum of alpha / weight of the rows */
    double rows;   /* sum over the batches of rows * alpha / (2 weight of the rows) */
    int64_t steps;
} T(pending);

static sch_status T(take_step)(T(work) *w, T(pending) *waiting)
{
    double squares = 0.0;
    w->rate = w->a->rates[waiting->steps++];
    const sch_status status = T(update)(w, waiting->count, waiting->decay, &squares);
    w->a->penalty_sum += waiting->rows * squares;
    waiting->count = 0, waiting->decay = waiting->rows = 0.0;
    return status;
}

static sch_status T(train_batch)(T(work) *w, int64_t begin, T(pending) *waiting)
{
    sch_nn_train_args *a = w->a;
    const int64_t rows = sch_min(a->batch_size, a->x.n - begin);
    double loss = 0.0;
    w->order = w->visit + begin;
    w->m = T(batch_of)(rows);
    const double weight = T(weight_of_batch)(a, w->order, rows);
    w->weight_sum = a->update ? weight : a->normaliser;
    w->add = waiting->count > 0;
    sch_status status = T(forward)(w);
    if (status == SCH_OK) status = T(backward)(w, &loss);
    if (status != SCH_OK) return status;
    ++a->batches;
    ++waiting->count;
    if (!a->update) {
        a->loss_sum += loss / a->normaliser;
        return SCH_OK;
    }
    if (weight > 0.0) {
        a->loss_sum += loss / weight * (double)rows;
        waiting->decay += a->alpha / weight;
        waiting->rows += 0.5 * a->alpha / weight * (double)rows;
    }
    const int due = waiting->count == a->accumulate || begin + rows == a->x.n;
    return due ? T(take_step)(w, waiting) : SCH_OK;
}

static sch_status T(nn_train)(sch_nn_train_args *a)
{
    sch_arena arena = {.base = a->scratch};
    T(work) w = T(train_layout)(a, &arena);
    T(pending) waiting = {0};
    a->loss_sum = a->penalty_sum = a->norm_sum = 0.0;
    T(visit_rows)(&w);
    for (int64_t begin = 0; begin < a->x.n; begin += a->batch_size) {
        if (sch_should_stop(&a->control)) return SCH_CANCELLED;
        const sch_status status = T(train_batch)(&w, begin, &waiting);
        if (status != SCH_OK) return status;
    }
    return SCH_OK;
}
