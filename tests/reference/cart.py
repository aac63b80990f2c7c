# SPDX-License-Identifier: BSD-3-Clause
"""Exact decision trees, by trying every split of every feature and computing every impurity from its definition."""

import numpy as np

SAME = np.float32(1e-7)


def cart_sort(x):
    """Row numbers by value (d, n), missing values last, rows of equal values in their own order."""
    return np.argsort(x + np.float32(0.0), axis=0, kind="stable").T  # -0.0 counts as 0.0


def cart_select(orders, weight):
    """Orders without the rows that weigh nothing."""
    return np.array([order[weight[order] != 0] for order in orders])


def cart_preorder(left):
    """Visit a tree depth first and note when each node was met."""
    position, waiting, met = [0] * len(left), [0], 0
    while waiting:
        node = waiting.pop()
        position[node], met = met, met + 1
        waiting += [left[node] + 1, left[node]] if left[node] else []
    return np.array(position)


def median(y, w):
    """The middle of all points where half of the weight lies on either side."""
    order = np.argsort(y, kind="stable")
    y, passed = y[order], np.cumsum(w[order])
    half = 0.5 * passed[-1]
    return 0.5 * (y[np.searchsorted(passed, half)] + y[np.searchsorted(passed, half, side="right")])


def impurity(y, w, criterion, n_classes=None):
    """Mean over the outputs."""
    total = 0.0
    for k in range(y.shape[1]):
        mean = np.average(y[:, k], weights=w)
        share = None if n_classes is None else np.bincount(y[:, k].astype(int), w, n_classes) / w.sum()
        if criterion == "gini":
            total += 1 - np.sum(share**2)
        elif criterion == "entropy":
            total -= np.sum(share[share > 0] * np.log2(share[share > 0]))
        elif criterion == "squared_error":
            total += np.average((y[:, k] - mean) ** 2, weights=w)
        elif criterion == "poisson":
            ratio = np.where(y[:, k] > 0, y[:, k], mean) / mean if mean > 0 else np.inf
            total += np.average(y[:, k] * np.log(ratio), weights=w) if mean > 0 else np.inf
        else:
            total += np.average(np.abs(y[:, k] - median(y[:, k], w)), weights=w)
    return total / y.shape[1]


def value(y, w, criterion, n_classes=None):
    """What constraints look at: the first output's mean or median, of classes the first one's share."""
    if criterion == "absolute_error":
        return median(y[:, 0], w)
    return np.average(y[:, 0] if n_classes is None else y[:, 0] == 0, weights=w)


def candidates(x):
    """All (threshold, missing go left) of one feature that tell values apart."""
    known = np.sort(x[~np.isnan(x)])
    missing = len(known) < len(x)
    for i in range(len(known) - 1):
        if known[i + 1] > known[i] + SAME:
            middle = float(known[i]) / 2 + float(known[i + 1]) / 2
            yield from ((middle, left) for left in ((False, True) if missing else (False,)))
    if missing and len(known):
        yield np.inf, False


def goes_left(x, threshold, missing_left):
    return np.where(np.isnan(x), missing_left, x <= threshold)


class Rules:
    """What a split must obey; `gain` rates one, NaN if it is not allowed."""

    def __init__(self, criterion, total, *, n_classes=None, min_samples_leaf=1, min_weight_leaf=0.0, monotonic=None):
        self.criterion, self.total, self.n_classes = criterion, total, n_classes
        self.least_rows, self.least_weight, self.monotonic = min_samples_leaf, min_weight_leaf, monotonic

    def impurity(self, y, w):
        return impurity(y, w, self.criterion, self.n_classes)

    def value(self, y, w):
        return value(y, w, self.criterion, self.n_classes)

    def gain(self, feature, left, y, w, bounds):
        sides = (left, ~left)
        if min(left.sum(), (~left).sum()) < max(1, self.least_rows):
            return np.nan
        if min(w[side].sum() for side in sides) < max(self.least_weight, 1e-12):
            return np.nan
        if self.monotonic is not None and (sign := self.monotonic[feature]):
            a, b = (self.value(y[side], w[side]) for side in sides)
            room = 1e-12 * max(abs(a), abs(b))
            if (a - b) * sign > room or min(a, b) < bounds[0] - room or max(a, b) > bounds[1] + room:
                return np.nan
        within = sum(w[side].sum() * self.impurity(y[side], w[side]) for side in sides)
        if not np.isfinite(within):
            return np.nan
        return (w.sum() * self.impurity(y, w) - within) / self.total

    def best(self, x, y, w, bounds):
        """The highest gain of all splits of these rows, -infinity if none is allowed."""
        gains = [
            self.gain(f, goes_left(x[:, f], *split), y, w, bounds)
            for f in range(x.shape[1])
            for split in candidates(x[:, f])
        ]
        return max((gain for gain in gains if not np.isnan(gain)), default=-np.inf)


def cart_grow(x, y, w, nodes, rules, *, max_depth=2**31, min_samples_split=2, min_impurity_decrease=0.0):
    """Grow the tree along the splits of ``nodes`` and yield (node, what it should be) for each of them.

    What it should be: a dict of n_rows, weight, impurity; best, the highest gain of all splits that are allowed here;
    and of an inner node gain, that of its own split. Leaves of a tree that grows best first may have a best gain.
    """
    waiting = [(0, np.flatnonzero(w != 0), (-np.inf, np.inf), 0)]
    while waiting:
        i, rows, bounds, depth = waiting.pop()
        node, here = nodes[i], (x[rows], y[rows], w[rows])
        level = rules.impurity(*here[1:])
        want = {"n_rows": len(rows), "weight": w[rows].sum(), "impurity": level, "depth": depth}
        open_to_splits = depth < max_depth and len(rows) >= min_samples_split and level > 1e-14
        want["best"] = rules.best(*here, bounds) if open_to_splits else -np.inf
        if want["best"] < min_impurity_decrease - 1e-12:
            want["best"] = -np.inf
        if node["left"]:
            feature = node["feature"]
            left = goes_left(x[rows, feature], node["threshold"], bool(node["missing_left"]))
            want["gain"] = rules.gain(feature, left, *here[1:], bounds)
            sign = 0 if rules.monotonic is None else rules.monotonic[feature]
            middle = np.mean([rules.value(y[rows[side]], w[rows[side]]) for side in (left, ~left)])
            parts = {0: (bounds, bounds), 1: ((bounds[0], middle), (middle, bounds[1]))}
            parts[-1] = parts[1][::-1]
            for side, step, part in zip((left, ~left), (0, 1), parts[int(sign)], strict=True):
                waiting.append((node["left"] + step, rows[side], part, depth + 1))
        yield i, want
