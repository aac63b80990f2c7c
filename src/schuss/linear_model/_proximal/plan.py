# SPDX-License-Identifier: BSD-3-Clause
"""Which way to the minimum suits which data."""

from __future__ import annotations

import numpy as np

from schuss.linear_model._objective import Objective
from schuss.linear_model._plan import pilot_rows, pilot_size
from schuss.linear_model._proximal.newton import ProximalNewton
from schuss.linear_model._proximal.penalty import L1Penalty, Matrix
from schuss.linear_model._proximal.working_sets import WorkingSets

_LARGEST_TABLE = 512  # columns of a dense table that are all read in each iteration
_SMALL = 64  # columns of which all may be read, however few the rows
_CHEAP = 4e7  # multiplications of a Hessian that hardly takes longer than a read
_FRESH_READS = 3  # reads that bring a Hessian which is not cheap
_PILOT_STEPS = 20
_PILOT_GAP = 0.05  # of the statistical error that a pilot's few rows leave anyway

ProximalMinimizer = ProximalNewton | WorkingSets


def proximal_minimizer(
    objective: Objective, penalty: L1Penalty, theta: Matrix, *, tol: float, warm: bool = False
) -> ProximalMinimizer:
    """Make the minimizer of an objective plus an L1 penalty that suits the shape of the data.

    Parameters
    ----------
    objective : Objective
        Any smooth loss, with an L2 penalty or none.
    penalty : L1Penalty
    theta : ndarray of shape ``objective.shape``
        Where to start.
    tol : float
        For the minimizer's ``converged``.
    warm : bool, default=False
        Whether that is near the minimum already, so that a pilot fit has nothing to find.

    Returns
    -------
    ProximalNewton or WorkingSets
        Not started yet. ``start()``, then ``step()`` until ``converged(tol)`` or
        ``stuck``; ``point`` is the best so far.

    Examples
    --------
    ::

        penalty = L1Penalty.of_coefficients(objective.shape, l1)
        solver = proximal_minimizer(objective, penalty, np.zeros(objective.shape), tol=1e-4)
        solver.start()
        while not (solver.converged(1e-4) or solver.stuck):
            solver.step()
    """
    n, d = objective.table.n, objective.table.d
    if d > _SMALL and (objective.table.is_sparse or d > _LARGEST_TABLE or n < d):
        return WorkingSets(objective, penalty, theta, _on_all_columns, tol=tol, warm=warm)
    return _on_all_columns(objective, penalty, theta, warm)


def _on_all_columns(objective: Objective, penalty: L1Penalty, theta: Matrix, warm: bool) -> ProximalNewton:
    n, k, order = objective.table.n, objective.n_outputs, theta.size
    rows = pilot_size(n, order, k)
    if rows < n:
        return _piloted(objective, penalty, theta, rows, warm)
    cheap = float(n) * order * order <= _CHEAP
    return ProximalNewton(objective, penalty, theta, fresh_reads=np.inf if cheap else _FRESH_READS, renewable=True)


def _piloted(objective: Objective, penalty: L1Penalty, theta: Matrix, size: int, warm: bool) -> ProximalNewton:
    """Fit few rows first: a start within their statistical error, and the Hessian there."""
    few = objective.subset(*pilot_rows(objective, size))
    pilot = ProximalNewton(few, penalty, theta, fresh_reads=1 if warm else np.inf, renewable=True)
    pilot.start()
    enough = _PILOT_GAP * theta.size / (2.0 * size)
    for _ in range(0 if warm else _PILOT_STEPS):
        if pilot.gap <= enough or pilot.stuck:
            break
        pilot.step()
    return ProximalNewton(objective, penalty, pilot.point.theta, hessian=pilot.hessian, renewable=True)
