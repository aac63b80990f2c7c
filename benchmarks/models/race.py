# SPDX-License-Identifier: BSD-3-Clause
"""One row of the table: find each library's settings, check what it reaches, then time all of them in turn."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

from benchmarks.environment import installed
from benchmarks.models.libraries import OURS, Candidate, Fit
from benchmarks.models.problems import Problem
from benchmarks.models.rows import SAME_LOSS, WITHIN, Row, make_problem
from benchmarks.timing import Times, fixed_threads, interleave


@dataclass
class Entrant:
    """A candidate in this race."""

    candidate: Candidate
    status: str = "ok"  # or "missing", "missed": not installed, quality not reached
    tolerance: float | None = None
    quality: float = math.nan
    fit: Fit | None = None
    times: Times | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.candidate.name,
            "library": self.candidate.library,
            "status": self.status,
            "tolerance": self.tolerance,
            "quality": None if math.isnan(self.quality) else self.quality,
            "times": None if self.times is None else self.times.to_dict(),
        }


def race(name: str, row: Row, *, repeats: int, n_threads: int, quick: bool) -> dict[str, Any]:
    """Run one row; returns what the file of results keeps."""
    problem = make_problem(row, quick=quick)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # loose tolerances and few epochs are meant
        optimum = row.optimum(problem) if row.optimum else None
        entrants = [_enter(candidate, row, problem, optimum, n_threads) for candidate in row.candidates]
        _time([entrant for entrant in entrants if entrant.status == "ok"], row, repeats, n_threads)
    return {
        "id": name,
        "title": row.title,
        "shape": list(problem.X.shape),
        "goal": row.goal,
        "threads": n_threads,
        "optimum": optimum,
        **_compare(entrants, equal_work=row.optimum is None),
        "candidates": [entrant.to_dict() for entrant in entrants],
    }


def _enter(candidate: Candidate, row: Row, problem: Problem, optimum: float | None, n_threads: int) -> Entrant:
    entrant = Entrant(candidate)
    if installed(candidate.library) is None:
        entrant.status = "missing"
        return entrant
    target = math.inf if optimum is None else optimum * (1.0 + WITHIN)
    choices = candidate.tolerances or (None,)
    low, high = 0, len(choices) - 1  # the loosest tolerance that reaches the target, taking quality as monotone
    while low < high:
        middle = (low + high) // 2
        if _try(entrant, row, problem, choices[middle], n_threads) <= target:
            high = middle
        else:
            low = middle + 1
    if _try(entrant, row, problem, choices[low], n_threads) > target:
        entrant.status = "missed"
    return entrant


def _try(entrant: Entrant, row: Row, problem: Problem, tolerance: float | None, n_threads: int) -> float:
    entrant.tolerance = tolerance
    entrant.fit = entrant.candidate.build(problem, tolerance, n_threads)
    with fixed_threads(n_threads):
        found = entrant.fit()
    entrant.quality = row.quality(problem, found)
    return entrant.quality


def _time(entrants: list[Entrant], row: Row, repeats: int, n_threads: int) -> None:
    fits = {entrant.candidate.name: entrant.fit for entrant in entrants if entrant.fit is not None}
    with fixed_threads(n_threads):
        times = interleave(fits, repeats=repeats, least_seconds=row.least_seconds)
    for entrant in entrants:
        entrant.times = times[entrant.candidate.name]


def _compare(entrants: list[Entrant], *, equal_work: bool) -> dict[str, Any]:
    """Ratios to the fastest peer that reached the quality."""
    timed = [entrant for entrant in entrants if entrant.times is not None]
    ours = next((entrant for entrant in timed if entrant.candidate.library == OURS), None)
    peers = [entrant for entrant in timed if entrant.candidate.library != OURS]
    if ours is None or not peers:
        return {"against": None, "ratio_of_medians": None, "ratio_of_minima": None, "equal_quality": None}
    peer = min(peers, key=lambda entrant: entrant.times.median)
    return {
        "against": peer.candidate.name,
        "ratio_of_medians": peer.times.median / ours.times.median,
        "ratio_of_minima": peer.times.best / ours.times.best,
        "equal_quality": not equal_work or ours.quality <= peer.quality * (1.0 + SAME_LOSS),
    }
