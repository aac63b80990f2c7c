# SPDX-License-Identifier: BSD-3-Clause
"""One fit of a robust regressor: the solver's steps under `schuss.training.run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from schuss._blas import one_blas_thread
from schuss._inputs import check_first_read, check_X_y, explain_overflow
from schuss._sklearn import check_sample_weight
from schuss.callbacks import CallbackSupport, FitTask
from schuss.history import History
from schuss.linear_model._base import LinearRegressorMixin
from schuss.training import Hook, Outcome, StopReason, run
from schuss.validation import Curves, Evaluator, check_given, publish_run

Array = NDArray[Any]

_DENSE = 1 << 20  # entries of a sparse matrix that are solved faster as an array


class Solver(Protocol):
    """What a fit asks of a solver."""

    n_iter: int

    def sweep(self) -> Mapping[str, float]:
        """Do one iteration and return its record."""

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do."""

    @property
    def certified(self) -> bool:
        """Whether the minimum is reached within the tolerance."""

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes as of now."""


class BaseRobust(CallbackSupport, LinearRegressorMixin, BaseEstimator):
    """Training and publishing: what HuberRegressor and QuantileRegressor share."""

    def _train(
        self,
        solver: Solver,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        max_iter: int,
        hooks: list[Hook],
        curves: Curves | None,
        baseline: Mapping[str, float],
    ) -> Outcome:
        """Run a solver and publish what it found, whatever ended it."""
        history = History(baseline={**baseline, **(curves.baseline if curves else {})})
        reached = solver.attributes()

        def sweep(iteration: int) -> Mapping[str, float]:
            nonlocal reached
            record = dict(solver.sweep())
            if iteration == 0:
                check_first_read(self, X, *record.values())
            now = solver.attributes()
            if curves is not None:
                dtype = X.dtype
                coef, intercept = now["coef_"][None].astype(dtype), np.array([now["intercept_"]], dtype=dtype)
                record |= curves.record(iteration, coef, intercept)
            reached = now
            return record

        def rule(_: History) -> StopReason | None:
            if not solver.done:
                return None
            return StopReason.CONVERGED if solver.certified else StopReason.NO_IMPROVEMENT

        task = FitTask(self, X, y, sample_weight, max_iter=max_iter, attributes=lambda: reached)
        with one_blas_thread(min(X.shape)):
            outcome = run(
                task.announce(sweep),
                max_iter=max_iter,
                history=history,
                rules=[rule],
                hooks=[task, *hooks],
                max_time=self.max_time,
            )
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(self, X, outcome.interrupt)
        for name, value in reached.items():
            setattr(self, name, value)
        self.n_iter_ = solver.n_iter
        publish_run(self, outcome, history, curves)
        task.end()
        return outcome

    def _check_validation(
        self, dtype: Any, X_val: Any, y_val: Any, weight: Any
    ) -> tuple[Any, Array, Array | None] | None:
        """Validation data, checked, or None."""
        if not check_given(X_val, y_val, weight):
            return None
        X_val, y_val = check_X_y(self, X_val, y_val, reset=False, y_numeric=True, dtype=dtype)
        return X_val, np.ascontiguousarray(y_val, dtype=dtype), check_sample_weight(weight, X_val, dtype=dtype)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def make_curves(training: Evaluator, validation: Evaluator) -> Curves:
    """Curves that keep no parameters: nothing here stops early."""
    return Curves(validation, training, lambda: ())


def dense_if_small(X: Any) -> Any:
    """Small sparse data are solved faster as an array."""
    return X.toarray() if sp.issparse(X) and X.shape[0] * X.shape[1] <= _DENSE else X
