# SPDX-License-Identifier: BSD-3-Clause
"""Ridge regression by conjugate gradients: nothing but reads of X, all targets in each.

Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems",
preconditioned by the diagonal. The intercept is eliminated by seeing the columns about
their means, which are never subtracted: a sparse X stays as it is.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss.history import History
from schuss.linear_model._least_squares.problem import Problem, Reading
from schuss.linear_model._smooth.curvature import Matrix
from schuss.training import StopReason

_WEAK = 1e-12  # a penalty as part of the largest curvature
_RESTARTS = 3  # from the exact gradient, when rounding has led the recurrence astray


class ConjugateGradients:
    """Sweeps for `schuss.training.run`; an iteration is one read of X.

    The first read gives the gradient at zero. Every later one multiplies a direction by the
    Hessian, until the gradient is small by the recurrence; one more read then says whether
    it is. What is recorded in between follows from the recurrence, exact but for rounding.

    Parameters
    ----------
    problem : Problem
    tol : float
        How large the gradient may be at the end, as part of that at zero (Euclidean norms,
        each target by itself).
    max_iter : int or None
        Largest number of multiplications; None for ten times the number of features.
    strict : bool, default=False
        Whether an end without convergence is a failure, rather than the best there is.

    Attributes
    ----------
    coef, intercept : ndarray of shape (n_targets, n_features) and (n_targets,)
    centre : ndarray of shape (n_features,)
        The point about which intercepts are exact.
    measured : tuple of ndarray
        Coefficients and intercepts that the last record is about.
    n_iter : int
        Number of multiplications.
    most : int
        Upper limit of sweeps.
    failed : bool
    """

    def __init__(self, problem: Problem, tol: float, max_iter: int | None, *, strict: bool = False) -> None:
        _, d, k = problem.shape
        self.problem, self.tol = problem, tol
        self._limit = 10 * d if max_iter is None else max_iter
        self.most = self._limit + 2 + _RESTARTS
        self.coef, self.intercept = np.zeros((k, d)), problem.y_mean.copy()
        self.measured = self.coef, self.intercept
        self.n_iter = 0
        self._done, self._strict, self._checks = False, strict, 0
        self.centre: Matrix = np.zeros(d)

    @property
    def converged(self) -> bool:
        """Whether the exact gradient is as small as it was to be."""
        return bool(np.all(np.linalg.norm(self._residual, axis=1) <= self._goal))

    @property
    def failed(self) -> bool:
        return self._strict and self._done and not self.converged

    def sweep(self, iteration: int) -> dict[str, float]:
        """Read X once, and record what is then known."""
        if iteration == 0:
            return self._begin()
        if self.converged or self.n_iter >= self._limit:
            return self._check()
        self._advance()
        return self._record()

    def rule(self, history: History) -> StopReason | None:
        if not self._done:
            return None
        return StopReason.CONVERGED if self.converged else StopReason.MAX_ITER

    def _begin(self) -> dict[str, float]:
        problem = self.problem
        if problem.fit_intercept:
            self.centre = problem.centred().x_mean
        self._inverse = self._preconditioner()
        reading = problem.read(self.coef, self.intercept)
        self._right = self._residual = self._descent(reading)
        self._goal = self.tol * np.linalg.norm(self._right, axis=1)
        self._loss = reading.loss
        self._restart()
        self._done = self.converged
        return problem.record(reading, self.coef)

    def _check(self) -> dict[str, float]:
        """Replace the recurrence's gradient by the exact one."""
        reading = self.problem.read(self.coef, self.intercept)
        self.measured = self.coef, self.intercept
        self._residual = self._descent(reading)
        self._checks += 1
        self._done = self.converged or self._checks > _RESTARTS or self.n_iter >= self._limit
        self._restart()
        return self.problem.record(reading, self.coef)

    def _descent(self, reading: Reading) -> Matrix:
        gradient = reading.gradient
        slope = gradient[:, :-1] - gradient[:, -1:] * self.centre
        return -(slope + self.problem.alpha[:, None] * self.coef)

    def _restart(self) -> None:
        self._direction = self._inverse * self._residual
        self._height = np.einsum("kd,kd->k", self._residual, self._direction)

    def _advance(self) -> None:
        direction = self._direction
        product = self.problem.curve(direction, self.centre)
        bend = np.einsum("kd,kd->k", direction, product)
        step = np.divide(self._height, bend, out=np.zeros_like(bend), where=bend > 0.0)[:, None]
        self.coef = self.coef + step * direction
        self._residual = self._residual - step * product
        scaled = self._inverse * self._residual
        height = np.einsum("kd,kd->k", self._residual, scaled)
        ratio = np.divide(height, self._height, out=np.zeros_like(height), where=self._height > 0.0)
        self._direction = scaled + ratio[:, None] * direction
        self._height = height
        self.intercept = self.problem.y_mean - self.coef @ self.centre
        self.measured = self.coef, self.intercept
        self.n_iter += 1

    def _record(self) -> dict[str, float]:
        total, coef = self.problem.total, self.coef
        objective = (self._loss - 0.5 * float(np.vdot(coef, self._right + self._residual))) / total
        penalty = 0.5 * float(self.problem.alpha @ np.einsum("kd,kd->k", coef, coef)) / total
        return {
            "data_loss": objective - penalty,
            "penalty": penalty,
            "objective": objective,
            "gradient_norm": float(np.abs(self._residual).max()) / total,
        }

    def _preconditioner(self) -> Matrix:
        """Inverse diagonals of the Hessians; ones where the penalty is too weak to single out a solution.

        Started at zero without preconditioner, the method then ends at that of smallest norm.
        """
        problem = self.problem
        _, d, k = problem.shape
        squares = np.maximum(_weighted_squares(problem) - problem.total * self.centre**2, 0.0)
        if problem.alpha.min() <= _WEAK * squares.max(initial=0.0):
            return np.ones((k, d))
        return np.asarray(1.0 / (squares + problem.alpha[:, None]))


def _weighted_squares(problem: Problem) -> NDArray[np.float64]:
    """Weighted sums of the columns' squares."""
    X, weight = problem.X, problem.weight
    if sp.issparse(X):
        squares = np.square(X.data, dtype=np.float64)
        if weight is not None:
            squares *= np.repeat(weight, np.diff(X.indptr))
        return np.asarray(np.bincount(X.indices, weights=squares, minlength=X.shape[1]), dtype=np.float64)
    weight = np.ones(len(X), X.dtype) if weight is None else weight
    return np.einsum("ij,ij,i->j", X, X, weight, dtype=np.float64)
