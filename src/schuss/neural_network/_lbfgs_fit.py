# SPDX-License-Identifier: BSD-3-Clause
"""Training on all rows at once, by limited-memory BFGS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._lbfgs import Memory, line_search
from schuss.history import History
from schuss.neural_network._curves import Curves
from schuss.neural_network._data import Sample
from schuss.neural_network._state import State
from schuss.neural_network._statistics import Statistics
from schuss.neural_network._watch import Watch
from schuss.training import StopReason

Vector = NDArray[np.float64]

_PAIRS = 10
_ROWS = 1024  # rows whose activations are kept at a time
_LEAST_DECREASE = 2.220446049250313e-09  # relative; SciPy's default, with which scikit-learn stops


@dataclass(slots=True)
class Point:
    """Parameters, and the objective there."""

    parameters: Vector
    value: float
    gradient: Vector
    data_loss: float
    penalty: float


class LbfgsFit:
    """Iterations of L-BFGS.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    state : State
        Its parameters are replaced by those of the best point.
    sample : Sample
    curves : Curves or None
    n_threads : int

    Attributes
    ----------
    point : Point
        Where it stands.
    n_evaluations : int
    best : State or None
        The best so far on validation rows, if these may end the fit.
    """

    def __init__(self, estimator: Any, state: State, sample: Sample, curves: Curves | None, n_threads: int) -> None:
        self._estimator, self.state, self._sample, self._curves = estimator, state, sample, curves
        self._table, self._scratch, self._n_threads = kernels.Table(sample.X), kernels.Scratch(), n_threads
        self._block, self._gradient = state.block.copy(), np.empty_like(state.block)
        self._network = state.spec.network(state.spec.split(self._block, [], []))
        self._total = sample.total_weight
        self._memory = Memory(_PAIRS, rescale=True)
        self._watch = Watch(estimator) if curves is not None and estimator.early_stopping else None
        self.best = None if self._watch is None else state.snapshot()
        self._statistics = None
        if estimator.record_statistics:
            self._statistics = Statistics(state, sample, float(estimator.alpha), n_threads)
        self.n_evaluations = 0
        self._stuck, self._level = False, 0
        self.point = self._evaluate(state.block.astype(np.float64))
        self._last_value = np.inf

    def _evaluate(self, parameters: Vector) -> Point:
        self.n_evaluations += 1
        spec, alpha = self.state.spec, float(self._estimator.alpha)
        self._block[...] = parameters
        data_loss, *_ = kernels.nn_train(
            self._network,
            self._table,
            self._sample.y,
            weight=self._sample.weight,
            batch_size=_ROWS,
            update=False,
            normaliser=self._total,
            parameters=self._block,
            gradient=self._gradient,
            n_weights=spec.n_weights,
            n_threads=self._n_threads,
            scratch=self._scratch,
        )
        gradient = self._gradient.astype(np.float64)
        weights = parameters[: spec.n_weights]
        gradient[: spec.n_weights] += alpha / self._total * weights
        penalty = 0.5 * alpha / self._total * float(weights @ weights)
        return Point(parameters, data_loss + penalty, gradient, data_loss, penalty)

    def sweep(self, iteration: int) -> Mapping[str, float]:
        """One iteration; returns its record."""
        start = self.point
        direction = -self._memory.apply(start.gradient, np.array)
        slope = float(start.gradient @ direction)
        if not slope < 0.0:
            self._memory.clear()
            direction = -start.gradient
            slope = float(start.gradient @ direction)
        first = 1.0 if len(self._memory) else min(1.0, 1.0 / max(float(np.abs(start.gradient).sum()), 1e-300))
        noise = float(np.finfo(self._block.dtype).eps) * abs(start.value)
        _, point = line_search(
            lambda size: self._evaluate(start.parameters + size * direction), start, direction, slope, noise, first
        )
        self._stuck = point is None
        self._last_value = start.value
        if point is not None:
            self._memory.update(point.parameters - start.parameters, point.gradient - start.gradient)
            self.point = point
            self.state.block[...] = point.parameters
        return self._record()

    def _record(self) -> dict[str, float]:
        head, n_outputs = self.state.spec.head, self.state.spec.units[-1]
        data_loss, penalty = head.reported(self.point.data_loss, n_outputs), self.point.penalty
        record = {
            "objective": data_loss + penalty,
            "data_loss": data_loss,
            "penalty": penalty,
            "gradient_norm": float(np.abs(self.point.gradient).max()),
        }
        if self._curves is not None:
            record |= self._curves.record(self.state.result)
        if self._statistics is not None:
            record |= self._statistics.record()
        return record

    def note(self, iteration: int, history: History) -> None:
        """Keep the books after an iteration (a hook of `schuss.training.run`)."""
        if self._watch is not None and self._watch.update(history[-1]):
            self.best = self.state.snapshot()

    def rule(self, history: History) -> StopReason | None:
        """Whether to stop (a rule of `schuss.training.run`)."""
        now, before = self.point.value, self._last_value
        if not np.isfinite(now):
            return StopReason.DIVERGED
        small = history[-1]["gradient_norm"] <= self._estimator.tol
        # Once may be a step that was too short; the next one knows better.
        self._level = self._level + 1 if before - now <= _LEAST_DECREASE * max(abs(before), abs(now), 1.0) else 0
        if small or self._level > 1 or self._stuck:
            return StopReason.CONVERGED
        if self._watch is not None and self._watch.is_out_of_patience:
            return StopReason.NO_IMPROVEMENT
        return StopReason.MAX_ITER if self.n_evaluations >= self._estimator.max_fun else None
