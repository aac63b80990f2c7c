# SPDX-License-Identifier: BSD-3-Clause
"""Which rows are for training, which for validation and which for testing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.data.errors import DataError

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of each part; `stratified` says whether every class is in every part by its share."""

    train: Rows
    validation: Rows
    test: Rows
    stratified: bool


def split_rows(y: NDArray[Any], *, classes: bool, val_size: float, test_size: float, seed: int) -> Split:
    """Split rows at random, by class where there are classes with enough rows.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        Class numbers, or amounts.
    classes : bool
        Whether `y` holds class numbers.
    val_size, test_size : float
        Shares of all rows, at least 0; together below 1.
    seed : int

    Raises
    ------
    DataError
        If a part would be empty.
    """
    rows = np.arange(len(y))
    n_test, n_val = (_count(len(y), share) for share in (test_size, val_size))
    if len(y) - n_test - n_val < 2:
        raise DataError(f"{len(y)} rows are too few to be split into training, validation and test rows")
    stratify = classes and _enough_of_each(y, [n for n in (n_test, n_val) if n])
    rest, test = _cut(rows, y if stratify else None, n_test, seed)
    train, validation = _cut(rest, y[rest] if stratify else None, n_val, seed + 1)
    return Split(train, validation, test, stratify)


def _count(n_rows: int, share: float) -> int:
    return max(1, round(share * n_rows)) if share > 0 else 0


def _enough_of_each(y: NDArray[Any], parts: list[int]) -> bool:
    counts = np.bincount(y)
    counts = counts[counts > 0]
    return bool(counts.min() > len(parts) + 1 and min(parts, default=len(counts)) >= len(counts))


def _cut(rows: Rows, y: NDArray[Any] | None, n_out: int, seed: int) -> tuple[Rows, Rows]:
    """Cut `n_out` rows off; both parts keep the table's order, which keeps reading fast."""
    from sklearn.model_selection import train_test_split

    if not n_out:
        return rows, rows[:0]
    kept, cut = train_test_split(rows, test_size=n_out, stratify=y, random_state=seed)
    return np.sort(kept), np.sort(cut)
