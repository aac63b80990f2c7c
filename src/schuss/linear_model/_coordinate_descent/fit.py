# SPDX-License-Identifier: BSD-3-Clause
"""One fit of Lasso or ElasticNet: a solver for each target, their record, their result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.callbacks import FitTask
from schuss.history import History
from schuss.linear_model._coordinate_descent.features import Target, features_of
from schuss.linear_model._coordinate_descent.messages import explain_nonfinite, given_gram, warn_not_converged
from schuss.linear_model._coordinate_descent.quadratic import Penalty
from schuss.linear_model._coordinate_descent.working_set import ElasticNetSolver, Limits, WorkingSet
from schuss.losses import Loss
from schuss.losses import Target as Encoding
from schuss.training import Outcome, StopReason, run
from schuss.validation import Curves, Evaluator

Array = NDArray[Any]

_SQUARED = Loss("squared", Encoding.REAL)


class ElasticNetFit:
    """Fits one target after the other; each is a problem of its own.

    Parameters
    ----------
    model : Lasso or ElasticNet
        ``max_time`` is read.
    X : ndarray or CSC of shape (n_samples, n_features)
    y : ndarray of shape (n_targets, n_samples), dtype of X, C-contiguous
    weight : ndarray of shape (n_samples,), dtype of X, or None
    alpha, l1_ratio : float
    positive, fit_intercept : bool
    limits : Limits
    n_threads : int

    Attributes
    ----------
    coef : ndarray of shape (n_targets, n_features)
    gaps : ndarray of shape (n_targets,)
        Duality gaps of the mean objective.
    n_sweeps : list of int
    history : History
        With a column ``target`` if there are several.
    curves : Curves or None
        Of one target's fit.
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
        positive: bool,
        fit_intercept: bool,
        limits: Limits,
        n_threads: int,
    ) -> None:
        self._model, self._weight, self._limits = model, weight, limits
        self.features = features_of(X, weight, fit_intercept=fit_intercept, n_threads=n_threads)
        self.targets = [Target(row[None], weight, fit_intercept=fit_intercept) for row in y]
        self.penalty = Penalty.of(alpha, l1_ratio, self.features.total, positive=positive)
        self.working_set = WorkingSet(self.features)
        self.coef = np.zeros((len(y), X.shape[1]))
        self.gaps = np.full(len(y), np.inf)
        self.n_sweeps = [0] * len(y)
        self.history = History()
        self.curves: Curves | None = None

    def use_gram(self, gram: Any, *, check: bool) -> None:
        """Take the Gram matrix of all columns: the given one, or True to compute it."""
        features = self.features
        everything = np.arange(features.shape[1])
        if features.mean is None:
            features.read(self.targets[0], self.coef[:1])
        assert features.mean is not None
        if gram is not True:
            gram = given_gram(
                gram, features.X, features.mean, self._weight, fit_intercept=features.fit_intercept, check=check
            )
        if gram is None or gram is True:
            self.working_set.add(everything)
        else:
            self.working_set.fill(gram)

    def watch(self, X: Any, y: Array, weight: Array | None, training: Any) -> None:
        """Record validation columns; ``training`` is X by row, for the training columns beside them."""
        target, n_threads = self.targets[0], self.features.n_threads
        self.curves = Curves(
            self._evaluator(X, y, weight, n_threads),
            self._evaluator(training, target.by_row, self._weight, n_threads),
            lambda: None,
        )
        guess = 0.5 * float(np.average(np.square(y - target.mean[0]), weights=weight))
        self.history.baseline |= {"validation_loss": guess} | self.curves.baseline

    def run(self, task: FitTask, start: Array | None) -> Outcome:
        """Fit all targets, from coefficients (n_targets, n_features) or from zero."""
        self.history.baseline["training_loss"] = sum(t.square for t in self.targets) / (2.0 * self.features.total)
        outcome = Outcome(StopReason.CONVERGED, 0)
        for t, target in enumerate(self.targets):
            coef = None if start is None else start[t : t + 1]
            solver = ElasticNetSolver(
                self.features, target, self.penalty, self._limits, coef=coef, working_set=self.working_set
            )
            ended = self._run(task, solver, t)
            self.coef[t], self.gaps[t] = solver.coef[0], solver.gap / self.features.total
            self.n_sweeps[t] = solver.n_sweeps
            if ended.reason is StopReason.DIVERGED:
                explain_nonfinite(self._model, self.features.X)
            if ended.reason in (StopReason.MAX_ITER, StopReason.NO_IMPROVEMENT):
                warn_not_converged(solver.gap, self._limits.tol * target.square, self.penalty.l1)
            if ended.reason is not StopReason.CONVERGED:
                outcome = ended
            if ended.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK, StopReason.MAX_TIME):
                break
        return outcome

    def parameters(self) -> tuple[Array, Array]:
        """Return coefficients (n_targets, n_features) and intercepts (n_targets,) in the dtype of X."""
        features, dtype = self.features, self.features.X.dtype
        coef = self.coef.astype(dtype)
        mean = np.zeros(features.shape[1]) if features.mean is None else features.mean
        level = np.concatenate([target.mean for target in self.targets])
        return coef, (level - coef.astype(np.float64) @ mean).astype(dtype)

    def _run(self, task: FitTask, solver: ElasticNetSolver, t: int) -> Outcome:
        best = solver.coef

        def sweep(iteration: int) -> Mapping[str, float]:
            nonlocal best
            record = solver.sweep(iteration)
            best, self.coef[t] = solver.coef.copy(), solver.coef[0]
            if len(self.targets) > 1:
                record["target"] = float(t)
            if self.curves is not None:
                record |= self.curves.record(len(self.history), *self.parameters())
            return record

        def rollback() -> None:
            solver.coef = best

        return run(
            task.announce(sweep),
            max_iter=self._limits.max_iter + 2,
            history=self.history,
            rules=[solver.rule],
            hooks=[task],
            max_time=self._model.max_time,
            rollback=rollback,
        )

    def _evaluator(self, X: Any, y: Array, weight: Array | None, n_threads: int) -> Evaluator:
        return Evaluator(X, y, weight, loss=_SQUARED, n_outputs=1, classes=False, n_threads=n_threads)
