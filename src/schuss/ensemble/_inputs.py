# SPDX-License-Identifier: BSD-3-Clause
"""From what is passed to `fit` and `predict` to a table of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from schuss._coding import coded, learn_columns
from schuss._inputs import aligned, is_plain_table
from schuss._sklearn import validate_data

_GOING_ON = {
    "n_features_in_": "X has {now} features, but the trees to go on from were grown on {was}.",
    "n_outputs_": "y has {now} outputs, but the trees to go on from were grown on {was}.",
    "classes_": "y has the classes {now}, but the trees to go on from were grown on {was}.",
    "_vocabulary": "X has other categories than those that the trees to go on from were grown on.",
}
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
        learn_columns(estimator, X, estimator.max_bins)
    if estimator._vocabulary is not None:
        return coded(estimator, X, estimator._vocabulary, reset=reset, dtype=_TABLE["dtype"])
    if is_plain_table(X) and (reset or (X.shape[1] == estimator.n_features_in_ and not _named(estimator))):
        if reset:
            estimator.n_features_in_ = X.shape[1]
            estimator.__dict__.pop("feature_names_in_", None)
        return X
    return aligned(validate_data(estimator, X, reset=reset, **_TABLE))


def check_goes_on(estimator: Any, before: dict[str, Any]) -> None:
    """Insist that a warm start has columns, outputs, classes and categories of the fit before.

    Parameters
    ----------
    estimator : estimator
    before : dict
        Its attributes before the data of this fit were checked, which it has again when this raises.

    Raises
    ------
    ValueError
        With what is different.
    """
    now = dict(vars(estimator))
    for name, otherwise in _GOING_ON.items():
        if not _is_same(before.get(name), now.get(name)):
            vars(estimator).update(before)
            raise ValueError(otherwise.format(was=before[name], now=now[name]))


def _is_same(a: Any, b: Any) -> bool:
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_is_same, a, b))
    return np.array_equal(a, b)


def _named(estimator: Any) -> bool:
    return "feature_names_in_" in vars(estimator)
