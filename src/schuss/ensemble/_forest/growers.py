# SPDX-License-Identifier: BSD-3-Clause
"""Growing the trees of a forest on the values themselves, and what all ways of growing have in common."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._cart.problem import Table, plant
from schuss.tree._cart.problem import Target as CartTarget
from schuss.tree._cart.values import node_values
from schuss.tree._histogram.grower import LARGEST, Options
from schuss.tree._histogram.grown import Grown
from schuss.tree._histogram.targets import ClassTarget, Target
from schuss.tree._nodes import MISSING_LEFT, NODE, WORDS, Trees, TreesBuilder

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_STEPS = 1  # levels, or splits, of an exact tree between looks whether to stop: off the main thread kernels do not look


class Rows(Protocol):
    """Some rows of a table that trees can be asked about."""

    def add(self, tree: Any, sums: Float64, counts: Int64, weight: Int64 | None = None) -> None:
        """Add what a tree's leaves say to the rows, to those of weight 0 if weights are given."""


class Grower(Protocol):
    """Grows trees from seeds."""

    known_categories: NDArray[np.uint64] | None

    def grow(self, seeds: Int64, weight: Int64, unit: float, n_threads: int, finished: list[Any]) -> None:
        """Append a tree for each seed; those before an interruption are there when it comes."""

    def finish(self, tree: Any) -> Grown:
        """The tree as the model keeps it."""

    def rows(self, X: Any) -> Rows:
        """A table that trees can be asked about."""


class PlainRows:
    """Rows by their values."""

    def __init__(self, X: Any, n_threads: int) -> None:
        self._X, self._n_threads = X, n_threads

    def add(self, tree: Any, sums: Float64, counts: Int64, weight: Int64 | None = None) -> None:
        rows = slice(None) if weight is None else np.flatnonzero(weight == 0)
        values = predict(single_tree(tree, self._X.shape[1]), self._X, n_threads=self._n_threads)
        sums[rows] += values[rows]
        counts[rows] += 1


class ExactGrower:
    """Grows trees on the values, as single trees are.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features), float32
    y : ndarray of shape (n_samples, n_outputs), float64
        Codes of the classes, or numbers.
    target : Target
    options : Options
    n_threads : int
    """

    known_categories = None

    def __init__(self, X: Any, y: Float64, target: Target, options: Options, *, n_threads: int = 1) -> None:
        self._X, self._options, self._n_threads = X, options, n_threads
        self._n_classes = target.n_classes if isinstance(target, ClassTarget) else None
        self._one_value = target.one_value
        self._target = CartTarget(y.astype(np.float64, copy=False), self._n_classes)
        self._stopped = False
        self._signs = options.signs
        if options.signs is not None and self._n_classes is not None:
            self._signs = -options.signs  # exact trees look at the first class
        table = X.tocsc() if hasattr(X, "tocsc") else X
        self._table = Table(
            table, random=options.random_splits, max_features=options.limits.max_features, n_threads=n_threads
        )

    def grow(self, seeds: Int64, weight: Int64, unit: float, n_threads: int, finished: list[Any]) -> None:
        weights = np.broadcast_to(weight, (len(seeds), self._X.shape[0]))
        pool, self._stopped = ThreadPoolExecutor(n_threads), False
        try:
            for tree in pool.map(self._tree, seeds.tolist(), (row * unit for row in weights)):
                finished.append(tree)
        finally:
            self._stopped = True
            pool.shutdown(cancel_futures=True)

    def finish(self, tree: Any) -> Grown:
        grown: Grown = tree
        return grown

    def rows(self, X: Any) -> PlainRows:
        return PlainRows(X, self._n_threads)

    def training_rows(self) -> PlainRows:
        """The table that trees are grown on."""
        return PlainRows(self._X, self._n_threads)

    def _tree(self, seed: int, weight: Float64) -> Grown:
        options, total = self._options, float(weight.sum())
        limits = replace(options.limits, min_weight_leaf=options.min_weight_fraction_leaf * total)
        tree = plant(
            self._table, self._target, weight, criterion=options.criterion, limits=limits, seed=seed_of_tree(seed),
            monotonic=self._signs,
        )  # fmt: skip
        while not kernels.cart_grow(tree, _STEPS, n_threads=1):
            if self._stopped:
                raise KeyboardInterrupt
        grown = self._converted(tree)
        return grown.pruned(options.ccp_alpha) if options.ccp_alpha > 0.0 else grown

    def _converted(self, tree: kernels.CartTree) -> Grown:
        made, options = tree.nodes, self._options
        classes = self._n_classes is not None
        values = node_values(made, tree.sums, options.criterion, bounded=options.signs is not None, classes=classes)
        inner = made["left"] > 0
        nodes = np.zeros(len(made), NODE)
        nodes["feature"] = np.where(inner, made["feature"] | (made["missing_left"] > 0) * MISSING_LEFT, -1)
        nodes["left"] = np.where(inner, made["left"], np.cumsum(~inner) - 1)
        nodes["threshold"] = np.where(inner, np.minimum(made["threshold"], LARGEST), 0.0)
        held = self._held(values[~inner])
        if self._one_value:
            nodes["threshold"][~inner] = held[:, 0]
        weighted = made["impurity"] * made["weight"]
        gain = np.zeros(len(made))
        left = made["left"][inner]
        gain[inner] = weighted[inner] - weighted[left] - weighted[left + 1]
        return Grown(
            nodes,
            gain=gain,
            impurity=made["impurity"].astype(np.float64),
            weight=made["weight"].astype(np.float64),
            samples=made["n_rows"].astype(np.uint32),
            values=None if self._one_value else held,
            sets=np.zeros((0, WORDS), np.uint64),
        )

    def _held(self, values: Float64) -> Float64:
        """What leaves hold, from values (n_leaves, n_outputs, n_values)."""
        if self._n_classes is None:
            return values[:, :, 0]
        if self._n_classes == (2,):
            return values[:, 0, 1:2]
        return np.concatenate([values[:, k, :n] for k, n in enumerate(self._n_classes)], axis=1)


def seed_of_tree(random_state: int) -> int:
    """The seed that a single tree of this random state uses."""
    return int(np.random.RandomState(random_state).randint(np.iinfo(np.int32).max))


def by_row(X: Any) -> Any:
    """A table that rows can be taken of: sparse ones as CSR."""
    return X.tocsr() if hasattr(X, "tocsr") else X


def single_tree(tree: Grown, n_features: int) -> Trees:
    """A model of one tree."""
    builder = TreesBuilder(n_features, 1 if tree.values is None else tree.values.shape[1])
    builder.append(tree.nodes, values=tree.values, categories=tree.sets)
    return builder.build()


def predict(trees: Trees, X: Any, *, n_threads: int) -> Float64:
    """Mean over the trees of what their leaves hold, (n_samples, n_values)."""
    return kernels.trees_predict(trees.predictor, X, divisor=float(max(len(trees), 1)), n_threads=n_threads)
