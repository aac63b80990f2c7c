# SPDX-License-Identifier: BSD-3-Clause
"""Bounds of bins from groups of values and their weights, one after the other, in Python's exact integers."""

import numpy as np


def ceil_div(a, b):
    return -(-a // b)


def between(low, high):
    """A number t with low <= t < high, halfway where that is possible."""
    with np.errstate(invalid="ignore"):
        middle = 0.5 * np.float64(low) + 0.5 * np.float64(high)
    return float(middle) if low <= middle < high else float(low)


def key_of(value, dtype):
    """The bits of a number as an unsigned integer that compares as the numbers do."""
    bits = np.dtype(dtype).itemsize * 8
    key = int(np.array(value + 0.0, dtype).view(f"u{bits // 8}"))
    return key ^ (2**bits - 1 if key >> (bits - 1) else 1 << (bits - 1))


def value_of(key, dtype):
    """The number with this key."""
    bits = np.dtype(dtype).itemsize * 8
    key ^= 1 << (bits - 1) if key >> (bits - 1) else 2**bits - 1
    return float(np.array(key, f"u{bits // 8}").view(dtype))


def groups_of(values, weight, max_bins):
    """Lowest and highest value and weight of each group: keys with the same first bits, divided while that matters."""
    dtype = values.dtype
    bits, zero = dtype.itemsize * 8, key_of(0.0, dtype)
    total = {}
    for value, w in zip(values.tolist(), weight.tolist(), strict=True):
        if w > 0 and value == value:
            total[key_of(value, dtype)] = total.get(key_of(value, dtype), 0) + w
    top, whole = 14 if bits == 32 else 16, sum(total.values())

    def sums(keys, free_bits):
        found = {}
        for key in keys:
            group = (key, 0) if key == zero else (key >> free_bits << free_bits, free_bits)
            found.setdefault(group, []).append(key)
        return found

    groups, free_bits = sums(total, bits - top), bits - top
    while free_bits:
        few, divided = len(groups) <= max_bins, {}
        rest = whole - sum(total[first] for first, free in groups if not free and total[first] * max_bins >= whole)
        for group, keys in groups.items():
            heavy = few or sum(total[key] for key in keys) * 8 * max_bins > rest
            divided |= sums(keys, free_bits - 6) if heavy and group[1] == free_bits else {group: keys}
        groups, free_bits = divided, free_bits - 6
    return [
        (value_of(first + 2**free - 1, dtype), value_of(first, dtype), sum(total[key] for key in keys))
        for (first, free), keys in sorted(groups.items())
    ]


def cut_gap(weights, n_bins):
    """Cuts within groups of these weights: positions before which a new bin begins."""
    cuts, start, rest = [], 0, sum(weights)
    while n_bins > 1:
        need, stop, got = ceil_div(rest, n_bins), start, 0
        while got < need:
            got, stop = got + weights[stop], stop + 1
        if stop >= len(weights):
            break
        cuts.append(stop)
        start, rest, n_bins = stop, rest - got, n_bins - 1
    return cuts


def gaps_of(heavy):
    """Stretches (start, stop) of groups between heavy ones; empty ones left out."""
    edges = [-1, *np.flatnonzero(heavy).tolist(), len(heavy)]
    return [(edges[i] + 1, edges[i + 1]) for i in range(len(edges) - 1) if edges[i] + 1 < edges[i + 1]]


def column_bounds(values, weight, max_bins):
    """Bounds of one column."""
    groups = groups_of(values, weight, max_bins)
    weights = [w for _, _, w in groups]
    m, total = len(groups), sum(weights)
    if m <= max_bins:
        return [between(groups[i - 1][0], groups[i][1]) for i in range(1, m)]
    heavy = np.array([w * max_bins >= total for w in weights])
    bins = max_bins - int(heavy.sum())
    gaps = gaps_of(heavy)
    rest = sum(sum(weights[a:b]) for a, b in gaps)
    cuts = set()
    for left, (a, b) in zip(range(len(gaps), 0, -1), gaps, strict=True):
        part = sum(weights[a:b])
        share = bins if left == 1 else (2 * part * bins + rest) // (2 * rest)
        least = 1 if bins > 0 else 0
        n_bins = min(max(share, least), max(bins - left + 1, least))
        cuts |= {a + cut for cut in cut_gap(weights[a:b], n_bins)}
        if n_bins:
            cuts.add(b)
        rest, bins = rest - part, bins - n_bins
    cuts |= {i + 1 for i in np.flatnonzero(heavy).tolist()}
    return [between(groups[i - 1][0], groups[i][1]) for i in sorted(cuts) if 0 < i < m]


def bin_bounds(x, weight, max_bins):
    """A list of bounds for each column of x, NaN being missing; and which columns miss values."""
    weight = np.ones(len(x), np.int64) if weight is None else weight
    missing = [bool(np.isnan(column[weight > 0]).any()) for column in x.T]
    return [column_bounds(column, weight, max_bins) for column in x.T], missing


def bin_table(x, bounds, codes=None):
    """Bins (n, d): how many bounds are less; of columns with codes, what these say; 255 is missing."""
    out = np.full(x.shape, 255, np.uint8)
    for (i, f), value in np.ndenumerate(x):
        if np.isnan(value):
            continue
        if codes is None or codes[f] is None:
            out[i, f] = sum(bound < float(value) for bound in bounds[f])
        else:
            out[i, f] = codes[f].get(float(value), 255)
    return out


def by_tile(bins):
    """(n, d) bins in as few tiles of up to 16 columns as hold d features, dealt one by one.

    All are as wide as the widest, and an even number; the columns left over are 0.
    """
    n, d = bins.shape
    n_tiles = -(-d // 16)
    tiles = np.zeros((n_tiles, n, -(-d // n_tiles // 2) * 2), np.uint8)
    for feature in range(d):
        tiles[feature % n_tiles, :, feature // n_tiles] = bins[:, feature]
    return tiles
