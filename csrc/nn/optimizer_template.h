/* nn/optimizer_template.h - what one step does to one parameter, over one flat block of them.
 *
 * SGD with momentum as scikit-learn has it; ADAM: Kingma and Ba (2015), NADAM: Dozat (2016), RMSPROP: Tieleman and Hinton
 * (2012), ADAGRAD: Duchi, Hazan and Singer (2011), LION: Chen et al. (2023); decoupled decay of the weights: Loshchilov
 * and Hutter (2019).
 * SPDX-License-Identifier: BSD-3-Clause */

typedef struct {
    real rate;                 /* with the bias corrections that go with it */
    real decay, shrink, scale; /* times the parameter on the gradient; of the parameter; of the gradient */
    real momentum, beta_1, beta_2, rest_1, rest_2, epsilon;
    real ahead, behind;        /* NADAM: shares of the mean and of the newest gradient */
    int nesterov;
} T(step);

/* w, first, second: one parameter and its memory; g: its derivative. */
SCH_INLINE real T(step_one)(const sch_nn_solver solver, const T(step) *s, real w, real g, real *first, real *second)
{
    switch (solver) {
    case SCH_NN_SOLVER_SGD: {
        const real velocity = s->momentum * *first - s->rate * g;
        *first = velocity;
        return w + (s->nesterov ? s->momentum * velocity - s->rate * g : velocity);
    }
    case SCH_NN_SOLVER_ADAM:
        *first = s->beta_1 * *first + s->rest_1 * g;
        *second = s->beta_2 * *second + s->rest_2 * (g * g);
        return w - s->rate * *first / (T(sqrt)(*second) + s->epsilon);
    case SCH_NN_SOLVER_NADAM:
        *first = s->beta_1 * *first + s->rest_1 * g;
        *second = s->beta_2 * *second + s->rest_2 * (g * g);
        return w - s->rate * (s->ahead * *first + s->behind * g) / (T(sqrt)(*second) + s->epsilon);
    case SCH_NN_SOLVER_RMSPROP:
        *second = s->beta_2 * *second + s->rest_2 * (g * g);
        return w - s->rate * g / (T(sqrt)(*second) + s->epsilon);
    case SCH_NN_SOLVER_ADAGRAD: *second += g * g; return w - s->rate * g / (T(sqrt)(*second) + s->epsilon);
    default: {
        const real u = s->beta_1 * *first + s->rest_1 * g;
        *first = s->beta_2 * *first + s->rest_2 * g;
        return w - s->rate * (u > K(0.0) ? K(1.0) : (u < K(0.0) ? K(-1.0) : u));
    }
    }
}

/* Returns the sum of squares of the parameters before the step. */
SCH_INLINE real T(step_loop)(const sch_nn_solver solver, const T(step) *step, real *SCH_RESTRICT w,
                             const real *SCH_RESTRICT g, real *SCH_RESTRICT first, real *SCH_RESTRICT second, int64_t n)
{
    const int has_first = solver != SCH_NN_SOLVER_RMSPROP && solver != SCH_NN_SOLVER_ADAGRAD;
    const int has_second = solver != SCH_NN_SOLVER_SGD && solver != SCH_NN_SOLVER_LION;
    const T(step) s = *step;
    real squares = 0;
    SCH_SIMD_SUM(squares)
    for (int64_t i = 0; i < n; ++i) {
        real a = has_first ? first[i] : K(0.0), b = has_second ? second[i] : K(0.0);
        const real before = w[i];
        squares += before * before;
        w[i] = T(step_one)(solver, &s, before - s.shrink * before, s.scale * g[i] + s.decay * before, &a, &b);
        if (has_first) first[i] = a;
        if (has_second) second[i] = b;
    }
    return squares;
}

SCH_NOINLINE real T(step_range)(sch_nn_solver solver, const T(step) *s, real *w, const real *g, real *first,
                                real *second, int64_t n)
{
    switch (solver) {
    case SCH_NN_SOLVER_SGD: return T(step_loop)(SCH_NN_SOLVER_SGD, s, w, g, first, second, n);
    case SCH_NN_SOLVER_ADAM: return T(step_loop)(SCH_NN_SOLVER_ADAM, s, w, g, first, second, n);
    case SCH_NN_SOLVER_NADAM: return T(step_loop)(SCH_NN_SOLVER_NADAM, s, w, g, first, second, n);
    case SCH_NN_SOLVER_RMSPROP: return T(step_loop)(SCH_NN_SOLVER_RMSPROP, s, w, g, first, second, n);
    case SCH_NN_SOLVER_ADAGRAD: return T(step_loop)(SCH_NN_SOLVER_ADAGRAD, s, w, g, first, second, n);
    default: return T(step_loop)(SCH_NN_SOLVER_LION, s, w, g, first, second, n);
    }
}
