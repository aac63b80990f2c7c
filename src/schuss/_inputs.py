# SPDX-License-Identifier: BSD-3-Clause
"""Checking what is passed to ``fit``, in microseconds where nothing can be wrong.

scikit-learn's checks take longer than training on a small table. The common case, plain
arrays that need no conversion, is recognised here; everything else goes their way.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.utils import check_array

from schuss import _kernels as kernels
from schuss._sklearn import check_sample_weight, validate_data
from schuss._threads import effective_n_threads

Array = NDArray[Any]

_INPUT = {
    "accept_sparse": "csr",
    "order": "C",
    "ensure_all_finite": False,  # the kernel looks, on all threads: see check_finite
}
_PLAIN = {type(None), bool, int, float, str}
_REAL = (np.dtype(np.float64), np.dtype(np.float32))
_SEARCHED = 1 << 18  # entries that are searched for NaN beforehand: errors come early
_SERIAL = 1 << 15  # entries that no kernel shares among threads
_MOST = 1000  # sets of parameters remembered as valid
_valid: set[tuple[Any, ...]] = set()


def check_parameters(estimator: Any) -> None:
    """Validate the constructor's parameters, once for each set of plain values.

    Raises
    ------
    sklearn.utils._param_validation.InvalidParameterError
        As scikit-learn's own estimators do.
    """
    values = [getattr(estimator, name) for name in estimator._parameter_constraints]
    kinds = [tuple(map(type, value)) if type(value) is tuple else type(value) for value in values]
    plain = all(kind in _PLAIN if isinstance(kind, type) else set(kind) <= _PLAIN for kind in kinds)
    key = (type(estimator), *values, *kinds) if plain else ()
    if key in _valid or get_config()["skip_parameter_validation"]:
        return
    estimator._validate_params()
    if plain:
        if len(_valid) >= _MOST:
            _valid.clear()
        _valid.add(key)


def check_training_data(estimator: Any, X: Any, y: Any, **options: Any) -> tuple[Any, Array]:
    """Check X and y as scikit-learn does and set ``n_features_in_``.

    A large plain array is not searched for NaN here: the first read of a fit shows them,
    see `check_first_read`.

    Parameters
    ----------
    estimator : object
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    **options
        For ``validate_data``, where X and y are not plain arrays.

    Returns
    -------
    X : ndarray or CSR of shape (n_samples, n_features), float32 or float64
        The very array that was passed if it needs no conversion.
    y : ndarray
    """
    if _is_plain(X, y, options) and (X.size > _SEARCHED or kernels.all_finite(X)):
        estimator.n_features_in_ = X.shape[1]
        estimator.__dict__.pop("feature_names_in_", None)
        return X, y
    return check_X_y(estimator, X, y, **options)


def n_threads_for(estimator: Any, X: Any) -> int:
    """Threads for a fit on X: one where kernels use one anyway, without asking the system."""
    asked = estimator.n_threads is not None or getattr(estimator, "n_jobs", None) is not None
    return 1 if not asked and X.shape[0] * X.shape[1] <= _SERIAL else n_threads_of(estimator)


def check_first_read(estimator: Any, X: Any, *results: float) -> None:
    """Raise scikit-learn's error on NaN in X if sums over its rows are not finite.

    An entry that is not finite makes the gradient of a linear model so.
    """
    if not all(map(isfinite, results)):
        check_finite(estimator, X)


def check_row_weights(estimator: Any, sample_weight: Any, X: Any, dtype: Any) -> Array | None:
    """Check weights, which must not be negative, and rows without weight: left out of all sums, they would hide NaN."""
    weight = check_sample_weight(sample_weight, X, dtype=dtype, non_negative=True)
    if weight is not None and not weight.all():
        check_finite(estimator, X)
    return weight


def explain_overflow(estimator: Any, X: Any, error: BaseException | None) -> NoReturn:
    """Raise what a kernel's overflow means: NaN in X if there is any, else numbers too large."""
    check_finite(estimator, X)
    raise ValueError(
        "Floating-point overflow in sums over the rows of X. Scaling the data with "
        "StandardScaler or MinMaxScaler might help."
    ) from error


def is_plain_table(X: Any) -> bool:
    """Whether X is a dense table, of any memory order, that kernels take as it is."""
    return (
        type(X) is np.ndarray
        and X.ndim == 2
        and X.dtype in _REAL
        and min(X.shape) > 0
        and X.flags.forc
        and X.flags.aligned
    )


def _is_known_table(estimator: Any, X: Any) -> bool:
    """Whether X is a plain array of as many columns as the estimator knows, without names to compare."""
    known = vars(estimator)
    return (
        is_plain_table(X)
        and X.flags.c_contiguous
        and X.shape[1] == known.get("n_features_in_")
        and "feature_names_in_" not in known
    )


def _is_plain(X: Any, y: Any, options: Mapping[str, Any]) -> bool:
    """Whether X and y are arrays that every check with these options would let through as they are."""
    kinds = "biu" if options.get("y_numeric") else "biuSU"
    several = options.get("multi_output") or "validate_separately" in options
    return (
        type(X) is np.ndarray
        and type(y) is np.ndarray
        and X.ndim == 2
        and (y.ndim == 1 or (several and y.ndim == 2 and y.shape[1] > 0))
        and len(y) == len(X) > 0
        and X.shape[1] > 0
        and X.dtype in _REAL
        and all(a.flags.c_contiguous and a.flags.aligned for a in (X, y))
        and (y.dtype.kind in kinds or (y.dtype in _REAL and kernels.all_finite(y)))
    )


def n_threads_of(estimator: Any) -> int:
    """Number of threads an estimator's parameters ask for."""
    return effective_n_threads(estimator.n_threads, getattr(estimator, "n_jobs", None))


def check_X_y(estimator: Any, X: Any, y: Any, *, reset: bool = True, **options: Any) -> Any:
    """Check training data as scikit-learn does, looking for NaN on all threads.

    With ``reset=False`` they are more of the same, whose columns are compared with those of `fit`.
    """
    more = not reset and _is_known_table(estimator, X) and _is_plain(X, y, options)
    if more and options.get("dtype", X.dtype) == X.dtype:
        check_finite(estimator, X)
        return X, y
    options = _INPUT | {"dtype": _dtypes(X)} | options
    X, y = validate_data(estimator, X, y, reset=reset, **options)
    X = aligned(X)
    check_finite(estimator, X)
    return X, aligned(y)


def check_X(estimator: Any, X: Any, *, reset: bool = False) -> Any:
    """Check data without a target; see `check_X_y`."""
    if reset or not _is_known_table(estimator, X):
        X = aligned(validate_data(estimator, X, reset=reset, dtype=_dtypes(X), **_INPUT))
    check_finite(estimator, X)
    return X


def aligned(array: Any) -> Any:
    """Copy an array whose elements lie across machine words, such as a field of packed records."""
    if not sp.issparse(array):
        return np.require(array, requirements="A")
    parts = (array.data, array.indices, array.indptr)
    return array if all(part.flags.aligned for part in parts) else array.copy()


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
    if not kernels.all_finite(values, n_threads=n_threads_for(estimator, X)):
        check_array(X, accept_sparse=True, estimator=estimator, input_name="X")
