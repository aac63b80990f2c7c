# SPDX-License-Identifier: BSD-3-Clause
"""Problems and naive answers for the tests of the smooth linear models."""

import numpy as np
from scipy.special import log_softmax, softmax


def classes_of(rng, n, d, n_classes, *, noise=1.0):
    """A table and class numbers that depend on it linearly."""
    X = rng.standard_normal((n, d))
    scores = X @ rng.standard_normal((d, n_classes)) + noise * rng.gumbel(size=(n, n_classes))
    return X, scores.argmax(axis=1)


def stacked(model):
    """Coefficients and intercepts of every class, (n_classes, n_features + 1), in double precision."""
    theta = np.column_stack([model.coef_, model.intercept_]).astype(np.float64)
    return np.vstack([np.zeros_like(theta), theta]) if len(theta) == 1 else theta


class Multinomial:
    """Mean log loss plus the penalty of ``C``, for parameters (n_classes, n_features + 1).

    With two classes only the second has parameters, as in the binary model.
    """

    def __init__(self, X, y, *, C=1.0, weight=None, fit_intercept=True):
        X = X.toarray() if hasattr(X, "toarray") else X
        self.x = np.column_stack([X, np.full(len(X), float(fit_intercept))]).astype(np.float64)
        self.labels, codes = np.unique(y, return_inverse=True)
        self.onehot = np.eye(len(self.labels))[codes]
        weight = np.ones(len(X)) if weight is None else np.asarray(weight, dtype=np.float64)
        self.weight = weight / weight.sum()
        self.l2 = 1.0 / (C * weight.sum())
        self.binary = len(self.labels) == 2

    def value(self, theta):
        losses = -np.sum(self.onehot * log_softmax(self.x @ theta.T, axis=1), axis=1)
        return self.weight @ losses + 0.5 * self.l2 * np.sum(theta[:, :-1] ** 2)

    def gradient(self, theta):
        share = softmax(self.x @ theta.T, axis=1)
        gradient = (self.weight[:, None] * (share - self.onehot)).T @ self.x
        gradient[:, :-1] += self.l2 * theta[:, :-1]
        if self.binary:
            gradient[0] = 0.0
        return gradient

    def hessian(self, theta):
        share = softmax(self.x @ theta.T, axis=1)
        k, p = theta.shape
        hessian = np.zeros((k, p, k, p))
        for c in range(k):
            for other in range(k):
                between = self.weight * share[:, c] * ((c == other) - share[:, other])
                hessian[c, :, other, :] = self.x.T @ (between[:, None] * self.x)
            hessian[c, np.arange(p - 1), c, np.arange(p - 1)] += self.l2
        return hessian.reshape(k * p, k * p)

    def minimum(self):
        """Parameters at the minimum, by Newton's method with halved steps and a pseudo-inverse."""
        theta = np.zeros((len(self.labels), self.x.shape[1]))
        for _ in range(200):
            gradient = self.gradient(theta)
            free = np.flatnonzero(np.repeat([not self.binary] + [True] * (len(theta) - 1), theta.shape[1]))
            hessian = self.hessian(theta)[np.ix_(free, free)]
            step = np.zeros(theta.size)
            scale = 1.0 / np.sqrt(np.diag(hessian) + (np.diag(hessian) == 0))
            inverse = scale[:, None] * np.linalg.pinv(hessian * scale * scale[:, None], hermitian=True) * scale
            step[free] = inverse @ gradient.ravel()[free]
            step, size = step.reshape(theta.shape), 1.0
            if np.vdot(gradient, step) < 1e-16 * self.value(theta):
                break
            while self.value(theta - size * step) > self.value(theta) and size > 1e-6:
                size /= 2
            theta = theta - size * step
        return theta

    def excess(self, model):
        """How far a fitted model's objective is above the minimum, relative to it."""
        least = self.value(self.minimum())
        return (self.value(stacked(model)) - least) / least


class SparseMultinomial(Multinomial):
    """The same with a share ``l1_ratio`` of the penalty on absolute values; intercepts may be penalised as well."""

    def __init__(self, X, y, *, C=1.0, l1_ratio=1.0, intercept=0.0, **more):
        super().__init__(X, y, C=C, **more)
        self.l1 = l1_ratio * self.l2 * np.append(np.ones(self.x.shape[1] - 1), intercept)
        self.l2 *= 1.0 - l1_ratio

    def value(self, theta):
        return super().value(theta) + np.sum(self.l1 * np.abs(theta))

    def violation(self, theta):
        """Largest entry of the subgradient of least norm: zero at the minimum and nowhere else."""
        gradient = self.gradient(theta)
        at_zero = np.maximum(np.abs(gradient) - self.l1, 0.0)
        return np.where(theta != 0.0, np.abs(gradient + self.l1 * np.sign(theta)), at_zero).max()
