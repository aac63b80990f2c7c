# SPDX-License-Identifier: BSD-3-Clause
"""Checking, publishing and predicting: what the estimators of least squares share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin

from schuss._blas import one_blas_thread
from schuss._inputs import check_row_weights, check_training_data, check_X_y, n_threads_for
from schuss._sklearn import check_sample_weight
from schuss.callbacks import CallbackSupport, FitTask
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._least_squares.fit import Direct, LeastSquaresFit, Rows, Solver
from schuss.linear_model._least_squares.problem import Problem
from schuss.validation import check_given, publish_run

Array = NDArray[Any]


class BaseLeastSquares(CallbackSupport, BaseEstimator):
    """Everything but the choice of the solver and the meaning of the target."""

    _flattens: ClassVar[bool]  # whether a target of one column gets one-dimensional coef_

    def _check_rows(self, X: Any, y: Any, sample_weight: Any, **options: Any) -> tuple[Rows, Array]:
        """Check training data with numbers as targets; returns them as rows, and y as it was.

        Parameters
        ----------
        **options
            For ``validate_data``.
        """
        X, y = check_training_data(self, X, y, y_numeric=True, multi_output=True, **options)
        weight = check_row_weights(self, sample_weight, X, X.dtype)
        return Rows(X, _columns(y, X.dtype), weight), y

    def _check_held_out(self, rows: Rows, validation: tuple[Any, Any, Any]) -> Rows | None:
        """Check validation data, if there is any, against the training data."""
        X, y, weight = validation
        if not check_given(X, y, weight):
            return None
        dtype = rows.X.dtype
        X, y = check_X_y(self, X, y, reset=False, y_numeric=True, multi_output=True, dtype=dtype)
        return Rows(X, _columns(y, dtype), check_sample_weight(weight, X, dtype=dtype))

    def _problem(self, rows: Rows, alpha: Any = 0.0) -> Problem:
        """The least squares problem of checked data, with a penalty for all targets or for each."""
        return Problem(
            rows.X,
            rows.y,
            rows.weight,
            alpha=_each_target(alpha, rows.y.shape[1]),
            fit_intercept=bool(self.fit_intercept),
            n_threads=n_threads_for(self, rows.X),
        )

    def _solve(
        self,
        problem: Problem,
        rows: Rows,
        held_out: Rows | None,
        *,
        y: Array,
        sample_weight: Any,
        direct: Direct,
        first: Solver | None,
        dtype: Any = None,
        seconds: float = 0.0,
    ) -> LeastSquaresFit:
        """Train and publish.

        Parameters
        ----------
        problem : Problem
            That of ``rows``.
        y : ndarray
            Target as it was passed: its dimensions decide those of ``coef_``.
        direct : callable
            See `DirectSolver`.
        first : Solver or None
            To try before ``direct``.
        dtype : dtype or None, default=None
            Of the published parameters; None for that of X.
        seconds : float, default=0.0
            How many of ``max_time`` are gone.
        """
        fit = LeastSquaresFit(self, problem, rows, seconds)
        if held_out is not None:
            fit.watch(held_out)
        y_ndim = y.ndim if rows.codes is None else 2  # classes are columns

        def attributes() -> Mapping[str, Any]:
            coef, intercept = fit.parameters()
            kind = dtype or coef.dtype
            return self._shaped(coef.astype(kind, copy=False), intercept.astype(kind, copy=False), y_ndim)

        task = FitTask(self, rows.X, y, sample_weight, max_iter=1 + (first.most if first else 0), attributes=attributes)
        with one_blas_thread(min(rows.X.shape)):
            outcome = fit.run(task, direct, first)
        for name, value in attributes().items():
            setattr(self, name, value)
        publish_run(self, outcome, fit.history, fit.curves)
        task.end()
        return fit

    def _shaped(self, coef: Array, intercept: Array, y_ndim: int) -> dict[str, Any]:
        """The fitted attributes in the shapes that go with the target's."""
        level: Any = intercept if y_ndim > 1 else intercept[0]
        flat = y_ndim == 1 or (self._flattens and len(coef) == 1)
        return {
            "coef_": coef[0] if flat else coef,
            "intercept_": level if self.fit_intercept else 0.0,
        }


class LeastSquaresRegressor(MultiOutputMixin, RegressorMixin, BaseLeastSquares):
    """Prediction of numbers."""

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


def _columns(y: Array, dtype: Any) -> Array:
    return np.ascontiguousarray(y, dtype=dtype).reshape(len(y), -1)


def _each_target(alpha: Any, n_targets: int) -> NDArray[np.float64]:
    alphas = np.asarray(alpha, dtype=np.float64).ravel()
    if len(alphas) not in (1, n_targets):
        raise ValueError(f"Number of targets and number of penalties do not correspond: {len(alphas)} != {n_targets}")
    return np.broadcast_to(alphas, (n_targets,)).copy()
