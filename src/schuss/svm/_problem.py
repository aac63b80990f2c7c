# SPDX-License-Identifier: BSD-3-Clause
"""The objective of a linear support vector machine, one for each output."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._smooth.pilot import factorises
from schuss.losses import Loss, Target, constant_guess, constant_loss

Array = NDArray[Any]
Matrix = NDArray[np.float64]

RELATIVE_GAP = 1e-3  # of tol: duality gap, relative to the objective, of an output that is done
ROUNDING = 32 * float(np.finfo(np.float64).eps)  # what it leaves of a gap, for margins and targets near one

_NARROW = 1024  # columns of sparse data whose products with each other are worth having


@dataclass(eq=False)
class Problem:
    """Minimise ``|coef|^2 / 2 + (intercept / intercept_scaling)^2 / 2 + sum of cost * loss``.

    That is liblinear's objective: the intercept is the weight of one more column, of the constant
    ``intercept_scaling``, and penalised with the others.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,), dtype of X
        Targets; signs of two classes; numbers of more classes.
    weight : ndarray of shape (n_samples,) or None
    loss : str
    epsilon : float
        Width of the insensitive losses' tube.
    C : float
    intercept_square : float
        Square of ``intercept_scaling``; 0 without intercept.
    positive, negative : ndarray of shape (n_outputs,)
        Factors of the cost of an output's own rows and of the others.
    n_threads : int
    l1 : bool, default=False
        Whether the penalty is ``|coef|_1 + |intercept / intercept_scaling|`` instead.
    """

    X: Any
    y: Array
    weight: Matrix | None
    loss: str
    epsilon: float
    C: float
    intercept_square: float
    positive: Matrix
    negative: Matrix
    n_threads: int
    l1: bool = False

    def __post_init__(self) -> None:
        self.table = kernels.Table(self.X)
        self.rows = np.ones(self.table.n) if self.weight is None else self.weight
        self.total = float(self.rows.sum())

    def doubled(self) -> Self:
        """The same problem in double precision."""
        return (
            self
            if self.X.dtype == np.float64
            else replace(self, X=self.X.astype(np.float64), y=self.y.astype(np.float64))
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the coefficients."""
        return len(self.positive), self.table.d

    @property
    def classes(self) -> bool:
        """Whether the target is one of classes."""
        return "hinge" in self.loss

    @property
    def curve_loss(self) -> Loss:
        """The loss of a row, for curves."""
        return Loss(self.loss, Target.SIGN if self.classes else Target.REAL, self.epsilon)

    def constant_loss(self, y: Array, weight: Array | None) -> float:
        """Mean loss in some rows of the constant that is best for the training data."""
        k, loss = len(self.positive), self.curve_loss
        guess = constant_guess(loss, self.y, self.weight, n_outputs=k, classes=self.classes)
        weight = None if weight is None else weight.astype(y.dtype)
        return constant_loss(loss, y, weight, guess, classes=self.classes)

    @property
    def squared(self) -> bool:
        """Whether the loss has a gradient."""
        return self.loss.startswith("squared")

    @property
    def factorises(self) -> bool:
        """Whether matrices of the order of the columns are worth their while."""
        return factorises(self.table)

    @property
    def narrow(self) -> bool:
        """The same for sparse data, of which a few dozen such matrices are wanted."""
        return self.factorises or (self.table.d <= _NARROW and self.table.n >= self.table.d)

    def target(self, output: int) -> Array:
        """The target of one output, in the dtype of X."""
        if len(self.positive) == 1:
            return self.y
        return np.where(self.y == output, 1.0, -1.0).astype(self.X.dtype)

    def costs(self, output: int) -> Matrix:
        """What a unit of loss costs in each row."""
        factor: Array = np.where(self.target(output) > 0, self.positive[output], self.negative[output])
        return np.asarray(self.C * factor * self.rows, dtype=np.float64)

    def penalty(self, coef: Matrix, intercept: Matrix) -> Matrix:
        """Penalty of each output, on the scale of the sum."""
        square = np.einsum("kd,kd->k", coef, coef, dtype=np.float64)
        if self.intercept_square:
            square = square + intercept**2 / self.intercept_square
        return np.asarray(0.5 * square)

    def losses(self, coef: Array, intercept: Array) -> Matrix:
        """Sum of cost times loss of each output."""
        raw = self.raw(coef, intercept)
        return np.array([self._loss(k, np.ascontiguousarray(raw[:, k])) for k in range(len(coef))])

    def raw(self, coef: Array, intercept: Array) -> Array:
        """Raw predictions, (n_samples, n_outputs)."""
        dtype = self.X.dtype
        raw = np.empty((self.table.n, len(coef)), dtype=dtype)
        kernels.linear_predict(
            self.table,
            np.ascontiguousarray(coef, dtype=dtype),
            np.ascontiguousarray(intercept, dtype=dtype),
            raw,
            n_threads=self.n_threads,
        )
        return raw

    def _loss(self, output: int, raw: Array) -> float:
        total: float = kernels.loss_sum(
            self.target(output),
            raw,
            loss=kernels.LOSSES[self.loss],
            loss_param=self.epsilon,
            weight=self.costs(output).astype(raw.dtype),
            n_threads=self.n_threads,
        )
        return total

    def squares(self) -> Matrix:
        """Squared length of each row."""
        if sp.issparse(self.X):
            square = self.X.multiply(self.X).sum(axis=1, dtype=np.float64)
            return np.asarray(square, dtype=np.float64).ravel()
        return np.einsum("ij,ij->i", self.X, self.X, dtype=np.float64)


def penalty_matrix(problem: Problem, shift: Matrix | None) -> Matrix:
    """The penalty of one output's coefficients and intercept, in coordinates about the shift."""
    quadratic = np.eye(problem.table.d + 1)
    if problem.intercept_square:
        about = np.ones(len(quadratic))
        about[:-1] = 0.0 if shift is None else -shift
        quadratic[-1, -1] = 0.0
        quadratic += np.outer(about, about) / problem.intercept_square
    return quadratic
