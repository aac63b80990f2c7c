# SPDX-License-Identifier: BSD-3-Clause
"""From class labels to class numbers, in linear time where the labels allow it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

Array = NDArray[Any]

_TABLE_LIMIT = 1 << 20  # largest span of integer labels counted in a table


def encode_labels(y: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return the sorted classes of ``y`` and the number of each label's class.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Labels of any type that sorts.

    Returns
    -------
    classes : ndarray of shape (n_classes,), dtype of y
    codes : ndarray of shape (n_samples,)

    Raises
    ------
    ValueError
        If the labels are continuous numbers.
    """
    if (encoded := _encode_integers(y)) is not None:
        return encoded
    classes, codes = np.unique(y, return_inverse=True)
    # Thrice, or it would warn of a table in which every sample is a class of its own.
    check_classification_targets(np.repeat(classes, 3))
    return classes, codes.reshape(-1)


def _encode_integers(y: Array) -> tuple[Array, NDArray[np.intp]] | None:
    """Count integers of a small span instead of sorting them: ten times as fast."""
    if y.dtype.kind not in "biuf" or not len(y):
        return None
    low, high = y.min(), y.max()
    if not (low > -_TABLE_LIMIT and high < _TABLE_LIMIT):
        return None
    offsets = y.astype(np.intp)
    if y.dtype.kind == "f" and not np.array_equal(offsets, y):
        return None
    if low == 0 and high == 1:
        return np.array([0, 1], dtype=y.dtype), offsets
    offsets -= int(low)
    present = np.bincount(offsets) > 0
    classes = (np.flatnonzero(present) + int(low)).astype(y.dtype)
    return classes, (np.cumsum(present) - 1)[offsets]


def codes_of(y: Array, classes: Array) -> NDArray[np.intp]:
    """Return the number of each label among known, sorted ``classes``.

    Raises
    ------
    ValueError
        If ``y`` holds a label that is none of the classes.
    """
    found, codes = encode_labels(y)
    positions = np.searchsorted(classes, found)
    known = np.take(classes, positions, mode="clip") == found
    if not np.all(known):
        unknown = ", ".join(repr(label) for label in found[~known].tolist()[:5])
        raise ValueError(f"y holds labels that are not among the classes: {unknown}")
    return positions[codes]


def class_weights(
    class_weight: dict[Any, float] | str | None,
    classes: Array,
    codes: NDArray[np.intp],
    sample_weight: Array | None = None,
) -> NDArray[np.float64]:
    """Return the weight of each class, as scikit-learn's ``class_weight`` defines it.

    With ``sample_weight``, "balanced" counts a sample as often as it weighs.

    Raises
    ------
    ValueError
        If "balanced" meets a class without samples, or a dict knows none of them or gives them what is no weight.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if class_weight != "balanced":
        weights = compute_class_weight(class_weight, classes=classes, y=classes)
        return _checked(np.asarray(weights, dtype=np.float64))
    counts = np.bincount(codes, weights=sample_weight, minlength=len(classes))
    if not np.all(counts):
        raise ValueError("classes should have valid labels that are in y")
    return np.asarray(counts.sum() / (len(classes) * counts))


def class_weights_of_rows(class_weight: Any, y: NDArray[Any]) -> NDArray[np.float64]:
    """Weight of each row, of several outputs the product of theirs; errors as of `class_weights`."""
    return _checked(np.asarray(compute_sample_weight(class_weight, y)))


def _checked(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    if not (np.all(np.isfinite(weights)) and weights.min() >= 0.0 and weights.max() > 0.0):
        raise ValueError("class_weight: expected finite numbers of at least 0, one of them above 0.")
    return weights
