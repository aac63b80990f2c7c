# SPDX-License-Identifier: BSD-3-Clause
"""Dropout of trees (DART): each iteration learns what a random part of the trees before it leaves to be learnt."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.ensemble._boosting.growth import Growth
from schuss.ensemble._boosting.sampling import Draws
from schuss.ensemble._boosting.watch import Part

Rows = NDArray[np.int64]


class Dart:
    """Keeps account of which iterations are left out, and how much each counts.

    With k iterations dropped, the new trees count as 1 / (k + rate) of themselves and the dropped ones as
    k / (k + rate) of what they were, rate being the learning rate: together they weigh as much as the dropped ones.

    Parameters
    ----------
    model : estimator
    growth : Growth
    draws : Draws

    Attributes
    ----------
    factors : list of float
        What the leaves of each iteration's trees are multiplied with.

    References
    ----------
    Rashmi and Gilad-Bachrach (2015), "DART: Dropouts meet multiple additive regression trees".
    """

    def __init__(self, model: Any, growth: Growth, draws: Draws) -> None:
        self._model, self._growth, self._draws = model, growth, draws
        self.factors = [1.0] * model.n_iter_
        self._dropped: Rows = np.zeros(0, dtype=np.int64)

    def drop(self, iteration: int, *parts: Part | None) -> bool:
        """Take some iterations off the raw predictions; whether there are any."""
        model = self._model
        self._dropped = self._draws.dropped(iteration, rate=model.drop_rate, skip=model.skip_drop, most=model.max_drop)
        self._add(-1.0, parts)
        return len(self._dropped) > 0

    def keep(self, iteration: int, *parts: Part | None) -> None:
        """Weigh the new trees and bring the dropped ones back."""
        k, rate = len(self._dropped), self._model.learning_rate
        factor = 1.0 / (k + rate) if k else 1.0
        self.factors.append(factor)
        for part in parts:
            if part is not None and k:
                self._growth.add_iteration(iteration, factor - 1.0, part)
        for dropped in self._dropped:
            self.factors[dropped] *= k / (k + rate)
        self._add(1.0, parts)

    def _add(self, sign: float, parts: tuple[Part | None, ...]) -> None:
        for part in parts:
            if part is not None:
                for iteration in self._dropped:
                    self._growth.add_iteration(int(iteration), sign * self.factors[iteration], part)
