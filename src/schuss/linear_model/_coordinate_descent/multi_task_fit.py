# SPDX-License-Identifier: BSD-3-Clause
"""One fit of MultiTaskLasso or MultiTaskElasticNet: one solver for all targets, its record, its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.callbacks import FitTask
from schuss.history import History
from schuss.linear_model._coordinate_descent.features import Target, features_of
from schuss.linear_model._coordinate_descent.messages import explain_nonfinite, warn_not_converged
from schuss.linear_model._coordinate_descent.quadratic import Penalty
from schuss.linear_model._coordinate_descent.working_set import ElasticNetSolver, Limits
from schuss.losses import Loss
from schuss.losses import Target as Encoding
from schuss.training import Outcome, StopReason, run
from schuss.validation import Curves, Evaluator

Array = NDArray[Any]

_SQUARED = Loss("squared", Encoding.REAL)


class MultiTaskFit:
    """Fits all targets at once, a feature in all of them or in none.

    Parameters
    ----------
    model : MultiTaskLasso or MultiTaskElasticNet
        ``max_time`` is read.
    X : ndarray or CSC of shape (n_samples, n_features)
    y : ndarray of shape (n_tasks, n_samples), dtype of X, C-contiguous
    weight : ndarray of shape (n_samples,), dtype of X, or None
    alpha, l1_ratio : float
    fit_intercept : bool
    limits : Limits
    n_threads : int
    start : ndarray of shape (n_tasks, n_features) or None
        Coefficients to start from; None for zeros.

    Attributes
    ----------
    gap, tolerance : float
        Duality gap of the mean objective; how large it may be, of the summed one.
    n_sweeps : int
    history : History
    curves : Curves or None
        Set by `watch`.
    """

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Array,
        weight: Array | None,
        *,
        alpha: float,
        l1_ratio: float,
        fit_intercept: bool,
        limits: Limits,
        n_threads: int,
        start: Array | None,
    ) -> None:
        self._model, self._weight = model, weight
        self._features = features_of(X, weight, fit_intercept=fit_intercept, n_threads=n_threads)
        self._target = Target(y, weight, fit_intercept=fit_intercept)
        penalty = Penalty.of(alpha, l1_ratio, self._features.total)
        self._solver = ElasticNetSolver(self._features, self._target, penalty, limits, coef=start)
        self._best = self._solver.coef.copy()
        self.tolerance = limits.tol * self._target.square
        self._most = limits.max_iter + 2  # reads of X: one before the sweeps, one to see that nothing moves any more
        self.history = History(baseline={"training_loss": self._target.square / (2.0 * self._features.total)})
        self.curves: Curves | None = None

    @property
    def gap(self) -> float:
        return self._solver.gap / self._features.total

    @property
    def n_sweeps(self) -> int:
        return self._solver.n_sweeps

    def watch(self, X: Any, y: Array, weight: Array | None, training: Any) -> None:
        """Record validation columns; y is (n_samples, n_tasks), ``training`` the training X by row."""
        self.curves = Curves(
            self._evaluator(X, y, weight),
            self._evaluator(training, self._target.by_row, self._weight),
            lambda: None,
        )
        distance = np.square(y - self._target.mean).sum(axis=1)
        guess = 0.5 * float(np.average(distance, weights=weight))
        self.history.baseline |= {"validation_loss": guess} | self.curves.baseline

    def run(self, task: FitTask) -> Outcome:
        """Solve.

        Raises
        ------
        ValueError
            If a sum over the rows is not finite.
        """
        outcome = run(
            task.announce(self._sweep),
            max_iter=self._most,
            history=self.history,
            rules=[self._solver.rule],
            hooks=[task],
            max_time=self._model.max_time,
        )
        if outcome.reason is StopReason.DIVERGED:
            explain_nonfinite(self._model, self._features.X)
        if outcome.reason in (StopReason.MAX_ITER, StopReason.NO_IMPROVEMENT):
            warn_not_converged(self._solver.gap, self.tolerance, self._solver.penalty.l1)
        return outcome

    def parameters(self) -> tuple[Array, Array]:
        """Return coefficients (n_tasks, n_features) and intercepts (n_tasks,) in the dtype of X."""
        dtype, mean = self._features.X.dtype, self._features.mean
        coef = self._best.astype(dtype)
        offset = 0.0 if mean is None else coef.astype(np.float64) @ mean
        return coef, (self._target.mean - offset).astype(dtype)

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        record = self._solver.sweep(iteration)
        self._best = self._solver.coef.copy()
        if self.curves is not None:
            record |= self.curves.record(len(self.history), *self.parameters())
        return record

    def _evaluator(self, X: Any, y: Array, weight: Array | None) -> Evaluator:
        k = y.shape[1] if y.ndim > 1 else 1
        return Evaluator(X, y, weight, loss=_SQUARED, n_outputs=k, classes=False, n_threads=self._features.n_threads)
