# SPDX-License-Identifier: BSD-3-Clause
"""The objective of the machine of Crammer and Singer, which tells all classes apart at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schuss.losses import Loss, Target, class_shares
from schuss.svm._problem import Array, Matrix, Problem


def margin_excess(codes: Array, raw: Array) -> Matrix:
    """How much each class wants: its score, and one more if it is not the row's own; (n, k)."""
    excess: Matrix = raw + 1.0
    excess[np.arange(len(raw)), codes.astype(np.intp)] -= 1.0
    return excess


class MulticlassHinge(Loss):
    """By how much the best other class comes within one of a row's own score, or beyond.

    Crammer and Singer (2001), "On the algorithmic implementation of multiclass kernel-based vector
    machines".
    """

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("multiclass_hinge", Target.CLASS)

    def rows(self, y: Array, z: Array) -> Matrix:
        """Loss of each row; y (n,) class codes, z (n, k)."""
        own = z[np.arange(len(z)), y.astype(np.intp)]
        return np.asarray(margin_excess(y, z).max(axis=1) - own, dtype=np.float64)

    def sum(self, y: Array, z: Array, weight: Array | None = None, n_threads: int = 1) -> float:
        """Weighted sum of the loss over all samples."""
        rows = self.rows(y, z)
        return float(rows.sum() if weight is None else weight @ rows)


@dataclass(eq=False)
class MulticlassProblem(Problem):
    """Minimise half the squared coefficients of all classes, and the sum of cost times `MulticlassHinge`.

    The intercepts count among the coefficients, as in `Problem`; ``positive`` holds the classes'
    factors of the cost, and ``loss`` and ``negative`` say nothing.
    """

    @property
    def curve_loss(self) -> MulticlassHinge:
        return MulticlassHinge()

    def constant_loss(self, y: Array, weight: Array | None) -> float:
        """The best constant scores are equal, but for a class that more than half of the rows belong to."""
        guess = np.where(class_shares(self.y, self.weight, len(self.positive)) > 0.5, 1.0, 0.0)
        return self.curve_loss.mean(y, np.tile(guess, (len(y), 1)), weight)

    @property
    def order(self) -> float:
        """Of matrices over the coefficients of all classes; infinite where there are too few rows or too many zeros."""
        k, d = self.shape
        return k * (d + 1) if self.narrow else np.inf

    @property
    def row_costs(self) -> Matrix:
        """What a unit of loss costs in each row."""
        return np.asarray(self.C * self.positive[self.y.astype(np.intp)] * self.rows, dtype=np.float64)

    def losses(self, coef: Array, intercept: Array) -> Matrix:
        """Sum of cost times loss."""
        return np.array([self.row_costs @ self.curve_loss.rows(self.y, self.raw(coef, intercept))])
