# SPDX-License-Identifier: BSD-3-Clause
"""Paths of penalties on every fold at once, from two reads of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._blas import one_blas_thread
from schuss.linear_model._coordinate_descent.folds import FoldMoments, Split
from schuss.linear_model._coordinate_descent.gram_descent import GramDescent, Rules
from schuss.linear_model._coordinate_descent.moments import MomentReader, Moments
from schuss.linear_model._smooth.curvature import CholeskyInverse

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_MOST_COLUMNS = 2048
_MOST_BYTES = 1e9
_SERIAL = 1 << 14  # products of a sweep that are not worth another thread


@dataclass(frozen=True, slots=True)
class Step:
    """What one penalty of each path came to.

    Attributes
    ----------
    training, test : ndarray of shape (n_paths, n_folds)
        Mean squared errors, summed over tasks.
    gaps, tolerances : ndarray of shape (n_paths, n_folds)
        Duality gaps and how large they may be, per unit of weight.
    n_iter : ndarray of shape (n_paths, n_folds)
    """

    training: Matrix
    test: Matrix
    gaps: Matrix
    tolerances: Matrix
    n_iter: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model of the whole table.

    Attributes
    ----------
    coef, intercept : ndarray of shape (n_tasks, n_features) and (n_tasks,)
    centre : ndarray of shape (n_features,)
        The point about which intercepts are exact.
    gap, tolerance : float
        Duality gap and how large it may be, per unit of weight.
    n_iter : int
    """

    coef: Matrix
    intercept: Matrix
    centre: Matrix
    gap: float
    tolerance: float
    n_iter: int


class _FoldPath:
    """One path on one fold."""

    def __init__(self, training: Moments, test: Moments, reader: MomentReader, square: float, rules: Rules) -> None:
        self._training, self._test, self._reader = training, test, reader
        centred = training.centred(reader.rounding) if reader.fit_intercept else training
        self.descent = GramDescent(centred, reader.coef, square, rules)

    def step(self, l1: float, l2: float) -> tuple[float, float, float, float, int]:
        """Solve for these penalties per unit of weight; returns the entries of a `Step`."""
        weight = self._training.weight
        point = self.descent.descend(l1 * weight, l2 * weight)
        change = point.coef - self._reader.coef
        level = np.zeros(len(change))
        if self._reader.fit_intercept:
            level = (self._training.r - change @ self._training.x) / weight
        errors = self._test.squared_errors(change[None], level[None])
        training, test = max(point.residual, 0.0) / weight, float(errors[0]) / self._test.weight
        return training, test, point.gap / weight, self.descent.tolerance / weight, point.n_sweeps


def affords_grams(n_folds: int, n_features: int) -> bool:
    """Whether Gram matrices of all columns, two for each fold, are small enough to keep."""
    return n_features <= _MOST_COLUMNS and 16.0 * n_folds * n_features**2 <= _MOST_BYTES


class FoldPaths:
    """Solves one path per l1_ratio on every fold, in step, and the whole table for the penalty of choice.

    All sums are taken of the residuals of a reference model, a nearly exact solution for the whole table: the
    held-out errors then are no differences of large numbers even if hardly any error is left.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features), C-contiguous, or CSR matrix
    y : ndarray of shape (n_samples, n_tasks)
    weight : ndarray of shape (n_samples,) or None
    splits : list of (ndarray, ndarray)
    fit_intercept : bool
    rules : Rules
    n_threads : int

    Attributes
    ----------
    products : ndarray of shape (n_features, n_tasks)
        Sums over all rows of centred x times centred y.
    weight : float
        Of all rows.
    guess : tuple of float
        Mean squared error of the mean of the training rows, on these and on the test rows, averaged over folds.

    Raises
    ------
    FloatingPointError
        If sums over the rows are not finite.
    """

    def __init__(
        self,
        X: Any,
        y: Array,
        weight: Array | None,
        splits: Sequence[Split],
        *,
        fit_intercept: bool,
        rules: Rules,
        n_threads: int,
    ) -> None:
        self._folds = folds = FoldMoments(splits, len(y))
        self._y_mean = np.zeros(y.shape[1])
        if fit_intercept:
            self._y_mean = np.average(y, axis=0, weights=weight).astype(np.float64)
        y = (y - self._y_mean).astype(X.dtype)
        if folds.order is not None:
            X, y, weight = X[folds.order], y[folds.order], None if weight is None else weight[folds.order]
        self._reader = MomentReader(X, y, weight, fit_intercept=fit_intercept, n_threads=n_threads)
        self._rules, self._n_threads = rules, n_threads
        folds.read(self._reader)
        self._check_weights()
        centred = self._centred(folds.whole)
        self.products, self.weight = centred.xr, folds.whole.weight
        self._squares = [self._centred(m).rr for m in (folds.whole, *folds.training)]
        self.guess = self._losses_of_guess()
        self._refer_to(centred)

    def begin(self, l1_ratios: Matrix) -> None:
        """Prepare one path for each of these."""
        pairs = list(zip(self._folds.training, self._folds.test, self._squares[1:], strict=True))
        self._ratios = l1_ratios
        self._paths = [
            [_FoldPath(training, test, self._reader, square, self._rules) for training, test, square in pairs]
            for _ in l1_ratios
        ]

    def step(self, alphas: Matrix) -> Step:
        """Solve all folds for the next penalty of each path."""
        jobs = [
            (path, alpha * ratio, alpha * (1.0 - ratio))
            for paths, alpha, ratio in zip(self._paths, alphas, self._ratios, strict=True)
            for path in paths
        ]
        results = zip(*self._map(lambda job: job[0].step(*job[1:]), jobs), strict=True)
        return Step(*(np.reshape(each, (len(self._ratios), -1)) for each in results))

    def fit(self, alpha: float, l1_ratio: float) -> Fitted:
        """Solve the whole table for one penalty, from zero."""
        reader, whole = self._reader, self._folds.whole
        centred = self._centred(whole)
        descent = GramDescent(centred, reader.coef, self._squares[0], self._rules, thorough=True)
        point = descent.descend(alpha * l1_ratio * self.weight, alpha * (1.0 - l1_ratio) * self.weight)
        intercept = np.zeros(len(point.coef))
        if reader.fit_intercept:
            change = point.coef - reader.coef
            level = (whole.r - change @ whole.x) / whole.weight
            intercept = self._y_mean + reader.intercept + level - change @ reader.shift
        return Fitted(
            coef=point.coef,
            intercept=intercept,
            centre=reader.shift,
            gap=point.gap / self.weight,
            tolerance=descent.tolerance / self.weight,
            n_iter=point.n_sweeps,
        )

    def _centred(self, moments: Moments) -> Moments:
        return moments.centred(self._reader.rounding) if self._reader.fit_intercept else moments

    def _check_weights(self) -> None:
        for kind, all_moments in (("training", self._folds.training), ("test", self._folds.test)):
            for i, moments in enumerate(all_moments):
                if not moments.weight > 0.0:
                    raise ValueError(f"The sample weights of the {kind} rows of fold {i} are all zero.")

    def _losses_of_guess(self) -> tuple[float, float]:
        training, test = [], []
        for known, held_out, square in zip(self._folds.training, self._folds.test, self._squares[1:], strict=True):
            level = known.r / known.weight if self._reader.fit_intercept else np.zeros_like(known.r)
            training.append(square / known.weight)
            errors = held_out.squared_errors(np.zeros((1, *self._reader.coef.shape)), level[None])
            test.append(float(errors[0]) / held_out.weight)
        return float(np.mean(training)), float(np.mean(test))

    def _refer_to(self, centred: Moments) -> None:
        """Solve nearly without penalty, which keeps the coefficients small, and read the residuals."""
        reader, whole = self._reader, self._folds.whole
        matrix = centred.xx.copy()
        diagonal = matrix.diagonal()
        ridge = np.sqrt(np.finfo(reader.dtype).eps) * diagonal
        np.fill_diagonal(matrix, np.where(diagonal > 0.0, diagonal + ridge, 1.0))
        with one_blas_thread(len(matrix)):
            reader.coef = CholeskyInverse(matrix)(np.ascontiguousarray(centred.xr.T))
        if reader.fit_intercept:
            mean = reader.shift + whole.x / whole.weight
            reader.intercept = whole.r / whole.weight - reader.coef @ mean
        self._folds.read(reader)

    def _map(self, function: Callable[[Any], Any], jobs: list[Any]) -> list[Any]:
        work = self._reader.coef.size * self._reader.coef.shape[1]
        if self._n_threads == 1 or work <= _SERIAL:
            return [function(job) for job in jobs]
        with ThreadPoolExecutor(self._n_threads) as pool:
            return list(pool.map(function, jobs))
