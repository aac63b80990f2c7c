# SPDX-License-Identifier: BSD-3-Clause
"""A fit that may watch validation data: what iterative linear models share around their solvers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from schuss._inputs import explain_overflow
from schuss.callbacks import FitTask
from schuss.history import History
from schuss.stopping import Plateau
from schuss.training import Hook, Outcome, Rule, StopReason, run
from schuss.validation import Curves
from schuss.verbose import print_line


class WatchedFit(ABC):
    """Runs sweeps under `schuss.training.run` and goes back to the best parameters if asked to stop early.

    Parameters
    ----------
    model : estimator
        Read are its ``max_iter``, ``max_time``, ``verbose``, ``early_stopping`` and
        ``n_iter_no_change``.
    X : ndarray or CSR of shape (n_samples, n_features)
        To complain about if sums over its rows are not finite.
    history : History

    Attributes
    ----------
    history : History
    curves : Curves or None
        To be set if there is validation data.
    """

    def __init__(self, model: Any, X: Any, history: History) -> None:
        self._model, self._X, self.history = model, X, history
        self._reached: Any = None
        self.curves: Curves | None = None

    @abstractmethod
    def _sweep(self, iteration: int) -> Mapping[str, float]:
        """Do one iteration, note in ``_reached`` where it led, and return its record."""

    @abstractmethod
    def _rule(self, history: History) -> StopReason | None:
        """The solver's own reason to stop."""

    def run(self, task: FitTask) -> Outcome:
        """Train until something says stop."""
        model, watched = self._model, self.curves if self._model.early_stopping else None
        rules: list[Rule] = [self._rule]
        hooks: list[Hook] = [task]
        if watched is not None:
            reason, patience = StopReason.NO_IMPROVEMENT, model.n_iter_no_change
            rules.append(Plateau("validation_loss", tol=0.0, patience=patience, reason=reason))
        if model.verbose:
            hooks.append(print_line)
        outcome = run(
            task.announce(self._sweep),
            max_iter=model.max_iter,
            history=self.history,
            rules=rules,
            hooks=hooks,
            max_time=model.max_time,
        )
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(model, self._X, outcome.interrupt)
        if watched is not None and outcome.interrupt is None and watched.best is not None:
            self._reached = watched.best
        return outcome
