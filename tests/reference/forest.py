# SPDX-License-Identifier: BSD-3-Clause
"""Trees of a forest, every split of every node tried, one at a time."""

import numpy as np

MISSING, MISSING_LEFT, CATEGORICAL, FEATURE = 255, 1 << 30, 1 << 29, (1 << 29) - 1


def impurity(criterion, y, weight):
    """Of rows with targets y (n, n_out), the mean over the outputs."""
    return float(np.mean([IMPURITIES[criterion](column, weight) for column in y.T]))


def shares(y, weight):
    return np.array([weight[y == c].sum() for c in np.unique(y)]) / weight.sum()


def squared(y, weight):
    return np.average((y - np.average(y, weights=weight)) ** 2, weights=weight)


def poisson(y, weight):
    mean = np.average(y, weights=weight)
    return np.average(y * np.log(np.where(y > 0, y, 1.0) / mean) * (y > 0), weights=weight)


IMPURITIES = {
    "gini": lambda y, weight: 1.0 - np.sum(shares(y, weight) ** 2),
    "entropy": lambda y, weight: -np.sum(shares(y, weight) * np.log2(shares(y, weight))),
    "squared_error": squared,
    "poisson": poisson,
}


def sides(column, categorical):
    """Every way to send bins left, as masks of the rows."""
    present = np.unique(column)
    if categorical:
        for bits in range(1, 2 ** len(present) - 1):
            yield np.isin(column, present[(bits >> np.arange(len(present))) % 2 == 1])
        return
    missing = column == MISSING
    for bin in present[present != MISSING]:
        yield (column <= bin) & ~missing
        if missing.any():
            yield (column <= bin) | missing


def gain_of(criterion, y, weight, left):
    """Fall of the impurity, times the weight; minus infinity if a side is empty or poisson cannot tell its mean."""
    if left.all() or not left.any():
        return -np.inf
    if criterion == "poisson" and min(y[left].sum(axis=0).min(), y[~left].sum(axis=0).min()) <= 0:
        return -np.inf
    parts = ((np.ones(len(y), bool), 1.0), (left, -1.0), (~left, -1.0))
    return sum(sign * weight[part].sum() * impurity(criterion, y[part], weight[part]) for part, sign in parts)


def allowed(weight, left, *, min_samples_leaf=1, min_weight_leaf=0.0):
    lighter = min(weight[left].sum(), weight[~left].sum())
    return min(left.sum(), (~left).sum()) >= min_samples_leaf and lighter >= min_weight_leaf


def best_gain(criterion, bins, y, weight, categorical=None, **limits):
    """The largest gain among all splits of some rows, bins (d, n); minus infinity: there is none."""
    best = -np.inf
    for feature, column in enumerate(bins):
        for left in sides(column, categorical is not None and categorical[feature]):
            if allowed(weight, left, **limits):
                best = max(best, gain_of(criterion, y, weight, left))
    return best


def forest_grow(criterion, bins, y, weight, max_depth, rows=None, depth=0):
    """The inner nodes of a tree, each as the set of its rows, with their gains; no two splits may gain the same."""
    rows = np.flatnonzero(weight) if rows is None else rows
    if depth == max_depth or impurity(criterion, y[rows], weight[rows]) < 1e-14:
        return {}
    y_here, w_here = y[rows], weight[rows]
    masks = [left for column in bins[:, rows] for left in sides(column, False)]
    splits = [(gain_of(criterion, y_here, w_here, left), tuple(left)) for left in masks]
    gain, left = max(splits, default=(-np.inf, ()))
    if gain == -np.inf:
        return {}
    left = np.array(left)
    nodes = {frozenset(rows.tolist()): gain}
    for side in (left, ~left):
        nodes |= forest_grow(criterion, bins, y, weight, max_depth, rows[side], depth + 1)
    return nodes


def goes_left(node, sets, column):
    """A mask of the rows, of whose bins in the node's feature column consists."""
    if node["feature"] & CATEGORICAL:
        members = sets[int(node["threshold"])]
        inside = np.array([int(members[bin // 64]) >> int(bin % 64) & 1 for bin in column], bool)
    else:
        inside = column <= node["threshold"]
    return np.where(column == MISSING, bool(node["feature"] & MISSING_LEFT), inside)


def rows_of_nodes(nodes, sets, bins):
    """For each node the rows that come to it."""
    rows = {0: np.arange(bins.shape[1])}
    for i, node in enumerate(nodes):
        if node["feature"] >= 0:
            here = rows[i]
            left = goes_left(node, sets, bins[node["feature"] & FEATURE, here]).astype(bool)
            rows[int(node["left"])], rows[int(node["left"]) + 1] = here[left], here[~left]
    return [rows[i] for i in range(len(nodes))]


def forest_add(nodes, values, sets, bins, weight, sums, counts):
    for node, rows in zip(nodes, rows_of_nodes(nodes, sets, bins), strict=True):
        if node["feature"] < 0:
            some = rows if weight is None else rows[weight[rows] == 0]
            sums[some] += node["threshold"] if values is None else values[node["left"]]
            counts[some] += 1
