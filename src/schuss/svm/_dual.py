# SPDX-License-Identifier: BSD-3-Clause
"""Any loss, wide or sparse data: coordinate descent in the dual, with the duality gap as certificate."""

from __future__ import annotations

import numpy as np

from schuss import _kernels as kernels
from schuss.svm._descent import DualDescent
from schuss.svm._problem import ROUNDING, Matrix, Problem


class DualSolver(DualDescent):
    """One problem for each output, side by side.

    Parameters
    ----------
    problem : Problem
    tol, seed
        See `DualDescent`.
    """

    def __init__(self, problem: Problem, tol: float, seed: int) -> None:
        k = len(problem.positive)
        super().__init__(problem, k, tol, seed)
        self._noise = ROUNDING * np.array([problem.costs(i) @ (1.0 + np.abs(problem.target(i))) for i in range(k)])
        self._cost = np.ascontiguousarray(problem.C * problem.rows)
        self._dual = np.zeros((k, problem.table.n))

    def _epoch(self) -> Matrix:
        return kernels.dual_sweep(
            self.problem.table,
            self.problem.y,
            loss=kernels.LOSSES[self.problem.loss],
            loss_param=self.problem.epsilon,
            intercept_square=self.problem.intercept_square,
            cost=self._cost,
            positive_cost=self.problem.positive,
            negative_cost=self.problem.negative,
            square=self._square,
            dual=self._dual,
            coef=self._coef,
            intercept=self._intercept,
            active=self._active,
            n_active=self._n_active,
            bound=self._bound,
            seed=self._seed,
            epoch=self.n_iter,
            n_threads=self.problem.n_threads,
            scratch=self._scratch,
        )

    def _pulls(self) -> Matrix:
        return self._dual.T

    def _certify(self) -> tuple[Matrix, Matrix, Matrix]:
        problem, parameters = self.problem, (self._coef, self._intercept)
        loss, penalty = problem.losses(*parameters), problem.penalty(*parameters)
        return loss, penalty, loss + 2.0 * penalty + self._dual_terms()

    def _dual_terms(self) -> Matrix:
        """What the dual objective has beside the penalty, for each output."""
        problem = self.problem
        terms = np.empty(len(self._dual))
        for k, dual in enumerate(self._dual):
            terms[k] = problem.epsilon * np.abs(dual).sum() - dual @ problem.target(k).astype(np.float64)
            if problem.squared:
                cost = problem.costs(k)
                used = cost > 0.0
                terms[k] += 0.25 * np.sum(dual[used] ** 2 / cost[used])
        return terms
