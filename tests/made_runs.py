# SPDX-License-Identifier: BSD-3-Clause
"""Training runs whose diagnosis is known: made curves. Real fits are in `fitted_runs`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from schuss.history import History

Array = np.ndarray


@dataclass(frozen=True)
class Run:
    """A history, how it ended, and the label a practitioner would give it."""

    history: History
    label: str
    stop_reason: str | None = "max_iter"
    kept: int | None = None


def _decay(n: int, floor: float, drop: float, tau: float) -> Array:
    return floor + drop * np.exp(-np.arange(n) / tau)


def _history(
    training: Array,
    validation: Array | None = None,
    *,
    guess: float | None = 0.69,
    rows: int | None = 2000,
    **columns: Array,
) -> History:
    columns = {"data_loss": training, "objective": training, **columns}
    if validation is not None:
        columns |= {"training_loss": training, "validation_loss": validation}
    records = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    baseline = {}
    if guess is not None:
        baseline = {"training_loss": guess, "validation_loss": guess}
    if validation is not None and rows is not None:
        baseline |= {"training_samples": 10 * rows, "validation_samples": rows}
    return History(records, baseline=baseline)


def _noise(rng: Generator, n: int, scale: float) -> Array:
    return scale * rng.standard_normal(n)


def smooth_convergence(rng: Generator) -> Run:
    return Run(_history(_decay(60, 0.3, 0.3, 6)), "converged", "converged")


def convergence_at_the_limit(rng: Generator) -> Run:
    """Stopped by the limit, but nothing was left to gain."""
    return Run(_history(_decay(100, 0.3, 0.3, 8)), "converged", "max_iter")


def newton_convergence(rng: Generator) -> Run:
    curve = np.array([0.693, 0.402, 0.351, 0.3402, 0.3401, 0.3401])
    return Run(_history(curve, guess=0.693), "converged", "converged")


def short_newton_convergence(rng: Generator) -> Run:
    curve = np.array([0.402, 0.341, 0.3401])
    return Run(_history(curve, guess=0.693), "converged", "converged")


def direct_solution(rng: Generator) -> Run:
    curve = np.array([0.2])
    return Run(_history(curve, curve * 1.02, guess=1.0), "converged", "converged")


def noisy_convergence(rng: Generator) -> Run:
    curve = _decay(80, 0.3, 0.2, 5) + _noise(rng, 80, 0.001)
    return Run(_history(curve, curve + 0.01 + _noise(rng, 80, 0.002)), "converged")


def slow_power_law_done(rng: Generator) -> Run:
    curve = 0.3 + 0.2 / np.arange(1, 301)
    return Run(_history(curve, curve + 0.01), "converged")


def without_a_guess(rng: Generator) -> Run:
    return Run(_history(_decay(60, 0.3, 0.3, 6), guess=None), "converged", "converged")


def stopped_in_time(rng: Generator) -> Run:
    """Validation loss began to rise, but the best parameters were restored."""
    n = 40
    training = _decay(n, 0.3, 0.3, 10)
    validation = training + 0.01 + 0.0002 * np.maximum(0, np.arange(n) - 30.0) ** 2
    kept = int(np.argmin(validation))
    return Run(_history(training, validation), "converged", "no_improvement", kept)


def half_way_down(rng: Generator) -> Run:
    return Run(_history(_decay(20, 0.2, 0.45, 15)), "still improving")


def straight_down(rng: Generator) -> Run:
    return Run(_history(np.linspace(0.69, 0.45, 50)), "still improving")


def both_falling(rng: Generator) -> Run:
    curve = _decay(30, 0.2, 0.4, 20)
    validation = curve + 0.02 + _noise(rng, 30, 0.003)
    return Run(_history(curve + _noise(rng, 30, 0.003), validation), "still improving")


def falling_with_a_gap(rng: Generator) -> Run:
    """Training is far ahead, but the validation loss still falls: go on."""
    training, validation = _decay(50, 0.05, 0.6, 15), _decay(50, 0.2, 0.45, 40)
    return Run(_history(training, validation), "still improving")


def falling_under_noise(rng: Generator) -> Run:
    curve = np.linspace(0.6, 0.4, 60) + _noise(rng, 60, 0.01)
    return Run(_history(curve), "still improving")


def out_of_time(rng: Generator) -> Run:
    return Run(_history(_decay(12, 0.2, 0.45, 12)), "still improving", "max_time")


def stopped_by_a_loose_tolerance(rng: Generator) -> Run:
    return Run(_history(_decay(15, 0.1, 0.55, 12)), "still improving", "converged")


def single_epoch(rng: Generator) -> Run:
    return Run(_history(np.array([0.5])), "still improving", "max_iter")


def from_far_away(rng: Generator) -> Run:
    """Starts a hundred times above a constant guess and comes down steadily."""
    return Run(_history(_decay(40, 0.5, 100.0, 12), guess=1.0), "still improving")


def not_a_number(rng: Generator) -> Run:
    curve = np.array([0.69, 2.0, 1e5, np.inf, np.nan])
    return Run(_history(curve), "diverged", None)


def overflow_was_raised(rng: Generator) -> Run:
    return Run(_history(np.array([0.69, 40.0, 1e6])), "diverged", "diverged")


def overflow_at_once(rng: Generator) -> Run:
    return Run(History(), "diverged", "diverged")


def exponential_growth(rng: Generator) -> Run:
    return Run(_history(0.7 * 1.3 ** np.arange(30)), "diverged")


def slow_growth(rng: Generator) -> Run:
    curve = np.linspace(0.5, 3.0, 40) + _noise(rng, 40, 0.05)
    return Run(_history(curve, curve + 0.05), "diverged")


def ran_away_after_a_good_start(rng: Generator) -> Run:
    curve = np.r_[_decay(30, 0.3, 0.35, 5), 0.3 * 1.2 ** np.arange(15)]
    return Run(_history(curve, curve + 0.02), "diverged")


def bouncing_above_the_guess(rng: Generator) -> Run:
    curve = 5.0 + 2.0 * rng.random(40)
    return Run(_history(curve), "diverged")


def hopelessly_far_away(rng: Generator) -> Run:
    """Falls without any noise, but from where no number of iterations would bring it back."""
    return Run(_history(_decay(40, 1e9, 1e12, 12), guess=1.0), "diverged")


def validation_turns(rng: Generator) -> Run:
    n = 100
    validation = _decay(n, 0.3, 0.35, 8) + 0.0012 * np.maximum(0, np.arange(n) - 30.0)
    return Run(_history(_decay(n, 0.05, 0.6, 20), validation), "overfit")


def validation_turns_under_noise(rng: Generator) -> Run:
    n = 80
    validation = _decay(n, 0.3, 0.35, 8) + 0.002 * np.maximum(0, np.arange(n) - 25.0)
    training = _decay(n, 0.05, 0.6, 20) + _noise(rng, n, 0.005)
    return Run(_history(training, validation + _noise(rng, n, 0.01)), "overfit")


def validation_rises_from_the_start(rng: Generator) -> Run:
    n = 20
    validation = 0.6 + 0.02 * np.arange(n)
    return Run(_history(_decay(n, 0.1, 0.5, 6), validation), "overfit")


def wide_gap(rng: Generator) -> Run:
    training, validation = _decay(60, 0.05, 0.6, 6), _decay(60, 0.35, 0.3, 6)
    return Run(_history(training, validation), "overfit", "converged")


def wide_gap_of_unknown_error(rng: Generator) -> Run:
    training, validation = _decay(60, 0.05, 0.6, 6), _decay(60, 0.35, 0.3, 6)
    return Run(_history(training, validation, rows=None), "overfit", "converged")


def memorised_noise(rng: Generator) -> Run:
    training, validation = _decay(60, 0.3, 0.39, 6), 0.69 + 0.0 * np.arange(60)
    return Run(_history(training, validation), "overfit", "converged")


def narrow_gap(rng: Generator) -> Run:
    training = _decay(60, 0.3, 0.3, 6)
    return Run(_history(training, training + 0.02), "converged", "converged")


def no_better_than_a_guess(rng: Generator) -> Run:
    curve = 0.69 - 0.005 * (1 - np.exp(-np.arange(50) / 5))
    return Run(_history(curve, curve + 0.001), "underfit", "converged")


def worse_than_a_guess_but_settled(rng: Generator) -> Run:
    """No intercept, for instance: not even the constant is within reach."""
    return Run(_history(_decay(50, 0.8, 0.3, 5)), "underfit", "converged")


def crushed_by_the_penalty(rng: Generator) -> Run:
    loss = _decay(50, 0.6, 0.09, 5)
    history = _history(loss, loss + 0.002, penalty=0.45 * (0.69 - loss))
    return Run(history, "underfit", "converged")


def shaken_by_large_steps(rng: Generator) -> Run:
    curve = _decay(60, 0.35, 0.3, 3) + _noise(rng, 60, 0.03)
    return Run(_history(curve, curve + _noise(rng, 60, 0.01)), "noise-limited")


def few_validation_rows(rng: Generator) -> Run:
    training, validation = _decay(60, 0.3, 0.3, 6), _decay(60, 0.39, 0.25, 6)
    return Run(_history(training, validation, rows=20), "noise-limited", "converged")


MADE: tuple[Callable[[Generator], Run], ...] = (
    smooth_convergence,
    convergence_at_the_limit,
    newton_convergence,
    short_newton_convergence,
    direct_solution,
    noisy_convergence,
    slow_power_law_done,
    without_a_guess,
    stopped_in_time,
    half_way_down,
    straight_down,
    both_falling,
    falling_with_a_gap,
    falling_under_noise,
    out_of_time,
    stopped_by_a_loose_tolerance,
    single_epoch,
    from_far_away,
    not_a_number,
    overflow_was_raised,
    overflow_at_once,
    exponential_growth,
    slow_growth,
    ran_away_after_a_good_start,
    bouncing_above_the_guess,
    hopelessly_far_away,
    validation_turns,
    validation_turns_under_noise,
    validation_rises_from_the_start,
    wide_gap,
    wide_gap_of_unknown_error,
    memorised_noise,
    narrow_gap,
    no_better_than_a_guess,
    worse_than_a_guess_but_settled,
    crushed_by_the_penalty,
    shaken_by_large_steps,
    few_validation_rows,
)
