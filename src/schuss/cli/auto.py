# SPDX-License-Identifier: BSD-3-Clause
"""``--model auto``: a few families on the same rows, and the choice among them by validation rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.cli.fitting import Fit
from schuss.cli.models import default_family
from schuss.cli.tables import Tables
from schuss.data import Target
from schuss.data.evaluation import constant_guess
from schuss.data.target import CLASSIFICATION

_NAMES = {
    "logistic": "logistic regression",
    "linear": "ridge regression",
    "boosting": "gradient boosting",
    "mlp": "a neural network",
}
_ENOUGH_FOR_NETWORK = 2000  # training rows
_SHARES = {"boosting": 0.6}  # of the time that is left; the first gets a third, the last all of it
_FIRST_SHARE = 0.33
_LEAST_SECONDS = 0.05

Losses = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """A family that was tried.

    Attributes
    ----------
    family : str
    estimator : estimator
        Fitted.
    tables : Tables
        Prepared for it.
    losses : ndarray of shape (n_rows,)
        On the validation rows.
    seconds : float
    """

    family: str
    estimator: Any
    tables: Tables
    losses: Losses
    seconds: float


def candidates(tables: Tables) -> list[str]:
    """Return the families to try, simplest first."""
    families = [default_family(tables.target.task), "boosting"]
    return [*families, "mlp"] if len(tables.training[1]) >= _ENOUGH_FOR_NETWORK else families


def try_families(
    tables: Tables,
    max_time: float | None,
    fit: Callable[[str, Tables, float | None], tuple[Any, Tables, Fit]],
) -> tuple[list[Trial], bool]:
    """Fit one family after the other until they or the time are at an end.

    Parameters
    ----------
    tables : Tables
    max_time : float or None
        Seconds for all of them.
    fit : callable
        Given a family, tables and seconds, returns the estimator, the tables as prepared for it and how it went.

    Returns
    -------
    trials : list of Trial
        At least one.
    interrupted : bool
        Whether Ctrl-C ended it; a family that had an iteration by then is among the trials.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came before the first family had an iteration.
    """
    families, start, trials = candidates(tables), time.perf_counter(), list[Trial]()
    for family in families:
        begun = time.perf_counter()
        seconds = None
        if max_time is not None:
            left = max_time - (begun - start)
            if trials and left < _LEAST_SECONDS:
                break
            seconds = left * _share(family, families)
        try:
            estimator, own, outcome = fit(family, tables, seconds)
        except KeyboardInterrupt:
            if not trials:
                raise
            return trials, True
        losses = row_losses(own.target, estimator, own.validation)
        trials.append(Trial(family, estimator, own, losses, time.perf_counter() - begun))
        if outcome.interrupted:
            return trials, True
    return trials, False


def _share(family: str, families: Sequence[str]) -> float:
    if family == families[-1]:
        return 1.0
    return _FIRST_SHARE if family == families[0] else _SHARES[family]


def row_losses(target: Target, estimator: Any, part: tuple[NDArray[np.float32], NDArray[Any]]) -> Losses:
    """Return each row's log loss, or squared error in the target's unit."""
    features, truth = part
    if target.task == CLASSIFICATION:
        return _log_losses(estimator.predict_proba(features), truth)
    return np.square(target.restore(estimator.predict(features)) - truth)


def guess_losses(target: Target, truth: NDArray[Any]) -> Losses:
    """Return the same of a constant guess."""
    guess, nothing = constant_guess(target), np.zeros((len(truth), 1))
    if target.task == CLASSIFICATION:
        return _log_losses(guess.predict_proba(nothing), truth)
    return np.square(guess.predict(nothing) - truth)


def _log_losses(proba: NDArray[Any], truth: NDArray[Any]) -> Losses:
    own = np.asarray(proba, dtype=np.float64)[np.arange(len(truth)), truth]
    return -np.log(np.clip(own, np.finfo(np.float32).eps, None))


def choose(trials: Sequence[Trial]) -> int:
    """Return which to take: the simplest of those that are not clearly worse than the best.

    Clearly means by more than the standard error of the difference, row by row: Breiman's rule of one
    standard error, for paired rows.
    """
    best = min(trials, key=lambda trial: trial.losses.mean())
    for i, trial in enumerate(trials):
        worse = trial.losses - best.losses
        if worse.mean() <= worse.std(ddof=1) / np.sqrt(len(worse)) or trial is best:
            return i
    raise AssertionError("the best is among them")


def describe(trials: Sequence[Trial], chosen: int, tables: Tables) -> dict[str, Any]:
    """Return what was tried and why one was chosen, as JSON values."""
    target, truth = trials[chosen].tables.target, trials[chosen].tables.validation[1]
    scores = [_summary(target, trial.losses) for trial in trials]
    guess = _summary(target, guess_losses(target, truth))
    tried = [
        {
            "family": trial.family,
            "name": _NAMES[trial.family],
            "loss": score,
            "iterations": len(trial.estimator.history_),
            "seconds": round(trial.seconds, 6),
            "chosen": i == chosen,
        }
        for i, (trial, score) in enumerate(zip(trials, scores, strict=True))
    ]
    measure = "log loss" if target.task == CLASSIFICATION else "root mean squared error"
    return {
        "measure": measure,
        "rows": len(truth),
        "constant_guess": guess,
        "tried": tried,
        "not_tried": candidates(tables)[len(trials) :],
        "why": _why(tried, scores, chosen, guess, measure),
    }


def _summary(target: Target, losses: Losses) -> float:
    mean = float(losses.mean())
    return mean if target.task == CLASSIFICATION else float(np.sqrt(mean))


def _why(tried: Sequence[dict[str, Any]], scores: Sequence[float], chosen: int, guess: float, measure: str) -> str:
    """Say why one was chosen, in words that follow "Chosen:"."""
    own, best = tried[chosen]["name"], int(np.argmin(scores))
    if scores[best] >= guess:
        return f"{own}, though none does better than a constant guess on the validation rows."
    if len(tried) == 1:
        return f"{own}, the only one there was time for."
    if chosen != best:
        return (
            f"{own}. The {measure} of {tried[best]['name']} is lower, but by less than its standard error "
            f"on these rows, and {own} is simpler."
        )
    return f"{own}, which has the lowest {measure} on the validation rows."
