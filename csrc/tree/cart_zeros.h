/* tree/cart_zeros.h - scans of columns that are zero where they have no entry: all those rows are one step to the left.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Sums of the rows without an entry, and their weight: what the entries leave of the node's. Where nothing is negative,
 * what rounding leaves of nothing is nothing. */
static double cart_sum_zeros(const cart_work *work, const cart_running *at, const cart_column *c, double *rest)
{
    const double entries = cart_add_up(work, c->e, c->n, NULL, CART_BOTH, rest);
    const int any_sign = work->a->criterion == SCH_CART_SQUARED;
    const double lost = DBL_EPSILON * (double)at->node->n_rows;
    for (int64_t j = 0; j < work->width; ++j) {
        rest[j] = at->all[j] - rest[j];
        if (!any_sign && rest[j] < lost * at->all[j]) rest[j] = 0.0;
    }
    return at->total - entries;
}

/* Moves them to the left, as the one step of a block. */
static void cart_step_zeros(const cart_work *work, cart_slot *slot, cart_running *at, const cart_column *c)
{
    cart_block *const block = slot->block;
    at->weight += cart_sum_zeros(work, at, c, slot->rest);
    at->n_left += c->zeros;
    block->x[0] = 0.0f;
    block->weight[0] = at->weight;
    if (work->rating != CART_RATE_PAIRS && work->rating != CART_RATE_READY) {
        block->sum[0] = at->sum += slot->rest[at->first];
        return;
    }
    for (int64_t j = 0; j < work->width; ++j) {
        if (work->a->codes) cart_move_class(at, slot->left, at->all, j, slot->rest[j]);
        else slot->left[j] += slot->rest[j];
    }
    if (work->rating == CART_RATE_PAIRS) cart_note_pairs(work, at, slot->left, block, 0);
    else cart_note_ready(work, at, slot->left, block, 0);
}

static int64_t cart_count_negative(const sch_cart_entry *e, int64_t n)
{
    int64_t i = 0;
    while (i < n && e[i].x < 0.0f) ++i;
    return i;
}

/* The best split of a sorted column, the last `missing` entries of which have no value. */
static void cart_scan_column(const cart_work *work, cart_slot *slot, const sch_cart_node *node, const double *sums,
                             const cart_column *c, int64_t missing, int missing_left, cart_split *best)
{
    cart_running at = cart_begin_scan(work, slot, node, sums);
    const int64_t n = c->n - missing, before = c->zeros ? cart_count_negative(c->e, n) : n;
    const float end = missing && !missing_left ? INFINITY : -INFINITY;
    if (missing_left) cart_absorb(work, slot, &at, c->e + n, missing);
    cart_scan(work, slot, &at, c->e, before, c->zeros ? 0.0f : end, missing_left, best);
    if (!c->zeros) return;
    cart_step_zeros(work, slot, &at, c);
    slot->block->x[1] = before < n ? c->e[before].x : end;
    cart_judge(work, &at, slot->block, 1, missing_left, best);
    cart_scan(work, slot, &at, c->e + before, n - before, end, missing_left, best);
}

/* Every row as an entry, zeros in the order of the node's rows: medians have to see them one by one. */
static cart_column cart_spell_out(const cart_work *work, cart_slot *slot, const sch_cart_node *node,
                                  const cart_column *c)
{
    const sch_cart_entry *rows = cart_rows(work, node);
    const int64_t before = cart_count_negative(c->e, c->n);
    sch_cart_entry *const to = slot->gathered, *zero = to + before;
    for (int64_t i = 0; i < node->n_rows; ++i) slot->mark[rows[i].row] = 0;
    for (int64_t i = 0; i < c->n; ++i) slot->mark[c->e[i].row] = 1;
    memmove(to + before + c->zeros, c->e + before, (size_t)(c->n - before) * sizeof *to);
    memmove(to, c->e, (size_t)before * sizeof *to);
    for (int64_t i = 0; i < node->n_rows; ++i)
        if (!slot->mark[rows[i].row]) *zero++ = (sch_cart_entry){0.0f, rows[i].row};
    return (cart_column){to, node->n_rows, 0, c->sorted};
}
