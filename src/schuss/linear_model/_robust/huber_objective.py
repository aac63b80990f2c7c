# SPDX-License-Identifier: BSD-3-Clause
"""Huber's objective with the scale as one more parameter, convex in all of them together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._smooth.curvature import Matrix
from schuss.linear_model._smooth.objective import Point

Array = NDArray[Any]

_LARGEST = 700.0  # logarithm of a scale
_SMALLEST = 1e-12  # scale, as a part of that without coefficients: residuals are hardly any finer
_NEGLIGIBLE = 5e-8  # scale, as a part of the objective
_AS_GOOD_AS_ZERO = 1e-3  # objective, as a part of the scale without coefficients
_TYPICAL = 0.6745  # median absolute deviation of the normal distribution

_HUBER, _SQUARED = kernels.LOSSES["huber"], kernels.LOSSES["squared"]


def middle(y: Array, weight: Array | None, *, fit_intercept: bool) -> tuple[float, Matrix, float]:
    """The median, or zero without intercept; how far rows that weigh anything are from it, each and typically."""
    used = (y if weight is None else y[weight > 0]).astype(np.float64)
    level = float(np.median(used)) if fit_intercept else 0.0
    distance = np.abs(used - level)
    return level, distance, float(np.median(distance)) / _TYPICAL or float(distance.mean()) or 1.0


class HuberObjective:
    """Weighted mean of ``scale + rho(r / scale) * scale``, plus ``l2 / 2 * |coef|^2``.

    With rho(u) = u^2 up to epsilon and ``2 * epsilon * |u| - epsilon^2`` beyond (Huber's Proposal 2; Owen 2007,
    "A robust hybrid of lasso and ridge regression"). Parameters are the coefficients, the intercept about the shift
    and the logarithm of the scale, in one row: no step can lead to a scale of zero, where the objective still is
    finite but has no gradient. With hardly more rows than columns the minimum may be there. As the objective is at
    most by the scale above what it is at a scale of zero, a scale that is nothing beside it need not fall further:
    then its entry of the gradient counts as zero.

    Parameters
    ----------
    x : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,), dtype of x
    weight : ndarray of shape (n_samples,), dtype of x, or None
    epsilon : float
    l2 : float
    fit_intercept : bool
    shift : ndarray of shape (n_features,) or None
    n_threads : int

    Attributes
    ----------
    level, spread : float
        The intercept and the residuals' scale without coefficients: medians.
    """

    def __init__(
        self,
        x: Any,
        y: Array,
        weight: Array | None,
        *,
        epsilon: float,
        l2: float,
        fit_intercept: bool,
        shift: Matrix | None,
        n_threads: int,
    ) -> None:
        self.x, self.y, self.weight = x, y, weight
        self.epsilon, self.l2, self.fit_intercept = epsilon, l2, fit_intercept
        self.shift, self.n_threads = shift, n_threads
        self.table = kernels.Table(x)
        self.total = float(len(y) if weight is None else weight.sum(dtype=np.float64))
        self.level, _, self.spread = middle(y, weight, fit_intercept=fit_intercept)
        self._margins = np.empty((self.table.n, 1), dtype=self.table.dtype)
        self._scratch = kernels.Scratch()

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the parameters."""
        return 1, self.table.d + 2

    @property
    def smallest(self) -> float:
        """The least scale there is."""
        return _SMALLEST * self.spread

    def magnitude(self, point: Point) -> float:
        """Size of what was added up to the point's value: rounding errs relative to it."""
        return abs(point.value) + self.spread + abs(self.level)

    def negligible(self, scale: float, value: float) -> bool:
        """Whether a scale of zero would hardly be better."""
        return scale <= _NEGLIGIBLE * max(value, _AS_GOOD_AS_ZERO * self.spread)

    def subset(self, rows: NDArray[np.intp], factor: Array) -> HuberObjective:
        """The objective of some rows, each standing for ``factor`` rows like it."""
        weight = factor if self.weight is None else factor * self.weight[rows]
        return HuberObjective(
            self.x[rows],
            self.y[rows],
            weight.astype(self.y.dtype),
            epsilon=self.epsilon,
            l2=self.l2,
            fit_intercept=self.fit_intercept,
            shift=self.shift,
            n_threads=self.n_threads,
        )

    def evaluate(self, theta: Matrix, *, curvature: bool = False) -> Point:
        """Read X once; infinite where the scale is as good as zero."""
        coef, intercept, scale = self.split(theta)
        if scale < self.smallest:
            nowhere = np.full_like(theta, np.nan)
            return Point(theta, coef, intercept, np.inf, 0.0, np.inf, nowhere, np.inf)
        gradient = np.empty(self.shape)
        by_plane = np.empty((1, self.table.d + 1))
        value, gradient[:, :-1] = self._pass(coef, intercept, _HUBER, self.weight, by_plane, None, scale)
        value, gradient[:, :-1] = value * (2.0 / scale), gradient[:, :-1] * (2.0 / scale)
        size = np.abs(self._margins[:, 0] - self.y).astype(np.float64)
        inliers = size <= self.epsilon * scale
        weight = 1.0 if self.weight is None else self.weight
        squares = float(np.sum(np.where(inliers, weight * (size / scale) ** 2, 0.0)))
        outliers = float(np.sum(np.where(inliers, 0.0, weight)))
        gradient[0, -1] = scale * (self.total - outliers * self.epsilon**2 - squares)
        gradient /= self.total
        gradient[:, :-2] += self.l2 * coef
        if not self.fit_intercept:
            gradient[0, -2] = 0.0
        penalty = 0.5 * self.l2 * float(np.vdot(coef, coef))
        data_loss = value / self.total + scale
        if gradient[0, -1] > 0.0 and self.negligible(scale, data_loss + penalty):
            gradient[0, -1] = 0.0
        norm = float(np.abs(gradient).max())
        if self.shift is not None:
            gradient[:, :-2] -= gradient[:, -2:-1] * self.shift
        return Point(theta, coef, intercept, data_loss, penalty, data_loss + penalty, gradient, norm)

    def _pass(
        self,
        coef: Matrix,
        intercept: Matrix,
        loss: int,
        weight: Array | None,
        gradient: Matrix,
        gram: Matrix | None,
        scale: float,
    ) -> tuple[float, Matrix]:
        """Sum of the losses over the rows and its gradient, infinite on overflow."""
        try:
            total: float = kernels.glm_pass(
                self.table,
                self.y,
                coef,
                intercept,
                loss=loss,
                loss_param=self.epsilon * scale,
                weight=weight,
                gradient=gradient,
                gram=gram,
                gram_weights="sample",
                shift=self.shift,
                margins=self._margins,
                n_threads=self.n_threads,
                scratch=self._scratch,
            )
        except FloatingPointError:  # a step too far for the line search, or bad data
            gradient.fill(np.nan)
            return np.inf, gradient
        return total, gradient

    def hessian(self, point: Point) -> Matrix:
        """Hessian at a point, from one more read: only rows within epsilon scales have curvature."""
        coef, intercept, scale = self.split(point.theta)
        d = self.table.d
        kernels.linear_predict(
            self.table,
            coef.astype(self.y.dtype),
            intercept.astype(self.y.dtype),
            self._margins,
            n_threads=self.n_threads,
        )
        residual = (self._margins[:, 0] - self.y).astype(np.float64)
        weight = np.where(np.abs(residual) <= self.epsilon * scale, 1.0 if self.weight is None else self.weight, 0.0)
        gram, pull = np.empty((d + 1, d + 1)), np.empty((1, d + 1))
        squares, _ = self._pass(coef, intercept, _SQUARED, weight.astype(self.y.dtype), pull, gram, scale)
        if self.shift is not None:
            pull[:, :-1] -= pull[:, -1:] * self.shift
        hessian = np.empty((d + 2, d + 2))
        hessian[:-1, :-1] = gram * (2.0 / scale)
        hessian[-1, :-1] = hessian[:-1, -1] = pull[0] * (-2.0 / scale)
        hessian[-1, -1] = 4.0 * squares / scale
        hessian /= self.total
        # The logarithm adds the gradient to this entry; its size instead keeps the matrix definite, and is exact at
        # the minimum, where it vanishes.
        hessian[-1, -1] += abs(point.gradient[0, -1])
        hessian.reshape(-1)[: -2 * (d + 2) : d + 3] += self.l2
        if point.gradient[0, -1] == 0.0 and self.negligible(scale, point.value):
            hessian[-1], hessian[:, -1], hessian[-1, -1] = 0.0, 0.0, 1.0
        if not self.fit_intercept:
            hessian[-2] = hessian[:, -2] = 0.0
            hessian[-2, -2] = 1.0
        return hessian

    def split(self, theta: Matrix) -> tuple[Matrix, Matrix, float]:
        """Coefficients and intercept as the user knows them, and the scale."""
        coef, intercept = np.ascontiguousarray(theta[:, :-2]), theta[:, -2].copy()
        if self.shift is not None:
            intercept -= coef @ self.shift
        return coef, intercept, float(np.exp(min(theta[0, -1], _LARGEST)))

    def joined(self, coef: Matrix, intercept: float, scale: float) -> Matrix:
        """The inverse of `split`."""
        level = intercept + (0.0 if self.shift is None else float(coef @ self.shift))
        return np.concatenate([coef, [level, np.log(scale)]])[None]

    def diagonal(self, scale: float) -> Matrix:
        """Curvature of each parameter alone if all rows were within epsilon scales."""
        squares = self.x.multiply(self.x) if self.table.is_sparse else self.x * self.x
        diagonal = np.full(self.shape, 2.0 / scale)
        diagonal[0, -1] = 2.0 * scale
        diagonal[0, :-2] = np.asarray(squares.mean(axis=0), dtype=np.float64).ravel() * (2.0 / scale) + self.l2
        return diagonal
