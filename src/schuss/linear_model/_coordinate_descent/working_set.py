# SPDX-License-Identifier: BSD-3-Clause
"""Coordinate descent on a growing set of features, in covariance form, with a certificate over all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.history import History
from schuss.linear_model._coordinate_descent.features import Features, Reading, Target
from schuss.linear_model._coordinate_descent.quadratic import Descent, Penalty, Point, Quadratic
from schuss.training import StopReason

Matrix = NDArray[np.float64]
Columns = NDArray[np.int64]

_CHEAP_GRAM = 2e8  # n d^2 up to which the Gram matrix of all columns costs no more than a few reads
_FEW = 32  # columns that are all taken at once
_PILOT_COLUMNS = 512  # columns up to which a sample's Gram matrix is worth having
_PILOT_ROWS = 10  # rows of the sample per column
_PILOT_PAYS = 12  # how many such samples X has to hold
_NEAR = 0.9  # of the L1 penalty: a correlation from which a column may yet come in
_INNER = 0.3  # of the duality gap asked for, what the descent on the set leaves
_ROOM = 1e-12  # relative rounding of a correlation
_COARSE = 1e-8  # tolerance beside which the rounding of a Gram matrix in double precision is nothing


class WorkingSet:
    """Columns of X and their Gram matrix, built as they come in.

    Parameters
    ----------
    features : Features

    Attributes
    ----------
    columns : ndarray of shape (n_columns,)
    gram : ndarray of shape (n_columns, n_columns)
    is_exact : bool
        Whether the matrix has all columns and was summed here, from double precision.
    """

    def __init__(self, features: Features) -> None:
        self._features, self._given = features, False
        self.columns: Columns = np.empty(0, np.int64)
        self.gram: Matrix = np.empty((0, 0))
        self.scratch = kernels.Scratch()

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def is_exact(self) -> bool:
        X = self._features.X
        plain = isinstance(X, np.ndarray) and X.dtype == np.float64  # of sparse columns, means are subtracted from sums
        return plain and not self._given and len(self) == X.shape[1]

    def add(self, new: Columns) -> None:
        """Take in columns that are not in the set yet, at its front."""
        if not len(new):
            return
        columns = np.concatenate([new, self.columns]).astype(np.int64)
        block, k = self._features.gram(columns, len(new)), len(new)
        gram = np.empty((len(columns), len(columns)))
        gram[:, :k], gram[:k, k:], gram[k:, k:] = block, block[k:].T, self.gram
        self.columns, self.gram = columns, gram

    def fill(self, gram: Matrix) -> None:
        """Take in all columns, with a Gram matrix that is known already."""
        self._given = True
        self.columns, self.gram = np.arange(len(gram)), np.ascontiguousarray(gram, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and how coordinates are visited.

    Attributes
    ----------
    tol : float
        Of the duality gap, as part of the target's square.
    max_iter : int
        Sweeps over the coordinates.
    shuffle : bool
    seed : int
    """

    tol: float
    max_iter: int
    shuffle: bool = False
    seed: int = 0


class ElasticNetSolver:
    """Minimise ``1/2 sum_i w_i |y_i - prediction_i|^2 + penalty``.

    Each sweep solves on the working set, to its optimum, and reads X once for the exact
    gradient of all columns: that gives the duality gap, the columns that have to come in,
    and the linear term of the next sweep, so that errors of a Gram matrix in single
    precision are corrected. A long table's first set comes from a sample of its rows.

    Parameters
    ----------
    features : Features
    target : Target
    penalty : Penalty
    limits : Limits
    coef : ndarray of shape (n_tasks, n_features) or None, default=None
        Where to start; None for zeros.
    working_set : WorkingSet or None, default=None
        Of an earlier solution on the same features.
    certified : bool, default=True
        Whether a sweep reads X even if an exact Gram matrix of all columns tells the gap well enough.

    Attributes
    ----------
    coef : ndarray of shape (n_tasks, n_features)
    gap : float
        Duality gap, of the summed objective.
    n_sweeps : int
        Over coordinates, so far.
    """

    def __init__(
        self,
        features: Features,
        target: Target,
        penalty: Penalty,
        limits: Limits,
        *,
        coef: Matrix | None = None,
        working_set: WorkingSet | None = None,
        certified: bool = True,
    ) -> None:
        k, d = len(target.y), features.shape[1]
        self.features, self.target, self.penalty, self.limits = features, target, penalty, limits
        self.working_set = WorkingSet(features) if working_set is None else working_set
        self.coef = np.zeros((k, d)) if coef is None else np.array(coef, dtype=np.float64, order="C")
        self._cold = coef is None or not self.coef.any()
        self._certified = certified or limits.tol < _COARSE
        self._reading: Reading | None = None
        self._sample: tuple[Matrix, Matrix] | None = None  # a sample's Gram matrix, and means
        self.gap, self.n_sweeps, self._stuck = np.inf, 0, False

    def go_on(self, penalty: Penalty) -> None:
        """Solve for another penalty from here."""
        self.penalty, self.n_sweeps, self._stuck = penalty, 0, False
        if self._reading is not None:
            self.gap = self._gap(self._reading)

    def at_zero(self) -> Matrix:
        """The gradient (n_tasks, n_features) where all coefficients are zero."""
        if self._reading is None or self.coef.any():
            self.start_at(np.zeros_like(self.coef))
            self._reading = self.features.read(self.target, self.coef)
        return self._reading.gradient

    @property
    def residual(self) -> float:
        """Summed squared residual at the coefficients, once X has been read."""
        return np.nan if self._reading is None else self._reading.residual

    def start_at(self, coef: Matrix) -> None:
        """Go to other coefficients."""
        coef = np.array(coef, dtype=np.float64, order="C").reshape(self.coef.shape)
        if coef.any() or self.coef.any():
            self._reading = None
        self.coef, self._cold = coef, not coef.any()

    def sweep(self, iteration: int) -> dict[str, float]:
        """Read X at the start; later extend the set, solve on it, read again."""
        reading = self._start() if self._reading is None else self._step(self._reading)
        if not np.isfinite(reading.residual + reading.gradient.sum()):
            raise FloatingPointError("a value became infinite or NaN")
        self._reading, self.gap = reading, self._gap(reading)
        return self._record(reading)

    def rule(self, history: History | None = None) -> StopReason | None:
        """Stop at the gap asked for, or when there are no sweeps left, or none that moves anything."""
        if self.gap <= self.limits.tol * self.target.square:
            return StopReason.CONVERGED
        if self.n_sweeps >= self.limits.max_iter:
            return StopReason.MAX_ITER
        return StopReason.NO_IMPROVEMENT if self._stuck else None

    def solve(self) -> StopReason:
        """Sweep until the rule says stop, without keeping a record."""
        if self._reading is None:
            self.sweep(0)
        while (reason := self.rule()) is None:
            self.sweep(1)
        return reason

    # ------------------------------------------------------------ the set

    @property
    def _everything(self) -> bool:
        n, d = self.features.shape
        return d <= _FEW or self.penalty.l1 == 0.0 or float(n) * d * d <= _CHEAP_GRAM

    def _entering(self, reading: Reading) -> Columns:
        """Columns to take in: those that violate the conditions of optimality worst, or come near."""
        outside = np.ones(self.coef.shape[1], dtype=bool)
        outside[self.working_set.columns] = False
        if self._everything:
            return np.flatnonzero(outside)
        score = np.where(outside, self._score(reading.gradient, self.coef), -1.0)
        if self._sample is not None:
            return self._foreseen(reading, outside)
        violating = int(np.sum(score > self.penalty.l1 * (1.0 + _ROOM)))
        if not violating:
            return np.empty(0, np.int64)
        support = int(np.count_nonzero(self.coef.any(axis=0)))
        wanted = max(self._first_size, 2 * support) - len(self.working_set)
        count = min(max(wanted, min(violating, 10 + len(self.working_set) // 2)), int(outside.sum()))
        return np.sort(np.argpartition(-score, count - 1)[:count])

    @property
    def _first_size(self) -> int:
        """As many columns as have a Gram matrix that costs about as much as a read of X."""
        return 10 + int(2.0 * self.features.shape[1] ** 0.5)

    def _score(self, gradient: Matrix, coef: Matrix) -> Matrix:
        """How strongly each column correlates with the residual, less the L2 term's share."""
        slope = -gradient - self.penalty.l2 * coef
        if self.penalty.positive:
            slope = np.maximum(slope, 0.0)
        return np.abs(slope[0]) if len(slope) == 1 else np.sqrt(np.square(slope).sum(axis=0))

    def _step(self, reading: Reading) -> Reading:
        before = len(self.working_set), self.n_sweeps
        self.working_set.add(self._entering(reading))
        known = self._descend(reading)
        self._stuck = before == (len(self.working_set), self.n_sweeps)
        return (
            known if self.working_set.is_exact and not self._certified else self.features.read(self.target, self.coef)
        )

    def _descend(self, reading: Reading) -> Reading:
        """Solve on the set; returns what its Gram matrix knows then, the gradients of other columns being as before."""
        chosen = self.working_set.columns
        coef = np.ascontiguousarray(self.coef[:, chosen])
        point = Point(coef, np.ascontiguousarray(reading.gradient[:, chosen]), reading.residual)
        self._descent(_INNER).solve(self.working_set.gram, self.penalty, point, scratch=self.working_set.scratch)
        self.coef[:, chosen] = point.coef
        self.n_sweeps += point.n_sweeps
        gradient = reading.gradient.copy()
        gradient[:, chosen] = point.gradient
        return Reading(gradient, max(point.residual, 0.0))

    def _descent(self, part: float) -> Descent:
        limits, square = self.limits, self.target.square
        return Descent(
            max_sweeps=limits.max_iter - self.n_sweeps,
            tol=limits.tol,
            gap_tol=part * limits.tol * square,
            shuffle=limits.shuffle,
            seed=limits.seed,
        )

    # ------------------------------------------------------------ the start

    def _start(self) -> Reading:
        n, d = self.features.shape
        size, guess = _PILOT_ROWS * max(d, 2 * _FEW), None
        if self._cold and not self._everything and d <= _PILOT_COLUMNS and n >= _PILOT_PAYS * size:
            guess = self._pilot(size)
        reading = self.features.read(self.target, self.coef, guess)
        if self._sample is None and not self._everything and not len(self.working_set):
            self.working_set.add(np.flatnonzero(self.coef.any(axis=0)))
        return reading

    def _pilot(self, size: int) -> Matrix:
        """Start from the solution on a sample of rows; returns the sample's means."""
        features, target = self.features.sample(self.target, size)
        start = features.read(target, self.coef)
        scale = self.features.total / features.total
        gram = scale * features.gram(np.arange(self.coef.shape[1]), self.coef.shape[1])
        assert features.mean is not None
        self._sample = gram, features.mean
        point = Quadratic(gram, -scale * start.gradient, scale * target.square).at_zero()
        rough = Descent(100, 1e-3, 1e-4 * scale * target.square)
        self.coef = rough.solve(gram, self.penalty, point).coef
        return features.mean

    def _foreseen(self, reading: Reading, outside: NDArray[np.bool_]) -> Columns:
        """What the sample's curvature and the exact gradient make of all columns."""
        assert self._sample is not None
        gram, self._sample = self._sample[0], None
        point = Point(self.coef.copy(), reading.gradient.copy(), reading.residual)
        rough = Descent(100, 1e-4, self.limits.tol * self.target.square)
        rough.solve(gram, self.penalty, point)
        near = self._score(point.gradient, point.coef) >= _NEAR * self.penalty.l1
        return np.flatnonzero(outside & (near | point.coef.any(axis=0) | self.coef.any(axis=0)))

    # ------------------------------------------------------------ the certificate

    def _gap(self, reading: Reading) -> float:
        """Primal less dual objective, the dual point being the residual, scaled until it is feasible."""
        penalty, coef, slope = self.penalty, self.coef, reading.gradient
        squares, slopes = float(np.vdot(coef, coef)), float(np.vdot(slope, slope))
        with_target = reading.residual - float(np.vdot(coef, slope))
        if penalty.l1 == 0.0:
            if penalty.l2 == 0.0:
                return slopes
            return reading.residual + penalty.l2 / 2.0 * squares - with_target + slopes / (2.0 * penalty.l2)
        largest = float(self._score(slope, coef).max())
        scale = min(1.0, penalty.l1 / largest) if largest > 0.0 else 1.0
        whole = (1.0 + scale**2) / 2.0 * (reading.residual + penalty.l2 * squares)
        return whole + penalty.l1 * self._size() - scale * with_target

    def _size(self) -> float:
        """The norm that the L1 term weighs."""
        coef = self.coef
        return float(np.abs(coef).sum() if len(coef) == 1 else np.sqrt(np.square(coef).sum(axis=0)).sum())

    def _record(self, reading: Reading) -> dict[str, float]:
        total, penalty = self.features.total, self.penalty
        data_loss = 0.5 * reading.residual / total
        price = (penalty.l1 * self._size() + 0.5 * penalty.l2 * float(np.vdot(self.coef, self.coef))) / total
        return {
            "data_loss": data_loss,
            "penalty": price,
            "objective": data_loss + price,
            "duality_gap": self.gap / total,
            "n_nonzero": float(np.count_nonzero(self.coef.any(axis=0))),
            "working_set": float(len(self.working_set)),
            "n_sweeps": float(self.n_sweeps),
        }
