# SPDX-License-Identifier: BSD-3-Clause
"""Trees in model files: their arrays, and what is checked about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Sizes, bind
from schuss.tree._layout import NODE
from schuss.tree._nodes import Trees
from schuss.tree._structure import check_structure

_ARRAYS = {
    "threshold": ("float64", 1),
    "feature": ("int32", 1),
    "left": ("int32", 1),
    "offsets": ("int64", 1),
    "categories": ("uint64", 2),
    "gain": ("float64", 1),
    "weight": ("float64", 1),
}
_OPTIONAL = {"values": ("float64", 2), "known_categories": ("uint64", 2)}


def take_apart(trees: Trees) -> tuple[list[Any], dict[str, np.ndarray]]:
    """Return what describes trees in the document, and their arrays by name."""
    arrays = {name: np.ascontiguousarray(trees.nodes[name]) for name in ("threshold", "feature", "left")}
    arrays |= {name: getattr(trees, name) for name in ("offsets", "categories", "gain", "weight")}
    there = [name for name in _OPTIONAL if getattr(trees, name) is not None]
    arrays |= {name: getattr(trees, name) for name in there}
    return [trees.n_features, trees.n_outputs, there], arrays


def put_together(name: str, n_features: int, n_outputs: int, there: list[Any], array: Callable[..., Any]) -> Trees:
    """Return trees from what `take_apart` gave; ``array(name, dtype)`` yields an array.

    Raises
    ------
    ModelFileError
        If they are not proper trees.
    """
    if there != [one for one in _OPTIONAL if one in there]:
        raise ModelFileError(f"{name} is not in the form schuss writes")
    kinds: Mapping[str, tuple[str, int]] = _ARRAYS | {one: _OPTIONAL[one] for one in there}
    parts = {part: array(f"{name}.{part}", dtype) for part, (dtype, _) in kinds.items()}
    if any(parts[part].ndim != ndim for part, (_, ndim) in kinds.items()):
        raise ModelFileError(f"{name} has arrays of other dimensions")
    length = len(parts["threshold"])
    if not len(parts["feature"]) == len(parts["left"]) == length:
        raise ModelFileError(f"{name} has nodes that lack something")
    nodes = np.empty(length, NODE)
    for part in ("threshold", "feature", "left"):
        nodes[part] = parts.pop(part)
    offsets = parts["offsets"]
    leaves = np.concatenate([[0], np.cumsum(nodes["feature"] < 0)])
    inside = len(offsets) and offsets.min() >= 0 and offsets.max() <= length
    return _checked(
        name,
        Trees(
            nodes=nodes,
            n_features=n_features,
            n_outputs=n_outputs,
            leaf_offsets=leaves[offsets] if inside else np.zeros(0, np.int64),
            **({"values": None, "known_categories": None} | parts),
        ),
    )


def _checked(name: str, trees: Trees) -> Trees:
    try:
        check_structure(trees)
    except ValueError as error:
        raise ModelFileError(f"{name}: {error}") from None
    return trees


@dataclass(frozen=True)
class Grown:
    """Proper trees; binds ``n_features``, ``n_outputs`` and ``n_trees``.

    Parameters
    ----------
    with_values : bool, default=False
        Whether leaves hold values for all outputs, apart from the nodes.
    """

    with_values: bool = False

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, Trees):
            raise ModelFileError(f"{name} is not a set of trees")
        if (value.values is not None) != self.with_values:
            raise ModelFileError(f"{name} has leaves of another kind")
        _checked(name, value)
        bind(name, "n_features", value.n_features, sizes)
        bind(name, "n_outputs", value.n_outputs, sizes)
        bind(name, "n_trees", value.n_trees, sizes)
