# SPDX-License-Identifier: BSD-3-Clause
"""Inverse Hessians: Cholesky factors that always exist, and diagonals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dpotrf, dpotrs

Matrix = NDArray[np.float64]

_SMALLEST_PIVOT = 1e-13  # of a column of unit length: less is rounding
_JITTERS = (1e-10, 1e-8, 1e-6, 1e-4, 1e-2)


class CholeskyInverse:
    """Solves with a symmetric matrix, made positive definite if it is not.

    A matrix of order p serves any array whose size is a multiple of p: each row of p
    numbers is one right-hand side.

    Parameters
    ----------
    matrix : ndarray of shape (p, p)
        Symmetric, C-contiguous.
    smallest_pivot : float, default=1e-13
        What must be left of the squared length of a column, relative to it, when the
        columns before are projected out; less counts as rounding.

    Attributes
    ----------
    regularised : bool
        Whether the matrix was not positive definite as it was.
    """

    __slots__ = ("_factor", "_scale", "regularised")

    def __init__(self, matrix: Matrix, smallest_pivot: float = _SMALLEST_PIVOT) -> None:
        factor, info = dpotrf(matrix.T, lower=1, clean=0)
        self._factor: Matrix = factor
        self._scale: Matrix | None = None
        self.regularised = bool(info) or not _definite(factor, matrix, smallest_pivot)
        if self.regularised:
            self._factor, self._scale = _regularised(matrix)

    def __call__(self, right: Matrix) -> Matrix:
        sides = right.reshape(-1, len(self._factor))
        if self._scale is not None:
            sides = sides * self._scale
        solution, _ = dpotrs(self._factor, sides.T, lower=1)
        if self._scale is not None:
            solution *= self._scale[:, None]
        result: Matrix = solution.T.reshape(right.shape)
        return result

    def singular_values(self) -> Matrix:
        """Roots of the eigenvalues, in descending order; of a matrix not regularised."""
        return np.asarray(np.linalg.svd(np.tril(self._factor), compute_uv=False), dtype=np.float64)


def _definite(factor: Matrix, matrix: Matrix, smallest: float = _SMALLEST_PIVOT) -> bool:
    pivots = factor.diagonal()
    return bool((pivots * pivots > smallest * matrix.diagonal()).all())


def _regularised(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Factor of the matrix scaled to a unit diagonal plus the least jitter that suffices."""
    diagonal = matrix.diagonal()
    usable = np.isfinite(diagonal) & (diagonal > 0.0)
    scale = np.where(usable, 1.0 / np.sqrt(np.where(usable, diagonal, 1.0)), 1.0)
    unit = matrix * scale * scale[:, None]
    for jitter in _JITTERS:
        np.fill_diagonal(unit, 1.0 + jitter)
        factor, info = dpotrf(unit.T, lower=1, clean=0)
        if not info and _definite(factor, unit):
            return factor, scale
    return np.eye(len(matrix)), scale


class BlockInverse:
    """Solves with one matrix for each row of the right-hand side.

    Parameters
    ----------
    matrices : ndarray of shape (k, p, p)
        See `CholeskyInverse`.
    """

    __slots__ = ("_inverses",)

    def __init__(self, matrices: Matrix) -> None:
        self._inverses = [CholeskyInverse(matrix) for matrix in matrices]

    def __call__(self, right: Matrix) -> Matrix:
        return np.stack([solve(row) for solve, row in zip(self._inverses, right, strict=True)])


class DiagonalInverse:
    """Divides by a diagonal; entries that are zero, where nothing is known, count as one.

    Parameters
    ----------
    diagonal : ndarray
        Not negative, of the shape of the parameters.
    """

    __slots__ = ("_diagonal",)

    def __init__(self, diagonal: Matrix) -> None:
        self._diagonal = np.where(diagonal > 0.0, diagonal, 1.0)

    def __call__(self, right: Matrix) -> Matrix:
        return right / self._diagonal


class BalancedInverse:
    """The same for the classes of a multinomial model, whose parameters go on adding up to what they did.

    A common shift of all classes changes no prediction, so that its curvature is the penalty's
    alone, which a diagonal of each class's own curvature knows nothing of.

    Parameters
    ----------
    diagonal : ndarray of shape (n_classes, n_parameters)
        See `DiagonalInverse`.
    """

    __slots__ = ("_inverse", "_shares")

    def __init__(self, diagonal: Matrix) -> None:
        self._inverse = 1.0 / np.where(diagonal > 0.0, diagonal, 1.0)
        self._shares = self._inverse / self._inverse.sum(axis=0)

    def __call__(self, right: Matrix) -> Matrix:
        solution = self._inverse * right
        solution -= self._shares * solution.sum(axis=0)
        return solution
