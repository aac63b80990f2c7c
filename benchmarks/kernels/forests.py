# SPDX-License-Identifier: BSD-3-Clause
"""Growing the trees of a forest on 28 columns of 255 bins, and adding up what one of them says."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from benchmarks.kernels.case import Build, Case
from schuss import _kernels as kernels
from schuss.tree._histogram.rooms import Room

_COLUMNS, _TREES = 28, 4


@cache
def _binned(n_bytes: int) -> tuple[kernels.Binned, np.ndarray]:
    """A table of so many bytes of bins, and classes that depend on a few columns."""
    rows = max(512, n_bytes // _COLUMNS)
    x = np.random.default_rng(5).standard_normal((rows, _COLUMNS), np.float32)
    columns = kernels.Columns(x)
    bounds, n_bounds, missing = kernels.bin_bounds(columns)
    for row, m in zip(bounds, n_bounds, strict=True):
        row[m:] = np.inf
    binned = kernels.Binned(rows, n_bounds + np.int32(1), missing, np.zeros(_COLUMNS, np.uint8))
    kernels.bin_table(columns, bounds.astype(np.float32), binned)
    noise = np.random.default_rng(6).standard_normal(rows)
    return binned, (x[:, 0] + x[:, 1] * x[:, 2] + noise > 0).astype(np.int32)


def _grow(binned: kernels.Binned, y: np.ndarray, criterion: str, n_threads: int) -> list[dict[str, Any]]:
    """Bootstrapped trees: five features a node for classes, all of them for numbers."""
    rng = np.random.default_rng(7)
    weight = np.array([np.bincount(rng.integers(0, len(y), len(y)), minlength=len(y)) for _ in range(_TREES)])
    target: dict[str, Any] = {"n_classes": np.array([2], np.int32), "codes": y, "max_features": 5}
    if criterion == "squared_error":
        target = {"target": y[:, None].astype(np.int64) << 20, "target_origin": np.zeros(1), "max_features": _COLUMNS}
    room = Room(weight, _TREES)
    kernels.forest_grow(
        binned, room, criterion=kernels.FOREST_CRITERIA[criterion], seed=np.arange(_TREES, dtype=np.uint64),
        weight=weight, n_threads=n_threads, scratch=kernels.Scratch(), **target,
    )  # fmt: skip
    return room.finished()


def forest_grow(criterion: str) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        binned, y = _binned(n_bytes)

        def check() -> None:
            for tree in _grow(binned, y, criterion, 1):
                assert tree["samples"][0] > len(y) // 2
                assert tree["gain"].min() > -1e-3 * tree["weight"][0]

        return Case(
            run=lambda n_threads: _grow(binned, y, criterion, n_threads),
            check=check,
            elements=_TREES * len(y),
            n_bytes=_TREES * binned.columns.size,
        )

    return build


def forest_add(dtype: str, n_bytes: int) -> Case:
    binned, y = _binned(n_bytes)
    tree = _grow(binned, y, "gini", 1)[0]
    sums, counts = np.zeros((len(y), 1)), np.zeros(len(y), np.int64)

    def run(n_threads: int) -> None:
        kernels.forest_add(binned, tree["nodes"], sets=tree["sets"], sums=sums, counts=counts, n_threads=n_threads)

    def check() -> None:
        run(1)
        right = (sums[:, 0] / counts > 0.5) == y
        assert right.mean() > 0.7

    return Case(run=run, check=check, elements=len(y), n_bytes=binned.columns.size)


FOREST_CASES: dict[str, Build] = {
    "tree/forest_grow gini": forest_grow("gini"),
    "tree/forest_grow squared_error": forest_grow("squared_error"),
    "tree/forest_add": forest_add,
}
