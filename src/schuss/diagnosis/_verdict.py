# SPDX-License-Identifier: BSD-3-Clause
"""What a verdict consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class Label(StrEnum):
    """The verdicts there are."""

    CONVERGED = "converged"
    STILL_IMPROVING = "still improving"
    DIVERGED = "diverged"
    OVERFIT = "overfit"
    UNDERFIT = "underfit"
    NOISE_LIMITED = "noise-limited"


class Evidence(NamedTuple):
    """One number behind a verdict, and what it says."""

    name: str
    value: float
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """The verdict on a training run.

    Attributes
    ----------
    label : Label
        A str: ``"converged"``, ``"still improving"``, ``"diverged"``, ``"overfit"``,
        ``"underfit"`` or ``"noise-limited"``.
    summary : str
        One sentence.
    evidence : tuple of Evidence
        The numbers, each with its name and a sentence.
    advice : str
        One sentence naming the knob to turn, if any.
    """

    label: Label
    summary: str
    evidence: tuple[Evidence, ...]
    advice: str

    def __str__(self) -> str:
        lines = [f"{self.label}: {self.summary}"]
        lines += [f"  - {item.sentence}" for item in self.evidence]
        return "\n".join([*lines, f"  Advice: {self.advice}"])

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values; `from_dict` is the way back."""
        return {
            "label": self.label.value,
            "summary": self.summary,
            "evidence": [item._asdict() for item in self.evidence],
            "advice": self.advice,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Return the verdict that `to_dict` wrote.

        Raises
        ------
        ValueError
            If it did not write this.
        """
        try:
            label, summary, advice = Label(data["label"]), str(data["summary"]), str(data["advice"])
            evidence = tuple(_evidence(one) for one in data["evidence"])
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"this is not a verdict: {error!r}") from error
        return cls(label, summary, evidence, advice)


def percent(value: float) -> str:
    """Return a share as text, with as many digits as make sense."""
    if 0.0 < abs(value) < 1e-3:
        return "less than 0.1%"
    return f"{value:.0%}" if abs(value) >= 0.0995 else f"{value:.1%}"


def _evidence(data: Mapping[str, Any]) -> Evidence:
    return Evidence(str(data["name"]), float(data["value"]), str(data["sentence"]))
