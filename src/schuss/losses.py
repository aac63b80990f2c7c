# SPDX-License-Identifier: BSD-3-Clause
"""Losses as value objects; their formulas live in C, once, for every kernel."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels

Array = NDArray[Any]

_SAMPLE = 8192  # rows looked at for a constant that has no closed form
_TINY = 1e-12  # keeps the log-odds of a class that never occurs finite


class Target(Enum):
    """What a loss expects in ``y``."""

    REAL = "real"
    ZERO_ONE = "zero_one"
    SIGN = "sign"
    CLASS = "class"

    @property
    def negative(self) -> float:
        """How the negative class of a binary problem is written (the positive one is 1)."""
        return -1.0 if self is Target.SIGN else 0.0


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss function of the raw prediction ``z``.

    Attributes
    ----------
    name : str
        Name among ``kernels.LOSSES``.
    target : Target
        Encoding of ``y``.
    param : float
        Width of the insensitive tube or Huber's threshold; 0 where there is none.
    """

    name: str
    target: Target
    param: float = 0.0

    @property
    def code(self) -> int:
        return int(kernels.LOSSES[self.name])

    def sum(self, y: Array, z: Array, weight: Array | None = None, n_threads: int = 1) -> float:
        """Weighted sum of the loss over all samples."""
        total = kernels.loss_sum(y, z, loss=self.code, loss_param=self.param, weight=weight, n_threads=n_threads)
        return float(total)

    def mean(self, y: Array, z: Array, weight: Array | None = None, n_threads: int = 1) -> float:
        """Weighted mean of the loss over all samples; NaN without any weight."""
        total = len(y) if weight is None else float(np.sum(weight, dtype=np.float64))
        return self.sum(y, z, weight, n_threads) / total if total else float("nan")

    def gradient(self, y: Array, z: Array) -> Array:
        """Derivative of the loss with respect to ``z``, sample by sample."""
        out = np.empty_like(z)
        kernels.loss_gradient(y, z, loss=self.code, loss_param=self.param, gradient=out)
        return out

    def encode(self, codes: NDArray[np.intp], n_classes: int, dtype: Any) -> Array:
        """Write class codes 0 .. n_classes - 1 as the kernels want them in ``y``.

        Two classes become {0, 1} or {-1, +1}; more stay codes, as real numbers, and the
        kernel compares them with each output's own.
        """
        if n_classes > 2 or self.target in (Target.ZERO_ONE, Target.CLASS):
            return codes.astype(dtype)
        return (2 * codes - 1).astype(dtype)


def class_shares(y: Array, weight: Array | None, n_outputs: int) -> NDArray[np.float64]:
    """Weighted share of the positive class of each output.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Encoded target: {0, 1} or {-1, +1} for one output, class codes for more.
    """
    if n_outputs == 1:
        return np.array([np.average(y > 0, weights=weight)])
    counts = np.bincount(y.astype(np.intp), weights=weight, minlength=n_outputs)
    return np.asarray(counts / counts.sum())


def constant_guess(
    loss: Loss, y: Array, weight: Array | None, *, n_outputs: int = 1, classes: bool = False
) -> NDArray[np.float64]:
    """Return the raw prediction that minimises the loss if it must be the same for all rows.

    Parameters
    ----------
    loss : Loss
    y : ndarray of shape (n_samples,)
        Encoded target.
    weight : ndarray of shape (n_samples,) or None
    n_outputs : int, default=1
        Number of one-vs-all problems, or of classes for softmax.
    classes : bool, default=False
        Whether ``y`` encodes classes.

    Returns
    -------
    ndarray of shape (n_outputs,), float64
    """
    if not classes:
        return np.array([_regression_constant(loss, y, weight)])
    shares = np.clip(class_shares(y, weight, n_outputs), _TINY, 1.0 - _TINY)
    if loss.target is Target.CLASS:
        return np.log(shares)
    return np.array([_binary_constant(loss, share) for share in shares])


def constant_loss(
    loss: Loss, y: Array, weight: Array | None, guess: NDArray[np.float64], *, classes: bool = False
) -> float:
    """Mean loss of a constant guess, summed over outputs; see `constant_guess`."""
    if not classes:
        return loss.mean(y, np.full(len(y), guess[0], dtype=y.dtype), weight)
    shares = class_shares(y, weight, len(guess))
    if loss.target is Target.CLASS:
        return float(-shares @ guess + np.log(np.exp(guess - guess.max()).sum()) + guess.max())
    plus, minus = np.ones(len(guess)), np.full(len(guess), loss.target.negative)
    return loss.sum(plus, guess, shares) + loss.sum(minus, guess, 1.0 - shares)


def _binary_constant(loss: Loss, share: float) -> float:
    match loss.name:
        case "logistic":
            return float(np.log(share / (1.0 - share)))
        case "squared" | "squared_hinge" | "modified_huber":
            return 2.0 * share - 1.0
        case "hinge":
            return 1.0 if share > 0.5 else -1.0
        case "perceptron":
            return 0.0
    return _bisect(loss, np.array([-1.0, 1.0]), np.array([1.0 - share, share]))


def _regression_constant(loss: Loss, y: Array, weight: Array | None) -> float:
    if loss.name == "squared":
        return float(np.average(y, weights=weight))
    rows = slice(None, None, -(-len(y) // _SAMPLE))
    values = y[rows].astype(np.float64)
    return _bisect(loss, values, np.ones(len(values)) if weight is None else weight[rows])


def _bisect(loss: Loss, y: Array, weight: Array) -> float:
    """Find where the mean gradient changes its sign: the losses are convex, the best
    constant lies within the range of y."""
    low, high = float(y.min()), float(y.max())
    for _ in range(50):
        middle = 0.5 * (low + high)
        if weight @ loss.gradient(y, np.full(len(y), middle)) > 0.0:
            high = middle
        else:
            low = middle
    return 0.5 * (low + high)
