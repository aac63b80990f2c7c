# SPDX-License-Identifier: BSD-3-Clause
"""Newton's step without the Hessian: conjugate gradients on its products with vectors, each two reads of X."""

from __future__ import annotations

import numpy as np

from schuss._lbfgs import Inverse
from schuss.linear_model._products import transposed_products
from schuss.linear_model._smooth.curvature import Matrix
from schuss.linear_model._smooth.hessians import hessian_weights, shares
from schuss.linear_model._smooth.objective import Objective, Point

_ENOUGH = 1e-3  # length of the residual, as the preconditioner measures it, relative to the right-hand side
_MOST_PRODUCTS = 100


class ConjugateInverse:
    """Solves with the Hessian at a point, to a few digits.

    Nash (2000), "A survey of truncated-Newton methods".

    Parameters
    ----------
    objective : Objective
    point : Point
    preconditioner : callable
        An inverse of something like the Hessian.
    """

    def __init__(self, objective: Objective, point: Point, preconditioner: Inverse) -> None:
        self._objective, self._preconditioner = objective, preconditioner
        if objective.n_outputs == 1:
            self._weights = hessian_weights(objective, point)[:, None]
        else:
            self._weights = shares(objective, point)

    def __call__(self, right: Matrix) -> Matrix:
        solution, residual = np.zeros_like(right), right.copy()
        scaled = self._preconditioner(residual)
        direction, size = scaled, float(np.vdot(residual, scaled))
        enough = _ENOUGH * _ENOUGH * size
        for _ in range(_MOST_PRODUCTS):
            product = self._product(direction)
            curvature = float(np.vdot(direction, product))
            if not (size > enough and curvature > 0.0):
                break
            solution += size / curvature * direction
            residual -= size / curvature * product
            scaled = self._preconditioner(residual)
            before, size = size, float(np.vdot(residual, scaled))
            direction = scaled + size / before * direction
        return solution if solution.any() else scaled

    def _product(self, direction: Matrix) -> Matrix:
        """The Hessian times a direction."""
        objective = self._objective
        coef, intercept = objective.unshifted(direction)
        change = objective.margins(coef, intercept)
        if objective.n_outputs == 1:
            change *= self._weights
        else:
            change -= np.sum(self._weights * change, axis=1, keepdims=True)
            change *= self._weights
            if objective.weight is not None:
                change *= objective.weight[:, None]
        product = transposed_products(objective.table, change, n_threads=objective.n_threads, scratch=objective.scratch)
        objective.complete(product, coef, intercept)
        return product
