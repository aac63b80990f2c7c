# SPDX-License-Identifier: BSD-3-Clause
"""How the columns of a table become units of a network: numbers, one-hot categories, tables that are learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from schuss._categories import Vocabulary, are_codes

_ONE_HOT = 16  # most categories of a column that has no table
_MOST_DIMS = 50


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes
    ----------
    levels : int
        Categories; 0: it holds numbers. There is a place more for what is missing or unknown.
    dims : int or None
        Columns of its table; None: one-hot.
    """

    levels: int = 0
    dims: int | None = None

    @property
    def units(self) -> int:
        """Units of the network's input that it becomes."""
        return self.levels + 1 if self.dims is None else self.dims

    @property
    def table(self) -> tuple[int, int] | None:
        """Shape of its table."""
        return None if self.dims is None else (self.levels + 1, self.dims)


def vocabulary_of(estimator: Any) -> Vocabulary | None:
    """Categories of a fitted estimator's features; None if it has none, or if its weights were set by hand."""
    vocabulary: Vocabulary | None = vars(estimator).get("_vocabulary")
    return vocabulary


def usual_dims(levels: int) -> int:
    """Columns of a table by the rule of Howard and Gugger (2020), 1.6 times the 0.56th power, up to 50."""
    return min(_MOST_DIMS, math.ceil(1.6 * levels**0.56))


def columns_of(estimator: Any) -> tuple[Column, ...]:
    """What an estimator's parameters make of the columns it has seen; empty if all are numbers."""
    vocabulary = vocabulary_of(estimator)
    if vocabulary is None:
        return ()
    asked = estimator.embedding_dims
    given = _given(estimator, vocabulary, asked) if isinstance(asked, Mapping) else {}
    usual = usual_dims if isinstance(asked, (str, Mapping)) else lambda levels: int(asked)

    def column(j: int, categories: Any) -> Column:
        if categories is None:
            return Column()
        levels = max(1, len(categories))
        return Column(levels, given.get(j, None if levels <= _ONE_HOT else usual(levels)))

    return tuple(column(j, categories) for j, categories in enumerate(vocabulary))


def _given(estimator: Any, vocabulary: Vocabulary, asked: Mapping[Any, Any]) -> dict[int, int]:
    """Columns of tables by position of the feature, from a mapping by name or position."""
    names = list(getattr(estimator, "feature_names_in_", ()))
    given = {}
    for feature, dims in asked.items():
        j = names.index(feature) if feature in names else feature
        if isinstance(j, bool) or not isinstance(j, (int, np.integer)) or not 0 <= j < len(vocabulary):
            raise ValueError(f"embedding_dims: there is no feature {feature!r}.")
        if vocabulary[j] is None:
            raise ValueError(f"embedding_dims: the feature {feature!r} is not categorical.")
        if isinstance(dims, bool) or not isinstance(dims, (int, np.integer)) or dims < 1:
            raise ValueError(f"embedding_dims: expected whole numbers from 1 on, got {dims!r} for {feature!r}.")
        given[int(j)] = int(dims)
    return given


def fitted_columns(estimator: Any) -> tuple[Column, ...]:
    """The columns that an estimator's fitted attributes describe."""
    vocabulary = vocabulary_of(estimator)
    if vocabulary is None:
        return ()
    return tuple(
        Column() if categories is None else Column(max(1, len(categories)), None if table is None else table.shape[1])
        for categories, table in zip(vocabulary, estimator.embeddings_, strict=True)
    )


def takes_rows_as_they_are(estimator: Any) -> bool:
    """Whether the kernels may see a plain table of numbers before its categories are looked up."""
    vocabulary = vocabulary_of(estimator)
    return vocabulary is None or are_codes(vocabulary)
