# SPDX-License-Identifier: BSD-3-Clause
"""Growing one tree under the training loop: an iteration is a level, or some splits of a tree that grows best first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.callbacks import FitTask
from schuss.history import History
from schuss.training import Hook, Outcome, StopReason, run
from schuss.tree._cart.bins import Bins
from schuss.tree._cart.held_out import HeldOut
from schuss.tree._cart.problem import Target
from schuss.tree._cart.values import node_values, sklearn_tree

Float64 = NDArray[np.float64]

_RECORDS = 256  # of a tree that grows best first, about
_ENDLESS = 2**31  # levels


class Growth:
    """Runs a tree under `schuss.training.run`.

    Parameters
    ----------
    tree : CartTree
        Not grown yet.
    target : Target
    criterion : str
    n_features : int
    max_leaves : int
        0: level by level.
    bounded : bool
        Whether there are monotonic constraints.
    n_threads : int
    held_out : HeldOut or None, default=None
    bins : Bins or None, default=None
        Whose codes the tree grows on.

    Attributes
    ----------
    history : History
    """

    def __init__(
        self,
        tree: kernels.CartTree,
        target: Target,
        criterion: str,
        n_features: int,
        *,
        max_leaves: int,
        bounded: bool,
        n_threads: int,
        held_out: HeldOut | None = None,
        bins: Bins | None = None,
    ) -> None:
        self._tree, self._target, self._criterion = tree, target, criterion
        self._n_features, self._max_leaves, self._bounded = n_features, max_leaves, bounded
        self._n_threads, self._held_out, self._bins = n_threads, held_out, bins
        self._done = False
        self.history = History()

    def run(self, task: FitTask, *, max_time: float | None = None) -> Outcome:
        """Grow until nothing can be split, or something says stop."""
        hooks: list[Hook] = [task]
        return run(
            task.announce(self._sweep),
            max_iter=_ENDLESS,
            history=self.history,
            rules=[self._rule],
            hooks=hooks,
            max_time=max_time,
        )

    def values(self) -> Float64:
        """Values of the nodes so far, in the order in which they were made."""
        tree, classes = self._tree, self._target.n_classes is not None
        return node_values(tree.nodes, tree.sums, self._criterion, bounded=self._bounded, classes=classes)

    def publish(self) -> Any:
        """Return scikit-learn's tree of what has grown so far."""
        return sklearn_tree(
            self._nodes(), self.values(), self._target, self._n_features, depth_first=not self._max_leaves
        )

    def _nodes(self) -> NDArray[np.void]:
        return self._tree.nodes if self._bins is None else self._bins.restore(self._tree.nodes)

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        if iteration == 0:
            self._plant()
        steps = max(1, self._max_leaves // _RECORDS)
        self._done = self._done or kernels.cart_grow(self._tree, steps, n_threads=self._n_threads)
        tree = self._tree
        record = {
            "data_loss": tree.loss,
            "impurity": tree.impurity,
            "n_leaves": float(tree.n_leaves),
            "depth": float(tree.depth),
        }
        if self._held_out is not None:
            record["validation_loss"] = self._held_out.loss(self._nodes(), self.values())
        return record

    def _plant(self) -> None:
        """Make the root: the constant guess that everything is compared with."""
        self._done = kernels.cart_grow(self._tree, 0, n_threads=self._n_threads)
        self.history.baseline["training_loss"] = self._tree.loss
        if self._held_out is not None:
            self.history.baseline["validation_loss"] = self._held_out.loss(self._nodes(), self.values())

    def _rule(self, history: History) -> StopReason | None:
        return StopReason.CONVERGED if self._done else None
