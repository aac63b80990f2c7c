# SPDX-License-Identifier: BSD-3-Clause
"""A table with categorical columns as numbers: their values as codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss._categories import Vocabulary, are_codes, categorical_mask, encode, is_frame, learn_categories
from schuss._inputs import is_plain_table
from schuss._sklearn import check_array, validate_data

Array = NDArray[Any]


def learn_columns(estimator: Any, X: Any, most: int) -> None:
    """Set ``is_categorical_`` and ``_vocabulary``: which columns are categorical, and their categories.

    Raises
    ------
    ValueError
        If ``categorical_features`` does not fit X, or a column has more than ``most`` categories.
    """
    estimator.is_categorical_ = categorical_mask(X, estimator.categorical_features)
    estimator._vocabulary = None
    if estimator.is_categorical_ is not None:
        estimator._vocabulary = learn_categories(_dense(X), estimator.is_categorical_, most)


def coded(estimator: Any, X: Any, vocabulary: Vocabulary, *, reset: bool, dtype: Any) -> Array:
    """Check X and return it with the codes of its categories, NaN where they are missing or unknown.

    Parameters
    ----------
    estimator : object
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    vocabulary : list
    reset : bool
    dtype : type or list of types
        Of the result, as ``check_array`` takes it.

    Returns
    -------
    ndarray of shape (n_samples, n_features)
        The very array that was passed if it needs no conversion. Numbers may be NaN.
    """
    if is_plain_table(X) and are_codes(vocabulary) and _holds_codes(X, estimator.is_categorical_):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
        return np.asarray(check_array(X, dtype=dtype, ensure_all_finite=False))
    X = _dense(X)
    if not is_frame(X):
        X = check_array(X, dtype=None, ensure_all_finite=False)
    validate_data(estimator, X, skip_check_array=True, reset=reset)
    numeric = np.flatnonzero([categories is None for categories in vocabulary])
    part = np.empty((X.shape[0], 0))
    if len(numeric):
        part = check_array(_columns(X, numeric), dtype=dtype, ensure_all_finite=False)
    elif not isinstance(dtype, list):
        part = part.astype(dtype)
    out = np.empty(X.shape, dtype=part.dtype)
    out[:, numeric] = part
    encode(X, vocabulary, out)
    return out


def _holds_codes(X: Array, mask: Array) -> bool:
    """Whether categorical columns hold nothing but whole numbers from 0 on, and NaN."""
    if mask.shape != X.shape[1:]:
        return False  # a wrong number of columns has its own message
    chosen = X[:, mask]
    return bool(np.all((np.floor(np.abs(chosen)) == chosen) | np.isnan(chosen)))


def _columns(X: Any, numbers: NDArray[np.intp]) -> Any:
    """Some columns of an array or a frame."""
    if hasattr(X, "iloc"):
        return X.iloc[:, numbers]
    return X[:, numbers.tolist()] if is_frame(X) else X[:, numbers]


def _dense(X: Any) -> Any:
    return X.toarray() if sp.issparse(X) else X
