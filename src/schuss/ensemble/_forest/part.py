# SPDX-License-Identifier: BSD-3-Clause
"""Rows that a forest is grown on or measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._histogram.targets import Target

Float64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Part:
    """Checked rows.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features), float32
    target : Target
    weight : ndarray of shape (n_samples,) or None
    """

    X: Any
    target: Target
    weight: Float64 | None

    def take(self, rows: NDArray[np.intp]) -> Part:
        """Some of the rows."""
        return Part(self.X[rows], self.target.take(rows), None if self.weight is None else self.weight[rows])

    def loss_of_guess(self, guess: Float64) -> float:
        """Mean loss of a constant."""
        losses = self.target.losses(np.repeat(guess[None], self.X.shape[0], axis=0))
        return float(np.average(losses, weights=self.weight))

    def score_of_guess(self, guess: Float64) -> float:
        """Score of a constant."""
        return self.target.score(np.repeat(guess[None], self.X.shape[0], axis=0), weight=self.weight)
