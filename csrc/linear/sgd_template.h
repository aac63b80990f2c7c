/* linear/sgd_template.h - what the forms of the SGD sweep share: how far one sample moves the weights, and what it
 * costs them in L1.
 *
 * In both forms the weights are scale * w, so that shrinking them by L2 costs one multiplication (Bottou, "Stochastic
 * Gradient Descent Tricks", 2012); their average is (average + a * w) / b, which the same paper derives. Both are folded
 * back into the arrays at the end of spans, so that neither drifts. The L1 penalty is paid lazily, what is due at
 * once and never across zero (Tsuruoka, Tsujii and Ananiadou, 2009).
 * Include after linear/row_template.h and loss/block_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef GRADIENT_LIMIT
#undef SMALLEST_SCALE
#define GRADIENT_LIMIT K(1e12)
#define SMALLEST_SCALE 1e-6

/* What the next window needs beside its rows: targets, weights, and where sparse rows begin. */
SCH_INLINE void T(prefetch_beside)(const sch_sgd_sweep_args *a, const sch_visit *v)
{
    const int64_t step = sch_min(v->block_rows, 8), size = (int64_t)sizeof(real);
    const int64_t index_size = a->x.storage == SCH_CSR32 ? 4 : 8;
    for (int64_t s = 0; s < v->n_later; s += step) {
        const int64_t i = v->later[s];
        __builtin_prefetch((const char *)a->y + i * size);
        if (a->sample_weight) __builtin_prefetch((const char *)a->sample_weight + i * size);
        if (a->x.storage != SCH_DENSE) __builtin_prefetch((const char *)a->x.indptr + i * index_size);
    }
}

/* Whether `rows` rows since the last time are worth a pass over all weights, which sparse rows do not make themselves. */
SCH_INLINE int T(settles)(const sch_table *x, int64_t rows) { return x->storage == SCH_DENSE || rows >= x->d / 64; }

/* Losses that grow like a square are kept from leaving the range of real in one step. */
SCH_INLINE real T(clipped_gradient)(const sch_loss loss, const T(loss_terms) t)
{
    const int steep = loss == SCH_LOSS_SQUARED || loss == SCH_LOSS_SQUARED_HINGE || loss == SCH_LOSS_HUBER ||
                      loss == SCH_LOSS_SQUARED_EPSILON_INSENSITIVE || loss == SCH_LOSS_MODIFIED_HUBER;
    return steep ? T(max)(-GRADIENT_LIMIT, T(min)(GRADIENT_LIMIT, t.gradient)) : t.gradient;
}

/* The target of rows that are not of an output's class, the others' being 1. */
SCH_INLINE real T(low_target)(sch_loss loss) { return loss == SCH_LOSS_LOGISTIC ? K(0.0) : K(-1.0); }

/* For a loss that is not a constant of the loop, at the price of a call. */
SCH_NOINLINE real T(gradient_at)(sch_loss loss, real y, real z, real c)
{
    switch (loss) {
#define CASE(NAME, text) \
    case SCH_LOSS_##NAME: return T(clipped_gradient)(SCH_LOSS_##NAME, T(loss_at)(SCH_LOSS_##NAME, y, z, c));
        SCH_SGD_LOSS_LIST(CASE)
#undef CASE
    default: return K(0.0);
    }
}

SCH_NOINLINE real T(value_at)(sch_loss loss, real y, real z, real c) { return T(loss_at)(loss, y, z, c).value; }

/* The passive-aggressive step (Crammer et al., 2006): as far as the loss asks, bounded (PA1) or damped (PA2) by eta; of
 * the gradient only the side counts. square is |x|^2. */
SCH_INLINE real T(passive_aggressive_step)(const sch_schedule schedule, real eta, real value, real gradient,
                                           real square)
{
    const real side = gradient > 0 ? K(-1.0) : K(1.0);
    if (schedule == SCH_SCHEDULE_PA2) return side * value / (square + K(0.5) / eta);
    return square > 0 ? side * T(min)(eta, value / square) : K(0.0);
}

SCH_INLINE int T(is_passive_aggressive)(const sch_schedule schedule)
{
    return schedule == SCH_SCHEDULE_PA1 || schedule == SCH_SCHEDULE_PA2;
}

SCH_INLINE real T(pay_l1)(real w, real scale, real due, real *applied)
{
    real paid = w;
    if (w * scale > 0) paid = T(max)(K(0.0), w - (due + *applied) / scale);
    else if (w * scale < 0) paid = T(min)(K(0.0), w + (due - *applied) / scale);
    *applied += scale * (paid - w);
    return paid;
}
