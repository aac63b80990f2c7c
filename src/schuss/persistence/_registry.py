# SPDX-License-Identifier: BSD-3-Clause
"""Which estimators can be stored.

A file names its estimator by a word looked up here; no name in a file is ever imported.
To make an estimator storable, add an `Entry` to those of its family.
"""

from __future__ import annotations

from typing import Any

from schuss.persistence._boosting import BOOSTING
from schuss.persistence._decision_tree import DECISION_TREES
from schuss.persistence._entry import Entry
from schuss.persistence._errors import ModelFileError
from schuss.persistence._forests import FORESTS
from schuss.persistence._linear_models import LINEAR_MODELS
from schuss.persistence._networks import NETWORKS

ENTRIES: dict[str, Entry] = {
    entry.name: entry for entry in (*LINEAR_MODELS, *NETWORKS, *DECISION_TREES, *FORESTS, *BOOSTING)
}


def entry_for(estimator: Any) -> Entry:
    """Return the entry of an estimator; subclasses are not taken for their parents."""
    entry = ENTRIES.get(type(estimator).__name__)
    if entry is None or type(estimator) is not entry.cls:
        raise ModelFileError(
            f"a {type(estimator).__name__} of {type(estimator).__module__.partition('.')[0]} cannot be stored in a "
            "model file: only schuss's own estimators can, not what is derived from them"
        )
    return entry


def entry_named(name: Any) -> Entry:
    """Return the entry a file names."""
    if not isinstance(name, str) or name not in ENTRIES:
        raise ModelFileError(f"the file holds a {name!r}, which this release does not know")
    return ENTRIES[name]
