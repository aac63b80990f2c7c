# SPDX-License-Identifier: BSD-3-Clause
"""Networks whose parts contradict each other are refused: tables, categories and the first layer belong together."""

import numpy as np
import pytest
from saved_models import MODELS

from schuss.persistence import ModelFileError
from schuss.persistence._registry import ENTRIES


def without(name):
    return lambda state: state.pop(name)


def setting(name, at, value):
    def change(state):
        if at is None:
            state[name] = value
        else:
            state[name] = [value(old) if i == at else old for i, old in enumerate(state[name])]

    return change


CHANGES = {
    "a row less": setting("embeddings_", 1, lambda table: table[:-1]),
    "a column less": setting("embeddings_", 1, lambda table: table[:, :-1]),
    "a row of a table": setting("embeddings_", 1, lambda table: table[0]),
    "no number": setting("embeddings_", 1, lambda table: np.full_like(table, np.nan)),
    "whole numbers": setting("embeddings_", 1, lambda table: table.astype(np.int64)),
    "a table of another precision": setting("embeddings_", 1, lambda table: table.astype(np.float32)),
    "a layer of another precision": setting("coefs_", 1, lambda coef: coef.astype(np.float32)),
    "a table for numbers": setting("embeddings_", 0, lambda _: np.zeros((2, 1))),
    "a table for one-hot": setting("embeddings_", 2, lambda _: np.zeros((3, 1))),
    "no tables": without("embeddings_"),
    "no list": setting("embeddings_", None, None),
    "a table less": setting("embeddings_", None, [None]),
    "a category more": setting("_vocabulary", 1, lambda old: np.append(old, old[-1] + 1)),
    "a category more, one-hot": setting("_vocabulary", 2, lambda old: np.append(old, old[-1] + 1)),
    "no categories": setting("_vocabulary", None, None),
    "no mask": setting("is_categorical_", None, None),
    "another mask": setting("is_categorical_", None, np.array([True, False, True])),
    "a wider layer": setting("coefs_", 0, lambda coef: np.vstack([coef, coef])),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_fit_is_refused(change):
    entry = ENTRIES["MLPRegressor"]
    state = entry.state_of(MODELS["MLPRegressor"]())
    CHANGES[change](state)
    with pytest.raises(ModelFileError):
        entry.check(state)
