# SPDX-License-Identifier: BSD-3-Clause
"""Parameters of forests: what is allowed, and what they come to for given data."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from schuss._kernels import MAX_BINS
from schuss._sklearn import Interval, RealNotInt, StrOptions
from schuss.tree._cart.parameters import CONSTRAINTS as TREE_CONSTRAINTS
from schuss.tree._cart.parameters import constraint_signs, limits_of
from schuss.tree._histogram.grower import Options

CONSTRAINTS: dict[str, list[Any]] = {
    **{name: allowed for name, allowed in TREE_CONSTRAINTS.items() if name != "splitter"},
    "n_estimators": [Interval(Integral, 1, None, closed="left")],
    "bootstrap": ["boolean"],
    "oob_score": ["boolean", callable],
    "n_jobs": [Integral, None],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "max_samples": [
        None,
        Interval(RealNotInt, 0.0, None, closed="neither"),
        Interval(Integral, 1, None, closed="left"),
    ],
    "max_bins": [Interval(Integral, 2, MAX_BINS, closed="both"), None],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "early_stopping": ["boolean"],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
    "tol": [Interval(Real, 0.0, None, closed="left")],
}

SAME_CRITERIA = {"log_loss": "entropy", "friedman_mse": "squared_error"}


def options_of(estimator: Any, n_samples: int, n_classes: tuple[int, ...] | None, *, random_splits: bool) -> Options:
    """How an estimator's trees are grown on a table of so many rows."""
    n_features = estimator.n_features_in_
    signs = constraint_signs(estimator, n_classes, estimator.n_outputs_)
    if signs is not None and n_classes is not None:
        signs = -signs
    return Options(
        SAME_CRITERIA.get(estimator.criterion, estimator.criterion),
        limits_of(estimator, n_samples, n_features, 0.0),
        min_weight_fraction_leaf=float(estimator.min_weight_fraction_leaf),
        random_splits=random_splits,
        signs=signs,
        ccp_alpha=float(estimator.ccp_alpha),
    )
