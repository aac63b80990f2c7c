# SPDX-License-Identifier: BSD-3-Clause
"""What a search has found, in the shapes of scikit-learn's attributes, old and new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._logistic_cv.settings import Settings

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """Everything that was fitted in the search.

    Attributes
    ----------
    coefs : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_outputs, n_features [+ 1])
        With the intercept last, if there is one.
    scores : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        NaN where the search has not come.
    n_iter : ndarray of shape (n_folds, n_l1_ratios, n_cs)
    """

    coefs: Array
    scores: Array
    n_iter: NDArray[np.int32]

    def best(self) -> tuple[int, int]:
        """Numbers of the l1_ratio and the C of the best mean score; of the first, if there are several."""
        return _first_best(self.scores.sum(axis=0))

    def mean_over_folds(self, settings: Settings) -> tuple[Array, float, float]:
        """Parameters, C and l1_ratio, averaged over the best of every fold by itself."""
        best = [_first_best(scores) for scores in self.scores]
        coefs = np.mean([self.coefs[fold, *where] for fold, where in enumerate(best)], axis=0)
        C = float(np.mean([settings.Cs[at] for _, at in best]))
        named = settings.penalty == "elasticnet"
        return coefs, C, float(np.mean([settings.shares[path] for path, _ in best])) if named else 0.0


def _first_best(scores: Array) -> tuple[int, int]:
    """The largest of (n_l1_ratios, n_cs) scores, in the order of the Cs first; NaN never is."""
    ordered = np.where(np.isnan(scores), -np.inf, scores).T
    at, path = np.unravel_index(int(ordered.argmax()), ordered.shape)
    return int(path), int(at)


class SearchAttributes:
    """scikit-learn's attributes of a search, in its older and its newer shapes.

    An estimator keeps the arrays of its `Grid` alone; these are views of them. In the
    older shapes every class has its own entry, though all are the same, and two classes
    count as one.
    """

    Cs_: Array
    classes_: Array
    _grid_coefs: Array
    _grid_scores: Array
    _grid_n_iter: NDArray[np.int32]
    _grid_l1_ratios: Array | None
    _best_C: float
    _best_l1_ratio: float | None
    _legacy: bool

    def _keep_search(self, grid: Grid, settings: Settings, C: float, l1_ratio: float | None) -> None:
        """Remember a search and its winner; no l1_ratio if the user named none."""
        named = settings.l1_ratios is not None
        if l1_ratio is None and not settings.legacy:
            l1_ratio = float(settings.penalty == "l1")
        self.Cs_, self._legacy = settings.Cs, settings.legacy
        self._grid_coefs, self._grid_scores, self._grid_n_iter = grid.coefs, grid.scores, grid.n_iter
        self._grid_l1_ratios = np.array(settings.l1_ratios, dtype=np.float64) if named else None
        self._best_C, self._best_l1_ratio = C, l1_ratio

    @property
    def l1_ratios_(self) -> Array:
        """Shares of an L1 penalty that were tried; None alone if none were named."""
        return np.array([None]) if self._grid_l1_ratios is None else self._grid_l1_ratios

    @property
    def C_(self) -> Any:
        """The inverse strength that was chosen."""
        return np.full(len(self._names), self._best_C) if self._legacy else self._best_C

    @property
    def l1_ratio_(self) -> Any:
        """The share of an L1 penalty that was chosen."""
        return np.array([self._best_l1_ratio] * len(self._names)) if self._legacy else self._best_l1_ratio

    @property
    def coefs_paths_(self) -> Any:
        """Parameters at every point of the grid, for every fold."""
        if not self._legacy:
            return self._grid_coefs
        coefs = self._by_C(self._grid_coefs)
        return {name: coefs[..., i, :] for i, name in enumerate(self._names)}

    @property
    def scores_(self) -> Any:
        """Scores at every point of the grid, for every fold."""
        return dict.fromkeys(self._names, self._by_C(self._grid_scores)) if self._legacy else self._grid_scores

    @property
    def n_iter_(self) -> Any:
        """Numbers of iterations at every point of the grid, for every fold."""
        return self._by_C(self._grid_n_iter)[None] if self._legacy else self._grid_n_iter

    @property
    def _names(self) -> Array:
        return self.classes_[1:] if len(self.classes_) == 2 else self.classes_

    def _by_C(self, found: Array) -> Array:
        """Fold first, then C, then l1_ratio, unless none was named."""
        return found[:, 0] if self._grid_l1_ratios is None else found.swapaxes(1, 2)
