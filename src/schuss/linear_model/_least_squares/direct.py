# SPDX-License-Identifier: BSD-3-Clause
"""Least squares where normal equations do not serve: wide, sparse, singular, bounded.

Every solver takes a `Centred` problem and returns coefficients of shape
(n_targets, n_features). They stand on NumPy and SciPy.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import linalg, optimize
from scipy.sparse.linalg import LinearOperator, lsqr
from sklearn.exceptions import ConvergenceWarning

from schuss.linear_model._least_squares.problem import Centred, Matrix
from schuss.linear_model._smooth.curvature import CholeskyInverse

Array = NDArray[Any]

GRAM_ROUNDING = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}  # relative, of a Gram matrix


def solve_lstsq(centred: Centred, tol: float) -> tuple[Array, int, Array]:
    """Minimum-norm solution by the singular value decomposition, with rank and values.

    Singular values below ``tol`` times the largest count as zero.
    """
    coef, _, rank, singular = linalg.lstsq(centred.table(), centred.y, cond=tol)
    return coef.T, rank, singular


def solve_nnls(centred: Centred, n_jobs: int | None) -> Array:
    """Coefficients that are not negative, without penalty."""
    X = centred.table()
    tasks = (delayed(optimize.nnls)(X, target) for target in centred.y.T)
    return np.vstack([solution for solution, _ in Parallel(n_jobs=n_jobs)(tasks)])


def solve_lsqr(
    centred: Centred,
    alpha: Matrix,
    tol: float,
    *,
    max_iter: int | None = None,
    n_jobs: int | None = None,
) -> tuple[Array, NDArray[np.int32]]:
    """Paige and Saunders' LSQR, with the numbers of its iterations."""
    tasks = (
        delayed(lsqr)(centred.operator, target, damp=np.sqrt(a), atol=tol, btol=tol, iter_lim=max_iter)
        for target, a in zip(centred.y.T, alpha, strict=True)
    )
    results = Parallel(n_jobs=n_jobs)(tasks)
    return (
        np.vstack([result[0] for result in results]),
        np.array([result[2] for result in results], dtype=np.int32),
    )


def solve_svd(centred: Centred, alpha: Matrix) -> Array:
    """Ridge by the singular value decomposition, which forgives singular matrices."""
    X = centred.table()
    left, singular, right = linalg.svd(X, full_matrices=False)
    kept = singular > max(X.shape) * np.finfo(X.dtype).eps * singular[0]
    left, singular, right = left[:, kept], singular[kept], right[kept]
    damped = singular[:, None] / (singular[:, None] ** 2 + alpha.astype(singular.dtype))
    return (right.T @ (damped * (left.T @ centred.y))).T


def solve_cholesky(centred: Centred, alpha: Matrix, smallest_pivot: float) -> Array | None:
    """Ridge by the smaller of the two matrices of inner products; None if it is singular.

    Those of the samples if there are fewer samples than features. For ``smallest_pivot``
    see `CholeskyInverse`.
    """
    X, wide = centred.table(), centred.wide
    products = X @ X.T if wide else X.T @ X
    products = (products.toarray() if sp.issparse(products) else products).astype(np.float64)
    right = centred.y if wide else X.T @ centred.y
    solution = np.empty(right.shape)
    for a in np.unique(alpha):
        targets = alpha == a
        matrix = products + a * np.eye(len(products))
        inverse = CholeskyInverse(matrix, smallest_pivot)
        if inverse.regularised:
            return None
        solution[:, targets] = inverse(np.ascontiguousarray(right[:, targets].T, dtype=np.float64)).T
    return (X.T @ solution.astype(X.dtype)).T if wide else solution.T


def solve_bounded(centred: Centred, alpha: Matrix, tol: float, max_iter: int | None) -> Array:
    """Ridge with coefficients that are not negative, by L-BFGS with bounds."""
    X, d = centred.operator, centred.operator.shape[1]
    options = {} if max_iter is None else {"maxiter": max_iter}
    coefs = []
    for target, a in zip(centred.y.T, alpha, strict=True):
        result = optimize.minimize(
            _ridge_objective,
            np.zeros(d),
            args=(X, target, a),
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, np.inf)] * d,
            tol=tol,
            options=options,
        )
        if not result.success:
            warnings.warn(
                "The lbfgs solver did not converge. Try increasing max_iter or tol. "
                f"Currently: max_iter={max_iter} and tol={tol}",
                ConvergenceWarning,
                stacklevel=2,
            )
        coefs.append(result.x)
    return np.vstack(coefs)


def _ridge_objective(coef: Array, X: LinearOperator, target: Array, alpha: float) -> tuple[float, Array]:
    residual = X.matvec(coef) - target
    value = 0.5 * float(residual @ residual) + 0.5 * alpha * float(coef @ coef)
    return value, X.rmatvec(residual) + alpha * coef
