# SPDX-License-Identifier: BSD-3-Clause
"""The learning rates of a fit: the schedule within an epoch, and what lowers them between epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss import schedules


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the learning rate goes on.

    Attributes
    ----------
    name : str
        An estimator's ``learning_rate``.
    eta0, power_t, alpha : float
        Its parameters.
    horizon, warmup : float
        Samples over which it stretches, and in which it grows from nothing.
    plateau_factor : float
    plateau_patience : int
    """

    name: str
    eta0: float = 0.01
    power_t: float = 0.5
    alpha: float = 1.0
    horizon: float = 1.0
    warmup: float = 0.0
    plateau_factor: float = 0.5
    plateau_patience: int = 2

    @property
    def is_passive_aggressive(self) -> bool:
        return self.name in schedules.PASSIVE_AGGRESSIVE


class Rates:
    """The current learning rates of all outputs.

    Attributes
    ----------
    eta : ndarray of shape (n_outputs,), float64
        What the schedule multiplies; the optimal one is eta over a count, eta being 1 / alpha.
    """

    def __init__(self, schedule: Schedule, n_outputs: int) -> None:
        self.schedule = schedule
        optimal = schedule.name == "optimal"
        self._optimal_init = schedules.optimal_init(schedule.alpha) if optimal else 0.0
        self.eta: NDArray[np.float64] = np.full(n_outputs, 1.0 / schedule.alpha if optimal else schedule.eta0)

    def options(self) -> dict[str, Any]:
        """Return what the kernel is told."""
        schedule = self.schedule
        return {
            "schedule": kernels.SCHEDULES[schedules.kernel_name(schedule.name)],
            "eta": self.eta,
            "power_t": schedule.power_t,
            "optimal_init": self._optimal_init,
            "horizon": schedule.horizon,
            "warmup": schedule.warmup,
        }

    def at(self, t: float, running: NDArray[np.bool_]) -> float:
        """Learning rate at sample ``t``, the largest one of the outputs that train."""
        schedule = self.schedule
        factor = schedules.factor(
            schedule.name,
            t,
            power_t=schedule.power_t,
            optimal_init=self._optimal_init,
            horizon=schedule.horizon,
            warmup=schedule.warmup,
        )
        return factor * float(self.eta.max(where=running, initial=0.0))
