# SPDX-License-Identifier: BSD-3-Clause
"""Crammer and Singer's machine on wide or sparse data: one row's simplex of dual variables at a time."""

from __future__ import annotations

import numpy as np

from schuss import _kernels as kernels
from schuss.svm._descent import DualDescent
from schuss.svm._multiclass import MulticlassProblem
from schuss.svm._problem import ROUNDING, Matrix


class MulticlassDual(DualDescent):
    """The sequential dual method of Keerthi et al. (2008), all classes in one problem.

    Parameters
    ----------
    problem : MulticlassProblem
    tol, seed
        See `DualDescent`.
    """

    def __init__(self, problem: MulticlassProblem, tol: float, seed: int) -> None:
        super().__init__(problem, 1, tol, seed)
        n = problem.table.n
        self._cost = problem.row_costs
        self._own = np.arange(n), problem.y.astype(np.intp)
        self._noise = np.array([2.0 * ROUNDING * self._cost.sum()])
        self._dual = np.zeros((n, len(problem.positive)))
        self._dual[self._own] = self._cost

    def _epoch(self) -> Matrix:
        violation = kernels.crammer_singer_sweep(
            self.problem.table,
            self.problem.y,
            intercept_square=self.problem.intercept_square,
            cost=self._cost,
            square=self._square,
            dual=self._dual,
            coef=self._coef,
            intercept=self._intercept,
            active=self._active[0],
            n_active=self._n_active,
            bound=float(self._bound[0]),
            seed=self._seed,
            epoch=self.n_iter,
            n_threads=self.problem.n_threads,
            scratch=self._scratch,
        )
        return np.array([violation])

    def _pulls(self) -> Matrix:
        pulls = -self._dual
        pulls[self._own] += self._cost
        return pulls

    def _certify(self) -> tuple[Matrix, Matrix, Matrix]:
        problem, parameters = self.problem, (self._coef, self._intercept)
        loss, penalty = problem.losses(*parameters), problem.penalty(*parameters).sum(keepdims=True)
        others = self._dual.sum() - self._dual[self._own].sum()
        return loss, penalty, loss + 2.0 * penalty - others
