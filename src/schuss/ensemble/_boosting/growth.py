# SPDX-License-Identifier: BSD-3-Clause
"""Growing trees on a binned table, and keeping them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._sklearn import check_monotonic_cst
from schuss.ensemble._boosting.losses import BoostingLoss
from schuss.ensemble._boosting.ordering import pays_to_reorder, reorder
from schuss.ensemble._boosting.parameters import group_masks, interaction_groups
from schuss.ensemble._boosting.setup import Data
from schuss.ensemble._boosting.watch import Part
from schuss.tree._binning import Binner
from schuss.tree._nodes import CATEGORICAL, FEATURE, Trees, TreesBuilder, category_sets

Matrix = NDArray[np.float64]

_BINS = 256
_LEAST_HESSIAN = 1e-3  # in a leaf, as in scikit-learn


class Growth:
    """Grows the trees of a fit.

    Trees are kept as they are grown, with bins for thresholds, until somebody asks for them.

    Parameters
    ----------
    model : estimator
    data : Data
        Large ones come into another order.
    loss : BoostingLoss
    n_threads : int

    Attributes
    ----------
    binner : Binner
    n_features : int
    """

    def __init__(self, model: Any, data: Data, loss: BoostingLoss, n_threads: int) -> None:
        self._loss, self._n_threads = loss, n_threads
        self._learning_rate = model.learning_rate
        self.n_features = data.table.shape[1]
        self.binner = Binner(model.max_bins, is_categorical=model.is_categorical_, n_threads=n_threads)
        data.learn_bins(self.binner)
        binned = data.binned(self.binner)
        if pays_to_reorder(model, binned):
            reorder(data, binned, n_threads)
        self._data = data
        signs = check_monotonic_cst(model, model.monotonic_cst)
        self._grower = kernels.Grower(
            binned,
            weight=data.weight,
            max_leaves=model.max_leaf_nodes,
            max_depth=model.max_depth,
            min_samples_leaf=model.min_samples_leaf,
            min_hessian=_LEAST_HESSIAN,
            l1=model.l1_regularization,
            l2=model.l2_regularization,
            min_gain=model.min_gain_to_split,
            depth_wise=model.growth == "depth",
            monotonic=signs if signs.any() else None,
            interaction=group_masks(interaction_groups(model.interaction_cst, self.n_features), self.n_features),
            feature_fraction=model.max_features,
            n_threads=n_threads,
        )
        self._before: Trees | None = model._trees if model.n_iter_ else None
        self._n_before = 0 if self._before is None else self._before.n_trees
        self._grown: list[kernels.GrownTree] = []

    def _known_categories(self) -> NDArray[np.uint64] | None:
        """Sets of the categories of each feature; others are missing."""
        if self.binner.is_categorical is None:
            return None
        nothing = np.zeros(0, dtype=np.int64)
        return category_sets([nothing if codes is None else codes for codes in self.binner.categories])

    @property
    def binned(self) -> kernels.Binned:
        """The training rows."""
        return self._grower.binned

    def grow(
        self,
        derivatives: Matrix,
        *,
        rows: NDArray[np.int64] | None,
        features: NDArray[np.uint8] | None,
        seed: int,
    ) -> kernels.GrownTree:
        """Grow a tree from derivatives, which are not weighted, and keep it."""
        tree = self._grower.grow(derivatives, rows=rows, features=features, seed=seed, shrinkage=self._learning_rate)
        if tree.n_leaves == 1:
            # Nothing to be told apart: no tree, as in scikit-learn, whatever rounding left of the gradients.
            tree.leaf_value[:], tree.nodes["threshold"] = 0.0, 0.0
        self._grown.append(tree)
        return tree

    def refine(self, tree: kernels.GrownTree, raw: Matrix) -> None:
        """Give leaves the best constants of their rows, for losses that a Newton step does not suit."""
        best_constant = self._loss.leaf_value
        if best_constant is None or tree.n_leaves == 1:
            return
        for leaf, (start, end) in enumerate(pairwise(tree.leaf_start.tolist())):
            rows = tree.rows[start:end]
            weight = None if self._data.weight is None else self._data.weight[rows]
            tree.leaf_value[leaf] = self._learning_rate * best_constant(self._data.y[rows] - raw[rows], weight)
        leaves = tree.nodes["feature"] < 0
        tree.nodes["threshold"][leaves] = tree.leaf_value[tree.nodes["left"][leaves]]

    def add(self, tree: kernels.GrownTree, part: Part, k: int) -> None:
        """Add what the newest tree says to a raw prediction."""
        if part.binned is self.binned and len(tree.rows) == len(part):
            kernels.add_leaves(tree, tree.leaf_value, part.raw[k], n_threads=self._n_threads)
        else:
            self._add_routed(tree, 1.0, part, k)

    def add_iteration(self, iteration: int, factor: float, part: Part) -> None:
        """Add what the trees of an iteration say, times a factor."""
        n_trees = self._loss.n_trees
        first = iteration * n_trees
        if first < self._n_before:
            assert self._before is not None
            said = kernels.trees_predict(
                self._before.predictor, part.data.X, first=first, last=first + n_trees, n_threads=self._n_threads
            )
            part.raw += factor * said.T
            return
        for k in range(n_trees):
            self._add_routed(self._grown[first - self._n_before + k], factor, part, k)

    def _add_routed(self, tree: kernels.GrownTree, factor: float, part: Part, k: int) -> None:
        value = tree.leaf_value if factor == 1.0 else factor * tree.leaf_value
        kernels.add_routed(part.binned, tree, value, part.raw[k], n_threads=self._n_threads)

    def truncate(self, n_trees: int) -> None:
        """Keep the first trees alone."""
        del self._grown[n_trees - self._n_before :]

    def trees(self, factors: list[float] | None = None) -> Trees:
        """Return all trees, with values of the table for thresholds; leaves multiplied with a factor per iteration."""
        builder = TreesBuilder(self.n_features, self._loss.n_trees, self._known_categories())
        if self._before is not None:
            builder.extend(self._before)
        for tree in self._grown:
            builder.append(tree.nodes, gain=tree.gain, weight=tree.count, categories=tree.sets)
        if factors is not None:
            for t in range(len(builder)):
                builder.scale_leaves(t, factors[t // self._loss.n_trees])
        trees = builder.build()
        self._set_values(trees.nodes[trees.offsets[self._n_before] :])
        return trees

    def _set_values(self, nodes: NDArray[np.void]) -> None:
        """Replace the bins of the new trees' thresholds by values."""
        feature, threshold = nodes["feature"], nodes["threshold"]
        numeric = np.flatnonzero((feature >= 0) & (feature & CATEGORICAL == 0))
        # Beyond the last bound there are only missing values.
        bounds = np.full((self.n_features, _BINS), np.inf)
        for row, known in zip(bounds, self.binner.thresholds, strict=True):
            row[: len(known)] = known
        threshold[numeric] = bounds[feature[numeric] & FEATURE, threshold[numeric].astype(np.intp)]
