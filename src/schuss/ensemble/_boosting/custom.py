# SPDX-License-Identifier: BSD-3-Clause
"""Losses that users bring: a function of their own, or one of scikit-learn's loss objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from schuss.ensemble._boosting.losses import LeafValue
from schuss.ensemble._boosting.targets import widened

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_NEWTON_STEPS = 20
_CLOSE = 1e-9


def fill(derivatives: Matrix, gradient: Matrix, hessian: Matrix) -> None:
    """Write both side by side. A negative hessian is of no use to Newton's method and counts as none."""
    np.copyto(derivatives[:, :, 0], gradient)
    np.maximum(hessian, 0.0, out=derivatives[:, :, 1], casting="same_kind")


class Custom:
    """A Python function as a loss.

    Parameters
    ----------
    function : callable
        ``function(y, raw)`` returns gradient and hessian by row, or value, gradient and hessian. ``raw`` is
        (n_samples,), or (n_samples, n_classes) with more than two classes, and so are the derivatives.
    n_trees : int
    classes : bool
        Whether ``y`` holds class numbers and predictions are probabilities.
    """

    constant_hessian = False
    leaf_value = None

    def __init__(self, function: Callable[..., Any], *, n_trees: int, classes: bool) -> None:
        self.n_trees, self._function, self._classes = n_trees, function, classes

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        """Newton's method from zero: the best constant, if the loss is near a parabola there."""
        point = np.zeros(self.n_trees)
        for _ in range(_NEWTON_STEPS):
            raw = np.repeat(point[:, None], len(y), axis=1)
            _, gradient, hessian = self._terms(y, raw)
            slope, curvature = np.average(gradient, axis=1, weights=weight), np.average(hessian, axis=1, weights=weight)
            if not np.all(curvature > 0.0):
                return np.zeros(self.n_trees)
            step = slope / curvature
            point = point - step
            if np.max(np.abs(step)) <= _CLOSE * max(1.0, float(np.max(np.abs(point)))):
                break
        return point if np.all(np.isfinite(point)) else np.zeros(self.n_trees)

    def mean(self, y: Array, raw: Matrix, weight: Matrix | None, n_threads: int = 1) -> float:
        value, _, _ = self._terms(y, raw)
        return float("nan") if value is None else float(np.average(value, weights=weight))

    def derive(self, y: Array, raw: Matrix, weight: Matrix | None, derivatives: Matrix, n_threads: int = 1) -> float:
        value, slope, curvature = self._terms(y, raw)
        fill(derivatives, slope, curvature)
        return float("nan") if value is None else float(np.average(value, weights=weight))

    def predictions(self, raw: Matrix) -> Matrix:
        if not self._classes:
            return raw[0]
        if self.n_trees > 1:
            return np.asarray(softmax(raw.T, axis=1))
        positive = expit(raw[0])
        return np.column_stack([1.0 - positive, positive])

    def _terms(self, y: Array, raw: Matrix) -> tuple[Matrix | None, Matrix, Matrix]:
        """Call the function and check what it returns."""
        given = raw[0] if self.n_trees == 1 else np.ascontiguousarray(raw.T)
        answer = self._function(widened(y), given)
        if not isinstance(answer, tuple) or len(answer) not in (2, 3):
            raise ValueError("A loss function must return (gradient, hessian) or (value, gradient, hessian).")
        gradient, hessian = (np.asarray(part, dtype=np.float64) for part in answer[-2:])
        for part, name in ((gradient, "gradient"), (hessian, "hessian")):
            if part.shape != given.shape:
                raise ValueError(f"The loss function's {name} has the shape {part.shape}, not {given.shape}.")
            if not np.all(np.isfinite(part)):
                raise ValueError(f"The loss function's {name} holds a number that is not finite.")
        value = None if len(answer) == 2 else np.broadcast_to(np.asarray(answer[0], dtype=np.float64), (len(y),))
        return value, gradient.reshape(len(y), -1).T, hessian.reshape(len(y), -1).T


class FromScikitLearn:
    """One of scikit-learn's loss objects.

    Parameters
    ----------
    loss : sklearn._loss.BaseLoss
    n_trees : int
    """

    constant_hessian = False

    def __init__(self, loss: Any, *, n_trees: int) -> None:
        self.n_trees, self._loss = n_trees, loss

    def baseline(self, y: Matrix, weight: Matrix | None) -> Matrix:
        start = self._loss.fit_intercept_only(y_true=y, sample_weight=weight)
        return np.asarray(start, dtype=np.float64).reshape(self.n_trees)

    def mean(self, y: Array, raw: Matrix, weight: Matrix | None, n_threads: int = 1) -> float:
        return float(self._loss(y_true=widened(y), raw_prediction=self._given(raw), sample_weight=weight))

    def derive(self, y: Array, raw: Matrix, weight: Matrix | None, derivatives: Matrix, n_threads: int = 1) -> float:
        slope, curvature = self._loss.gradient_hessian(y_true=widened(y), raw_prediction=self._given(raw))
        fill(derivatives, slope.reshape(len(y), -1).T, curvature.reshape(len(y), -1).T)
        return self.mean(y, raw, weight)

    @property
    def leaf_value(self) -> LeafValue | None:
        return None if self._loss.differentiable else self._constant

    def _constant(self, residual: Matrix, weight: Matrix | None) -> float:
        return float(self._loss.fit_intercept_only(y_true=residual, sample_weight=weight))

    def predictions(self, raw: Matrix) -> Matrix:
        given = self._given(raw)
        has_classes = hasattr(self._loss, "predict_proba")
        return np.asarray(self._loss.predict_proba(given) if has_classes else self._loss.link.inverse(given))

    def _given(self, raw: Matrix) -> Matrix:
        return raw[0] if self.n_trees == 1 else np.ascontiguousarray(raw.T)
