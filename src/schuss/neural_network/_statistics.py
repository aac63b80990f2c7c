# SPDX-License-Identifier: BSD-3-Clause
"""What happens inside of a network: sizes of weights and gradients, units that say nothing."""

from __future__ import annotations

import numpy as np

from schuss import _kernels as kernels
from schuss.neural_network._data import Sample
from schuss.neural_network._state import State
from schuss.validation import sample_rows

Norms = tuple[float, float]

_ROWS = 512
_FLAT = {"logistic": (0.0, 1.0), "tanh": (-1.0, 1.0)}  # where an activation has no slope
_EDGE = 0.01  # how near to it, as a share of the range


class Statistics:
    """Measures the layers on a sample of the training rows.

    Columns, for layer k counted from 1: ``weight_norm_k`` and ``gradient_norm_k``, root mean
    squares over the weights; for hidden layers ``dead_k``, the share of units whose output is
    the same for every row, and ``saturated_k``, the share of outputs at the flat ends of
    'logistic' and 'tanh'. For the table of the categories of feature j, counted from 0:
    ``table_norm_j`` and ``table_gradient_norm_j``.
    """

    def __init__(self, state: State, sample: Sample, alpha: float, n_threads: int) -> None:
        rows = sample_rows(sample.X.shape[0], _ROWS, state.seed)
        self._sample = sample if rows is None else sample.take(rows)
        self._table, self._scratch = kernels.Table(self._sample.X), kernels.Scratch()
        self._state, self._alpha, self._n_threads = state, alpha, n_threads

    def record(self) -> dict[str, float]:
        """The columns of an epoch."""
        record: dict[str, float] = {}
        layers, tables = self._gradients()
        for k, (weight, gradient) in enumerate(layers, 1):
            record[f"weight_norm_{k}"], record[f"gradient_norm_{k}"] = weight, gradient
        for feature, norms in tables:
            record[f"table_norm_{feature}"], record[f"table_gradient_norm_{feature}"] = norms
        for k, (dead, saturated) in enumerate(self._activity(), 1):
            record[f"dead_{k}"], record[f"saturated_{k}"] = dead, saturated
        return record

    @np.errstate(over="ignore", invalid="ignore")  # of a network that diverges
    def _gradients(self) -> tuple[list[Norms], list[tuple[int, Norms]]]:
        """Norms of weights and gradients, by layer; the same of tables, with their features."""
        state, spec = self._state, self._state.spec
        block, gradient = state.block.copy(), np.empty_like(state.block)
        # running statistics are not to see these rows twice
        weights = spec.split(block, [a.copy() for a in state.means], [a.copy() for a in state.variances])
        kernels.nn_train(
            spec.network(weights),
            self._table,
            self._sample.y,
            weight=self._sample.weight,
            batch_size=_ROWS,
            update=False,
            normaliser=max(self._sample.total_weight, np.finfo(float).tiny),
            seed=state.seed,
            parameters=block,
            gradient=gradient,
            n_weights=spec.n_weights,
            n_threads=self._n_threads,
            scratch=self._scratch,
        )
        by = spec.split(gradient, [], [])
        layers = [(_root_mean_square(w), _root_mean_square(g)) for w, g in zip(weights.coefs, by.coefs, strict=True)]
        tables = [
            (j, (_root_mean_square(w), _root_mean_square(g)))
            for j, (w, g) in enumerate(zip(weights.tables, by.tables, strict=True))
            if w is not None and g is not None
        ]
        return layers, tables

    def _activity(self) -> list[tuple[float, float]]:
        return [self._activity_of(at) for at in range(len(self._state.spec.activations))]

    def _activity_of(self, at: int) -> tuple[float, float]:
        out = hidden_output(self._state, self._table, at, self._scratch)
        dead = float(np.mean(np.ptp(out, axis=0) == 0.0)) if len(out) > 1 else 0.0
        ends = _FLAT.get(self._state.spec.activations[at])
        if ends is None:
            return dead, 0.0
        low, high = ends
        edge = _EDGE * (high - low)
        return dead, float(np.mean((out < low + edge) | (out > high - edge)))


def hidden_output(
    state: State, table: kernels.Table, at: int, scratch: kernels.Scratch
) -> np.ndarray[tuple[int, ...], np.dtype[np.floating]]:
    """Outputs of a hidden layer, without dropout: those of a network that copies them out."""
    spec, weights = state.spec, state.result
    units, dtype = spec.units[at + 1], state.block.dtype
    network = kernels.Network(
        [*weights.coefs[: at + 1], np.eye(units, dtype=dtype)],
        [*weights.intercepts[: at + 1], np.zeros(units, dtype)],
        activations=[kernels.NN_ACTIVATIONS[name] for name in spec.activations[: at + 1]],
        norm=spec.norm,
        gains=weights.gains,
        shifts=weights.shifts,
        means=weights.means,
        variances=weights.variances,
        **spec.column_options(weights),
        loss=kernels.NN_LOSSES["squared"],
    )
    out = np.empty((table.n, units), dtype)
    kernels.nn_predict(network, table, out, scratch=scratch)
    return out


def _root_mean_square(array: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> float:
    return float(np.sqrt(np.mean(np.square(array, dtype=np.float64))))
