# SPDX-License-Identifier: BSD-3-Clause
"""The fitted states of neural networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schuss._categories import MOST_CATEGORIES
from schuss.persistence._categories import categorical_state, check_categories
from schuss.persistence._entry import Entry, entry
from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Array, Choice, Either, Field, Integer, Labels, LayerArrays, Numbers, Real, Tables

_NETWORK: dict[str, Field] = {
    "n_outputs_": Integer(minimum=1, size="n_outputs"),
    "n_layers_": Integer(minimum=2),
    "coefs_": LayerArrays(matrices=True),
    "intercepts_": LayerArrays(),
    "out_activation_": Choice(("identity", "exp", "logistic", "softmax")),
    "loss_": Real(finite=False),
    "t_": Integer(),
    "n_iter_": Integer(),
    "_seed": Integer(),
    "_solver_name": Choice(("lbfgs", "sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion")),
    "_solver_rate": Real(minimum=0.0),
    "_solver_powers": Array((2,), dtypes=("float64",)),
    "_solver_counts": Array((4,), dtypes=("int64",)),
}
_NETWORK_OPTIONAL: dict[str, Field] = {
    **categorical_state(MOST_CATEGORIES),
    "embeddings_": Tables(),
    **{f"norm_{name}_": LayerArrays(hidden=True) for name in ("gains", "shifts", "means", "variances")},
    **{f"_solver_{name}": Array(("n_parameters",)) for name in ("first", "second", "parameters")},
    "_solver_plateau": Array((2,), dtypes=("float64",), finite=False),
    "loss_curve_": Numbers(),
    "best_loss_": Either((Choice((None,)), Real(finite=False))),
    "validation_scores_": Either((Choice((None,)), Numbers())),
    "best_validation_score_": Either((Choice((None,)), Real(finite=False))),
    "_no_improvement_count": Integer(),
}
_LABELLED: dict[str, Field] = {
    "classes_": Labels(multilabel=True),
    "_target_kind": Choice(("binary", "multiclass", "multilabel-indicator")),
}


def _network_fits(state: Mapping[str, Any]) -> None:
    """Insist on a first layer, and on tables, that have the features' numbers and categories, all in one precision."""
    check_categories(state)
    if (state.get("_vocabulary") is None) != ("embeddings_" not in state):
        raise ModelFileError("tables of categories without any, or none where there are some")
    nothing = [None] * state["n_features_in_"]
    vocabulary, tables = state.get("_vocabulary") or nothing, state.get("embeddings_", nothing)
    if state["coefs_"][0].shape[0] != sum(map(_units, vocabulary, tables)):
        raise ModelFileError("the first layer does not fit the features")
    norms = [array for name, arrays in state.items() if name.startswith("norm_") for array in arrays]
    parts = [*state["coefs_"], *state["intercepts_"], *norms, *(table for table in tables if table is not None)]
    if len({part.dtype for part in parts}) > 1:
        raise ModelFileError("the parameters are of several precisions")


def _units(categories: Any, table: Any) -> int:
    """Units that a feature becomes."""
    if categories is None:
        if table is not None:
            raise ModelFileError("there is a table for a feature that is not categorical")
        return 1
    places = max(1, len(categories)) + 1
    if table is not None and len(table) != places:
        raise ModelFileError(f"a table has {len(table)} rows for {len(categories)} categories")
    return places if table is None else int(table.shape[1])


NETWORKS: tuple[Entry, ...] = (
    entry("schuss.neural_network", "MLPClassifier", {**_LABELLED, **_NETWORK}, _NETWORK_OPTIONAL, fits=_network_fits),
    entry("schuss.neural_network", "MLPRegressor", _NETWORK, _NETWORK_OPTIONAL, fits=_network_fits),
)
