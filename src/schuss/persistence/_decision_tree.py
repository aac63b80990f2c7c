# SPDX-License-Identifier: BSD-3-Clause
"""The fitted states of single decision trees; what their nodes must look like, so that no row gets lost in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.persistence._entry import Entry, entry
from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Array, Field, Integer, Labels, Sizes

_COLUMNS = {
    "left_child": "int64",
    "right_child": "int64",
    "feature": "int64",
    "threshold": "float64",
    "impurity": "float64",
    "n_node_samples": "int64",
    "weighted_n_node_samples": "float64",
    "missing_go_to_left": "uint8",
}


@dataclass(frozen=True)
class NodeTable:
    """A dict of columns by the names of scikit-learn's nodes, and ``values`` (n_nodes, n_targets, n_values).

    Parameters
    ----------
    n_values : str or int
        Number of values per target, or the name of this size.
    """

    n_values: str | int = 1

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, dict) or set(value) != {*_COLUMNS, "values"}:
            raise ModelFileError(f"{name} is not a table of nodes")
        for column, dtype in _COLUMNS.items():
            finite = column != "threshold"  # what is infinite there sends all but missing values to the left
            Array(("n_nodes",), dtypes=(dtype,), finite=finite).check(f"{name}.{column}", value[column], sizes)
        shape = ("n_nodes", "n_targets", self.n_values)
        Array(shape, dtypes=("float64",)).check(f"{name}.values", value["values"], sizes)
        _check_links(name, value["left_child"], value["right_child"])
        inner = value["left_child"] >= 0
        feature, threshold = value["feature"], value["threshold"]
        if np.any((feature[inner] < 0) | (feature[inner] >= sizes["n_features"])) or np.any(feature[~inner] != -2):
            raise ModelFileError(f"{name} asks for a feature that does not exist")
        if np.any(np.isnan(threshold)):
            raise ModelFileError(f"{name} has a threshold that is not a number")
        if np.any(value["n_node_samples"] < 0) or np.any(value["missing_go_to_left"] > 1):
            raise ModelFileError(f"{name} has a node that cannot be")


def _check_links(name: str, left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
    """Insist that every node but the root is one other node's child, and comes after it: then it is a tree."""
    inner = np.flatnonzero(left >= 0)
    if np.any((left < -1) | (right < -1) | ((left < 0) != (right < 0))):
        raise ModelFileError(f"{name} has a node with one child")
    children = np.concatenate([left[inner], right[inner]])
    if np.any(children <= np.concatenate([inner, inner])) or not np.array_equal(
        np.sort(children), np.arange(1, len(left))
    ):
        raise ModelFileError(f"{name} is not a tree")


@dataclass(frozen=True)
class TreeLabels:
    """The classes of a tree, or a list of those of each output; as many as ``n_classes_`` says."""

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        for one in value if isinstance(value, list) else [value]:
            Labels(least=1).check(name, one, {})
        sizes["n_values"] = max(map(len, value)) if isinstance(value, list) and value else len(value)
        sizes["n_targets"] = len(value) if isinstance(value, list) else 1


@dataclass(frozen=True)
class ClassCounts:
    """How many classes each output has."""

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        counts = np.atleast_1d(value) if isinstance(value, (np.ndarray, np.integer)) else np.zeros(0)
        if counts.dtype.kind != "i" or counts.shape != (sizes["n_targets"],) or counts.max() != sizes["n_values"]:
            raise ModelFileError(f"{name} does not fit the classes")
        if counts.min() < 1:
            raise ModelFileError(f"{name} has an output without classes")


_SINGLE_TREE: dict[str, Field] = {
    "n_outputs_": Integer(minimum=1, size="n_targets"),
    "max_features_": Integer(minimum=1),
}
_TREE_CLASSES: dict[str, Field] = {"classes_": TreeLabels(), "n_classes_": ClassCounts()}

DECISION_TREES: tuple[Entry, ...] = (
    *(
        entry("schuss.tree", name, {**_TREE_CLASSES, **_SINGLE_TREE, "_nodes": NodeTable("n_values")})
        for name in ("DecisionTreeClassifier", "ExtraTreeClassifier")
    ),
    *(
        entry("schuss.tree", name, {**_SINGLE_TREE, "_nodes": NodeTable()})
        for name in ("DecisionTreeRegressor", "ExtraTreeRegressor")
    ),
)
