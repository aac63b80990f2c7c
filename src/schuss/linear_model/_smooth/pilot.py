# SPDX-License-Identifier: BSD-3-Clause
"""Fits of few rows before the fit of all: when they pay, which rows, and how far to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._smooth.objective import Objective

CHEAP = 4e7  # multiplications of a Hessian that hardly takes longer than a read
FRESH_READS = 3  # reads that bring a Hessian which is not cheap

_LARGEST_FACTOR = 1024  # order of a matrix worth factorising
_SMALL_ORDER = 64  # worth factorising however few the rows
_FEWEST_ROWS = 5000
_STEPS = 20
_SHARE = 0.05  # of the statistical error that so few rows leave anyway


class Pilot(Protocol):
    """What descends by steps and knows how far it still is from its minimum."""

    @property
    def gap(self) -> float: ...

    @property
    def stuck(self) -> bool: ...

    def step(self) -> Any: ...


def is_cheap(n: int, order: int) -> bool:
    """Whether a Hessian of this order over n rows hardly takes longer than a read of them."""
    return float(n) * order * order <= CHEAP


def factorises(table: Any) -> bool:
    """Whether matrices of the order of the columns are worth their while for a table."""
    wide = table.n < table.d and table.d > _SMALL_ORDER
    return not (table.is_sparse or table.d > _LARGEST_FACTOR or wide)


def pilot_size(n: int, order: int, n_outputs: int = 1) -> int:
    """Rows for a pilot fit; all of them if that would not save much.

    A Hessian of m rows errs by about the root of order / m. Within limits, m is chosen
    so that it costs about as much as a few reads of all rows.
    """
    least, most = (20, 200) if n_outputs == 1 else (8, 40)
    rows = int(min(max(32.0 * n / order, least * order), most * order))
    rows = max(rows, _FEWEST_ROWS)
    return rows if 2 * rows <= n else n


def few_rows(objective: Objective, size: int) -> Objective:
    """The objective of some rows of every class; where y is no class all are alike. Rows without weight stay out."""
    y = objective.y if objective.classifies else np.zeros(len(objective.y))
    strata = y if objective.weight is None else np.where(objective.weight > 0, y, -1)
    return objective.subset(*draw_rows(strata, size))


def draw_rows(strata: NDArray[Any], size: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Draw rows of every stratum, spread over the table; each stands for several like it.

    Strata get equal parts, so that a rare one is not lost; what it cannot use goes to the
    others. Negative ones stay out.
    """
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(strata == value) for value in np.unique(strata) if value >= 0]
    groups.sort(key=len)
    rows, factors = [], []
    for i, members in enumerate(groups):
        take = min(len(members), size // (len(groups) - i))
        size -= take
        spots = (np.arange(take) + rng.random(take)) * (len(members) / max(take, 1))
        rows.append(members[np.minimum(spots.astype(np.intp), len(members) - 1)])
        factors.append(np.full(take, len(members) / max(take, 1)))
    chosen, factor = np.concatenate(rows), np.concatenate(factors)
    order = np.argsort(chosen)
    return chosen[order], factor[order]


def noise(n_parameters: int, rows: int) -> float:
    """What is small beside the statistical error of a mean loss that so few rows leave."""
    return _SHARE * n_parameters / (2.0 * rows)


def settle(pilot: Pilot, enough: Callable[[], float]) -> None:
    """Step, once started, until no more than ``enough()`` is left to gain."""
    for _ in range(_STEPS):
        if pilot.stuck or pilot.gap <= enough():
            break
        pilot.step()
