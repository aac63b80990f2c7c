# SPDX-License-Identifier: BSD-3-Clause
"""The guard against training that runs away."""

from __future__ import annotations

import math
from collections.abc import Callable

SHARE = 0.2  # of the learning rate that is left after an epoch ran away
MOST = 10  # epochs that may run away: a ten-millionth of the first rate is no learning rate any more
HOPELESS = 1e6  # times the loss of a constant guess: noisy steps do not lose so much, nor columns out of proportion


class Guard:
    """Repeats epochs that ran away, each time with smaller steps.

    Parameters
    ----------
    guess : float
        Mean loss of a constant guess; infinite if it is not known.

    Attributes
    ----------
    count : int
        Number of epochs that ran away.
    """

    def __init__(self, guess: float) -> None:
        self._limit = HOPELESS * guess if guess > 0.0 else math.inf
        self.count = 0

    def run(self, learn: Callable[[], float], back_off: Callable[[float], None]) -> None:
        """Train an epoch that stays in control.

        Parameters
        ----------
        learn : callable
            Trains the epoch and returns its objective; raises FloatingPointError when a
            parameter has left the range of numbers.
        back_off : callable
            Takes back what the epoch did and leaves the given share of the learning rate.

        Raises
        ------
        FloatingPointError
            If it ran away too often; what the last attempt did is not taken back.
        """
        while True:
            try:
                objective = learn()
                if self._is_in_control(objective):
                    return
                problem = FloatingPointError(f"the objective exploded to {objective:.3g}")
            except FloatingPointError as error:
                problem = error
            if self.count == MOST:
                raise problem
            self.count += 1
            back_off(SHARE)

    def _is_in_control(self, objective: float) -> bool:
        return math.isfinite(objective) and objective <= self._limit
