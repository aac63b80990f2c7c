# SPDX-License-Identifier: BSD-3-Clause
"""A range test of learning rates (Smith 2017, "Cyclical learning rates for training neural networks")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.neural_network._data import Sample
from schuss.neural_network._parameters import solver_options
from schuss.neural_network._state import State

Float64 = NDArray[np.float64]

_SMOOTHING = 0.9
_LOST = 4.0  # times the best loss: the test is over
_SAFETY = 10.0  # what the rate of the lowest loss is divided by


@dataclass(frozen=True)
class RateSearch:
    """Losses along rising learning rates.

    Attributes
    ----------
    rates : ndarray of shape (n_steps,)
    losses : ndarray of shape (n_steps,)
        Smoothed losses of the batches.
    suggestion : float
        A tenth of the rate at which the loss was lowest.
    """

    rates: Float64
    losses: Float64
    suggestion: float


def search(estimator: Any, state: State, sample: Sample, rates: Float64, batch_size: int, n_threads: int) -> RateSearch:
    """Take one step with each rate, each on another batch, until the loss runs away."""
    state.prepare(averages=False)
    options = solver_options(estimator) | {"accumulate": 1}
    network, scratch = state.spec.network(state.weights), kernels.Scratch()
    random, order = np.random.RandomState(state.seed), np.zeros(0, dtype=np.int64)
    losses: list[float] = []
    running = best = 0.0
    for step, rate in enumerate(rates):
        if len(order) < batch_size:
            order = random.permutation(sample.X.shape[0])
        rows, order = np.sort(order[:batch_size]), order[batch_size:]
        batch = sample.take(rows)
        loss, _, _, state.batches, state.powers = kernels.nn_train(
            network,
            kernels.Table(batch.X),
            np.ascontiguousarray(batch.y),
            weight=batch.weight,
            batch_size=batch_size,
            seed=state.seed,
            parameters=state.block,
            gradient=state.gradient,
            n_weights=state.spec.n_weights,
            first=state.first,
            second=state.second,
            rates=np.array([rate]),
            batches=state.batches,
            powers=state.powers,
            n_threads=n_threads,
            scratch=scratch,
            **options,
        )
        running = _SMOOTHING * running + (1.0 - _SMOOTHING) * loss / len(rows)
        losses.append(running / (1.0 - _SMOOTHING ** (step + 1)))
        best = min(best, losses[-1]) if step else losses[-1]
        if not np.isfinite(losses[-1]) or losses[-1] > _LOST * best:
            break
    curve = np.array(losses)
    lowest = int(np.argmin(np.where(np.isfinite(curve), curve, np.inf)))
    return RateSearch(rates[: len(curve)].copy(), curve, float(rates[lowest] / _SAFETY))
