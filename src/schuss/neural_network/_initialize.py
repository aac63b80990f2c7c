# SPDX-License-Identifier: BSD-3-Clause
"""Weights to begin with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.neural_network._spec import Spec, Weights, empty_block

Array = NDArray[Any]

# Variance of a weight, from fan-in and fan-out: Glorot and Bengio (2010), He et al. (2015), LeCun et al. (1998).
_VARIANCE: dict[str, Callable[[int, int], float]] = {
    "glorot": lambda fan_in, fan_out: 2.0 / (fan_in + fan_out),
    "he": lambda fan_in, fan_out: 2.0 / fan_in,
    "lecun": lambda fan_in, fan_out: 1.0 / fan_in,
}
_SPREAD = 0.01  # standard deviation of what tables of categories begin with
NAMES = ("auto", "orthogonal", *(f"{name}_{kind}" for name in _VARIANCE for kind in ("uniform", "normal")))


def initial_block(spec: Spec, initializer: str, random: np.random.RandomState, dtype: Any) -> Array:
    """Return all parameters of a new network, in one block.

    "auto" draws the same numbers as scikit-learn does, intercepts included; with the others
    intercepts begin at zero.
    """
    block = empty_block(spec.n_parameters, dtype)
    weights = spec.split(block, [], [])
    for at, (coef, intercept) in enumerate(zip(weights.coefs, weights.intercepts, strict=True)):
        if initializer == "auto":
            # One bound for the whole network, which follows the first layer's activation.
            bound = math.sqrt((2.0 if spec.activations[:1] == ("logistic",) else 6.0) / sum(coef.shape))
            coef[...] = random.uniform(-bound, bound, coef.shape)
            intercept[...] = random.uniform(-bound, bound, intercept.shape)
        else:
            last = at == len(weights.coefs) - 1
            coef[...] = _draw(initializer, coef.shape, "identity" if last else spec.activations[at], random)
            intercept[...] = 0.0
    _draw_tables(spec, weights, random)
    for gain, shift in zip(weights.gains, weights.shifts, strict=True):
        gain[...], shift[...] = 1.0, 0.0
    return block


def _draw_tables(spec: Spec, weights: Weights, random: np.random.RandomState) -> None:
    """Tables to begin with; what stands for missing and unknown categories begins at zero, and so adds nothing."""
    unit = 0
    for column, table in zip(spec.columns, weights.tables, strict=True):
        unit += column.units
        if table is not None:
            table[...] = random.normal(0.0, _SPREAD, table.shape)
            table[-1] = 0.0
        elif column.levels:
            weights.coefs[0][unit - 1] = 0.0


def _draw(initializer: str, shape: tuple[int, ...], activation: str, random: np.random.RandomState) -> Array:
    if initializer == "orthogonal":
        return _orthogonal(shape, activation, random)
    name, kind = initializer.rsplit("_", 1)
    deviation = math.sqrt(_VARIANCE[name](*shape))
    if kind == "normal":
        return random.normal(0.0, deviation, shape)
    bound = math.sqrt(3.0) * deviation
    return random.uniform(-bound, bound, shape)


def _orthogonal(shape: tuple[int, ...], activation: str, random: np.random.RandomState) -> Array:
    """Orthonormal rows or columns (Saxe et al. 2014), longer where the activation drops half of all."""
    tall = (max(shape), min(shape))
    q, r = np.linalg.qr(random.normal(size=tall))
    q *= np.sign(np.diag(r))  # without it the distribution would not be uniform
    gain = math.sqrt(2.0) if activation in ("relu", "leaky_relu", "elu", "gelu", "silu") else 1.0
    return np.asarray(gain * (q if tall == shape else q.T))
