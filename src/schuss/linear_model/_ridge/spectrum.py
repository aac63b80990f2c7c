# SPDX-License-Identifier: BSD-3-Clause
"""Ridge solutions for a whole grid of penalties from one decomposition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from schuss.linear_model._smooth.curvature import CholeskyInverse

Matrix = NDArray[np.float64]

_FEW = 12  # Cholesky factorisations that cost about as much as one of all eigenvectors


def solve_shifted(matrix: Matrix, right: Matrix, alphas: Matrix) -> Matrix:
    """Solve ``(matrix + alpha I) x = right`` for each alpha.

    Parameters
    ----------
    matrix : ndarray of shape (p, p)
        Symmetric, without negative eigenvalues.
    right : ndarray of shape (k, p)
    alphas : ndarray of shape (n_alphas,)
        Not negative. Where it is zero and the matrix singular, the solution of smallest
        norm is meant.

    Returns
    -------
    ndarray of shape (n_alphas, k, p)
    """
    if len(alphas) <= _FEW and alphas.min() > 0.0:
        inverses = [CholeskyInverse(np.ascontiguousarray(matrix + np.diag(np.full(len(matrix), a)))) for a in alphas]
        if not any(inverse.regularised for inverse in inverses):
            return np.stack([inverse(np.ascontiguousarray(right)) for inverse in inverses])
    values, vectors = eigenvectors(matrix)
    turned = right @ vectors
    return np.stack([(turned * _inverse(values, a)) @ vectors.T for a in alphas])


def eigenvectors(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Eigenvalues, what is less than zero by rounding being zero, and vectors in columns.

    Raises
    ------
    FloatingPointError
        If a product of rows or columns has overflowed.
    """
    if not np.isfinite(matrix).all():
        raise FloatingPointError("an inner product became infinite or NaN")
    values, vectors = linalg.eigh(matrix)
    return np.maximum(values, 0.0), vectors


def _inverse(values: Matrix, alpha: float) -> Matrix:
    shifted = values + alpha
    smallest = len(values) * float(np.finfo(np.float64).eps) * float(shifted.max(initial=0.0))
    kept = shifted > smallest if alpha == 0.0 else shifted > 0.0
    return np.divide(1.0, shifted, out=np.zeros_like(shifted), where=kept)
