# SPDX-License-Identifier: BSD-3-Clause
"""One fit of a forest: an iteration is a tree, several of which are grown at the same time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.callbacks import FitTask
from schuss.ensemble._forest.curves import Average
from schuss.ensemble._forest.growers import Grower
from schuss.ensemble._forest.sampling import Sampler
from schuss.history import History
from schuss.stopping import Plateau
from schuss.training import Hook, Outcome, Rule, StopReason, run
from schuss.tree._histogram.grown import Grown
from schuss.verbose import print_line

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_BATCH_SECONDS = 0.25  # that a call of the kernel may take: limits of time are looked at in between
_MOST_PER_THREAD = 16
_MOST_WEIGHTS = 1 << 27  # bytes of the rows' weights in one call


@dataclass(frozen=True)
class Stopping:
    """When to stop before all trees are grown.

    Parameters
    ----------
    column : str
        Of the history.
    tol : float
        Least fall that counts.
    patience : int
        Trees in a row without it.
    """

    column: str
    tol: float
    patience: int


class ForestFit:
    """Grows trees under `schuss.training.run`.

    Parameters
    ----------
    grower : Grower
    sampler : Sampler
    seeds : ndarray of shape (n_trees,), int64
        Of the trees to grow.
    n_samples : int
    n_threads : int
    curves : mapping of str to Average
        What to measure after each tree: 'training', 'oob', 'validation'.
    baseline : mapping of str to float
        For the history.

    Attributes
    ----------
    history : History
    trees : list of Grown
        Those of complete iterations.
    """

    def __init__(
        self,
        grower: Grower,
        sampler: Sampler,
        seeds: Int64,
        *,
        n_samples: int,
        n_threads: int,
        curves: Mapping[str, Average],
        baseline: Mapping[str, float],
    ) -> None:
        self._grower, self._sampler, self._seeds = grower, sampler, seeds
        self._n_samples, self._n_threads, self._curves = n_samples, n_threads, curves
        self._ready: deque[tuple[Any, Int64]] = deque()
        self._n_grown, self._seconds_per_round = 0, 0.0
        self._interrupt: KeyboardInterrupt | None = None
        self.history = History(baseline=baseline)
        self.trees: list[Grown] = []

    def run(self, task: FitTask, *, max_time: float | None, verbose: int, stopping: Stopping | None) -> Outcome:
        """Grow all trees, or until something says stop."""
        rules: list[Rule] = []
        if stopping is not None:
            reason = StopReason.NO_IMPROVEMENT
            rules.append(Plateau(stopping.column, tol=stopping.tol, patience=stopping.patience, reason=reason))
        hooks: list[Hook] = [task]
        if verbose:
            hooks.append(print_line)
        return run(
            task.announce(self._sweep),
            max_iter=len(self._seeds),
            history=self.history,
            rules=rules,
            hooks=hooks,
            max_time=max_time,
        )

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        if not self._ready:
            self._grow_some()
        tree, weight = self._ready.popleft()
        record = {}
        for name, average in self._curves.items():
            average.add(tree, weight)
            record[f"{name}_loss"], record[f"{name}_score"] = average.measure()
        if "validation_loss" not in record and "oob_loss" in record:
            record["validation_loss"], record["validation_score"] = record["oob_loss"], record["oob_score"]
        grown = self._grower.finish(tree)
        self.trees.append(grown)
        return record | {"n_leaves": float(np.count_nonzero(grown.is_leaf))}

    def _grow_some(self) -> None:
        """Grow the next trees, one a thread or several; those that an interruption leaves are used first."""
        if self._interrupt is not None:
            raise self._interrupt
        seeds = self._seeds[self._n_grown : self._n_grown + self._batch()]
        weight, unit = self._sampler.weights(seeds)
        finished: list[Any] = []
        start = time.perf_counter()
        try:
            self._grower.grow(seeds, weight, unit, self._n_threads, finished)
        except KeyboardInterrupt as interrupt:
            if not finished:
                raise
            self._interrupt = interrupt
        rounds = -(-len(seeds) // self._n_threads)
        self._seconds_per_round = (time.perf_counter() - start) / rounds
        self._n_grown += len(finished)
        weights = np.broadcast_to(weight, (len(seeds), self._n_samples))
        self._ready.extend(zip(finished, weights, strict=False))

    def _batch(self) -> int:
        """How many trees to grow at a time: first one a thread, then as many as take no long time."""
        if self._n_grown == 0:
            return self._n_threads
        fast = int(_BATCH_SECONDS / max(self._seconds_per_round, 1e-9))
        most = max(1, _MOST_WEIGHTS // (8 * self._n_samples * self._n_threads))
        return self._n_threads * max(1, min(fast, most, _MOST_PER_THREAD))
