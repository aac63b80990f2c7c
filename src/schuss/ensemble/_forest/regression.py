# SPDX-License-Identifier: BSD-3-Clause
"""What forests that predict numbers have in common."""

from __future__ import annotations

from typing import Any, ClassVar
from warnings import warn

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from schuss._sklearn import FRIEDMAN_DEPRECATED, Hidden, StrOptions
from schuss.callbacks import with_callbacks
from schuss.ensemble._forest.base import BaseForest
from schuss.ensemble._forest.parameters import CONSTRAINTS
from schuss.tree._histogram.targets import NumberTarget

Array = NDArray[Any]
Float64 = NDArray[np.float64]


class ForestRegressor(RegressorMixin, BaseForest):
    """Base of `RandomForestRegressor` and `ExtraTreesRegressor`."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "criterion": [
            StrOptions({"squared_error", "absolute_error", "poisson"}),
            Hidden(StrOptions({"friedman_mse"})),
        ],
    }

    def _known_criterion(self, criterion: str) -> str:
        """Another name of squared_error is replaced, as scikit-learn does it from 1.9 on."""
        if not (FRIEDMAN_DEPRECATED and isinstance(criterion, str) and criterion == "friedman_mse"):
            return criterion
        warn(
            'Value `"friedman_mse"` for `criterion` is deprecated and will be removed in 1.11. It maps to '
            '`"squared_error"` as both were always equivalent. Use `criterion="squared_error"` to remove this warning.',
            FutureWarning,
            stacklevel=3,
        )
        return "squared_error"

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
    ) -> ForestRegressor:
        """Grow the trees.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Taken in single precision. NaN is missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
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

    def _encode(self, y: Array, sample_weight: Float64 | None) -> tuple[NumberTarget, None]:
        y = np.ascontiguousarray(y, dtype=np.float64)
        if self.criterion == "poisson":
            if np.any(y < 0):
                raise ValueError("Some value(s) of y are negative which is not allowed for Poisson regression.")
            if np.sum(y) <= 0:
                raise ValueError("Sum of y is not strictly positive which is necessary for Poisson regression.")
        return NumberTarget(y, from_zero=self.criterion == "poisson"), None

    def _encode_known(self, y: Array) -> NumberTarget:
        if y.shape[1] != self.n_outputs_:
            raise ValueError(f"y_val has {y.shape[1]} outputs where y has {self.n_outputs_}")
        return NumberTarget(np.ascontiguousarray(y, dtype=np.float64))

    def _publish_out_of_bag(self, means: Float64) -> Array:
        self.oob_prediction_ = means[:, 0] if self.n_outputs_ == 1 else means
        return self.oob_prediction_

    def _score_out_of_bag(self, y: Array, predicted: Array) -> float:
        return float(r2_score(y, predicted))

    def predict(self, X: Any) -> Array:
        """Return the mean over the trees of the values of the leaves that each row ends up in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        values = self._means(X)
        return values[:, 0] if self.n_outputs_ == 1 else values

    def predict_contributions(self, X: Any) -> Float64:
        """Return what each feature contributes to the prediction for each row: exact Shapley values.

        What a tree says without some of the features is the mean of its leaves' values over the training samples that
        would go either way (Lundberg, Erion and Lee, 2018). The time goes with the number of leaves: that of limited
        trees is short, that of trees grown to the end is not.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features + 1)
            For several outputs (n_samples, n_outputs, n_features + 1). Last what is predicted without any feature. All
            together add up to `predict`.
        """
        said = self._contributions(X)
        return said[:, 0] if self.n_outputs_ == 1 else said
