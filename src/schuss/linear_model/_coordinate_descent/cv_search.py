# SPDX-License-Identifier: BSD-3-Clause
"""The search along paths of penalties for the one with the least held-out error."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from schuss.history import History
from schuss.linear_model._coordinate_descent.column_paths import ColumnPaths
from schuss.linear_model._coordinate_descent.fold_paths import Fitted, FoldPaths
from schuss.training import StopReason

Matrix = NDArray[np.float64]

_NOT_CONVERGED = (
    "Objective did not converge. You might want to increase the number of iterations, check the scale of the "
    "features or consider increasing regularisation. Duality gap: {gap:.3e}, tolerance: {tolerance:.3e}"
)


class CVSearch:
    """Sweeps for `schuss.training.run`: an iteration is the next penalty of every path, on every fold.

    Parameters
    ----------
    paths : FoldPaths or ColumnPaths
        Begun.
    alphas : ndarray of shape (n_l1_ratios, n_alphas)
        Descending.
    l1_ratios : ndarray of shape (n_l1_ratios,)
    n_folds, n_tasks : int
    history : History
        That of the run.

    Attributes
    ----------
    alphas, l1_ratios, history
        As given.
    errors : ndarray of shape (n_l1_ratios, n_alphas, n_folds)
        Held-out mean squared errors, averaged over tasks; NaN where the search has not come.
    """

    def __init__(
        self,
        paths: FoldPaths | ColumnPaths,
        alphas: Matrix,
        l1_ratios: Matrix,
        n_folds: int,
        n_tasks: int,
        history: History,
    ) -> None:
        self._paths, self._n_tasks = paths, n_tasks
        self.alphas, self.l1_ratios, self.history = alphas, l1_ratios, history
        self.errors = np.full((*alphas.shape, n_folds), np.nan)
        self._worst: tuple[float, float] | None = None

    def sweep(self, iteration: int) -> dict[str, float]:
        """Solve for the next penalties; the record is about the path that did best at this step."""
        step = self._paths.step(self.alphas[:, iteration])
        if not np.isfinite(step.test).all():
            raise FloatingPointError("a held-out error became infinite or NaN")
        self.errors[:, iteration] = step.test / self._n_tasks
        self._keep_worst(step.gaps, step.tolerances)
        losses = 0.5 * step.test
        means = losses.mean(axis=1)
        best = int(means.argmin())
        return {
            "alpha": float(self.alphas[best, iteration]),
            "l1_ratio": float(self.l1_ratios[best]),
            "training_loss": 0.5 * float(step.training[best].mean()),
            "validation_loss": float(means[best]),
            "validation_loss_std": float(losses[best].std()),
            "duality_gap": float(step.gaps.max()),
            "n_sweeps": float(step.n_iter.sum()),
        }

    def rule(self, history: History) -> StopReason | None:
        """Stop at the end of the paths."""
        if np.isnan(self.errors[:, -1]).any():
            return None
        return StopReason.CONVERGED if self._worst is None else StopReason.MAX_ITER

    @property
    def best(self) -> tuple[int, int]:
        """Numbers of the l1_ratio and the alpha with the least mean error so far."""
        means = self.errors.mean(axis=2)
        path, at = divmod(int(np.nanargmin(means)), means.shape[1])
        return path, at

    def refit(self) -> Fitted:
        """Fit the whole table with the best penalty so far."""
        path, at = self.best
        fitted = self._paths.fit(self.alphas[path, at], self.l1_ratios[path])
        self._keep_worst(np.array(fitted.gap), np.array(fitted.tolerance))
        return fitted

    def warn(self) -> None:
        """Say so if some descent did not converge."""
        if self._worst is not None:
            gap, tolerance = self._worst
            warnings.warn(_NOT_CONVERGED.format(gap=gap, tolerance=tolerance), ConvergenceWarning, stacklevel=4)

    def _keep_worst(self, gaps: Matrix, tolerances: Matrix) -> None:
        excess = gaps - tolerances
        if not excess.max() <= 0.0:
            at = int(excess.argmax())
            self._worst = float(gaps.flat[at]), float(tolerances.flat[at])
