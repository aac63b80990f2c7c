# SPDX-License-Identifier: BSD-3-Clause
"""Exact trees of depth 10 on 28 columns, and the sorting before."""

from __future__ import annotations

from functools import cache

import numpy as np
import scipy.sparse as sp

from benchmarks.kernels.case import Build, Case
from schuss import _kernels as kernels

_COLUMNS, _DEPTH = 28, 10


@cache
def _problem(n_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((max(512, n_bytes // (4 * _COLUMNS)), _COLUMNS), np.float32)
    return x, (x[:, :1] + x[:, 1:2] * x[:, 2:3] + rng.standard_normal((len(x), 1)) > 0).astype(np.float64)


def cart_sort(dtype: str, n_bytes: int) -> Case:
    x, _ = _problem(n_bytes)

    def run(n_threads: int) -> np.ndarray:
        return kernels.cart_sort(kernels.Columns(x), n_threads=n_threads, scratch=kernels.Scratch())

    def check() -> None:
        np.testing.assert_array_equal(run(1)["x"], np.sort(x, axis=0).T)

    return Case(run=run, check=check, elements=x.size, n_bytes=3 * x.nbytes)


def cart_select(dtype: str, n_bytes: int) -> Case:
    x, _ = _problem(n_bytes)
    orders = kernels.cart_sort(kernels.Columns(x), scratch=kernels.Scratch())
    weight = np.random.default_rng(1).integers(0, 2, len(x)).astype(np.float64)

    def run(n_threads: int) -> np.ndarray:
        return kernels.cart_select(orders, weight, n_threads=n_threads)

    def check() -> None:
        assert run(1).shape == (_COLUMNS, int(weight.sum()))

    return Case(run=run, check=check, elements=x.size, n_bytes=3 * x.nbytes)


def _grown(tree: kernels.CartTree, n_threads: int) -> kernels.CartTree:
    while not kernels.cart_grow(tree, n_threads=n_threads):
        pass
    return tree


def cart_grow(criterion: str) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        x, y = _problem(n_bytes)
        columns, classes = kernels.Columns(x), criterion in ("gini", "entropy")
        orders = kernels.cart_sort(columns, scratch=kernels.Scratch())

        def run(n_threads: int) -> kernels.CartTree:
            tree = kernels.CartTree(
                columns, orders.copy(), y, codes=y.astype(np.int32) if classes else None, n_values=1 + classes,
                total_weight=float(len(x)), search=kernels.CART_SEARCHES["sorted"],
                criterion=kernels.CART_CRITERIA[criterion], max_features=_COLUMNS, max_depth=_DEPTH,
            )  # fmt: skip
            return _grown(tree, n_threads)

        def check() -> None:
            tree = run(1)
            assert 1 < tree.n_leaves <= 2**_DEPTH
            assert tree.impurity < tree.nodes["impurity"][0]

        return Case(run=run, check=check, elements=_DEPTH * x.size, n_bytes=_DEPTH * 4 * x.nbytes)

    return build


def cart_grow_sparse(dtype: str, n_bytes: int) -> Case:
    """As many entries as the dense table has values, of a hundred times as many columns."""
    x, y = _problem(n_bytes)
    table = sp.random_array((len(x), 100 * _COLUMNS), density=0.01, format="csc", dtype=np.float32, rng=1)
    table.indices, table.indptr = table.indices.astype(np.int32), table.indptr.astype(np.int32)
    table.sort_indices()
    columns = kernels.Columns(table)
    rows = np.zeros((1, len(x)), dtype=kernels.CART_ENTRY)
    rows["row"] = np.arange(len(x))
    stored = kernels.cart_sort(columns, scratch=kernels.Scratch())
    feature = np.repeat(np.arange(table.shape[1], dtype=np.int32), np.diff(table.indptr))

    def run(n_threads: int) -> kernels.CartTree:
        tree = kernels.CartTree(
            columns, rows.copy(), y, codes=y.astype(np.int32), n_values=2, total_weight=float(len(x)),
            stored=stored, stored_feature=feature, search=kernels.CART_SEARCHES["sorted"],
            criterion=kernels.CART_CRITERIA["gini"], max_features=table.shape[1], max_depth=_DEPTH,
        )  # fmt: skip
        return _grown(tree, n_threads)

    def check() -> None:
        tree = run(1)
        assert 1 < tree.n_leaves <= 2**_DEPTH

    return Case(run=run, check=check, elements=_DEPTH * table.nnz, n_bytes=_DEPTH * 24 * table.nnz)


def cart_preorder(dtype: str, n_bytes: int) -> Case:
    """A full tree, its nodes numbered by level."""
    n = 2 ** max(4, int(np.log2(n_bytes / 12))) - 1
    left = np.arange(n, dtype=np.int32) * 2 + 1
    left[n // 2 :] = 0
    scratch = kernels.Scratch()

    def check() -> None:
        position = kernels.cart_preorder(left, scratch)
        np.testing.assert_array_equal(position[[0, 1, 2, 3]], [0, 1, 1 + n // 2, 2])

    return Case(
        run=lambda n_threads: kernels.cart_preorder(left, scratch),
        check=check,
        elements=n,
        n_bytes=20 * n,
        parallel=False,
    )


EXACT_TREE_CASES: dict[str, Build] = {
    "tree/cart_sort d=28": cart_sort,
    "tree/cart_select d=28": cart_select,
    "tree/cart_preorder": cart_preorder,
    "tree/cart_grow gini": cart_grow("gini"),
    "tree/cart_grow entropy": cart_grow("entropy"),
    "tree/cart_grow squared_error": cart_grow("squared_error"),
    "tree/cart_grow gini, sparse": cart_grow_sparse,
}
