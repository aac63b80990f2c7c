# SPDX-License-Identifier: BSD-3-Clause
"""LinearRegression and Ridge."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss._sklearn import N_THREADS, Interval, StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._direct_solvers import (
    solve_bounded,
    solve_cg,
    solve_cholesky,
    solve_lsqr,
    solve_lstsq,
    solve_nnls,
    solve_svd,
)
from schuss.linear_model._inputs import check_parameters
from schuss.linear_model._least_squares_base import BaseLeastSquares
from schuss.linear_model._least_squares_problem import Centred, Problem

Array = NDArray[Any]

_ROUNDING = {np.dtype(np.float64): 1e-12, np.dtype(np.float32): 1e-5}  # of a Gram matrix
_CLEARLY = 10.0  # how far a singular value must be above the tolerance to count as above


class LinearRegression(BaseLeastSquares):
    """Ordinary least squares.

    Drop-in for `sklearn.linear_model.LinearRegression`. Dense data with at least as many
    samples as features take two reads of X: one for its Gram matrix, one for an exact
    correction of what that yields. Data too close to singular for that, and wide data,
    are solved by the singular value decomposition, sparse data by LSQR.

    Parameters
    ----------
    fit_intercept : bool, default=True
        Whether to fit an intercept.
    copy_X : bool, default=True
        Without effect: X is never written to.
    tol : float, default=1e-6
        Singular values below this part of the largest count as zero; for sparse data,
        the tolerances of `scipy.sparse.linalg.lsqr`.
    n_jobs : int or None, default=None
        Number of targets solved at once if X is sparse or ``positive``; number of
        threads for everything else if ``n_threads`` is None.
    positive : bool, default=False
        Whether coefficients must not be negative; dense data only.
    max_time : float or None, default=None
        Seconds after which no further read of X starts.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows.
        Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In the dtype of X; one-dimensional if y is.
    intercept_ : float or ndarray of shape (n_targets,)
    rank_ : int
        Rank of the centred X; dense X only.
    singular_ : ndarray of shape (min(n_samples, n_features),)
        Singular values of the centred X; dense X only.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
        Number of reads of X on record.
    history_ : History
        Per read: data_loss (half the mean squared error), penalty, objective,
        gradient_norm, seconds, all before the correction that the read led to; with
        validation data also the losses and scores of training and validation.
    stop_reason_ : str
        'converged', 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import LinearRegression
    >>> X = np.array([[1.0, 1.0], [1.0, 2.0], [2.0, 2.0], [2.0, 3.0]])
    >>> model = LinearRegression().fit(X, X @ [1.0, 2.0] + 3.0)
    >>> model.coef_.round(6)
    array([1., 2.])
    """

    _flattens = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_jobs": [None, Integral],
        "positive": ["boolean"],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        tol: float = 1e-6,
        n_jobs: int | None = None,
        positive: bool = False,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.tol = tol
        self.n_jobs = n_jobs
        self.positive = positive
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
    ) -> LinearRegression:
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
        self : LinearRegression

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters reached so far in place.
        """
        check_parameters(self)
        for name in ("rank_", "singular_"):
            self.__dict__.pop(name, None)
        fit = self._fit(
            X,
            y,
            sample_weight,
            (X_val, y_val, sample_weight_val),
            direct=self._direct,
            gram=self._gram_options,
            non_negative=True,
            accept_sparse=False if self.positive else "csr",
        )
        if fit.gram is not None and fit.gram.singular is not None:
            self.singular_ = fit.gram.singular.astype(self.coef_.dtype)
            self.rank_ = len(self.singular_)
        self.n_iter_ = len(self.history_)
        return self

    def _gram_options(self, problem: Problem) -> dict[str, Any] | None:
        n, d, _ = problem.shape
        if self.positive or sp.issparse(problem.X) or n < d:
            return None
        return {
            "smallest_pivot": _ROUNDING[problem.X.dtype],
            "smallest_singular": _CLEARLY * max(self.tol, float(np.finfo(np.float64).eps)),
        }

    def _direct(self, centred: Centred) -> Array:
        if self.positive:
            return solve_nnls(centred, self.n_jobs)
        if centred.sparse:
            alpha = np.zeros(centred.y.shape[1])
            return solve_lsqr(centred, alpha, self.tol, n_jobs=self.n_jobs)[0]
        coef, self.rank_, self.singular_ = solve_lstsq(centred, self.tol)
        return coef

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.positive
        return tags


class Ridge(BaseLeastSquares):
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

    _flattens = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"})],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

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
        self.__dict__.pop("n_iter_", None)
        self.solver_ = self._resolved_solver(sp.issparse(X))
        self._fit(
            X,
            y,
            sample_weight,
            (X_val, y_val, sample_weight_val),
            alpha=self.alpha,
            direct=self._direct,
            gram=self._gram_options,
        )
        if self.solver in ("sag", "saga"):
            self.solver_ = self.solver
        if self.solver_ != "lsqr":
            n_targets = len(np.atleast_2d(self.coef_))
            self.n_iter_ = np.full(n_targets, len(self.history_), dtype=np.int32)
        return self

    def _check_solver(self, sparse: bool) -> None:
        """Refuse what scikit-learn's solver of this name cannot do."""
        if self.solver == "lbfgs" and not self.positive:
            raise ValueError("'lbfgs' solver can be used only when positive=True. Please use another solver.")
        if self.positive and self.solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{self.solver}' does not support positive fitting. Please set the "
                "solver to 'auto' or 'lbfgs', or set `positive=False`"
            )
        if sparse and self.fit_intercept and self.solver in ("svd", "cholesky", "saga"):
            raise ValueError(
                f"solver='{self.solver}' does not support fitting the intercept on sparse "
                "data. Please set the solver to 'auto' or 'lsqr', 'sparse_cg', 'sag', "
                "'lbfgs' or set `fit_intercept=False`"
            )
        if sparse and self.solver == "svd":
            raise TypeError("SVD solver does not support sparse inputs currently")

    def _resolved_solver(self, sparse: bool) -> str:
        if self.positive:
            return "lbfgs"
        if self.solver in ("auto", "sag", "saga"):
            return "sparse_cg" if sparse else "cholesky"
        return self.solver

    def _gram_options(self, problem: Problem) -> dict[str, Any] | None:
        n, d, _ = problem.shape
        if self.solver_ != "cholesky" or sp.issparse(problem.X) or n < d:
            return None
        return {"smallest_pivot": _ridge_pivot(problem.alpha, problem.X.dtype, d)}

    def _direct(self, centred: Centred) -> Array:
        """Solve without a Gram matrix of the features, or where that has failed."""
        alpha = centred.alpha
        match self.solver_:
            case "lbfgs":
                return solve_bounded(centred, alpha, self.tol, self.max_iter)
            case "lsqr":
                coef, self.n_iter_ = solve_lsqr(centred, alpha, self.tol, max_iter=self.max_iter)
                return coef
            case "sparse_cg":
                return solve_cg(centred, alpha, self.tol, self.max_iter)
            case "cholesky" if centred.wide or centred.sparse:
                pivot = _ridge_pivot(alpha, centred.y.dtype, min(centred.operator.shape))
                if (solution := solve_cholesky(centred, alpha, pivot)) is not None:
                    return solution
        self.solver_ = "svd"
        return solve_svd(centred, alpha)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.solver != "svd" and (self.solver != "cholesky" or not self.fit_intercept)
        return tags


def _ridge_pivot(alpha: NDArray[np.float64], dtype: Any, order: int) -> float:
    """What counts as singular: with a penalty, only what cannot be factorised."""
    return float(np.finfo(np.float64).eps) * order if alpha.min() > 0.0 else _ROUNDING[np.dtype(dtype)]
