# SPDX-License-Identifier: BSD-3-Clause
"""The learning rates of a fit: those of an epoch's steps, and what lowers them between epochs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import schedules
from schuss.neural_network._state import State
from schuss.stopping import Patience

_ANNEALED = ("cosine", "one_cycle")


class Rates:
    """Learning rates of one fit.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor
    n_samples : int
    n_steps : int
        Steps of an epoch.
    state : State
        Its ``rate`` is what the schedule multiplies, its ``plateau`` what that has seen.
    """

    def __init__(self, estimator: Any, n_samples: int, n_steps: int, state: State) -> None:
        # scikit-learn's own schedules are those of plain descent; the others go with every solver
        ignored = estimator.solver != "sgd" and estimator.learning_rate in ("invscaling", "adaptive")
        self.name = "constant" if ignored else estimator.learning_rate
        self._first, self._power_t = float(estimator.learning_rate_init), float(estimator.power_t)
        self._n_samples, self._n_steps, self._state = n_samples, n_steps, state
        self._horizon = float(estimator.max_iter * n_samples)
        self._warmup = float(estimator.warmup * n_samples)
        self._factor = float(estimator.plateau_factor)
        best, count = state.plateau
        patience = Patience(estimator.tol, estimator.plateau_patience, best, count)
        self._plateau = patience if self.name == "plateau" else None

    def epoch(self, number: int) -> NDArray[np.float64]:
        """Rates of the steps of an epoch, counted from 0."""
        if self.name not in _ANNEALED and not self._warmup:
            return np.full(self._n_steps, self._state.rate)
        t = 1.0 + self._n_samples * (number + np.arange(self._n_steps) / self._n_steps)
        schedule = self.name if self.name in _ANNEALED else "constant"
        return self._state.rate * schedules.factors(schedule, t, horizon=self._horizon, warmup=self._warmup)

    def after_epoch(self, seen: int, watched: float) -> None:
        """Lower the rate after an epoch.

        Parameters
        ----------
        seen : int
            Samples so far.
        watched : float
            What training is to make smaller.
        """
        if self.name == "invscaling":
            self._state.rate = self._first / (seen + 1) ** self._power_t
        if self._plateau is None:
            return
        if self._plateau.update(watched):
            self._state.rate *= self._factor
            self._plateau.count = 0
        self._state.plateau = self._plateau.best, self._plateau.count

    def give_up(self) -> bool:
        """Called when nothing improves; True if that is the end, False if a lower rate may help."""
        if self.name != "adaptive":
            return True
        rate = np.array([self._state.rate])
        lowered = schedules.lower_adaptive(rate, slice(None))
        self._state.rate = float(rate[0])
        return not lowered
