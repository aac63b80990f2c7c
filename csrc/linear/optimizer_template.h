/* linear/optimizer_template.h - what one step of each optimiser does to one weight, given its gradient g.
 * SPDX-License-Identifier: BSD-3-Clause
 *
 *   momentum, nesterov  Polyak (1964), Nesterov (1983): first = velocity, with the step size in it
 *   adagrad             Duchi, Hazan and Singer (2011): second = sum of squared gradients
 *   rmsprop             Hinton (2012): second = running mean of squared gradients
 *   adam, adamw         Kingma and Ba (2015), Loshchilov and Hutter (2019): first and second = running means of g and g^2
 *   ftrl                McMahan et al. (2013), per-coordinate FTRL-Proximal: first = z, second = n
 *
 * L2 joins the gradient, but for sgd and adamw, where it shrinks the weight, never across zero. L1 is proximal: after the
 * step the weight moves towards zero, never across, by as much as its own step size says, at most by eta. In ftrl both are
 * part of the minimum that is solved for; every step adds them once more, so that they weigh like those of a mean loss.
 *
 * On sparse tables a weight waits, its state untouched, until a row has its column. It then first pays the penalties of the
 * steps between, at the step size that its state has now.
 * Include after linear/sgd_template.h. */

typedef struct {
    real l1, l2;
    real momentum, memory, damping;
    real unbias1, unbias2; /* of the running means of adam, which began at zero */
    real rounds;           /* steps whose penalties ftrl counts */
} T(rule);

typedef struct {
    real w, first, second;
} T(weight);

SCH_INLINE real T(soft)(real w, real by) { return T(max)(K(0.0), w - by) + T(min)(K(0.0), w + by); }

SCH_INLINE real T(shrunk)(real w, real by) { return w * T(max)(K(0.0), K(1.0) - by); }

SCH_INLINE real T(ftrl_weight)(const T(rule) *u, real rounds, real eta, real first, real second)
{
    const real curvature = (u->damping + T(sqrt)(second)) / eta + u->l2 * rounds;
    return -T(soft)(first, u->l1 * rounds) / curvature;
}

/* What a gradient is multiplied with: eta itself, or divided by the size of this weight's gradients so far. */
SCH_INLINE real T(rate_of)(const sch_optimizer optimizer, const T(rule) *u, real eta, real second)
{
    switch (optimizer) {
    case SCH_OPTIMIZER_ADAGRAD:
    case SCH_OPTIMIZER_RMSPROP: return eta / (T(sqrt)(second) + u->damping);
    case SCH_OPTIMIZER_ADAM:
    case SCH_OPTIMIZER_ADAMW: return eta / (T(sqrt)(second * u->unbias2) + u->damping);
    default: return eta;
    }
}

SCH_INLINE T(weight) T(moved)(const sch_optimizer optimizer, const T(rule) *u, real eta, real g, T(weight) x)
{
    const real penalised = g + u->l2 * x.w;
    real rate;
    switch (optimizer) {
    case SCH_OPTIMIZER_SGD:
        x.w = T(shrunk)(x.w, eta * u->l2) - eta * g;
        rate = eta;
        break;
    case SCH_OPTIMIZER_MOMENTUM:
        x.first = u->momentum * x.first - eta * penalised;
        x.w += x.first;
        rate = eta;
        break;
    case SCH_OPTIMIZER_NESTEROV:
        x.first = u->momentum * x.first - eta * penalised;
        x.w += u->momentum * x.first - eta * penalised;
        rate = eta;
        break;
    case SCH_OPTIMIZER_ADAGRAD:
        x.second += penalised * penalised;
        rate = T(rate_of)(optimizer, u, eta, x.second);
        x.w -= rate * penalised;
        break;
    case SCH_OPTIMIZER_RMSPROP:
        x.second += (K(1.0) - u->memory) * (penalised * penalised - x.second);
        rate = T(rate_of)(optimizer, u, eta, x.second);
        x.w -= rate * penalised;
        break;
    case SCH_OPTIMIZER_ADAM:
    case SCH_OPTIMIZER_ADAMW: {
        const real s = optimizer == SCH_OPTIMIZER_ADAM ? penalised : g;
        if (optimizer == SCH_OPTIMIZER_ADAMW) x.w = T(shrunk)(x.w, eta * u->l2);
        x.first += (K(1.0) - u->momentum) * (s - x.first);
        x.second += (K(1.0) - u->memory) * (s * s - x.second);
        rate = T(rate_of)(optimizer, u, eta, x.second);
        x.w -= rate * (x.first * u->unbias1);
        break;
    }
    default: { /* ftrl */
        const real before = x.second;
        x.second += g * g;
        x.first += g - (T(sqrt)(x.second) - T(sqrt)(before)) / eta * x.w;
        x.w = T(ftrl_weight)(u, u->rounds, eta, x.first, x.second);
        return x;
    }
    }
    x.w = T(soft)(x.w, T(min)(rate * u->l1, eta));
    return x;
}

/* The penalties of `skipped` steps that came and went without a gradient for this weight. */
SCH_INLINE real T(overdue)(const sch_optimizer optimizer, const T(rule) *u, real rounds, real eta, real skipped,
                           const T(weight) x)
{
    if (optimizer == SCH_OPTIMIZER_FTRL) return T(ftrl_weight)(u, rounds, eta, x.first, x.second);
    const int adaptive = optimizer >= SCH_OPTIMIZER_ADAGRAD;
    const real rate = T(rate_of)(optimizer, u, eta, x.second);
    const real shrink = optimizer == SCH_OPTIMIZER_ADAMW ? eta : rate;
    const real w = T(soft)(T(shrunk)(x.w, shrink * u->l2 * skipped), T(min)(rate * u->l1, eta) * skipped);
    return adaptive && x.second == K(0.0) ? x.w : w; /* a weight without a gradient so far has no step size yet */
}
