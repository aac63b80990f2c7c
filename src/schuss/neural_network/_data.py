# SPDX-License-Identifier: BSD-3-Clause
"""Rows with their targets, and what a constant would make of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.neural_network._spec import Head

Array = NDArray[Any]

_TINY = 1e-12  # keeps the log-odds of a class that never occurs finite


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Class numbers for the softmax, else one target per output; in the dtype of X.
    weight : ndarray of shape (n_samples,) or None
    """

    X: Any
    y: Array
    weight: Array | None

    def take(self, rows: NDArray[np.int64]) -> Sample:
        return Sample(self.X[rows], self.y[rows], None if self.weight is None else self.weight[rows])

    @property
    def total_weight(self) -> float:
        return float(self.X.shape[0] if self.weight is None else np.sum(self.weight, dtype=np.float64))


def constant_guess(sample: Sample, head: Head, n_outputs: int) -> NDArray[np.float64]:
    """Raw outputs that are best if they must be the same for all rows."""
    y, weight = sample.y, sample.weight
    if head.loss == "softmax":
        counts = np.bincount(y.astype(np.intp), weights=weight, minlength=n_outputs)
        return np.asarray(np.log(np.maximum(counts / counts.sum(), _TINY)))
    y = y.astype(np.float64)
    mean = np.average(y, axis=0, weights=weight)
    if head.loss == "logistic":
        share = np.clip(mean, _TINY, 1.0 - _TINY)
        return np.asarray(np.log(share / (1.0 - share)))
    if head.loss in ("poisson", "gamma"):
        return np.asarray(np.log(np.maximum(mean, _TINY)))
    if head.loss == "squared":
        return np.asarray(mean)
    return np.array([_robust_constant(y[:, k], weight, head) for k in range(n_outputs)])


def _robust_constant(y: NDArray[np.float64], weight: Array | None, head: Head) -> float:
    """Where the mean slope of a loss of residuals changes its sign, by bisection."""
    low, high = float(y.min()), float(y.max())
    for _ in range(50):
        middle = 0.5 * (low + high)
        r = middle - y
        match head.loss:
            case "absolute":
                slope = np.sign(r)
            case "huber":
                slope = np.clip(r, -head.param, head.param)
            case _:
                slope = (r > 0) - head.param
        if np.average(slope, weights=weight) > 0.0:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)


def constant_loss(sample: Sample, head: Head, guess: NDArray[np.float64]) -> float:
    """Mean loss of a constant guess, as it is reported: that of a network without weights."""
    n, dtype = sample.X.shape[0], sample.y.dtype
    network = kernels.Network(
        [np.zeros((1, len(guess)), dtype)],
        [guess.astype(dtype)],
        activations=[],
        loss=kernels.NN_LOSSES[head.loss],
        loss_param=head.param,
        smoothing=head.smoothing,
        focal=head.focal,
    )
    table = kernels.Table(np.zeros((n, 1), dtype))
    total = kernels.nn_predict(network, table, y=sample.y, weight=sample.weight, scratch=kernels.Scratch())
    return head.reported(total / sample.total_weight, len(guess))
