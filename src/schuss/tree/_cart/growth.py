# SPDX-License-Identifier: BSD-3-Clause
"""Growing one tree under the training loop: an iteration is a level, or some splits of a tree that grows best first."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schuss._sklearn import prune_tree
from schuss.callbacks import FitTask
from schuss.history import History
from schuss.training import Hook, Outcome, StopReason, run
from schuss.tree._cart.held_out import HeldOut
from schuss.tree._cart.problem import Target
from schuss.tree._cart.values import node_losses, sklearn_tree

Float64 = NDArray[np.float64]

_RECORDS = 256  # of a tree that grows best first, about
_ENDLESS = 2**31  # levels


class GrowingTree(Protocol):
    """A tree that grows in steps: levels, or splits if it grows best first."""

    @property
    def nodes(self) -> NDArray[np.void]:
        """The nodes so far (n_nodes,), dtype CART_NODE, children behind their parents."""

    @property
    def values(self) -> Float64:
        """Their values (n_nodes, n_outputs, n_values)."""

    @property
    def n_leaves(self) -> int:
        """Leaves so far."""

    @property
    def depth(self) -> int:
        """Depth so far."""

    @property
    def impurity(self) -> float:
        """Mean impurity of the leaves."""

    @property
    def loss(self) -> float:
        """Mean training loss."""

    def grow(self, steps: int) -> bool:
        """Make the root if there is none, then so many steps; returns whether nothing can be split any more."""


class Growth:
    """Runs a tree under `schuss.training.run`.

    Parameters
    ----------
    tree : GrowingTree
        Not grown yet.
    target : Target
    n_features : int
    max_leaves : int
        0: level by level.
    held_out : HeldOut or None, default=None

    Attributes
    ----------
    history : History
    """

    def __init__(
        self, tree: GrowingTree, target: Target, n_features: int, *, max_leaves: int, held_out: HeldOut | None = None
    ) -> None:
        self._tree, self._target, self._n_features = tree, target, n_features
        self._max_leaves, self._held_out = max_leaves, held_out
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

    @property
    def planted(self) -> bool:
        """Whether there is a root."""
        return len(self._tree.nodes) > 0

    def publish(self) -> Any:
        """Return scikit-learn's tree of what has grown so far."""
        tree, depth_first = self._tree, not self._max_leaves
        return sklearn_tree(tree.nodes, tree.values, self._target, self._n_features, depth_first=depth_first)

    def prune(self, ccp_alpha: float) -> Any:
        """Prune what has grown and record what that leaves; return it as scikit-learn's tree."""
        start = time.perf_counter()
        tree, classes = prune_tree(self.publish(), ccp_alpha), self._target.n_classes is not None
        leaf = tree.children_left < 0
        weight = tree.weighted_n_node_samples[leaf]
        losses = node_losses(tree.value[leaf], tree.impurity[leaf], classes=classes)
        record = {
            "data_loss": float(np.average(losses, weights=weight)),
            "impurity": float(np.average(tree.impurity[leaf], weights=weight)),
            "n_leaves": float(tree.n_leaves),
            "depth": float(tree.max_depth),
        }
        if self._held_out is not None:
            record["validation_loss"] = self._held_out.loss_of(tree)
        self.history.append(record | {"seconds": time.perf_counter() - start})
        return tree

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        if iteration == 0:
            self._plant()
        steps = max(1, self._max_leaves // _RECORDS)
        self._done = self._done or self._tree.grow(steps)
        tree = self._tree
        record = {
            "data_loss": tree.loss,
            "impurity": tree.impurity,
            "n_leaves": float(tree.n_leaves),
            "depth": float(tree.depth),
        }
        if self._held_out is not None:
            record["validation_loss"] = self._held_out.loss(self._tree.nodes, self._tree.values)
        return record

    def _plant(self) -> None:
        """Make the root: the constant guess that everything is compared with."""
        self._done = self._tree.grow(0)
        self.history.baseline["training_loss"] = self._tree.loss
        if self._held_out is not None:
            self.history.baseline["validation_loss"] = self._held_out.loss(self._tree.nodes, self._tree.values)

    def _rule(self, history: History) -> StopReason | None:
        return StopReason.CONVERGED if self._done else None
