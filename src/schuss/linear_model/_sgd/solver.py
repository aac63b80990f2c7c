# SPDX-License-Identifier: BSD-3-Clause
"""Stochastic gradient descent as sweeps for `schuss.training.run`: one is an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.history import History
from schuss.linear_model._sgd.guard import Guard
from schuss.linear_model._sgd.optimizers import Optimizer
from schuss.linear_model._sgd.patience import Watch
from schuss.linear_model._sgd.rates import Rates, Schedule
from schuss.linear_model._sgd.state import State
from schuss.losses import Loss, Target
from schuss.penalties import Penalty
from schuss.training import StopReason
from schuss.validation import Curves

Array = NDArray[Any]

# Sparse rows touch the intercept far more often than any one weight: scikit-learn damps its steps. Other optimisers do
# not need it.
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
    intercept_slope : float
        Of the term in the objective that is linear in the intercept.
    average : int
        Sample from which on parameters are averaged; 0 for never.
    guarded : bool
        Whether training that runs away begins again, with smaller steps.
    """

    X: Any
    y: Array
    weight: Array | None
    positive_weight: NDArray[np.float64]
    negative_weight: NDArray[np.float64]
    rows: NDArray[np.int64] | None
    loss: Loss
    penalty: Penalty
    schedule: Schedule
    optimizer: Optimizer
    fit_intercept: bool
    intercept_slope: float
    average: int
    shuffle: bool
    seed: int
    batch_size: int
    tol: float | None
    n_iter_no_change: int
    guarded: bool
    n_threads: int

    @property
    def n_train(self) -> int:
        return self.X.shape[0] if self.rows is None else len(self.rows)

    @property
    def is_joint(self) -> bool:
        """Whether the outputs are the classes of one softmax, and not problems of their own."""
        return self.loss.target is Target.CLASS

    @property
    def needs_l1_debts(self) -> bool:
        """Whether the kernel pays L1 by Tsuruoka's accounts: in its plain form."""
        return bool(self.penalty.l1) and self.optimizer.is_plain and not self.is_joint


class Solver:
    """Runs epochs, and decides output by output when to stop.

    In one-vs-all problems every output has its own patience and its own rate; outputs that
    are done keep their parameters while the others go on.

    Parameters
    ----------
    problem : Problem
    state : State
        Trained in place.
    epoch : int, default=0
        Number of epochs trained before: no two epochs of one seed shuffle alike.
    guess : float, default=inf
        Mean loss of a constant, beside which the guard measures losses.
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
        guess: float = math.inf,
        curves: Curves | None = None,
        watch_validation: bool = False,
    ) -> None:
        n_outputs = state.n_outputs
        self.problem, self.state, self.curves = problem, state, curves
        self._watch_validation = watch_validation
        self._first_epoch = epoch
        self._table, self._scratch = kernels.Table(problem.X), kernels.Scratch()
        self._rates = Rates(problem.schedule, n_outputs)
        self._guard = Guard(guess) if problem.guarded else None
        self._losses, self._penalties = np.zeros(n_outputs), np.zeros(n_outputs)
        self._watch = Watch(n_outputs, problem.tol, problem.n_iter_no_change, problem.schedule, joint=problem.is_joint)
        self._l1_total = np.zeros(n_outputs) if problem.needs_l1_debts else None
        self._l1_applied = np.zeros_like(state.current.coef) if problem.needs_l1_debts else None
        self._backup = state.copy()

    @property
    def back_offs(self) -> int:
        """How often training has run away and begun again."""
        return 0 if self._guard is None else self._guard.count

    def sweep(self, iteration: int) -> dict[str, float]:
        """Train one epoch; the sweep of `schuss.training.run`."""
        problem, state = self.problem, self.state
        self._backup = state.copy()
        if self._guard is None:
            self._learn(self._first_epoch + iteration)
        else:
            self._guard.run(lambda: self._learn(self._first_epoch + iteration), self._back_off)
        record = {
            "data_loss": sum(self._losses.tolist()),
            "penalty": sum(self._penalties.tolist()),
            "objective": self._objective,
            "learning_rate": self._rates.at(state.t, self._watch.running),
        }
        if self._guard is not None:
            record["back_offs"] = self._guard.count
        if self.curves is not None:
            result = state.result(problem.average)
            record |= self.curves.record(iteration, result.coef, result.intercept)
        return record

    def rollback(self) -> None:
        """Return to the last complete epoch."""
        self.state.restore(self._backup)

    def rule(self, history: History) -> StopReason | None:
        """Stop when every output has run out of patience."""
        if self._watch.update(self._watched(), self._rates.eta):
            return None
        return StopReason.NO_IMPROVEMENT if self._watch_validation else StopReason.CONVERGED

    @property
    def _objective(self) -> float:
        return sum(self._losses.tolist()) + sum(self._penalties.tolist())

    def _learn(self, epoch: int) -> float:
        """Train one epoch and return its objective."""
        problem, state = self.problem, self.state
        current, average = state.current, state.average
        running = self._watch.running
        plain = problem.optimizer.name == "sgd"
        problem.optimizer.follow(state.memory, current.coef, current.intercept, self._rates.eta)
        sums = kernels.sgd_sweep(
            self._table,
            problem.y,
            current.coef,
            current.intercept,
            loss=problem.loss.code,
            loss_param=problem.loss.param,
            l1=problem.penalty.l1,
            l2=problem.penalty.l2,
            **self._rates.options(),
            **problem.optimizer.options(state.memory),
            t=state.t,
            fit_intercept=problem.fit_intercept,
            intercept_slope=problem.intercept_slope,
            intercept_decay=_SPARSE_INTERCEPT_DECAY if self._table.is_sparse and plain else 1.0,
            sample_weight=problem.weight,
            positive_weight=problem.positive_weight,
            negative_weight=problem.negative_weight,
            active=running.view(np.uint8),
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
        state.t += problem.n_train
        state.memory.steps += -(-problem.n_train // problem.batch_size)
        np.divide(sums, problem.n_train, out=self._losses, where=running)
        if problem.intercept_slope:
            self._losses += problem.intercept_slope * current.intercept
        self._penalties = problem.penalty.values(current.coef)
        return self._objective

    def _back_off(self, share: float) -> None:
        """Go back to the last complete epoch, to train on at a share of the rates."""
        self.state.restore(self._backup.copy())
        self._rates.eta *= share
        if self._l1_total is not None and self._l1_applied is not None:
            self._l1_total[:], self._l1_applied[:] = 0.0, 0.0

    def _watched(self) -> NDArray[np.float64]:
        """What has to fall: a value for each output, or one for all classes of a softmax."""
        if self.curves is not None and self._watch_validation:
            return -np.array([self.curves.score]) if self.problem.is_joint else -self.curves.output_scores
        if self.problem.is_joint:
            return np.array([self._objective])
        if self.problem.schedule.is_passive_aggressive:
            return self._losses  # passive-aggressive steps do not see the penalty
        return self._losses + self._penalties
