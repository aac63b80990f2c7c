# SPDX-License-Identifier: BSD-3-Clause
"""Every loss by its formula: value, first and second derivative with respect to the raw prediction z.

y is a real target for the regression losses, 0 or 1 for `logistic`, -1 or +1 for the margin losses, the class index for
`softmax`, a count, a positive number or a share for the families of generalised linear models. c is the loss parameter:
delta of `huber`, the tube's half width of the epsilon losses, Tweedie's power, theta of the negative binomial.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Loss:
    """One pointwise loss; `kinks(y, c)` are the points z where the gradient jumps."""

    value: Callable
    gradient: Callable
    hessian: Callable
    targets: str  # "real", "01", "pm1"; "count", "positive" or "share" for the families
    convex: bool = True
    kinks: Callable = lambda y, c: []
    expected: Callable | None = None  # hessian's expectation over y with the predicted mean, where it differs
    bends: Callable = lambda y, c: []  # where the gradient is continuous but the second derivative jumps


def _sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def _softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _logistic_value(y, z, c):
    # softplus(z) - y z, arranged so that it does not cancel for the targets 0 and 1.
    return y * _softplus(-z) + (1 - y) * _softplus(z)


def _huber_value(y, z, c):
    r = np.abs(z - y)
    return np.where(r <= c, r * r / 2, c * (r - c / 2))


def _tube(y, z, c):
    return np.maximum(np.abs(z - y) - c, 0)


def _modified_huber_value(y, z, c):
    m = y * z
    return np.where(m >= 1, 0, np.where(m >= -1, (1 - m) ** 2, -4 * m))


def _modified_huber_gradient(y, z, c):
    m = y * z
    return np.where(m >= 1, 0, np.where(m >= -1, -2 * y * (1 - m), -4 * y))


def _tweedie_value(y, mu, c):
    """Half the unit deviance, but for the term in y alone."""
    if c == 1:
        return mu - y * np.log(mu)
    if c == 2:
        return np.log(mu) + y / mu
    return mu ** (2 - c) / (2 - c) - y * mu ** (1 - c) / (1 - c)


LOSSES = {
    "squared": Loss(
        value=lambda y, z, c: (z - y) ** 2 / 2,
        gradient=lambda y, z, c: z - y,
        hessian=lambda y, z, c: np.ones_like(z),
        targets="real",
    ),
    "huber": Loss(
        value=_huber_value,
        gradient=lambda y, z, c: np.clip(z - y, -c, c),
        hessian=lambda y, z, c: np.where(np.abs(z - y) <= c, 1, 0),
        targets="real",
        bends=lambda y, c: [y - c, y + c],
    ),
    "epsilon_insensitive": Loss(
        value=_tube,
        gradient=lambda y, z, c: np.where(_tube(y, z, c) > 0, np.sign(z - y), 0),
        hessian=lambda y, z, c: np.zeros_like(z),
        targets="real",
        kinks=lambda y, c: [y - c, y + c],
    ),
    "squared_epsilon_insensitive": Loss(
        value=lambda y, z, c: _tube(y, z, c) ** 2,
        gradient=lambda y, z, c: 2 * np.sign(z - y) * _tube(y, z, c),
        hessian=lambda y, z, c: np.where(_tube(y, z, c) > 0, 2, 0),
        targets="real",
        bends=lambda y, c: [y - c, y + c],
    ),
    "logistic": Loss(
        value=_logistic_value,
        gradient=lambda y, z, c: (1 - y) * _sigmoid(z) - y * _sigmoid(-z),
        hessian=lambda y, z, c: _sigmoid(z) * _sigmoid(-z),
        targets="01",
    ),
    "hinge": Loss(
        value=lambda y, z, c: np.maximum(1 - y * z, 0),
        gradient=lambda y, z, c: np.where(y * z <= 1, -y, 0),
        hessian=lambda y, z, c: np.zeros_like(z),
        targets="pm1",
        kinks=lambda y, c: [y],
    ),
    "squared_hinge": Loss(
        value=lambda y, z, c: np.maximum(1 - y * z, 0) ** 2,
        gradient=lambda y, z, c: -2 * y * np.maximum(1 - y * z, 0),
        hessian=lambda y, z, c: np.where(y * z < 1, 2, 0),
        targets="pm1",
        bends=lambda y, c: [y],
    ),
    "modified_huber": Loss(
        value=_modified_huber_value,
        gradient=_modified_huber_gradient,
        hessian=lambda y, z, c: np.where((y * z >= -1) & (y * z < 1), 2, 0),
        targets="pm1",
        bends=lambda y, c: [y, -y],
    ),
    "perceptron": Loss(
        value=lambda y, z, c: np.maximum(-y * z, 0),
        gradient=lambda y, z, c: np.where(y * z <= 0, -y, 0),
        hessian=lambda y, z, c: np.zeros_like(z),
        targets="pm1",
        kinks=lambda y, c: [0 * y],
    ),
    "poisson": Loss(
        value=lambda y, z, c: np.exp(z) - y * z,
        gradient=lambda y, z, c: np.exp(z) - y,
        hessian=lambda y, z, c: np.exp(z),
        targets="count",
    ),
    "gamma": Loss(
        value=lambda y, z, c: z + y / np.exp(z),
        gradient=lambda y, z, c: 1 - y / np.exp(z),
        hessian=lambda y, z, c: y / np.exp(z),
        expected=lambda y, z, c: np.ones_like(z),
        targets="positive",
    ),
    "inverse_gaussian": Loss(
        value=lambda y, z, c: y / (2 * np.exp(2 * z)) - np.exp(-z),
        gradient=lambda y, z, c: np.exp(-z) - y * np.exp(-2 * z),
        hessian=lambda y, z, c: 2 * y * np.exp(-2 * z) - np.exp(-z),
        expected=lambda y, z, c: np.exp(-z),
        targets="positive",
        convex=False,
    ),
    "tweedie": Loss(
        value=lambda y, z, c: _tweedie_value(y, np.exp(z), c),
        gradient=lambda y, z, c: np.exp((2 - c) * z) - y * np.exp((1 - c) * z),
        hessian=lambda y, z, c: (2 - c) * np.exp((2 - c) * z) - (1 - c) * y * np.exp((1 - c) * z),
        expected=lambda y, z, c: np.exp((2 - c) * z),
        targets="count",
        convex=False,
    ),
    "tweedie_identity": Loss(
        value=lambda y, z, c: _tweedie_value(y, z, c),
        gradient=lambda y, z, c: (z - y) / z**c,
        hessian=lambda y, z, c: (1 - c + c * y / z) / z**c,
        expected=lambda y, z, c: z**-c,
        targets="count",
        convex=False,
    ),
    "binomial": Loss(
        value=_logistic_value,
        gradient=lambda y, z, c: (1 - y) * _sigmoid(z) - y * _sigmoid(-z),
        hessian=lambda y, z, c: _sigmoid(z) * _sigmoid(-z),
        targets="share",
    ),
    "negative_binomial": Loss(
        value=lambda y, z, c: y * _softplus(-z - np.log(c)) + _softplus(z + np.log(c)) / c,
        gradient=lambda y, z, c: (np.exp(z) - y) / (1 + c * np.exp(z)),
        hessian=lambda y, z, c: np.exp(z) * (1 + c * y) / (1 + c * np.exp(z)) ** 2,
        expected=lambda y, z, c: np.exp(z) / (1 + c * np.exp(z)),
        targets="count",
    ),
}
FAMILIES = {name for name, loss in LOSSES.items() if loss.targets in ("count", "positive", "share")}


def softmax(z):
    """Class probabilities of each row of z."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_value(y, z):
    """Minus the log probability of class y[i] in each row of z."""
    peak = z.max(axis=1)
    # log1p of the others' share keeps a small loss exact: log(1 + s) would lose it.
    rows = np.arange(len(z))
    rest = np.exp(z - peak[:, None])
    rest[rows, z.argmax(axis=1)] = 0
    return np.log1p(rest.sum(axis=1)) + peak - z[rows, y.astype(int)]


def softmax_gradient(y, z):
    """Derivative of `softmax_value` with respect to z: probabilities minus the one-hot target."""
    gradient = softmax(z)
    gradient[np.arange(len(z)), y.astype(int)] -= 1
    return gradient


def loss_sum(y, z, *, loss, loss_param=0.0, weight=None):
    """Weighted sum of the loss values."""
    values = softmax_value(y, z) if loss == "softmax" else LOSSES[loss].value(y, z, loss_param)
    return np.sum(values if weight is None else weight * values)


def loss_gradient(y, z, *, loss, loss_param=0.0, weight=None, expected=False):
    """Weighted first and second derivatives, pointwise losses only."""
    w = np.ones_like(z) if weight is None else weight
    rule = LOSSES[loss]
    return w * rule.gradient(y, z, loss_param), w * second_derivative(rule, expected)(y, z, loss_param)


def loss_derivatives(y, z, *, loss, loss_param=0.0):
    """The same side by side, (n, 2)."""
    return np.stack(loss_gradient(y, z, loss=loss, loss_param=loss_param), axis=1)


def softmax_derivatives(y, z):
    """Gradient and diagonal of the second derivative, class by class: (n_classes, n, 2)."""
    shares = softmax(z)
    return np.stack([softmax_gradient(y, z), shares * (1.0 - shares)], axis=2).transpose(1, 0, 2)


def second_derivative(rule, expected):
    """The hessian of a loss, or its expectation under the model."""
    return rule.expected if expected and rule.expected else rule.hessian
