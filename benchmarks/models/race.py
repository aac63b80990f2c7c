# SPDX-License-Identifier: BSD-3-Clause
"""One row of the table: find each library's settings, check what it reaches, then time all of them in turn."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass
from typing import Any

from benchmarks.environment import installed
from benchmarks.models.libraries import OURS, Candidate, Fit
from benchmarks.models.problems import Problem
from benchmarks.models.rows import WITHIN, Row, make_problem
from benchmarks.timing import Times, fixed_threads, interleave

TOO_SLOW = 5.0  # times the fastest peer's time in the search: no need to measure that exactly


@dataclass
class Entrant:
    """A candidate in this race."""

    candidate: Candidate
    # "ok"; "missing": not installed; "missed": quality not reached; "slow": see TOO_SLOW
    status: str = "ok"
    searched_seconds: float = math.nan  # of the last fit of the search
    tolerance: float | None = None
    quality: float = math.nan
    fit: Fit | None = None
    times: Times | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.candidate.name,
            "library": self.candidate.library,
            "status": self.status,
            "searched_seconds": None if math.isnan(self.searched_seconds) else self.searched_seconds,
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
        _leave_out_slow_ones(entrants)
        _time([entrant for entrant in entrants if entrant.status == "ok"], row, repeats, n_threads)
    return {
        "id": name,
        "title": row.title,
        "shape": list(problem.X.shape),
        "goal": row.goal,
        "threads": n_threads,
        "optimum": optimum,
        **_compare(entrants, math.inf if row.optimum else row.same_loss),
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
        start = time.perf_counter()
        found = entrant.fit()
        entrant.searched_seconds = time.perf_counter() - start
    entrant.quality = row.quality(problem, found)
    return entrant.quality


def _leave_out_slow_ones(entrants: list[Entrant]) -> None:
    """The table names the fastest peer; of one that is far behind a single time says enough."""
    peers = [entrant for entrant in entrants if entrant.status == "ok" and entrant.candidate.library != OURS]
    fastest = min((entrant.searched_seconds for entrant in peers), default=math.nan)
    for entrant in peers:
        if entrant.searched_seconds > TOO_SLOW * fastest:
            entrant.status = "slow"


def _time(entrants: list[Entrant], row: Row, repeats: int, n_threads: int) -> None:
    fits = {entrant.candidate.name: entrant.fit for entrant in entrants if entrant.fit is not None}
    with fixed_threads(n_threads):
        times = interleave(fits, repeats=repeats, least_seconds=row.least_seconds, pause=0.1)
    for entrant in entrants:
        entrant.times = times[entrant.candidate.name]


def _compare(entrants: list[Entrant], same_loss: float) -> dict[str, Any]:
    """Ratios to the fastest peer that reached the quality."""
    timed = [(entrant, entrant.times) for entrant in entrants if entrant.times is not None]
    ours = next((pair for pair in timed if pair[0].candidate.library == OURS), None)
    peers = [pair for pair in timed if pair[0].candidate.library != OURS]
    if ours is None or not peers:
        return {"against": None, "ratio_of_medians": None, "ratio_of_minima": None, "equal_quality": None}
    us, our_times = ours
    peer, times = min(peers, key=lambda pair: pair[1].median)
    return {
        "against": peer.candidate.name,
        "ratio_of_medians": times.median / our_times.median,
        "ratio_of_minima": times.best / our_times.best,
        "equal_quality": us.quality <= peer.quality * (1.0 + same_loss),
    }
