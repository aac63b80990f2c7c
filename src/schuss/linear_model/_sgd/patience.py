# SPDX-License-Identifier: BSD-3-Clause
"""Which outputs still train, and what happens to those that no longer improve."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schuss import schedules
from schuss.linear_model._sgd.rates import Schedule
from schuss.stopping import Patience

Float64 = NDArray[np.float64]


class Watch:
    """Watches one value per output, or one for all, and lowers rates before it gives up.

    Parameters
    ----------
    n_outputs : int
    tol : float or None
    limit : int
        Epochs in a row without improvement after which an output is done.
    schedule : Schedule
    joint : bool, default=False
        Whether all outputs are watched as one.

    Attributes
    ----------
    running : ndarray of shape (n_outputs,), bool
    """

    def __init__(
        self, n_outputs: int, tol: float | None, limit: int, schedule: Schedule, *, joint: bool = False
    ) -> None:
        self.running: NDArray[np.bool_] = np.ones(n_outputs, dtype=np.bool_)
        self._groups = [slice(None)] if joint else [slice(k, k + 1) for k in range(n_outputs)]
        self._patience = [Patience(tol, limit) for _ in self._groups]
        self._schedule = schedule
        plateau = schedule.name == "plateau"
        self._plateau = [Patience(tol, schedule.plateau_patience) for _ in self._groups] if plateau else []

    def update(self, values: Float64, eta: Float64) -> bool:
        """Take an epoch's values, of which smaller are better; lower ``eta`` in place; False when nothing trains."""
        for k, (value, outputs) in enumerate(zip(values.tolist(), self._groups, strict=True)):
            if not self.running[outputs][0]:
                continue
            if self._plateau and self._plateau[k].update(value):
                eta[outputs] *= self._schedule.plateau_factor
                self._plateau[k].count = 0
            if self._patience[k].update(value):
                self._give_up(k, outputs, eta)
        return bool(self.running.any())

    def _give_up(self, k: int, outputs: slice, eta: Float64) -> None:
        if self._schedule.name == "adaptive" and schedules.lower_adaptive(eta, outputs):
            self._patience[k].count = 0
        else:
            self.running[outputs] = False
