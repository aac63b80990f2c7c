# SPDX-License-Identifier: BSD-3-Clause
"""Penalised least squares from its moments alone, one penalty after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._coordinate_descent.moments import Moments

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rules:
    """How to descend.

    Attributes
    ----------
    tol : float
        Of the duality gap, relative to the sum of squares of the centred target.
    max_iter : int
        Most sweeps for one penalty.
    positive : bool
    random : bool
        Whether each sweep has an order of its own.
    seed : int
    """

    tol: float
    max_iter: int
    positive: bool = False
    random: bool = False
    seed: int = 0


class GramDescent:
    """Minimises ``1/2 sum |y - coef x|^2`` plus a penalty over centred x and y, for several sets of rows in step.

    Each descent starts from the line through its last two solutions: between two changes of sign, the lasso's solution
    is such a line in the penalty.

    Parameters
    ----------
    moments : sequence of Moments
        Of each set of rows: centred, about the reference.
    reference : ndarray of shape (n_tasks, n_features)
        Coefficients of the reference model.
    squares : sequence of float
        Of each set, the sum of squares of the centred y.
    rules : Rules
    n_threads : int
    thorough : bool, default=False
        Whether to go on while coefficients change by more than ``tol``, relative to the largest: a small gap bounds
        the objective, not them.

    Attributes
    ----------
    coef : ndarray of shape (n_sets, n_tasks, n_features)
        Zeros at first.
    residuals, gaps : ndarray of shape (n_sets,)
        Squared residuals, and duality gaps of the last descent.
    n_sweeps : ndarray of shape (n_sets,)
        Of the last descent.
    tolerances : ndarray of shape (n_sets,)
        How large the gaps may be.
    """

    def __init__(
        self,
        moments: Sequence[Moments],
        reference: Matrix,
        squares: Sequence[float],
        rules: Rules,
        *,
        n_threads: int,
        thorough: bool = False,
    ) -> None:
        self._grams, self.tolerances = [m.xx for m in moments], rules.tol * np.array(squares)
        targets = np.array([m.xr.T for m in moments])
        self.coef, self._gradient = np.zeros_like(targets), np.array([-reference @ m.xx for m in moments]) - targets
        change = (reference * (self._gradient - targets)).sum(axis=(1, 2))
        self.residuals = np.maximum([m.rr for m in moments] - change, 0.0)
        self.gaps, self.n_sweeps = np.full(len(moments), np.inf), np.zeros(len(moments), dtype=np.int64)
        self._last_coef, self._last_gradient = self.coef.copy(), self._gradient.copy()
        self._strengths: list[Matrix] = []  # sums of the last two penalties
        # A gap costs no more than a sweep that moves one coefficient: it is looked at after each.
        self._change = rules.tol if thorough else math.inf
        self._rules, self._n_threads = rules, n_threads
        self._scratch = kernels.Scratch()

    def descend(self, l1: Matrix, l2: Matrix) -> None:
        """Sweep until the duality gaps are small enough for these penalties (n_sets,) of the sums over the rows."""
        kernels.gram_path(
            self._grams,
            self._gradient,
            self.coef,
            last_gradient=self._last_gradient,
            last_coef=self._last_coef,
            length=self._length(l1 + l2),
            l1=l1,
            l2=l2,
            residual=self.residuals,
            gap=self.gaps,
            gap_tol=self.tolerances,
            n_sweeps=self.n_sweeps,
            positive=self._rules.positive,
            shuffle=self._rules.random,
            seed=self._rules.seed,
            max_sweeps=self._rules.max_iter,
            tol=self._change,
            n_threads=self._n_threads,
            scratch=self._scratch,
        )

    def _length(self, strength: Matrix) -> Matrix:
        """How far the next penalty is from the last one, in units of how far that is from the one before."""
        self._strengths = [*self._strengths[-2:], strength]
        if len(self._strengths) < 3:
            return np.zeros_like(strength)
        first, second, third = self._strengths
        length = np.divide(second - third, first - second, out=np.zeros_like(first), where=first != second)
        return np.minimum(length, 1.0)  # more would let rounding errors grow from step to step
