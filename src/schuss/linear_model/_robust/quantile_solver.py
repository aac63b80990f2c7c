# SPDX-License-Identifier: BSD-3-Clause
"""The linear programme of quantile regression, solved by the interior point and finished at a vertex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss.linear_model._means import near_column_means
from schuss.linear_model._robust.band import Banded
from schuss.linear_model._robust.interior_point import Kinks
from schuss.linear_model._robust.rows import Rows, Vector

Array = NDArray[Any]

_GAP = 1e-10  # relative to the objective
_ROUGH_GAP = 1e-7  # as good as can be hoped for where rounding ends the progress early
_CLEAR = 1e-6  # of the largest residual: rows nearer than this to the plane may lie on it
_ROUNDING = 1e-12  # of the terms of a constraint, which it may be violated by
_LEVEL = 1e-9  # a dual variable may be outside of its bounds by that much of them


class QuantileSolver:
    """Mean pinball loss plus ``alpha * |coef|_1``.

    Parameters
    ----------
    x : ndarray or CSR of shape (n_samples, n_features), float64
    y, weight : ndarray of shape (n_samples,), float64
        Weights are positive.
    quantile, alpha : float
    fit_intercept : bool
    n_threads : int
    """

    def __init__(
        self, x: Any, y: Vector, weight: Vector, *, quantile: float, alpha: float, fit_intercept: bool, n_threads: int
    ) -> None:
        self._y, self._weight, self._quantile, self._alpha = y, weight, quantile, alpha
        self.total = float(weight.sum())
        shift = near_column_means(x) if fit_intercept else None
        self._rows = Rows(x, shift, fit_intercept=fit_intercept, n_threads=n_threads)
        self._coef, self._intercept = np.zeros(x.shape[1]), 0.0
        self._banded: Banded | None = None
        self.n_iter, self._interpolates = 0, False

    def _begin(self) -> Banded:
        rows, weight, quantile = self._rows, self._weight, self._quantile
        strength, d = self.total * self._alpha, self._rows.shape[1] - 1
        tilt, linear, bends = (1.0 - quantile) * weight, np.zeros(d + 1), None
        if strength > 0.0:  # |w| = 2 max(0, w) - w
            linear[:-1] = -strength
            bends = Kinks(np.zeros(d), np.full(d, 2.0 * strength), -1.0, np.full(d, strength))
        # dual variables that satisfy all constraints: they take the linear terms away
        kinks = [Kinks(self._y, weight, 1.0, (1.0 - quantile) * weight)]
        theta = np.zeros(d + 1)
        if rows.fit_intercept:
            theta[-1] = float(np.quantile(self._y, quantile))
        constant = -float(tilt @ self._y)
        return Banded(rows, kinks, bends, tilt, linear, None, theta, _GAP, constant=constant)

    def sweep(self) -> Mapping[str, float]:
        """Take a step; at the end, look for the vertex."""
        if self._banded is None:
            self._banded = self._begin()
        size = self._banded.step()
        self.n_iter += 1
        self._coef, self._intercept = self._rows.unshifted(self._banded.theta)
        gap = self._banded.gap
        if self._banded.done:
            gap = self._finish(gap)
        loss, penalty = self._parts(self._coef, self._intercept)
        return {
            "data_loss": loss,
            "penalty": penalty,
            "objective": loss + penalty,
            "duality_gap": gap / self.total,
            "step_size": size,
        }

    def _parts(self, coef: Vector, intercept: float) -> tuple[float, float]:
        """Mean pinball loss, and the penalty."""
        excess = self._y - self._predict(coef, intercept)
        pinball = np.where(excess > 0.0, self._quantile * excess, (self._quantile - 1.0) * excess)
        return float(self._weight @ pinball) / self.total, self._alpha * float(np.abs(coef).sum())

    def _predict(self, coef: Vector, intercept: float) -> Vector:
        product: Vector = self._rows.x @ coef + intercept
        return product

    def _finish(self, gap: float) -> float:
        """Move to the vertex nearby if it is the minimum; returns the gap there."""
        if self._alpha == 0.0 and len(self._y) < self._rows.shape[1] and not sp.issparse(self._rows.x):
            return self._interpolate(gap)
        try:
            found = self._vertex()
        except np.linalg.LinAlgError:  # rows of less than full rank
            found = None
        if found is None:
            return gap
        (coef, intercept), gap = found
        self._coef, self._intercept = coef, intercept
        return gap

    def _interpolate(self, gap: float) -> float:
        """Fewer rows than parameters and no penalty: no loss is left, if the rows are of full rank."""
        intercept = self._rows.fit_intercept
        centre = self._rows.x.mean(axis=0) if intercept else np.zeros(self._rows.shape[1] - 1)
        level = float(self._y.mean()) if intercept else 0.0
        coef = np.linalg.lstsq(self._rows.x - centre, self._y - level, rcond=None)[0]
        level -= float(centre @ coef)
        loss = self.total * self._parts(coef, level)[0]
        if loss > gap:
            return gap
        self._coef, self._intercept, self._interpolates = coef, level, True
        return loss

    def _vertex(self) -> tuple[tuple[Vector, float], float] | None:
        """The plane through the rows nearest to it with the other coefficients zero, if dual variables prove it.

        A minimum of a linear programme interpolates as many rows as it has free parameters. The dual variables of all
        other rows are at their bounds, those of these rows follow from the constraints.
        """
        coef, intercept = self._coef, self._intercept
        excess = self._y - self._predict(coef, intercept)
        free = np.flatnonzero(np.abs(coef) > _CLEAR * np.abs(coef).max(initial=0.0)) if self._alpha else None
        free = np.arange(len(coef)) if free is None else free
        order = len(free) + self._rows.fit_intercept
        if order > len(excess) or order == 0:
            return None
        on = np.sort(np.argpartition(np.abs(excess), order - 1)[:order])
        matrix = self._rows.x[on][:, free]
        matrix = matrix.toarray() if hasattr(matrix, "toarray") else matrix
        if self._rows.fit_intercept:
            matrix = np.column_stack([matrix, np.ones(order)])
        solution = np.linalg.solve(matrix, self._y[on])
        vertex = np.zeros_like(coef)
        vertex[free] = solution[: len(free)]
        level = float(solution[-1]) if self._rows.fit_intercept else 0.0
        return self._proof(vertex, level, on, free, matrix)

    def _proof(
        self, coef: Vector, intercept: float, on: Array, free: Array, matrix: Vector
    ) -> tuple[tuple[Vector, float], float] | None:
        """Dual variables of a vertex; None unless they are within their bounds and close the gap."""
        excess = self._y - self._predict(coef, intercept)
        dual = self._weight * np.where(excess > 0.0, self._quantile, self._quantile - 1.0)
        dual[on] = 0.0
        lack = -self._rows.x.T @ dual
        right = lack[free] + self.total * self._alpha * np.sign(coef[free])
        if self._rows.fit_intercept:
            right = np.append(right, -dual.sum())
        dual[on] = np.linalg.solve(matrix.T, right)
        low, high = (self._quantile - 1.0) * self._weight[on], self._quantile * self._weight[on]
        room = _LEVEL * self._weight[on]
        pull, size = np.abs(self._rows.x.T @ dual), abs(self._rows.x).T @ np.abs(dual)
        inside = np.all((dual[on] >= low - room) & (dual[on] <= high + room))
        if not (inside and np.all(pull <= self.total * self._alpha * (1.0 + _LEVEL) + _ROUNDING * size)):
            return None
        loss, penalty = self._parts(coef, intercept)
        gap = self.total * (loss + penalty) - float(dual @ self._y)
        return ((coef, intercept), max(gap, 0.0)) if gap <= _GAP * self.total * (loss + penalty) + _LEVEL else None

    @property
    def done(self) -> bool:
        return self._banded is not None and self._banded.done

    @property
    def certified(self) -> bool:
        banded = self._banded
        return self._interpolates or (
            banded is not None and (banded.certified or banded.gap <= _ROUGH_GAP * abs(banded.objective))
        )

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes as of now."""
        return {"coef_": self._coef.copy(), "intercept_": float(self._intercept)}
