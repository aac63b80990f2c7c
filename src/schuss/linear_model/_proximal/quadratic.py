# SPDX-License-Identifier: BSD-3-Clause
"""Minimum of a convex quadratic function plus weighted absolute values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._proximal.penalty import L1Penalty
from schuss.linear_model._smooth.curvature import CholeskyInverse

Matrix = NDArray[np.float64]

_SWEEPS = 20  # of coordinate descent before the signs are taken for settled
_ROUNDS = 60
_LARGEST_SUPPORT = 1024  # beyond, a factorisation costs more than many sweeps
_SMALLEST_PIVOT = 1e-12


class Quadratic:
    """``g'(u - w) + (u - w)' H (u - w) / 2 + penalty(u)``, minimised over u from w on.

    Coordinate descent finds out which coordinates are zero; on the others the problem is
    smooth as long as no sign changes, and one linear system finishes what coordinate
    descent would take long for when columns are nearly collinear.

    Parameters
    ----------
    hessian : ndarray of shape (p, p)
        Symmetric, positive semidefinite, C-contiguous.
    gradient : ndarray of shape (p,)
        At ``start``.
    start : ndarray of shape (p,)
    penalty : L1Penalty
        Of strength (p,).

    Attributes
    ----------
    u : ndarray of shape (p,)
        The best known.
    slope : ndarray of shape (p,)
        Gradient of the quadratic part at u.
    """

    def __init__(self, hessian: Matrix, gradient: Matrix, start: Matrix, penalty: L1Penalty) -> None:
        self._hessian, self._penalty = hessian, penalty
        diagonal = hessian.diagonal()
        self._inverse_diagonal = np.divide(1.0, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0.0)
        self._gradient, self._start = gradient, start
        self.u, self.slope = start.copy(), gradient.copy()
        self.u[(diagonal <= 0.0) & (penalty.strength > 0.0)] = 0.0  # nothing but the penalty is left

    def solve(self, accuracy: float) -> Matrix:
        """Minimise until the rest is no more than ``accuracy`` of what was gained, and return u."""
        for _ in range(_ROUNDS):
            self._descend()
            if self.excess() <= accuracy * self.gain():
                break
            self._finish()
        return self.u

    def excess(self) -> float:
        """What single coordinates could still gain, added up."""
        residual = self._penalty.residual(self.u, self.slope)
        return 0.5 * float(np.vdot(residual * self._inverse_diagonal, residual))

    def gain(self) -> float:
        """How far the function has fallen since the start."""
        step = self.u - self._start
        smooth = 0.5 * float(np.vdot(self._gradient + self.slope, step))
        return self._penalty.value(self._start) - self._penalty.value(self.u) - smooth

    def _descend(self) -> None:
        """Some sweeps of coordinate descent."""
        kernels.gram_cd(
            self._hessian,
            self.slope[None],
            self.u[None],
            l1=1.0,
            penalty_factor=self._penalty.strength,
            max_sweeps=_SWEEPS,
        )

    def _finish(self) -> None:
        """Newton's step on the coordinates that are not zero or free, as far as signs keep."""
        strength = self._penalty.strength
        support = np.flatnonzero(((self.u != 0.0) | (strength == 0.0)) & (self._inverse_diagonal > 0.0))
        if not 0 < len(support) <= _LARGEST_SUPPORT:
            return
        sub, u = np.ascontiguousarray(self._hessian[np.ix_(support, support)]), self.u[support]
        signed = np.where(strength[support] > 0.0, np.copysign(strength[support], u), 0.0)
        step = CholeskyInverse(sub, _SMALLEST_PIVOT)(-(self.slope[support] + signed))
        target = u + step
        crossing = (strength[support] > 0.0) & (target * u <= 0.0)
        if crossing.any() and not self._try(support, np.where(crossing, 0.0, target)):
            size = (u[crossing] / -step[crossing]).min()
            target = u + size * step
            target[crossing & (np.abs(target) <= 1e-15 * np.abs(u))] = 0.0
        self._try(support, target)

    def _try(self, support: NDArray[np.intp], target: Matrix) -> bool:
        """Move there if that is lower."""
        step = target - self.u[support]
        change = self._hessian[:, support] @ step
        smooth = float(np.vdot(self.slope[support] + 0.5 * change[support], step))
        strength = self._penalty.strength[support]
        fall = float(np.vdot(strength, np.abs(self.u[support]) - np.abs(target))) - smooth
        if not fall > 0.0:
            return False
        self.u[support] = target
        self.slope += change
        return True
