# SPDX-License-Identifier: BSD-3-Clause
"""Tables that single trees are grown on, and two trees compared."""

import numpy as np
import pytest
from reference import cart as reference

ARRAYS = (
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "value",
)


# With how many classes; 0: numbers.
CRITERIA = [
    ("gini", 2),
    ("gini", 4),
    ("entropy", 2),
    ("log_loss", 3),
    ("squared_error", 0),
    ("absolute_error", 0),
    ("poisson", 0),
]


def target_for(criterion, classes, y, log_mean, rng):
    """Classes of equal size, counts for Poisson's deviance, or y itself."""
    if classes:
        return np.digitize(y, np.quantile(y, np.arange(1, classes) / classes))
    return rng.poisson(np.exp(log_mean)).astype(float) if criterion == "poisson" else y


def table(n, d, seed, *, missing=0.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)).astype(np.float32)
    X[rng.random((n, d)) < missing] = np.nan
    return X, np.nan_to_num(X[:, 0]) + 0.3 * rng.standard_normal(n)


def assert_same_tree(ours, theirs):
    for name in ("children_left", "children_right", *ARRAYS):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-12, err_msg=name)
    inner = ours.children_left >= 0
    np.testing.assert_array_equal(ours.missing_go_to_left[inner], theirs.missing_go_to_left[inner])
    assert ours.max_depth == theirs.max_depth


def assert_splits_agree(X, y, weight, criterion, ours, theirs, *, n_classes=None, signs=None):
    """Node by node the same split, or one that gains exactly as much: then nothing tells which to take.

    Nodes without any impurity are leaves here, whereas scikit-learn splits some, for want of a digit.
    """
    y, weight = y.reshape(len(y), -1).astype(float), np.ones(len(X)) if weight is None else weight
    rules = reference.Rules(criterion, weight.sum(), n_classes=n_classes, monotonic=signs)
    waiting, compared = [(0, 0, np.arange(len(X)))], 0
    while waiting:
        a, b, rows = waiting.pop()
        compared += 1
        np.testing.assert_allclose(ours.impurity[a], theirs.impurity[b], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours.value[a], theirs.value[b], rtol=1e-9, atol=1e-12)
        assert ours.n_node_samples[a] == theirs.n_node_samples[b] == len(rows)
        if ours.feature[a] < 0:
            assert theirs.feature[b] < 0 or ours.impurity[a] < 1e-15
            continue
        sides = [
            reference.goes_left(X[rows, one.feature[i]], one.threshold[i], bool(one.missing_go_to_left[i]))
            for one, i in ((ours, a), (theirs, b))
        ]
        if not np.array_equal(*sides):
            at = (y[rows], weight[rows], (-np.inf, np.inf))
            gains = [
                rules.gain(one.feature[i], side, *at)
                for one, i, side in zip((ours, theirs), (a, b), sides, strict=True)
            ]
            assert gains[0] == pytest.approx(gains[1], rel=1e-9)
            continue
        if ours.feature[a] == theirs.feature[b]:
            assert ours.threshold[a] == theirs.threshold[b]
        for name, rest in (("children_left", sides[0]), ("children_right", ~sides[0])):
            waiting.append((getattr(ours, name)[a], getattr(theirs, name)[b], rows[rest]))
    assert compared > 0.8 * ours.node_count
