# SPDX-License-Identifier: BSD-3-Clause
"""Any loss, wide or sparse data: coordinate descent in the dual, with the duality gap as certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.svm._problem import Matrix, Problem

Array = NDArray[Any]

RELATIVE_GAP = 1e-3  # of tol: duality gap, relative to the objective, of an output that is done
_EVALUATIONS = 0.25  # share of the epochs so far after which the gap is measured again
_QUIETER = 0.1  # violation, of the last such level, at which the rows that left are looked at again
_ROUNDING = 32 * float(np.finfo(np.float64).eps)  # what it leaves of a gap, for margins and targets near one


class DualSolver:
    """Dual coordinate descent; rows at their bounds leave until the rest has converged.

    Parameters
    ----------
    problem : Problem
        In double precision.
    tol : float
        An output is done once its duality gap is at most a thousandth of this, relative to the
        objective: with the default 1e-4 the objective is exact to seven digits.
    seed : int
        Decides in which order rows are visited.

    Attributes
    ----------
    n_iter : int
        Epochs.
    """

    def __init__(self, problem: Problem, tol: float, seed: int) -> None:
        (k, d), n = problem.shape, problem.table.n
        self.problem, self.n_iter = problem, 0
        self._gap_sought = RELATIVE_GAP * tol
        self._noise = _ROUNDING * np.array([problem.costs(i) @ (1.0 + np.abs(problem.target(i))) for i in range(k)])
        self._seed = seed
        self._cost = np.ascontiguousarray(problem.C * problem.rows)
        self._square = problem.squares()
        self._dual = np.zeros((k, n))
        self._coef = np.zeros((k, d), dtype=problem.X.dtype)
        self._intercept = np.zeros(k)
        self._active = np.tile(np.arange(n), (k, 1))
        self._n_active = np.full(k, n, dtype=np.int64)
        self._bound = np.full(k, np.inf)
        self._quiet = np.full(k, np.nan)
        self._unsolved = np.ones(k, dtype=bool)
        self._next_measure = 1.0
        self._scratch = kernels.Scratch()
        self._reached = self._coef.astype(np.float64), self._intercept.copy()
        self._figures = np.full((4, k), np.nan)  # loss, penalty, objective and gap of each output

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Visit the active rows of each output once; measure the gap now and then."""
        full = self._n_active == self.problem.table.n
        violation = kernels.dual_sweep(
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
        self.n_iter += 1
        self._bound = np.where(violation > 0.0, violation, np.inf)
        self._reopen(violation, full)
        self._reached = self._coef.astype(np.float64), self._intercept.copy()
        record = {"violation": float(violation.max())}
        if last or self.n_iter >= self._next_measure or not violation.any():
            self._next_measure = self.n_iter * (1.0 + _EVALUATIONS)
            record |= self._measure()
        return record

    def _reopen(self, violation: Matrix, full: NDArray[np.bool_]) -> None:
        """Let all rows back in where the active ones have little more to give."""
        if self.n_iter == 1:
            self._quiet = _QUIETER * violation
        quiet = (violation <= self._quiet) & self._unsolved
        self._quiet[quiet] *= _QUIETER
        for k in np.flatnonzero(quiet & ~full):
            self._active[k] = np.arange(self.problem.table.n)
            self._n_active[k] = self.problem.table.n
            self._bound[k] = np.inf

    def _measure(self) -> dict[str, float]:
        """Both objectives, with the coefficients that follow from the dual variables exactly."""
        problem = self.problem
        coef, intercept = self._combined()
        self._coef = coef.astype(problem.X.dtype)
        self._intercept = intercept
        self._reached = self._coef.astype(np.float64), intercept.copy()
        loss = problem.losses(*self._reached)
        penalty = problem.penalty(*self._reached)
        gap = loss + penalty + problem.penalty(coef, intercept) + self._dual_terms()
        self._figures = np.stack([loss, penalty, loss + penalty, gap])
        self._unsolved = ~(gap <= self._gap_sought * (loss + penalty) + self._noise)
        self._n_active[~self._unsolved] = 0
        scale = 1.0 / (problem.C * problem.total)
        names = ("data_loss", "penalty", "objective", "duality_gap")
        return {name: float(scale * row.sum()) for name, row in zip(names, self._figures, strict=True)}

    def _combined(self) -> tuple[Matrix, Matrix]:
        """Rows of X times the dual variables."""
        problem = self.problem
        k, d = problem.shape
        gradient = np.empty((k, d + 1))
        kernels.glm_pass(
            problem.table,
            np.ascontiguousarray(self._dual.T, dtype=problem.X.dtype),
            np.zeros((k, d)),
            np.zeros(k),
            loss=kernels.LOSSES["squared"],
            gradient=gradient,
            n_threads=problem.n_threads,
            scratch=self._scratch,
        )
        return -gradient[:, :-1], -gradient[:, -1] * problem.intercept_square

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

    @property
    def done(self) -> bool:
        return not self._unsolved.any()

    @property
    def certified(self) -> bool:
        return self.done

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Coefficients and intercepts of all outputs."""
        return self._reached
