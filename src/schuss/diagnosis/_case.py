# SPDX-License-Identifier: BSD-3-Clause
"""The facts of a training run: its curves, and what was measured on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from schuss.diagnosis._curves import Curve, Rise, Trend, level, noise, rise, trend
from schuss.history import History

_LEAST_GAIN = 0.05  # of the loss of a constant guess
ENOUGH = 5  # iterations that make a course


@dataclass(frozen=True)
class Case:
    """A training run as the rules see it.

    Attributes
    ----------
    history : History
    stop_reason : str or None
    kept : int or None
        Iteration whose parameters the model has, None for the last.
    training_samples, validation_samples : float or None
        Rows behind ``training_loss`` and ``validation_loss``.
    classifies : bool
        Whether the model is known to be a classifier.
    """

    history: History
    stop_reason: str | None = None
    kept: int | None = None
    training_samples: float | None = None
    validation_samples: float | None = None
    classifies: bool = False

    def __len__(self) -> int:
        return len(self.history)

    @property
    def is_path(self) -> bool:
        """Whether the records are of one penalty after the other, not of one training."""
        return bool({"alpha", "C"} & set(self.history.columns))

    @property
    def step(self) -> str:
        """What a record is about."""
        return "penalty" if self.is_path else "iteration"

    @property
    def steps(self) -> str:
        return "penalties" if self.is_path else "iterations"

    @property
    def met_its_rule(self) -> bool:
        """Whether the run ended because its own rule said so."""
        return self.stop_reason in ("converged", "no_improvement")

    @property
    def has_course(self) -> bool:
        """Whether the curves say something of their own.

        Of a run that met its rule within a few iterations they do not: Newton's method and
        direct solutions fall steeply up to the end.
        """
        if self.is_path and self.validation is None:
            return False  # the objective of another penalty says nothing about this one
        return len(self) >= ENOUGH or (len(self) > 1 and not self.met_its_rule)

    @cached_property
    def objective(self) -> Curve:
        """What training minimises, as far as it was recorded."""
        for name in ("objective", "data_loss", "training_loss"):
            if name in self.history.columns:
                return self.history[name]
        known = ", ".join(self.history.columns) or "none"
        raise ValueError(f"the history has no curve of the loss; its columns: {known}")

    @cached_property
    def validation(self) -> Curve | None:
        """Loss on validation data, or None."""
        return self._recorded("validation_loss")

    @property
    def overflowed(self) -> bool:
        """Whether a loss ended at something else than a number."""
        curves = [self.objective]
        if "validation_loss" in self.history.columns:
            curves.append(np.nan_to_num(self.history["validation_loss"], nan=0.0, posinf=np.inf))  # NaN: not recorded
        return not all(np.all(np.isfinite(curve)) for curve in curves)

    @property
    def watched(self) -> Curve:
        """The curve that says whether training on is worth while."""
        return self.objective if self.validation is None else self.validation

    @property
    def watched_name(self) -> str:
        return "objective" if self.validation is None else "validation loss"

    @cached_property
    def training(self) -> Curve:
        """Loss on training data, without penalty; on the same footing as that on validation data, if recorded."""
        curves = (self._recorded(name) for name in ("training_loss", "data_loss"))
        return next((curve for curve in curves if curve is not None), self.objective)

    @cached_property
    def training_level(self) -> float:
        """Loss of the model on training data."""
        return self._level(self.training)

    @cached_property
    def validation_level(self) -> float:
        """Loss of the model on validation data."""
        assert self.validation is not None
        return self._level(self.validation)

    @cached_property
    def guess(self) -> float | None:
        """Loss of the best constant guess on the training data, if known."""
        return _finite(self.history.baseline, "training_loss")

    @cached_property
    def validation_guess(self) -> float | None:
        """Loss of the same guess on the validation data, if known."""
        return _finite(self.history.baseline, "validation_loss")

    @cached_property
    def gained(self) -> float:
        """What training took away, the unit in which effects are material; positive.

        From the constant guess if the model is better than that, else from the first
        iteration. A small share of the guess (or of the level) is the least that counts, so
        that a run without any gain has a unit, too.
        """
        now, first = level(self.objective), float(self.objective[0])
        least = 1e-3 * max(abs(now), np.finfo(float).tiny)
        gains = [first - now]
        if self.guess is not None:
            least = max(least, _LEAST_GAIN * abs(self.guess))
            gains = [self.guess - self.training_level, *gains]
        return next((gain for gain in gains if gain > least), least)

    @cached_property
    def skill(self) -> float | None:
        """Share of the constant guess's loss that training took away, if known."""
        if self.guess is None or self.guess <= 0.0:
            return None
        return 1.0 - self.training_level / self.guess

    @cached_property
    def score_skill(self) -> float | None:
        """Share of what a constant guess's score lacks to 1 that training made up for, if known."""
        guess = _finite(self.history.baseline, "training_score")
        if guess is None or guess >= 1.0 or "training_score" not in self.history.columns:
            return None
        return (self._level(self.history["training_score"]) - guess) / (1.0 - guess)

    @cached_property
    def trend(self) -> Trend:
        """Where the watched curve is going."""
        return trend(self.watched)

    @cached_property
    def objective_trend(self) -> Trend:
        """Where the objective is going."""
        return trend(self.objective)

    @cached_property
    def unrest(self) -> float:
        """Fluctuation of the objective at its end; none if it falls all the way."""
        steps = np.diff(self.tail)
        goes_up = np.count_nonzero(steps > 0.0) >= 0.25 * len(steps)
        return noise(self.tail) if goes_up else 0.0

    @property
    def tail(self) -> Curve:
        """The end of the objective, long enough to see how it fluctuates."""
        return self.objective[-max(8, len(self) // 3) :]

    @cached_property
    def objective_rise(self) -> Rise:
        return rise(self.objective)

    @cached_property
    def validation_rise(self) -> Rise:
        assert self.validation is not None
        return rise(self.validation)

    @cached_property
    def gap(self) -> float:
        """Validation loss less training loss of the model, as far as it is the model's doing.

        If the constant guess, too, fares worse on the validation rows, these are harder, by
        chance; the share of that which a model of this skill shares is taken off.
        """
        raw = self.validation_level - self.training_level
        if self.guess is None or self.validation_guess is None:
            return raw
        return raw - self._shared_chance * (self.validation_guess - self.guess)

    @cached_property
    def gap_error(self) -> float | None:
        """Standard error of the gap; None if the number of validation rows is unknown."""
        if not self.validation_samples:
            return None
        own = math.sqrt(max(0.1, 1.0 - self._shared_chance))
        parts = [own * self._spread(self.validation_level) / math.sqrt(self.validation_samples), self._gap_unrest]
        if self.training_samples:
            parts.append(own * self._spread(self.training_level) / math.sqrt(self.training_samples))
        return math.hypot(*parts)

    def _spread(self, mean: float) -> float:
        """Standard deviation of a row's loss, from the mean of all rows.

        The square of a Gaussian residual spreads by sqrt(2) times its mean. The loss of a good
        classifier comes from the few rows it gets wrong, each as bad as a guess or worse.
        """
        typical = max(abs(mean), abs(self.guess or 0.0)) if self.classifies else abs(mean)
        return math.sqrt(2.0 * abs(mean) * typical)

    @property
    def _shared_chance(self) -> float:
        """How much of a row's loss under the guess shows in its loss under the model.

        The coefficient of that regression for Gaussian residuals: the square of the share of
        the loss that the model left.
        """
        if self.skill is None or self.validation_guess is None:
            return 0.0
        return min(1.0, (1.0 - self.skill) ** 2)

    @property
    def _gap_unrest(self) -> float:
        """Standard error of the gap from the fluctuation between iterations."""
        assert self.validation is not None
        difference = (self.validation - self.training)[-max(8, len(self) // 3) :]
        averaged = max(1, len(self) // 10) if self.kept is None else 1
        return noise(difference, robust=False) / math.sqrt(averaged)

    @cached_property
    def withheld(self) -> float:
        """Penalty per gain in the loss: 0 without a penalty, 1/2 for a ridge near zero."""
        if "penalty" not in self.history.columns or self.guess is None:
            return 0.0
        penalty = self._level(self.history["penalty"])
        gain = self.guess - self.training_level
        return penalty / gain if gain > 0.0 and math.isfinite(penalty) else 0.0

    def _recorded(self, name: str) -> Curve | None:
        """A column, if it was recorded all along; training may have gone on without validation data."""
        if name not in self.history.columns:
            return None
        curve = self.history[name]
        return curve if np.all(np.isfinite(curve)) else None

    def _level(self, curve: Curve) -> float:
        return level(curve) if self.kept is None else float(curve[self.kept])


def _finite(values: Mapping[str, float], name: str) -> float | None:
    value = values.get(name)
    return value if value is not None and math.isfinite(value) else None
