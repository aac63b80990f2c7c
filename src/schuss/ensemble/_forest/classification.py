# SPDX-License-Identifier: BSD-3-Clause
"""What forests that predict classes have in common."""

from __future__ import annotations

from typing import Any, ClassVar
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from schuss._labels import class_weights_of_rows, codes_of, encode_labels
from schuss._sklearn import StrOptions
from schuss.callbacks import with_callbacks
from schuss.ensemble._forest.base import BaseForest
from schuss.ensemble._forest.parameters import CONSTRAINTS
from schuss.tree._histogram.targets import ClassTarget

Array = NDArray[Any]
Float64 = NDArray[np.float64]


class ForestClassifier(ClassifierMixin, BaseForest):
    """Base of `RandomForestClassifier` and `ExtraTreesClassifier`."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "criterion": [StrOptions({"gini", "entropy", "log_loss"})],
        "class_weight": [StrOptions({"balanced", "balanced_subsample"}), dict, list, None],
    }

    classes_: Any
    n_classes_: Any

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> ForestClassifier:
        """Grow the trees.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Taken in single precision. NaN is missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, of any type that sorts.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            With ``bootstrap``, rows are drawn in proportion to them; else they weigh so much in every tree.
        X_val, y_val : array-like or None, default=None
            Validation data: recorded in ``history_``, watched with ``early_stopping``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the trees that were finished in place.
        """
        self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val)
        return self

    def _encode(self, y: Array, sample_weight: Float64 | None) -> tuple[ClassTarget, Float64 | None]:
        codes, factors = self._validate_y_class_weight(y, sample_weight)
        n_classes = tuple(self.n_classes_)
        if self.n_outputs_ == 1:
            self.classes_, self.n_classes_ = self.classes_[0], self.n_classes_[0]
        return ClassTarget(codes, n_classes), factors

    def _validate_y_class_weight(self, y: Array, sample_weight: Float64 | None) -> tuple[Array, Float64 | None]:
        """Number the classes of each output; the codes, and factors of the rows' weights."""
        if self.n_outputs_ > 1:
            check_classification_targets(y)
        encoded = [encode_labels(column) for column in y.T]
        self.classes_ = [classes for classes, _ in encoded]
        self.n_classes_ = [len(classes) for classes in self.classes_]
        return np.column_stack([codes for _, codes in encoded]), self._class_factors(y, sample_weight)

    def _class_factors(self, y: Array, sample_weight: Float64 | None) -> Float64 | None:
        asked = self.class_weight
        if asked is None:
            return None
        if isinstance(asked, (dict, list)):
            return class_weights_of_rows(asked, y)
        if self.warm_start:
            warn(
                f'class_weight="{asked}" follows the classes of the data at hand: with warm_start, and data that '
                "differ from fit to fit, trees get different weights. Compute them once with compute_class_weight, "
                "from a large enough sample, and pass them as class_weight.",
                stacklevel=6,
            )
        if asked == "balanced_subsample" and self.bootstrap:
            return None  # by the rows of each tree
        outputs = [
            dict(zip(classes, self._balanced(classes, column, sample_weight), strict=True))
            for classes, column in zip(self.classes_, y.T, strict=True)
        ]
        return np.asarray(compute_sample_weight(outputs[0] if len(outputs) == 1 else outputs, y))

    @staticmethod
    def _balanced(classes: Array, y: Array, sample_weight: Float64 | None) -> Float64:
        options = {} if sample_weight is None else {"sample_weight": sample_weight}
        with np.errstate(divide="ignore"):
            factors = compute_class_weight("balanced", classes=classes, y=y, **options)
        return np.where(np.isfinite(factors), factors, 0.0)  # a class whose rows weigh nothing does not begin to

    def _balance(self, y: Array) -> Any:
        if self.class_weight != "balanced_subsample":
            return None
        return lambda drawn: compute_sample_weight("balanced", y, indices=drawn)

    def _encode_known(self, y: Array) -> ClassTarget:
        classes = self.classes_ if self.n_outputs_ > 1 else [self.classes_]
        if y.shape[1] != self.n_outputs_:
            raise ValueError(f"y_val has {y.shape[1]} outputs where y has {self.n_outputs_}")
        codes = [codes_of(column, known) for column, known in zip(y.T, classes, strict=True)]
        return ClassTarget(np.column_stack(codes), tuple(map(len, classes)))

    def _publish_out_of_bag(self, means: Float64) -> Array:
        if self.n_outputs_ == 1:
            self.oob_decision_function_ = means
        else:  # all outputs have as many classes: the target's type has been checked
            n = np.atleast_1d(self.n_classes_)[0]
            self.oob_decision_function_ = means.reshape(len(means), self.n_outputs_, n).transpose(0, 2, 1)
        return np.asarray(self.oob_decision_function_.argmax(axis=1))

    def _score_out_of_bag(self, y: Array, predicted: Array) -> float:
        return float(accuracy_score(y, predicted))

    def _shares(self, X: Any) -> list[Float64]:
        """Mean shares of the classes of each output."""
        values = self._means(X)
        if self.n_outputs_ == 1:
            return [np.concatenate([1.0 - values, values], axis=1) if self.n_classes_ == 2 else values]
        ends = np.cumsum(self.n_classes_)[:-1]
        return [np.ascontiguousarray(part) for part in np.split(values, ends, axis=1)]

    def predict_proba(self, X: Any) -> Any:
        """Return the probabilities of the classes: the mean over the trees of their shares in the leaves.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of n_outputs of them
            In the order of ``classes_``.
        """
        shares = self._shares(X)
        return shares[0] if self.n_outputs_ == 1 else shares

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of n_outputs of them
        """
        with np.errstate(divide="ignore"):
            logs = [np.log(shares) for shares in self._shares(X)]
        return logs[0] if self.n_outputs_ == 1 else logs

    def predict_contributions(self, X: Any) -> Any:
        """Return what each feature contributes to the probabilities of each row: exact Shapley values.

        What a tree says without some of the features is its mean over the training samples that would go either way
        (Lundberg, Erion and Lee, 2018). The time goes with the number of leaves: that of limited trees is short, that
        of trees grown to the end is not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes, n_features + 1), or a list of n_outputs of them
            Last the probability without any feature. All together add up to `predict_proba`.
        """
        said = self._contributions(X)
        if self.n_outputs_ > 1:
            return np.split(said, np.cumsum(self.n_classes_)[:-1], axis=1)
        if self.n_classes_ != 2:
            return said
        first = -said
        first[:, :, -1] += 1.0
        return np.concatenate([first, said], axis=1)

    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row, the first of equals.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        codes = [shares.argmax(axis=1) for shares in self._shares(X)]
        if self.n_outputs_ == 1:
            labels: Array = self.classes_[codes[0]]
            return labels
        labels = np.empty((len(codes[0]), self.n_outputs_), dtype=self.classes_[0].dtype)
        for k, classes in enumerate(self.classes_):
            labels[:, k] = classes[codes[k]]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
