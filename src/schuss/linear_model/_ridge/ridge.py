# SPDX-License-Identifier: BSD-3-Clause
"""Ridge."""

from __future__ import annotations

from typing import Any

import scipy.sparse as sp

from schuss._inputs import check_parameters
from schuss.callbacks import with_callbacks
from schuss.linear_model._least_squares.base import LeastSquaresRegressor
from schuss.linear_model._ridge.base import BaseRidge


class Ridge(LeastSquaresRegressor, BaseRidge):
    """Least squares with an L2 penalty.

    Drop-in for `sklearn.linear_model.Ridge`. Minimises, for each target, ::

        ||y - X coef - intercept||^2 + alpha * ||coef||^2

    Dense data with at least as many samples as features take two reads of X: one for its
    Gram matrix, one for an exact correction of what that yields.

    Parameters
    ----------
    alpha : float or array-like of shape (n_targets,), default=1.0
        Strength of the penalty, for all targets or for each.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    copy_X : bool, default=True
        Without effect: X is never written to.
    max_iter : int or None, default=None
        Largest number of iterations of the iterative solvers.
    tol : float, default=1e-4
        Precision of the iterative solvers, as SciPy's `cg`, `lsqr` and `minimize`
        define it; 'svd' and 'cholesky' are as precise as the data allow.
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, \
default='auto'
        - 'auto': 'cholesky' for dense, 'sparse_cg' for sparse data, 'lbfgs' if
          ``positive``;
        - 'cholesky': from the Gram matrix as described above; for wide data from that
          of the samples. Falls back to 'svd' if the matrix is singular;
        - 'svd': singular value decomposition, for dense data;
        - 'sparse_cg', 'lsqr': conjugate gradients and LSQR, dense or sparse;
        - 'sag', 'saga': accepted for compatibility, and solved as 'auto' does;
        - 'lbfgs': only if ``positive``.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Without effect: nothing is random.
    max_time : float or None, default=None
        Seconds after which no further read of X starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
    n_iter_ : ndarray of shape (n_targets,)
        Number of iterations of 'lsqr', otherwise of reads of X on record. (It is None
        in scikit-learn for solvers without iterations.)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    solver_ : str
        The solver that led to the result.
    history_ : History
        Per read of X: data_loss (half the mean squared error), penalty, objective,
        gradient_norm, seconds, all before the correction that the read led to; with
        validation data also the losses and scores of training and validation.
    stop_reason_ : str
        'converged', 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import Ridge
    >>> X = np.array([[0.0], [1.0], [2.0]])
    >>> Ridge(alpha=1.0).fit(X, [0.0, 1.0, 2.0]).coef_.round(3)
    array([0.667])
    """

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Ridge:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
            Not negative.
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : Ridge

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters reached so far in place.
        """
        check_parameters(self)
        self._check_solver(sp.issparse(X))
        rows, y = self._check_rows(X, y, sample_weight)
        self._fit(rows, self._check_held_out(rows, (X_val, y_val, sample_weight_val)), y, sample_weight)
        return self
