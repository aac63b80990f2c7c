# SPDX-License-Identifier: BSD-3-Clause
"""The objective of linear support vector machines, written out, and data that are hard on solvers."""

import numpy as np


def rows_of(X):
    return (X.toarray() if hasattr(X, "toarray") else np.asarray(X)).astype(np.float64)


def parameters(model):
    """coef (k, d) and intercept (k,) in double precision."""
    coef = np.atleast_2d(model.coef_).astype(np.float64)
    return coef, np.broadcast_to(model.intercept_, len(coef)).astype(np.float64)


def losses(model, X, y):
    """Loss of every row and output, (n, k), and its derivative by the raw prediction."""
    coef, intercept = parameters(model)
    z = rows_of(X) @ coef.T + intercept
    if hasattr(model, "classes_"):
        positive = model.classes_[1:] if len(coef) == 1 else model.classes_
        sign = np.where(y[:, None] == positive, 1.0, -1.0)
        loss, slope = np.maximum(0.0, 1.0 - sign * z), -sign
    else:
        r = z - y[:, None]
        loss, slope = np.maximum(0.0, np.abs(r) - model.epsilon), np.sign(r)
    slope = np.where(loss > 0, slope, 0.0)
    return (loss**2, 2 * loss * slope) if model.loss.startswith("squared") else (loss, slope)


def objective(model, X, y, weight=None):
    """liblinear's objective, summed over the outputs, divided by C and the sum of the weights."""
    coef, intercept = parameters(model)
    weight = np.ones(len(y)) if weight is None else weight
    level = intercept / getattr(model, "intercept_scaling", 1.0)
    penalty = np.sum(coef**2) / 2 + np.sum(level**2) / 2
    if getattr(model, "penalty", "l2") == "l1":
        penalty = np.abs(coef).sum() + np.abs(level).sum()
    return (penalty / model.C + np.sum(weight @ losses(model, X, y)[0])) / weight.sum()


def gradient_norm(model, X, y, weight=None):
    """Largest entry of the gradient of that, for squared losses."""
    coef, intercept = parameters(model)
    weight = np.ones(len(y)) if weight is None else weight
    slopes = losses(model, X, y)[1] * weight[:, None]
    by_coef = (coef / model.C + slopes.T @ rows_of(X)) / weight.sum()
    by_intercept = (intercept / (model.intercept_scaling**2 * model.C) + slopes.sum(axis=0)) / weight.sum()
    return max(np.abs(by_coef).max(), np.abs(by_intercept).max() if model.fit_intercept else 0.0)


def nasty(name, rng, n=120):
    """(X, y) with classes in y; each has one difficulty."""
    X = rng.standard_normal((n, 5))
    y = (X @ [1.0, -1.0, 0.5, 0.0, 2.0] + rng.standard_normal(n) > 0).astype(int)
    if name == "wide":
        X = rng.standard_normal((n, 3 * n))
    elif name == "collinear":
        X = np.column_stack([X, X[:, :2] @ [[1.0], [2.0]], X[:, :1]])
    elif name == "constant":
        X = np.column_stack([X, np.ones(n), np.zeros(n)])
    elif name == "two rows":
        y = np.zeros(n, int)
        y[:2] = 1
    elif name == "scales":
        X = X * 10.0 ** np.array([-8, -4, 0, 4, 8])
    elif name == "far":
        X = X + 1e4
    return X, y


NASTY = ("wide", "collinear", "constant", "two rows", "scales", "far")
