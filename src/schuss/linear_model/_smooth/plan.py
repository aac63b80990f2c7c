# SPDX-License-Identifier: BSD-3-Clause
"""Which curvature suits which data: the choice behind every `Minimizer`."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._lbfgs import Inverse
from schuss.linear_model._smooth.curvature import BlockInverse, CholeskyInverse, DiagonalInverse, Matrix
from schuss.linear_model._smooth.newton import Minimizer, Refresh
from schuss.linear_model._smooth.objective import Objective
from schuss.losses import class_shares

_LARGEST_FACTOR = 1024  # order of a matrix worth factorising for one class
_LARGEST_BLOCK = 2048  # the same for all classes of a multinomial model together
_BLOCK_SHARE = 15.0  # a block that costs about as much as 30 reads has order**2 / n of this
_SMALL_ORDER = 64  # worth factorising however few the rows
_CHEAP = 4e7  # multiplications of a Hessian that hardly takes longer than a read
_FRESH_READS = 3  # reads that bring a Hessian which is not cheap
_ROWS_FOR_MEANS = 256
_PIECE = 1 << 18  # entries of a sparse matrix
_CLASSIFYING = ("logistic", "softmax")
_FEWEST_ROWS = 5000  # of a pilot fit
_PILOT_STEPS = 20
_PILOT_GAP = 0.05  # of the statistical error that a pilot's few rows leave anyway


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
    wide = n < d and d > _SMALL_ORDER
    if objective.table.is_sparse or d > _LARGEST_FACTOR or wide:
        return Minimizer(objective, theta, inverse=_diagonal(objective, theta), rough=True)
    order = k * (d + 1)
    block = order <= _LARGEST_BLOCK and order * order <= max(_BLOCK_SHARE * n, _CHEAP / n)
    order = order if block else d + 1
    rows = pilot_size(n, order, k)
    if rows < n:
        return _piloted(objective, theta, rows, exact=block or k == 1, warm=warm)
    cheap = float(n) * order * order <= _CHEAP
    if k == 1 or (block and cheap):
        reads = np.inf if cheap else _FRESH_READS
        bold = k == 1 and not (warm or theta[:, :-1].any())
        return Minimizer(objective, theta, refresh=_exact(objective), fresh_reads=reads, bold=bold)
    return Minimizer(objective, theta, refresh=_bound(objective), fresh_reads=1, rough=True)


def _exact(objective: Objective) -> Refresh:
    return lambda point: CholeskyInverse(objective.hessian(point))


def _bound(objective: Objective) -> Refresh:
    return lambda point: CholeskyInverse(objective.bound(point))


def _blocks(objective: Objective) -> Refresh:
    return lambda point: BlockInverse(objective.blocks(point))


def _diagonal(objective: Objective, theta: Matrix) -> Inverse:
    """Curvature of each parameter alone if all rows had the same prediction."""
    curvature = _typical_curvature(objective, theta)[:, None]
    diagonal = np.empty(objective.shape)
    diagonal[:, :-1] = curvature * _spreads(objective) + objective.l2
    diagonal[:, -1:] = curvature
    if objective.intercept_l2:
        shift = np.zeros(objective.table.d) if objective.shift is None else objective.shift
        diagonal += objective.intercept_l2 * np.append(shift * shift, 1.0)
    return DiagonalInverse(diagonal)


def _typical_curvature(objective: Objective, theta: Matrix) -> Matrix:
    """Curvature of each output's mean loss: at its class's share, or where theta has the mean row."""
    if objective.loss in _CLASSIFYING:
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


def near_column_means(x: Any, n_threads: int = 1) -> Matrix:
    """Means of the columns, of dense ones over some rows: near enough to count from."""
    if sp.issparse(x):
        return _sparse_means(x, n_threads)
    some = x[:: max(1, len(x) // _ROWS_FOR_MEANS)]
    return np.asarray(np.add.reduce(some, axis=0, dtype=np.float64) / len(some))


def _sparse_means(x: Any, n_threads: int) -> Matrix:
    """Means of sparse columns: the gradient of half the squared distance of predictions of 0 from -1."""
    table, d = kernels.Table(x), x.shape[1]
    gradient = np.empty((1, d + 1))
    kernels.glm_pass(
        table,
        np.full(x.shape[0], -1.0, dtype=table.dtype),
        np.zeros((1, d)),
        np.zeros(1),
        loss=kernels.LOSSES["squared"],
        gradient=gradient,
        n_threads=n_threads,
        scratch=kernels.Scratch(),
    )
    return np.ascontiguousarray(gradient[0, :-1]) / x.shape[0]


def pilot_size(n: int, order: int, n_outputs: int) -> int:
    """Rows for a pilot fit; all of them if that would not save much.

    A Hessian of m rows errs by about the root of order / m. Within limits, m is chosen
    so that it costs about as much as a few reads of all rows.
    """
    least, most = (20, 200) if n_outputs == 1 else (8, 40)
    rows = int(min(max(32.0 * n / order, least * order), most * order))
    rows = max(rows, _FEWEST_ROWS)
    return rows if 2 * rows <= n else n


def _piloted(objective: Objective, theta: Matrix, size: int, *, exact: bool, warm: bool) -> Minimizer:
    """Fit few rows first: a start within their statistical error, and the Hessian there."""
    few = objective.subset(*pilot_rows(objective, size))
    binary = objective.n_outputs == 1
    if binary:
        pilot = Minimizer(few, theta, refresh=_exact(few), fresh_reads=np.inf, bold=not (warm or theta[:, :-1].any()))
    else:
        pilot = Minimizer(few, theta, refresh=_bound(few), fresh_reads=1, rough=True)
    pilot.start()
    enough = _PILOT_GAP * theta.size / (2.0 * size)
    for _ in range(0 if warm else _PILOT_STEPS):
        if pilot.gap <= enough or pilot.stuck:
            break
        pilot.step()
    inverse = pilot.inverse
    if not binary:
        inverse = (_exact if exact else _blocks)(few)(pilot.point)
    return Minimizer(objective, pilot.point.theta, inverse=inverse, rough=not exact)


def pilot_rows(objective: Objective, size: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw rows of every class, spread over the table; each stands for several like it.

    Classes get equal parts, so that a rare one is not lost; what it cannot use goes to
    the others. Where y is no class all rows are alike. Rows without weight stay out.
    """
    rng = np.random.default_rng(0)
    y = objective.y if objective.loss in _CLASSIFYING else np.zeros(len(objective.y))
    y = y if objective.weight is None else np.where(objective.weight > 0, y, -1)
    classes = [np.flatnonzero(y == c) for c in range(max(2, objective.n_outputs))]
    classes.sort(key=len)
    rows, factors = [], []
    for i, members in enumerate(classes):
        take = min(len(members), size // (len(classes) - i))
        size -= take
        spots = (np.arange(take) + rng.random(take)) * (len(members) / max(take, 1))
        rows.append(members[np.minimum(spots.astype(np.intp), len(members) - 1)])
        factors.append(np.full(take, len(members) / max(take, 1)))
    chosen, factor = np.concatenate(rows), np.concatenate(factors)
    order = np.argsort(chosen)
    return chosen[order], factor[order]
