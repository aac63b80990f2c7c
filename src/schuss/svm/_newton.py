# SPDX-License-Identifier: BSD-3-Clause
"""Squared losses: Newton's method in the primal, one read of X an iteration and output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._means import near_column_means
from schuss.linear_model._proximal import L1Penalty, ProximalMinimizer, proximal_minimizer
from schuss.linear_model._robust.minimizers import minimizer
from schuss.linear_model._smooth.hessians import hessian
from schuss.linear_model._smooth.newton import Minimizer
from schuss.linear_model._smooth.objective import Objective
from schuss.svm._problem import Matrix, Problem

Array = NDArray[Any]


class NewtonSolver:
    """Minimises every output's objective by itself; those that are done wait for the others.

    Parameters
    ----------
    problem : Problem
        With a squared loss.
    tol : float
        Largest entry of the mean objective's gradient at which an output is done, and as in
        LogisticRegression a gap to the minimum of about 1e-7 of it.

    Attributes
    ----------
    n_iter : int
        Steps taken.
    """

    def __init__(self, problem: Problem, tol: float) -> None:
        self.problem, self._tol = problem, tol
        self.n_iter = 0
        self._objectives = [self._objective(k) for k in range(len(problem.positive))]
        self._share = np.array([objective.total for objective in self._objectives]) / problem.total
        self._solvers: list[Minimizer | ProximalMinimizer] | None = None
        self._sizes = np.zeros(len(problem.positive))

    def _objective(self, k: int) -> Objective:
        problem = self.problem
        costs = problem.costs(k) / problem.C
        total, square = float(costs.sum()), problem.intercept_square
        l2 = 1.0 / (problem.C * total)
        return Objective(
            problem.X,
            problem.target(k),
            None if np.all(costs == 1.0) else costs.astype(problem.X.dtype),
            loss=problem.loss,
            loss_param=problem.epsilon,
            n_outputs=1,
            l2=0.0 if problem.l1 else l2,
            intercept_l2=l2 / square if square and not problem.l1 else 0.0,
            fit_intercept=bool(square),
            # the L1 penalty of an intercept is about the columns as they are
            shift=near_column_means(problem.X) if square and not problem.l1 else None,
            n_threads=problem.n_threads,
        )

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Take a step with each output that is not done."""
        self.n_iter += 1
        first = self._solvers is None
        if self._solvers is None:
            self._solvers = [self._begin(k) for k in range(len(self._objectives))]
        for k, solver in enumerate(self._solvers):
            idle = solver.stuck or (solver.converged(self._tol) and (first or self._sizes[k] == 0.0))
            self._sizes[k] = 0.0 if idle or self._done(solver) else solver.step()
        points = [solver.point for solver in self._solvers]
        return {
            "data_loss": float(self._share @ [point.data_loss for point in points]),
            "penalty": float(self._share @ [point.penalty for point in points]),
            "objective": float(self._share @ [point.value for point in points]),
            "gradient_norm": max(point.gradient_norm for point in points),
            "step_size": float(self._sizes.max()),
        }

    def _begin(self, k: int) -> Minimizer | ProximalMinimizer:
        solver = self._sparse(k) if self.problem.l1 else self._smooth(k)
        solver.start()
        return solver

    def _sparse(self, k: int) -> ProximalMinimizer:
        """With an L1 penalty, of the intercept as well."""
        objective, problem = self._objectives[k], self.problem
        strength = np.full(objective.shape, 1.0 / (problem.C * objective.total))
        strength[:, -1] /= np.sqrt(problem.intercept_square or 1.0)
        return proximal_minimizer(objective, L1Penalty(strength), np.zeros(objective.shape), tol=self._tol)

    def _smooth(self, k: int) -> Minimizer:
        objective, problem = self._objectives[k], self.problem
        theta = np.zeros(objective.shape)
        diagonal = None
        if not problem.factorises:
            diagonal = _diagonal(objective)
        strata = np.zeros(problem.table.n, dtype=np.int8)
        if problem.loss == "squared_hinge":
            strata = (objective.y > 0).astype(np.int8)
        strata[problem.costs(k) <= 0] = -1
        return minimizer(objective, theta, diagonal, strata, hessian)

    def _done(self, solver: Minimizer | ProximalMinimizer) -> bool:
        return solver.stuck or solver.converged(self._tol)

    @property
    def done(self) -> bool:
        """Whether no output has any further to go."""
        return self._solvers is not None and all(self._done(solver) for solver in self._solvers)

    @property
    def certified(self) -> bool:
        """Whether every output is at its minimum, as far as rounding lets it be known."""
        solvers = self._solvers or []
        return bool(solvers) and all(s.precise or s.point.gradient_norm <= self._tol for s in solvers)

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Coefficients and intercepts of all outputs."""
        if self._solvers is None:
            k, d = self.problem.shape
            return np.zeros((k, d)), np.zeros(k)
        points = [solver.point for solver in self._solvers]
        return np.vstack([point.coef for point in points]), np.concatenate([point.intercept for point in points])


def _diagonal(objective: Objective) -> Matrix:
    """Curvature of each parameter alone if every row were within reach of the loss."""
    x = objective.x
    squares = x.multiply(x) if objective.table.is_sparse else x * x
    diagonal = np.empty(objective.shape)
    diagonal[0, :-1] = 2.0 * np.asarray(squares.mean(axis=0)).ravel() + objective.l2
    diagonal[0, -1] = 2.0
    return diagonal
