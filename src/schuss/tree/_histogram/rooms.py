# SPDX-License-Identifier: BSD-3-Clause
"""Memory that trees are grown into, and the trees cut out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._layout import WORDS

_DEEP = 40  # a depth that limits no number of leaves


class Room:
    """Room for some trees, as ``kernels.forest_grow`` fills it. Only what it touches takes memory.

    Parameters
    ----------
    weight : ndarray of shape (n_trees, n_samples) or (n_samples,), int64
        Of the rows; those of weight 0 are left out.
    n_trees : int
    n_values : int
        Numbers that a leaf holds.
    alone : bool
        Whether leaves hold their one value themselves.
    categorical : bool
        Whether there are categories to divide.
    min_samples_leaf, max_depth, max_leaf_nodes : int
        What bounds the number of leaves; ``max_leaf_nodes`` 0 does not.
    """

    def __init__(
        self,
        weight: NDArray[np.int64],
        n_trees: int,
        *,
        n_values: int = 1,
        alone: bool = True,
        categorical: bool = False,
        min_samples_leaf: int = 1,
        max_depth: int = _DEEP,
        max_leaf_nodes: int = 0,
    ) -> None:
        used = int(np.count_nonzero(np.atleast_2d(weight), axis=1).max(initial=1))
        most = max(used // min_samples_leaf, 1)
        most = min(most, 1 << max_depth) if max_depth < _DEEP else most
        self.n_leaves = min(most, max_leaf_nodes) if max_leaf_nodes else most
        self.n_nodes, self.n_values = 2 * self.n_leaves - 1, n_values
        self.n_sets = self.n_leaves - 1 if categorical else 0
        self.nodes = np.empty((n_trees, self.n_nodes, 2))
        self.gain, self.impurity = (np.empty((n_trees, self.n_nodes)) for _ in range(2))
        self.weight, self.samples = np.empty((n_trees, self.n_nodes)), np.empty((n_trees, self.n_nodes), np.uint32)
        self.values = None if alone else np.empty((n_trees, self.n_leaves, n_values))
        self.sets = np.empty((n_trees, self.n_sets, WORDS), np.int64)
        self.counts = np.zeros((3, n_trees), np.int64)

    def finished(self) -> list[dict[str, Any]]:
        """The trees before the first that was not finished, each in arrays of its own.

        A tree is a dict: nodes float64 (2 n_nodes,), two words each; gain, impurity, weight and samples (n_nodes,);
        values (n_leaves, n_values) or None; sets uint64 (n_sets, WORDS).
        """
        done = np.append(self.counts[0], 0)
        return [self._tree(t) for t in range(int(np.argmin(done > 0)))]

    def _tree(self, t: int) -> dict[str, Any]:
        n_nodes, n_leaves, n_sets = self.counts[:, t]
        of_nodes = {name: getattr(self, name)[t, :n_nodes].copy() for name in ("gain", "impurity", "weight", "samples")}
        return of_nodes | {
            "nodes": self.nodes[t, :n_nodes].reshape(-1).copy(),
            "values": None if self.values is None else self.values[t, :n_leaves].copy(),
            "sets": self.sets[t, :n_sets].view(np.uint64).copy(),
        }
