# SPDX-License-Identifier: BSD-3-Clause
"""Tables that single trees are grown on, and two trees compared."""

import numpy as np

ARRAYS = (
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "value",
)


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
