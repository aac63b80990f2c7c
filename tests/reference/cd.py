# SPDX-License-Identifier: BSD-3-Clause
"""Coordinate descent, one coordinate at a time, in long double; every gradient entry computed anew."""

import numpy as np

WIDE = np.longdouble


def shrink(vector, threshold):
    """The proximal operator of threshold times the Euclidean norm; of one number: soft thresholding."""
    norm = np.sqrt(np.sum(vector**2))
    return vector * 0 if norm <= threshold else vector * (1 - threshold / norm)


def gram_cd(gram, target, coef, *, l1, l2, penalty_factor, positive, coordinates, n_sweeps):
    """Sweeps in order for the linear term target (k, d); returns (coef, gradient, change of the last sweep)."""
    gram, target, coef = WIDE(gram), WIDE(target), WIDE(coef).copy()
    change = WIDE(0)
    for _ in range(n_sweeps):
        change = WIDE(0)
        for j in coordinates:
            if gram[j, j] == 0:
                continue
            free = target[:, j] - coef @ gram[j] + coef[:, j] * gram[j, j]
            if positive:
                free = np.maximum(free, 0)
            new = shrink(free, l1 * penalty_factor[j]) / (gram[j, j] + l2 * penalty_factor[j])
            change = max(change, np.sqrt(gram[j, j] * np.sum((new - coef[:, j]) ** 2)))
            coef[:, j] = new
    return coef, coef @ gram - target, change


def column_gram(x, columns, n_new, *, shift=None, weight=None):
    """Products of the columns with the first n_new of them, (m, n_new)."""
    x = WIDE(x) - (0 if shift is None else WIDE(shift))
    weight = np.ones(len(x), WIDE) if weight is None else WIDE(weight)
    return x[:, columns].T @ (weight[:, None] * x[:, columns[:n_new]])


def column_products(x, r):
    """Correlations (k, d) of every column with residuals (k, n)."""
    return WIDE(r) @ WIDE(x)


def column_residual(x, columns, coef, offset, y):
    """What a model of few columns leaves of y (k, n)."""
    return WIDE(y) - WIDE(offset)[:, None] - WIDE(coef) @ WIDE(x)[:, columns].T


def line_start(gram, target, square, coef, last, length, *, l1, l2, positive):
    """The better of coef (k, d) and the point `length` times as far beyond it as it is from last."""

    def objective(w):
        if positive and (w < 0).any():
            return np.inf
        residual = square + np.sum(w * (w @ WIDE(gram) - 2 * WIDE(target)))
        norms = np.sqrt(np.sum(w**2, axis=0))
        return residual / 2 + l1 * norms.sum() + l2 / 2 * np.sum(w**2)

    there = WIDE(coef) + length * (WIDE(coef) - WIDE(last))
    return there if objective(there) < objective(WIDE(coef)) else WIDE(coef)
