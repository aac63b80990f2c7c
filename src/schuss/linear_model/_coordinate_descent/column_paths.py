# SPDX-License-Identifier: BSD-3-Clause
"""Paths of penalties on every fold where Gram matrices of all columns would be too large: on working sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._blas import one_blas_thread
from schuss.linear_model._coordinate_descent.features import Target, features_of
from schuss.linear_model._coordinate_descent.fold_paths import Fitted, Step
from schuss.linear_model._coordinate_descent.folds import Rows, Split
from schuss.linear_model._coordinate_descent.gram_descent import Rules
from schuss.linear_model._coordinate_descent.quadratic import Penalty
from schuss.linear_model._coordinate_descent.working_set import ElasticNetSolver, Limits

Array = NDArray[Any]
Matrix = NDArray[np.float64]


class _TestRows:
    """Held-out rows, and the errors of a model on them."""

    def __init__(self, X: Any, y: Array, weight: Array | None, rows: Rows, n_threads: int) -> None:
        contiguous = len(rows) > 0 and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows)))
        chosen = slice(int(rows[0]), int(rows[0]) + len(rows)) if contiguous else rows
        self._table = kernels.Table(X[chosen])
        self._y = y[chosen].astype(np.float64)
        self._weight = None if weight is None else weight[chosen]
        self._raw = np.empty(self._y.shape, dtype=y.dtype)
        self._n_threads = n_threads

    def error(self, coef: Matrix, intercept: Matrix) -> float:
        """Mean squared error, summed over tasks."""
        dtype = self._raw.dtype
        kernels.linear_predict(
            self._table, coef.astype(dtype), intercept.astype(dtype), self._raw, n_threads=self._n_threads
        )
        return float(np.average(np.square(self._raw - self._y).sum(axis=1), weights=self._weight))


class ColumnPaths:
    """As `FoldPaths`, whose parameters and attributes these are; rows that a fold does not train on weigh nothing.

    X is not copied but for held-out rows that are not next to each other.
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
        y = np.ascontiguousarray(y, dtype=X.dtype)
        self._test = [_TestRows(X, y, weight, test, n_threads) for _, test in splits]
        self._X = X.tocsc() if sp.issparse(X) else X
        self._targets, self._positive = np.ascontiguousarray(y.T), rules.positive
        self._limits = Limits(rules.tol, rules.max_iter, rules.random, rules.seed)
        self._options: dict[str, Any] = {"fit_intercept": fit_intercept, "n_threads": n_threads}
        self._training = [self._weights_of(train, weight) for train, _ in splits]
        self._whole = self._solver(weight)
        with one_blas_thread(X.shape[1]):
            self.products = -self._whole.at_zero().T
        self.weight = self._whole.features.total
        self.guess = self._losses_of_guess()

    def begin(self, l1_ratios: Matrix) -> None:
        """Prepare one path for each of these."""
        self._ratios = l1_ratios
        self._paths = [[self._solver(weight) for weight in self._training] for _ in l1_ratios]

    def step(self, alphas: Matrix) -> Step:
        """Solve all folds for the next penalty of each path."""
        with one_blas_thread(self._X.shape[1]):
            results = [
                self._solve(solver, test, float(alpha), float(ratio))
                for solvers, alpha, ratio in zip(self._paths, alphas, self._ratios, strict=True)
                for solver, test in zip(solvers, self._test, strict=True)
            ]
        return Step(*(np.reshape(each, (len(self._ratios), -1)) for each in zip(*results, strict=True)))

    def fit(self, alpha: float, l1_ratio: float) -> Fitted:
        """Solve the whole table for one penalty, from zero."""
        solver, features = self._whole, self._whole.features
        solver.start_at(np.zeros_like(solver.coef))
        solver.go_on(Penalty.of(alpha, l1_ratio, self.weight, positive=self._positive))
        with one_blas_thread(self._X.shape[1]):
            solver.solve()
        assert features.mean is not None
        return Fitted(
            coef=solver.coef.copy(),
            intercept=solver.target.mean - solver.coef @ features.mean,
            centre=features.mean,
            gap=solver.gap / self.weight,
            tolerance=self._limits.tol * solver.target.square / self.weight,
            n_iter=solver.n_sweeps,
        )

    def _weights_of(self, train: Rows, weight: Array | None) -> Array:
        """How often each row is in the training set, times its weight."""
        counts = np.bincount(train, minlength=len(self._targets[0])).astype(self._X.dtype)
        return counts if weight is None else counts * weight

    def _solver(self, weight: Array | None) -> ElasticNetSolver:
        features = features_of(self._X, weight, **self._options)
        target = Target(self._targets, weight, fit_intercept=self._options["fit_intercept"])
        return ElasticNetSolver(features, target, Penalty(np.inf, 0.0), self._limits)

    def _solve(self, solver: ElasticNetSolver, test: _TestRows, alpha: float, l1_ratio: float) -> tuple[float, ...]:
        features, square = solver.features, solver.target.square
        solver.go_on(Penalty.of(alpha, l1_ratio, features.total, positive=self._positive))
        solver.solve()
        assert features.mean is not None
        error = test.error(solver.coef, solver.target.mean - solver.coef @ features.mean)
        total, tolerance = features.total, self._limits.tol * square
        return solver.residual / total, error, solver.gap / total, tolerance / total, solver.n_sweeps

    def _losses_of_guess(self) -> tuple[float, float]:
        training, held_out = [], []
        nothing = np.zeros((len(self._targets), self._X.shape[1]))
        for weight, test in zip(self._training, self._test, strict=True):
            target = Target(self._targets, weight, fit_intercept=self._options["fit_intercept"])
            training.append(target.square / float(weight.sum(dtype=np.float64)))
            held_out.append(test.error(nothing, target.mean))
        return float(np.mean(training)), float(np.mean(held_out))
