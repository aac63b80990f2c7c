/* tree/cart_median.h - weighted medians and absolute errors of growing sets: sums by rank of the target in a binary
 * indexed tree (Fenwick, 1994), in which the half of the weight is found by descent.
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    double *w, *wy;
    int64_t n, top; /* top: largest power of two up to n */
    double total_w, total_wy;
} cart_ranks;

static cart_ranks cart_no_ranks(const cart_slot *slot, int64_t n)
{
    cart_ranks ranks = {slot->tree_w, slot->tree_wy, n, 1, 0.0, 0.0};
    while (2 * ranks.top <= n) ranks.top *= 2;
    memset(ranks.w, 0, (size_t)(n + 1) * sizeof(double));
    memset(ranks.wy, 0, (size_t)(n + 1) * sizeof(double));
    return ranks;
}

SCH_INLINE void cart_add_rank(cart_ranks *ranks, int64_t rank, double w, double y)
{
    ranks->total_w += w;
    ranks->total_wy += w * y;
    for (int64_t i = rank + 1; i <= ranks->n; i += i & -i) {
        ranks->w[i] += w;
        ranks->wy[i] += w * y;
    }
}

/* How many ranks lie before the one where the weight passes `target`; or reaches it, if `reach`. */
SCH_INLINE int64_t cart_descend(const cart_ranks *ranks, double target, int reach, double *w, double *wy)
{
    int64_t at = 0;
    *w = *wy = 0.0;
    for (int64_t step = ranks->top; step; step >>= 1) {
        const int64_t next = at + step;
        if (next > ranks->n || (reach ? !(target > ranks->w[next]) : !(target >= ranks->w[next]))) continue;
        at = next;
        target -= ranks->w[next];
        *w += ranks->w[next];
        *wy += ranks->wy[next];
    }
    return sch_min(at, ranks->n - 1);
}

/* The weighted median of what was added, between two targets if the weight halves there, and the sum of errors. `by_y`
 * has the rows by rank. */
SCH_INLINE double cart_median(const cart_work *work, const cart_ranks *ranks, const sch_cart_entry *by_y,
                              int64_t output, double *error)
{
    const sch_cart_grow_args *a = work->a;
    const double half = 0.5 * ranks->total_w;
    double w, wy, unused;
    const int64_t above = cart_descend(ranks, half, 0, &w, &wy);
    double median = a->y[by_y[above].row * a->n_outputs + output];
    if (w == half) {
        const int64_t below = cart_descend(ranks, half, 1, &unused, &unused);
        median = 0.5 * (a->y[by_y[below].row * a->n_outputs + output] + median);
    }
    *error = (ranks->total_wy - wy - median * (ranks->total_w - w)) + (median * w - wy);
    return median;
}

/* Medians and summed errors of entry 0 .. i of the sequence, and of i .. n - 1, for every i. Errors add up over the
 * outputs; medians are those of the last. */
static void cart_running_errors(const cart_work *work, cart_slot *slot, const sch_cart_node *node,
                                const sch_cart_entry *e, int64_t n)
{
    const sch_cart_grow_args *a = work->a;
    memset(slot->error_left, 0, (size_t)n * sizeof(double));
    memset(slot->error_right, 0, (size_t)n * sizeof(double));
    for (int64_t k = 0; k < a->n_outputs; ++k) {
        const sch_cart_entry *by_y = cart_order(work, work->by_y + k, node);
        const uint32_t *rank = a->rank + k * a->x.n;
        for (int backward = 0; backward < 2; ++backward) {
            double *errors = backward ? slot->error_right : slot->error_left;
            double *medians = backward ? slot->median_right : slot->median_left;
            cart_ranks ranks = cart_no_ranks(slot, n);
            for (int64_t s = 0; s < n; ++s) {
                const int64_t i = backward ? n - 1 - s : s, row = e[i].row;
                double error;
                if (s % CART_POLL == 0 && sch_should_stop(&a->control)) return;
                cart_add_rank(&ranks, rank[row], cart_weight(a, row), a->y[row * a->n_outputs + k]);
                medians[i] = cart_median(work, &ranks, by_y, k, &error);
                errors[i] += error;
            }
        }
    }
}
