/* tree/cart_search.h - the best split of one node by one feature.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---------------------------------------------------------------- values of a feature */

/* Entries of a sparse column among rows in any order: spread out, unless looking each row up is less work. */
static void cart_gather_sparse(const cart_work *work, cart_slot *slot, const sch_cart_entry *rows, int64_t n, int64_t f,
                               sch_cart_entry *to)
{
    const sch_columns *x = &work->a->x;
    const int32_t *index = x->indices, *first = x->indptr;
    const float *values = x->data;
    const int64_t from = first[f], until = first[f + 1];
    if (n * 16 < until - from) {
        for (int64_t i = 0; i < n; ++i) {
            const int64_t j = cart_lower_bound(index, from, until, rows[i].row);
            to[i] = (sch_cart_entry){j < until && (uint32_t)index[j] == rows[i].row ? values[j] : 0.0f, rows[i].row};
        }
        return;
    }
    for (int64_t j = from; j < until; ++j) slot->column[index[j]] = values[j];
    for (int64_t i = 0; i < n; ++i) to[i] = (sch_cart_entry){slot->column[rows[i].row], rows[i].row};
    for (int64_t j = from; j < until; ++j) slot->column[index[j]] = 0.0f;
}

/* The values of a node's rows, in the order of the rows. */
static sch_cart_entry *cart_gather(const cart_work *work, cart_slot *slot, const sch_cart_node *node, int64_t f)
{
    const sch_columns *x = &work->a->x;
    const sch_cart_entry *rows = cart_rows(work, node);
    const float *column = (const float *)x->data + f * x->column_stride;
    if (x->storage != SCH_STRIDED) cart_gather_sparse(work, slot, rows, node->n_rows, f, slot->gathered);
    else
        for (int64_t i = 0; i < node->n_rows; ++i)
            slot->gathered[i] = (sch_cart_entry){column[rows[i].row * x->row_stride], rows[i].row};
    return slot->gathered;
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

static void cart_try_sorted(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                            const sch_cart_entry *e, cart_split *best)
{
    int64_t n = node->n_rows;
    while (n && isnan(e[n - 1].x)) --n;
    const int64_t missing = node->n_rows - n;
    best->constant = n == 0 || (!missing && !(e[n - 1].x > e[0].x + CART_SAME));
    if (best->constant) return;
    if (work->a->criterion == SCH_CART_ABSOLUTE) cart_running_errors(work, slot, node, e, node->n_rows);
    cart_scan(work, slot, node, sums, e, n, missing, 0, best);
    if (missing) {
        cart_prepare_errors(work, slot, node, e, n, missing);
        cart_scan(work, slot, node, sums, e, n, missing, 1, best);
    } else {
        best->missing_left = best->n_left > node->n_rows - best->n_left;
    }
}

/* ---------------------------------------------------------------- random threshold */

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
static void cart_mark(const sch_cart_entry *e, int64_t n, double threshold, int missing_left, uint8_t *side)
{
    for (int64_t i = 0; i < n; ++i) side[e[i].row] = (uint8_t)cart_goes_right(e[i].x, threshold, missing_left);
}

/* Draws a threshold between the lowest and the highest value, and where missing values go; the feature is constant if
 * there is nothing between. */
static void cart_draw_threshold(const sch_cart_grow_args *a, const sch_cart_entry *e, int64_t n, uint64_t key,
                                cart_split *best)
{
    const uint64_t counter = (uint64_t)a->x.d + 2 * (uint64_t)best->feature; /* the first d belong to the features */
    float low = INFINITY, high = -INFINITY;
    int64_t missing = 0;
#pragma omp simd reduction(min : low) reduction(max : high) reduction(+ : missing)
    for (int64_t i = 0; i < n; ++i) {
        low = e[i].x < low ? e[i].x : low;
        high = e[i].x > high ? e[i].x : high;
        missing += isnan(e[i].x) != 0;
    }
    best->constant = missing == n || (!missing && !(high > low + CART_SAME));
    if (best->constant) return;
    const double drawn = (double)low + ((double)high - (double)low) * cart_uniform(key, counter);
    best->threshold = drawn >= (double)high ? (double)low : drawn;
    best->missing_left = missing ? (uint8_t)(2 | (sch_squares(2 * counter + 2, key) & 1)) : 0;
}

/* Rates the one candidate that a random split is: as a block of one, but for absolute errors. */
static void cart_rate_drawn(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                            const sch_cart_entry *e, cart_split *best)
{
    cart_block *const block = slot->block;
    cart_running at = {.all = sums, .total = node->weight, .first = work->a->codes && work->a->n_values == 2};
    const int missing_left = best->missing_left & 1;
    memset(slot->left, 0, (size_t)work->width * sizeof(double));
    for (int64_t j = 0; j < work->width; ++j) at.squares_right += sums[j] * sums[j];
    int64_t n_left = 0;
    for (int64_t i = 0; i < node->n_rows; ++i) { /* the left rows, one after another */
        slot->spare[n_left] = e[i];
        n_left += !cart_goes_right(e[i].x, best->threshold, missing_left);
    }
    best->n_left = n_left;
    if (n_left < sch_max(1, work->a->min_samples_leaf)) return;
    if (node->n_rows - n_left < sch_max(1, work->a->min_samples_leaf)) return;
    cart_absorb(work, slot, &at, slot->spare, n_left);
    const int64_t last = (n_left - 1) % CART_BLOCK;
    block->x[last] = 0.0f;
    block->x[last + 1] = 1.0f; /* apart */
    if (work->a->criterion == SCH_CART_ABSOLUTE) {
        cart_mark(e, node->n_rows, best->threshold, missing_left, slot->mark);
        const cart_summary left = cart_summarise(work, node, slot->mark, 0, slot->sums);
        const cart_summary right = cart_summarise(work, node, slot->mark, 1, slot->sums);
        block->rating[last] = -(left.weight * left.impurity + right.weight * right.impurity);
        block->value_left[last] = left.value;
        block->value_right[last] = right.value;
    }
    const int sign = work->a->monotonic ? work->a->monotonic[best->feature] : 0;
    cart_rate_all(work, &at, block, last, last + 1);
    if (sign) cart_constrain(work, node, sign, &at, block, last, last + 1);
    best->rating = block->rating[last];
}

static void cart_try_random(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                            uint64_t key, cart_split *best)
{
    const sch_cart_entry *e = cart_gather(work, slot, node, best->feature);
    cart_draw_threshold(work->a, e, node->n_rows, key, best);
    if (best->constant) return;
    cart_rate_drawn(work, slot, node, sums, e, best);
    const int drawn = best->missing_left & 2;
    best->missing_left = drawn ? best->missing_left & 1 : best->n_left > node->n_rows - best->n_left;
}

/* ---------------------------------------------------------------- which features */

SCH_INLINE uint64_t cart_node_key(const cart_work *work, const sch_cart_node *node)
{
    return sch_key(work->a->seed, node->key);
}

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

static cart_split cart_try(const cart_work *work, cart_slot *slot, int64_t id, int64_t feature)
{
    const sch_cart_grow_args *a = work->a;
    const sch_cart_node *node = &a->nodes[id];
    const double *sums = a->sums + id * work->width;
    cart_split best = {.rating = -CART_INFINITY, .feature = (int32_t)feature};
    if (a->search == SCH_CART_RANDOM) {
        cart_try_random(work, slot, node, sums, cart_node_key(work, node), &best);
    } else if (a->search == SCH_CART_GATHERED) {
        sch_cart_entry *e = cart_gather(work, slot, node, feature);
        cart_sort_entries(e, slot->spare, node->n_rows);
        cart_try_sorted(work, slot, node, sums, e, &best);
    } else {
        cart_try_sorted(work, slot, node, sums, cart_order(work, feature, node), &best);
    }
    return best;
}
