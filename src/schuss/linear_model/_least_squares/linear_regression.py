# SPDX-License-Identifier: BSD-3-Clause
"""LinearRegression."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schuss._inputs import check_parameters
from schuss._sklearn import N_THREADS, Interval
from schuss.callbacks import with_callbacks
from schuss.linear_model._least_squares.base import LeastSquaresRegressor
from schuss.linear_model._least_squares.conjugate_gradients import ConjugateGradients
from schuss.linear_model._least_squares.direct import GRAM_ROUNDING, solve_lsqr, solve_lstsq, solve_nnls
from schuss.linear_model._least_squares.fit import Solver
from schuss.linear_model._least_squares.gram import GramSolver
from schuss.linear_model._least_squares.problem import Centred, Problem

Array = NDArray[Any]

_FEW_READS = 50  # of sparse data; if these do not suffice, it takes LSQR, which forgives bad conditions
_EXACT = 1e-4  # a gradient as part of that at zero, relative to the tolerance
_CLEARLY = 10.0  # how far a singular value must be above the tolerance to count as above


class LinearRegression(LeastSquaresRegressor):
    """Ordinary least squares.

    Drop-in for `sklearn.linear_model.LinearRegression`. Dense data with at least as many
    samples as features take two reads of X: one for its Gram matrix, one for an exact
    correction of what that yields. Data too close to singular for that, and wide data,
    are solved by the singular value decomposition, sparse data by conjugate gradients or,
    if these converge slowly, by LSQR; a sparse X stays sparse.

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
        rows, y = self._check_rows(X, y, sample_weight, accept_sparse=False if self.positive else "csr")
        problem = self._problem(rows)
        fit = self._solve(
            problem,
            rows,
            self._check_held_out(rows, (X_val, y_val, sample_weight_val)),
            y=y,
            sample_weight=sample_weight,
            direct=self._direct,
            first=self._first_solver(problem),
        )
        if isinstance(fit.solver, GramSolver) and fit.solver.singular is not None:
            self.singular_ = fit.solver.singular.astype(self.coef_.dtype)
            self.rank_ = len(self.singular_)
        self.n_iter_ = len(self.history_)
        return self

    def _first_solver(self, problem: Problem) -> Solver | None:
        """The solver by reads of X that is worth trying."""
        n, d, _ = problem.shape
        if problem.sparse:
            return ConjugateGradients(problem, _EXACT * self.tol, _FEW_READS, strict=True)
        if self.positive or n < d:
            return None
        return GramSolver(
            problem,
            smallest_pivot=GRAM_ROUNDING[problem.X.dtype],
            smallest_singular=_CLEARLY * max(self.tol, float(np.finfo(np.float64).eps)),
        )

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
