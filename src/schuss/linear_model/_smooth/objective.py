# SPDX-License-Identifier: BSD-3-Clause
"""The penalised mean loss of a linear model: value, gradient and Gram matrix in one read of X."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels

Array = NDArray[Any]
Matrix = NDArray[np.float64]


@dataclass(slots=True, eq=False)
class Point:
    """What is known about the objective at one set of parameters.

    Attributes
    ----------
    theta : ndarray of shape (n_outputs, n_features + 1)
        Coefficients, and the intercept about the objective's shift.
    coef, intercept : ndarray of shape (n_outputs, n_features) and (n_outputs,)
        The same for unshifted columns.
    data_loss, penalty, value : float
        Mean loss, penalty and their sum.
    gradient : ndarray of the shape of theta
        Of the value with respect to theta.
    gradient_norm : float
        Largest entry of the gradient with respect to coef and intercept.
    """

    theta: Matrix
    coef: Matrix
    intercept: Matrix
    data_loss: float
    penalty: float
    value: float
    gradient: Matrix
    gradient_norm: float


class Objective:
    """Weighted mean loss plus ``l2 / 2 * |coef|^2 + intercept_l2 / 2 * |intercept|^2`` of a table.

    Columns are seen about a shift near their means, which is never subtracted from the
    data: it only changes coordinates, so that the curvature of columns far from zero
    does not drown in that of the intercept.

    Parameters
    ----------
    x : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        {0, 1} for ``logistic``, class codes for ``softmax``, what the family allows for
        the losses of generalised linear models; dtype of x.
    weight : ndarray of shape (n_samples,) or None
        dtype of x.
    loss : str
        One of the smooth losses among ``kernels.LOSSES``.
    n_outputs : int
    l2 : float or ndarray of shape (n_features,)
        Penalty of the coefficients, all or each, on the scale of the mean loss.
    fit_intercept : bool
    shift : ndarray of shape (n_features,) or None
        Must be None without intercept.
    n_threads : int
    intercept_l2 : float, default=0
        Penalty of the intercept, which usually is free.
    loss_param : float, default=0
        Parameter of the loss, such as Tweedie's power.
    offset : ndarray of shape (n_samples,) or None, default=None
        Added to the raw predictions, with one output; dtype of x.
    constant : float, default=0
        Added to the mean loss: minus that of the best predictions, for instance, which
        makes it a deviance.
    expected : bool, default=False
        Whether the Hessian is its expectation under the model, which is positive where the
        Hessian need not be.
    """

    def __init__(
        self,
        x: Any,
        y: Array,
        weight: Array | None,
        *,
        loss: str,
        n_outputs: int,
        l2: float | Matrix,
        fit_intercept: bool,
        shift: Matrix | None,
        n_threads: int,
        intercept_l2: float = 0.0,
        loss_param: float = 0.0,
        offset: Array | None = None,
        constant: float = 0.0,
        expected: bool = False,
    ) -> None:
        self.x, self.y, self.weight = x, y, weight
        self.loss, self.n_outputs, self.l2, self.intercept_l2 = loss, n_outputs, l2, intercept_l2
        self.fit_intercept, self.shift, self.n_threads = fit_intercept, shift, n_threads
        self.loss_param, self.offset, self.constant, self.expected = loss_param, offset, constant, expected
        self.table = kernels.Table(x)
        self.total = float(len(y) if weight is None else weight.sum(dtype=np.float64))
        self._single = np.dtype(self.table.dtype) == np.float32
        self.code = kernels.LOSSES[loss]
        self.scratch = kernels.Scratch()
        self._gram: Matrix | None = None
        self._gram_at: Point | None = None

    @property
    def classifies(self) -> bool:
        """Whether y are classes."""
        return self.loss in ("logistic", "softmax")

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the parameters."""
        return self.n_outputs, self.table.d + 1

    def subset(self, rows: NDArray[np.intp], factor: Array) -> Objective:
        """The objective of some rows, each standing for ``factor`` rows like it."""
        weight = factor if self.weight is None else factor * self.weight[rows]
        offset = None if self.offset is None else self.offset[rows]
        return self._like(
            self.x[rows], self.y[rows], weight.astype(self.y.dtype), l2=self.l2, shift=self.shift, offset=offset
        )

    def columns(self, chosen: NDArray[np.intp]) -> Objective:
        """The objective of some columns, copied out of X, as if there were no others."""
        shift = None if self.shift is None else self.shift[chosen]
        l2 = self.l2[chosen] if isinstance(self.l2, np.ndarray) else self.l2
        x = kernels.select_columns(self.table, chosen.astype(np.int64, copy=False), n_threads=self.n_threads)
        return self._like(x, self.y, self.weight, l2=l2, shift=shift, offset=self.offset)

    def _like(
        self,
        x: Any,
        y: Array,
        weight: Array | None,
        *,
        l2: float | Matrix,
        shift: Matrix | None,
        offset: Array | None,
    ) -> Objective:
        """The same model of another table."""
        return Objective(
            x,
            y,
            weight,
            loss=self.loss,
            n_outputs=self.n_outputs,
            l2=l2,
            fit_intercept=self.fit_intercept,
            shift=shift,
            n_threads=self.n_threads,
            intercept_l2=self.intercept_l2,
            loss_param=self.loss_param,
            offset=offset,
            constant=self.constant,
            expected=self.expected,
        )

    def weighted(self, weight: Array) -> Objective:
        """The objective of the same table with other weights of the rows."""
        other = self._another()
        other.weight, other.total = weight, float(weight.sum(dtype=np.float64))
        return other

    def aimed_at(self, y: Array) -> Objective:
        """The objective of the same table with other targets."""
        other = self._another()
        other.y = y
        return other

    def penalised(self, l2: float, intercept_l2: float = 0.0) -> Objective:
        """The objective of the same table with another penalty."""
        other = self._another()
        other.l2, other.intercept_l2 = l2, intercept_l2
        return other

    def _another(self) -> Objective:
        """A copy that shares the table, but no memory of where it was evaluated."""
        other = copy.copy(self)
        other._gram = other._gram_at = None
        return other

    def evaluate(self, theta: Matrix, *, curvature: bool = False) -> Point:
        """Read X once.

        Parameters
        ----------
        theta : ndarray of shape (n_outputs, n_features + 1)
        curvature : bool, default=False
            Whether `mean_gram` will be asked at this point: then the Gram matrix of a dense
            table comes out of the same read.
        """
        coef, intercept = self.unshifted(theta)
        gradient = np.empty(self.shape)
        curvature = curvature and not self.table.is_sparse
        loss = self._pass(coef, intercept, gradient, self._gram_buffer() if curvature else None)
        norm = self.complete(gradient, coef, intercept)
        data_loss = loss / self.total + self.constant
        penalty = 0.5 * float(np.vdot(coef, self.l2 * coef))
        if self.intercept_l2:
            penalty += 0.5 * self.intercept_l2 * float(np.vdot(intercept, intercept))
        point = Point(theta, coef, intercept, data_loss, penalty, data_loss + penalty, gradient, norm)
        if curvature:
            self._gram_at = point
        return point

    def complete(self, sums: Matrix, coef: Matrix, intercept: Matrix) -> float:
        """Turn the loss's gradient, summed over the rows, into the objective's about the shift.

        Returns its largest entry, with respect to coef and intercept.
        """
        sums /= self.total
        sums[:, :-1] += self.l2 * coef
        if self.intercept_l2:
            sums[:, -1] += self.intercept_l2 * intercept
        if not self.fit_intercept:
            sums[:, -1] = 0.0
        norm = float(np.abs(sums).max())
        if self.shift is not None:
            sums[:, :-1] -= sums[:, -1:] * self.shift
        return norm

    def _pass(self, coef: Matrix, intercept: Matrix, gradient: Matrix, gram: Matrix | None) -> float:
        """Fill the sums over the rows; return that of the losses, infinite on overflow."""
        try:
            loss: float = kernels.glm_pass(
                self.table,
                self.y,
                coef,
                intercept,
                loss=self.code,
                loss_param=self.loss_param,
                weight=self.weight,
                offset=self.offset,
                gradient=gradient,
                gram=gram,
                gram_weights=self._gram_weights,
                shift=self.shift,
                n_threads=self.n_threads,
                scratch=self.scratch,
            )
        except FloatingPointError:  # a step too far for the line search, or bad data
            gradient.fill(np.nan)
            return np.inf
        return loss

    @property
    def _gram_weights(self) -> Literal["hessian", "expected", "sample"]:
        if self.n_outputs > 1:
            return "sample"
        return "expected" if self.expected else "hessian"

    def magnitude(self, point: Point) -> float:
        """Size of what was added up to the point's value: rounding errs relative to it."""
        return abs(point.value) + abs(self.constant)

    def unshifted(self, theta: Matrix) -> tuple[Matrix, Matrix]:
        """Coefficients and intercept as the user knows them."""
        coef, intercept = np.ascontiguousarray(theta[:, :-1]), theta[:, -1]
        if self._single:  # so that the intercept fits what is published
            coef = coef.astype(np.float32).astype(np.float64)
        if self.shift is not None:
            return coef, intercept - coef @ self.shift
        return coef, np.ascontiguousarray(intercept)

    def shifted(self, coef: Matrix, intercept: Matrix) -> Matrix:
        """The inverse of `unshifted`."""
        theta = np.empty(self.shape)
        theta[:, :-1] = coef
        theta[:, -1] = intercept if self.shift is None else intercept + coef @ self.shift
        return theta

    def _gram_buffer(self) -> Matrix:
        if self._gram is None:
            order = self.table.d + 1
            self._gram = np.empty((order, order))
        return self._gram

    def mean_gram(self, point: Point) -> Matrix:
        """Weighted mean of a dense table's outer products of shifted rows; read again if `evaluate` was not asked."""
        if self._gram_at is not point:
            self.evaluate(point.theta, curvature=True)
        self._gram_at = None
        return self._gram_buffer() / self.total

    def add_penalty(self, matrix: Matrix) -> Matrix:
        """Add the penalty to one class's matrix; an intercept that is not fitted is free."""
        matrix.reshape(-1)[: -1 : len(matrix) + 1] += self.l2
        if self.intercept_l2:  # of what the intercept is in shifted coordinates
            direction = np.ones(len(matrix))
            direction[:-1] = 0.0 if self.shift is None else -self.shift
            matrix += self.intercept_l2 * np.outer(direction, direction)
        if not self.fit_intercept:
            matrix[-1] = matrix[:, -1] = 0.0
            matrix[-1, -1] = 1.0
        return matrix

    def margins(self, coef: Matrix, intercept: Matrix) -> Array:
        """Raw predictions of the rows, (n_samples, n_outputs)."""
        margins = np.empty((self.table.n, self.n_outputs), dtype=self.table.dtype)
        kernels.linear_predict(
            self.table,
            coef.astype(margins.dtype, copy=False),
            intercept.astype(margins.dtype, copy=False),
            margins,
            n_threads=self.n_threads,
        )
        return margins
