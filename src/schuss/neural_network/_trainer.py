# SPDX-License-Identifier: BSD-3-Clause
"""Mini-batch training, an epoch at a time."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from schuss import _kernels as kernels
from schuss.history import History
from schuss.neural_network._curves import Curves
from schuss.neural_network._data import Sample
from schuss.neural_network._parameters import solver_options
from schuss.neural_network._rates import Rates
from schuss.neural_network._state import NOTHING_SEEN, State
from schuss.neural_network._statistics import Statistics
from schuss.neural_network._watch import Watch
from schuss.training import StopReason

_AUTO_BATCH = 200


class Trainer:
    """Epochs on fixed rows.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    state : State
        Trained in place.
    sample : Sample
    curves : Curves or None
    n_threads : int
    offset : int, default=0
        Epochs that the schedule of the learning rate has behind it.
    """

    def __init__(
        self,
        estimator: Any,
        state: State,
        sample: Sample,
        curves: Curves | None,
        n_threads: int,
        *,
        offset: int = 0,
    ) -> None:
        self._estimator, self._sample, self._curves = estimator, sample, curves
        self._n = sample.X.shape[0]
        self._batch_size = batch_size_of(estimator.batch_size, self._n)
        self._n_steps = math.ceil(math.ceil(self._n / self._batch_size) / estimator.accumulate)
        self.state, self._offset = state, offset
        self.watch = Watch(estimator)
        if self.watch.begins:
            state.plateau = NOTHING_SEEN
        state.prepare(averages=estimator.averaging is not None)
        self.rates = Rates(estimator, self._n, self._n_steps, state)
        self._table, self._network = kernels.Table(sample.X), state.spec.network(state.weights)
        self._scratch, self._n_threads = kernels.Scratch(), n_threads
        self._options = solver_options(estimator)
        self._saved = state.snapshot()
        self.best = state.snapshot() if estimator.early_stopping else None
        self._statistics = None
        if estimator.record_statistics:
            self._statistics = Statistics(state, sample, float(estimator.alpha), n_threads)

    def sweep(self, iteration: int) -> Mapping[str, float]:
        """Train one epoch; returns its record."""
        state = self.state
        self._saved.restore(state)
        rates = self.rates.epoch(self._offset + iteration)
        ema = self._estimator.averaging == "ema"
        loss, penalty, norm, state.batches, state.powers = kernels.nn_train(
            self._network,
            self._table,
            self._sample.y,
            weight=self._sample.weight,
            batch_size=self._batch_size,
            shuffle=bool(self._estimator.shuffle),
            seed=state.seed,
            epoch=state.epochs,
            parameters=state.block,
            gradient=state.gradient,
            n_weights=state.spec.n_weights,
            first=state.first,
            second=state.second,
            average=state.average if ema else None,
            average_decay=min(self._estimator.ema_decay, (1 + state.steps) / (10 + state.steps)) if ema else 0.0,
            rates=rates,
            batches=state.batches,
            powers=state.powers,
            n_threads=self._n_threads,
            scratch=self._scratch,
            **self._options,
        )
        state.steps += self._n_steps
        state.epochs += 1
        if self._estimator.averaging == "swa":
            self._average(self._offset + iteration)
        return self._record(loss / self._n, penalty / self._n, norm / self._n_steps, float(rates[-1]))

    def _average(self, epoch: int) -> None:
        """Stochastic weight averaging (Izmailov et al. 2018): the mean of the parameters at the ends of epochs."""
        state = self.state
        assert state.average is not None
        if epoch < math.floor(self._estimator.swa_start * self._estimator.max_iter) and not state.averaged:
            state.average[...] = state.block
            return
        state.averaged += 1
        state.average += (state.block - state.average) / state.averaged

    def _record(self, loss: float, penalty: float, norm: float, rate: float) -> dict[str, float]:
        data_loss = self.state.spec.head.reported(loss, self.state.spec.units[-1])
        record = {"objective": data_loss + penalty, "data_loss": data_loss, "penalty": penalty, "learning_rate": rate}
        if self._options["clip_norm"]:
            record["gradient_norm"] = norm
        if self._curves is not None:
            record |= self._curves.record(self.state.result)
        if self._statistics is not None:
            record |= self._statistics.record()
        return record

    def note(self, iteration: int, history: History) -> None:
        """Keep the books after an epoch (a hook of `schuss.training.run`)."""
        record = history[-1]
        self._estimator.t_ += self._n
        if self.watch.update(record):
            self.best = self.state.snapshot()
        self.rates.after_epoch(self._estimator.t_, self.watch.watched(record))

    def rule(self, history: History) -> StopReason | None:
        """Whether to stop after this epoch (a rule of `schuss.training.run`)."""
        if not np.all(np.isfinite(self.state.block)):
            return StopReason.DIVERGED
        if not self.watch.is_out_of_patience:
            return None
        stops = self.rates.give_up()
        if self._estimator.verbose:
            self._say_stop(stops)
        if stops:
            return StopReason.NO_IMPROVEMENT if self.watch.early_stopping else StopReason.CONVERGED
        self.watch.count = 0
        return None

    def _say_stop(self, stops: bool) -> None:
        what = "Validation score" if self.watch.early_stopping else "Training loss"
        patience = self._estimator.n_iter_no_change
        message = f"{what} did not improve more than tol={self._estimator.tol:f} for {patience} consecutive epochs."
        if not stops:
            print(f"{message} Setting learning rate to {self.state.rate:f}")
        elif self.rates.name == "adaptive":
            print(f"{message} Learning rate too small. Stopping.")
        else:
            print(f"{message} Stopping.")

    def rollback(self) -> None:
        """Go back to the end of the last complete epoch."""
        self.state.restore(self._saved)


def batch_size_of(asked: Any, n_samples: int) -> int:
    """Rows of a batch, as scikit-learn counts them."""
    if asked == "auto":
        return min(_AUTO_BATCH, n_samples)
    if asked > n_samples:
        warnings.warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=7
        )
    return int(min(asked, n_samples))
