# SPDX-License-Identifier: BSD-3-Clause
"""Which way to the minimum suits which data."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from schuss.linear_model._proximal.curvature import Refresh, block_hessian, full_hessian
from schuss.linear_model._proximal.newton import ProximalNewton
from schuss.linear_model._proximal.penalty import L1Penalty, Matrix
from schuss.linear_model._proximal.working_sets import WorkingSets
from schuss.linear_model._smooth.objective import Objective
from schuss.linear_model._smooth.pilot import FRESH_READS, few_rows, is_cheap, noise, pilot_size, settle

_LARGEST_TABLE = 512  # columns of a dense table that are all read in each iteration
_SMALL = 64  # columns of which all may be read, however few the rows
_LARGEST_ORDER = 2048  # of a single matrix
_WIDEST_BLOCK = 1024  # columns of one class's or one group's matrix, if there have to be several
_SMALLER = 8  # by what a pilot has fewer rows than the table, or than the pilot that it is made for
_FEWEST_ROWS = 2000  # of a wide table's pilot
_ROWS_PER_PARAMETER = 10  # of a pilot's own pilot

ProximalMinimizer = ProximalNewton | WorkingSets
Pilot = TypeVar("Pilot", ProximalNewton, WorkingSets)


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
    if d <= _SMALL or not (objective.table.is_sparse or d > _LARGEST_TABLE or n < d):
        return _on_all_columns(objective, penalty, theta, warm)
    if not warm and n >= _SMALLER * _FEWEST_ROWS:
        # Gradients of fewer rows are noisier by the root of the ratio: with a penalty that
        # is not raised as much, the pilot would pick many columns that are noise.
        few = few_rows(objective, n // _SMALLER)
        raised = L1Penalty(_SMALLER**0.5 * penalty.strength)
        pilot = WorkingSets(few, raised, theta, _on_all_columns, done=_settled)
        theta, warm = _fitted(pilot).point.theta, True
    return WorkingSets(objective, penalty, theta, _on_all_columns, done=lambda inner: inner.converged(tol), warm=warm)


def proximal_newton(objective: Objective, penalty: L1Penalty, theta: Matrix) -> ProximalNewton:
    """Newton's method proper, with a Hessian of all rows at every step; started."""
    solver = ProximalNewton(objective, penalty, theta, refresh=_refresh(objective), fresh_reads=np.inf)
    solver.start()
    return solver


def _on_all_columns(objective: Objective, penalty: L1Penalty, theta: Matrix, warm: bool) -> ProximalNewton:
    """Newton's method proper for small data; for large data the Hessian of a pilot fit of few rows."""
    n, k, order = objective.table.n, objective.n_outputs, theta.size
    order = order if _is_full(objective) else order // k
    rows, refresh = pilot_size(n, order, k), _refresh(objective)
    if rows < n:
        pilot = _pilot(objective, penalty, theta, rows, warm)
        return ProximalNewton(objective, penalty, pilot.point.theta, refresh=refresh, curvature=pilot.curvature)
    reads = np.inf if is_cheap(n, order) else FRESH_READS
    return ProximalNewton(objective, penalty, theta, refresh=refresh, fresh_reads=reads)


def _is_full(objective: Objective) -> bool:
    """Whether one matrix holds the Hessian of all parameters."""
    order = objective.n_outputs * objective.shape[1]
    most = _LARGEST_ORDER if objective.n_outputs == 1 else _LARGEST_ORDER // 2
    return order <= most


def _refresh(objective: Objective) -> Refresh:
    return full_hessian(objective) if _is_full(objective) else block_hessian(objective, _WIDEST_BLOCK)


def _pilot(objective: Objective, penalty: L1Penalty, theta: Matrix, size: int, warm: bool) -> ProximalNewton:
    """Fit few rows, after still fewer: a start within their statistical error, and the Hessian there."""
    fewer = size // _SMALLER
    if not warm and fewer >= _ROWS_PER_PARAMETER * theta.size:
        theta = _pilot(objective, penalty, theta, fewer, warm).point.theta
    few = few_rows(objective, size)
    reads = 1 if warm else np.inf
    pilot = ProximalNewton(few, penalty, theta, refresh=_refresh(few), fresh_reads=reads)
    if warm:
        pilot.start()
        return pilot
    return _fitted(pilot)


def _fitted(pilot: Pilot) -> Pilot:
    """Minimise as far as so few rows are worth it."""
    pilot.start()
    settle(pilot, lambda: _enough(pilot))
    return pilot


def _enough(pilot: ProximalMinimizer) -> float:
    """A gap that is small beside the statistical error of so few rows."""
    return noise(max(int(np.count_nonzero(pilot.point.theta)), 1), pilot.objective.table.n)


def _settled(pilot: ProximalNewton) -> bool:
    return pilot.gap <= _enough(pilot)
