# SPDX-License-Identifier: BSD-3-Clause
"""The table as coordinate descent reads it, by row or by column, and never centred but in formulas."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels

Array = NDArray[Any]
Matrix = NDArray[np.float64]
Columns = NDArray[np.int64]

_SQUARED = kernels.LOSSES["squared"]
_PIECES = 8  # stretches of rows that make up a sample of a table stored by column


@dataclass(frozen=True, slots=True)
class Reading:
    """What one read of X tells about coefficients.

    Attributes
    ----------
    gradient : ndarray of shape (n_tasks, n_features)
        Of half the summed squared residual; of centred columns if there is an intercept.
    residual : float
        The summed squared residual.
    """

    gradient: Matrix
    residual: float


class Target:
    """What is to be predicted.

    Parameters
    ----------
    y : ndarray of shape (n_tasks, n_samples), C-contiguous, dtype of X
    weight : ndarray of shape (n_samples,) or None
    fit_intercept : bool

    Attributes
    ----------
    mean : ndarray of shape (n_tasks,)
        Weighted; zeros without intercept.
    square : float
        Weighted sum of the squared distances to ``mean``.
    """

    def __init__(self, y: Array, weight: Array | None, *, fit_intercept: bool) -> None:
        wide = y.astype(np.float64, copy=False)
        self.y = y
        self.mean = np.average(wide, axis=1, weights=weight) if fit_intercept else np.zeros(len(y))
        distance = np.square(wide - self.mean[:, None]).sum(axis=0)
        self.square = float(distance.sum() if weight is None else np.sum(distance * weight))
        self.by_row = y[0] if len(y) == 1 else np.ascontiguousarray(y.T)


class Features(ABC):
    """Base of the two ways to read X.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features), float32 or float64
    weight : ndarray of shape (n_samples,), dtype of X, or None
    fit_intercept : bool
    n_threads : int

    Attributes
    ----------
    total : float
        Sum of the weights.
    mean : ndarray of shape (n_features,) or None
        Weighted; zeros without intercept, None until the first `read`.
    """

    def __init__(self, X: Any, weight: Array | None, *, fit_intercept: bool, n_threads: int) -> None:
        n, d = X.shape
        self.X, self.weight, self.shape, self.n_threads = X, weight, (n, d), n_threads
        self.fit_intercept = fit_intercept
        self.total = float(n if weight is None else weight.sum(dtype=np.float64))
        self.mean: Matrix | None = None if fit_intercept else np.zeros(d)
        self._columns = kernels.Columns(X)
        self._scratch = kernels.Scratch()

    def read(self, target: Target, coef: Matrix, guess: Matrix | None = None) -> Reading:
        """Read X once, at coefficients (n_tasks, n_features).

        Parameters
        ----------
        target : Target
        coef : ndarray of shape (n_tasks, n_features)
        guess : ndarray of shape (n_features,) or None, default=None
            Of the means, if they are not known yet: saves accuracy.
        """
        d = self.shape[1]
        mean = self.mean if self.mean is not None else np.zeros(d) if guess is None else guess
        gradient, slope, residual = self._sums(target, coef, target.mean - coef @ mean)
        assert self.mean is not None
        if self.fit_intercept:  # move the intercept to where it belongs
            residual -= float(slope @ slope) / self.total
            gradient -= slope[:, None] * self.mean
        return Reading(np.ascontiguousarray(gradient), max(residual, 0.0))

    def gram(self, columns: Columns, n_new: int) -> Matrix:
        """Products (n_columns, n_new) of centred, weighted columns with the first ``n_new`` of them."""
        assert self.mean is not None
        gram = np.empty((len(columns), n_new))
        kernels.column_gram(
            self._columns,
            columns,
            gram,
            shift=self.mean if self.fit_intercept else None,
            weight=self.weight,
            n_threads=self.n_threads,
            scratch=self._scratch,
        )
        return gram

    @abstractmethod
    def sample(self, target: Target, size: int) -> tuple[Features, Target]:
        """About ``size`` rows from all over the table, as a problem of its own."""

    @abstractmethod
    def _sums(self, target: Target, coef: Matrix, intercept: Matrix) -> tuple[Matrix, Matrix, float]:
        """Gradients by coefficients and by intercepts, summed squared residual; sets ``mean``."""

    def _part(self, rows: Any, target: Target) -> tuple[Features, Target]:
        X, y = self.X[rows], np.ascontiguousarray(target.y[:, rows])
        weight = None if self.weight is None else np.ascontiguousarray(self.weight[rows])
        part = features_of(X, weight, fit_intercept=self.fit_intercept, n_threads=self.n_threads)
        return part, Target(y, weight, fit_intercept=self.fit_intercept)


class RowFeatures(Features):
    """Dense rows, each contiguous."""

    def __init__(self, X: Any, weight: Array | None, **options: Any) -> None:
        super().__init__(X, weight, **options)
        self._table = kernels.Table(X)

    def sample(self, target: Target, size: int) -> tuple[Features, Target]:
        return self._part(slice(None, None, max(1, self.shape[0] // size)), target)

    def _sums(self, target: Target, coef: Matrix, intercept: Matrix) -> tuple[Matrix, Matrix, float]:
        gradient, loss = self._pass(target.by_row, coef, intercept)
        if self.mean is None:
            # The gradient for a target of ones: the kernel takes one output at a time faster than two.
            n, d = self.shape
            sums, _ = self._pass(np.ones(n, self.X.dtype), np.zeros((1, d)), np.zeros(1))
            self.mean = -sums[0, :-1] / self.total
        return gradient[:, :-1], gradient[:, -1], 2.0 * loss

    def _pass(self, y: Array, coef: Matrix, intercept: Matrix) -> tuple[Matrix, float]:
        gradient = np.empty((len(coef), self.shape[1] + 1))
        loss = kernels.glm_pass(
            self._table,
            y,
            coef,
            intercept,
            loss=_SQUARED,
            weight=self.weight,
            gradient=gradient,
            n_threads=self.n_threads,
            scratch=self._scratch,
        )
        return gradient, float(loss)


class ColumnFeatures(Features):
    """Contiguous columns, or CSC."""

    def sample(self, target: Target, size: int) -> tuple[Features, Target]:
        n = self.shape[0]
        length = max(1, min(size, n) // _PIECES)
        starts = np.linspace(0, n - length, _PIECES).astype(np.int64)
        return self._part(np.unique(np.concatenate([np.arange(s, s + length) for s in starts])), target)

    def gram(self, columns: Columns, n_new: int) -> Matrix:
        if not sp.issparse(self.X):
            return super().gram(columns, n_new)
        assert self.mean is not None
        chosen = self.X[:, columns].astype(np.float64)
        right = chosen[:, :n_new]
        if self.weight is not None:
            right = sp.diags_array(self.weight.astype(np.float64)) @ right
        mean = self.mean[columns]
        products = np.asarray((chosen.T @ right).toarray())
        return np.ascontiguousarray(products - self.total * np.outer(mean, mean[:n_new]))

    def _sums(self, target: Target, coef: Matrix, intercept: Matrix) -> tuple[Matrix, Matrix, float]:
        n, d = self.shape
        k, support = len(coef), np.flatnonzero(coef.any(axis=0))
        rows = np.empty((k + (self.mean is None), n), self.X.dtype)
        residual = rows[:k]
        few = np.ascontiguousarray(coef[:, support])
        kernels.column_residual(self._columns, support, few, intercept, target.y, residual, n_threads=self.n_threads)
        squares = np.square(residual, dtype=np.float64).sum(axis=0)
        loss = float(squares.sum() if self.weight is None else np.sum(squares * self.weight))
        if self.weight is not None:
            residual *= self.weight
        if self.mean is None:
            rows[-1] = 1.0 if self.weight is None else self.weight
        products = np.empty((len(rows), d))
        kernels.column_products(self._columns, rows, products, n_threads=self.n_threads)
        if self.mean is None:
            self.mean = products[-1] / self.total
        return -products[:k], -residual.sum(axis=1, dtype=np.float64), loss


def features_of(X: Any, weight: Array | None, *, fit_intercept: bool, n_threads: int) -> Features:
    """Choose the way of reading that suits the table; copies it only if neither rows nor columns are contiguous."""
    options: dict[str, Any] = {"fit_intercept": fit_intercept, "n_threads": n_threads}
    if sp.issparse(X):
        return ColumnFeatures(X, weight, **options)
    n, d = X.shape
    if d == 1 or X.strides[1] == X.itemsize:
        rows_apart = n == 1 or X.strides[0] >= d * X.itemsize
        return RowFeatures(X if rows_apart else np.ascontiguousarray(X), weight, **options)
    return ColumnFeatures(X if X.strides[0] == X.itemsize else np.asfortranarray(X), weight, **options)
