# SPDX-License-Identifier: BSD-3-Clause
"""Growing trees on a binned table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._binning import Binner
from schuss.tree._cart.problem import Limits
from schuss.tree._histogram.grown import Grown, from_kernel, pruned
from schuss.tree._histogram.rooms import Room
from schuss.tree._histogram.targets import Target
from schuss.tree._layout import N_BINS, N_CATEGORIES
from schuss.tree._nodes import category_sets

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

LARGEST = np.finfo(np.float64).max  # a threshold with all values on one side, what is missing on the other


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
    in_order : bool
        Whether nodes look at all features as they stand, so that of equally good splits the first one's is taken.
    keeps_cut_short : bool
        Whether a tree that Ctrl-C cuts short keeps the splits made until then.
    """

    criterion: str
    limits: Limits
    min_weight_fraction_leaf: float = 0.0
    random_splits: bool = False
    signs: NDArray[np.int8] | None = None
    ccp_alpha: float = 0.0
    in_order: bool = False
    keeps_cut_short: bool = False


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
    sum_bits : int
        Bits of a tree's sum of whole weights.
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
        sum_bits: int,
        *,
        max_bins: int,
        is_categorical: NDArray[np.bool_] | None = None,
        weight: Float64 | None = None,
        n_threads: int = 1,
    ) -> None:
        self._binner = Binner(max_bins, is_categorical, n_threads)
        self.binned = self._binner.fit_transform(X, weight, by_tile=False)
        self._options, self._scratch, self._n_threads = options, kernels.Scratch(), n_threads
        self._n_values, self._alone = target.n_values, target.one_value
        self._arguments = target.arguments(sum_bits) | self._kernel_options()
        self._thresholds = np.full((X.shape[1], N_BINS), LARGEST)
        for row, some in zip(self._thresholds, self._binner.thresholds, strict=True):
            row[: len(some)] = some

    @property
    def known_categories(self) -> NDArray[np.uint64] | None:
        """Categories that were seen."""
        categories = self._binner.categories
        if all(codes is None for codes in categories):
            return None
        everything = np.arange(N_CATEGORIES)
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
            alpha = self._options.ccp_alpha
            finished.extend(pruned(tree, alpha) if alpha > 0.0 else tree for tree in room.finished())

    def finish(self, tree: Any) -> Grown:
        return from_kernel(tree, self._thresholds)

    def rows(self, X: Any) -> BinnedRows:
        return BinnedRows(self._binner.transform(X, by_tile=False), self._n_threads)

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
            "in_order": options.in_order,
            "keeps_cut_short": options.keeps_cut_short,
        }
        if options.random_splits:
            result["bin_value"] = np.array([_bin_values(bounds) for bounds in self._binner.thresholds])
        return result


def _bin_values(bounds: Float64) -> Float64:
    """A value of each bin, (N_BINS,): in the middle, and as far beyond the outer bounds as the next ones are wide."""
    values = np.full(N_BINS, np.inf)
    if len(bounds) > 1:
        middle = 0.5 * (bounds[1:] + bounds[:-1])
        outer = (2.0 * bounds[0] - middle[0], 2.0 * bounds[-1] - middle[-1])
        values[: len(bounds) + 1] = np.concatenate([outer[:1], middle, outer[1:]])
    else:
        values[:2] = 0.0, 1.0
    return values
