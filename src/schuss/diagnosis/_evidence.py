# SPDX-License-Identifier: BSD-3-Clause
"""The numbers behind a verdict, as sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from schuss.diagnosis._case import Case
from schuss.diagnosis._verdict import Evidence, percent

_NOTHING = 0.05  # change by its standard error
# What is said of the layers of a network.
_MANY_UNITS = 0.3  # dead, or saturated
_VANISHING = 1e-4  # first layer's gradient by the largest one
_EXPLODING = 100.0  # gradient by that of the first epoch


def evidence(case: Case) -> tuple[Evidence, ...]:
    """Return all that could be measured on a run; of one that diverged, that is little."""
    with np.errstate(all="ignore"):
        return tuple(item for item in _all(case) if math.isfinite(item.value))


def _all(case: Case) -> Iterator[Evidence]:
    yield from _skill(case)
    yield from _further_gain(case)
    if case.validation is not None:
        yield from _validation(case)
    yield from _fluctuation(case)
    yield from _back_offs(case)
    yield from _gradient(case)
    yield from _layers(case)


def _skill(case: Case) -> Iterator[Evidence]:
    if case.skill is None:
        return
    came = f"{case.guess:.4g} to {case.training_level:.4g}"
    taken = f"Training took {percent(case.skill)} of a constant guess's loss away ({came})."
    missed = f"The training loss is above that of a constant guess ({came})."
    yield Evidence("skill", case.skill, taken if case.skill > 0.0 else missed)


def _further_gain(case: Case) -> Iterator[Evidence]:
    going = case.trend
    if not case.has_course:
        return
    pace, error = f"At the pace of its end, another {going.span} {case.steps} would", f" ± {going.error:.1g}"
    if abs(going.gain) > _NOTHING * going.error:
        verb, share = "lower" if going.gain > 0.0 else "raise", percent(abs(going.gain) / case.gained)
        change = f"{verb} the {case.watched_name} by {abs(going.gain):.2g}{error}, {share} of what was gained"
    else:
        change = f"leave the {case.watched_name} where it is{error}"
    yield Evidence("further_gain", going.gain, f"{pace} {change}.")


def _validation(case: Case) -> Iterator[Evidence]:
    error = "" if case.gap_error is None else f" ± {case.gap_error:.1g}"
    corrected = "" if case.validation_guess is None else " (set off against the guess on both)"
    yield Evidence(
        "gap",
        case.gap,
        f"The loss is {case.training_level:.4g} on training and {case.validation_level:.4g} on validation data; the "
        f"gap{corrected} of {case.gap:.2g}{error} is {percent(case.gap / case.gained)} of what was gained.",
    )
    if not case.has_course:
        return
    up = case.validation_rise
    smoothed = f", smoothed over {up.width} {case.steps}," if up.width > 1 else ""
    lowest = f"at {case.step} {up.at + 1} of {len(case)} and ended {up.amount:.2g} ± {up.error:.1g} above that"
    where = lowest if up.amount > 0.0 else "at its end"
    yield Evidence("rise", up.amount, f"The validation loss{smoothed} was lowest {where}.")


def _fluctuation(case: Case) -> Iterator[Evidence]:
    if case.unrest > 0.0:
        yield Evidence(
            "unrest",
            case.unrest,
            f"At the end the objective fluctuated by {case.unrest:.1g} between iterations, "
            f"{percent(case.unrest / case.gained)} of what was gained.",
        )
    if case.withheld > 0.1:
        yield Evidence(
            "withheld",
            case.withheld,
            f"The penalty is {case.withheld:.2f} of the gain in loss (0 without one, about "
            "0.5 where it keeps the model near zero).",
        )


def _back_offs(case: Case) -> Iterator[Evidence]:
    if "back_offs" not in case.history.columns or not (count := case.history["back_offs"][-1]):
        return
    yield Evidence(
        "back_offs",
        float(count),
        f"Training ran away {count:.0f} times and went on from the last good iteration with a lower learning rate.",
    )


def _gradient(case: Case) -> Iterator[Evidence]:
    if "gradient_norm" in case.history.columns:
        norms = case.history["gradient_norm"]
        course = f"went from {norms[0]:.2g} to {norms[-1]:.2g}" if len(norms) > 1 else f"is {norms[-1]:.2g}"
        yield Evidence("gradient_norm", float(norms[-1]), f"The largest entry of the gradient {course}.")


def _layers(case: Case) -> Iterator[Evidence]:
    """What is wrong within the layers of a network, where that was recorded."""
    last = case.history[-1]
    for name, word in (
        ("dead", "give the same output for every row"),
        ("saturated", "stand at the end of their range"),
    ):
        for k, share in _by_layer(last, name):
            if share > _MANY_UNITS:
                what = "units" if name == "dead" else "outputs"
                yield Evidence(f"{name}_{k}", share, f"Warning: {percent(share)} of layer {k}'s {what} {word}.")
    norms = dict(_by_layer(last, "gradient_norm"))
    if len(norms) > 1 and norms[1] < _VANISHING * max(norms.values()):
        ratio = norms[1] / max(norms.values())
        yield Evidence(
            "vanishing_gradients",
            ratio,
            f"Warning: gradients vanish: the first layer's are {ratio:.1g} of the largest layer's.",
        )
    for k, norm in norms.items():
        start = float(case.history[f"gradient_norm_{k}"][0])
        if start > 0.0 and norm > _EXPLODING * start:
            yield Evidence(
                f"exploding_gradients_{k}",
                norm / start,
                f"Warning: gradients explode: those of layer {k} have grown {norm / start:.1g}-fold.",
            )


def _by_layer(record: Mapping[str, float], name: str) -> Iterator[tuple[int, float]]:
    k = 1
    while f"{name}_{k}" in record:
        yield k, record[f"{name}_{k}"]
        k += 1
