# SPDX-License-Identifier: BSD-3-Clause
"""Weighted sums over the rows of a table: all that least squares needs of them, and additive.

Sums are taken about approximate column means and of the residuals of a reference model, so that what is
computed from them later does not vanish in the difference of large numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._means import near_column_means

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_SQUARED = kernels.LOSSES["squared"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over rows, of x less a shift and of the residuals r of a reference model, each times the row's weight.

    Attributes
    ----------
    weight : float
        Sum of 1.
    x : ndarray of shape (n_features,)
        Sum of x.
    r : ndarray of shape (n_tasks,)
        Sum of r.
    xx : ndarray of shape (n_features, n_features)
        Sum of x x'.
    xr : ndarray of shape (n_features, n_tasks)
        Sum of x r'.
    rr : float
        Sum of r' r.
    """

    weight: float
    x: Matrix
    r: Matrix
    xx: Matrix
    xr: Matrix
    rr: float

    def __add__(self, other: Moments) -> Moments:
        return Moments(
            self.weight + other.weight,
            self.x + other.x,
            self.r + other.r,
            self.xx + other.xx,
            self.xr + other.xr,
            self.rr + other.rr,
        )

    def with_residuals_of(self, parts: Sequence[Moments]) -> Moments:
        """The same rows with the residuals of parts that make them up."""
        r, xr, rr = (sum(sums[1:], start=sums[0]) for sums in zip(*((p.r, p.xr, p.rr) for p in parts), strict=True))
        return replace(self, r=r, xr=xr, rr=rr)

    def centred(self, rounding: float = 1e-13) -> Moments:
        """The same about the means of these rows.

        Parameters
        ----------
        rounding : float, default=1e-13
            What is left of the square of a column, relative to it, where the column is constant; counts as zero.
        """
        level = self.r / self.weight
        squares = self.xx - np.outer(self.x, self.x) / self.weight
        products = self.xr - np.outer(self.x, level)
        constant = squares.diagonal() <= rounding * self.xx.diagonal()
        squares[constant], squares[:, constant], products[constant] = 0.0, 0.0, 0.0
        zeros = np.zeros_like(self.x), np.zeros_like(self.r)
        return Moments(self.weight, *zeros, squares, products, max(self.rr - float(self.r @ level), 0.0))


class MomentReader:
    """Reads moments of rows of one table.

    Parameters
    ----------
    X : ndarray with contiguous rows or CSR matrix of shape (n_samples, n_features), float32 or float64
    y : ndarray of shape (n_samples, n_tasks), dtype of X
    weight : ndarray of shape (n_samples,), dtype of X, or None
    fit_intercept : bool
        Without intercept nothing is shifted.
    n_threads : int

    Attributes
    ----------
    shift : ndarray of shape (n_features,)
        Approximate column means; zeros for a sparse table, whose zeros would be lost.
    coef, intercept : ndarray of shape (n_tasks, n_features) and (n_tasks,)
        The reference; zeros at first.
    rounding : float
        See `Moments.centred`.
    """

    def __init__(self, X: Any, y: Array, weight: Array | None, *, fit_intercept: bool, n_threads: int) -> None:
        self._X, self._y, self._weight, self._n_threads = X, y, weight, n_threads
        self.fit_intercept, self.dtype = fit_intercept, X.dtype
        self.rounding = max(16.0 * float(np.finfo(X.dtype).eps), 1e-13)
        d, k = X.shape[1], y.shape[1]
        shifted = fit_intercept and not sp.issparse(X)
        self.shift = near_column_means(X) if shifted else np.zeros(d)
        self.coef, self.intercept = np.zeros((k, d)), np.zeros(k)
        self._scratch = kernels.Scratch()

    def read(self, rows: Any, known: Moments | None = None) -> Moments:
        """Return the moments of some rows.

        Parameters
        ----------
        rows : slice or ndarray of int
        known : Moments or None, default=None
            Those of the same rows about another reference, from which only the sums without r are taken.

        Raises
        ------
        FloatingPointError
            If they are not finite.
        """
        X, y = self._X[rows], np.ascontiguousarray(self._y[rows])
        weight = None if self._weight is None else np.ascontiguousarray(self._weight[rows])
        d, k, sparse = X.shape[1], y.shape[1], sp.issparse(X)
        gradient, squares = np.empty((k, d + 1)), None
        if known is None and not sparse:
            squares = np.empty((d + 1, d + 1))
        loss = kernels.glm_pass(
            kernels.Table(X),
            y[:, 0] if k == 1 else y,
            self.coef,
            self.intercept,
            loss=_SQUARED,
            weight=weight,
            gradient=gradient,
            gram=squares,
            gram_weights="sample",
            shift=self.shift,
            n_threads=self._n_threads,
            scratch=self._scratch,
        )
        r = -gradient[:, -1]
        xr = -gradient[:, :-1].T - np.outer(self.shift, r)
        if known is not None:
            return replace(known, r=r, xr=xr, rr=2.0 * loss)
        if squares is not None:
            xx = np.ascontiguousarray(squares[:-1, :-1])
            return Moments(float(squares[-1, -1]), squares[-1, :-1].copy(), r, xx, xr, 2.0 * loss)
        total, x, xx = _sparse_sums(X, weight)
        return Moments(total, x, r, xx, xr, 2.0 * loss)


def _sparse_sums(X: Any, weight: Array | None) -> tuple[float, Matrix, Matrix]:
    """Sums of 1, x and x x' over the rows of a CSR matrix."""
    X = X.astype(np.float64)
    weights = np.ones(X.shape[0]) if weight is None else weight.astype(np.float64)
    weighted = X.copy()
    weighted.data *= np.repeat(weights, np.diff(X.indptr))
    squares = (X.T @ weighted).toarray()
    return float(weights.sum()), np.asarray(X.T @ weights).ravel(), 0.5 * (squares + squares.T)
