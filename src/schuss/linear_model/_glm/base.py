# SPDX-License-Identifier: BSD-3-Clause
"""Checking, fitting, predicting and scoring: what the generalised linear models share."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning

from schuss._blas import one_blas_thread
from schuss._inputs import check_parameters, check_training_data, check_X_y
from schuss._sklearn import N_THREADS, Interval, StrOptions, check_sample_weight, loss_class
from schuss.callbacks import CallbackSupport, FitTask
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._glm.data import Data, check_offset, score
from schuss.linear_model._glm.families import Family
from schuss.linear_model._glm.fit import GlmFit
from schuss.linear_model._logistic.parameters import not_converged
from schuss.training import Outcome
from schuss.validation import check_given, publish_run, split_rows

Array = NDArray[Any]


class BaseGlm(CallbackSupport, RegressorMixin, BaseEstimator, ABC):
    """Everything but the family and the penalty."""

    coef_: Array
    intercept_: float

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0.0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions({"lbfgs", "newton-cholesky"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    @abstractmethod
    def _family(self) -> Family:
        """The distribution and link that the parameters ask for."""

    def _fit(self, X: Any, y: Any, sample_weight: Any, offset: Any, validation: tuple[Any, ...]) -> GlmFit:
        """Check the data, train, publish."""
        check_parameters(self)
        family = self._family()
        X, y = check_training_data(self, X, y, y_numeric=True)
        data = self._data(X, y, sample_weight, offset, family)
        train, held_out = self._split(data, validation, family)
        with one_blas_thread(X.shape[1]):
            fit = self._make_fit(train, family)
            if held_out is not None:
                fit.watch(held_out)
            task = self._task(fit, X, y, sample_weight)
            outcome = fit.run(task)
        self._publish(fit, outcome)
        task.end()
        return fit

    @abstractmethod
    def _make_fit(self, data: Data, family: Family) -> GlmFit:
        """The objective that the parameters ask for."""

    def _data(self, X: Any, y: Array, sample_weight: Any, offset: Any, family: Family) -> Data:
        """Bring everything to the dtype of X; check what scikit-learn checks."""
        y = np.ascontiguousarray(y, dtype=X.dtype)
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
        if not family.covers(y):
            raise ValueError(f"Some value(s) of y are out of the valid range of the loss {family.loss_name!r}.")
        return Data(X, y, weight, check_offset(offset, X))

    def _split(self, data: Data, validation: tuple[Any, ...], family: Family) -> tuple[Data, Data | None]:
        """Return training and validation data, given or set aside."""
        X_val, y_val, weight_val, offset_val = validation
        if check_given(X_val, y_val, weight_val):
            X_val, y_val = check_X_y(self, X_val, y_val, reset=False, dtype=data.X.dtype, y_numeric=True)
            return data, self._data(X_val, y_val, weight_val, offset_val, family)
        if not self.early_stopping:
            return data, None
        train, val = split_rows(data.y, self.validation_fraction, self.random_state, stratify=False, weight=data.weight)
        return data.take(train), data.take(val)

    def _task(self, fit: GlmFit, X: Any, y: Any, sample_weight: Any) -> FitTask:
        def attributes() -> Mapping[str, Any]:
            coef, intercept = fit.parameters()
            return {"coef_": coef[0], "intercept_": intercept[0]}

        return FitTask(self, X, y, sample_weight, max_iter=self.max_iter, attributes=attributes)

    def _publish(self, fit: GlmFit, outcome: Outcome) -> None:
        coef, intercept = fit.parameters()
        self.coef_ = coef[0]
        self.intercept_ = intercept[0] if self.fit_intercept else 0.0
        self.n_iter_ = outcome.n_iter
        publish_run(self, outcome, fit.history, fit.curves)
        if fit.fell_short(outcome):
            norm = fit.history[-1]["gradient_norm"] if len(fit.history) else np.nan
            text = not_converged(getattr(self, "solver", "lbfgs"), outcome.n_iter, norm, self.tol)
            warnings.warn(text + fit.remark, ConvergenceWarning, stacklevel=5)

    def predict(self, X: Any) -> Array:
        """Return the predicted mean of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        raw = raw_prediction(self, X).ravel()
        return np.asarray(self._family().mean(raw))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return D^2, the share of the deviance explained.

        ``1 - D(y, predictions) / D(y, mean of y)``, where D is the deviance of this
        model's family: R^2 for the normal one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        float
            At most 1; negative if the mean of y is the better prediction, NaN if it is a perfect one.

        Raises
        ------
        ValueError
            If y is out of the family's range.
        """
        return self._score(X, y, sample_weight, None)

    def _score(self, X: Any, y: Any, sample_weight: Any, offset: Any) -> float:
        raw = raw_prediction(self, X).ravel()
        X, y = check_X_y(self, X, y, reset=False, y_numeric=True)
        weight = check_sample_weight(sample_weight, X, dtype=raw.dtype)
        offset = check_offset(offset, raw)
        data = Data(X, np.ascontiguousarray(y, dtype=raw.dtype), weight, offset)
        return score(self._family(), data, raw if offset is None else raw + offset)

    def _get_loss(self, xp: Any = None, device: Any = None) -> Any:
        """scikit-learn's own object for the loss that is minimised here, for tools that want one."""
        family = self._family()
        kind = loss_class(family.loss_name)
        return kind(power=family.parameter) if family.loss_name.startswith("HalfTweedie") else kind()

    @property
    def _base_loss(self) -> Any:
        """The same under the name that scikit-learn has for it after a fit."""
        return self._get_loss()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.positive_only = self._positive_only()
        return tags

    def _positive_only(self) -> bool:
        try:
            self._validate_params()
            family = self._family()
        except ValueError:  # of no use for fitting either
            return False
        return not family.covers(np.array([-1.0]))
