/* tree/cart_split.h - looking for the splits of a range of nodes, and carrying splits out.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---------------------------------------------------------------- which features */

/* The draw at `step` of a permutation without end: swaps what is drawn to its place. Doing it again undoes it. */
SCH_INLINE int32_t cart_draw(int32_t *features, int64_t d, uint64_t key, int64_t step)
{
    const int64_t other = step + sch_below((uint64_t)step, key, d - step);
    const int32_t drawn = features[other];
    features[other] = features[step];
    features[step] = drawn;
    return drawn;
}

SCH_INLINE void cart_undo_draws(int32_t *features, int64_t d, uint64_t key, int64_t steps)
{
    while (steps--) (void)cart_draw(features, d, key, steps);
}

/* ---------------------------------------------------------------- looking */

static void cart_search_chunk(void *context, int64_t chunk)
{
    const cart_work *const work = context;
    const int taken = sch_take_slot(&work->slots);
    for (int64_t t = work->bounds[chunk]; t < work->bounds[chunk + 1]; ++t) {
        if (sch_should_stop(&work->a->control)) break;
        work->found[t] = (work->whole_lists ? cart_try_piece : cart_try)(work, &work->slot[taken], work->tasks[t].node,
                                                                         work->tasks[t].item);
    }
    sch_return_slot(&work->slots, taken);
}

/* The best of a node's candidates, the first of equals. If all features looked at were constant, goes on drawing until
 * one is not. */
static cart_split cart_best(const cart_work *work, cart_slot *slot, int64_t id, const cart_split *found, int64_t n)
{
    const int64_t d = work->a->x.d;
    const uint64_t key = cart_node_key(work, &work->a->nodes[id]);
    cart_split best = {.rating = -CART_INFINITY, .constant = 1};
    int64_t drawn = 0;
    for (int64_t t = 0; t < n; ++t)
        if (cart_is_better(&found[t], &best)) best = found[t];
    if (!best.constant || work->a->max_features >= d) return best;
    while (drawn < n) (void)cart_draw(slot->features, d, key, drawn++);
    while (best.constant && drawn < d) {
        const int32_t feature = cart_draw(slot->features, d, key, drawn++);
        best = cart_try(work, slot, id, feature);
    }
    cart_undo_draws(slot->features, d, key, drawn);
    return best;
}

/* Which rows go right, into `side`. */
static void cart_mark_sides(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const cart_split *best)
{
    const cart_column c = cart_find_column(work, slot, node, best->feature);
    cart_mark(work, node, &c, best->threshold, best->missing_left, work->a->side);
}

/* Keeps the split in the node if it gains enough. */
static void cart_settle(const cart_work *work, cart_slot *slot, int64_t id, const cart_split *best)
{
    const sch_cart_grow_args *a = work->a;
    sch_cart_node *const node = &a->nodes[id];
    if (!(best->rating > -CART_INFINITY)) return;
    cart_mark_sides(work, slot, node, best);
    const cart_summary left = cart_summarise(work, node, a->side, 0, slot->sums);
    const cart_summary right = cart_summarise(work, node, a->side, 1, slot->sums);
    const double within = (left.weight * left.impurity + right.weight * right.impurity) / node->weight;
    const double gain = node->weight / a->total_weight * (node->impurity - within);
    if (gain + DBL_EPSILON < a->min_impurity_decrease) return;
    node->gain = gain;
    node->n_left = best->n_left;
    node->feature = best->feature;
    node->threshold = best->threshold;
    node->missing_left = best->missing_left;
    node->middle = 0.5 * (left.value + right.value);
}

static void cart_settle_chunk(void *context, int64_t chunk)
{
    const cart_work *const work = context;
    const int taken = sch_take_slot(&work->slots);
    for (int64_t b = work->bounds[chunk]; b < work->bounds[chunk + 1]; ++b) {
        const int64_t id = work->tasks[b].node, from = work->first[b];
        const cart_split best = cart_best(work, &work->slot[taken], id, work->found + from, work->first[b + 1] - from);
        if (sch_should_stop(&work->a->control)) break;
        cart_settle(work, &work->slot[taken], id, &best);
    }
    sch_return_slot(&work->slots, taken);
}

/* Adds the features to look at, all or as many as were drawn. */
static void cart_add_features(cart_work *work, int64_t id)
{
    const sch_cart_grow_args *a = work->a;
    const int64_t cells = a->nodes[id].n_rows, d = a->x.d, n = sch_min(a->max_features, d);
    const uint64_t key = cart_node_key(work, &a->nodes[id]);
    int32_t *const features = work->slot[0].features; /* no chunk is running */
    for (int64_t step = 0; step < n; ++step)
        cart_add_task(work, id, n == d ? step : cart_draw(features, d, key, step), cells);
    if (n < d) cart_undo_draws(features, d, key, n);
}

static sch_status cart_search_batch(cart_work *work)
{
    const int64_t n_nodes = work->n_batch;
    int32_t *const first = work->first;
    first[n_nodes] = (int32_t)work->n_tasks;
    sch_status status = cart_run_tasks(work, cart_search_chunk);
    if (status != SCH_OK) return status;
    /* The same array serves for one task per node: a node has one feature at least. */
    const cart_task *const tasks = work->tasks;
    for (int64_t b = 0; b < n_nodes; ++b) work->chosen[b] = tasks[first[b]].node;
    cart_begin_tasks(work);
    for (int64_t b = 0; b < n_nodes; ++b)
        cart_add_task(work, work->chosen[b], 0, 4 * work->a->nodes[work->chosen[b]].n_rows);
    return cart_run_tasks(work, cart_settle_chunk);
}

static int cart_may_split(const sch_cart_grow_args *a, const sch_cart_node *node)
{
    return node->depth < a->max_depth && node->n_rows >= a->min_samples_split &&
           node->n_rows >= 2 * a->min_samples_leaf && !(node->weight < 2.0 * a->min_weight_leaf) &&
           node->impurity > DBL_EPSILON;
}

/* Finds the splits of nodes first .. last - 1. */
static sch_status cart_consider(cart_work *work, int64_t first, int64_t last)
{
    sch_status status = SCH_OK;
    cart_begin_tasks(work);
    for (int64_t id = first; id < last && status == SCH_OK; ++id) {
        if (!cart_may_split(work->a, &work->a->nodes[id])) continue;
        work->first[work->n_batch++] = (int32_t)work->n_tasks;
        if (work->whole_lists) cart_add_pieces(work, id, work->a->nodes[id].n_stored);
        else cart_add_features(work, id);
        if (work->n_tasks < CART_TASKS) continue;
        status = cart_search_batch(work);
        cart_begin_tasks(work);
    }
    return status == SCH_OK && work->n_batch ? cart_search_batch(work) : status;
}

/* ---------------------------------------------------------------- carrying out */

/* Left rows before right ones in one order, both as they were: every entry is written to both ends, and one counts. */
static void cart_partition(const uint8_t *side, sch_cart_entry *e, int64_t n, sch_cart_entry *spare)
{
    int64_t n_left = 0, n_right = 0;
    for (int64_t i = 0; i < n; ++i) {
        uint64_t entry; /* one move instead of two */
        memcpy(&entry, e + i, sizeof entry);
        const int64_t right = side[e[i].row];
        memcpy(e + n_left, &entry, sizeof entry);
        memcpy(spare + n_right, &entry, sizeof entry);
        n_right += right;
        n_left += 1 - right;
    }
    memcpy(e + n_left, spare, (size_t)n_right * sizeof *e);
}

static void cart_partition_chunk(void *context, int64_t chunk)
{
    const cart_work *const work = context;
    const int taken = sch_take_slot(&work->slots);
    for (int64_t t = work->bounds[chunk]; t < work->bounds[chunk + 1]; ++t) {
        const sch_cart_node *node = &work->a->nodes[work->tasks[t].node];
        cart_partition(work->a->side, cart_order(work, work->tasks[t].item, node), node->n_rows,
                       work->slot[taken].spare);
    }
    sch_return_slot(&work->slots, taken);
}

static void cart_describe_chunk(void *context, int64_t chunk)
{
    const cart_work *const work = context;
    for (int64_t t = work->bounds[chunk]; t < work->bounds[chunk + 1]; ++t) {
        const int64_t id = work->tasks[t].node;
        cart_describe(work, &work->a->nodes[id], work->a->sums + id * work->width);
    }
}

/* Bounds of a child's value: a constrained split divides those of its parent. */
static void cart_bound(const sch_cart_grow_args *a, const sch_cart_node *parent, int right, sch_cart_node *child)
{
    const int sign = a->monotonic ? a->monotonic[parent->feature] : 0;
    child->lower = parent->lower;
    child->upper = parent->upper;
    if (sign == 0) return;
    if ((sign > 0) == right) child->lower = parent->middle;
    else child->upper = parent->middle;
}

static void cart_make_children(const sch_cart_grow_args *a, int64_t id, int64_t left)
{
    const sch_cart_node *parent = &a->nodes[id];
    for (int right = 0; right < 2; ++right) {
        sch_cart_node child = {.feature = -1, .parent = (int32_t)id, .depth = parent->depth + 1};
        child.start = parent->start + (right ? parent->n_left : 0);
        child.n_rows = right ? parent->n_rows - parent->n_left : parent->n_left;
        child.key = sch_mix(2 * parent->key + (uint64_t)right);
        cart_bound(a, parent, right, &child);
        a->nodes[left + right] = child;
    }
}

/* Orders that have to be divided: where children are leaves for their depth, only those that describe them. */
static int cart_needs_order(const cart_work *work, const sch_cart_node *node, int64_t l)
{
    return l == 0 || l >= work->by_y || node->depth + 1 < work->a->max_depth;
}

/* Orders of the n chosen nodes are divided, in batches; then their children are described. */
static sch_status cart_divide(cart_work *work, int64_t n)
{
    const sch_cart_grow_args *a = work->a;
    sch_status status = a->stored ? cart_divide_stored(work, n) : SCH_OK;
    cart_begin_tasks(work);
    for (int64_t j = 0; j < n && status == SCH_OK; ++j) {
        const int64_t id = work->chosen[j];
        for (int64_t l = 0; l < a->n_orders; ++l)
            if (cart_needs_order(work, &a->nodes[id], l)) cart_add_task(work, id, l, a->nodes[id].n_rows);
        if (work->n_tasks < CART_TASKS && j + 1 < n) continue;
        status = cart_run_tasks(work, cart_partition_chunk);
        cart_begin_tasks(work);
    }
    for (int64_t j = 0; j < 2 * n && status == SCH_OK; ++j) {
        cart_add_task(work, a->n_nodes + j, 0, a->nodes[a->n_nodes + j].n_rows);
        if (work->n_tasks < CART_TASKS && j + 1 < 2 * n) continue;
        status = cart_run_tasks(work, cart_describe_chunk);
        cart_begin_tasks(work);
    }
    return status;
}
