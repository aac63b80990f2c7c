# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of single trees: what is allowed, and shares of rows and features as numbers."""

from __future__ import annotations

from math import ceil, log2, sqrt
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels import MAX_BINS
from schuss._sklearn import N_THREADS, Interval, RealNotInt, StrOptions
from schuss.tree._cart.problem import Limits

CONSTRAINTS: dict[str, list[Any]] = {
    "splitter": [StrOptions({"best", "random"})],
    "max_depth": [Interval(Integral, 1, None, closed="left"), None],
    "min_samples_split": [Interval(Integral, 2, None, closed="left"), Interval(RealNotInt, 0.0, 1.0, closed="right")],
    "min_samples_leaf": [Interval(Integral, 1, None, closed="left"), Interval(RealNotInt, 0.0, 1.0, closed="neither")],
    "min_weight_fraction_leaf": [Interval(Real, 0.0, 0.5, closed="both")],
    "max_features": [
        Interval(Integral, 1, None, closed="left"),
        Interval(RealNotInt, 0.0, 1.0, closed="right"),
        StrOptions({"sqrt", "log2"}),
        None,
    ],
    "random_state": ["random_state"],
    "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
    "min_impurity_decrease": [Interval(Real, 0.0, None, closed="left")],
    "ccp_alpha": [Interval(Real, 0.0, None, closed="left")],
    "monotonic_cst": ["array-like", None],
    "max_bins": [Interval(Integral, 2, MAX_BINS, closed="both"), None],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "n_threads": N_THREADS,
}


def number_of_features(max_features: int | float | str | None, n_features: int) -> int:
    """Return how many features a node looks at."""
    if max_features is None:
        return n_features
    if max_features == "sqrt":
        return max(1, int(sqrt(n_features)))
    if max_features == "log2":
        return max(1, int(log2(n_features)))
    if isinstance(max_features, Integral):
        return int(max_features)
    assert not isinstance(max_features, str)
    return max(1, int(max_features * n_features))


def limits_of(estimator: Any, n_samples: int, n_features: int, total_weight: float) -> Limits:
    """Return an estimator's limits of growth for a table of this size."""
    leaf, split = estimator.min_samples_leaf, estimator.min_samples_split
    leaf = int(leaf) if isinstance(leaf, Integral) else ceil(leaf * n_samples)
    split = int(split) if isinstance(split, Integral) else max(2, ceil(split * n_samples))
    depth = estimator.max_depth
    return Limits(
        max_features=number_of_features(estimator.max_features, n_features),
        max_depth=2**31 - 1 if depth is None else int(depth),
        min_samples_split=max(split, 2 * leaf),
        min_samples_leaf=leaf,
        min_weight_leaf=estimator.min_weight_fraction_leaf * total_weight,
        min_impurity_decrease=float(estimator.min_impurity_decrease),
        max_leaves=0 if estimator.max_leaf_nodes is None else int(estimator.max_leaf_nodes),
    )


def constraint_signs(estimator: Any, n_classes: tuple[int, ...] | None, n_outputs: int) -> NDArray[np.int8] | None:
    """Return the signs of monotonic constraints on the (first class's share in the) output.

    Raises
    ------
    ValueError
        If there are several outputs, more than two classes, or other signs than -1, 0 and 1.
    """
    if estimator.monotonic_cst is None:
        return None
    if n_outputs > 1:
        raise ValueError("Monotonicity constraints are not supported with multiple outputs.")
    given = np.asarray(estimator.monotonic_cst)
    if given.shape[0] != estimator.n_features_in_:
        raise ValueError(
            f"monotonic_cst has shape {given.shape[0]} but the input data X has {estimator.n_features_in_} features."
        )
    if not np.all(np.isin(given, (-1, 0, 1))):
        raise ValueError(f"monotonic_cst must be None or an array-like of -1, 0 or 1, but got {np.unique(given)}")
    signs = given.astype(np.int8)
    if n_classes is None:
        return signs
    if n_classes[0] > 2:
        raise ValueError("Monotonicity constraints are not supported with multiclass classification")
    return -signs  # users constrain the second class
