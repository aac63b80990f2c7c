# SPDX-License-Identifier: BSD-3-Clause
"""Networks that predict classes: the target and its kinds, and what the outputs say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels

from schuss._labels import class_weights, codes_of, encode_labels
from schuss._sklearn import check_partial_fit_first_call
from schuss.neural_network._base import BaseMLP
from schuss.neural_network._forward import known_network
from schuss.neural_network._spec import Head

Array = NDArray[Any]

_BINARY, _MULTICLASS, _MULTILABEL = "binary", "multiclass", "multilabel-indicator"


class NetworkClassifier(ClassifierMixin, BaseMLP):
    """Base of `MLPClassifier`, without its parameters."""

    _classes = True
    classes_: Array

    # The target.

    def _head(self) -> Head:
        if self.label_smoothing and self.focal_gamma:
            raise ValueError("label_smoothing and focal_gamma exclude each other.")
        loss = "softmax" if self._target_kind == _MULTICLASS else "logistic"
        return Head(loss, smoothing=float(self.label_smoothing), focal=float(self.focal_gamma))

    def _check_target(self, X: Any, y: Array, *, incremental: bool) -> tuple[Array, Array | None]:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and not incremental):
            self._define_classes(y)
        else:
            self._check_classes(y)
        target = self._encode(y, X.dtype)
        if self.class_weight is None:
            return target, None
        if self._target_kind == _MULTILABEL:
            raise ValueError("class_weight is for one class per sample, not for several labels.")
        codes = target.astype(np.intp).reshape(-1)
        return target, class_weights(self.class_weight, self.classes_, codes)[codes]

    def _define_first(self, y: Any, classes: Any) -> None:
        """Define the classes in the first call of `partial_fit`."""
        if self.class_weight == "balanced":
            raise ValueError("class_weight 'balanced' needs all rows at once: give partial_fit a dict of weights.")
        if check_partial_fit_first_call(self, classes):
            several = type_of_target(y).startswith("multilabel")
            self._target_kind = _MULTILABEL if several else _kind_of(len(self.classes_))
            if several:
                self.classes_ = np.arange(np.shape(y)[1])

    def _define_classes(self, y: Array) -> None:
        if y.ndim == 1:
            self.classes_, _ = encode_labels(y)
            self._target_kind = _kind_of(len(self.classes_))
            return
        if type_of_target(y) != _MULTILABEL:
            raise ValueError("Multioutput target data is not supported with label binarization")
        self.classes_, self._target_kind = np.arange(y.shape[1]), _MULTILABEL

    def _check_classes(self, y: Array) -> None:
        if not hasattr(self, "_target_kind"):
            self._target_kind = _kind_of(len(self.classes_)) if y.ndim == 1 else _MULTILABEL
        classes = unique_labels(y)
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _encode(self, y: Array, dtype: Any) -> Array:
        if self._target_kind == _MULTILABEL:
            return np.ascontiguousarray(y, dtype=dtype)
        codes = codes_of(y.reshape(-1), self.classes_).astype(dtype)
        return codes if self._target_kind == _MULTICLASS else codes[:, np.newaxis]

    def _n_outputs(self, sample: Any) -> int:
        return len(self.classes_) if self._target_kind == _MULTICLASS else super()._n_outputs(sample)

    # Prediction.

    def predict(self, X: Any) -> Array:
        """Return the class of each sample, or its labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
        """
        network = known_network(self)
        if network is not None and self._target_kind != _MULTILABEL and len(self.classes_) > 1:
            codes = network.choose_few(X)
            if codes is not None:
                return self.classes_.take(codes)
        out = self._outputs(X)
        if self._target_kind == _MULTILABEL:
            return (out > 0.5).astype(int)
        if self._target_kind == _MULTICLASS:
            return np.asarray(self.classes_[out.argmax(axis=1)])
        if len(self.classes_) == 1:
            return np.repeat(self.classes_, len(out))
        return self.classes_.take((out > 0.5).ravel())

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``; of several labels, each one's own.
        """
        out = self._outputs(X)
        if out.shape[1] > 1:
            return out
        return np.column_stack([1 - out[:, 0], out[:, 0]])

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        probability = self.predict_proba(X)
        return np.log(probability, out=probability)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _kind_of(n_classes: int) -> str:
    return _BINARY if n_classes <= 2 else _MULTICLASS
