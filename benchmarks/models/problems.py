# SPDX-License-Identifier: BSD-3-Clause
"""Made-up tables that are neither trivial nor hopeless: correlated columns, noisy targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

Array = NDArray[Any]

_PIECE = 1 << 16  # rows drawn at a time, so that no float64 copy of the table is ever needed


@dataclass(frozen=True)
class Problem:
    """A table to train on and one to judge by.

    Attributes
    ----------
    X, X_test : ndarray or CSR of shape (n, d)
    y, y_test : ndarray of shape (n,)
        Class numbers, or real numbers for regression.
    n_classes : int
        0 for regression.
    """

    X: Any
    y: Array
    X_test: Any
    y_test: Array
    n_classes: int

    @property
    def n(self) -> int:
        return int(self.X.shape[0])

    @property
    def n_outputs(self) -> int:
        return self.n_classes if self.n_classes > 2 else 1


def classes(n: int, d: int, dtype: str, n_classes: int = 2, *, n_test: int = 0, scale: float = 1.0) -> Problem:
    """Normal columns with five factors in common, times a scale; classes drawn from a logistic model of them."""
    rng = np.random.default_rng(0)
    k = 1 if n_classes == 2 else n_classes
    coef, mixing = rng.standard_normal((k, d)) * 2.0 / np.sqrt(d) / scale, 0.4 * rng.standard_normal((5, d))
    X, y = np.empty((n + n_test, d), dtype), np.empty(n + n_test, np.int64)
    for first in range(0, len(X), _PIECE):
        piece = slice(first, min(first + _PIECE, len(X)))
        X[piece] = scale * _columns(piece.stop - first, mixing, rng)
        y[piece] = _draw(X[piece] @ coef.T.astype(dtype) + 0.3, rng)
    return Problem(X[:n], y[:n], X[n:], y[n:], n_classes)


def sparse_classes(n: int, d: int, per_row: int, dtype: str, *, n_test: int) -> Problem:
    """Rows of about unit length with few non-zeros, some columns far more frequent than others, as words are."""
    rng = np.random.default_rng(0)
    rows = n + n_test
    columns = (d * rng.random((rows, per_row)) ** 3).astype(np.int32)
    columns.sort(axis=1)
    values = (rng.lognormal(sigma=0.5, size=rows * per_row) / np.sqrt(per_row)).astype(dtype)
    indptr = np.arange(0, rows * per_row + 1, per_row, dtype=np.int32)
    X = sparse.csr_array((values, columns.ravel(), indptr), shape=(rows, d))
    X.sum_duplicates()
    y = _draw((X @ rng.standard_normal(d).astype(dtype) * 3.0)[:, None], rng)
    return Problem(X[:n], y[:n], X[n:], y[n:], 2)


def numbers(n: int, d: int, dtype: str) -> Problem:
    """The same columns; a linear target with noise of half its size."""
    rng = np.random.default_rng(0)
    coef, mixing = rng.standard_normal(d) / np.sqrt(d), 0.4 * rng.standard_normal((5, d))
    X, y = np.empty((n, d), dtype), np.empty(n, dtype)
    for first in range(0, n, _PIECE):
        piece = slice(first, min(first + _PIECE, n))
        X[piece] = _columns(piece.stop - first, mixing, rng)
        y[piece] = X[piece] @ coef.astype(dtype) + 0.5 * rng.standard_normal(piece.stop - first) + 0.7
    return Problem(X, y, X[:0], y[:0], 0)


def _columns(n: int, mixing: Array, rng: np.random.Generator) -> Array:
    return np.asarray(rng.standard_normal((n, mixing.shape[1])) + rng.standard_normal((n, len(mixing))) @ mixing)


def _draw(z: Array, rng: np.random.Generator) -> Array:
    """Classes with the probabilities of a logistic, or with several columns a multinomial, model."""
    z = z.astype(np.float64)
    if z.shape[1] == 1:
        return (rng.random(len(z)) < expit(z[:, 0])).astype(np.int64)
    return np.asarray(np.argmax(z + rng.gumbel(size=z.shape), axis=1))
