# SPDX-License-Identifier: BSD-3-Clause
"""Stochastic gradient descent as sweeps for `schuss.training.run`: one is an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss import schedules
from schuss.history import History
from schuss.linear_model._sgd_state import State
from schuss.losses import Loss
from schuss.penalties import Penalty
from schuss.stopping import Patience
from schuss.training import StopReason
from schuss.validation import Curves

Array = NDArray[Any]

# Sparse rows touch the intercept far more often than any one weight: scikit-learn damps it.
_SPARSE_INTERCEPT_DECAY = 0.01


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything that stays fixed during a fit.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,), dtype of X
        Encoded target (`Loss.encode`).
    weight : ndarray of shape (n_samples,), dtype of X, or None
    positive_weight, negative_weight : ndarray of shape (n_outputs,)
        Class weights.
    rows : ndarray of shape (n_train,), int64, or None
        Rows to train on; None for all.
    alpha : float
        Strength of the penalty; also sets the rate of the optimal schedule.
    intercept_slope : float
        Of the term in the objective that is linear in the intercept.
    average : int
        Sample from which on parameters are averaged; 0 for never.
    """

    X: Any
    y: Array
    weight: Array | None
    positive_weight: NDArray[np.float64]
    negative_weight: NDArray[np.float64]
    rows: NDArray[np.int64] | None
    loss: Loss
    penalty: Penalty
    alpha: float
    learning_rate: str
    eta0: float
    power_t: float
    fit_intercept: bool
    intercept_slope: float
    average: int
    shuffle: bool
    seed: int
    batch_size: int
    tol: float | None
    n_iter_no_change: int
    n_threads: int

    @property
    def n_train(self) -> int:
        return self.X.shape[0] if self.rows is None else len(self.rows)


class Solver:
    """Runs epochs, and decides output by output when to stop.

    In one-vs-all problems every output has its own patience and its own adaptive rate;
    outputs that are done keep their parameters while the others go on.

    Parameters
    ----------
    problem : Problem
    state : State
        Trained in place.
    epoch : int, default=0
        Number of epochs trained before: no two epochs of one seed shuffle alike.
    curves : Curves or None, default=None
        What to measure after every epoch.
    watch_validation : bool, default=False
        Whether patience watches the validation score instead of the objective.
    """

    def __init__(
        self,
        problem: Problem,
        state: State,
        *,
        epoch: int = 0,
        curves: Curves | None = None,
        watch_validation: bool = False,
    ) -> None:
        n_outputs = state.n_outputs
        self.problem, self.state, self.curves = problem, state, curves
        self._watch_validation = watch_validation
        self._first_epoch = epoch
        self._table, self._scratch = kernels.Table(problem.X), kernels.Scratch()
        self._eta = np.full(n_outputs, _first_eta(problem))
        self._optimal_init = _optimal_init(problem)
        self._running, self._n_running = np.ones(n_outputs, dtype=np.bool_), n_outputs
        self._losses, self._penalties = np.zeros(n_outputs), np.zeros(n_outputs)
        self._patience = [Patience(problem.tol, problem.n_iter_no_change) for _ in range(n_outputs)]
        self._l1_total = np.zeros(n_outputs) if problem.penalty.l1 else None
        self._l1_applied = np.zeros_like(state.current.coef) if problem.penalty.l1 else None
        self._backup = state.copy()

    def sweep(self, iteration: int) -> dict[str, float]:
        """Train one epoch; the sweep of `schuss.training.run`."""
        problem, state = self.problem, self.state
        self._backup = state.copy()
        self._learn(self._first_epoch + iteration)
        state.t += problem.n_train
        self._penalties = problem.penalty.values(state.current.coef)
        loss, penalty = sum(self._losses.tolist()), sum(self._penalties.tolist())
        record = {
            "data_loss": loss,
            "penalty": penalty,
            "objective": loss + penalty,
            "learning_rate": self._rate(),
        }
        if self.curves is not None:
            result = state.result(problem.average)
            record |= self.curves.record(iteration, result.coef, result.intercept)
        return record

    def rollback(self) -> None:
        """Return to the last complete epoch."""
        self.state.restore(self._backup)

    def rule(self, history: History) -> StopReason | None:
        """Stop when every output has run out of patience."""
        for k, value in enumerate(self._watched().tolist()):
            if self._running[k] and self._patience[k].update(value):
                self._give_up(k)
        if self._n_running:
            return None
        return StopReason.NO_IMPROVEMENT if self._watch_validation else StopReason.CONVERGED

    def _learn(self, epoch: int) -> None:
        problem, current, average = self.problem, self.state.current, self.state.average
        sums = kernels.sgd_sweep(
            self._table,
            problem.y,
            current.coef,
            current.intercept,
            loss=problem.loss.code,
            loss_param=problem.loss.param,
            l1=problem.penalty.l1,
            l2=problem.penalty.l2,
            schedule=kernels.SCHEDULES[schedules.kernel_name(problem.learning_rate)],
            eta=self._eta,
            power_t=problem.power_t,
            optimal_init=self._optimal_init,
            t=self.state.t,
            fit_intercept=problem.fit_intercept,
            intercept_slope=problem.intercept_slope,
            intercept_decay=_SPARSE_INTERCEPT_DECAY if self._table.is_sparse else 1.0,
            sample_weight=problem.weight,
            positive_weight=problem.positive_weight,
            negative_weight=problem.negative_weight,
            active=self._running.view(np.uint8),
            average_start=problem.average,
            average_coef=None if average is None else average.coef,
            average_intercept=None if average is None else average.intercept,
            l1_total=self._l1_total,
            l1_applied=self._l1_applied,
            rows=problem.rows,
            shuffle=problem.shuffle,
            seed=problem.seed,
            epoch=epoch,
            batch_size=problem.batch_size,
            n_threads=problem.n_threads,
            scratch=self._scratch,
        )
        np.divide(sums, problem.n_train, out=self._losses, where=self._running)
        if problem.intercept_slope:
            self._losses += problem.intercept_slope * current.intercept

    def _watched(self) -> Array:
        """The value of each output that has to fall."""
        if self.curves is not None and self._watch_validation:
            return -self.curves.output_scores
        if self.problem.learning_rate in ("pa1", "pa2"):
            return self._losses  # passive-aggressive steps do not see the penalty
        return self._losses + self._penalties

    def _give_up(self, output: int) -> None:
        adaptive = self.problem.learning_rate == "adaptive"
        if adaptive and schedules.lower_adaptive(self._eta, output):
            self._patience[output].count = 0
        else:
            self._running[output] = False
            self._n_running -= 1

    def _rate(self) -> float:
        """Learning rate at the end of an epoch, the largest one of the outputs."""
        problem, t = self.problem, self.state.t
        if problem.learning_rate == "optimal":
            return 1.0 / (problem.alpha * (self._optimal_init + t - 1.0))
        if problem.learning_rate == "invscaling":
            return float(problem.eta0 / t**problem.power_t)
        return float(self._eta.max(where=self._running, initial=0.0))


def _first_eta(problem: Problem) -> float:
    """The optimal schedule is the kernel's eta over a count; there, eta is 1 / alpha."""
    return 1.0 / problem.alpha if problem.learning_rate == "optimal" else problem.eta0


def _optimal_init(problem: Problem) -> float:
    if problem.learning_rate != "optimal":
        return 0.0
    return schedules.optimal_init(problem.alpha)
