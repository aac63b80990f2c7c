# SPDX-License-Identifier: BSD-3-Clause
"""Rules that end a training run; see `schuss.training.run`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from schuss.history import History
from schuss.training import StopReason


@dataclass(slots=True)
class Patience:
    """Count the values in a row that did not beat the best one by at least ``tol``.

    The comparison is scikit-learn's: ``value > best - tol`` is no improvement, and the
    best value moves with every smaller one, however little smaller.

    Parameters
    ----------
    tol : float or None
        Least improvement that counts; None never runs out of patience.
    limit : int
        Number of values in a row without improvement after which `update` says True.
    """

    tol: float | None
    limit: int
    best: float = field(default=math.inf)
    count: int = field(default=0)

    def update(self, value: float) -> bool:
        """Take the next value (smaller is better); True when patience has run out."""
        patient = self.tol is None or value <= self.best - self.tol
        self.count = 0 if patient else self.count + 1
        self.best = min(self.best, value)
        return self.count >= self.limit


class Plateau:
    """Stop when a column of the history has not improved for some iterations.

    Parameters
    ----------
    column : str
        What to watch, for instance ``"objective"`` or ``"validation_loss"``.
    tol : float or None
        Least improvement that counts; None switches the rule off.
    patience : int
        Iterations in a row without improvement that are tolerated.
    reason : StopReason, default=StopReason.CONVERGED
    maximise : bool, default=False
        Whether larger values are better, as for scores.
    """

    def __init__(
        self,
        column: str,
        *,
        tol: float | None,
        patience: int,
        reason: StopReason = StopReason.CONVERGED,
        maximise: bool = False,
    ) -> None:
        self.column = column
        self.reason = reason
        self._sign = -1.0 if maximise else 1.0
        self._patience = Patience(tol, patience)

    def __call__(self, history: History) -> StopReason | None:
        value = self._sign * history[-1][self.column]
        return self.reason if self._patience.update(value) else None
