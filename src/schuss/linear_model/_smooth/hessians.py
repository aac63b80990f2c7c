# SPDX-License-Identifier: BSD-3-Clause
"""Second derivatives of an objective: whole, bounded, or in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._smooth.objective import Objective, Point

Array = NDArray[Any]
Matrix = NDArray[np.float64]


def hessian(objective: Objective, point: Point, *, definite: bool = True) -> Matrix:
    """Hessian at a point: of order n_features + 1, times n_outputs for softmax.

    That of softmax is singular without a penalty, for a common shift of all classes
    changes no probability; ``definite`` adds curvature there, which gradients, having
    no part in it, do not notice.
    """
    if objective.n_outputs > 1:
        return _softmax_hessian(objective, point, definite)
    if objective.table.is_sparse:
        return objective.add_penalty(_sparse_gram(objective, hessian_weights(objective, point)))
    return objective.add_penalty(objective.mean_gram(point))


def softmax_bound(objective: Objective, point: Point) -> Matrix:
    """Upper bound of one class's block of the softmax Hessian, at any parameters.

    Boehning (1992), "Multinomial logistic regression algorithm": the block Hessian
    is at most 1/2 (I - 11'/K) (x) X'X, which is 1/2 X'X for each class as long as
    gradients sum to zero over the classes, as they do.
    """
    return objective.add_penalty(0.5 * objective.mean_gram(point))


def class_blocks(objective: Objective, point: Point) -> Matrix:
    """Each class's block of the softmax Hessian, (n_outputs, order, order)."""
    weights, x = _class_weights(objective, point), _augmented(objective)
    grams = (_outer_products(objective, x, np.ascontiguousarray(w)) / objective.total for w in weights.T)
    return np.stack([objective.add_penalty(gram) for gram in grams])


def partial_hessians(objective: Objective, point: Point, widest: int) -> list[tuple[NDArray[np.intp], Matrix]]:
    """Blocks on the Hessian's diagonal: of each class, and of at most ``widest`` columns.

    Each comes with the positions of its parameters among all, which are counted class
    by class; an intercept belongs to its class's last block.
    """
    k, p = objective.shape
    chunks = np.array_split(np.arange(p - 1), max(1, -(-(p - 1) // widest)))
    parts = [objective.columns(chunk) for chunk in chunks] if len(chunks) > 1 else [objective]
    weights = hessian_weights(objective, point)[:, None] if k == 1 else _class_weights(objective, point)
    blocks = []
    for c in range(k):
        weight = np.ascontiguousarray(weights[:, c])
        for chunk, part in zip(chunks, parts, strict=True):
            matrix, index = _weighted_gram(part, weight), c * p + chunk
            if chunk is chunks[-1]:
                blocks.append((np.append(index, c * p + p - 1), matrix))
            else:
                blocks.append((index, np.ascontiguousarray(matrix[:-1, :-1])))
    return blocks


def _weighted_gram(objective: Objective, weight: Array) -> Matrix:
    """Weighted mean of the outer products of the shifted rows, and the penalty."""
    if objective.table.is_sparse:
        return objective.add_penalty(_sparse_gram(objective, weight))
    return objective.add_penalty(_outer_products(objective, _augmented(objective), weight) / objective.total)


def _sparse_gram(objective: Objective, weight: Array | None) -> Matrix:
    """Weighted mean of the outer products of a CSR table's shifted rows."""
    gram = np.empty((objective.shape[1], objective.shape[1]))
    threads, scratch = objective.n_threads, objective.scratch
    kernels.sparse_gram(objective.table, weight, gram, shift=objective.shift, n_threads=threads, scratch=scratch)
    gram /= objective.total
    return gram


def hessian_weights(objective: Objective, point: Point) -> Array:
    """Second derivatives of the rows' losses, times the rows' weights."""
    margins = objective.margins(point.coef, point.intercept)[:, 0]
    if objective.offset is not None:
        margins += objective.offset
    hessian = np.empty_like(objective.y)
    kernels.loss_gradient(
        objective.y,
        margins,
        loss=objective.code,
        loss_param=objective.loss_param,
        weight=objective.weight,
        gradient=np.empty_like(objective.y),
        hessian=hessian,
        expected=objective.expected,
        n_threads=objective.n_threads,
    )
    return hessian


def _class_weights(objective: Objective, point: Point) -> Array:
    """The same for each class's own raw prediction, (n_samples, n_outputs)."""
    weights = shares(objective, point)
    weights *= 1.0 - weights
    if objective.weight is not None:
        weights *= objective.weight[:, None]
    return weights


def _softmax_hessian(objective: Objective, point: Point, definite: bool) -> Matrix:
    """diag(p) - pp' times the outer products of the rows, summed over the rows."""
    k, p = objective.shape
    products = _sparse_class_products if objective.table.is_sparse else _class_products
    hessian = products(objective, point)
    for c in range(k):
        hessian[c, :, c, :] = objective.add_penalty(hessian[c, :, c, :].copy())
    # A common shift of all classes changes nothing but the penalty, and gradients
    # have no part in it: any positive curvature there makes the matrix definite.
    if definite:  # in the size of each column, lest the small ones drown in it
        j = np.arange(p)
        hessian[:, j, :, j] += np.einsum("cjcj->j", hessian)[:, None, None] / (k * k)
    return hessian.reshape(k * p, k * p)


def _sparse_class_products(objective: Objective, point: Point) -> Matrix:
    """The mean of diag(p) - pp' times the rows' outer products, (k, order, k, order)."""
    k, p = objective.shape
    share, hessian = shares(objective, point), np.empty((k, p, k, p))
    for c in range(k):
        own = share[:, c] if objective.weight is None else share[:, c] * objective.weight
        for other in range(c + 1):
            between = own * ((c == other) - share[:, other])
            hessian[c, :, other, :] = hessian[other, :, c, :] = _sparse_gram(objective, between)
    return hessian


def _class_products(objective: Objective, point: Point) -> Matrix:
    """The same of a dense table."""
    k, p = objective.shape
    share, x = shares(objective, point), _augmented(objective)
    spread = (share[:, :, None] * x[:, None, :]).reshape(len(x), k * p)
    hessian = -_outer_products(objective, spread, objective.weight).reshape(k, p, k, p)
    for c in range(k):
        weight = share[:, c] if objective.weight is None else share[:, c] * objective.weight
        own = hessian[c, :, c, :] + _outer_products(objective, x, np.ascontiguousarray(weight))
        hessian[c, :, c, :] = own
    hessian /= objective.total
    return hessian


def shares(objective: Objective, point: Point) -> Array:
    """Probabilities of the classes, (n_samples, n_outputs)."""
    share = objective.margins(point.coef, point.intercept)
    kernels.softmax(share, share, n_threads=objective.n_threads)
    return share


def _augmented(objective: Objective) -> Array:
    """Copy of the shifted columns and a column of ones, or of zeros without intercept."""
    n, p = objective.table.n, objective.shape[1]
    x = np.full((n, p), float(objective.fit_intercept), dtype=objective.table.dtype)
    x[:, :-1] = objective.x
    if objective.shift is not None:
        x[:, :-1] -= objective.shift.astype(x.dtype)
    return x


def _outer_products(objective: Objective, x: Array, weight: Array | None) -> Matrix:
    """Weighted sum of the outer products of the rows of a dense array."""
    d = x.shape[1]
    gram = np.empty((d + 1, d + 1))
    kernels.glm_pass(
        kernels.Table(x),
        objective.y,
        np.zeros((1, d)),
        np.zeros(1),
        loss=kernels.LOSSES["squared"],
        weight=weight,
        gradient=np.empty((1, d + 1)),
        gram=gram,
        gram_weights="sample",
        n_threads=objective.n_threads,
        scratch=objective.scratch,
    )
    return np.ascontiguousarray(gram[:-1, :-1])
