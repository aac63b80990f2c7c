# SPDX-License-Identifier: BSD-3-Clause
"""Linear-model sweeps, one row at a time, in long double.

`sgd_sweep` is the plain stochastic gradient method of Bottou (2012) with the cumulative L1 penalty of Tsuruoka, Tsujii
and Ananiadou (2009), the passive-aggressive steps of Crammer et al. (2006) and Polyak-Ruppert averaging. No scaling
trick: what a step does to the parameters is done to the parameters.
"""

from dataclasses import dataclass

import numpy as np

from .loss import LOSSES, loss_sum, second_derivative, softmax_gradient

WIDE = np.longdouble
LARGEST_GRADIENT = 1e12
ZERO_ONE = {"logistic"}


def linear_predict(x, coef, intercept):
    """X coef' + intercept, (n, k)."""
    return WIDE(x) @ WIDE(coef).T + WIDE(intercept)


def glm_pass(x, y, coef, intercept, *, loss, loss_param=0.0, weight=None, offset=None, gram_weights="hessian",
             shift=None):  # fmt: skip
    """Everything one read of X yields: {"loss_sum", "gradient" (k, d+1), "gram" (d+1, d+1) or None, "margins" (n, k)}.

    Sums over the samples, not means; the last column belongs to the intercept. The Gram matrix exists for pointwise
    losses and for any number of outputs when it is weighted by the samples alone.
    """
    x, y = WIDE(x), WIDE(y)
    n = len(x)
    margins = linear_predict(x, coef, intercept) + (0 if offset is None else WIDE(offset)[:, None])
    w = np.ones(n, WIDE) if weight is None else WIDE(weight)
    if loss == "softmax":
        total = loss_sum(y, margins, loss=loss, weight=w)
        slope = softmax_gradient(y, margins)
        curvature = None
    else:
        rule, target = LOSSES[loss], y if y.ndim == 2 else y[:, None]
        total = np.sum(w[:, None] * rule.value(target, margins, loss_param))
        slope = rule.gradient(target, margins, loss_param)
        curvature = second_derivative(rule, gram_weights == "expected")(target, margins, loss_param)[:, 0]
    with_one = np.column_stack([x, np.ones(n, WIDE)])
    omega = w if gram_weights == "sample" else None if curvature is None else w * curvature
    gram = None
    if omega is not None:
        centred = np.column_stack([x - (0 if shift is None else WIDE(shift)), np.ones(n, WIDE)])
        gram = (omega[:, None] * centred).T @ centred
    return {"loss_sum": total, "gradient": (w[:, None] * slope).T @ with_one, "gram": gram, "margins": margins}


def select_columns(x, columns):
    """x[:, columns]."""
    return np.asarray(x)[:, columns]


def sparse_gram(x, weight=None, shift=None):
    """Weighted sum of the outer products of the rows, shifted and extended by 1, (d+1, d+1)."""
    x = WIDE(x)
    rows = np.column_stack([x - (0 if shift is None else WIDE(shift)), np.ones(len(x), WIDE)])
    return (rows if weight is None else WIDE(weight)[:, None] * rows).T @ rows


def learning_rate(schedule, eta, t, *, power_t, optimal_init):
    """The step at sample t (counted from 1). For `optimal`, eta is 1/alpha."""
    if schedule == "optimal":
        return eta / (optimal_init + t - 1)
    if schedule == "invscaling":
        return eta / WIDE(t) ** power_t
    return WIDE(eta)


def encode(y, output, n_outputs, loss):
    """The target of one output: y itself, or whether a row belongs to this class in the loss's own coding."""
    if n_outputs == 1:
        return y
    return np.where(y == output, 1, 0 if loss in ZERO_ONE else -1)


@dataclass
class Output:
    """The state of one binary or regression problem while rows pass by."""

    coef: np.ndarray
    intercept: WIDE
    average_coef: np.ndarray
    average_intercept: WIDE
    l1_total: WIDE
    l1_applied: np.ndarray
    loss_sum: WIDE = 0
    nearest_kink: WIDE = np.inf


def _steps(x, y, z, eta, *, loss, loss_param, schedule):
    """What each row of a batch adds to the parameters along its x, before weights."""
    rule = LOSSES[loss]
    if schedule in ("pa1", "pa2"):
        norm = np.sum(x * x, axis=1)
        value = rule.value(y, z, loss_param)
        if schedule == "pa1":
            size = np.minimum(eta, np.divide(value, norm, out=np.zeros_like(value), where=norm > 0))
        else:
            size = value / (norm + 1 / (2 * WIDE(eta)))
        direction = y if rule.targets == "pm1" else np.where(y - z < 0, -1, 1)
        return size * direction
    gradient = rule.gradient(y, z, loss_param)
    return -eta * np.clip(gradient, -LARGEST_GRADIENT, LARGEST_GRADIENT)


def _truncate(out, amount, touched):
    """Tsuruoka's cumulative penalty: move touched weights towards zero by what they still owe, never across."""
    out.l1_total = out.l1_total + amount
    w = out.coef
    before = w.copy()
    shrunk = np.where(
        w > 0, np.maximum(0, w - (out.l1_total + out.l1_applied)), np.minimum(0, w + (out.l1_total - out.l1_applied))
    )
    out.coef = np.where(touched & (w != 0), shrunk, w)
    out.l1_applied = out.l1_applied + (out.coef - before)


def _average(out, n_before, n_rows, batch_size):
    """Running mean over samples: one more update, from `n_rows` of them, after `n_before`; the first starts anew."""
    share = WIDE(1) if n_before < batch_size else WIDE(n_rows) / (n_before + n_rows)
    out.average_coef = out.average_coef + share * (out.coef - out.average_coef)
    out.average_intercept = out.average_intercept + share * (out.intercept - out.average_intercept)


def _distance_to_kink(x, y, z, coef, loss, loss_param):
    """How near, relative to the size of its terms, a margin came to a point where the gradient jumps."""
    size = np.abs(x) @ np.abs(coef) + np.abs(z) + 1
    return min((np.min(np.abs(z - kink) / size) for kink in LOSSES[loss].kinks(y, loss_param)), default=np.inf)


def _sweep_output(out, x, y, weight, stored, *, loss, loss_param=0.0, l1=0.0, l2=0.0, schedule="constant", eta,
                  power_t=0.5, optimal_init=0.0, t=1.0, fit_intercept=True, intercept_decay=1.0, intercept_slope=0.0,
                  average_start=0, batch_size=1):  # fmt: skip
    """Changes one output's state by all rows, batch_size at a time."""
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        xb, yb = x[rows], y[rows]
        rate = learning_rate(schedule, eta, t, power_t=power_t, optimal_init=optimal_init)
        z = xb @ out.coef + out.intercept
        out.loss_sum = out.loss_sum + np.sum(LOSSES[loss].value(yb, z, loss_param))
        out.nearest_kink = min(out.nearest_kink, _distance_to_kink(xb, yb, z, out.coef, loss, loss_param))
        step = weight[rows] * _steps(xb, yb, z, rate, loss=loss, loss_param=loss_param, schedule=schedule)
        out.coef = max(WIDE(0), 1 - rate * l2) * out.coef + step @ xb / len(xb)
        if fit_intercept:
            out.intercept = out.intercept + intercept_decay * (np.mean(step) - rate * intercept_slope)
        if 0 < average_start <= t:
            _average(out, t - average_start, len(xb), batch_size)
        if l1 > 0:
            _truncate(out, rate * l1, stored[rows].any(axis=0))
        t += len(xb)


def sgd_sweep(x, y, coef, intercept, *, order, eta, sample_weight=None, positive_weight=None, negative_weight=None,
              active=None, average_coef=None, average_intercept=None, l1_total=None, l1_applied=None, stored=None,
              **rule):  # fmt: skip
    """One epoch over the rows in `order`; returns one `Output` per row of coef. `rule` goes to `_sweep_output`.

    `stored` (n, d) marks the entries that a sparse table holds; all of them when the table is dense.
    """
    x, y, coef = WIDE(x)[order], WIDE(y)[order], WIDE(coef)
    k, d = coef.shape
    stored = np.ones(x.shape, bool) if stored is None else stored[order]
    base_weight = np.ones(len(x), WIDE) if sample_weight is None else WIDE(sample_weight)[order]

    def initial(values, output, default):
        return default if values is None else WIDE(values[output])

    outputs = []
    for output in range(k):
        out = Output(
            coef=coef[output],
            intercept=WIDE(intercept[output]),
            average_coef=initial(average_coef, output, np.zeros(d, WIDE)),
            average_intercept=initial(average_intercept, output, WIDE(0)),
            l1_total=initial(l1_total, output, WIDE(0)),
            l1_applied=initial(l1_applied, output, np.zeros(d, WIDE)),
        )
        outputs.append(out)
        if active is not None and not active[output]:
            continue
        target = encode(y, output, k, rule["loss"])
        class_weight = np.where(target > 0, initial(positive_weight, output, 1), initial(negative_weight, output, 1))
        _sweep_output(out, x, target, base_weight * class_weight, stored, eta=WIDE(eta[output]), **rule)
    return outputs
