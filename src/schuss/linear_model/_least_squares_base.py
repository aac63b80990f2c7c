# SPDX-License-Identifier: BSD-3-Clause
"""Checking, publishing and predicting: what LinearRegression and Ridge share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin

from schuss._blas import one_blas_thread
from schuss._sklearn import check_sample_weight
from schuss.callbacks import CallbackSupport, FitTask
from schuss.linear_model._base import check_X_y, raw_prediction
from schuss.linear_model._inputs import check_training_data, n_threads_for
from schuss.linear_model._least_squares_fit import MOST_SWEEPS, Direct, LeastSquaresFit
from schuss.linear_model._least_squares_problem import Problem
from schuss.validation import check_given

Array = NDArray[Any]


class BaseLeastSquares(CallbackSupport, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Everything but the choice of the solver."""

    _flattens: ClassVar[bool]  # whether a target of one column gets one-dimensional coef_

    def predict(self, X: Any) -> Array:
        """Return the predicted targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        raw = raw_prediction(self, X)
        return raw.ravel() if self.coef_.ndim == 1 else raw

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        validation: tuple[Any, Any, Any],
        *,
        alpha: Any = 0.0,
        direct: Direct,
        gram: Callable[[Problem], Mapping[str, Any] | None],
        non_negative: bool = False,
        **options: Any,
    ) -> LeastSquaresFit:
        """Check the data, train, publish.

        Parameters
        ----------
        alpha : float or array-like of shape (n_targets,)
        direct : callable
            See `DirectSolver`.
        gram : callable
            Returns the options of `GramSolver` for this problem, or None if it is not
            the right one.
        non_negative : bool, default=False
            Whether to refuse negative sample weights.
        **options
            For ``validate_data``.
        """
        X, y = check_training_data(self, X, y, y_numeric=True, multi_output=True, **options)
        targets = np.ascontiguousarray(y, dtype=X.dtype).reshape(len(y), -1)
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
        if non_negative and weight is not None and weight.min() < 0:
            raise ValueError("Negative values in data passed to `sample_weight`.")
        problem = Problem(
            X,
            targets,
            weight,
            alpha=_each_target(alpha, targets.shape[1]),
            fit_intercept=bool(self.fit_intercept),
            n_threads=n_threads_for(self, X),
        )
        fit = LeastSquaresFit(self, problem)
        if check_given(*validation):
            fit.watch(*self._check_validation(X.dtype, *validation))

        def attributes() -> Mapping[str, Any]:
            return self._shaped(*fit.parameters(), y.ndim)

        task = FitTask(self, X, y, sample_weight, max_iter=MOST_SWEEPS, attributes=attributes)
        with one_blas_thread(min(X.shape)):
            outcome = fit.run(task, direct, gram(problem))
        for name, value in attributes().items():
            setattr(self, name, value)
        self.history_, self.stop_reason_ = fit.history, str(outcome.reason)
        self.__dict__.pop("best_iteration_", None)
        if fit.curves is not None:
            self.best_iteration_ = fit.curves.best_iteration
        if outcome.interrupt is not None:
            raise outcome.interrupt
        task.end()
        return fit

    def _check_validation(self, dtype: Any, X_val: Any, y_val: Any, weight: Any) -> tuple[Any, Array, Array | None]:
        X_val, y_val = check_X_y(self, X_val, y_val, reset=False, y_numeric=True, multi_output=True, dtype=dtype)
        targets = np.ascontiguousarray(y_val, dtype=dtype).reshape(len(y_val), -1)
        return X_val, targets, check_sample_weight(weight, X_val, dtype=dtype)

    def _shaped(self, coef: Array, intercept: Array, y_ndim: int) -> dict[str, Any]:
        """The fitted attributes in the shapes that go with the target's."""
        level: Any = intercept if y_ndim > 1 else intercept[0]
        flat = y_ndim == 1 or (self._flattens and len(coef) == 1)
        return {
            "coef_": coef[0] if flat else coef,
            "intercept_": level if self.fit_intercept else 0.0,
        }


def _each_target(alpha: Any, n_targets: int) -> NDArray[np.float64]:
    alphas = np.asarray(alpha, dtype=np.float64).ravel()
    if len(alphas) not in (1, n_targets):
        raise ValueError(f"Number of targets and number of penalties do not correspond: {len(alphas)} != {n_targets}")
    return np.broadcast_to(alphas, (n_targets,)).copy()
