# SPDX-License-Identifier: BSD-3-Clause
"""Leave-one-out residuals of ridge regression for a grid of penalties, from one decomposition.

Leaving a row out changes its own residual by a factor: the residual of the fit to all rows,
divided by one minus the row's leverage (Rifkin and Lippert, 2007, "Notes on Regularized
Least Squares"). Both come out of the eigenvectors of the smaller of the two matrices of
inner products, so that no alpha costs another fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import linalg

from schuss.linear_model._least_squares.gram import without_intercept
from schuss.linear_model._least_squares.problem import Problem, Reading
from schuss.linear_model._ridge.spectrum import eigenvectors

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_BLOCK = 1 << 21  # entries of a block of rows times what is computed of each
_LEAST = float(np.finfo(np.float64).eps)  # of one minus a leverage


class TallLeaveOneOut:
    """More rows than columns: eigenvectors of the features' Gram matrix.

    Parameters
    ----------
    problem : Problem
        In double precision.
    alphas : ndarray of shape (n_alphas,)
        Positive.
    reading : Reading or None
        At coefficients of zero and intercepts of ``problem.y_mean``, with the Gram matrix.
        None takes a singular value decomposition of a centred copy of X instead.
    shift : ndarray of shape (n_features,) or None
        About which the Gram matrix is.
    """

    def __init__(self, problem: Problem, alphas: Matrix, reading: Reading | None, shift: Matrix | None) -> None:
        self._problem, self._alphas = problem, alphas
        centred = problem.centred()
        self._mean = centred.x_mean
        if reading is None:
            table = centred.table()
            _, singular, right = linalg.svd(table, full_matrices=False)
            self._values, self._vectors = singular**2, right.T
            slope = table.T @ centred.y
        else:
            gram, cross = without_intercept(reading, shift)
            self._values, self._vectors = eigenvectors(gram)
            slope = cross.T
        self._turned = self._vectors.T @ slope

    def residuals(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield blocks of rows and their residuals (rows, n_targets, n_alphas), in order."""
        n, d, k = self._problem.shape
        inverse = 1.0 / (self._values[:, None] + self._alphas)
        coef = (self._turned[:, :, None] * inverse[:, None, :]).reshape(d, -1)
        size = max(64, _BLOCK // (d + k * len(self._alphas)))
        blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
        if len(blocks) == 1:  # to start threads takes longer than many a table
            yield blocks[0], self._block(blocks[0], inverse, coef)
            return
        with ThreadPoolExecutor(max(1, self._problem.n_threads)) as pool:
            yield from zip(blocks, pool.map(lambda rows: self._block(rows, inverse, coef), blocks), strict=True)

    def _block(self, rows: slice, inverse: Matrix, coef: Matrix) -> Matrix:
        problem = self._problem
        if sp.issparse(problem.X):
            turned = problem.X[rows] @ self._vectors - self._mean @ self._vectors
        else:
            turned = (problem.X[rows] - self._mean) @ self._vectors
        residual = (problem.y[rows] - problem.y_mean)[:, :, None] - (turned @ coef).reshape(
            len(turned), problem.y.shape[1], -1
        )
        weight = np.ones(len(turned)) if problem.weight is None else problem.weight[rows]
        leverage = np.square(turned, out=turned) @ inverse
        if problem.fit_intercept:
            leverage += 1.0 / problem.total
        left = np.maximum(1.0 - weight[:, None] * leverage, _LEAST)
        return np.asarray(residual / left[:, None, :])

    def coef(self, chosen: NDArray[np.intp]) -> Matrix:
        """Coefficients (n_targets, n_features) for one alpha of each target, by its number."""
        return ((self._turned / (self._values[:, None] + self._alphas[chosen])).T @ self._vectors.T).copy()


class WideLeaveOneOut:
    """As many columns as rows, or more: eigenvectors of the rows' inner products.

    With an intercept, all that matters is perpendicular to the roots of the weights. A
    reflection that takes these to the first axis leaves a matrix of one order less, in
    which nothing has to cancel.

    Parameters
    ----------
    problem : Problem
        In double precision.
    alphas : ndarray of shape (n_alphas,)
        Positive.
    svd : bool
        Whether to decompose a centred copy of X, rather than its rows' inner products.
    """

    def __init__(self, problem: Problem, alphas: Matrix, svd: bool) -> None:
        self._problem, self._alphas = problem, alphas
        self._centred = centred = problem.centred()
        self._kept = np.flatnonzero(centred.root > 0.0)
        self._root = centred.root[self._kept]
        self._y = centred.y[self._kept]
        if problem.fit_intercept and len(self._kept) < 2:
            raise ValueError(f"Leaving one out takes at least 2 samples with a weight: n_samples = {len(self._kept)}")
        mirror = _reflector(self._root) if problem.fit_intercept else None
        if svd:
            table = centred.table()[self._kept]
            left, singular, _ = linalg.svd(_reflected(table, mirror), full_matrices=False)
            values, vectors = singular**2, left
        else:
            kernel = _reflected(inner_products(centred)[np.ix_(self._kept, self._kept)], mirror)
            values, vectors = eigenvectors(kernel if mirror is None else _reflected(kernel.T, mirror).T)
        self._values = values
        self._vectors = vectors if mirror is None else _unreflected(vectors, mirror)
        self._turned = self._vectors.T @ self._y

    def residuals(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield all rows and their residuals (n_samples, n_targets, n_alphas)."""
        n, _, k = self._problem.shape
        inverse = 1.0 / (self._values[:, None] + self._alphas)
        dual = (self._vectors @ (self._turned[:, :, None] * inverse[:, None, :]).reshape(len(inverse), -1)).reshape(
            len(self._root), k, -1
        )
        left = np.square(self._vectors) @ inverse
        residual = np.empty((n, k, len(self._alphas)))
        residual[self._kept] = dual / left[:, None, :] / self._root[:, None, None]
        others = np.setdiff1d(np.arange(n), self._kept)  # left out by their weights of zero
        if len(others):
            self._predict(others, dual, residual)
        yield slice(0, n), residual

    def _predict(self, rows: NDArray[np.intp], dual: Matrix, residual: Matrix) -> None:
        problem = self._problem
        for a in range(dual.shape[2]):
            coef = self._primal(dual[:, :, a])
            values = problem.X[rows] @ coef.T + self._centred.intercept(coef)
            residual[rows, :, a] = problem.y[rows] - values

    def coef(self, chosen: NDArray[np.intp]) -> Matrix:
        """Coefficients (n_targets, n_features) for one alpha of each target, by its number."""
        return self._primal(self._vectors @ (self._turned / (self._values[:, None] + self._alphas[chosen])))

    def _primal(self, dual: Matrix) -> Matrix:
        weighted = np.zeros((len(self._centred.root), dual.shape[1]))
        weighted[self._kept] = self._root[:, None] * dual
        return np.asarray((self._problem.X.T @ weighted).T - np.outer(weighted.sum(axis=0), self._centred.x_mean))


def inner_products(centred: Any) -> Matrix:
    """Inner products of the centred rows times the roots of their weights; X stays sparse if it is."""
    if not centred.sparse:
        table = centred.table()
        return np.asarray(table @ table.T)
    X, mean = centred.X, centred.x_mean
    kernel = (X @ X.T).toarray()
    level = X @ mean
    kernel = kernel - level - level[:, None] + mean @ mean
    return np.asarray(kernel * centred.root * centred.root[:, None])


def _reflector(axis: Matrix) -> Matrix:
    """The unit vector of the Householder reflection that takes an axis to the first."""
    vector = axis / np.linalg.norm(axis)
    vector[0] += 1.0  # positive, as all entries are: nothing cancels
    return np.asarray(vector / np.linalg.norm(vector))


def _reflected(matrix: Matrix, mirror: Matrix | None) -> Matrix:
    """Rows reflected, the first of the result, which is zero, left out."""
    if mirror is None:
        return matrix
    return (matrix - 2.0 * np.outer(mirror, mirror @ matrix))[1:]


def _unreflected(vectors: Matrix, mirror: Matrix) -> Matrix:
    """What `_reflected` made the given vectors of."""
    whole = np.vstack([np.zeros((1, vectors.shape[1])), vectors])
    return np.asarray(whole - 2.0 * np.outer(mirror, mirror @ whole))
