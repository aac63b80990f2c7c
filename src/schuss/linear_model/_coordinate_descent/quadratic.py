# SPDX-License-Identifier: BSD-3-Clause
"""Penalised least squares on a given Gram matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Penalty:
    """``l1 |w| + l2/2 |w|^2`` of sums over the samples, not of means.

    With several tasks ``|w|`` is the sum over the features of the Euclidean norm over the
    tasks.

    Attributes
    ----------
    l1, l2 : float
    positive : bool, default=False
        Whether coefficients must not be negative.
    """

    l1: float
    l2: float
    positive: bool = False

    @classmethod
    def of(cls, alpha: float, l1_ratio: float, total: float, *, positive: bool = False) -> Penalty:
        """Scikit-learn's parameters, for samples whose weights sum to ``total``."""
        return cls(alpha * l1_ratio * total, alpha * (1.0 - l1_ratio) * total, positive)


@dataclass(frozen=True, slots=True)
class Quadratic:
    """The sums over the samples that least squares needs: of centred columns, if there is an intercept.

    Attributes
    ----------
    gram : ndarray of shape (n_features, n_features), C-contiguous
        ``X'X``, symmetric.
    target : ndarray of shape (n_tasks, n_features), C-contiguous
        ``Y'X``.
    square : float
        ``|Y|^2``.
    """

    gram: Matrix
    target: Matrix
    square: float

    def at_zero(self) -> Point:
        """Where all coefficients are zero."""
        return Point(np.zeros_like(self.target), -self.target, self.square)


@dataclass(slots=True)
class Point:
    """Where the descent stands.

    Attributes
    ----------
    coef : ndarray of shape (n_tasks, n_features)
    gradient : ndarray of shape (n_tasks, n_features)
        Of half the squared residual.
    residual : float
        ``|Y - X coef'|^2``.
    gap : float
        Duality gap, once solved for.
    n_sweeps : int
        Sweeps of the last solution.
    """

    coef: Matrix
    gradient: Matrix
    residual: float
    gap: float = np.inf
    n_sweeps: int = 0


@dataclass(frozen=True, slots=True)
class Descent:
    """How to descend.

    Attributes
    ----------
    max_sweeps : int
    tol : float
        Ends at a sweep that moves no coefficient by more than this part of the largest, each
        multiplied by the root of its diagonal element,
    gap_tol : float
        and a duality gap of at most this, in units of the summed squared error.
    shuffle : bool, default=False
        Whether coordinates are visited in another order in each sweep.
    seed : int, default=0
        Of that order.
    """

    max_sweeps: int
    tol: float
    gap_tol: float
    shuffle: bool = False
    seed: int = 0

    def solve(self, gram: Matrix, penalty: Penalty, point: Point, *, scratch: Any = None) -> Point:
        """Move ``point`` to the optimum, in place, and return it.

        Raises
        ------
        FloatingPointError
            If a coefficient becomes infinite or NaN.
        """
        point.n_sweeps, point.residual, point.gap = kernels.gram_cd(
            gram,
            point.gradient,
            point.coef,
            l1=penalty.l1,
            l2=penalty.l2,
            positive=penalty.positive,
            shuffle=self.shuffle,
            seed=self.seed,
            max_sweeps=self.max_sweeps,
            tol=self.tol,
            residual=point.residual,
            gap_tol=self.gap_tol,
            scratch=scratch,
        )
        return point
