# SPDX-License-Identifier: BSD-3-Clause
"""Categorical columns: which they are, and their values as codes 0, 1, 2, ..."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Vocabulary = list[Array | None]

MOST_CATEGORIES = 1 << 24  # codes that single precision can hold
_SPAN = 1 << 16  # whole numbers below are counted in a table instead of sorted


def categorical_mask(X: Any, asked: Any) -> Mask | None:
    """Return which columns of X are categorical, None if there is none.

    Parameters
    ----------
    X : array-like or data frame
    asked : array-like of bool, int or str, 'from_dtype' or None
        As the parameter ``categorical_features``.

    Raises
    ------
    ValueError
        If ``asked`` does not fit X.
    """
    from_dtype = isinstance(asked, str) and asked == "from_dtype"
    if asked is None or (from_dtype and not is_frame(X)):
        return None
    chosen = np.asarray([_is_category(dtype) for dtype in X.dtypes] if from_dtype else asked)
    if chosen.size == 0:
        return None
    _check_kind(chosen)
    mask = _mask(X, chosen)
    return mask if mask.any() else None


def is_frame(X: Any) -> bool:
    """Whether X is a data frame, of pandas or polars."""
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def _is_category(dtype: Any) -> bool:
    return str(dtype).startswith(("category", "Categorical", "Enum"))


def _check_kind(chosen: Array) -> None:
    """Raise scikit-learn's error on anything but truth values, whole numbers and names."""
    kinds = chosen.dtype.name
    if chosen.dtype.kind == "O":
        types = {type(one) for one in chosen.ravel()}
        if types == {str}:
            return
        kinds = ", ".join(sorted(one.__name__ for one in types))
    elif chosen.dtype.kind in "ibU":
        return
    raise ValueError(f"categorical_features must be an array-like of bool, int or str, got: {kinds}.")


def _mask(X: Any, chosen: Array) -> Mask:
    n_features = X.shape[1] if hasattr(X, "shape") else len(X[0])
    mask = np.zeros(n_features, dtype=bool)
    if chosen.dtype.kind in "UO":
        mask[_positions(X, chosen.tolist())] = True
    elif chosen.dtype.kind == "i":
        if np.max(chosen) >= n_features or np.min(chosen) < 0:
            raise ValueError("categorical_features set as integer indices must be in [0, n_features - 1]")
        mask[chosen] = True
    else:
        if chosen.shape != (n_features,):
            raise ValueError(
                "categorical_features set as a boolean mask must have shape (n_features,), got: "
                f"{chosen.shape} instead of ({n_features},)"
            )
        mask[:] = chosen
    return mask


def _positions(X: Any, names: Sequence[str]) -> list[int]:
    if not hasattr(X, "columns"):
        raise ValueError(
            "categorical_features should be passed as an array of integers or as a boolean mask when the model is "
            "fitted on data without feature names."
        )
    known = list(X.columns)
    for name in names:
        if name not in known:
            raise ValueError(
                f"categorical_features has an item value '{name}' which is not a valid feature name of the training "
                f"data. Observed feature names: {known}"
            )
    return [known.index(name) for name in names]


def learn_categories(X: Any, mask: Mask, max_bins: int) -> Vocabulary:
    """Return the sorted categories of each categorical column, None for the others.

    Missing values are no category, and neither are negative numbers.

    Raises
    ------
    ValueError
        If a column has more than ``max_bins`` categories.
    """
    vocabulary: Vocabulary = [None] * len(mask)
    for j in np.flatnonzero(mask).tolist():
        categories = _categories(column_of(X, j))
        if len(categories) > max_bins:
            name = repr(X.columns[j]) if is_frame(X) else f"at index {j}"
            raise ValueError(
                f"Categorical feature {name} is expected to have a cardinality <= {max_bins} but actually has a "
                f"cardinality of {len(categories)}."
            )
        vocabulary[j] = categories
    return vocabulary


def are_codes(vocabulary: Vocabulary) -> bool:
    """Whether the categories of every column are 0, 1, 2, ...: then they need no encoding.

    What models do not know, they take for missing by themselves; but they need a category to know.
    """
    return all(
        categories is None
        or (len(categories) and categories.dtype.kind == "f" and np.array_equal(categories, np.arange(len(categories))))
        for categories in vocabulary
    )


def encode(X: Any, vocabulary: Vocabulary, out: Array) -> None:
    """Write the codes of all categorical columns into ``out``; NaN for what is missing or unknown."""
    for j, categories in enumerate(vocabulary):
        if categories is not None:
            out[:, j] = _codes(column_of(X, j), categories)


def column_of(X: Any, j: int) -> Array:
    """Return a column of an array or a frame, as numbers or as objects."""
    if hasattr(X, "iloc"):
        return _from_pandas(X.iloc[:, j])
    if is_frame(X):
        return np.asarray(X.get_column(X.columns[j]).to_list(), dtype=object)
    return np.asarray(X)[:, j]


def _from_pandas(column: Any) -> Array:
    """Spell out a pandas column; of a categorical one, by its own codes."""
    if str(column.dtype) != "category":
        return np.asarray(column)
    values = np.append(np.asarray(column.cat.categories, dtype=object), np.array([None], dtype=object))
    return np.asarray(values[np.asarray(column.cat.codes)])


def _present(values: Array) -> Array:
    """The values that are neither missing nor negative; numbers as float64."""
    if values.dtype.kind == "O":
        values = np.array([value for value in values.tolist() if value is not None and value == value], dtype=object)
        if all(isinstance(value, (int, float, np.number, bool)) for value in values.tolist()):
            values = values.astype(np.float64)
    if values.dtype.kind in "biuf":
        values = values.astype(np.float64)
        values = values[values >= 0.0]
    return values


def _categories(values: Array) -> Array:
    present = _present(values)
    if present.dtype.kind == "f" and len(present) and present.max() < _SPAN:
        whole = present.astype(np.int64)
        if np.array_equal(whole, present):
            return np.flatnonzero(np.bincount(whole)).astype(np.float64)
    if present.dtype.kind == "O":
        return np.array(sorted(set(present.tolist())), dtype=object)
    return np.unique(present)


def _codes(values: Array, categories: Array) -> NDArray[np.float64]:
    if categories.dtype.kind == "f":
        return _codes_of_numbers(values, categories)
    table = {category: float(code) for code, category in enumerate(categories.tolist())}
    return np.array([table.get(value, np.nan) for value in values.tolist()], dtype=np.float64)


def _codes_of_numbers(values: Array, categories: Array) -> NDArray[np.float64]:
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):  # names where there had been numbers: unknown, every one
        return np.full(len(values), np.nan)
    if not len(categories):
        return np.full(len(values), np.nan)
    places = np.searchsorted(categories, numbers)
    found = np.take(categories, places, mode="clip") == numbers
    return np.where(found, places.astype(np.float64), np.nan)
