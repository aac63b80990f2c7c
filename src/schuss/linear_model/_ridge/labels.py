# SPDX-License-Identifier: BSD-3-Clause
"""Classes as targets of least squares: -1 and 1, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from schuss._inputs import check_row_weights, check_training_data, check_X_y
from schuss._labels import class_weights, class_weights_of_rows, codes_of, encode_labels
from schuss._sklearn import check_sample_weight
from schuss.linear_model._base import LinearClassifierMixin
from schuss.linear_model._least_squares.fit import Rows
from schuss.validation import check_given

Array = NDArray[Any]


class RidgeLabels(LinearClassifierMixin):
    """What RidgeClassifier and RidgeClassifierCV add to least squares.

    Two classes are one target, several classes or labels a target for each.
    """

    class_weight: dict[Any, float] | str | None
    _multilabel: bool

    def _check_labelled(self, X: Any, y: Any, sample_weight: Any, **options: Any) -> tuple[Rows, Array]:
        """Check training data with classes as targets; sets ``classes_``."""
        X, y = check_training_data(self, X, y, multi_output=True, **options)
        weight = check_row_weights(self, sample_weight, X, X.dtype)
        self._multilabel = type_of_target(y).startswith("multilabel")
        if self._multilabel:
            codes, targets = None, self._binarise(y, X.dtype)
        else:
            y = column_or_1d(y, warn=True)
            self.classes_, numbers = encode_labels(y)
            targets = self._signs(numbers, X.dtype)
            codes = self._encoded(numbers, X.dtype)
        if self.class_weight:
            of_class = self._class_weights_of_rows(y)
            weight = (of_class if weight is None else weight * of_class).astype(X.dtype)
        return Rows(X, targets, weight, codes), y

    def _check_labelled_held_out(self, rows: Rows, validation: tuple[Any, Any, Any]) -> Rows | None:
        """Check validation data, if there is any, against the training data."""
        X, y, weight = validation
        if not check_given(X, y, weight):
            return None
        dtype = rows.X.dtype
        X, y = check_X_y(self, X, y, reset=False, multi_output=True, dtype=dtype)
        weight = check_sample_weight(weight, X, dtype=dtype)
        if self._multilabel:
            return Rows(X, self._binarise(y, dtype), weight)
        numbers = codes_of(column_or_1d(y, warn=True), self.classes_)
        return Rows(X, self._signs(numbers, dtype), weight, self._encoded(numbers, dtype))

    def _binarise(self, y: Any, dtype: Any) -> Array:
        binarizer = LabelBinarizer(neg_label=-1, pos_label=1)
        signs = binarizer.fit_transform(y)
        self.classes_ = binarizer.classes_
        return np.ascontiguousarray(signs, dtype=dtype)

    def _signs(self, codes: NDArray[np.intp], dtype: Any) -> Array:
        n_classes = len(self.classes_)
        if n_classes <= 2:
            return (2 * codes - 1).astype(dtype)[:, None]
        signs = np.full((len(codes), n_classes), -1, dtype=dtype)
        signs[np.arange(len(codes)), codes] = 1
        return signs

    def _encoded(self, codes: NDArray[np.intp], dtype: Any) -> Array:
        return (codes if len(self.classes_) > 2 else 2 * codes - 1).astype(dtype)

    def _class_weights_of_rows(self, y: Array) -> Array:
        if self._multilabel:
            return class_weights_of_rows(self.class_weight, y)
        classes, codes = encode_labels(y)
        return class_weights(self.class_weight, classes, codes)[codes]

    def predict(self, X: Any) -> Array:
        """Return the class of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), dtype of ``classes_``
            For a multilabel problem (n_samples, n_labels), zeros and ones.
        """
        check_is_fitted(self, "coef_")
        if not self._multilabel:
            return super().predict(X)
        scores = self.decision_function(X)
        return (scores.reshape(len(scores), -1) > 0).astype(np.int64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
