# SPDX-License-Identifier: BSD-3-Clause
"""What the linear models share: checking input, and predicting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._sklearn import validate_data
from schuss._threads import effective_n_threads

Array = NDArray[Any]

_INPUT = {
    "accept_sparse": "csr",
    "order": "C",
    "ensure_all_finite": False,  # the kernel looks, on all threads: see check_finite
}


def n_threads_of(estimator: Any) -> int:
    """Number of threads an estimator's parameters ask for."""
    return effective_n_threads(estimator.n_threads, getattr(estimator, "n_jobs", None))


def check_X_y(estimator: Any, X: Any, y: Any, *, reset: bool = True, **options: Any) -> Any:
    """Check training data as scikit-learn does, looking for NaN on all threads."""
    options = _INPUT | {"dtype": _dtypes(X)} | options
    X, y = validate_data(estimator, X, y, reset=reset, **options)
    X = _aligned(X)
    check_finite(estimator, X)
    return X, _aligned(y)


def check_X(estimator: Any, X: Any, *, reset: bool = False) -> Any:
    """Check data without a target; see `check_X_y`."""
    X = _aligned(validate_data(estimator, X, reset=reset, dtype=_dtypes(X), **_INPUT))
    check_finite(estimator, X)
    return X


def _aligned(array: Any) -> Any:
    """Copy an array whose elements lie across machine words, such as a field of packed records."""
    return array if sp.issparse(array) else np.require(array, requirements="A")


def _dtypes(X: Any) -> Any:
    """Single or double precision as it comes, anything else to double.

    scikit-learn keeps the dtype of pandas' columns. Polars' it would widen.
    """
    dtypes = getattr(X, "dtypes", None)
    if isinstance(dtypes, list) and {str(dtype) for dtype in dtypes} == {"Float32"}:
        return np.float32
    return (np.float64, np.float32)


def check_finite(estimator: Any, X: Any) -> None:
    """Raise scikit-learn's own error if an entry of X is NaN or infinite."""
    if get_config()["assume_finite"]:
        return
    values = X.data if sp.issparse(X) else X
    if not kernels.all_finite(values, n_threads=n_threads_of(estimator)):
        check_array(X, accept_sparse=True, estimator=estimator, input_name="X")


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
    check_is_fitted(estimator, "coef_")
    X = check_X(estimator, X)
    coef = estimator.coef_.toarray() if sp.issparse(estimator.coef_) else estimator.coef_
    dtype = np.result_type(X.dtype, coef.dtype)
    coef = np.ascontiguousarray(np.atleast_2d(coef), dtype=dtype)
    added = estimator.intercept_ if intercept_of is None else intercept_of()
    intercept = np.broadcast_to(np.asarray(added, dtype=dtype), coef.shape[:1])
    out = np.empty((X.shape[0], coef.shape[0]), dtype=dtype)
    kernels.linear_predict(
        kernels.Table(X.astype(dtype, copy=False)),
        coef,
        np.ascontiguousarray(intercept),
        out,
        n_threads=n_threads_of(estimator),
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
