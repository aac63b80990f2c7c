# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of the kernels of trees."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from schuss import _kernels as kernels
from schuss.tree._nodes import NODE, Trees, TreesBuilder

_COLUMNS, _CHECKED_ROWS = 28, 64
_BOUNDS = np.linspace(-2, 2, 200)


def _tree(rng: np.random.Generator, n_leaves: int) -> NDArray[Any]:
    """A tree whose leaves were split at random, as leaf-wise growth leaves it."""
    nodes = np.zeros(2 * n_leaves - 1, NODE)
    leaves = [0]
    for split in range(n_leaves - 1):
        at = leaves.pop(int(rng.integers(len(leaves))))
        nodes[at] = (rng.choice(_BOUNDS), rng.integers(_COLUMNS), 2 * split + 1)
        leaves += [2 * split + 1, 2 * split + 2]
    for number, at in enumerate(sorted(leaves)):
        nodes[at] = (rng.standard_normal(), -1, number)
    return nodes


def _model(n_trees: int, n_leaves: int) -> Trees:
    rng, builder = np.random.default_rng(0), TreesBuilder(_COLUMNS)
    for _ in range(n_trees):
        builder.append(_tree(rng, n_leaves))
    return builder.build()


def _leaves(trees: Trees, x: NDArray[Any]) -> NDArray[Any]:
    """The node that each row ends in, all rows a level at a time."""
    ends = np.zeros((len(x), trees.n_trees), np.int64)
    for t, nodes in enumerate(trees):
        at = ends[:, t]
        while (inner := nodes["feature"][at] >= 0).any():
            node = nodes[at[inner]]
            at[inner] = node["left"] + (x[inner, node["feature"]] > node["threshold"])
    return ends


def trees_predict(n_trees: int, n_leaves: int) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        x, trees = data.dense(n_bytes, _COLUMNS, dtype), _model(n_trees, n_leaves)

        def check() -> None:
            some = x[:_CHECKED_ROWS]
            values = [tree["threshold"][ends] for tree, ends in zip(trees, _leaves(trees, some).T, strict=True)]
            got = kernels.trees_predict(trees.predictor, some)
            np.testing.assert_allclose(got.ravel(), np.sum(values, axis=0), rtol=1e-12, atol=1e-12)

        return Case(
            run=lambda n_threads: kernels.trees_predict(trees.predictor, x, n_threads=n_threads),
            check=check,
            elements=len(x) * n_trees,
            n_bytes=x.nbytes + 8 * len(x),
        )

    return build


def trees_leaves(n_trees: int, n_leaves: int) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        x, trees = data.dense(n_bytes, _COLUMNS, dtype), _model(n_trees, n_leaves)

        def check() -> None:
            some = x[:_CHECKED_ROWS]
            np.testing.assert_array_equal(kernels.trees_leaves(trees.predictor, some), _leaves(trees, some))

        return Case(
            run=lambda n_threads: kernels.trees_leaves(trees.predictor, x, n_threads=n_threads),
            check=check,
            elements=len(x) * n_trees,
            n_bytes=x.nbytes + 8 * len(x) * n_trees,
        )

    return build


def trees_contributions(n_trees: int, n_leaves: int) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        some_bytes = min(n_bytes, (8 << 20) * 31 // n_leaves)
        x, trees = data.dense(some_bytes, _COLUMNS, dtype), _model(n_trees, n_leaves)

        def contributions(x: NDArray[Any], n_threads: int) -> NDArray[Any]:
            return kernels.trees_contributions(
                trees.predictor, x, weight=weight, max_depth=trees.max_depth, n_threads=n_threads
            )

        def check() -> None:
            some = x[:_CHECKED_ROWS]
            together = contributions(some, 1).sum(axis=2)
            np.testing.assert_allclose(together, kernels.trees_predict(trees.predictor, some), rtol=1e-9, atol=1e-9)

        weight = np.ones(len(trees.nodes))
        weight[1:] = 0.5  # any shares will do
        return Case(
            run=lambda n_threads: contributions(x, n_threads),
            check=check,
            elements=len(x) * n_trees,
            n_bytes=x.nbytes + 8 * len(x) * (_COLUMNS + 1),
        )

    return build


TREE_CASES: dict[str, Build] = {
    "tree/trees_predict 100 x 31 leaves": trees_predict(100, 31),
    "tree/trees_predict 10 x 5000 leaves": trees_predict(10, 5000),
    "tree/trees_leaves 100 x 31 leaves": trees_leaves(100, 31),
    "tree/trees_contributions 100 x 31 leaves": trees_contributions(100, 31),
    "tree/trees_contributions 10 x 5000 leaves": trees_contributions(10, 5000),
}
