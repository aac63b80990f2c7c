# SPDX-License-Identifier: BSD-3-Clause
"""A table, its targets and its weights, as the kernel of exact trees wants them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels

Array = NDArray[Any]
Float64 = NDArray[np.float64]

_LOPSIDED = 12  # sorted orders pay unless so many times more features exist than a node looks at


@dataclass(frozen=True, eq=False)
class Target:
    """What a tree is to predict.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_outputs), float64
        Numbers, of classes their codes.
    n_classes : tuple of int or None
        Number of classes per output; None for regression.
    """

    y: Float64
    n_classes: tuple[int, ...] | None = None
    codes: NDArray[np.int32] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.n_classes is not None:
            object.__setattr__(self, "codes", self.y.astype(np.int32))

    @property
    def n_outputs(self) -> int:
        return int(self.y.shape[1])

    @property
    def n_values(self) -> int:
        """Values per output: the largest number of classes, or one."""
        return 1 if self.n_classes is None else max(self.n_classes)


@dataclass(frozen=True)
class Limits:
    """When a tree is not split any further, with every share turned into a number.

    ``max_leaves`` is 0 for a tree that grows level by level.
    """

    max_features: int
    max_depth: int = 2**31 - 1
    min_samples_split: int = 2
    min_samples_leaf: int = 1
    min_weight_leaf: float = 0.0
    min_impurity_decrease: float = 0.0
    max_leaves: int = 0


class Table:
    """A table in the form in which trees search it; made once, and grown on as often as wanted.

    Parameters
    ----------
    X : ndarray or CSC of shape (n_samples, n_features), float32
        NaN is missing.
    random : bool
        Whether thresholds are drawn at random instead of searched for.
    max_features : int
        Number of features that a node looks at.
    n_threads : int, default=1
    """

    def __init__(self, X: Any, *, random: bool, max_features: int, n_threads: int = 1) -> None:
        self.n, self.d = X.shape
        self._n_threads = n_threads
        self.search = self._choose(random, max_features)
        if sp.issparse(X) and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        elif self.search != "sorted" and not sp.issparse(X):
            X = np.asfortranarray(X)
        self.columns = kernels.Columns(X)
        self._orders: Array | None = None
        self._stored: dict[str, Array] = {}
        if random or (self.search == "gathered" and not sp.issparse(X)):
            return
        found = kernels.cart_sort(self.columns, n_threads=n_threads, scratch=kernels.Scratch())
        if not sp.issparse(X):
            self._orders = found
            return
        self._stored["stored"] = found
        if self.search == "sorted":
            self._stored["stored_feature"] = np.repeat(np.arange(self.d, dtype=np.int32), np.diff(X.indptr))

    def _choose(self, random: bool, max_features: int) -> str:
        if random:
            return "random"
        return "gathered" if self.d > _LOPSIDED * max_features else "sorted"

    def orders(self, target: Target, weight: Float64 | None, criterion: str) -> NDArray[np.void]:
        """Return orders of the rows that weigh something, of the tree's own."""
        orders = self._orders
        if orders is None:
            orders = self._listed(np.arange(self.n)[None])
        fresh = orders is not self._orders
        if criterion == "absolute_error":
            by_y = self._listed(np.argsort(target.y, axis=0, kind="stable").T)
            orders, fresh = np.concatenate([orders, by_y]), True
        if weight is not None and not np.all(weight):
            return kernels.cart_select(orders, weight, n_threads=self._n_threads)
        return orders if fresh else orders.copy()

    def only_orders(self, target: Target, weight: Float64 | None, criterion: str) -> NDArray[np.void]:
        """Like `orders`, for the last tree on this table: hands its own over instead of a copy."""
        whole = criterion != "absolute_error" and (weight is None or bool(np.all(weight)))
        if self._orders is None or not whole:
            return self.orders(target, weight, criterion)
        orders, self._orders = self._orders, None
        return orders

    def stored(self, weight: Float64 | None) -> dict[str, Array]:
        """Return sorted entries of a sparse table; in a list not those of rows that weigh nothing."""
        if "stored_feature" not in self._stored or weight is None or np.all(weight):
            return self._stored
        kept = weight[self._stored["stored"]["row"]] != 0.0
        return {name: values[kept] for name, values in self._stored.items()}

    def _listed(self, rows: Array) -> NDArray[np.void]:
        orders = np.zeros(rows.shape, dtype=kernels.CART_ENTRY)
        orders["row"] = rows
        return orders


def plant(
    table: Table,
    target: Target,
    weight: Float64 | None,
    *,
    criterion: str,
    limits: Limits,
    seed: int,
    monotonic: NDArray[np.int8] | None = None,
    last: bool = False,
) -> kernels.CartTree:
    """Return a tree for ``kernels.cart_grow`` to grow, which may run in any thread.

    Parameters
    ----------
    table : Table
    target : Target
    weight : ndarray of shape (n_samples,), float64, or None
        For a forest the number of times a row was drawn, times its weight.
    criterion : str
        Among ``kernels.CART_CRITERIA``.
    limits : Limits
    seed : int
        Between 0 and 2**64 - 1.
    monotonic : ndarray of shape (n_features,), int8, or None, default=None
        Signs that the value of the (first class's share in the) first output must follow.
    last : bool, default=False
        Whether no other tree will be grown on this table.
    """
    take = table.only_orders if last else table.orders
    return kernels.CartTree(
        table.columns,
        take(target, weight, criterion),
        target.y,
        codes=target.codes,
        n_values=target.n_values,
        weight=weight,
        weighted_y=None if weight is None else target.y * weight[:, None],
        total_weight=float(table.n if weight is None else weight.sum()),
        search=kernels.CART_SEARCHES[table.search],
        criterion=kernels.CART_CRITERIA[criterion],
        **table.stored(weight),
        monotonic=monotonic,
        max_features=limits.max_features,
        max_depth=limits.max_depth,
        min_samples_split=limits.min_samples_split,
        min_samples_leaf=limits.min_samples_leaf,
        min_weight_leaf=limits.min_weight_leaf,
        min_impurity_decrease=limits.min_impurity_decrease,
        seed=seed,
        max_leaves=limits.max_leaves,
    )
