# SPDX-License-Identifier: BSD-3-Clause
"""RidgeCV."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import scipy.sparse as sp

from schuss._inputs import check_parameters
from schuss._sklearn import StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._least_squares.base import LeastSquaresRegressor
from schuss.linear_model._ridge.cv_base import BaseRidgeCV
from schuss.linear_model._ridge.folds import Fold
from schuss.linear_model._ridge.ridge import Ridge


class RidgeCV(LeastSquaresRegressor, BaseRidgeCV):
    """Ridge regression that chooses its penalty by cross-validation.

    Drop-in for `sklearn.linear_model.RidgeCV`. Leaving out every row in turn takes two reads
    of X and one decomposition of the smaller of the two matrices of inner products, for all
    penalties together. With folds, one read of X gives the inner products of all of them,
    and the training set of each is the whole less the fold. What is chosen is then fitted as
    `Ridge` does it, from the inner products that are there already.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Penalties to choose from. Positive; with ``cv`` also zero.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    scoring : str, callable or None, default=None
        What to choose by. None for the mean squared error if rows are left out one by one,
        and for R^2 over folds.
    cv : int, splitter, iterable or None, default=None
        None to leave out every row in turn; else as in `sklearn.model_selection`.
    gcv_mode : {'auto', 'svd', 'eigen'} or None, default=None
        What to decompose when rows are left out one by one: 'svd' a centred copy of X,
        everything else the inner products of its rows or columns, whichever are fewer.
        Sparse X always takes 'eigen'.
    store_cv_results : bool, default=False
        Whether to keep ``cv_results_``; without ``cv`` only.
    alpha_per_target : bool, default=False
        Whether every target gets a penalty of its own; without ``cv`` only.
    max_time : float or None, default=None
        Seconds after which no further read of X starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    alpha_ : float or ndarray of shape (n_targets,)
        The penalty chosen; an array with ``alpha_per_target`` and several targets.
    best_score_ : float or ndarray of shape (n_targets,)
        Its score.
    cv_results_ : ndarray of shape (n_samples, n_alphas) or (n_samples, n_targets, n_alphas)
        With ``store_cv_results``: the squared error of each row when left out, times its
        weight; with ``scoring`` the prediction.
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In the dtype of X.
    intercept_ : float or ndarray of shape (n_targets,)
    n_iter_ : int
        Number of reads of X on record.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        Of the fit with the chosen penalty; see `Ridge`.
    stop_reason_ : str
        'converged', 'max_time', 'callback' or 'interrupted'.

    Notes
    -----
    Leaving out rows one by one computes in double precision, whatever X is in. Rows with a
    weight of zero count as rows left out, with an error weighted by zero.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import RidgeCV
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]])
    >>> RidgeCV(alphas=[0.01, 100.0]).fit(X, [0.0, 1.1, 1.9, 3.0, 4.0]).alpha_
    0.01
    """

    _metric = "r2"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseRidgeCV._parameter_constraints,
        "gcv_mode": [StrOptions({"auto", "svd", "eigen"}), None],
        "alpha_per_target": ["boolean"],
    }

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        gcv_mode: str | None = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.gcv_mode = gcv_mode
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target
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
        **params: Any,
    ) -> RidgeCV:
        """Choose the penalty and fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
            Over folds, scores do not know them.
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``; has no part in the choice.
        sample_weight_val : array-like or None, default=None
        **params
            Metadata for the scorer and the splitter, if metadata routing is enabled.

        Returns
        -------
        self : RidgeCV

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C; once the penalty is chosen, with the parameters reached so far in place.
        """
        check_parameters(self)
        if self.gcv_mode == "svd" and sp.issparse(X):
            warnings.warn(
                "The 'svd' mode is not supported for sparse X, we fallback to `gcv_mode='eigen'`. "
                "scikit-learn 1.11 will raise an error; use the default or `gcv_mode='eigen'`.",
                FutureWarning,
                stacklevel=2,
            )
        rows, y = self._check_rows(X, y, sample_weight)
        dtype = rows.X.dtype
        held_out = self._check_held_out(rows, (X_val, y_val, sample_weight_val))
        if self.cv is None:
            rows, held_out = rows.in_double(), held_out and held_out.in_double()
        self._fit_best(rows, held_out, y, sample_weight, params, dtype)
        return self

    def _single(self, alpha: float, fold: Fold, number: int, y_ndim: int) -> Ridge:
        model = Ridge(alpha=float(alpha), fit_intercept=self.fit_intercept, n_threads=self.n_threads)
        return fold.published(model, number, self, y_ndim)
