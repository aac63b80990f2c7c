# SPDX-License-Identifier: BSD-3-Clause
"""The rules: from the measurements to a label, one function for each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from schuss.diagnosis._advice import Knobs
from schuss.diagnosis._case import ENOUGH, Case
from schuss.diagnosis._curves import Trend, level
from schuss.diagnosis._verdict import Label, percent

# What counts as material, as a fraction of what training gained over a constant guess.
# Statistics tell whether an effect is there; these tell whether anyone should care.
MORE_TO_GAIN = 0.01  # where no stopping rule was met
MORE_TO_GAIN_AFTER_RULE = 0.05  # where the user's own tolerance was met
OPTIMISM = 0.1  # what is lost from training to unseen data, beyond its sampling error
OPTIMISM_WITHOUT_ERROR = 0.2  # the same where the sampling error is unknown
RISE = 0.05
LOST = 0.5
UNREST = 0.02
# The same, as a fraction of the constant guess's loss.
SKILL = 0.05
SHAKEN = 0.05
HOVERS_ABOVE = 3.0
HOPELESS = 1e8
# Penalty by gain; in a ridge, this shrinks coefficients to a third.
WITHHELD = 0.4


class Finding(NamedTuple):
    """A label, why, and what to do."""

    label: Label
    summary: str
    advice: str


def judge(case: Case, knobs: Knobs) -> Finding:
    """Return what the first rule that applies finds."""
    rules = (
        diverged,
        shaken,
        overfit_by_rise,
        still_improving,
        overfit_by_gap,
        underfit,
        restless,
        undecided,
    )
    for rule in rules:
        if (finding := rule(case, knobs)) is not None:
            return _rescaled(finding, case, knobs)
    return _rescaled(converged(case, knobs), case, knobs)


def _rescaled(finding: Finding, case: Case, knobs: Knobs) -> Finding:
    """Advise first of all to scale the data where steps in all their number came to less than a constant."""
    if case.skill is None or case.skill >= -SKILL or finding.label is Label.DIVERGED:
        return finding
    return finding._replace(advice=knobs.rescale(not case.classifies) or finding.advice)


def diverged(case: Case, knobs: Knobs) -> Finding | None:
    """Not finite; or most of the gain lost again; or restless far above a constant guess."""
    summary = _loss_of_control(case)
    return None if summary is None else Finding(Label.DIVERGED, summary, knobs.smaller_steps())


def _loss_of_control(case: Case) -> str | None:
    if case.stop_reason == "diverged" or case.overflowed:
        return "the loss stopped being a finite number"
    up = case.objective_rise
    if up.is_real and up.amount > LOST * _best_gain(case):
        return f"the objective was lowest at iteration {up.at + 1} of {len(case)} and rose by {up.amount:.3g} since"
    if case.guess is not None and _hovers_above(case, case.guess):
        return (
            f"the loss was {case.training_level:.3g} in the end, far above the {case.guess:.3g} of a constant "
            "guess, and had not settled"
        )
    return None


def _best_gain(case: Case) -> float:
    """What was gained at the lowest course, or a share of that level if nothing was."""
    lowest = level(case.objective) - case.objective_rise.amount
    start = max(case.objective[0], -np.inf if case.guess is None else case.guess)
    return max(float(start) - lowest, 0.05 * abs(lowest))


def _hovers_above(case: Case, guess: float) -> bool:
    if case.score_skill is not None and case.score_skill > SKILL:
        return False  # out of proportion rather than out of control
    height = float(np.mean(case.training[-len(case.tail) :])) / abs(guess) if guess else 0.0
    return height > HOPELESS or (height > HOVERS_ABOVE and _is_shaken(case, UNREST * abs(guess)))


def _is_shaken(case: Case, limit: float) -> bool:
    """Whether the objective fluctuates by more than the limit without falling; on unseen data, too, if there is any."""
    falls = _falls(case, case.objective_trend) and _falls(case, case.trend)
    return len(case) >= ENOUGH and case.unrest > limit and not falls


def shaken(case: Case, knobs: Knobs) -> Finding | None:
    """Steps so large that no other measure of the model means much."""
    if case.guess is None or not _is_shaken(case, SHAKEN * abs(case.guess)):
        return None
    return _noise_of_steps(case, knobs)


def overfit_by_rise(case: Case, knobs: Knobs) -> Finding | None:
    """The validation loss rose again, and the model is not the one of its lowest point."""
    if case.validation is None or case.kept is not None or len(case) < ENOUGH or _learned_nothing(case):
        return None
    up = case.validation_rise
    unit = max(case.gained, float(case.validation[0]) - case.validation_level)
    if not (up.is_real and up.amount > RISE * unit):
        return None
    summary = (
        f"the validation loss was lowest at iteration {up.at + 1} of {len(case)} and rose by {up.amount:.2g} since"
    )
    return Finding(Label.OVERFIT, summary, knobs.stop_at_best(up.at + 1))


def still_improving(case: Case, knobs: Knobs) -> Finding | None:
    """The watched curve was falling at its end, and by enough to go on."""
    if len(case) == 1:
        if case.met_its_rule or case.stop_reason is None:
            return None
        summary = "after a single iteration nothing has settled yet"
        return Finding(Label.STILL_IMPROVING, summary, knobs.longer(case.stop_reason))
    going = case.trend
    if not _falls(case, going):
        return None
    summary = (
        f"the {case.watched_name} was still falling at the end, with about "
        f"{percent(going.gain / case.gained)} more to gain in another {going.span} {case.steps}"
    )
    return Finding(Label.STILL_IMPROVING, summary, knobs.longer(case.stop_reason))


def _falls(case: Case, going: Trend) -> bool:
    """Whether a curve falls by more than noise, and by enough to go on."""
    bar = MORE_TO_GAIN_AFTER_RULE if case.met_its_rule else MORE_TO_GAIN
    return case.has_course and going.is_falling and going.gain > bar * case.gained


def overfit_by_gap(case: Case, knobs: Knobs) -> Finding | None:
    """Much of what was gained on training data is not there on unseen data."""
    if case.validation is None or _learned_nothing(case):
        return None
    if case.gap_error is None:
        sure, bar = case.gap, OPTIMISM_WITHOUT_ERROR
    else:
        sure, bar = case.gap - 2.0 * case.gap_error, OPTIMISM
    if sure <= bar * case.gained:
        return None
    summary = (
        f"{percent(case.gap / case.gained)} of what was gained on training data does not carry over to unseen data"
    )
    if case.validation_guess is not None and case.validation_level > case.validation_guess:
        summary = (
            f"on unseen data the loss is {case.validation_level:.3g}, above the {case.validation_guess:.3g} of a "
            f"constant guess, but {case.training_level:.3g} on training data"
        )
    return Finding(Label.OVERFIT, summary, knobs.regularise())


def underfit(case: Case, knobs: Knobs) -> Finding | None:
    """Hardly better than a constant guess, or held back by the penalty."""
    held_back = case.withheld > WITHHELD
    if _learned_nothing(case) and case.skill is not None:
        summary = (
            f"training took only {percent(case.skill)} of a constant guess's loss away"
            if case.skill > 0.0
            else "on the training data, too, a constant guess does as well"
        )
    elif held_back:
        summary = (
            f"the penalty is {case.withheld:.2f} of what the model gained, so it withholds "
            "a large part of what there is to learn"
        )
    else:
        return None
    advice = knobs.free() if case.withheld > WITHHELD / 2 else knobs.enrich()
    return Finding(Label.UNDERFIT, summary, advice)


def _learned_nothing(case: Case) -> bool:
    if case.score_skill is not None and case.score_skill >= SKILL:
        return False
    return case.skill is not None and case.skill < SKILL


def restless(case: Case, knobs: Knobs) -> Finding | None:
    """The steps shake the model more than they improve it."""
    if not _is_shaken(case, UNREST * case.gained):
        return None
    return _noise_of_steps(case, knobs)


def _noise_of_steps(case: Case, knobs: Knobs) -> Finding:
    summary = (
        f"the objective no longer falls but fluctuates by {case.unrest:.2g} from one "
        f"iteration to the next, {percent(case.unrest / case.gained)} of what was gained"
    )
    return Finding(Label.NOISE_LIMITED, summary, knobs.calmer_steps())


def undecided(case: Case, knobs: Knobs) -> Finding | None:
    """A wide gap that the few validation rows cannot tell from chance."""
    if case.validation is None or case.gap_error is None:
        return None
    if case.gap <= OPTIMISM_WITHOUT_ERROR * case.gained:
        return None
    summary = (
        f"{percent(case.gap / case.gained)} of what was gained on training data is missing on the validation data, but "
        f"with a standard error of {percent(case.gap_error / case.gained)} that is too uncertain to call it overfit"
    )
    return Finding(Label.NOISE_LIMITED, summary, knobs.more_validation())


def converged(case: Case, knobs: Knobs) -> Finding:
    """Nothing is wrong that the curves could tell."""
    if case.is_path and (case.validation is None or case.kept is not None):
        return _chosen(case)
    if case.validation is None:
        summary = "the objective has settled"
        advice = f"To learn whether it carries over to unseen data, {knobs.validate()}."
    elif case.kept is not None:
        summary = (
            f"the validation loss has stopped falling and the parameters of iteration "
            f"{case.kept + 1} of {len(case)} were kept"
        )
        advice = "Nothing to turn: it was stopped in time."
    else:
        summary = "both losses have settled, close to each other"
        advice = "Nothing to turn; only better features or another model can gain more."
    return Finding(Label.CONVERGED, summary, advice)


def _chosen(case: Case) -> Finding:
    """A path of penalties, one of which was chosen by cross-validation."""
    if case.validation is None or case.kept is None:
        summary = "the fits of all penalties are done, and the one with the best score on held-out rows was chosen"
        return Finding(Label.CONVERGED, summary, "See whether the chosen penalty lies inside of the grid.")
    summary = f"penalty {case.kept + 1} of {len(case)} was chosen, with the lowest validation loss"
    return Finding(Label.CONVERGED, summary, "Nothing to turn: the grid reaches past the best penalty.")
