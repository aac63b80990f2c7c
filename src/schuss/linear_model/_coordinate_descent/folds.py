# SPDX-License-Identifier: BSD-3-Clause
"""Moments of the training and test rows of every fold, from one read of the table where folds allow it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._coordinate_descent.moments import MomentReader, Moments

Array = NDArray[Any]
Rows = NDArray[np.intp]
Split = tuple[Rows, Rows]


def as_rows(split: Iterable[Any], n: int) -> Split:
    """A splitter's training and test rows as numbers; it may also give masks."""
    train, test = (np.arange(n)[np.asarray(rows)] for rows in split)
    return train, test


class FoldMoments:
    """Reads and keeps the moments of all folds.

    Where the test rows of the folds are a partition of the table and each fold trains on all other rows, every
    row is read once: the moments of a training set are the sum of those of the other folds. Any other splits
    have their training and test rows read one by one.

    Parameters
    ----------
    splits : list of (ndarray, ndarray)
        Numbers of the training and test rows of every fold.
    n : int
        Number of rows.

    Attributes
    ----------
    order : ndarray of shape (n_samples,) or None
        The order of the rows that the reader's table must have; None for that of the splits.
    whole, training, test : Moments and lists of Moments
        Set by `read`.
    """

    def __init__(self, splits: Sequence[Split], n: int) -> None:
        self._splits, self._n = splits, n
        self.order: Rows | None = None
        self._bounds: list[slice] | None = None
        if _is_partition(splits, n):
            ends = np.cumsum([len(test) for _, test in splits])
            self._bounds = [slice(end - len(test), end) for end, (_, test) in zip(ends, splits, strict=True)]
            order = np.concatenate([test for _, test in splits])
            self.order = None if np.array_equal(order, np.arange(n)) else order
        self.whole: Moments
        self.training: list[Moments] = []
        self.test: list[Moments] = []

    def read(self, reader: MomentReader) -> None:
        """Read all moments; of those that are known, only what depends on the reader's reference."""
        if self._bounds is None:
            self._read_each(reader)
            return
        known: Sequence[Moments | None] = self.test or [None] * len(self._bounds)
        self.test = [reader.read(*pair) for pair in zip(self._bounds, known, strict=True)]
        if self.training:
            self.whole = self.whole.with_residuals_of(self.test)
            others = (self.test[:i] + self.test[i + 1 :] for i in range(len(self.test)))
            self.training = [old.with_residuals_of(rest) for old, rest in zip(self.training, others, strict=True)]
        else:
            self.whole, self.training = _all_but_each(self.test)

    def _read_each(self, reader: MomentReader) -> None:
        again = bool(self.test)
        nothing = [None] * len(self._splits)
        training: Sequence[Moments | None] = self.training or nothing
        test: Sequence[Moments | None] = self.test or nothing
        self.training = [reader.read(rows, old) for (rows, _), old in zip(self._splits, training, strict=True)]
        self.test = [reader.read(rows, old) for (_, rows), old in zip(self._splits, test, strict=True)]
        self.whole = reader.read(slice(None), self.whole if again else None)


def _all_but_each(parts: Sequence[Moments]) -> tuple[Moments, list[Moments]]:
    """The sum of all parts, and for each part that of all others.

    Only by addition: the difference to the whole would leave noise where nothing should be, such as in a column
    that is zero in all rows but one fold's.
    """
    after = list(accumulate(reversed(parts[1:])))[::-1]
    before, others = parts[0], [after[0]]
    for i, part in enumerate(parts[1:-1], 1):
        others.append(before + after[i])
        before = before + part
    return before + parts[-1], [*others, before]


def _is_partition(splits: Sequence[Split], n: int) -> bool:
    if len(splits) < 2 or not np.array_equal(np.sort(np.concatenate([test for _, test in splits])), np.arange(n)):
        return False
    return all(_complements(train, test, n) for train, test in splits)


def _complements(train: Rows, test: Rows, n: int) -> bool:
    if len(train) + len(test) != n:
        return False
    there = np.zeros(n, dtype=bool)
    there[train] = there[test] = True
    return bool(there.all())
