# SPDX-License-Identifier: BSD-3-Clause
"""Crammer and Singer's machine on data of few columns: the interior-point method.

The dual variables of a row, one for each class, are a point of a simplex; the slacks that go with them say
how far each class stays below the row's level. Mehrotra's predictor and corrector (1992), the levels and
dual variables eliminated row by row: what is left is a matrix over the coefficients of all classes, which has
the form of a multinomial logistic regression's Hessian.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from schuss.linear_model._means import near_column_means
from schuss.linear_model._robust.rows import Rows
from schuss.linear_model._smooth.curvature import CholeskyInverse
from schuss.svm._multiclass import MulticlassHinge, MulticlassProblem, margin_excess
from schuss.svm._problem import RELATIVE_GAP, ROUNDING, Matrix, penalty_matrix

_OFF_THE_WALL, _AT_THE_WALL = 0.1, 5e-4  # part of the way to the nearest bound that is left, early and late
_SMALLEST = 1e-300
_SHORT = 0.3  # a step after which the corrector, which trusts in long ones, is tried again with less trust
_SPREAD = 3.0  # mean distance of a row's best class from its worst, where the method sets out
_PROGRESS = 0.999  # ratio of successive gaps above which rounding rules


class MulticlassInterior:
    """The method; all classes at once.

    Parameters
    ----------
    problem : MulticlassProblem
    tol : float
        Done once the duality gap is at most a thousandth of this, relative to the objective.

    Attributes
    ----------
    n_iter : int
    """

    def __init__(self, problem: MulticlassProblem, tol: float) -> None:
        self.problem, self.n_iter = problem, 0
        self._relative_gap = RELATIVE_GAP * tol
        self._stuck, self._gap, self._objective = False, np.inf, np.inf
        shift = near_column_means(problem.X) if problem.intercept_square else None
        x, cost, codes = problem.X.astype(np.float64, copy=False), problem.row_costs, problem.y
        if (used := cost > 0.0).sum() < len(cost):
            x, cost, codes = x[used], cost[used], codes[used]
        self._rows = Rows(x, shift, fit_intercept=bool(problem.intercept_square), n_threads=problem.n_threads)
        self._quadratic, self._cost, self._codes = penalty_matrix(problem, shift), cost, codes
        self._penalty_inverse = CholeskyInverse(self._quadratic.copy())
        self._own = np.arange(len(cost)), codes.astype(np.intp)
        (k, d), n = problem.shape, len(cost)
        self._theta, self._residual = np.zeros((k, d + 1)), np.zeros((k, d + 1))
        self._dual = np.repeat(cost[:, None] / k, k, axis=1)
        self._slack = 2.0 - margin_excess(codes, np.zeros((n, k)))

    def _set_out(self) -> None:
        """Follow the first direction as far as a margin or two, and take the slacks from there."""
        self._settle()
        share = self._dual / self._slack
        total = share.sum(axis=1, keepdims=True)
        change = self._solve(self._factorise(share, total), share, total, -self._dual * self._slack)[0]
        scores = self._times(change)
        spread = float(np.mean(scores.max(axis=1) - scores.min(axis=1)))
        scale = min(1.0, _SPREAD / spread) if spread > 0.0 else 1.0
        self._theta = scale * change
        excess = margin_excess(self._codes, scale * scores)
        self._slack = excess.max(axis=1, keepdims=True) + 1.0 - excess
        self._settle()

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Predict, correct, move."""
        if not self.n_iter:
            self._set_out()
        self.n_iter += 1
        before, share = self._gap, self._dual / self._slack
        total = share.sum(axis=1, keepdims=True)
        factor = self._factorise(share, total)
        predictor = self._solve(factor, share, total, -self._dual * self._slack)
        mu = float(np.mean(self._dual * self._slack))
        room = self._room(predictor)
        ahead = float(np.mean((self._dual + room * predictor[1]) * (self._slack + room * predictor[2])))
        reach = 1.0 - min(_OFF_THE_WALL, max(mu * self._dual.size / self._objective, _AT_THE_WALL))
        for trust in (1.0, room**2):
            centre = mu * (ahead / mu) ** (3 if trust == 1.0 else 2)
            aim = centre - trust * predictor[1] * predictor[2] - self._dual * self._slack
            step = self._solve(factor, share, total, aim)
            size = min(1.0, reach * self._room(step))
            if size > _SHORT:
                break
        self._theta = self._theta + size * step[0]
        self._dual = np.maximum(self._dual + size * step[1], _SMALLEST)
        self._dual *= (self._cost / self._dual.sum(axis=1))[:, None]
        self._slack = np.maximum(self._slack + size * step[2], _SMALLEST)
        record = self._settle()
        self._stuck = not self._gap < _PROGRESS * before
        return record | {"step_size": size}

    def _factorise(self, share: Matrix, total: Matrix) -> CholeskyInverse:
        """The matrix of the Newton step, over all coefficients."""
        k, p = self._theta.shape
        matrix, nothing = np.empty((k, p, k, p)), np.zeros(len(share))
        for c in range(k):
            for other in range(c + 1):
                between = share[:, c] * (share[:, other] / total[:, 0])
                if c == other:
                    between = share[:, c] * ((total[:, 0] - share[:, c]) / total[:, 0])
                gram = self._rows.gram(between, nothing)[0]
                gram = self._quadratic + gram if c == other else -gram
                if not self._rows.fit_intercept:
                    gram[-1] = gram[:, -1] = 0.0
                    gram[-1, -1] = c == other
                matrix[c, :, other, :] = matrix[other, :, c, :] = gram
        # What all classes share drowns in rounding beside columns of large numbers, and no step has a part in it.
        j = np.arange(p)
        matrix[:, j, :, j] += np.einsum("cjcj->j", matrix)[:, None, None] / (k * k)
        return CholeskyInverse(matrix.reshape(k * p, k * p))

    def _solve(
        self, factor: CholeskyInverse, share: Matrix, total: Matrix, aim: Matrix
    ) -> tuple[Matrix, Matrix, Matrix]:
        """Steps of the coefficients, the dual variables and the slacks that change their products by ``aim``."""
        pull = aim / self._slack
        lack = self._cost[:, None] - self._dual.sum(axis=1, keepdims=True)
        pull -= share * ((pull.sum(axis=1, keepdims=True) - lack) / total)
        change = factor((-self._residual - self._transposed(pull)).ravel()).reshape(self._theta.shape)
        if not self._rows.fit_intercept:
            change[:, -1] = 0.0
        rise = self._times(change)
        d_dual = pull + share * (rise - np.sum(share * rise, axis=1, keepdims=True) / total)
        return change, d_dual, (aim - self._slack * d_dual) / self._dual

    def _room(self, step: tuple[Matrix, Matrix, Matrix]) -> float:
        """Longest step that keeps dual variables and slacks positive."""
        fastest = max(float(np.max(-step[1] / self._dual)), float(np.max(-step[2] / self._slack)))
        return 1.0 if fastest <= 1.0 else 1.0 / fastest

    def _times(self, theta: Matrix) -> Matrix:
        """Scores of all rows and classes."""
        return np.stack([self._rows.times(row) for row in theta], axis=1)

    def _transposed(self, vectors: Matrix) -> Matrix:
        """Sums of the rows, each times its numbers."""
        return np.stack([self._rows.transposed(np.ascontiguousarray(column)) for column in vectors.T])

    def _settle(self) -> dict[str, float]:
        """The residual, and both objectives: any point of the simplices is feasible for the dual."""
        pull = -self._dual
        pull[self._own] += self._cost
        combined = self._transposed(pull)
        penalty = 0.5 * float(np.sum(self._theta * (self._theta @ self._quadratic)))
        self._residual = self._theta @ self._quadratic - combined
        loss = float(self._cost @ MulticlassHinge().rows(self._codes, self._times(self._theta)))
        dual_penalty = 0.5 * float(np.sum(combined * self._penalty_inverse(combined)))
        self._objective = loss + penalty
        self._gap = self._objective + dual_penalty - float(self._dual.sum() - self._dual[self._own].sum())
        scale = 1.0 / (self.problem.C * self.problem.total)
        return {
            "data_loss": scale * loss,
            "penalty": scale * penalty,
            "objective": scale * self._objective,
            "duality_gap": scale * self._gap,
        }

    @property
    def done(self) -> bool:
        return self._stuck or self.certified

    @property
    def certified(self) -> bool:
        noise = ROUNDING * 2.0 * float(self.problem.row_costs.sum())
        return bool(self._gap <= self._relative_gap * self._objective + noise)

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Coefficients and intercepts of all classes."""
        pairs = [self._rows.unshifted(row) for row in self._theta]
        return np.vstack([coef for coef, _ in pairs]), np.array([intercept for _, intercept in pairs])
