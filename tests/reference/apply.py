# SPDX-License-Identifier: BSD-3-Clause
"""Trees applied to rows, one row and one node at a time."""

import numpy as np

MISSING_LEFT, CATEGORICAL, FEATURE = 1 << 30, 1 << 29, (1 << 29) - 1


def goes_left(trees, node, row):
    flags, feature = int(node["feature"]), int(node["feature"]) & FEATURE
    x = float(row[feature])
    if not flags & CATEGORICAL:
        return x <= node["threshold"] or (bool(np.isnan(x)) and bool(flags & MISSING_LEFT))
    code = int(x) if 0 <= x < 255 else None
    if code is not None and trees.known_categories is not None and not has(trees.known_categories[feature], code):
        code = None
    return bool(flags & MISSING_LEFT) if code is None else has(trees.categories[int(node["threshold"])], code)


def has(bits, code):
    return bool(int(bits[code // 64]) >> (code % 64) & 1)


def leaf_of(trees, t, row):
    nodes, i = trees.tree(t), 0
    while nodes[i]["feature"] >= 0:
        i = int(nodes[i]["left"]) + (not goes_left(trees, nodes[i], row))
    return i


def leaf_values(trees, t, i):
    """What a leaf adds to each output."""
    leaf = trees.tree(t)[i]
    if trees.values is not None:
        return trees.values[trees.leaf_offsets[t] + leaf["left"]]
    value = np.zeros(trees.n_outputs)
    value[t % trees.n_outputs] = leaf["threshold"]
    return value


def trees_leaves(trees, x):
    return np.array([[leaf_of(trees, t, row) for t in range(len(trees))] for row in x]).reshape(len(x), len(trees))


def trees_predict(trees, x, baseline=None, divisor=1.0, first=0, last=None):
    out = np.zeros((len(x), trees.n_outputs)) + (0.0 if baseline is None else baseline)
    for i, row in enumerate(x):
        for t in range(first, len(trees) if last is None else last):
            value = leaf_values(trees, t, leaf_of(trees, t, row))
            touched = slice(None) if trees.values is not None else t % trees.n_outputs
            out[i, touched] += value[touched]
    return out / divisor


def expectation(trees, t, row, known, i=0):
    """What a tree says if only some features of a row are known: the mean over the training samples elsewhere."""
    node = trees.tree(t)[i]
    if node["feature"] < 0:
        return leaf_values(trees, t, i)
    left, weight = int(node["left"]), trees.weight[trees.offsets[t] : trees.offsets[t + 1]]
    if int(node["feature"]) & FEATURE in known:
        return expectation(trees, t, row, known, left + (not goes_left(trees, node, row)))
    share = weight[left] / weight[i]
    return share * expectation(trees, t, row, known, left) + (1 - share) * expectation(trees, t, row, known, left + 1)


def trees_contributions(trees, x, baseline=None, divisor=1.0):
    """Shapley values by their definition: over all subsets of the features."""
    d = trees.n_features
    out = np.zeros((len(x), trees.n_outputs, d + 1))
    subsets = [[j for j in range(d) if bits >> j & 1] for bits in range(1 << d)]
    for i, row in enumerate(x):
        value = {tuple(s): sum(expectation(trees, t, row, s) for t in range(len(trees))) for s in subsets}
        for s in subsets:
            for j in set(range(d)) - set(s):
                orders = factorial(len(s)) * factorial(d - len(s) - 1) / factorial(d)
                out[i, :, j] += orders * (value[tuple(sorted([*s, j]))] - value[tuple(s)])
        out[i, :, d] = value[()] + (0.0 if baseline is None else baseline)
    return out / divisor


def contributions_by_path(trees, x):
    """Those of the features for paths of any length: an integral for each leaf and feature instead of subsets."""
    points, weights = np.polynomial.legendre.leggauss(64)
    points, weights = (points + 1.0) / 2.0, weights / 2.0
    out = np.zeros((len(x), trees.n_outputs, trees.n_features))
    for i, row in enumerate(x):
        for t in range(len(trees)):
            for at, path in paths(trees, t, row):
                factors = {j: (1.0 - points) * zero + points * one for j, (one, zero) in path.items()}
                for j, (one, zero) in path.items():
                    others = np.prod([f for k, f in factors.items() if k != j], axis=0)
                    out[i, :, j] += leaf_values(trees, t, at) * (one - zero) * np.sum(weights * others)
    return out


def paths(trees, t, row, i=0, path=()):
    """Of each leaf: whether the row goes its way at each feature, and what part of the training samples did."""
    node = trees.tree(t)[i]
    if node["feature"] < 0:
        yield i, dict(path)
        return
    left, weight = int(node["left"]), trees.weight[trees.offsets[t] : trees.offsets[t + 1]]
    j = int(node["feature"]) & FEATURE
    one, zero = dict(path).get(j, (1, 1.0))
    for child in (left, left + 1):
        goes = goes_left(trees, node, row) == (child == left)
        yield from paths(trees, t, row, child, (*path, (j, (one * goes, zero * weight[child] / weight[i]))))


def factorial(n):
    return np.prod(np.arange(1.0, n + 1))
