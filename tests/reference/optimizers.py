# SPDX-License-Identifier: BSD-3-Clause
"""Epochs of stochastic gradient descent with an optimiser, in long double: every weight looked at in every step.

Velocities as in Polyak (1964) and Nesterov (1983); AdaGrad by Duchi, Hazan and Singer (2011); RMSProp by Hinton (2012);
Adam by Kingma and Ba (2015); AdamW by Loshchilov and Hutter (2019); FTRL-Proximal by McMahan et al. (2013).
"""

from dataclasses import dataclass

import numpy as np

from .linear import LARGEST_GRADIENT, WIDE, encode
from .linear import learning_rate as plain_rate
from .loss import LOSSES

ADAPTIVE = ("adagrad", "rmsprop", "adam", "adamw", "ftrl")
FIRST = ("momentum", "nesterov", "adam", "adamw", "ftrl")


@dataclass
class Epoch:
    """What an epoch leaves: parameters, averages, the optimiser's state and losses of k outputs."""

    coef: np.ndarray
    intercept: np.ndarray
    average_coef: np.ndarray
    average_intercept: np.ndarray
    first: np.ndarray
    second: np.ndarray
    loss_sum: np.ndarray


def soft(w, by):
    return np.sign(w) * np.maximum(0, np.abs(w) - by)


def learning_rate(schedule, eta, t, *, power_t=0.5, optimal_init=0.0, horizon=1.0, warmup=0.0):
    """The step size at sample t, counted from 1."""
    done = WIDE(t - 1)
    if schedule == "cosine":
        rate = eta * _anneal(1, 0, done / horizon)
    elif schedule == "one_cycle":
        peak = WIDE(0.3) * horizon
        if done < peak:
            rate = eta * _anneal(WIDE(1) / 25, 1, done / peak)
        else:
            rate = eta * _anneal(1, WIDE(1) / 250_000, (done - peak) / (horizon - peak))
    else:
        rate = plain_rate(schedule, eta, t, power_t=power_t, optimal_init=optimal_init)
    return rate * min(WIDE(1), t / WIDE(warmup)) if warmup > 0 else rate


def _anneal(start, end, progress):
    if progress >= 1:
        return WIDE(end)
    return end + (start - end) * (1 + np.cos(WIDE(np.pi) * progress)) / 2


def move(optimizer, w, first, second, g, *, eta, step, l1, l2, momentum, memory, damping):
    """One step, the `step`-th, of an array of weights that all have a gradient; returns w, first, second."""
    total = g + l2 * w
    rate = eta
    if optimizer == "sgd":
        w = w * max(WIDE(0), 1 - eta * l2) - eta * g
    elif optimizer in ("momentum", "nesterov"):
        first = momentum * first - eta * total
        w = w + (first if optimizer == "momentum" else momentum * first - eta * total)
    elif optimizer in ("adagrad", "rmsprop"):
        second = second + total**2 if optimizer == "adagrad" else memory * second + (1 - memory) * total**2
        rate = eta / (np.sqrt(second) + damping)
        w = w - rate * total
    elif optimizer in ("adam", "adamw"):
        if optimizer == "adamw":
            w, total = w * max(WIDE(0), 1 - eta * l2), g
        first = momentum * first + (1 - momentum) * total
        second = memory * second + (1 - memory) * total**2
        rate = eta / (np.sqrt(second / (1 - memory**step)) + damping)
        w = w - rate * first / (1 - momentum**step)
    else:
        sigma = (np.sqrt(second + g**2) - np.sqrt(second)) / eta
        first, second = first + g - sigma * w, second + g**2
        return follow(first, second, step, eta, l1, l2, damping), first, second
    return soft(w, np.minimum(rate * l1, eta)), first, second


def follow(first, second, steps, eta, l1, l2, damping):
    """The weight that minimises the sum of the linearised losses, their proximal terms and the penalties of `steps`."""
    return -soft(first, l1 * steps) / ((damping + np.sqrt(second)) / eta + l2 * steps)


def overdue(optimizer, w, first, second, skipped, *, eta, step, l1, l2, momentum, memory, damping):
    """Weights after the penalties of `skipped` steps without a gradient, paid at the rates of this step."""
    del momentum
    if optimizer == "ftrl":
        return np.where(skipped > 0, follow(first, second, step - 1, eta, l1, l2, damping), w)
    rate = np.full(w.shape, eta)
    if optimizer in ADAPTIVE:
        shown = second / (1 - memory**step) if optimizer in ("adam", "adamw") else second
        rate = eta / (np.sqrt(shown) + damping)
        skipped = np.where(second == 0, 0, skipped)
    shrink = eta if optimizer == "adamw" else rate
    return soft(w * np.maximum(0, 1 - shrink * l2 * skipped), np.minimum(rate * l1, eta) * skipped)


def slopes(loss, y, z, loss_param):
    """Losses of a batch and their derivatives by the margins z (n, k)."""
    if loss == "softmax":
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        own = np.arange(len(y)), y.astype(int)
        value = np.zeros(z.shape[1], WIDE)
        value[0] = -np.sum(z[own] - z.max(axis=1) - np.log(e.sum(axis=1)))
        p[own] -= 1
        return value, p
    k = z.shape[1]
    target = np.column_stack([encode(y, output, k, loss) for output in range(k)])
    gradient = LOSSES[loss].gradient(target, z, loss_param)
    value = LOSSES[loss].value(target, z, loss_param).sum(axis=0)
    return value, np.clip(gradient, -LARGEST_GRADIENT, LARGEST_GRADIENT)


def clip(g, norm, value, together):
    """The gradients (k, d + 1) within their limits."""
    if value > 0:
        g = np.clip(g, -value, value)
    if norm > 0:
        size = np.sqrt((g**2).sum(axis=None if together else 1, keepdims=True))
        g = g * np.where(size > norm, norm / np.where(size > 0, size, 1), 1)
    return g


def sgd_sweep(x, y, coef, intercept, *, order, loss, optimizer, eta, loss_param=0.0, l1=0.0, l2=0.0,
              schedule="constant", power_t=0.5, optimal_init=0.0, horizon=1.0, warmup=0.0, t=1.0, steps=0.0,
              momentum=0.0, memory=0.0, damping=0.0, clip_norm=0.0, clip_value=0.0, batch_size=1, fit_intercept=True,
              intercept_decay=1.0, intercept_slope=0.0, sample_weight=None, positive_weight=None, negative_weight=None,
              average_start=0, average_coef=None, average_intercept=None, first=None, second=None,
              stored=None):  # fmt: skip
    """One epoch over the rows in `order`; `stored` (n, d) marks the entries of a sparse table, None says dense."""
    x, y = WIDE(x)[order], WIDE(y)[order]
    k, d = coef.shape
    weight = np.ones(len(x), WIDE) if sample_weight is None else WIDE(sample_weight)[order]
    stored = None if stored is None else stored[order]
    w = np.column_stack([WIDE(coef), WIDE(intercept)])
    average = np.zeros_like(w) if average_coef is None else np.column_stack([WIDE(average_coef), average_intercept])
    first = np.zeros_like(w) if first is None else WIDE(first)
    second = np.zeros_like(w) if second is None else WIDE(second)
    positive = np.ones(k) if positive_weight is None else positive_weight
    negative = np.ones(k) if negative_weight is None else negative_weight
    numbers = {"momentum": WIDE(momentum), "memory": WIDE(memory), "damping": WIDE(damping)}
    waited = np.full(d, steps)  # the step after which a column was up to date
    loss_sum = np.zeros(k, WIDE)
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        xb, yb = x[rows], y[rows]
        rate = [
            learning_rate(schedule, WIDE(e), t, power_t=power_t, optimal_init=optimal_init, horizon=horizon,
                          warmup=warmup)
            for e in eta
        ]  # fmt: skip
        touched = np.ones(d, bool) if stored is None else stored[rows].any(axis=0)
        here = dict(numbers, step=steps + 1, l1=WIDE(l1), l2=WIDE(l2))
        for output in range(k):
            state = w[output, :d], first[output, :d], second[output, :d]
            paid = overdue(optimizer, *state, steps - waited, eta=rate[output], **here)
            w[output, :d] = np.where(touched, paid, w[output, :d])
        z = xb @ w[:, :d].T + w[:, d]
        value, slope = slopes(loss, yb, z, loss_param)
        loss_sum += value
        if loss == "softmax":
            class_weight = np.asarray(positive)[yb.astype(int)][:, None]
        else:
            mine = np.column_stack([encode(yb, output, k, loss) > 0 for output in range(k)])
            class_weight = np.where(mine, positive, negative)
        slope = slope * class_weight * weight[rows][:, None]
        g = np.column_stack([slope.T @ xb, (slope.sum(axis=0) + len(xb) * intercept_slope) * fit_intercept]) / len(xb)
        g = clip(g, clip_norm, clip_value, loss == "softmax")
        for output in range(k):
            columns = np.append(touched, False)
            w[output, columns], first[output, columns], second[output, columns] = move(
                optimizer, w[output, columns], first[output, columns], second[output, columns], g[output, columns],
                eta=rate[output], **here,
            )  # fmt: skip
            if fit_intercept:
                free = here | {"l1": WIDE(0), "l2": WIDE(0)}
                w[output, d], first[output, d], second[output, d] = move(
                    optimizer, w[output, d], first[output, d], second[output, d], g[output, d],
                    eta=rate[output] * intercept_decay, **free,
                )  # fmt: skip
        waited = np.where(touched, steps + 1, waited)
        if 0 < average_start <= t:
            before = t - average_start
            share = WIDE(1) if before < batch_size else WIDE(len(xb)) / (before + len(xb))
            average = average + share * (w - average)
        steps += 1
        t += len(xb)
    for output in range(k):
        state = w[output, :d], first[output, :d], second[output, :d]
        here = dict(numbers, step=steps + 1 if optimizer == "ftrl" else steps, l1=WIDE(l1), l2=WIDE(l2))
        w[output, :d] = overdue(optimizer, *state, steps - waited, eta=rate[output], **here)
    return Epoch(
        coef=w[:, :d], intercept=w[:, d], first=first, second=second, loss_sum=loss_sum,
        average_coef=average[:, :d], average_intercept=average[:, d],
    )  # fmt: skip
