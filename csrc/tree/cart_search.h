/* tree/cart_search.h - the best split of one node by one feature.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---------------------------------------------------------------- values of a feature */

/* A feature's values in a node. */
static cart_column cart_find_column(const cart_work *work, cart_slot *slot, const sch_cart_node *node, int64_t f)
{
    const sch_cart_grow_args *a = work->a;
    const sch_columns *x = &a->x;
    const sch_cart_entry *rows = cart_rows(work, node);
    if (a->stored) return cart_listed_column(a, node, f);
    if (a->search == SCH_CART_SORTED) return (cart_column){cart_order(work, f, node), node->n_rows, 0, 1};
    if (x->storage != SCH_STRIDED) return cart_gather_stored(a, node, rows, f, slot->gathered);
    const float *column = (const float *)x->data + f * x->column_stride;
    for (int64_t i = 0; i < node->n_rows; ++i)
        slot->gathered[i] = (sch_cart_entry){column[rows[i].row * x->row_stride], rows[i].row};
    return (cart_column){slot->gathered, node->n_rows, 0, 0};
}

/* ---------------------------------------------------------------- best threshold */

/* Missing values first, as the split puts them: running errors follow the very sequence of the rows. */
static void cart_prepare_errors(const cart_work *work, cart_slot *slot, const sch_cart_node *node,
                                const sch_cart_entry *e, int64_t n, int64_t missing)
{
    if (work->a->criterion != SCH_CART_ABSOLUTE) return;
    memcpy(slot->spare, e + n, (size_t)missing * sizeof *e);
    memcpy(slot->spare + missing, e, (size_t)n * sizeof *e);
    cart_running_errors(work, slot, node, slot->spare, n + missing);
}

/* Whether a sorted column, of which n entries have a value, is the same for all rows. */
static int cart_is_constant(const cart_column *c, int64_t n)
{
    float low = n ? c->e[0].x : 0.0f, high = n ? c->e[n - 1].x : 0.0f;
    if (c->zeros && low > 0.0f) low = 0.0f;
    if (c->zeros && high < 0.0f) high = 0.0f;
    return n + c->zeros == 0 || (n == c->n && !(high > low + CART_SAME));
}

static void cart_try_sorted(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                            cart_column c, cart_split *best)
{
    const int absolute = work->a->criterion == SCH_CART_ABSOLUTE;
    int64_t n = c.n;
    while (n && isnan(c.e[n - 1].x)) --n;
    const int64_t missing = c.n - n;
    best->constant = cart_is_constant(&c, n);
    if (best->constant) return;
    if (absolute && c.zeros) {
        n += c.zeros;
        c = cart_spell_out(work, slot, node, &c);
    }
    if (absolute) cart_running_errors(work, slot, node, c.e, c.n);
    cart_scan_column(work, slot, node, sums, &c, missing, 0, best);
    if (missing) {
        cart_prepare_errors(work, slot, node, c.e, n, missing);
        cart_scan_column(work, slot, node, sums, &c, missing, 1, best);
    } else {
        best->missing_left = best->n_left > node->n_rows - best->n_left;
    }
}

/* ---------------------------------------------------------------- random threshold */

SCH_INLINE uint64_t cart_node_key(const cart_work *work, const sch_cart_node *node)
{
    return sch_key(work->a->seed, node->key);
}

/* A number in [0, 1) with 53 bits. */
SCH_INLINE double cart_uniform(uint64_t key, uint64_t counter)
{
    const uint64_t high = sch_squares(2 * counter, key), low = sch_squares(2 * counter + 1, key);
    return (double)(((high << 32) | low) >> 11) * 0x1p-53;
}

/* Whether a value goes right. */
SCH_INLINE int cart_goes_right(float x, double threshold, int missing_left)
{
    return isnan(x) ? !missing_left : (double)x > threshold;
}

/* Marks the right side of a split. */
static void cart_mark(const cart_work *work, const sch_cart_node *node, const cart_column *c, double threshold,
                      int missing_left, uint8_t *side)
{
    const sch_cart_entry *e = c->e, *rows = cart_rows(work, node);
    for (int64_t i = 0; c->zeros && i < node->n_rows; ++i) side[rows[i].row] = 0.0 > threshold;
    for (int64_t i = 0; i < c->n; ++i) side[e[i].row] = (uint8_t)cart_goes_right(e[i].x, threshold, missing_left);
}

/* Draws a threshold between the lowest and the highest value, and where missing values go; the feature is constant if
 * there is nothing between. */
static void cart_draw_threshold(const sch_cart_grow_args *a, const cart_column *c, uint64_t key, cart_split *best)
{
    const uint64_t counter = (uint64_t)a->x.d + 2 * (uint64_t)best->feature; /* the first d belong to the features */
    const sch_cart_entry *e = c->e;
    float low = c->zeros ? 0.0f : INFINITY, high = c->zeros ? 0.0f : -INFINITY;
    int64_t missing = 0;
#pragma omp simd reduction(min : low) reduction(max : high) reduction(+ : missing)
    for (int64_t i = 0; i < c->n; ++i) {
        low = e[i].x < low ? e[i].x : low;
        high = e[i].x > high ? e[i].x : high;
        missing += isnan(e[i].x) != 0;
    }
    best->constant = missing == c->n + c->zeros || (!missing && !(high > low + CART_SAME));
    if (best->constant) return;
    const double drawn = (double)low + ((double)high - (double)low) * cart_uniform(key, counter);
    best->threshold = drawn >= (double)high ? (double)low : drawn;
    best->missing_left = missing ? (uint8_t)(2 | (sch_squares(2 * counter + 2, key) & 1)) : 0;
}

/* Rates the one candidate that a random split is: as a block of one, but for absolute errors. */
static void cart_rate_drawn(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                            const cart_column *c, cart_split *best)
{
    cart_block *const block = slot->block;
    cart_running at = cart_begin_scan(work, slot, node, sums);
    const int missing_left = best->missing_left & 1, zeros_left = c->zeros && !(0.0 > best->threshold);
    int64_t n_left = 0;
    for (int64_t i = 0; i < c->n; ++i) { /* the left rows, one after another */
        slot->spare[n_left] = c->e[i];
        n_left += !cart_goes_right(c->e[i].x, best->threshold, missing_left);
    }
    best->n_left = n_left + (zeros_left ? c->zeros : 0);
    if (best->n_left < sch_max(1, work->a->min_samples_leaf)) return;
    if (node->n_rows - best->n_left < sch_max(1, work->a->min_samples_leaf)) return;
    cart_absorb(work, slot, &at, slot->spare, n_left);
    if (zeros_left) cart_step_zeros(work, slot, &at, c);
    const int64_t last = zeros_left ? 0 : (n_left - 1) % CART_BLOCK;
    block->x[last] = 0.0f;
    block->x[last + 1] = 1.0f; /* apart */
    if (work->a->criterion == SCH_CART_ABSOLUTE) {
        cart_mark(work, node, c, best->threshold, missing_left, slot->mark);
        const cart_summary left = cart_summarise(work, node, slot->mark, 0, slot->sums);
        const cart_summary right = cart_summarise(work, node, slot->mark, 1, slot->sums);
        block->rating[last] = -(left.weight * left.impurity + right.weight * right.impurity);
        block->value_left[last] = left.value;
        block->value_right[last] = right.value;
    }
    const int sign = work->a->monotonic ? work->a->monotonic[best->feature] : 0;
    cart_rate_all(work, &at, block, last, last + 1);
    if (sign) cart_constrain(work, sign, &at, block, last, last + 1);
    best->rating = block->rating[last];
}

static void cart_try_random(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                            cart_column c, cart_split *best)
{
    cart_draw_threshold(work->a, &c, cart_node_key(work, node), best);
    if (best->constant) return;
    if (work->a->criterion == SCH_CART_ABSOLUTE && c.zeros) c = cart_spell_out(work, slot, node, &c);
    cart_rate_drawn(work, slot, node, sums, &c, best);
    const int drawn = best->missing_left & 2;
    best->missing_left = drawn ? best->missing_left & 1 : best->n_left > node->n_rows - best->n_left;
}

/* ---------------------------------------------------------------- tasks */

static cart_split cart_try(const cart_work *work, cart_slot *slot, int64_t id, int64_t feature)
{
    const sch_cart_node *node = &work->a->nodes[id];
    const double *sums = work->a->sums + id * work->width;
    const cart_column c = cart_find_column(work, slot, node, feature);
    cart_split best = {.rating = -CART_INFINITY, .feature = (int32_t)feature};
    if (work->a->search == SCH_CART_RANDOM) {
        cart_try_random(work, slot, node, sums, c, &best);
    } else {
        if (!c.sorted) cart_sort_entries(c.e, slot->spare, c.n);
        cart_try_sorted(work, slot, node, sums, c, &best);
    }
    return best;
}

/* Of equals the first remains. */
SCH_INLINE int cart_is_better(const cart_split *one, const cart_split *best)
{
    return !one->constant && (best->constant || one->rating > best->rating);
}

/* The best split by a feature whose entries begin in this piece of the node's list. */
static cart_split cart_try_piece(const cart_work *work, cart_slot *slot, int64_t id, int64_t piece)
{
    const sch_cart_node *node = &work->a->nodes[id];
    sch_cart_entry *const e = cart_stored(work->a, node);
    const int32_t *feature = cart_stored_feature(work->a, node);
    int64_t from = piece * CART_CHUNK;
    const int64_t end = sch_min(from + CART_CHUNK, node->n_stored);
    cart_split best = {.rating = -CART_INFINITY, .constant = 1};
    while (from > 0 && from < end && feature[from] == feature[from - 1]) ++from;
    while (from < end && !sch_should_stop(&work->a->control)) {
        int64_t until = from + 1;
        while (until < node->n_stored && feature[until] == feature[from]) ++until;
        const cart_column c = {e + from, until - from, node->n_rows - (until - from), 1};
        cart_split one = {.rating = -CART_INFINITY, .feature = feature[from]};
        cart_try_sorted(work, slot, node, work->a->sums + id * work->width, c, &one);
        if (cart_is_better(&one, &best)) best = one;
        from = until;
    }
    return best;
}
