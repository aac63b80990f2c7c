# SPDX-License-Identifier: BSD-3-Clause
"""Losses with kinks on dense data: the interior-point method, exact to the duality gap."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from schuss.linear_model._means import near_column_means
from schuss.linear_model._robust.band import Banded
from schuss.linear_model._robust.interior_point import Kinks
from schuss.linear_model._robust.rows import Rows
from schuss.svm._problem import RELATIVE_GAP, Matrix, Problem, penalty_matrix


class InteriorSolver:
    """One interior-point method for each output; those that are done wait for the others.

    Parameters
    ----------
    problem : Problem
        With a loss that is not squared.
    tol : float
        An output is done once its duality gap is at most a thousandth of this, relative to the
        objective.

    Attributes
    ----------
    n_iter : int
        Iterations of the output that needed most.
    """

    def __init__(self, problem: Problem, tol: float) -> None:
        self.problem, self.n_iter = problem, 0
        self._relative_gap = RELATIVE_GAP * tol
        self._outputs: list[Banded] | None = None

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Take a step with each output that is not done."""
        self.n_iter += 1
        if self._outputs is None:
            self._outputs = [self._begin(k) for k in range(len(self.problem.positive))]
        sizes = [0.0 if output.done else output.step() for output in self._outputs]
        scale = 1.0 / (self.problem.C * self.problem.total)
        objective = scale * sum(output.objective for output in self._outputs)
        penalty = scale * float(self.problem.penalty(*self.parameters()).sum())
        return {
            "data_loss": objective - penalty,
            "penalty": penalty,
            "objective": objective,
            "duality_gap": scale * sum(output.gap for output in self._outputs),
            "step_size": max(sizes),
        }

    def _begin(self, k: int) -> Banded:
        problem = self.problem
        intercept = bool(problem.intercept_square)
        shift = near_column_means(problem.X) if intercept else None
        x = problem.X.astype(np.float64, copy=False)
        cost, target = problem.costs(k), problem.target(k).astype(np.float64)
        if (used := cost > 0.0).sum() < len(cost):
            x, cost, target = x[used], cost[used], target[used]
        rows = Rows(x, shift, fit_intercept=intercept, n_threads=problem.n_threads)
        theta = np.zeros(rows.shape[1])
        return Banded(
            rows,
            self._kinks(target, cost),
            None,
            None,
            theta.copy(),
            penalty_matrix(problem, shift),
            theta,
            self._relative_gap,
        )

    def _kinks(self, target: Matrix, cost: Matrix) -> list[Kinks]:
        half = 0.5 * cost
        if self.problem.loss == "hinge":
            return [Kinks(np.ones(len(cost)), cost, target, half)]
        epsilon = self.problem.epsilon
        return [Kinks(target - epsilon, cost, 1.0, half), Kinks(-target - epsilon, cost, -1.0, half.copy())]

    @property
    def done(self) -> bool:
        return self._outputs is not None and all(output.done for output in self._outputs)

    @property
    def certified(self) -> bool:
        return all(output.certified for output in self._outputs or [])

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Coefficients and intercepts of all outputs."""
        k, d = self.problem.shape
        if self._outputs is None:
            return np.zeros((k, d)), np.zeros(k)
        pairs = [output.rows.unshifted(output.theta) for output in self._outputs]
        return np.vstack([coef for coef, _ in pairs]), np.array([intercept for _, intercept in pairs])
