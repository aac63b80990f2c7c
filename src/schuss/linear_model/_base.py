# SPDX-License-Identifier: BSD-3-Clause
"""What the linear models share: checking input, and predicting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._inputs import check_X, n_threads_for

Array = NDArray[Any]


def raw_prediction(estimator: Any, X: Any, intercept_of: Callable[[], Any] | None = None) -> Array:
    """Return ``X @ coef_.T + intercept_``.

    Parameters
    ----------
    estimator : object
        Fitted: has ``coef_``, dense or sparse, and ``intercept_``.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    intercept_of : callable or None, default=None
        Returns what to add in the place of ``intercept_``; called on a fitted estimator.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        In the wider of the dtypes of X and of the coefficients.
    """
    if not hasattr(estimator, "coef_"):  # asked first, as the check takes longer than to predict a few rows
        check_is_fitted(estimator, "coef_")
    X = check_X(estimator, X)
    coef = estimator.coef_.toarray() if sp.issparse(estimator.coef_) else estimator.coef_
    dtype = np.result_type(X.dtype, coef.dtype)
    coef = np.ascontiguousarray(np.atleast_2d(coef), dtype=dtype)
    added = estimator.intercept_ if intercept_of is None else intercept_of()
    intercept = np.full(len(coef), added, dtype=dtype)
    out = np.empty((X.shape[0], coef.shape[0]), dtype=dtype)
    kernels.linear_predict(
        kernels.Table(X.astype(dtype, copy=False)),
        coef,
        intercept,
        out,
        n_threads=n_threads_for(estimator, X),
    )
    return out


class LinearClassifierMixin(ClassifierMixin):
    """Prediction of linear classifiers."""

    classes_: Array

    def decision_function(self, X: Any) -> Array:
        """Return the confidence scores of the samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
            For two classes, the score of ``classes_[1]``: positive means that class.
        """
        scores = raw_prediction(self, X)
        return scores.ravel() if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> Array:
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), dtype of ``classes_``
        """
        scores = self.decision_function(X)
        codes = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        labels: Array = self.classes_[codes]
        return labels


class LinearRegressorMixin(RegressorMixin):
    """Prediction of linear regressors with one target."""

    def predict(self, X: Any) -> Array:
        """Return the predicted target of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return raw_prediction(self, X).ravel()
