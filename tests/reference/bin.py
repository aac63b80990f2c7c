# SPDX-License-Identifier: BSD-3-Clause
"""Bounds of bins from a list of distinct values and their weights, run by run, in Python's exact integers."""

import numpy as np


def ceil_div(a, b):
    return -(-a // b)


def between(low, high):
    """A number t with low <= t < high, halfway where that is possible."""
    with np.errstate(invalid="ignore"):
        middle = 0.5 * np.float64(low) + 0.5 * np.float64(high)
    return float(middle) if low <= middle < high else float(low)


def runs_of(values, weight):
    """Distinct values, ascending, without missing ones and those of no weight; and their summed weights."""
    total = {}
    for value, w in zip(values.tolist(), weight.tolist(), strict=True):
        if w > 0 and value == value:
            total[value + 0.0] = total.get(value + 0.0, 0) + w
    return sorted(total), [total[value] for value in sorted(total)]


def cut_gap(weights, n_bins):
    """Cuts within runs of these weights: positions before which a new bin begins."""
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
    """Stretches (start, stop) of runs between heavy ones; empty ones left out."""
    edges = [-1, *np.flatnonzero(heavy).tolist(), len(heavy)]
    return [(edges[i] + 1, edges[i + 1]) for i in range(len(edges) - 1) if edges[i] + 1 < edges[i + 1]]


def column_bounds(values, weight, max_bins):
    """Bounds of one column."""
    distinct, weights = runs_of(values, weight)
    m, total = len(distinct), sum(weights)
    if m <= max_bins:
        return [between(distinct[i - 1], distinct[i]) for i in range(1, m)]
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
    return [between(distinct[i - 1], distinct[i]) for i in sorted(cuts) if 0 < i < m]


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
