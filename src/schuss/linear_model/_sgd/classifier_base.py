# SPDX-License-Identifier: BSD-3-Clause
"""Fitting of the classifiers that are trained by stochastic gradient descent."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from schuss._inputs import check_X_y
from schuss._labels import class_weights, codes_of, encode_labels
from schuss._sklearn import StrOptions, check_partial_fit_first_call, check_sample_weight
from schuss.callbacks import with_callbacks
from schuss.linear_model._base import LinearClassifierMixin
from schuss.linear_model._sgd.base import BaseSGD
from schuss.linear_model._sgd.setup import Data, Sample
from schuss.losses import Target

Array = NDArray[Any]


class BaseSGDClassifier(LinearClassifierMixin, BaseSGD):
    """`fit` and `partial_fit` of one-vs-all linear classifiers."""

    _classes = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSGD._parameter_constraints,
        "n_jobs": BaseSGD._parameter_constraints["n_threads"],
        "class_weight": [StrOptions({"balanced"}), dict, None],
    }

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        coef_init: Any = None,
        intercept_init: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Train from the start, or with ``warm_start`` from where the last fit ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,)
            Class labels.
        coef_init : array-like of the shape of ``coef_``, default=None
            Coefficients to start from.
        intercept_init : array-like of the shape of ``intercept_``, default=None
            Intercepts to start from.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples, multiplied with those of their classes.
        X_val, y_val : array-like, default=None
            Validation data, for the curves in ``history_`` and for ``early_stopping``.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            If the data or the combination of parameters is not usable, or if a
            parameter became infinite during training.
        KeyboardInterrupt
            After Ctrl-C; the estimator then holds the last complete epoch.
        """
        self._check_parameters()
        checked_X, labels = self._check_data(X, y)
        self.classes_, codes = encode_labels(labels)
        data = self._encode(checked_X, codes, sample_weight)
        state = self._first_state(data, coef_init, intercept_init)
        validation = (X_val, y_val, sample_weight_val)
        self._fit(data, state, given=(X, y), validation=validation)
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch on this data, continuing from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The next part of the training data.
        y : array-like of shape (n_samples,)
            Class labels; not all classes need to occur.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur; needed in the first call only.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : estimator

        Raises
        ------
        ValueError
            As `fit` does, and if ``class_weight`` is 'balanced', because the shares of
            the classes in the whole stream are not known.
        """
        first = getattr(self, "coef_", None) is None
        if first:
            self._check_parameters(partial=True)
            self._check_not_balanced()
        X, labels = check_X_y(self, X, y, reset=first)
        check_partial_fit_first_call(self, classes)
        X = X if first else X.astype(self.coef_.dtype, copy=False)
        data = self._encode(X, codes_of(labels, self.classes_), sample_weight)
        state = self._first_state(data) if first else self._next_state()
        self._partial_fit(data, state)
        return self

    def _check_not_balanced(self) -> None:
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. In order to use "
                "'balanced' weights, use compute_class_weight('balanced', "
                "classes=classes, y=y). In place of y you can use a large enough sample "
                "of the full training set target to properly estimate the class frequency "
                "distributions. Pass the resulting weights as the class_weight parameter."
            )

    def _encode(self, X: Any, codes: NDArray[np.intp], sample_weight: Any) -> Data:
        n_classes = len(self.classes_)
        if n_classes < 2:
            raise ValueError(f"The number of classes has to be greater than one; got {n_classes} class")
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype, allow_all_zero=self.early_stopping)
        each = class_weights(self.class_weight, self.classes_, codes)
        binary = n_classes == 2
        loss = self._loss(1 if binary else n_classes)
        return Data(
            Sample(X, loss.encode(codes, n_classes, X.dtype), weight),
            positive_weight=each[1:] if binary else each,
            negative_weight=each[:1] if binary else np.ones(n_classes),
        )

    def _check_validation(self, X: Any, y: Any, dtype: Any) -> tuple[Any, Array]:
        X, labels = check_X_y(self, X, y, reset=False)
        codes = codes_of(labels, self.classes_)
        n_classes = len(self.classes_)
        loss = self._loss(1 if n_classes == 2 else n_classes)
        return X.astype(dtype, copy=False), loss.encode(codes, n_classes, dtype)

    def _target(self, loss_name: str) -> Target:
        return Target.ZERO_ONE if loss_name == "logistic" else Target.SIGN

    def _coef_shape(self, coef: Array) -> Array:
        return coef
