# SPDX-License-Identifier: BSD-3-Clause
"""One fit of an elastic net: a solver for each target or one for all, their record, their result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
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
    """Fits one target after the other, each a problem of its own, or all of them together.

    Parameters
    ----------
    model : estimator
        ``max_time`` is read.
    X : ndarray or CSC of shape (n_samples, n_features)
    y : ndarray of shape (n_targets, n_samples), dtype of X, C-contiguous
    weight : ndarray of shape (n_samples,), dtype of X, or None
    joint : bool
        Whether all targets are one problem: a feature is in the model of all of them or of none.
    alpha, l1_ratio : float
    positive, fit_intercept : bool
    limits : Limits
    n_threads : int

    Attributes
    ----------
    targets : list of Target
        One for each problem.
    gaps, tolerances : ndarray of shape (n_problems,)
        Duality gaps of the mean objective; how large they may be, of the summed one.
    n_sweeps : list of int
        Of each problem.
    history : History
        With a column ``target`` if there are several problems.
    curves : Curves or None
        Of the fit of one problem, once `watch` was called.
    """

    def __init__(
        self,
        model: Any,
        X: Any,
        y: Array,
        weight: Array | None,
        *,
        joint: bool,
        alpha: float,
        l1_ratio: float,
        positive: bool,
        fit_intercept: bool,
        limits: Limits,
        n_threads: int,
    ) -> None:
        self._model, self._weight, self._limits = model, weight, limits
        self.features = features_of(X, weight, fit_intercept=fit_intercept, n_threads=n_threads)
        problems = [y] if joint else [row[None] for row in y]
        self.targets = [Target(rows, weight, fit_intercept=fit_intercept) for rows in problems]
        self.penalty = Penalty.of(alpha, l1_ratio, self.features.total, positive=positive)
        self.working_set = WorkingSet(self.features)
        self._coefs = [np.zeros((len(rows), X.shape[1])) for rows in problems]
        self.gaps = np.full(len(problems), np.inf)
        self.tolerances = np.array([limits.tol * target.square for target in self.targets])
        self.n_sweeps = [0] * len(problems)
        self.history = History()
        self.curves: Curves | None = None

    def use_gram(self, gram: Any, *, check: bool) -> None:
        """Take the Gram matrix of all columns: the given one, or True to compute it."""
        features = self.features
        everything = np.arange(features.shape[1])
        if features.mean is None:
            features.read(self.targets[0], self._coefs[0])
        assert features.mean is not None
        if gram is not True:
            gram = given_gram(
                gram, features.X, features.mean, self._weight, fit_intercept=features.fit_intercept, check=check
            )
        if gram is None or gram is True:
            self.working_set.add(everything)
        else:
            self.working_set.fill(gram)

    def watch(self, X: Any, y: Array, weight: Array | None) -> None:
        """Record validation columns of the one problem there is; y is (n_samples, n_targets)."""
        (target,) = self.targets
        training = self.features.X  # which evaluation reads by row
        training = training.tocsr() if sp.issparse(training) else np.ascontiguousarray(training)
        self.curves = Curves(
            self._evaluator(X, y, weight), self._evaluator(training, target.by_row, self._weight), lambda: None
        )
        distance = np.square(y - target.mean).sum(axis=1)
        guess = 0.5 * float(np.average(distance, weights=weight))
        self.history.baseline |= {"validation_loss": guess} | self.curves.baseline

    def run(self, task: FitTask, start: Array | None) -> Outcome:
        """Fit all targets, from coefficients (n_targets, n_features) or from zero.

        Raises
        ------
        ValueError
            If a sum over the rows is not finite.
        """
        self.history.baseline["training_loss"] = sum(t.square for t in self.targets) / (2.0 * self.features.total)
        starts = [None] * len(self.targets) if start is None else np.split(start, len(self.targets))
        outcome = Outcome(StopReason.CONVERGED, 0)
        for t, (target, coef) in enumerate(zip(self.targets, starts, strict=True)):
            solver = ElasticNetSolver(
                self.features, target, self.penalty, self._limits, coef=coef, working_set=self.working_set
            )
            ended = self._run(task, solver, t)
            self._coefs[t], self.gaps[t] = solver.coef, solver.gap / self.features.total
            self.n_sweeps[t] = solver.n_sweeps
            if ended.reason is StopReason.DIVERGED:
                explain_nonfinite(self._model, self.features.X)
            if ended.reason in (StopReason.MAX_ITER, StopReason.NO_IMPROVEMENT):
                warn_not_converged(solver.gap, self.tolerances[t], self.penalty.l1)
            if ended.reason is not StopReason.CONVERGED:
                outcome = ended
            if ended.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK, StopReason.MAX_TIME):
                break
        return outcome

    def parameters(self) -> tuple[Array, Array]:
        """Return coefficients (n_targets, n_features) and intercepts (n_targets,) in the dtype of X."""
        features, dtype = self.features, self.features.X.dtype
        coef = np.concatenate(self._coefs).astype(dtype)
        mean = np.zeros(features.shape[1]) if features.mean is None else features.mean
        level = np.concatenate([target.mean for target in self.targets])
        return coef, (level - coef.astype(np.float64) @ mean).astype(dtype)

    def _run(self, task: FitTask, solver: ElasticNetSolver, t: int) -> Outcome:
        best = solver.coef

        def sweep(iteration: int) -> Mapping[str, float]:
            nonlocal best
            record = solver.sweep(iteration)
            best = self._coefs[t] = solver.coef.copy()
            if len(self.targets) > 1:
                record["target"] = float(t)
            if self.curves is not None:
                record |= self.curves.record(len(self.history), *self.parameters())
            return record

        def rollback() -> None:
            solver.coef = best

        return run(
            task.announce(sweep),
            max_iter=self._limits.max_iter + 2,  # reads of X: one before all sweeps, one to see that nothing moves
            history=self.history,
            rules=[solver.rule],
            hooks=[task],
            max_time=self._model.max_time,
            rollback=rollback,
        )

    def _evaluator(self, X: Any, y: Array, weight: Array | None) -> Evaluator:
        k = y.shape[1] if y.ndim > 1 else 1
        return Evaluator(X, y, weight, loss=_SQUARED, n_outputs=k, classes=False, n_threads=self.features.n_threads)
