# SPDX-License-Identifier: BSD-3-Clause
"""LassoCV and ElasticNetCV."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from schuss._sklearn import Interval
from schuss.linear_model._coordinate_descent.cv_base import BaseCoordinateDescentCV


class LassoCV(BaseCoordinateDescentCV):
    """Lasso with the penalty that cross-validation chooses.

    Drop-in for `sklearn.linear_model.LassoCV`. For every penalty of a descending grid and every fold it minimises,
    over the training rows, ::

        sum_i w_i (y_i - x_i coef - intercept)^2 / (2 sum_i w_i) + alpha * |coef|_1

    and measures the squared error on the held-out rows; the penalty with the least mean error then gets a fit of all
    rows. The Gram matrices of all folds come from one read of X if the held-out rows are a partition of it, as those
    of `KFold` are; held-out errors come from them, too.

    Parameters
    ----------
    eps : float, default=1e-3
        The smallest penalty of the grid over the largest.
    alphas : int or array-like of shape (n_alphas,), default=100
        Number of penalties, from the least that makes all coefficients zero downwards in geometric steps; or the
        penalties themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Without effect: the Gram matrix is computed where that is faster.
    max_iter : int, default=1000
        Most sweeps over the coefficients for one penalty.
    tol : float, default=1e-4
        Largest duality gap, relative to the sum of squares of the centred y.
    copy_X : bool, default=True
        Without effect: X is never written to.
    cv : int, splitter, iterable or None, default=None
        Number of folds (None: 5) of `KFold`, any splitter, or pairs of training and test rows.
    verbose : bool or int, default=False
        Whether to print a line per penalty.
    n_jobs : int or None, default=None
        Number of threads if ``n_threads`` is None.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Seeds the order of ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Order of the coefficients in a sweep.
    max_time : float or None, default=None
        Seconds after which no further penalty is tried; the choice is among those that were.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    alpha_ : float
        The penalty chosen.
    coef_ : ndarray of shape (n_features,)
        In the dtype of X.
    intercept_ : float
    mse_path_ : ndarray of shape (n_alphas, n_folds)
        Mean squared errors of the held-out rows; NaN where the search has not come.
    alphas_ : ndarray of shape (n_alphas,)
        All penalties, descending.
    dual_gap_ : float
        Duality gap of the final fit, of the objective as given above.
    n_iter_ : int
        Sweeps of the final fit.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        Per penalty: alpha, l1_ratio, training_loss and validation_loss (half the mean squared errors, averaged over
        folds), validation_loss_std (their standard deviation over folds), duality_gap (the largest of all folds),
        n_sweeps, seconds.
    best_iteration_ : int
        Number of the record of ``alpha_``.
    stop_reason_ : str
        'converged', 'max_iter' if some fit of a fold needed more sweeps, 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import LassoCV
    >>> X = np.random.default_rng(0).standard_normal((60, 3))
    >>> LassoCV(cv=3).fit(X, 2.0 * X[:, 0]).coef_.round(1)
    array([2., 0., 0.])
    """

    _several_tasks = False

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        copy_X: bool = True,
        cv: Any = None,
        verbose: Any = False,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.copy_X = copy_X
        self.cv = cv
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.max_time = max_time
        self.n_threads = n_threads


class ElasticNetCV(BaseCoordinateDescentCV):
    """Elastic net with the penalty, and the mixture, that cross-validation chooses.

    Drop-in for `sklearn.linear_model.ElasticNetCV`. For every mixture, every penalty of its descending grid and every
    fold it minimises, over the training rows, ::

        sum_i w_i (y_i - x_i coef - intercept)^2 / (2 sum_i w_i)
            + alpha * l1_ratio * |coef|_1 + alpha * (1 - l1_ratio) * |coef|_2^2 / 2

    and goes on as `LassoCV` does.

    Parameters
    ----------
    l1_ratio : float or array-like of shape (n_l1_ratios,), default=0.5
        Share of the L1 penalty, or several to choose from.
    eps : float, default=1e-3
        The smallest penalty of each grid over the largest.
    alphas : int or array-like of shape (n_alphas,), default=100
        Number of penalties, from the least that makes all coefficients zero downwards in geometric steps; or the
        penalties themselves.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Without effect: the Gram matrix is computed where that is faster.
    max_iter : int, default=1000
        Most sweeps over the coefficients for one penalty.
    tol : float, default=1e-4
        Largest duality gap, relative to the sum of squares of the centred y.
    cv : int, splitter, iterable or None, default=None
        Number of folds (None: 5) of `KFold`, any splitter, or pairs of training and test rows.
    copy_X : bool, default=True
        Without effect: X is never written to.
    verbose : bool or int, default=0
        Whether to print a line per penalty.
    n_jobs : int or None, default=None
        Number of threads if ``n_threads`` is None.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Seeds the order of ``selection='random'``.
    selection : {'cyclic', 'random'}, default='cyclic'
        Order of the coefficients in a sweep.
    max_time : float or None, default=None
        Seconds after which no further penalty is tried; the choice is among those that were.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    alpha_, l1_ratio_ : float
        The penalty and the mixture chosen.
    coef_ : ndarray of shape (n_features,)
        In the dtype of X.
    intercept_ : float
    mse_path_ : ndarray of shape (n_l1_ratios, n_alphas, n_folds) or (n_alphas, n_folds)
        Mean squared errors of the held-out rows; NaN where the search has not come.
    alphas_ : ndarray of shape (n_l1_ratios, n_alphas) or (n_alphas,)
        All penalties, descending, for each of several mixtures.
    dual_gap_ : float
        Duality gap of the final fit, of the objective as given above.
    n_iter_ : int
        Sweeps of the final fit.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        As of `LassoCV`; of several mixtures, each record is about the one that did best at its step.
    best_iteration_ : int
        Number of the record of ``alpha_``.
    stop_reason_ : str
        'converged', 'max_iter' if some fit of a fold needed more sweeps, 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import ElasticNetCV
    >>> X = np.random.default_rng(0).standard_normal((60, 3))
    >>> ElasticNetCV(l1_ratio=[0.5, 1.0], cv=3).fit(X, 2.0 * X[:, 0]).l1_ratio_
    1.0
    """

    _several_tasks = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseCoordinateDescentCV._parameter_constraints,
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), "array-like"],
    }

    def __init__(
        self,
        *,
        l1_ratio: Any = 0.5,
        eps: float = 1e-3,
        alphas: Any = 100,
        fit_intercept: bool = True,
        precompute: Any = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        copy_X: bool = True,
        verbose: Any = 0,
        n_jobs: int | None = None,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.copy_X = copy_X
        self.verbose = verbose
        self.n_jobs = n_jobs
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.max_time = max_time
        self.n_threads = n_threads
