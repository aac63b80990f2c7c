# SPDX-License-Identifier: BSD-3-Clause
"""From what is passed to `fit` and `predict` to a table of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss._inputs import aligned, is_plain_table
from schuss._sklearn import check_array, validate_data
from schuss.ensemble._categories import (
    Vocabulary,
    are_codes,
    categorical_mask,
    encode,
    is_frame,
    learn_categories,
)

Array = NDArray[Any]

_TABLE: dict[str, Any] = {"dtype": [np.float64, np.float32], "ensure_all_finite": False, "accept_sparse": "csr"}


def check_table(estimator: Any, X: Any, *, reset: bool) -> Any:
    """Check X and write its categories as codes.

    With ``reset`` the columns and their categories are learnt: ``n_features_in_``, ``feature_names_in_``,
    ``is_categorical_`` and ``_vocabulary``.

    Returns
    -------
    ndarray or CSR of shape (n_samples, n_features), float32 or float64
        NaN is missing. The very array that was passed if it needs no conversion.
    """
    if reset:
        estimator.is_categorical_ = categorical_mask(X, estimator.categorical_features)
        estimator._vocabulary = None
        if estimator.is_categorical_ is not None:
            estimator._vocabulary = learn_categories(_dense(X), estimator.is_categorical_, estimator.max_bins)
    if estimator._vocabulary is not None:
        return _encoded(estimator, X, estimator._vocabulary, reset=reset)
    if is_plain_table(X) and (reset or (X.shape[1] == estimator.n_features_in_ and not _named(estimator))):
        if reset:
            estimator.n_features_in_ = X.shape[1]
            estimator.__dict__.pop("feature_names_in_", None)
        return X
    return aligned(validate_data(estimator, X, reset=reset, **_TABLE))


def _encoded(estimator: Any, X: Any, vocabulary: Vocabulary, *, reset: bool) -> Array:
    """Return X as numbers, its categorical columns as codes."""
    if is_plain_table(X) and are_codes(vocabulary) and _holds_codes(X, estimator.is_categorical_):
        validate_data(estimator, X, skip_check_array=True, reset=reset)
        return X
    X = _dense(X)
    if not is_frame(X):
        X = check_array(X, dtype=None, ensure_all_finite=False)
    validate_data(estimator, X, skip_check_array=True, reset=reset)
    out = np.empty(X.shape, dtype=np.float64)
    numeric = np.flatnonzero([categories is None for categories in vocabulary])
    if len(numeric):
        part = _columns(X, numeric)
        out[:, numeric] = check_array(part, dtype=np.float64, ensure_all_finite=False)
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


def _named(estimator: Any) -> bool:
    return "feature_names_in_" in vars(estimator)
