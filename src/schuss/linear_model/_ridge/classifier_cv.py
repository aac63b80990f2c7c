# SPDX-License-Identifier: BSD-3-Clause
"""RidgeClassifierCV."""

from __future__ import annotations

from typing import Any, ClassVar

from schuss._inputs import check_parameters
from schuss._sklearn import StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._ridge.classifier import RidgeClassifier
from schuss.linear_model._ridge.cv_base import BaseRidgeCV
from schuss.linear_model._ridge.folds import Fold
from schuss.linear_model._ridge.labels import RidgeLabels


class RidgeClassifierCV(RidgeLabels, BaseRidgeCV):
    """Classification by least squares, with a penalty chosen by cross-validation.

    Drop-in for `sklearn.linear_model.RidgeClassifierCV`: `RidgeCV` on targets of -1 and 1,
    one target for two classes, one for each of several classes or labels.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,), default=(0.1, 1.0, 10.0)
        Penalties to choose from. Positive; with ``cv`` also zero.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    scoring : str, callable or None, default=None
        What to choose by. None for the mean squared error of the targets if rows are left
        out one by one, and for the accuracy over folds.
    cv : int, splitter, iterable or None, default=None
        None to leave out every row in turn; else as in `sklearn.model_selection`.
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class; see `RidgeClassifier`.
    store_cv_results : bool, default=False
        Whether to keep ``cv_results_``; without ``cv`` only.
    max_time : float or None, default=None
        Seconds after which no further read of X starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    alpha_ : float
        The penalty chosen.
    best_score_ : float
        Its score.
    cv_results_ : ndarray of shape (n_samples, n_targets, n_alphas)
        With ``store_cv_results``: the squared error of each row when left out, times its
        weight; with ``scoring`` the decision function.
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        One-dimensional for two classes; in the dtype of X.
    intercept_ : float or ndarray of shape (1,) or (n_classes,)
    n_iter_ : int
        Number of reads of X on record.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        Of the fit with the chosen penalty; see `RidgeClassifier`.
    stop_reason_ : str
        'converged', 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import RidgeClassifierCV
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> RidgeClassifierCV().fit(X, ["no", "no", "yes", "yes"]).predict([[0.4]]).tolist()
    ['no']
    """

    _metric = "accuracy"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseRidgeCV._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        alphas: Any = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        class_weight: dict[Any, float] | str | None = None,
        store_cv_results: bool = False,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.class_weight = class_weight
        self.store_cv_results = store_cv_results
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
    ) -> RidgeClassifierCV:
        """Choose the penalty and fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes; zeros and ones for a multilabel problem.
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
            Over folds, scores do not know them.
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``; has no part in the choice.
        sample_weight_val : array-like or None, default=None
        **params
            Metadata for the scorer and the splitter, if metadata routing is enabled.

        Returns
        -------
        self : RidgeClassifierCV

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C; once the penalty is chosen, with the parameters reached so far in place.
        """
        check_parameters(self)
        rows, y = self._check_labelled(X, y, sample_weight)
        dtype = rows.X.dtype
        held_out = self._check_labelled_held_out(rows, (X_val, y_val, sample_weight_val))
        if self.cv is None:
            rows, held_out = rows.in_double(), held_out and held_out.in_double()
        self._fit_best(rows, held_out, y, sample_weight, params, dtype)
        return self

    def _single(self, alpha: float, fold: Fold, number: int, y_ndim: int) -> RidgeClassifier:
        model = RidgeClassifier(alpha=float(alpha), fit_intercept=self.fit_intercept, n_threads=self.n_threads)
        model.classes_, model._multilabel = self.classes_, self._multilabel
        return fold.published(model, number, self, 2)
