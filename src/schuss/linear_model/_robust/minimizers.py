# SPDX-License-Identifier: BSD-3-Clause
"""Which curvature suits which data, for losses that are quadratic in pieces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._lbfgs import Inverse
from schuss.linear_model._smooth.curvature import CholeskyInverse, DiagonalInverse, Matrix
from schuss.linear_model._smooth.newton import Minimizer, Refresh
from schuss.linear_model._smooth.objective import Point
from schuss.linear_model._smooth.pilot import FRESH_READS, draw_rows, is_cheap, noise, pilot_size, settle

Hessian = Callable[[Any, Point], Matrix]


def minimizer(
    objective: Any,
    theta: Matrix,
    diagonal: Matrix | None,
    strata: NDArray[Any],
    hessian: Hessian,
    *,
    warm: bool = False,
) -> Minimizer:
    """Make the minimizer that suits the shape of the data.

    Small data get Newton's method proper, large data the Hessian of a pilot fit of few rows; wide and
    sparse data a diagonal.

    Parameters
    ----------
    objective : Objective
        Or what has its ``shape``, ``table``, ``magnitude``, ``subset`` and ``evaluate``.
    theta : ndarray of shape ``objective.shape``
        Where to start.
    diagonal : ndarray of that shape or None
        Curvature of each parameter, known up to a factor; None if `factorises`.
    strata : ndarray of shape (n_samples,)
        The group of each row, of which a pilot fit takes equal parts; negative to leave a row out.
    hessian : callable
        Of an objective and a point.
    warm : bool, default=False
        Whether the start is near the minimum already, so that a pilot fit has nothing to find.

    Returns
    -------
    Minimizer
        Not started yet.
    """
    if diagonal is not None:
        return Minimizer(objective, theta, inverse=DiagonalInverse(diagonal), rough=True)
    n, order = objective.table.n, theta.size
    rows = pilot_size(n, order)
    if rows < n:
        return _piloted(objective, theta, draw_rows(strata, rows), hessian, warm=warm)
    reads = np.inf if is_cheap(n, order) else FRESH_READS
    return Minimizer(objective, theta, refresh=_exact(objective, hessian), fresh_reads=reads)


def _exact(objective: Any, hessian: Hessian) -> Refresh:
    def refresh(point: Point) -> Inverse:
        return CholeskyInverse(hessian(objective, point))

    return refresh


def _piloted(
    objective: Any,
    theta: Matrix,
    rows: tuple[NDArray[np.intp], NDArray[np.float64]],
    hessian: Hessian,
    *,
    warm: bool,
) -> Minimizer:
    """Fit few rows first: a start within their statistical error, and the Hessian there."""
    few = objective.subset(*rows)
    pilot = Minimizer(few, theta, refresh=_exact(few, hessian), fresh_reads=np.inf)
    pilot.start()
    enough = noise(theta.size, len(rows[0])) * abs(pilot.point.value)
    if not warm:
        settle(pilot, lambda: enough)
    return Minimizer(objective, pilot.point.theta, inverse=pilot.inverse)
