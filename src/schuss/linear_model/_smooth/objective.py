# SPDX-License-Identifier: BSD-3-Clause
"""The penalised mean loss of a linear model: value, gradient and curvature in one read of X."""

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
        Whether `hessian` is the Hessian's expectation under the model, which is positive
        where the Hessian need not be.
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
        self._code = kernels.LOSSES[loss]
        self._scratch = kernels.Scratch()
        self._gram: Matrix | None = None
        self._gram_at: Point | None = None

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
            Whether `hessian` or `bound` will be asked at this point: then the Gram
            matrix of a dense table comes out of the same read.
        """
        coef, intercept = self.unshifted(theta)
        gradient = np.empty(self.shape)
        curvature = curvature and not self.table.is_sparse
        loss = self._pass(coef, intercept, gradient, self._gram_buffer() if curvature else None)
        gradient /= self.total
        pull = self.l2 * coef
        gradient[:, :-1] += pull
        if self.intercept_l2:
            gradient[:, -1] += self.intercept_l2 * intercept
        if not self.fit_intercept:
            gradient[:, -1] = 0.0
        norm = float(np.abs(gradient).max())
        if self.shift is not None:
            gradient[:, :-1] -= gradient[:, -1:] * self.shift
        data_loss = loss / self.total + self.constant
        penalty = 0.5 * float(np.vdot(coef, pull))
        if self.intercept_l2:
            penalty += 0.5 * self.intercept_l2 * float(np.vdot(intercept, intercept))
        point = Point(theta, coef, intercept, data_loss, penalty, data_loss + penalty, gradient, norm)
        if curvature:
            self._gram_at = point
        return point

    def _pass(self, coef: Matrix, intercept: Matrix, gradient: Matrix, gram: Matrix | None) -> float:
        """Fill the sums over the rows; return that of the losses, infinite on overflow."""
        try:
            loss: float = kernels.glm_pass(
                self.table,
                self.y,
                coef,
                intercept,
                loss=self._code,
                loss_param=self.loss_param,
                weight=self.weight,
                offset=self.offset,
                gradient=gradient,
                gram=gram,
                gram_weights=self._gram_weights,
                shift=self.shift,
                n_threads=self.n_threads,
                scratch=self._scratch,
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

    def hessian(self, point: Point, *, definite: bool = True) -> Matrix:
        """Hessian at a point: of order n_features + 1, times n_outputs for softmax.

        That of softmax is singular without a penalty, for a common shift of all classes
        changes no probability; ``definite`` adds curvature there, which gradients, having
        no part in it, do not notice.
        """
        if self.n_outputs > 1:
            return self._softmax_hessian(point, definite)
        if self.table.is_sparse:
            return self._penalised(self._sparse_gram(self._hessian_weights(point)))
        return self._penalised(self._mean_gram(point))

    def bound(self, point: Point) -> Matrix:
        """Upper bound of one class's block of the softmax Hessian, at any parameters.

        Boehning (1992), "Multinomial logistic regression algorithm": the block Hessian
        is at most 1/2 (I - 11'/K) (x) X'X, which is 1/2 X'X for each class as long as
        gradients sum to zero over the classes, as they do.
        """
        return self._penalised(0.5 * self._mean_gram(point))

    def blocks(self, point: Point) -> Matrix:
        """Each class's block of the softmax Hessian, (n_outputs, order, order)."""
        share, x = self._shares(point), self._augmented()
        share *= 1.0 - share
        if self.weight is not None:
            share *= self.weight[:, None]
        grams = (self._outer_products(x, np.ascontiguousarray(s)) / self.total for s in share.T)
        return np.stack([self._penalised(gram) for gram in grams])

    def partial_hessians(self, point: Point, widest: int) -> list[tuple[NDArray[np.intp], Matrix]]:
        """Blocks on the Hessian's diagonal: of each class, and of at most ``widest`` columns.

        Each comes with the positions of its parameters among all, which are counted class
        by class; an intercept belongs to its class's last block.
        """
        k, p = self.shape
        chunks = np.array_split(np.arange(p - 1), max(1, -(-(p - 1) // widest)))
        parts = [self.columns(chunk) for chunk in chunks] if len(chunks) > 1 else [self]
        if k == 1:
            weights = self._hessian_weights(point)[:, None]
        else:
            weights = self._shares(point)
            weights *= 1.0 - weights
            if self.weight is not None:
                weights *= self.weight[:, None]
        blocks = []
        for c in range(k):
            weight = np.ascontiguousarray(weights[:, c])
            for chunk, part in zip(chunks, parts, strict=True):
                matrix, index = part._weighted_gram(weight), c * p + chunk
                if chunk is chunks[-1]:
                    blocks.append((np.append(index, c * p + p - 1), matrix))
                else:
                    blocks.append((index, np.ascontiguousarray(matrix[:-1, :-1])))
        return blocks

    def _weighted_gram(self, weight: Array) -> Matrix:
        """Weighted mean of the outer products of the shifted rows, and the penalty."""
        if self.table.is_sparse:
            return self._penalised(self._sparse_gram(weight))
        return self._penalised(self._outer_products(self._augmented(), weight) / self.total)

    def _sparse_gram(self, weight: Array | None) -> Matrix:
        """Weighted mean of the outer products of a CSR table's shifted rows."""
        gram = np.empty((self.shape[1], self.shape[1]))
        threads, scratch = self.n_threads, self._scratch
        kernels.sparse_gram(self.table, weight, gram, shift=self.shift, n_threads=threads, scratch=scratch)
        gram /= self.total
        return gram

    def _hessian_weights(self, point: Point) -> Array:
        """Second derivatives of the rows' losses, times the rows' weights."""
        margins = self._margins(point)[:, 0]
        if self.offset is not None:
            margins += self.offset
        hessian = np.empty_like(self.y)
        kernels.loss_gradient(
            self.y,
            margins,
            loss=self._code,
            loss_param=self.loss_param,
            weight=self.weight,
            gradient=np.empty_like(self.y),
            hessian=hessian,
            expected=self.expected,
            n_threads=self.n_threads,
        )
        return hessian

    def _gram_buffer(self) -> Matrix:
        if self._gram is None:
            order = self.table.d + 1
            self._gram = np.empty((order, order))
        return self._gram

    def _mean_gram(self, point: Point) -> Matrix:
        if self._gram_at is not point:
            self.evaluate(point.theta, curvature=True)
        self._gram_at = None
        return self._gram_buffer() / self.total

    def _penalised(self, matrix: Matrix) -> Matrix:
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

    def _softmax_hessian(self, point: Point, definite: bool) -> Matrix:
        """diag(p) - pp' times the outer products of the rows, summed over the rows."""
        k, p = self.shape
        hessian = self._sparse_class_products(point) if self.table.is_sparse else self._class_products(point)
        for c in range(k):
            hessian[c, :, c, :] = self._penalised(hessian[c, :, c, :].copy())
        # A common shift of all classes changes nothing but the penalty, and gradients
        # have no part in it: any positive curvature there makes the matrix definite.
        if definite:  # in the size of each column, lest the small ones drown in it
            j = np.arange(p)
            hessian[:, j, :, j] += np.einsum("cjcj->j", hessian)[:, None, None] / (k * k)
        return hessian.reshape(k * p, k * p)

    def _sparse_class_products(self, point: Point) -> Matrix:
        """The mean of diag(p) - pp' times the rows' outer products, (k, order, k, order)."""
        k, p = self.shape
        share, hessian = self._shares(point), np.empty((k, p, k, p))
        for c in range(k):
            own = share[:, c] if self.weight is None else share[:, c] * self.weight
            for other in range(c + 1):
                between = own * ((c == other) - share[:, other])
                hessian[c, :, other, :] = hessian[other, :, c, :] = self._sparse_gram(between)
        return hessian

    def _class_products(self, point: Point) -> Matrix:
        """The same of a dense table."""
        k, p = self.shape
        share, x = self._shares(point), self._augmented()
        spread = (share[:, :, None] * x[:, None, :]).reshape(len(x), k * p)
        hessian = -self._outer_products(spread, self.weight).reshape(k, p, k, p)
        for c in range(k):
            weight = share[:, c] if self.weight is None else share[:, c] * self.weight
            own = hessian[c, :, c, :] + self._outer_products(x, np.ascontiguousarray(weight))
            hessian[c, :, c, :] = own
        hessian /= self.total
        return hessian

    def _shares(self, point: Point) -> Array:
        """Probabilities of the classes, (n_samples, n_outputs)."""
        share = self._margins(point)
        kernels.softmax(share, share, n_threads=self.n_threads)
        return share

    def _margins(self, point: Point) -> Array:
        """Raw predictions of the rows, (n_samples, n_outputs)."""
        margins = np.empty((self.table.n, self.n_outputs), dtype=self.table.dtype)
        kernels.linear_predict(
            self.table,
            point.coef.astype(margins.dtype, copy=False),
            point.intercept.astype(margins.dtype, copy=False),
            margins,
            n_threads=self.n_threads,
        )
        return margins

    def _augmented(self) -> Array:
        """Copy of the shifted columns and a column of ones, or of zeros without intercept."""
        n, p = self.table.n, self.shape[1]
        x = np.full((n, p), float(self.fit_intercept), dtype=self.table.dtype)
        x[:, :-1] = self.x
        if self.shift is not None:
            x[:, :-1] -= self.shift.astype(x.dtype)
        return x

    def _outer_products(self, x: Array, weight: Array | None) -> Matrix:
        """Weighted sum of the outer products of the rows of a dense array."""
        d = x.shape[1]
        gram = np.empty((d + 1, d + 1))
        kernels.glm_pass(
            kernels.Table(x),
            self.y,
            np.zeros((1, d)),
            np.zeros(1),
            loss=kernels.LOSSES["squared"],
            weight=weight,
            gradient=np.empty((1, d + 1)),
            gram=gram,
            gram_weights="sample",
            n_threads=self.n_threads,
            scratch=self._scratch,
        )
        return np.ascontiguousarray(gram[:-1, :-1])
