# SPDX-License-Identifier: BSD-3-Clause
"""The search along paths of penalties for the one with the best held-out score."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.history import History
from schuss.linear_model._logistic_cv.attributes import Grid
from schuss.linear_model._logistic_cv.paths import FoldPaths, Solution
from schuss.linear_model._logistic_cv.scoring import FoldScorer
from schuss.linear_model._logistic_cv.settings import Settings
from schuss.training import StopReason

Array = NDArray[Any]


class Search:
    """Sweeps for `schuss.training.run`: an iteration is the next C of every path, on every fold.

    Parameters
    ----------
    paths : FoldPaths
    scorers : list of FoldScorer
    settings : Settings
    shape : tuple of int
        Of a model's coefficients: (n_outputs, n_features).
    fit_intercept : bool

    Attributes
    ----------
    grid : Grid
        Filled as the search proceeds.
    converged : bool
        Whether every fit so far has.
    """

    def __init__(
        self,
        paths: FoldPaths,
        scorers: list[FoldScorer],
        settings: Settings,
        shape: tuple[int, int],
        *,
        fit_intercept: bool,
    ) -> None:
        self._paths, self._scorers, self._settings = paths, scorers, settings
        sizes = (len(scorers), len(settings.shares), len(settings.Cs))
        n_outputs, n_features = shape
        self.grid = Grid(
            np.zeros((*sizes, n_outputs, n_features + fit_intercept)),
            np.full(sizes, np.nan),
            np.zeros(sizes, dtype=np.int32),
        )
        self.converged = True

    def sweep(self, iteration: int) -> dict[str, float]:
        """Fit and score the next C; the record is about the path that did best at it."""
        C = float(self._settings.Cs[iteration])
        found = self._paths.step(C)
        for path, solutions in enumerate(found):
            for fold, solution in enumerate(solutions):
                self._note(fold, path, iteration, C, solution)
        means = self.grid.scores[:, :, iteration].mean(axis=0)
        best = int(np.argmax(np.where(np.isnan(means), -np.inf, means)))
        points = [solution.point for solution in found[best]]
        return {
            "C": C,
            "l1_ratio": float(self._settings.shares[best]),
            "data_loss": float(np.mean([point.data_loss for point in points])),
            "objective": float(np.mean([point.value for point in points])),
            "gradient_norm": max(solution.point.gradient_norm for path in found for solution in path),
            "n_steps": float(self.grid.n_iter[:, :, iteration].sum()),
            "validation_score": float(means[best]),
            "validation_score_std": float(self.grid.scores[:, best, iteration].std()),
        }

    def mean_of_best(self) -> Array:
        """Parameters of the best grid point so far, averaged over the folds."""
        path, at = self.grid.best()
        return np.asarray(self.grid.coefs[:, path, at].mean(axis=0))

    def rule(self, history: History) -> StopReason | None:
        """Stop at the end of the paths."""
        if self.grid.n_iter.shape[2] != len(history):
            return None
        return StopReason.CONVERGED if self.converged else StopReason.MAX_ITER

    def _note(self, fold: int, path: int, at: int, C: float, solution: Solution) -> None:
        grid, point = self.grid, solution.point
        coefs = grid.coefs[fold, path, at]
        n_features = point.coef.shape[1]
        coefs[:, :n_features] = point.coef
        if coefs.shape[1] > n_features:
            coefs[:, -1] = point.intercept
        grid.scores[fold, path, at] = self._scorers[fold](C, point.coef, point.intercept)
        grid.n_iter[fold, path, at] = solution.n_iter
        self.converged &= solution.converged
