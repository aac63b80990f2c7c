# SPDX-License-Identifier: BSD-3-Clause
"""The L1 part of an elastic net, and how far a point is from its optimality conditions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


class L1Penalty:
    """``sum_j strength_j * |theta_j|``, where parameters that are free have strength 0.

    Parameters
    ----------
    strength : ndarray
        Not negative, of the shape of the parameters.
    """

    __slots__ = ("strength",)

    def __init__(self, strength: Matrix) -> None:
        self.strength = strength

    @classmethod
    def of_coefficients(cls, shape: tuple[int, int], l1: float | Matrix) -> L1Penalty:
        """Penalise the coefficients of (n_outputs, n_features + 1) parameters, not the intercepts.

        Parameters
        ----------
        shape : tuple of int
        l1 : float or ndarray of shape (n_features,)
            On the scale of the mean loss.
        """
        strength = np.zeros(shape)
        strength[:, :-1] = l1
        return cls(strength)

    def value(self, theta: Matrix) -> float:
        return float(np.vdot(self.strength, np.abs(theta)))

    def residual(self, theta: Matrix, gradient: Matrix) -> Matrix:
        """The subgradient of least norm of the penalised objective.

        It is zero just where the optimality conditions hold: ``gradient = -strength *
        sign(theta)`` where theta is not zero, ``|gradient| <= strength`` elsewhere.

        Parameters
        ----------
        theta, gradient : ndarray
            A point, and the gradient of the smooth part there.
        """
        outside = np.maximum(np.abs(gradient) - self.strength, 0.0)
        at_zero = np.copysign(outside, gradient)
        return np.where(theta != 0.0, gradient + np.copysign(self.strength, theta), at_zero)

    def columns(self, chosen: NDArray[np.intp]) -> L1Penalty:
        """That of some features and the intercept."""
        return L1Penalty(np.column_stack([self.strength[:, chosen], self.strength[:, -1:]]))

    def without_common_part(self, theta: Matrix, l2: float | Matrix) -> Matrix:
        """Shift each feature's coefficients of all classes together to where the penalty is least.

        That changes no probability of a softmax model. The sum of absolute values and of
        ``l2 / 2`` times squares is least at the median of the coefficients and of as many
        points and one more: Li and Osher (2009), "A new median formula".

        Parameters
        ----------
        theta : ndarray of shape (n_outputs, n_features + 1)
        l2 : float or ndarray of shape (n_features,)
        """
        coef, k = theta[:, :-1], len(theta)
        excess = 2.0 * np.arange(k + 1)[:, None] - k
        with np.errstate(divide="ignore", invalid="ignore"):
            points = coef.mean(axis=0) - excess * self.strength[:1, :-1] / (k * np.asarray(l2))
        points = np.where(excess == 0.0, coef.mean(axis=0) * (np.asarray(l2) > 0.0), points)
        shifted = theta.copy()
        shifted[:, :-1] -= np.where(self.strength[0, :-1] > 0.0, np.median(np.vstack([coef, points]), axis=0), 0.0)
        return shifted
