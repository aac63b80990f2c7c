# SPDX-License-Identifier: BSD-3-Clause
"""What trees take as data: single precision, dense or by column, with missing values in dense tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.utils import assert_all_finite

from schuss import _kernels as kernels
from schuss._inputs import aligned, is_plain_table, n_threads_for
from schuss._sklearn import validate_data

Array = NDArray[Any]

_FEW = 15  # rows that are predicted in microseconds


def check_training_data(estimator: Any, X: Any, y: Any) -> tuple[Any, Array]:
    """Check X and y as scikit-learn's trees do and set ``n_features_in_``.

    Returns
    -------
    X : ndarray or CSC of shape (n_samples, n_features), float32
        Finite but for missing values of a dense table.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
    """
    if is_plain_table(X) and type(y) is np.ndarray and y.dtype.kind in "biuf" and 0 < y.ndim < 3:
        estimator.n_features_in_ = X.shape[1]
        estimator.__dict__.pop("feature_names_in_", None)
        X = single(X)
        if y.dtype.kind == "f":
            assert_all_finite(y, input_name="y")
    else:
        table = {"dtype": np.float32, "accept_sparse": "csc", "ensure_all_finite": False}
        target = {"ensure_2d": False, "dtype": None}
        X, y = map(aligned, validate_data(estimator, X, y, validate_separately=(table, target)))
    check_values(estimator, X)
    if sp.issparse(X):
        X.sort_indices()
        check_indices(X)
    return X, y


def check_indices(X: Any) -> None:
    """Raise scikit-learn's error on a sparse matrix of 64-bit indices."""
    if X.indices.dtype != np.intc or X.indptr.dtype != np.intc:
        raise ValueError("No support for np.int64 index based sparse matrices")


def check_values(estimator: Any, X: Any) -> None:
    """Raise scikit-learn's error on infinite values, and on missing ones where there may be none."""
    if get_config()["assume_finite"]:
        return
    values = X.data if sp.issparse(X) else X
    if values.flags.forc and kernels.all_finite(values.ravel(order="K"), n_threads=n_threads_for(estimator, X)):
        return
    allow_nan = not sp.issparse(X) and estimator.__sklearn_tags__().input_tags.allow_nan
    if not allow_nan or np.isinf(values).any():
        assert_all_finite(values, allow_nan=allow_nan, estimator_name=type(estimator).__name__, input_name="X")


def single(X: Array) -> Array:
    """In single precision; what does not fit becomes infinite, which is found later."""
    if X.dtype == np.float32:
        return X
    with np.errstate(over="ignore"):
        return X.astype(np.float32)


def few_plain_rows(estimator: Any, X: Any) -> Array | None:
    """Some rows that may go to ``predict_few``, in single precision; None if X has to be looked at."""
    plain = type(X) is np.ndarray and X.ndim == 2 and len(X) <= _FEW and X.dtype.kind == "f"
    return single(X) if plain and "feature_names_in_" not in vars(estimator) else None
