# SPDX-License-Identifier: BSD-3-Clause
"""What boosting asks of a loss: derivatives by row, the best constant, the way from raw predictions to predictions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, softmax

from schuss import _kernels as kernels
from schuss.losses import Loss, Target

Array = NDArray[Any]
Matrix = NDArray[np.float64]
LeafValue = Callable[[Matrix, Matrix | None], float]

_FLOAT32 = 2.0**60  # targets of this size, and their squares, are far from its ends
_EDGE = 10.0 * np.finfo(np.float64).eps  # how near a probability may come to 0 and 1, so that raw predictions end


class BoostingLoss(Protocol):
    """A loss of raw predictions, which have a row for each tree of an iteration.

    Targets come in float64 to `baseline`, otherwise as a fit keeps them: see `schuss.ensemble._boosting.targets`.

    Attributes
    ----------
    n_trees : int
        Trees of an iteration: 1, or the number of classes.
    constant_hessian : bool
        Whether the hessian is 1 everywhere.
    """

    @property
    def n_trees(self) -> int: ...

    @property
    def constant_hessian(self) -> bool: ...

    @property
    def leaf_value(self) -> LeafValue | None:
        """Finds the constant of least loss for rows with given residuals and weights; None if a Newton step does."""

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        """The constant raw prediction of least loss, of shape (n_trees,)."""

    def mean(self, y: Array, raw: Matrix, weight: Matrix | None, n_threads: int = 1) -> float:
        """Weighted mean of the loss; raw is (n_trees, n_samples)."""

    def derive(self, y: Array, raw: Matrix, weight: Matrix | None, derivatives: Matrix, n_threads: int = 1) -> float:
        """Fill the derivatives with respect to raw, and return the weighted mean loss.

        Derivatives are gradients of shape (n_trees, n_samples), or gradient and hessian, (n_trees, n_samples, 2), of
        the dtype that `dtype_of_derivatives` says.

        They are not weighted: growing trees does that. No hessian is negative; a constant one need not be filled in.
        """

    def predictions(self, raw: Matrix) -> Matrix:
        """Raw predictions as predictions: means, or probabilities of shape (n_samples, n_classes)."""


@dataclass(frozen=True, slots=True)
class Pointwise:
    """A loss of one raw prediction that the kernels know.

    Parameters
    ----------
    kernel : Loss
    log_link : bool, default=False
        Whether predictions are the exponentials of raw predictions.
    """

    kernel: Loss
    log_link: bool = False
    n_trees = 1
    leaf_value = None

    @property
    def constant_hessian(self) -> bool:
        return self.kernel.name in ("squared", "huber")

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        mean = np.average(y, weights=weight)
        if self.kernel.name == "huber":
            return np.array([weighted_quantile(y, weight, 0.5)])
        return np.array([np.log(mean) if self.log_link else mean])

    def mean(self, y: Array, raw: Matrix, weight: Matrix | None, n_threads: int = 1) -> float:
        return self.kernel.mean(y, raw[0], weight, n_threads)

    def derive(self, y: Array, raw: Matrix, weight: Matrix | None, derivatives: Matrix, n_threads: int = 1) -> float:
        # Where Huber's loss is linear it has no curvature to divide by: its steps are those of the squared part.
        total = kernels.loss_derivatives(
            y, raw[0], loss=self.kernel.code, loss_param=self.kernel.param, out=derivatives[0], n_threads=n_threads
        )
        return total / len(y) if weight is None else self.mean(y, raw, weight, n_threads)

    def predictions(self, raw: Matrix) -> Matrix:
        return np.exp(raw[0]) if self.log_link else raw[0]


class Binary(Pointwise):
    """Log loss of two classes, one raw prediction: the log-odds of the second."""

    def __init__(self) -> None:
        super().__init__(Loss("logistic", Target.ZERO_ONE))

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        share = np.average(y, weights=weight)
        return np.array([logit(np.clip(share, _EDGE, 1.0 - _EDGE))])

    def predictions(self, raw: Matrix) -> Matrix:
        positive = expit(raw[0])
        return np.column_stack([1.0 - positive, positive])


@dataclass(frozen=True, slots=True)
class Quantile:
    """Pinball loss of a quantile: ``level`` times the shortfall, or ``1 - level`` times the excess; times ``scale``.

    With the level 1/2 and the scale 2 it is the absolute error. Its leaves take the quantile of their residuals, for a
    Newton step of a loss without curvature means nothing (Friedman 2001, "Greedy function approximation").
    """

    level: float
    scale: float = 1.0
    n_trees = 1
    constant_hessian = True

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        return np.array([weighted_quantile(y, weight, self.level)])

    def mean(self, y: Array, raw: Matrix, weight: Matrix | None, n_threads: int = 1) -> float:
        short = y - raw[0]
        losses = self.scale * np.where(short < 0.0, (self.level - 1.0) * short, self.level * short)
        return float(np.average(losses, weights=weight))

    def derive(self, y: Array, raw: Matrix, weight: Matrix | None, derivatives: Matrix, n_threads: int = 1) -> float:
        slope = np.where(y >= raw[0], -self.scale * self.level, self.scale * (1.0 - self.level))
        np.copyto(gradients(derivatives)[0], slope)
        return self.mean(y, raw, weight)

    def leaf_value(self, residual: Matrix, weight: Matrix | None) -> float:
        return weighted_quantile(residual, weight, self.level)

    def predictions(self, raw: Matrix) -> Matrix:
        return raw[0]


@dataclass(frozen=True, slots=True)
class Softmax:
    """Log loss of several classes; y holds their numbers."""

    n_trees: int
    constant_hessian = False
    leaf_value = None

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        counts = np.bincount(y.astype(np.intp), weights=weight, minlength=self.n_trees)
        logs = np.log(np.clip(counts / counts.sum(), _EDGE, 1.0 - _EDGE))
        return np.asarray(logs - logs.mean())

    def mean(self, y: Array, raw: Matrix, weight: Matrix | None, n_threads: int = 1) -> float:
        loss = Loss("softmax", Target.CLASS)
        return loss.mean(y, np.ascontiguousarray(raw.T), weight, n_threads)

    def derive(self, y: Array, raw: Matrix, weight: Matrix | None, derivatives: Matrix, n_threads: int = 1) -> float:
        total = kernels.softmax_derivatives(y, raw, weight=weight, out=derivatives, n_threads=n_threads)
        return total / (len(y) if weight is None else float(weight.sum()))

    def predictions(self, raw: Matrix) -> Matrix:
        return np.asarray(softmax(raw.T, axis=1))


def gradients(derivatives: Matrix) -> Matrix:
    """The gradients alone, as a view."""
    return derivatives if derivatives.ndim == 2 else derivatives[:, :, 0]


def dtype_of_derivatives(y: Array) -> type[np.floating[Any]]:
    """What derivatives are kept in: float32, which is finer than histograms, if the size of the target allows it."""
    largest = max(float(y.max()), -float(y.min()))
    return np.float32 if largest == 0.0 or 1.0 / _FLOAT32 < largest < _FLOAT32 else np.float64


def weighted_quantile(values: Matrix, weight: Matrix | None, level: float) -> float:
    """The value below which ``level`` of the weight lies; the mean of two where both ends of a gap would do.

    A weight of k is the same as k copies of a value.
    """
    if weight is None:
        total, ordered = np.arange(1.0, len(values) + 1.0), None
    else:
        order = np.argsort(values, kind="stable")
        order = order[weight[order] > 0.0]
        total, ordered = np.cumsum(weight[order]), values[order]
    goal = level * total[-1]
    low = min(int(np.searchsorted(total, goal * (1.0 - 1e-15))), len(total) - 1)
    high = min(int(np.searchsorted(total, goal * (1.0 + 1e-15), side="right")), len(total) - 1)
    if ordered is None:
        ordered = np.partition(values, [low, high])
    return float(0.5 * (ordered[low] + ordered[high]))


def regression_loss(name: str, *, quantile: float | None, delta: float) -> BoostingLoss:
    """Return the loss of a regressor by its public name.

    Raises
    ------
    ValueError
        If the loss needs a quantile and there is none.
    """
    match name:
        case "absolute_error":
            return Quantile(0.5, 2.0)
        case "quantile" | "pinball":
            if quantile is None or not 0.0 < quantile < 1.0:
                raise ValueError(f"loss={name!r} needs a quantile between 0 and 1, got quantile={quantile!r}.")
            return Quantile(float(quantile))
        case "gamma" | "poisson":
            return Pointwise(Loss(name, Target.REAL), log_link=True)
        case "huber":
            return Pointwise(Loss("huber", Target.REAL, float(delta)))
        case _:
            return Pointwise(Loss("squared", Target.REAL))


def class_loss(n_classes: int) -> BoostingLoss:
    """Return the log loss of so many classes."""
    return Softmax(n_classes) if n_classes > 2 else Binary()
