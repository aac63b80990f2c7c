# SPDX-License-Identifier: BSD-3-Clause
"""The fitted states of gradient boosting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schuss.persistence._categories import categorical_state, check_categories
from schuss.persistence._entry import COMMON, COMMON_OPTIONAL, Entry
from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Array, Choice, Either, Field, Integer, Labels
from schuss.persistence._trees import Grown
from schuss.tree._layout import N_CATEGORIES

_SCORES = Either((Array((0,)), Array(("n_scores",), finite=False)))
_BOOSTED: dict[str, Field] = {
    **COMMON,
    "n_trees_per_iteration_": Integer(minimum=1, size="n_outputs"),
    "n_iter_": Integer(),
    "_trees": Grown(),
    "_baseline": Array(("n_outputs",)),
    **categorical_state(N_CATEGORIES),
    "do_early_stopping_": Choice((False, True)),
    "train_score_": _SCORES,
    "validation_score_": _SCORES,
    "_random_seed": Integer(maximum=2**32),
    "_draw_seed": Integer(maximum=2**32),
}


def _boosting_fits(state: Mapping[str, Any]) -> None:
    """Insist on as many trees as iterations need, and on categories where columns are categorical."""
    trees, n_iter = state["_trees"], state["n_iter_"]
    if trees.n_trees != n_iter * state["n_trees_per_iteration_"]:
        raise ModelFileError(f"{trees.n_trees} trees do not make {n_iter} iterations")
    if state.get("best_iteration_", -1) >= n_iter:
        raise ModelFileError("the best iteration is beyond the last")
    check_categories(state)


BOOSTING: tuple[Entry, ...] = tuple(
    Entry(name, "schuss.ensemble", {**_BOOSTED, **own}, COMMON_OPTIONAL - {"n_iter_"}, fits=_boosting_fits)
    for name, own in (
        ("HistGradientBoostingClassifier", {"classes_": Labels(multilabel=True)}),
        ("HistGradientBoostingRegressor", {}),
    )
)
