# SPDX-License-Identifier: BSD-3-Clause
"""The fitted states of forests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from schuss.persistence._categories import categorical_state, check_categories
from schuss.persistence._entry import Entry, entry
from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Array, Choice, Counts, Either, Field, Integer, Labels, Real, Sizes
from schuss.persistence._trees import Grown
from schuss.tree._layout import N_CATEGORIES


@dataclass(frozen=True)
class SeveralLabels:
    """The classes of several outputs: a list of `Labels`."""

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, list) or len(value) < 2:
            raise ModelFileError(f"{name} is not a list of the classes of several outputs")
        for classes in value:
            Labels(multilabel=True).check(name, classes, {})


_FOREST: dict[str, Field] = {
    "n_outputs_": Integer(minimum=1),
    "_trees": Either((Grown(), Grown(with_values=True))),
    "_node_impurity": Array(("n_nodes",), dtypes=("float64",)),
    "_node_samples": Array(("n_nodes",), dtypes=("uint32",)),
    "_tree_seeds": Array(("n_trees",), dtypes=("int64",)),
    "_n_samples": Integer(minimum=1, size="n_samples"),
    "_n_samples_bootstrap": Either((Choice((None,)), Integer(minimum=1))),
    "_sample_weight": Either((Choice((None,)), Array(("n_samples",), dtypes=("float64",)))),
    **categorical_state(N_CATEGORIES),
}
_FOREST_OF_CLASSES: dict[str, Field] = {
    "classes_": Either((Labels(multilabel=True), SeveralLabels())),
    "n_classes_": Either((Integer(minimum=1), Counts("n_targets"))),
}
_OUT_OF_BAG: dict[str, Field] = {
    "oob_score_": Real(),
    "oob_decision_function_": Either((Array(("n_samples", "n_shares")), Array(("n_samples", "n_shares", "n_targets")))),
    "oob_prediction_": Either((Array(("n_samples",)), Array(("n_samples", "n_targets")))),
}


def _forest_fits(state: Mapping[str, Any]) -> None:
    """Insist on a record for each node, seeds that can be seeds, and leaves that hold what the outputs need."""
    trees = state["_trees"]
    if trees.n_trees < 1 or len(state["_node_impurity"]) != len(trees.nodes):
        raise ModelFileError("the forest lacks trees, or what is known of their nodes")
    seeds = state["_tree_seeds"]
    if seeds.min() < 0 or seeds.max() >= 2**31:
        raise ModelFileError("the forest has seeds that are none")
    if trees.n_outputs != _n_values(state):
        raise ModelFileError(f"the leaves hold {trees.n_outputs} values, which is not what the outputs need")
    if (trees.values is None) != (trees.n_outputs == 1 and state.get("n_classes_") != 1):
        raise ModelFileError("the leaves hold their values in the wrong place")
    check_categories(state)


def _n_values(state: Mapping[str, Any]) -> int:
    """Numbers that a leaf holds."""
    n_outputs, counts = state["n_outputs_"], state.get("n_classes_")
    if counts is None:
        return int(n_outputs)
    classes = state["classes_"] if isinstance(state["classes_"], list) else [state["classes_"]]
    if np.atleast_1d(counts).tolist() != [len(one) for one in classes] or len(classes) != n_outputs:
        raise ModelFileError("the numbers of classes are not those of the classes")
    return 1 if counts == 2 else sum(map(len, classes))


FORESTS: tuple[Entry, ...] = tuple(
    entry("schuss.ensemble", f"{kind}{task}", {**classes, **_FOREST}, _OUT_OF_BAG, fits=_forest_fits)
    for kind in ("RandomForest", "ExtraTrees")
    for task, classes in (("Classifier", _FOREST_OF_CLASSES), ("Regressor", {}))
)
