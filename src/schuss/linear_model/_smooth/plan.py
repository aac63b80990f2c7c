# SPDX-License-Identifier: BSD-3-Clause
"""Which curvature suits which data: the choice behind every `Minimizer`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from schuss import _kernels as kernels
from schuss._lbfgs import Inverse
from schuss.linear_model._smooth.conjugate import ConjugateInverse
from schuss.linear_model._smooth.curvature import (
    BalancedInverse,
    BlockInverse,
    CholeskyInverse,
    DiagonalInverse,
    Matrix,
)
from schuss.linear_model._smooth.hessians import class_blocks, hessian, softmax_bound
from schuss.linear_model._smooth.newton import Minimizer, Refresh
from schuss.linear_model._smooth.objective import Objective
from schuss.linear_model._smooth.pilot import (
    CHEAP,
    FRESH_READS,
    factorises,
    few_rows,
    is_cheap,
    noise,
    pilot_size,
    settle,
)
from schuss.losses import class_shares

_LARGEST_BLOCK = 2048  # order of a matrix worth factorising for all classes of a multinomial model together
_BLOCK_SHARE = 15.0  # a block that costs about as much as 30 reads has order**2 / n of this
_PIECE = 1 << 18  # entries of a sparse matrix


def minimizer(objective: Objective, theta: Matrix, *, warm: bool = False) -> Minimizer:
    """Make the minimizer that suits the shape of the data.

    Wide and sparse data get a diagonal, small data Newton's method proper, large data
    the Hessian of a pilot fit of few rows, multinomial models of many parameters one
    class's bound for all classes.

    Parameters
    ----------
    objective : Objective
    theta : ndarray of shape ``objective.shape``
        Where to start.
    warm : bool, default=False
        Whether that is near the minimum already, so that a pilot fit has nothing to find.

    Returns
    -------
    Minimizer
        Not started yet.
    """
    n, d, k = objective.table.n, objective.table.d, objective.n_outputs
    rescue = partial(ConjugateInverse, objective)
    if not factorises(objective.table):
        return Minimizer(objective, theta, inverse=_diagonal(objective, theta), rough=True, rescue=rescue)
    order = k * (d + 1)
    block = order <= _LARGEST_BLOCK and order * order <= max(_BLOCK_SHARE * n, CHEAP / n)
    order = order if block else d + 1
    rows = pilot_size(n, order, k)
    if rows < n:
        return _piloted(objective, theta, rows, exact=block or k == 1, warm=warm)
    cheap = is_cheap(n, order)
    if k == 1 or (block and cheap):
        reads = np.inf if cheap else FRESH_READS
        bold = k == 1 and not (warm or theta[:, :-1].any())
        return Minimizer(objective, theta, refresh=_exact(objective), fresh_reads=reads, bold=bold)
    return Minimizer(objective, theta, refresh=_bound(objective), fresh_reads=1, rough=True, rescue=rescue)


def newton(objective: Objective, theta: Matrix) -> Minimizer:
    """Newton's method proper, with a Hessian of all rows at every step; started."""
    solver = Minimizer(objective, theta, refresh=_exact(objective), fresh_reads=np.inf)
    solver.start()
    return solver


def _exact(objective: Objective) -> Refresh:
    return lambda point: CholeskyInverse(hessian(objective, point))


def _bound(objective: Objective) -> Refresh:
    return lambda point: CholeskyInverse(softmax_bound(objective, point))


def _blocks(objective: Objective) -> Refresh:
    return lambda point: BlockInverse(class_blocks(objective, point))


def _diagonal(objective: Objective, theta: Matrix) -> Inverse:
    """Curvature of each parameter alone if all rows had the same prediction."""
    curvature = _typical_curvature(objective, theta)[:, None]
    diagonal = np.empty(objective.shape)
    diagonal[:, :-1] = curvature * _spreads(objective) + objective.l2
    diagonal[:, -1:] = curvature
    if objective.intercept_l2:
        shift = np.zeros(objective.table.d) if objective.shift is None else objective.shift
        diagonal += objective.intercept_l2 * np.append(shift * shift, 1.0)
    return DiagonalInverse(diagonal) if len(diagonal) == 1 else BalancedInverse(diagonal)


def _typical_curvature(objective: Objective, theta: Matrix) -> Matrix:
    """Curvature of each output's mean loss: at its class's share, or where theta has the mean row."""
    if objective.classifies:
        share = class_shares(objective.y, objective.weight, objective.n_outputs)
        return np.asarray(share * (1.0 - share))
    raw = np.full(len(objective.y), theta[0, -1], dtype=objective.y.dtype)
    if objective.offset is not None:
        raw += objective.offset
    gradient, hessian = np.empty_like(raw), np.empty_like(raw)
    kernels.loss_gradient(
        objective.y,
        raw,
        loss=kernels.LOSSES[objective.loss],
        loss_param=objective.loss_param,
        weight=objective.weight,
        gradient=gradient,
        hessian=hessian,
        expected=True,
    )
    return np.array([hessian.sum(dtype=np.float64) / objective.total])


def _spreads(objective: Objective) -> Matrix:
    """Mean squares of the columns about the objective's shift."""
    x, shift = objective.x, objective.shift
    if sp.issparse(x):  # the shift is the mean: see near_column_means
        squares = _mean_squares(x)
        return squares if shift is None else np.maximum(squares - shift * shift, 0.0)
    squares = np.einsum("ij,ij->j", x, x, dtype=np.float64) / len(x)
    if shift is None:
        return np.asarray(squares)
    return np.maximum(squares + shift * (shift - 2.0 * x.mean(axis=0, dtype=np.float64)), 0.0)


def _mean_squares(x: Any) -> Matrix:
    """Means of the squares of the columns of a sparse matrix, by pieces that stay in cache."""
    total = np.zeros(x.shape[1])
    for first in range(0, len(x.data), _PIECE):
        values = x.data[first : first + _PIECE].astype(np.float64)
        values *= values
        total += np.bincount(x.indices[first : first + _PIECE], weights=values, minlength=len(total))
    return total / x.shape[0]


def _piloted(objective: Objective, theta: Matrix, size: int, *, exact: bool, warm: bool) -> Minimizer:
    """Fit few rows first: a start within their statistical error, and the Hessian there."""
    few = few_rows(objective, size)
    binary = objective.n_outputs == 1
    if binary:
        pilot = Minimizer(few, theta, refresh=_exact(few), fresh_reads=np.inf, bold=not (warm or theta[:, :-1].any()))
    else:
        pilot = Minimizer(few, theta, refresh=_bound(few), fresh_reads=1, rough=True)
    pilot.start()
    if not warm:
        settle(pilot, lambda: noise(theta.size, size))
    inverse = pilot.inverse
    if not binary:
        inverse = (_exact if exact else _blocks)(few)(pilot.point)
    return Minimizer(objective, pilot.point.theta, inverse=inverse, rough=not exact)
