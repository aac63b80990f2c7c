# SPDX-License-Identifier: BSD-3-Clause
"""Coordinate descent in the dual: shrinking, and when to measure the duality gap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._products import transposed_products
from schuss.svm._problem import RELATIVE_GAP, Matrix, Problem

_EVALUATIONS = 0.25  # share of the epochs so far after which the gap is measured again
_QUIETER = 0.1  # violation, of the last such level, at which the rows that left are looked at again


class DualDescent(ABC):
    """Epochs over the rows of one or several problems; rows at their bounds leave until the rest has converged.

    Parameters
    ----------
    problem : Problem
        In double precision.
    n_problems : int
        How many duals there are, each with rows of its own to visit.
    tol : float
        A problem is done once its duality gap is at most a thousandth of this, relative to the
        objective: with the default 1e-4 the objective is exact to seven digits.
    seed : int
        Decides in which order rows are visited.

    Attributes
    ----------
    n_iter : int
        Epochs.
    """

    _noise: Matrix  # what rounding leaves of each gap

    def __init__(self, problem: Problem, n_problems: int, tol: float, seed: int) -> None:
        (k, d), n = problem.shape, problem.table.n
        self.problem, self.n_iter = problem, 0
        self._gap_sought = RELATIVE_GAP * tol
        self._seed = seed
        self._square = problem.squares()
        self._coef = np.zeros((k, d))
        self._intercept = np.zeros(k)
        self._active = np.tile(np.arange(n), (n_problems, 1))
        self._n_active = np.full(n_problems, n, dtype=np.int64)
        self._bound = np.full(n_problems, np.inf)
        self._quiet = np.full(n_problems, np.nan)
        self._unsolved = np.ones(n_problems, dtype=bool)
        self._next_measure = 1.0
        self._scratch = kernels.Scratch()

    @abstractmethod
    def _epoch(self) -> Matrix:
        """Visit the active rows once; returns the largest violation of each problem."""

    @abstractmethod
    def _pulls(self) -> Matrix:
        """What each row adds to each output's coefficients, (n_samples, n_outputs)."""

    @abstractmethod
    def _certify(self) -> tuple[Matrix, Matrix, Matrix]:
        """Loss, penalty and gap of each problem at coefficients that follow from the dual variables."""

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Visit the active rows of each problem once; measure the gap now and then."""
        full = self._n_active == self.problem.table.n
        violation = self._epoch()
        self.n_iter += 1
        self._bound = np.where(violation > 0.0, violation, np.inf)
        self._reopen(violation, full)
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
        self._coef, self._intercept = self._combined()
        loss, penalty, gap = self._certify()
        self._unsolved = ~(gap <= self._gap_sought * (loss + penalty) + self._noise)
        self._n_active[~self._unsolved] = 0
        scale = 1.0 / (problem.C * problem.total)
        figures = {"data_loss": loss, "penalty": penalty, "objective": loss + penalty, "duality_gap": gap}
        return {name: float(scale * figure.sum()) for name, figure in figures.items()}

    def _combined(self) -> tuple[Matrix, Matrix]:
        """Coefficients and intercepts as the rows' pulls make them."""
        problem = self.problem
        sums = transposed_products(problem.table, self._pulls(), n_threads=problem.n_threads, scratch=self._scratch)
        return np.ascontiguousarray(sums[:, :-1]), sums[:, -1] * problem.intercept_square

    @property
    def done(self) -> bool:
        return not self._unsolved.any()

    @property
    def certified(self) -> bool:
        return self.done

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Copies of the coefficients and intercepts of all outputs."""
        return self._coef.copy(), self._intercept.copy()
