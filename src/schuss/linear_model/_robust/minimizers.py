# SPDX-License-Identifier: BSD-3-Clause
"""Which curvature suits which data, for losses that are quadratic in pieces."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._lbfgs import Inverse
from schuss.linear_model._smooth.curvature import CholeskyInverse, DiagonalInverse, Matrix
from schuss.linear_model._smooth.newton import Minimizer, Refresh
from schuss.linear_model._smooth.objective import Point

_LARGEST_FACTOR = 1024  # order of a matrix worth factorising
_SMALL_ORDER = 64  # worth factorising however few the rows
_CHEAP = 4e7  # multiplications of a Hessian that hardly takes longer than a read
_FRESH_READS = 3  # reads that bring a Hessian which is not cheap
_FEWEST_ROWS, _LEAST, _MOST = 5000, 20, 200  # of a pilot fit; the last two times its order
_PILOT_STEPS = 20
_PILOT_GAP = 0.05  # of the statistical error that a pilot's few rows leave anyway


def factorises(table: Any) -> bool:
    """Whether matrices of the order of the columns are worth their while for a table."""
    wide = table.n < table.d and table.d > _SMALL_ORDER
    return not (table.is_sparse or table.d > _LARGEST_FACTOR or wide)


def minimizer(
    objective: Any, theta: Matrix, diagonal: Matrix | None, strata: NDArray[Any], *, warm: bool = False
) -> Minimizer:
    """Make the minimizer that suits the shape of the data.

    Small data get Newton's method proper, large data the Hessian of a pilot fit of few rows; wide and
    sparse data a diagonal.

    Parameters
    ----------
    objective : Objective
        Or what has its ``shape``, ``table``, ``magnitude``, ``subset``, ``evaluate`` and ``hessian``.
    theta : ndarray of shape ``objective.shape``
        Where to start.
    diagonal : ndarray of that shape or None
        Curvature of each parameter, known up to a factor; None if `factorises`.
    strata : ndarray of shape (n_samples,)
        The group of each row, of which a pilot fit takes equal parts; negative to leave a row out.
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
    rows = _pilot_size(n, order)
    if rows < n:
        return _piloted(objective, theta, *_pilot_rows(strata, rows), warm=warm)
    reads = np.inf if float(n) * order * order <= _CHEAP else _FRESH_READS
    return Minimizer(objective, theta, refresh=_exact(objective), fresh_reads=reads)


def _exact(objective: Any) -> Refresh:
    def refresh(point: Point) -> Inverse:
        return CholeskyInverse(objective.hessian(point))

    return refresh


def _pilot_size(n: int, order: int) -> int:
    """Rows for a pilot fit, whose Hessian costs about as much as a few reads; all if that saves little."""
    rows = max(int(min(max(32.0 * n / order, _LEAST * order), _MOST * order)), _FEWEST_ROWS)
    return rows if 2 * rows <= n else n


def _piloted(
    objective: Any, theta: Matrix, rows: NDArray[np.intp], factor: NDArray[np.float64], *, warm: bool
) -> Minimizer:
    """Fit few rows first: a start within their statistical error, and the Hessian there."""
    few = objective.subset(rows, factor)
    pilot = Minimizer(few, theta, refresh=_exact(few), fresh_reads=np.inf)
    pilot.start()
    enough = _PILOT_GAP * theta.size / (2.0 * len(rows)) * abs(pilot.point.value)
    for _ in range(0 if warm else _PILOT_STEPS):
        if pilot.gap <= enough or pilot.stuck:
            break
        pilot.step()
    return Minimizer(objective, pilot.point.theta, inverse=pilot.inverse)


def _pilot_rows(strata: NDArray[Any], size: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw rows of every stratum, spread over the table; each stands for several like it."""
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(strata == value) for value in np.unique(strata) if value >= 0]
    groups.sort(key=len)
    rows, factors = [], []
    for i, members in enumerate(groups):
        take = min(len(members), size // (len(groups) - i))
        size -= take
        spots = (np.arange(take) + rng.random(take)) * (len(members) / max(take, 1))
        rows.append(members[np.minimum(spots.astype(np.intp), len(members) - 1)])
        factors.append(np.full(take, len(members) / max(take, 1)))
    chosen, factor = np.concatenate(rows), np.concatenate(factors)
    order = np.argsort(chosen)
    return chosen[order], factor[order]
