# SPDX-License-Identifier: BSD-3-Clause
"""Growing a boosting tree, naively: every split of every node is tried, sums are taken row by row."""

from dataclasses import dataclass, field

import numpy as np

MISSING = 255
CATEGORY_SUPPORT = 10.0


@dataclass
class Options:
    """As the kernel's."""

    max_leaves: int = 31
    max_depth: int | None = None
    min_samples_leaf: int = 1
    min_hessian: float = 1e-3
    l1: float = 0.0
    l2: float = 0.0
    min_gain: float = 0.0
    depth_wise: bool = False
    monotonic: np.ndarray | None = None
    interaction: np.ndarray | None = None
    features: np.ndarray | None = None


@dataclass
class Node:
    """A node: its rows, then how they were split."""

    rows: np.ndarray
    depth: int = 0
    path: tuple = ()
    lower: float = -np.inf
    upper: float = np.inf
    feature: int = -1
    bin: int = 0
    missing_left: bool = False
    left_bins: frozenset = field(default_factory=frozenset)
    gain: float = 0.0
    left: int = -1


def value_of(node, g, h, o):
    shrunk = np.sign(g) * max(abs(g) - o.l1, 0.0)
    return float(np.clip(-shrunk / (h + o.l2), node.lower, node.upper)), shrunk


def score_of(node, g, h, o):
    value, shrunk = value_of(node, g, h, o)
    return -shrunk * value


def candidates(bins, n_bins, has_missing, is_categorical, node, g, h):
    """(feature, bin, missing_left, bins that go left) of every split, in the order in which ties are decided."""
    for f in range(bins.shape[1]):
        column = bins[node.rows, f]
        if is_categorical[f]:
            yield from category_candidates(column, n_bins[f], has_missing[f], f, g[node.rows], h[node.rows], h.mean())
            continue
        for b in range(n_bins[f]):
            yield f, b, False, frozenset(range(b + 1))
            if has_missing[f]:
                yield f, b, True, frozenset(range(b + 1)) | {MISSING}


def category_candidates(column, n_bins, has_missing, f, g, h, row_h):
    keys = []
    for b in [*range(n_bins), *([MISSING] if has_missing else [])]:
        here = column == b
        if here.any() and h[here].sum() >= CATEGORY_SUPPORT * row_h:
            keys.append((g[here].sum() / (h[here].sum() + CATEGORY_SUPPORT), b))
    order = [b for _, b in sorted(keys, key=lambda pair: pair[0])]
    for ends in (order, order[::-1]):
        for k in range(1, (len(order) + 1) // 2 + 1) if len(order) > 1 else ():
            yield f, 0, MISSING in ends[:k], frozenset(ends[:k])


def sparse_tiles(tiles, tile_column, tile_sparse, common, columns):
    """The bins (n, d) that tiles with sparse columns stand for; columns (d, n) are asked for what is beyond slots."""
    bins = np.tile(common, (columns.shape[1], 1))
    for t, tile in enumerate(tiles):
        features = np.arange(t, len(columns), len(tiles))
        at = {int(tile_column[f]): f for f in features}
        n_dense = len(features) - tile_sparse[t]
        n_slots = (tile.shape[1] - n_dense) // 2 if tile_sparse[t] else 0
        for column in range(n_dense):
            bins[:, at[column]] = tile[:, column]
        for i, row in enumerate(tile if n_slots else ()):
            slots = row[n_dense : n_dense + 2 * n_slots].copy().view(np.uint16)
            more, beyond = slots[0] & 0x8000, slots[0] & 0x4000
            cells = [(at[int(slot) % 16], int(slot) // 16) for slot in slots & 0x0FFF]
            for feature, b in cells:
                if b != common[feature]:
                    bins[i, feature] = b
            assert len(set(cells)) == n_slots
            assert more or all(b == common[feature] for feature, b in cells[2:])
            assert more or not beyond
            if beyond:
                bins[i, features] = columns[features, i]
    return bins


def usable_features(node, d, o):
    usable = np.ones(d, bool) if o.features is None else o.features.astype(bool)
    if o.interaction is not None:
        groups = [group for group in o.interaction.astype(bool) if group[list(node.path)].all()]
        usable = usable & np.any(groups, axis=0)
    return usable


def best_split(bins, n_bins, has_missing, is_categorical, g, h, node, o):
    """Sets the node's split, if it has one."""
    if len(node.rows) < 2 * o.min_samples_leaf or (o.max_depth and node.depth >= o.max_depth):
        return
    usable = usable_features(node, bins.shape[1], o)
    g_all, h_all = g[node.rows].sum(), h[node.rows].sum()
    parent = score_of(node, g_all, h_all, o)
    best = o.min_gain + 1e-12 * parent
    for f, b, missing_left, left_bins in candidates(bins, n_bins, has_missing, is_categorical, node, g, h):
        if not usable[f]:
            continue
        goes_left = np.isin(bins[node.rows, f], list(left_bins))
        n_left, gl, hl = goes_left.sum(), g[node.rows][goes_left].sum(), h[node.rows][goes_left].sum()
        if min(n_left, len(node.rows) - n_left) < o.min_samples_leaf or min(hl, h_all - hl) < max(o.min_hessian, 1e-9):
            continue
        direction = 0 if o.monotonic is None or is_categorical[f] else o.monotonic[f]
        left, right = value_of(node, gl, hl, o)[0], value_of(node, g_all - gl, h_all - hl, o)[0]
        if direction * (right - left) < 0:
            continue
        gain = score_of(node, gl, hl, o) + score_of(node, g_all - gl, h_all - hl, o) - parent
        if gain > best + 1e-12 * abs(best):
            best = gain
            node.feature, node.bin, node.missing_left, node.left_bins, node.gain = f, b, missing_left, left_bins, gain


def children(bins, has_missing, is_categorical, g, h, node, o):
    goes_left = np.isin(bins[node.rows, node.feature], list(node.left_bins))
    if not has_missing[node.feature]:
        node.missing_left = bool(h[node.rows][goes_left].sum() > h[node.rows][~goes_left].sum())
    made = [
        Node(node.rows[side], node.depth + 1, (*node.path, node.feature), node.lower, node.upper)
        for side in (goes_left, ~goes_left)
    ]
    direction = 0 if o.monotonic is None or is_categorical[node.feature] else o.monotonic[node.feature]
    if direction:
        middle = np.mean([value_of(node, g[child.rows].sum(), h[child.rows].sum(), o)[0] for child in made])
        made[0 if direction > 0 else 1].upper = middle
        made[1 if direction > 0 else 0].lower = middle
    return made


def grow_tree(bins, n_bins, has_missing, is_categorical, g, h, o):
    """The nodes of a tree on bins (n, d) with gradients g and hessians h, in the order of their making."""
    table = (bins, n_bins, has_missing, is_categorical)
    nodes = [Node(np.arange(len(bins)))]
    best_split(*table, g, h, nodes[0], o)
    leaves = 1
    while leaves < o.max_leaves:
        open_nodes = [i for i, node in enumerate(nodes) if node.left < 0 and node.gain > 0]
        if not open_nodes:
            break
        node = nodes[min(open_nodes, key=lambda i: (nodes[i].depth if o.depth_wise else 0, -nodes[i].gain, i))]
        node.left = len(nodes)
        nodes += children(bins, has_missing, is_categorical, g, h, node, o)
        leaves += 1
        for child in nodes[-2:]:
            best_split(*table, g, h, child, o)
    return nodes


def leaf_rows(nodes):
    """The rows of each leaf, from left to right."""

    def below(i):
        return [nodes[i].rows] if nodes[i].left < 0 else below(nodes[i].left) + below(nodes[i].left + 1)

    return below(0)


def divide_rows(bins, nodes, sets, rows):
    """The rows in each leaf of a kernel's tree, whose flags and sets are as sch/tree.h says; from left to right."""
    at, leaves = {0: rows}, {}
    for i, node in enumerate(nodes):
        feature, left = int(node["feature"]), int(node["left"])
        if feature < 0:
            leaves[left] = at[i]
            continue
        column = bins[at[i], feature & (1 << 29) - 1]
        goes_left = column <= node["threshold"]
        if feature & 1 << 29:
            goes_left = np.unpackbits(sets[int(node["threshold"])].view(np.uint8), bitorder="little")[column] > 0
        goes_left[column == MISSING] = bool(feature & 1 << 30)
        at[left], at[left + 1] = at[i][goes_left], at[i][~goes_left]
    return [leaves[leaf] for leaf in sorted(leaves)]


def add_leaves(leaves, values, raw):
    """raw with the value of each leaf added to its rows."""
    raw = raw.copy()
    for rows, value in zip(leaves, values, strict=True):
        raw[rows] += value
    return raw


def add_routed(bins, nodes, values, raw):
    """The same, each row walking down."""
    raw = raw.copy()
    numbers = {id(rows): i for i, rows in enumerate(leaf_rows(nodes))}
    for row in range(len(bins)):
        node = nodes[0]
        while node.left >= 0:
            b = bins[row, node.feature]
            node = nodes[node.left + (not (node.missing_left if b == MISSING else b in node.left_bins))]
        raw[row] += values[numbers[id(node.rows)]]
    return raw


def reorder_rows(bins, order):
    """The (n, d) bins in another order."""
    return np.array([bins[row] for row in order])
