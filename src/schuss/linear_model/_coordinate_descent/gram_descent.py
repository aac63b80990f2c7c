# SPDX-License-Identifier: BSD-3-Clause
"""Penalised least squares from its moments alone, one penalty after another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._coordinate_descent.moments import Moments
from schuss.linear_model._coordinate_descent.quadratic import Descent, Penalty, Point

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
    """Minimises ``1/2 sum |y - coef x|^2`` plus a penalty over centred x and y, from where it was.

    Parameters
    ----------
    moments : Moments
        Centred, about the reference.
    reference : ndarray of shape (n_tasks, n_features)
        Coefficients of the reference model.
    square : float
        Sum of squares of the centred y.
    rules : Rules
    thorough : bool, default=False
        Whether to go on while coefficients change by more than ``tol``, relative to the largest: a small gap bounds
        the objective, not them.

    Attributes
    ----------
    point : Point
        Coefficients, zeros at first; residual, duality gap and number of sweeps of the last descent.
    tolerance : float
        How large the gap may be.
    """

    def __init__(
        self, moments: Moments, reference: Matrix, square: float, rules: Rules, *, thorough: bool = False
    ) -> None:
        self._moments, self._reference, self._positive = moments, reference, rules.positive
        self._scratch = kernels.Scratch()
        self.tolerance = rules.tol * square
        # A gap costs no more than a sweep that moves one coefficient: it is looked at after each.
        change = rules.tol if thorough else math.inf
        self._descent = Descent(rules.max_iter, change, self.tolerance, rules.random, rules.seed)
        self.start(np.zeros_like(reference))

    def start(self, coef: Matrix) -> None:
        """Go on from these coefficients."""
        coef = np.array(coef, dtype=np.float64, order="C")
        step, target = coef - self._reference, self._moments.xr.T
        gradient = step @ self._moments.xx - target
        residual = self._moments.rr + float(np.vdot(step, gradient - target))
        self.point = Point(coef, np.ascontiguousarray(gradient), max(residual, 0.0))

    def descend(self, l1: float, l2: float) -> Point:
        """Sweep until the duality gap is small enough for these penalties of the sum over the rows."""
        penalty = Penalty(l1, l2, self._positive)
        return self._descent.solve(self._moments.xx, penalty, self.point, scratch=self._scratch)
