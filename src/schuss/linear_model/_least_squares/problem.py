# SPDX-License-Identifier: BSD-3-Clause
"""Penalised least squares: the checked data of a fit, and what one read of it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator

from schuss import _kernels as kernels

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_SQUARED = kernels.LOSSES["squared"]


@dataclass(frozen=True, slots=True)
class Reading:
    """Sums over the rows at one set of parameters.

    Attributes
    ----------
    loss : float
        Half the squared residuals, without penalty.
    gradient : ndarray of shape (n_targets, n_features + 1)
        Of the loss; last column: intercept.
    gram : ndarray of shape (n_features + 1, n_features + 1) or None
        Of the shifted columns and a column of ones.
    """

    loss: float
    gradient: Matrix
    gram: Matrix | None = None


class Problem:
    """Minimise ``1/2 sum_i w_i |y_i - prediction_i|^2 + 1/2 sum_t alpha_t |coef_t|^2``.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features), float32 or float64
    y : ndarray of shape (n_samples, n_targets), dtype of X
    weight : ndarray of shape (n_samples,), dtype of X, or None
    alpha : ndarray of shape (n_targets,)
    fit_intercept : bool
    n_threads : int

    Attributes
    ----------
    total : float
        Sum of the weights.
    y_mean : ndarray of shape (n_targets,)
        Weighted; zeros without intercept.
    """

    def __init__(
        self,
        X: Any,
        y: Array,
        weight: Array | None,
        *,
        alpha: Matrix,
        fit_intercept: bool,
        n_threads: int,
    ) -> None:
        self.X, self.y, self.weight = X, y, weight
        self.alpha, self.fit_intercept, self.n_threads = alpha, fit_intercept, n_threads
        self.total = float(len(y) if weight is None else weight.sum(dtype=np.float64))
        self.y_mean = self._mean(y) if fit_intercept else np.zeros(y.shape[1])
        self._table = kernels.Table(X.tocsr() if sp.issparse(X) else X)
        self._scratch = kernels.Scratch()
        self._zeros: Array | None = None

    @property
    def sparse(self) -> bool:
        """Whether X is."""
        return bool(self._table.is_sparse)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of samples, features and targets."""
        return *self.X.shape, self.y.shape[1]

    def read(self, coef: Matrix, intercept: Matrix, *, gram: bool = False, shift: Matrix | None = None) -> Reading:
        """Read X once, at coefficients (n_targets, n_features) and intercepts (n_targets,)."""
        return self._pass(self.y, coef, intercept, gram=gram, shift=shift)

    def _pass(
        self, y: Array, coef: Matrix, intercept: Matrix, *, gram: bool = False, shift: Matrix | None = None
    ) -> Reading:
        _, d, k = self.shape
        gradient = np.empty((k, d + 1))
        products = np.empty((d + 1, d + 1)) if gram else None
        loss = kernels.glm_pass(
            self._table,
            y[:, 0] if k == 1 else y,
            coef,
            intercept,
            loss=_SQUARED,
            weight=self.weight,
            gradient=gradient,
            gram=None if self.sparse else products,
            gram_weights="sample",
            shift=shift,
            n_threads=self.n_threads,
            scratch=self._scratch,
        )
        if products is not None and self.sparse:
            self._sparse_gram(products, shift)
        return Reading(loss, gradient, products)

    def _sparse_gram(self, gram: Matrix, shift: Matrix | None) -> None:
        """Fill the Gram matrix of a sparse X, of which no row is written out."""
        X = self.X.astype(np.float64, copy=False)
        weight = np.ones(len(self.y)) if self.weight is None else self.weight.astype(np.float64)
        sums, origin = X.T @ weight, np.zeros(X.shape[1]) if shift is None else shift
        gram[:-1, :-1] = (X.T @ sp.diags_array(weight) @ X).toarray()
        gram[:-1, :-1] -= np.outer(origin, sums) + np.outer(sums - self.total * origin, origin)
        gram[-1, :-1] = gram[:-1, -1] = sums - self.total * origin
        gram[-1, -1] = self.total

    def start(self, intercept: Matrix, shift: Matrix | None) -> Reading:
        """Read X once at coefficients of zero, with the Gram matrix."""
        _, d, k = self.shape
        return self.read(np.zeros((k, d)), intercept, gram=True, shift=shift)

    def part(self, rows: NDArray[np.intp]) -> Problem:
        """The problem of some rows; neighbours are not copied."""
        where: Any = rows
        if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
            where = slice(rows[0], rows[0] + len(rows))
        return Problem(
            self.X[where],
            self.y[where],
            None if self.weight is None else self.weight[where],
            alpha=self.alpha,
            fit_intercept=False,  # nobody asks a part for its means
            n_threads=self.n_threads,
        )

    def curve(self, direction: Matrix, centre: Matrix) -> Matrix:
        """Multiply directions (n_targets, n_features) by the Hessians of columns about their means; one read."""
        n, _, k = self.shape
        if self._zeros is None:
            self._zeros = np.zeros((n, k), dtype=self.X.dtype)
        gradient = self._pass(self._zeros, direction, -(direction @ centre)).gradient
        return np.asarray(gradient[:, :-1] - gradient[:, -1:] * centre + self.alpha[:, None] * direction)

    def record(self, reading: Reading, coef: Matrix) -> dict[str, float]:
        """What the history keeps of a reading at these coefficients."""
        loss, gradient = reading.loss, reading.gradient
        penalty = 0.5 * float(self.alpha @ np.einsum("kd,kd->k", coef, coef)) / self.total
        slope = gradient[:, :-1] + self.alpha[:, None] * coef
        largest = float(np.abs(slope).max())
        if self.fit_intercept:
            largest = max(largest, float(np.abs(gradient[:, -1]).max()))
        data_loss = loss / self.total
        return {
            "data_loss": data_loss,
            "penalty": penalty,
            "objective": data_loss + penalty,
            "gradient_norm": largest / self.total,
        }

    def centred(self) -> Centred:
        """The same problem without intercept and weights."""
        return Centred(self)

    def _mean(self, values: Any) -> Matrix:
        """Weighted means of columns, of a dense or a sparse table."""
        if self.weight is None and not sp.issparse(values):
            return np.asarray(values.mean(axis=0, dtype=np.float64))
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        return np.asarray(values.T @ weight, dtype=np.float64).ravel() / self.total


class Centred:
    """Columns less their means and rows times the roots of their weights.

    Attributes
    ----------
    operator : LinearOperator of shape (n_samples, n_features)
        The centred X, which is not formed.
    X : ndarray or sparse matrix of shape (n_samples, n_features)
        As it was.
    root : ndarray of shape (n_samples,)
        Of the weights.
    y : ndarray of shape (n_samples, n_targets)
    x_mean, y_mean : ndarray of shape (n_features,) and (n_targets,)
    alpha : ndarray of shape (n_targets,)
    sparse : bool
        Whether X is.
    wide : bool
        Whether there are more features than samples.
    """

    def __init__(self, problem: Problem) -> None:
        X, self._problem = problem.X, problem
        self.X = X
        n, d, _ = problem.shape
        self.alpha, self.y_mean = problem.alpha, problem.y_mean
        self.sparse, self.wide = sp.issparse(X), d > n
        self.x_mean = problem._mean(X) if problem.fit_intercept else np.zeros(d)
        weight = np.ones(n, X.dtype) if problem.weight is None else problem.weight
        self.root = root = np.sqrt(weight)
        self.y = root[:, None] * (problem.y - self.y_mean.astype(X.dtype))
        mean = self.x_mean.astype(X.dtype)
        self.operator = LinearOperator(
            shape=(n, d),
            dtype=X.dtype,
            matvec=lambda v: root * (X @ v.ravel() - mean @ v.ravel()),
            rmatvec=lambda v: X.T @ (root * v.ravel()) - mean * (root @ v.ravel()),
        )

    def table(self) -> Any:
        """The centred X as a new array, or as a sparse matrix if it has no means to lose."""
        X = self._problem.X
        if self.sparse and not self._problem.fit_intercept:
            return sp.diags_array(self.root) @ X
        X = (X.toarray() if self.sparse else X) - self.x_mean.astype(X.dtype)
        return X if self._problem.weight is None else X * self.root[:, None]

    def intercept(self, coef: Matrix) -> Matrix:
        """Intercepts that go with coefficients of shape (n_targets, n_features)."""
        return self.y_mean - coef @ self.x_mean
