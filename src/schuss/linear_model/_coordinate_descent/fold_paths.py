# SPDX-License-Identifier: BSD-3-Clause
"""Paths of penalties on every fold at once, from two reads of the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._blas import one_blas_thread
from schuss.linear_model._coordinate_descent.fold_errors import FoldErrors
from schuss.linear_model._coordinate_descent.folds import FoldMoments, Split
from schuss.linear_model._coordinate_descent.gram_descent import GramDescent, Rules
from schuss.linear_model._coordinate_descent.moments import MomentReader, Moments
from schuss.linear_model._smooth.curvature import CholeskyInverse

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_MOST_COLUMNS = 2048
_MOST_BYTES = 1e9


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
        folds, n_paths = self._folds, len(l1_ratios)
        self._ratios = l1_ratios
        self._errors = FoldErrors(folds.training, folds.test, self._reader)
        self._weights = np.array([m.weight for m in folds.training])
        moments, squares = [self._centred(m) for m in folds.training], self._squares[1:]
        self._descent = GramDescent(
            moments * n_paths, self._reader.coef, squares * n_paths, self._rules, n_threads=self._n_threads
        )

    def step(self, alphas: Matrix) -> Step:
        """Solve all folds for the next penalty of each path."""
        descent, shape = self._descent, (len(alphas), len(self._weights))
        l1 = np.outer(alphas * self._ratios, self._weights)
        l2 = np.outer(alphas * (1.0 - self._ratios), self._weights)
        with one_blas_thread(self._reader.coef.shape[1]):
            descent.descend(l1.ravel(), l2.ravel())
            test = self._errors(descent.coef.reshape(*shape, *descent.coef.shape[1:]))
        by_weight = (descent.residuals, descent.gaps, descent.tolerances)
        training, gaps, tolerances = (sums.reshape(shape) / self._weights for sums in by_weight)
        return Step(np.maximum(training, 0.0), test, gaps, tolerances, descent.n_sweeps.reshape(shape))

    def fit(self, alpha: float, l1_ratio: float) -> Fitted:
        """Solve the whole table for one penalty, from zero."""
        reader, whole = self._reader, self._folds.whole
        descent = GramDescent(
            [self._centred(whole)],
            reader.coef,
            self._squares[:1],
            self._rules,
            n_threads=self._n_threads,
            thorough=True,
        )
        descent.descend(*np.array([[alpha * l1_ratio], [alpha * (1.0 - l1_ratio)]]) * self.weight)
        coef = descent.coef[0]
        intercept = np.zeros(len(coef))
        if reader.fit_intercept:
            change = coef - reader.coef
            level = (whole.r - change @ whole.x) / whole.weight
            intercept = self._y_mean + reader.intercept + level - change @ reader.shift
        return Fitted(
            coef=coef,
            intercept=intercept,
            centre=reader.shift,
            gap=float(descent.gaps[0]) / self.weight,
            tolerance=float(descent.tolerances[0]) / self.weight,
            n_iter=int(descent.n_sweeps[0]),
        )

    def _centred(self, moments: Moments) -> Moments:
        return moments.centred(self._reader.rounding) if self._reader.fit_intercept else moments

    def _check_weights(self) -> None:
        for kind, all_moments in (("training", self._folds.training), ("test", self._folds.test)):
            for i, moments in enumerate(all_moments):
                if not moments.weight > 0.0:
                    raise ValueError(f"The sample weights of the {kind} rows of fold {i} are all zero.")

    def _losses_of_guess(self) -> tuple[float, float]:
        training, test = self._folds.training, self._folds.test
        losses = [square / known.weight for known, square in zip(training, self._squares[1:], strict=True)]
        guess = np.zeros((1, len(test), *self._reader.coef.shape))
        return float(np.mean(losses)), float(FoldErrors(training, test, self._reader)(guess).mean())

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
