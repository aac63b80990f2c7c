# SPDX-License-Identifier: BSD-3-Clause
"""Which rows each tree is grown on, and what they weigh: the same draws as scikit-learn's for the same seeds."""

from __future__ import annotations

from numbers import Integral
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from schuss.tree._histogram.weights import FINE_BITS, whole_weights

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def sample_rows(seed: int, n: int, n_drawn: int, weight: Float64 | None) -> NDArray[np.int32]:
    """Draw rows with replacement, with chances in proportion to their weights."""
    random = np.random.RandomState(seed)
    if weight is None:
        return random.randint(0, n, n_drawn).astype(np.int32)
    return random.choice(n, n_drawn, replace=True, p=weight / np.sum(weight)).astype(np.int32)


def n_samples_drawn(n: int, max_samples: float | None, weight: Float64 | None) -> int:
    """How many rows a bootstrap sample has, as scikit-learn's ``max_samples`` says."""
    if max_samples is None:
        return n
    if isinstance(max_samples, Integral):
        return int(max_samples)
    total = n if weight is None else weight.sum()
    drawn = max(int(max_samples * total), 1)
    if drawn < max(10, n ** (1 / 3)):
        of_what = "number of samples" if weight is None else "total sum of sample weights"
        warn(
            f"Using the fractional value max_samples={max_samples!r} when the {of_what} is {total} results in a low "
            f"number ({drawn}) of bootstrap samples. We recommend passing `max_samples` as an integer instead.",
            stacklevel=4,
        )
    return drawn


class Sampler:
    """Weights of the rows for each tree.

    Parameters
    ----------
    n : int
        Number of rows.
    weight : ndarray of shape (n,) or None
    n_drawn : int or None
        Size of a bootstrap sample; None: trees see all rows, with their weights.
    balance : callable or None, default=None
        From a tree's drawn rows to factors of all rows: 'balanced_subsample'.
    """

    def __init__(self, n: int, weight: Float64 | None, n_drawn: int | None, balance: Any = None) -> None:
        self._n, self._weight, self._n_drawn, self._balance = n, weight, n_drawn, balance
        self._shared = None
        if n_drawn is None:
            self._shared = whole_weights(np.ones(n) if weight is None else weight)

    @property
    def sum_bits(self) -> int:
        """Bits of a tree's sum of whole weights."""
        if self._shared is not None:
            return int(self._shared[0].sum()).bit_length()
        assert self._n_drawn is not None
        return FINE_BITS + 1 if self._balance is not None else self._n_drawn.bit_length()

    def weights(self, seeds: Int64) -> tuple[Int64, float]:
        """Whole weights (n_trees, n) of some trees, or (n,) if all have the same; and their unit."""
        if self._shared is not None:
            return self._shared
        rows = [self.rows(seed) for seed in seeds.tolist()]
        counts = np.array([np.bincount(drawn, minlength=self._n) for drawn in rows])
        if self._balance is None:
            return counts, 1.0
        return whole_weights(counts * np.array([self._balance(drawn) for drawn in rows]))

    def rows(self, seed: int) -> NDArray[np.int32]:
        """The rows that a tree was grown on, repeated as often as they were drawn."""
        if self._n_drawn is None:
            return np.arange(self._n, dtype=np.int32)
        return sample_rows(seed, self._n, self._n_drawn, self._weight)
