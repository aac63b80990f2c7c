# SPDX-License-Identifier: BSD-3-Clause
"""What LinearSVC and LinearSVR share: the fit from checked data to published attributes."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from schuss._blas import one_blas_thread
from schuss._inputs import check_row_weights
from schuss.callbacks import CallbackSupport, FitTask
from schuss.svm._fit import SVMFit
from schuss.training import Outcome
from schuss.validation import check_given, publish_run, split_rows

Array = NDArray[Any]

_DENSE = 1 << 20  # entries
_NOT_CONVERGED = "Liblinear failed to converge, increase the number of iterations."


class BaseLinearSVM(CallbackSupport, BaseEstimator, ABC):
    """Weights, validation data, training and publishing."""

    _classes: bool  # whether the target is one of classes

    @staticmethod
    def _dense_if_small(X: Any) -> Any:
        """Small sparse data are solved faster as an array."""
        return X.toarray() if sp.issparse(X) and X.shape[0] * X.shape[1] <= _DENSE else X

    def _weights(self, sample_weight: Any, X: Any) -> Array | None:
        return check_row_weights(self, sample_weight, X, np.float64)

    def _held_out(
        self, X: Any, y: Array, weight: Array | None, validation: tuple[Any, Any, Any]
    ) -> tuple[tuple[Any, Array, Array | None], tuple[Any, Array, Array | None] | None]:
        """Training and validation data: given, set aside, or none."""
        if check_given(*validation):
            return (X, y, weight), self._check_validation(X.dtype, *validation)
        if not self.early_stopping:
            return (X, y, weight), None
        options: dict[str, Any] = {"stratify": self._classes, "weight": weight}
        parts = split_rows(y, self.validation_fraction, self.random_state, **options)
        train, val = ((X[rows], y[rows], None if weight is None else weight[rows]) for rows in parts)
        return train, val

    @abstractmethod
    def _check_validation(self, dtype: Any, X_val: Any, y_val: Any, weight: Any) -> tuple[Any, Array, Array | None]:
        """Validation data, checked, the target as this fit encodes it."""

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _train(self, fit: SVMFit, X: Any, y: Any, sample_weight: Any) -> None:
        """Run a fit and publish what it found, whatever ended it."""

        def attributes() -> Mapping[str, Any]:
            return self._shaped(*fit.parameters())

        task = FitTask(self, X, y, sample_weight, max_iter=self.max_iter, attributes=attributes)
        with one_blas_thread(min(X.shape)):
            outcome = fit.run(task)
        for name, value in attributes().items():
            setattr(self, name, value)
        self._publish(fit, outcome)
        task.end()

    @abstractmethod
    def _shaped(self, coef: Array, intercept: Array) -> dict[str, Any]:
        """``coef_`` and ``intercept_`` as they are published."""

    def _publish(self, fit: SVMFit, outcome: Outcome) -> None:
        self.n_iter_ = fit.solver.n_iter
        publish_run(self, outcome, fit.history, fit.curves)
        if fit.fell_short(outcome):
            warnings.warn(_NOT_CONVERGED, ConvergenceWarning, stacklevel=5)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
