# SPDX-License-Identifier: BSD-3-Clause
"""The minima of all folds, one strength of the penalty after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._logistic.problem import LogisticProblem, Solver
from schuss.linear_model._proximal import L1Penalty
from schuss.linear_model._smooth.newton import Minimizer
from schuss.linear_model._smooth.objective import Objective, Point

Matrix = NDArray[np.float64]

_ALIKE = 5  # rows per parameter from which on the folds' Hessians are much the same


@dataclass(frozen=True, slots=True)
class Solution:
    """One minimum.

    Attributes
    ----------
    point : Point
    n_iter : int
    converged : bool
    """

    point: Point
    n_iter: int
    converged: bool


class FoldPaths:
    """Minimises the objectives of all folds, each from where its last one was minimal.

    Folds share most of their rows. What the first fold learns at a strength therefore
    serves the others: they start where it ended, corrected by how far apart the minima
    were at the strength before, and with its inverse Hessian.

    Parameters
    ----------
    problem : LogisticProblem
        Of the whole table.
    masks : list of ndarray of shape (n_samples,), bool
        Training rows of every fold. The others get a weight of zero: no table is copied.
    shares : ndarray of shape (n_l1_ratios,)
        Of the L1 penalty: one path for each.
    tol : float
    max_iter : int
    """

    def __init__(
        self,
        problem: LogisticProblem,
        masks: list[NDArray[np.bool_]],
        shares: Matrix,
        *,
        tol: float,
        max_iter: int,
    ) -> None:
        self._problems = [problem.of_rows(mask) for mask in masks]
        self._shares, self._tol, self._max_iter = shares, tol, max_iter
        self._theta: list[list[Matrix | None]] = [[None] * len(masks) for _ in shares]

    def step(self, C: float) -> list[list[Solution]]:
        """Minimise at the next strength; returns a list of the folds' solutions for each share."""
        return [self._step(path, C) for path in range(len(self._shares))]

    def _step(self, path: int, C: float) -> list[Solution]:
        share, last = float(self._shares[path]), self._theta[path]
        found: list[Solution] = []
        leader: Solver | None = None
        for problem, here in zip(self._problems, last, strict=True):
            objective, l1 = problem.objective(C, share), problem.l1_penalty(C, share)
            if leader is None:
                theta = objective.shifted(*problem.constant_guess()) if here is None else here
                solver = leader = problem.solver(objective, l1, theta, tol=self._tol)
            else:
                theta = found[0].point.theta
                if here is not None and last[0] is not None:
                    theta = theta + (here - last[0])
                solver = self._follower(leader, problem, objective, l1, theta)
            found.append(minimise(solver, self._tol, self._max_iter))
        self._theta[path] = [solution.point.theta for solution in found]
        return found

    def _follower(
        self, leader: Solver, problem: LogisticProblem, objective: Objective, l1: L1Penalty | None, theta: Matrix
    ) -> Solver:
        """The solver of another fold than the first, with the first one's curvature if it is good enough."""
        alike = objective.table.is_sparse or objective.table.n >= _ALIKE * theta.size
        if isinstance(leader, Minimizer) and not leader.renews and alike:
            return leader.resume(objective, theta)
        return problem.solver(objective, l1, theta, tol=self._tol, warm=True)


def minimise(solver: Solver, tol: float, max_iter: int) -> Solution:
    """Run a solver to its end, or for so many iterations."""
    solver.start()
    n_iter = 0
    while n_iter < max_iter and not (solver.converged(tol) or solver.stuck):
        solver.step()
        n_iter += 1
    return Solution(solver.point, n_iter, solver.point.gradient_norm <= tol or solver.stuck)
