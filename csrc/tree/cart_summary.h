/* tree/cart_summary.h - weight, sums, impurity and loss of a node's rows, or of those on one side of a split.
 * SPDX-License-Identifier: BSD-3-Clause */

static const double CART_TINY = 10 * DBL_EPSILON; /* a Poisson mean must be more */

typedef struct {
    double weight, impurity, loss;
    double value; /* of the first output: what constraints look at */
} cart_summary;

enum { CART_BOTH = 2 };

/* Whether a row is on the side asked for. */
SCH_INLINE int cart_counts(const uint8_t *side, int which, int64_t row)
{
    return which == CART_BOTH || side[row] == which;
}

/* Shannon's entropy in bits, or with gini == 1 Gini's impurity, as mean over the outputs. */
static double cart_class_impurity(const cart_work *work, const double *sums, double weight, int gini)
{
    const int64_t n_values = work->a->n_values;
    double total = 0.0;
    for (int64_t k = 0; k < work->a->n_outputs; ++k) {
        double squares = 0.0, entropy = 0.0;
        for (int64_t c = 0; c < n_values; ++c) {
            const double share = sums[k * n_values + c] / weight;
            squares += share * share;
            if (share > 0.0) entropy -= share * log2(share);
        }
        total += gini ? 1.0 - squares : entropy;
    }
    return total / (double)work->a->n_outputs;
}

/* Squared errors are summed around the mean: a constant target then has none at all. */
static double cart_deviance(const cart_work *work, const sch_cart_entry *rows, int64_t n, const uint8_t *side,
                            int which, const double *sums, double weight)
{
    const sch_cart_grow_args *a = work->a;
    double total = 0.0;
    for (int64_t k = 0; k < a->n_outputs; ++k) {
        const double mean = sums[k] / weight;
        if (a->criterion == SCH_CART_POISSON && sums[k] <= CART_TINY) return CART_INFINITY;
        for (int64_t i = 0; i < n; ++i) {
            const int64_t row = rows[i].row;
            const double y = a->y[row * a->n_outputs + k], w = cart_weight(a, row);
            if (!cart_counts(side, which, row)) continue;
            if (a->criterion == SCH_CART_SQUARED) total += w * (y - mean) * (y - mean);
            else if (y > 0.0) total += w * y * log(y / mean);
        }
    }
    return total / (weight * (double)a->n_outputs);
}

/* Weighted medians, found along the order by target, into `sums`; returns the mean absolute error. */
static double cart_absolute(const cart_work *work, const sch_cart_node *node, const uint8_t *side, int which,
                            double *sums, double weight)
{
    const sch_cart_grow_args *a = work->a;
    double total = 0.0;
    for (int64_t k = 0; k < a->n_outputs; ++k) {
        const sch_cart_entry *by_y = cart_order(work, work->by_y + k, node);
        double passed = 0.0, below = 0.0, median = 0.0;
        int found = 0, halves = 0;
        for (int64_t i = 0; i < node->n_rows && !found; ++i) {
            const int64_t row = by_y[i].row;
            if (!cart_counts(side, which, row)) continue;
            median = a->y[row * a->n_outputs + k];
            found = halves || passed + cart_weight(a, row) > 0.5 * weight;
            if (found && halves) median = 0.5 * (below + median);
            passed += cart_weight(a, row);
            halves = passed == 0.5 * weight;
            below = median;
        }
        sums[k] = median;
        for (int64_t i = 0; i < node->n_rows; ++i) {
            const int64_t row = by_y[i].row;
            if (cart_counts(side, which, row))
                total += cart_weight(a, row) * fabs(a->y[row * a->n_outputs + k] - median);
        }
    }
    return total / (weight * (double)a->n_outputs);
}

/* Two classes, or one number: sums that stay in registers. */
SCH_INLINE double cart_add_up_single(const sch_cart_grow_args *a, const sch_cart_entry *rows, int64_t n,
                                     const uint8_t *side, int which, double *sums)
{
    double weight = 0.0, sum = 0.0, other = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = rows[i].row;
        const double w = cart_counts(side, which, row) ? cart_weight(a, row) : 0.0;
        weight += w;
        sum += w * a->y[row];
        other += w * (1.0 - a->y[row]);
    }
    sums[0] = a->codes ? other : sum;
    if (a->codes) sums[1] = sum;
    return weight;
}

/* Sums of the rows on one side by class and output; returns their weight. */
static double cart_add_up(const cart_work *work, const sch_cart_entry *rows, int64_t n, const uint8_t *side, int which,
                          double *sums)
{
    const sch_cart_grow_args *a = work->a;
    double weight = 0.0;
    if (a->n_outputs == 1 && a->n_values == (a->codes ? 2 : 1))
        return cart_add_up_single(a, rows, n, side, which, sums);
    memset(sums, 0, (size_t)work->width * sizeof(double));
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = rows[i].row;
        const double w = cart_weight(a, row);
        if (!cart_counts(side, which, row)) continue;
        weight += w;
        for (int64_t k = 0; k < a->n_outputs; ++k) {
            const int64_t at = row * a->n_outputs + k;
            if (a->codes) sums[k * a->n_values + a->codes[at]] += w;
            else sums[k] += w * a->y[at];
        }
    }
    return weight;
}

/* Of all rows of a node (which == CART_BOTH), or of the left (0) or right (1) ones. */
static cart_summary cart_summarise(const cart_work *work, const sch_cart_node *node, const uint8_t *side, int which,
                                   double *sums)
{
    const sch_cart_grow_args *a = work->a;
    const sch_cart_entry *rows = cart_rows(work, node);
    cart_summary s = {.weight = cart_add_up(work, rows, node->n_rows, side, which, sums)};
    if (a->codes) {
        const double entropy = cart_class_impurity(work, sums, s.weight, 0);
        s.impurity = a->criterion == SCH_CART_GINI ? cart_class_impurity(work, sums, s.weight, 1) : entropy;
        s.loss = entropy * 0.693147180559945309417;
    } else {
        const int absolute = a->criterion == SCH_CART_ABSOLUTE;
        s.impurity = absolute ? cart_absolute(work, node, side, which, sums, s.weight)
                              : cart_deviance(work, rows, node->n_rows, side, which, sums, s.weight);
        s.loss = s.impurity;
    }
    s.value = a->criterion == SCH_CART_ABSOLUTE ? sums[0] : sums[0] / s.weight;
    return s;
}

/* Ranks of a node's targets among themselves. */
static void cart_rank_rows(const cart_work *work, const sch_cart_node *node)
{
    for (int64_t k = 0; k < work->a->n_outputs; ++k) {
        const sch_cart_entry *by_y = cart_order(work, work->by_y + k, node);
        uint32_t *rank = work->a->rank + k * work->a->x.n;
        for (int64_t i = 0; i < node->n_rows; ++i) rank[by_y[i].row] = (uint32_t)i;
    }
}

static void cart_claim_rows(const sch_cart_grow_args *a, const sch_cart_node *node, const sch_cart_entry *rows)
{
    for (int64_t i = 0; i < node->n_rows; ++i) a->node_of[rows[i].row] = (int32_t)(node - a->nodes);
}

/* Fills in a node whose rows are known. */
static void cart_describe(const cart_work *work, sch_cart_node *node, double *sums)
{
    const cart_summary s = cart_summarise(work, node, NULL, CART_BOTH, sums);
    node->weight = s.weight;
    node->impurity = s.impurity;
    node->loss = s.loss;
    if (work->a->criterion == SCH_CART_ABSOLUTE) cart_rank_rows(work, node);
    if (work->a->node_of) cart_claim_rows(work->a, node, cart_rows(work, node));
}
