/* tree/cart_scan.h - the best threshold along sorted rows: running sums in a loop that gathers, then the ratings of a
 * block of candidates in registers.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Where a scan is: sums of what lies to the left. `left` of the slot holds them by class and output, if there are several. */
typedef struct {
    double weight, sum, squares_left, squares_right;
    int64_t n_left; /* rows */
    const sch_cart_node *node;
    const double *all; /* (n_outputs, n_values) sums of the node */
    double total; /* weight of the node */
    int first; /* of `all`: what `sum` is a part of, of two classes the second */
} cart_running;

static cart_running cart_begin_scan(const cart_work *work, cart_slot *slot, const sch_cart_node *node,
                                    const double *sums)
{
    const int two_classes = work->a->codes && work->a->n_values == 2;
    cart_running at = {.node = node, .all = sums, .total = node->weight, .first = two_classes};
    memset(slot->left, 0, (size_t)work->width * sizeof(double));
    for (int64_t j = 0; j < work->width; ++j) at.squares_right += sums[j] * sums[j];
    return at;
}

SCH_INLINE double cart_xlogx(double x) { return x * log_f64(max_f64(x, DBL_MIN)); }

/* ---------------------------------------------------------------- running sums */

/* One output, and two classes at most: a sum and a weight say it all. */
SCH_INLINE void cart_fill_single(const int weighted, const sch_cart_grow_args *a, cart_running *at,
                                 const sch_cart_entry *e, int64_t n, cart_block *block)
{
    const double *y = weighted ? a->weighted_y : a->y;
    double weight = at->weight, sum = at->sum;
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = e[i].row;
        block->x[i] = e[i].x;
        sum += y[row];
        weight += weighted ? a->weight[row] : 1.0;
        block->sum[i] = sum;
        block->weight[i] = weight;
    }
    at->weight = weight;
    at->sum = sum;
}

/* What one row changes in the sums of squares by class. */
SCH_INLINE void cart_move_class(cart_running *at, double *left, const double *all, int64_t code, double w)
{
    const double on_left = left[code], on_right = all[code] - on_left;
    at->squares_left += w * (2.0 * on_left + w);
    at->squares_right -= w * (2.0 * on_right - w);
    left[code] = on_left + w;
}

/* Moves a row to the left in the sums of all outputs. */
SCH_INLINE void cart_move(const cart_work *work, cart_running *at, double *left, int64_t row, double w)
{
    const sch_cart_grow_args *a = work->a;
    at->weight += w;
    for (int64_t k = 0; k < a->n_outputs; ++k) {
        const int64_t here = row * a->n_outputs + k;
        if (a->codes) cart_move_class(at, left + k * a->n_values, at->all + k * a->n_values, a->codes[here], w);
        else left[k] += w * a->y[here];
    }
}

SCH_INLINE void cart_note_pairs(const cart_work *work, cart_running *at, const double *left, cart_block *block,
                                int64_t i)
{
    if (!work->a->codes) {
        at->squares_left = at->squares_right = 0.0;
        for (int64_t k = 0; k < work->a->n_outputs; ++k) {
            const double right = at->all[k] - left[k];
            at->squares_left += left[k] * left[k];
            at->squares_right += right * right;
        }
    }
    block->weight[i] = at->weight;
    block->sum[i] = at->squares_left;
    block->other[i] = at->squares_right;
}

static void cart_fill_pairs(const cart_work *work, cart_running *at, double *left, const sch_cart_entry *e, int64_t n,
                            cart_block *block)
{
    for (int64_t i = 0; i < n; ++i) {
        block->x[i] = e[i].x;
        cart_move(work, at, left, e[i].row, cart_weight(work->a, e[i].row));
        cart_note_pairs(work, at, left, block, i);
    }
}

/* Sum of x log x of one side's sums, less that of its weight: minus the entropy or the Poisson deviance, times the weight. */
static double cart_rate_side(const cart_work *work, const double *left, const double *all, double weight)
{
    const sch_cart_grow_args *a = work->a;
    double rating = 0.0;
    for (int64_t j = 0; j < work->width; ++j) {
        const double sum = all ? all[j] - left[j] : left[j];
        if (a->criterion == SCH_CART_POISSON && sum <= CART_TINY) return -CART_INFINITY;
        rating += a->codes ? cart_xlogx(sum) : sum * log_f64(sum / weight);
    }
    return a->codes ? rating - (double)a->n_outputs * cart_xlogx(weight) : rating;
}

SCH_INLINE void cart_note_ready(const cart_work *work, const cart_running *at, const double *left, cart_block *block,
                                int64_t i)
{
    block->rating[i] =
        cart_rate_side(work, left, NULL, at->weight) + cart_rate_side(work, left, at->all, at->total - at->weight);
    block->weight[i] = at->weight;
}

static void cart_fill_ready(const cart_work *work, cart_slot *slot, cart_running *at, const sch_cart_entry *e,
                            int64_t n)
{
    cart_block *const block = slot->block;
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = e[i].row, here = at->n_left + i;
        const double w = cart_weight(work->a, row);
        block->x[i] = e[i].x;
        if (work->a->criterion == SCH_CART_ABSOLUTE) {
            at->weight += w;
            block->rating[i] = -(slot->error_left[here] + slot->error_right[here + 1]);
            block->value_left[i] = slot->median_left[here];
            block->value_right[i] = slot->median_right[here + 1];
            block->weight[i] = at->weight;
        } else {
            cart_move(work, at, slot->left, row, w);
            cart_note_ready(work, at, slot->left, block, i);
        }
    }
}

static void cart_fill(const cart_work *work, cart_slot *slot, cart_running *at, const sch_cart_entry *e, int64_t n)
{
    if (work->rating == CART_RATE_READY) cart_fill_ready(work, slot, at, e, n);
    else if (work->rating == CART_RATE_PAIRS) cart_fill_pairs(work, at, slot->left, e, n, slot->block);
    else if (work->a->weight) cart_fill_single(1, work->a, at, e, n, slot->block);
    else cart_fill_single(0, work->a, at, e, n, slot->block);
    at->n_left += n;
}

/* ---------------------------------------------------------------- ratings */

/* The higher the better: what remains of minus the children's weighted impurity without what all candidates share. */
SCH_INLINE double cart_rate(const cart_rating rating, double sum, double other, double weight, double all, double total)
{
    const double rest = all - sum, right = total - weight;
    switch (rating) {
    case CART_RATE_SQUARES: return sum * sum / weight + rest * rest / right;
    case CART_RATE_PAIRS: return sum / weight + other / right;
    case CART_RATE_ENTROPY:
        return (cart_xlogx(sum) + cart_xlogx(weight - sum) - cart_xlogx(weight)) +
               (cart_xlogx(rest) + cart_xlogx(right - rest) - cart_xlogx(right));
    case CART_RATE_POISSON:
        return sum > CART_TINY && rest > CART_TINY ? sum * log_f64(sum / weight) + rest * log_f64(rest / right)
                                                   : -CART_INFINITY;
    default: return other;
    }
}

/* Ratings of candidates low .. high - 1 of a block; -infinity for those that are none. */
SCH_INLINE void cart_rate_block(const cart_rating rating, const cart_running *at, double least, cart_block *block,
                                int64_t low, int64_t high)
{
    const double all = at->all[at->first], total = at->total;
    SCH_SIMD
    for (int64_t i = low; i < high; ++i) {
        const double weight = block->weight[i], right = total - weight;
        const double other = rating == CART_RATE_READY ? block->rating[i] : block->other[i];
        const double rate = cart_rate(rating, block->sum[i], other, weight, all, total);
        const int apart = block->x[i + 1] > block->x[i] + CART_SAME;
        const int heavy = (weight >= least) & (right >= least) & (weight > 0.0) & (right > 0.0);
        block->rating[i] = apart & heavy ? rate : -CART_INFINITY;
    }
}

static void cart_rate_all(const cart_work *work, const cart_running *at, cart_block *block, int64_t low, int64_t high)
{
    const double least = work->a->min_weight_leaf;
    switch (work->rating) {
    case CART_RATE_SQUARES: cart_rate_block(CART_RATE_SQUARES, at, least, block, low, high); break;
    case CART_RATE_ENTROPY: cart_rate_block(CART_RATE_ENTROPY, at, least, block, low, high); break;
    case CART_RATE_POISSON: cart_rate_block(CART_RATE_POISSON, at, least, block, low, high); break;
    case CART_RATE_PAIRS: cart_rate_block(CART_RATE_PAIRS, at, least, block, low, high); break;
    default: cart_rate_block(CART_RATE_READY, at, least, block, low, high);
    }
}

/* Whether two children's values follow a constraint and the bounds of their parent. */
SCH_INLINE int cart_is_monotonic(const sch_cart_node *node, int sign, double left, double right)
{
    return left >= node->lower && right >= node->lower && left <= node->upper && right <= node->upper &&
           (left - right) * sign <= 0.0;
}

/* Strikes out candidates that break a constraint. Of two classes the share of the first is what is constrained. */
static void cart_constrain(const cart_work *work, int sign, const cart_running *at, cart_block *block, int64_t low,
                           int64_t high)
{
    const double all = at->all[at->first];
    const int absolute = work->a->criterion == SCH_CART_ABSOLUTE;
    for (int64_t i = low; i < high; ++i) {
        double left = absolute ? block->value_left[i] : block->sum[i] / block->weight[i];
        double right = absolute ? block->value_right[i] : (all - block->sum[i]) / (at->total - block->weight[i]);
        if (work->a->codes) {
            left = 1.0 - left;
            right = 1.0 - right;
        }
        if (!cart_is_monotonic(at->node, sign, left, right)) block->rating[i] = -CART_INFINITY;
    }
}

/* ---------------------------------------------------------------- a scan */

/* Takes over the first best candidate of a block if it beats the best so far. */
static void cart_take_best(const cart_block *block, int64_t low, int64_t high, int64_t n_before, int missing_left,
                           cart_split *best)
{
    double highest = -CART_INFINITY;
#pragma omp simd reduction(max : highest)
    for (int64_t i = low; i < high; ++i) highest = block->rating[i] > highest ? block->rating[i] : highest;
    if (!(highest > best->rating)) return;
    int64_t i = low;
    while (i < high && block->rating[i] != highest) ++i;
    if (i == high) return; /* no candidate: compilers may begin a maximum at the lowest finite number */
    const double x = (double)block->x[i], next = (double)block->x[i + 1], middle = x / 2.0 + next / 2.0;
    best->rating = highest;
    best->n_left = n_before + i + 1;
    best->missing_left = (uint8_t)missing_left;
    best->threshold = next == CART_INFINITY ? CART_INFINITY : (middle == next || !isfinite(middle) ? x : middle);
}

/* The best of the candidates behind the last `count` steps, of which all but the first are one row each. */
static void cart_judge(const cart_work *work, const cart_running *at, cart_block *block, int64_t count,
                       int missing_left, cart_split *best)
{
    const sch_cart_grow_args *a = work->a;
    const int64_t before = at->n_left - count;
    const int64_t low = sch_max(0, a->min_samples_leaf - before - 1);
    const int64_t high = sch_min(count, at->node->n_rows - a->min_samples_leaf - before);
    const int sign = a->monotonic ? a->monotonic[best->feature] : 0;
    if (low >= high) return;
    cart_rate_all(work, at, block, low, high);
    if (sign) cart_constrain(work, sign, at, block, low, high);
    cart_take_best(block, low, high, before, missing_left, best);
}

/* Moves entries to the left that are no candidates. */
static void cart_absorb(const cart_work *work, cart_slot *slot, cart_running *at, const sch_cart_entry *e, int64_t n)
{
    for (int64_t i = 0; i < n; i += CART_BLOCK) cart_fill(work, slot, at, e + i, sch_min(CART_BLOCK, n - i));
}

/* Candidates behind each of n sorted entries; `next` is the value that follows. */
static void cart_scan(const cart_work *work, cart_slot *slot, cart_running *at, const sch_cart_entry *e, int64_t n,
                      float next, int missing_left, cart_split *best)
{
    for (int64_t base = 0; base < n; base += CART_BLOCK) {
        const int64_t count = sch_min(CART_BLOCK, n - base);
        cart_fill(work, slot, at, e + base, count);
        slot->block->x[count] = base + count < n ? e[base + count].x : next;
        cart_judge(work, at, slot->block, count, missing_left, best);
    }
}
