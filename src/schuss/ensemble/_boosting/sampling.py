# SPDX-License-Identifier: BSD-3-Clause
"""Which rows, columns and earlier trees an iteration sees.

Every draw is a function of the seed and the iteration, so that training on is the same as training at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

# What a draw is for; keeps the draws of one iteration independent.
_ROWS, _COLUMNS, _DROPPED, _OTHERS = range(4)
_MIX = 0x9E3779B97F4A7C15  # an odd number near 2^64 divided by the golden ratio: neighbours go far apart


@dataclass(frozen=True, slots=True)
class Draws:
    """The random choices of a fit.

    Parameters
    ----------
    seed : int
    """

    seed: int

    def rows(self, iteration: int, n: int, share: float) -> Rows | None:
        """Draw a share of ``n`` rows, sorted, without repetition; None for all."""
        count = max(1, round(share * n))
        return None if count >= n else self._some(_ROWS, iteration, n, count)

    def columns(self, iteration: int, n: int, share: float) -> NDArray[np.uint8] | None:
        """Draw a share of ``n`` columns, at least one, as a mask; None for all."""
        count = max(1, round(share * n))
        if count >= n:
            return None
        mask = np.zeros(n, dtype=np.uint8)
        mask[self._some(_COLUMNS, iteration, n, count)] = 1
        return mask

    def dropped(self, iteration: int, *, rate: float, skip: float, most: int | None) -> Rows:
        """Draw which of the iterations before are left out, as DART does; none with the probability ``skip``.

        At least one is drawn where any may be (Rashmi and Gilad-Bachrach 2015, "DART: Dropouts meet multiple additive
        regression trees").
        """
        rng = self._generator(_DROPPED, iteration)
        if iteration == 0 or rng.random() < skip:
            return np.zeros(0, dtype=np.int64)
        chosen = np.flatnonzero(rng.random(iteration) < rate)
        if not len(chosen) and rate > 0.0:
            chosen = np.array([rng.integers(iteration)])
        if most is not None and len(chosen) > most:
            chosen = np.sort(rng.choice(chosen, size=most, replace=False))
        return chosen.astype(np.int64)

    def goss(
        self, iteration: int, size: NDArray[np.float64], *, top: float, other: float
    ) -> tuple[Rows, NDArray[np.float64]]:
        """Take the rows of largest gradients and a sample of the others, which then count for more.

        Gradient-based one-side sampling of Ke et al. (2017), "LightGBM: A highly efficient gradient boosting decision
        tree".

        Parameters
        ----------
        size : ndarray of shape (n,)
            How large the gradient of each row is.

        Returns
        -------
        rows : ndarray of shape (n_drawn,)
            Sorted.
        factor : ndarray of shape (n_drawn,)
            What each row's derivatives are multiplied with.
        """
        n = len(size)
        n_top, n_other = max(1, round(top * n)), max(1, round(other * n))
        if n_top + n_other >= n:
            return np.arange(n), np.ones(n)
        bound = np.partition(size, n - n_top)[n - n_top]
        is_top = size > bound
        ties = np.flatnonzero(size == bound)
        is_top[ties[: n_top - int(is_top.sum())]] = True  # of equal ones the first
        rest = np.flatnonzero(~is_top)
        drawn = rest[self._some(_OTHERS, iteration, len(rest), n_other)]
        factor = np.ones(n)
        factor[drawn] = len(rest) / n_other
        rows = np.sort(np.concatenate([np.flatnonzero(is_top), drawn]))
        return rows, factor[rows]

    def tree_seed(self, iteration: int, output: int) -> int:
        """The seed of what is drawn within a tree, node by node."""
        return (self.seed + (iteration << 20) + output + 1) * _MIX % 2**64

    def _some(self, purpose: int, iteration: int, n: int, count: int) -> Rows:
        chosen = self._generator(purpose, iteration).choice(n, size=count, replace=False, shuffle=False)
        return np.sort(chosen).astype(np.int64)

    def _generator(self, purpose: int, iteration: int) -> Any:
        return np.random.default_rng([self.seed, purpose, iteration])
