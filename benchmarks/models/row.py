# SPDX-License-Identifier: BSD-3-Clause
"""What a row of the table is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.models.libraries import Candidate
from benchmarks.models.problems import Problem
from benchmarks.models.quality import Quality


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    title : str
    goal : float
        The least ratio to the fastest peer.
    make : callable
        ``make(divide)``: the problem, with its number of rows divided.
    candidates : list of Candidate
    quality : callable
        Lower is better.
    optimum : callable or None
        Given: the quality must come within `WITHIN` of it. None: held-out losses after equal work are compared.
    same_loss : float
        How much worse our held-out loss may be than the fastest peer's, relative to it.
    least_seconds : float
        Fits that take less are repeated within one measurement.
    """

    title: str
    goal: float
    make: Callable[[int], Problem]
    candidates: list[Candidate]
    quality: Quality
    optimum: Callable[[Problem], float] | None = None
    same_loss: float = 0.01
    least_seconds: float = 0.0


def fewer(n: int, divide: int) -> int:
    """The number of rows of a dry run, or all."""
    return max(600, n // divide)
