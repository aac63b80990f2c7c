# SPDX-License-Identifier: BSD-3-Clause
"""Products of a table, a column of ones beside it, with vectors and with its own transpose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]

_SQUARED = kernels.LOSSES["squared"]


class Rows:
    """Rows ``(x - shift, 1)`` of a table in double precision.

    Coordinates about a shift keep the curvature of columns far from zero from drowning in that of
    the intercept; nothing is subtracted from the data.

    Parameters
    ----------
    x : ndarray or CSR of shape (n_samples, n_features), float64
    shift : ndarray of shape (n_features,) or None
    fit_intercept : bool
        Without, the last column is of zeros.
    n_threads : int
    """

    def __init__(self, x: Any, shift: Vector | None, *, fit_intercept: bool, n_threads: int) -> None:
        self.x, self.shift, self.fit_intercept, self.n_threads = x, shift, fit_intercept, n_threads
        self.table = kernels.Table(x)
        self._zeros = np.zeros((1, self.table.d))
        self._scratch = kernels.Scratch()

    @property
    def shape(self) -> tuple[int, int]:
        """Rows, and parameters."""
        return self.table.n, self.table.d + 1

    def take(self, rows: NDArray[np.intp]) -> Rows:
        """Copy of some rows."""
        return Rows(self.x[rows], self.shift, fit_intercept=self.fit_intercept, n_threads=self.n_threads)

    def unshifted(self, theta: Vector) -> tuple[Vector, float]:
        """Coefficients and intercept as the user knows them."""
        coef = theta[:-1]
        return coef.copy(), float(theta[-1] - (0.0 if self.shift is None else coef @ self.shift))

    def times(self, theta: Vector) -> Vector:
        """One product for each row."""
        coef, intercept = self.unshifted(theta)
        out = np.empty((self.table.n, 1))
        kernels.linear_predict(self.table, coef[None], np.array([intercept]), out, n_threads=self.n_threads)
        return out[:, 0]

    def transposed(self, vector: Vector) -> Vector:
        """Sum of the rows, each times its number."""
        return self._pass(-vector, None, None)

    def gram(self, weight: Vector, vector: Vector) -> tuple[Matrix, Vector]:
        """Weighted sum of the rows' outer products, and the sum of the rows times weight and number."""
        gram = np.empty((self.table.d + 1, self.table.d + 1))
        if self.table.is_sparse:
            threads, scratch = self.n_threads, self._scratch
            kernels.sparse_gram(self.table, weight, gram, shift=self.shift, n_threads=threads, scratch=scratch)
            total = self.transposed(weight * vector)
        else:
            total = self._pass(-vector, weight, gram)
        if not self.fit_intercept:
            gram[-1] = gram[:, -1] = 0.0
        return gram, total

    def _pass(self, minus: Vector, weight: Vector | None, gram: Matrix | None) -> Vector:
        gradient = np.empty((1, self.table.d + 1))
        kernels.glm_pass(
            self.table,
            minus,
            self._zeros,
            np.zeros(1),
            loss=_SQUARED,
            weight=weight,
            gradient=gradient,
            gram=gram,
            gram_weights="sample",
            shift=self.shift,
            n_threads=self.n_threads,
            scratch=self._scratch,
        )
        total = gradient[0]
        if not self.fit_intercept:
            total[-1] = 0.0
        if self.shift is not None:
            total[:-1] -= total[-1] * self.shift
        return total
