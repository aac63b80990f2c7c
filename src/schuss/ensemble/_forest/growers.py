# SPDX-License-Identifier: BSD-3-Clause
"""Two ways to grow trees: on bins, or on the values themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.ensemble._forest.grown import Grown, from_kernel
from schuss.ensemble._forest.rooms import Room
from schuss.ensemble._forest.sampling import Sampler
from schuss.ensemble._forest.targets import ClassTarget, Target
from schuss.tree._binning import Binner
from schuss.tree._cart.problem import Limits, Table, plant
from schuss.tree._cart.problem import Target as CartTarget
from schuss.tree._cart.values import node_values
from schuss.tree._nodes import MISSING_LEFT, NODE, WORDS, Trees, TreesBuilder, category_sets

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_LARGEST = np.finfo(np.float64).max  # a threshold with all values on one side, what is missing on the other
_STEPS = 4  # levels, or splits, of an exact tree between looks whether to stop


@dataclass(frozen=True)
class Options:
    """How trees are grown.

    Parameters
    ----------
    criterion : str
    limits : Limits
    min_weight_fraction_leaf : float
    random_splits : bool
    signs : ndarray of shape (n_features,), int8, or None
        Of monotonic constraints on the (second class's share in the) output.
    ccp_alpha : float
    """

    criterion: str
    limits: Limits
    min_weight_fraction_leaf: float = 0.0
    random_splits: bool = False
    signs: NDArray[np.int8] | None = None
    ccp_alpha: float = 0.0


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


class BinnedRows:
    """Rows by their bins."""

    def __init__(self, binned: kernels.Binned, n_threads: int) -> None:
        self._binned, self._n_threads = binned, n_threads

    def add(self, tree: Any, sums: Float64, counts: Int64, weight: Int64 | None = None) -> None:
        kernels.forest_add(
            self._binned, tree["nodes"], values=tree["values"], sets=tree["sets"], weight=weight, sums=sums,
            counts=counts, n_threads=self._n_threads,
        )  # fmt: skip


class BinnedGrower:
    """Grows trees on a table of bins.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features)
    target : Target
    options : Options
    sampler : Sampler
    max_bins : int
    is_categorical : bool array of shape (n_features,) or None
    weight : ndarray of shape (n_samples,) or None
    n_threads : int
    """

    def __init__(
        self,
        X: Any,
        target: Target,
        options: Options,
        sampler: Sampler,
        *,
        max_bins: int,
        is_categorical: NDArray[np.bool_] | None = None,
        weight: Float64 | None = None,
        n_threads: int = 1,
    ) -> None:
        self._binner = Binner(max_bins, is_categorical, n_threads)
        self.binned = self._binner.fit_transform(X, weight)
        self._options, self._scratch, self._n_threads = options, kernels.Scratch(), n_threads
        self._n_values, self._alone = target.n_values, target.one_value
        self._arguments = target.arguments(sampler.sum_bits) | self._kernel_options()
        self._thresholds = np.full((X.shape[1], 256), _LARGEST)
        for row, some in zip(self._thresholds, self._binner.thresholds, strict=True):
            row[: len(some)] = some

    @property
    def known_categories(self) -> NDArray[np.uint64] | None:
        """Categories that were seen."""
        categories = self._binner.categories
        if all(codes is None for codes in categories):
            return None
        everything = np.arange(255)
        return category_sets([everything if codes is None else codes for codes in categories])

    def grow(self, seeds: Int64, weight: Int64, unit: float, n_threads: int, finished: list[Any]) -> None:
        limits = self._options.limits
        room = Room(
            weight,
            len(seeds),
            n_values=self._n_values,
            alone=self._alone,
            categorical=self.known_categories is not None,
            min_samples_leaf=limits.min_samples_leaf,
            max_depth=limits.max_depth,
            max_leaf_nodes=limits.max_leaves,
        )
        try:
            kernels.forest_grow(
                self.binned, room, seed=seeds.astype(np.uint64), weight=weight, weight_unit=unit, n_threads=n_threads,
                scratch=self._scratch, **self._arguments,
            )  # fmt: skip
        finally:
            finished.extend(room.finished())

    def finish(self, tree: Any) -> Grown:
        grown = from_kernel(tree, self._thresholds)
        return grown.pruned(self._options.ccp_alpha) if self._options.ccp_alpha > 0.0 else grown

    def rows(self, X: Any) -> BinnedRows:
        return BinnedRows(self._binner.transform(X), self._n_threads)

    def training_rows(self) -> BinnedRows:
        """The table that trees are grown on."""
        return BinnedRows(self.binned, self._n_threads)

    def _kernel_options(self) -> dict[str, Any]:
        options, limits = self._options, self._options.limits
        result = {
            "criterion": kernels.FOREST_CRITERIA[options.criterion],
            "max_features": limits.max_features,
            "max_depth": limits.max_depth,
            "min_samples_split": limits.min_samples_split,
            "min_samples_leaf": limits.min_samples_leaf,
            "max_leaf_nodes": limits.max_leaves,
            "min_weight_fraction_leaf": options.min_weight_fraction_leaf,
            "min_impurity_decrease": limits.min_impurity_decrease,
            "monotonic": options.signs,
        }
        if options.random_splits:
            result["bin_value"] = np.array([_bin_values(bounds) for bounds in self._binner.thresholds])
        return result


def _bin_values(bounds: Float64) -> Float64:
    """A value of each bin, (256,): in the middle, and as far beyond the outer bounds as the next ones are wide."""
    values = np.full(256, np.inf)
    if len(bounds) > 1:
        middle = 0.5 * (bounds[1:] + bounds[:-1])
        outer = (2.0 * bounds[0] - middle[0], 2.0 * bounds[-1] - middle[-1])
        values[: len(bounds) + 1] = np.concatenate([outer[:1], middle, outer[1:]])
    else:
        values[:2] = 0.0, 1.0
    return values


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
        return grown.pruned(self._options.ccp_alpha) if self._options.ccp_alpha > 0.0 else grown

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
        return self._converted(tree)

    def _converted(self, tree: kernels.CartTree) -> Grown:
        made, options = tree.nodes, self._options
        classes = self._n_classes is not None
        values = node_values(made, tree.sums, options.criterion, bounded=options.signs is not None, classes=classes)
        inner = made["left"] > 0
        nodes = np.zeros(len(made), NODE)
        nodes["feature"] = np.where(inner, made["feature"] | (made["missing_left"] > 0) * MISSING_LEFT, -1)
        nodes["left"] = np.where(inner, made["left"], np.cumsum(~inner) - 1)
        nodes["threshold"] = np.where(inner, np.minimum(made["threshold"], _LARGEST), 0.0)
        held = self._held(values[~inner])
        if self._one_value:
            nodes["threshold"][~inner] = held[:, 0]
        weighted = made["impurity"] * made["weight"]
        gain = np.zeros(len(made), np.float32)
        left = made["left"][inner]
        gain[inner] = weighted[inner] - weighted[left] - weighted[left + 1]
        return Grown(
            nodes,
            gain=gain,
            impurity=made["impurity"].astype(np.float32),
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


def single_tree(tree: Grown, n_features: int) -> Trees:
    """A model of one tree."""
    builder = TreesBuilder(n_features, 1 if tree.values is None else tree.values.shape[1])
    builder.append(tree.nodes, values=tree.values, categories=tree.sets)
    return builder.build()


def predict(trees: Trees, X: Any, *, n_threads: int) -> Float64:
    """Mean over the trees of what their leaves hold, (n_samples, n_values)."""
    return kernels.trees_predict(trees.predictor, X, divisor=float(max(len(trees), 1)), n_threads=n_threads)
