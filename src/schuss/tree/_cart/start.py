# SPDX-License-Identifier: BSD-3-Clause
"""Which way a tree grows: on values, on bins, or on values that were reduced to bins."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.tree._cart.binned import BinnedTree
from schuss.tree._cart.bins import Bins
from schuss.tree._cart.exact import ExactTree
from schuss.tree._cart.growth import GrowingTree
from schuss.tree._cart.problem import Limits, Table, Target, plant
from schuss.tree._histogram.grower import Options

Float64 = NDArray[np.float64]


def start_tree(
    estimator: Any,
    X: Any,
    target: Target,
    weight: Float64 | None,
    criterion: str,
    *,
    limits: Limits,
    signs: NDArray[np.int8] | None,
    seed: int,
    n_threads: int,
) -> GrowingTree:
    """Return the tree that an estimator's parameters ask for, not grown yet.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features), float32
    target : Target
    weight : ndarray of shape (n_samples,) or None
    criterion : str
    limits : Limits
    signs : ndarray of shape (n_features,), int8, or None
        Of constraints on the (first class's share in the) output.
    seed : int
    n_threads : int
    """
    random = estimator.splitter == "random"
    # Medians are no sums of bins; what grows in one go can neither keep a limit of time nor say, level by level, which
    # values constraints had left to its nodes.
    in_one_go = criterion != "absolute_error" and estimator.max_time is None and signs is None
    if estimator.max_bins is not None and in_one_go:
        options = Options(
            criterion,
            limits,
            min_weight_fraction_leaf=float(estimator.min_weight_fraction_leaf),
            random_splits=random,
            in_order=limits.max_features >= X.shape[1] and not random,
            keeps_cut_short=True,
        )
        return BinnedTree(X, target, weight, options, max_bins=estimator.max_bins, seed=seed, n_threads=n_threads)
    bins = None if estimator.max_bins is None else Bins(X, weight, estimator.max_bins, n_threads)
    table = Table(
        X if bins is None else bins.codes, random=random, max_features=limits.max_features, n_threads=n_threads
    )
    tree = plant(table, target, weight, criterion=criterion, limits=limits, seed=seed, monotonic=signs, last=True)
    return ExactTree(tree, target, criterion, bounded=signs is not None, n_threads=n_threads, bins=bins)
