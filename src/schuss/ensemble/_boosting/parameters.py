# SPDX-License-Identifier: BSD-3-Clause
"""What the parameters of gradient boosting may be, and which of them get along."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss._kernels import MAX_BINS
from schuss._sklearn import N_THREADS, Interval, RealNotInt, StrOptions, loss_class

CONSTRAINTS: dict[str, list[Any]] = {
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "max_leaf_nodes": [Interval(Integral, 2, None, closed="left"), None],
    "max_depth": [Interval(Integral, 1, None, closed="left"), None],
    "min_samples_leaf": [Interval(Integral, 1, None, closed="left")],
    "l2_regularization": [Interval(Real, 0, None, closed="left")],
    "max_features": [Interval(RealNotInt, 0, 1, closed="right")],
    "max_bins": [Interval(Integral, 2, MAX_BINS, closed="both")],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "monotonic_cst": ["array-like", dict, None],
    "interaction_cst": [list, tuple, StrOptions({"pairwise", "no_interactions"}), None],
    "warm_start": ["boolean"],
    "early_stopping": [StrOptions({"auto"}), "boolean"],
    "scoring": [str, callable, None],
    "validation_fraction": [
        Interval(RealNotInt, 0, 1, closed="neither"),
        Interval(Integral, 1, None, closed="left"),
        None,
    ],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
    "growth": [StrOptions({"leaf", "depth"})],
    "l1_regularization": [Interval(Real, 0, None, closed="left")],
    "min_gain_to_split": [Interval(Real, 0, None, closed="left")],
    "subsample": [Interval(Real, 0, 1, closed="right")],
    "colsample_bytree": [Interval(Real, 0, 1, closed="right")],
    "boosting": [StrOptions({"gbdt", "dart", "goss"})],
    "drop_rate": [Interval(Real, 0, 1, closed="both")],
    "skip_drop": [Interval(Real, 0, 1, closed="both")],
    "max_drop": [Interval(Integral, 1, None, closed="left"), None],
    "top_rate": [Interval(Real, 0, 1, closed="neither")],
    "other_rate": [Interval(Real, 0, 1, closed="neither")],
    "metrics": ["array-like", str, callable, None],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "n_threads": N_THREADS,
}
CUSTOM_LOSS = [callable, loss_class("BaseLoss")]


def check_together(estimator: Any) -> None:
    """Check what one parameter alone cannot tell.

    Raises
    ------
    ValueError
        If parameters exclude each other.
    """
    if estimator.boosting == "goss":
        if estimator.top_rate + estimator.other_rate > 1.0:
            raise ValueError(
                "boosting='goss' draws top_rate + other_rate of the rows, which cannot be more than 1; "
                f"got {estimator.top_rate} + {estimator.other_rate}."
            )
        if estimator.subsample < 1.0:
            raise ValueError("boosting='goss' chooses the rows itself; subsample must be 1.0 with it.")


def interaction_groups(interaction_cst: Any, n_features: int) -> list[set[int]] | None:
    """Return the sets of features that may interact, every feature in one at least; None for no constraint.

    Raises
    ------
    ValueError
        If they are not sets of feature numbers.
    """
    if interaction_cst is None:
        return None
    groups: Iterable[Any] = interaction_cst
    if isinstance(interaction_cst, str):
        size = 1 if interaction_cst == "no_interactions" else 2
        groups = itertools.combinations(range(n_features), size)
    try:
        constraints = [set(group) for group in groups]
    except TypeError:
        raise ValueError(
            f"Interaction constraints must be a sequence of tuples or lists, got: {interaction_cst!r}."
        ) from None
    for group in constraints:
        if not all(isinstance(x, Integral) and 0 <= int(x) < n_features for x in group):
            raise ValueError(
                "Interaction constraints must consist of integer indices in "
                f"[0, n_features - 1] = [0, {n_features - 1}], specifying the position of features, got invalid "
                f"indices: {group!r}"
            )
    rest = set(range(n_features)).difference(*constraints)
    return [*constraints, rest] if rest else constraints


def group_masks(groups: list[set[int]] | None, n_features: int) -> NDArray[np.uint8] | None:
    """Write sets of features as rows of zeros and ones."""
    if groups is None:
        return None
    masks = np.zeros((len(groups), n_features), dtype=np.uint8)
    for row, group in zip(masks, groups, strict=True):
        row[list(group)] = 1
    return masks
