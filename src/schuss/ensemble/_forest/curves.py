# SPDX-License-Identifier: BSD-3-Clause
"""How well a growing forest does on some rows, tree by tree."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.ensemble._forest.growers import Rows
from schuss.ensemble._forest.sampling import Sampler
from schuss.ensemble._forest.state import ForestState
from schuss.tree._histogram.targets import Target

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Average:
    """Running means of what trees say about rows.

    Parameters
    ----------
    rows : Rows or None
        None: no tree is going to be added.
    target : Target
        Of these rows.
    weight : ndarray of shape (n_rows,) or None
        Sample weights, for losses and scores.
    out_of_bag : bool, default=False
        Whether only trees count that were not grown on a row.

    Attributes
    ----------
    sums : ndarray of shape (n_rows, n_values)
    counts : ndarray of shape (n_rows,)
        Trees that said something.
    """

    def __init__(self, rows: Rows | None, target: Target, weight: Float64 | None, *, out_of_bag: bool = False) -> None:
        n = len(target.codes) if hasattr(target, "codes") else len(target.y)
        self._rows, self._target, self._weight = rows, target, weight
        self._out_of_bag = out_of_bag
        self.sums = np.zeros((n, target.n_values))
        self.counts = np.zeros(n, np.int64)

    def start_from(self, state: ForestState, X: Any, sampler: Sampler) -> None:
        """Take the trees of an earlier fit, which were grown on draws from the same sampler."""
        for t, seed in enumerate(state.seeds.tolist()):
            rows: Any = slice(None)
            if self._out_of_bag:
                rows = np.flatnonzero(np.bincount(sampler.rows(seed), minlength=len(self.counts)) == 0)
            self.sums[rows] += kernels.trees_predict(state.trees.predictor, X[rows], first=t, last=t + 1)
            self.counts[rows] += 1

    def add(self, tree: Any, weight: Int64) -> None:
        """Take the next tree, which was grown on rows of these weights."""
        assert self._rows is not None
        self._rows.add(tree, self.sums, self.counts, weight if self._out_of_bag else None)

    def measure(self) -> tuple[float, float]:
        """Mean loss and score on the rows about which a tree has said something; NaN if there are none."""
        rows: Any = slice(None) if not self._out_of_bag else np.flatnonzero(self.counts)
        counts = self.counts[rows]
        weight = None if self._weight is None else self._weight[rows]
        if len(counts) == 0 or (weight is not None and not weight.any()):
            return np.nan, np.nan
        means = self._target.shares(self.sums[rows] / counts[:, None])
        loss = float(np.average(self._target.losses(means, rows), weights=weight))
        return loss, self._target.score(means, rows, weight)

    def means(self) -> Float64:
        """What the forest says about all rows so far; zeros where no tree has said anything."""
        means = self._target.shares(self.sums / np.maximum(self.counts, 1)[:, None])
        means[self.counts == 0] = 0.0
        return means
