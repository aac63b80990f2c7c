# SPDX-License-Identifier: BSD-3-Clause
"""What each column of a table is: a number, a category, a date, or of no use and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schuss.data import values
from schuss.data.errors import DataError, nearest, shown

# Below this many rows "every value differs" says nothing.
_ENOUGH_ROWS = 20
_MOSTLY = 0.95
# A column of numbers may spell its missing values in a few ways of its own ("unknown", "-").
_MOST_MARKERS = 3
_LONG_TEXT = 50.0
_ID_NAME = re.compile(r"(^|[_\W])(id|ids|uid|uuid|guid|key|index|idx|rowid|row_?(no|nr|num|number)?)$", re.IGNORECASE)


class Kind(StrEnum):
    """How a column is used."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    DATE = "date"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Column:
    """The use of one column.

    Attributes
    ----------
    name : str
    kind : Kind
    why : str
        For a dropped column the reason, in words that follow "dropped:".
    markers : tuple of str
        Texts that stand for a missing number in this column only.
    """

    name: str
    kind: Kind
    why: str = ""
    markers: tuple[str, ...] = ()

    def to_info(self) -> dict[str, Any]:
        """Return what `from_info` takes, for JSON."""
        return {"name": self.name, "kind": str(self.kind), "why": self.why, "markers": list(self.markers)}

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> Column:
        """Rebuild a column's use; raises ValueError or KeyError if `info` is not what `to_info` gave."""
        name, why, markers = info["name"], info["why"], info["markers"]
        if not all(isinstance(text, str) for text in (name, why, *markers)):
            raise ValueError("a column's name and markers must be texts")
        return cls(name, Kind(info["kind"]), why, tuple(markers))


def classify_columns(table: pa.Table, *, keep: Collection[str] = (), drop: Collection[str] = ()) -> list[Column]:
    """Decide on every column of a table (without the target).

    Types and uselessness are properties of the whole table; nothing numerical is learnt here.

    Parameters
    ----------
    table : pyarrow.Table
    keep : collection of str, default=()
        Columns to use even if they look like identifiers.
    drop : collection of str, default=()
        Columns not to use.

    Raises
    ------
    DataError
        If `keep` or `drop` names a column that is not there, or nothing is left.
    """
    for name in (*keep, *drop):
        if name not in table.column_names:
            raise DataError(f"there is no column {shown(name)}{nearest(name, table.column_names)}")
    found = [
        Column(name, Kind.DROPPED, "as asked") if name in drop else _classify(name, table.column(name), name in keep)
        for name in table.column_names
    ]
    if all(column.kind is Kind.DROPPED for column in found):
        raise DataError(f"no column is left to learn from{_reasons(found)}")
    return found


def _reasons(dropped: list[Column]) -> str:
    """Say of the first dropped columns why."""
    told = "; ".join(f"{shown(column.name, 30)}: {column.why}" for column in dropped[:3])
    return f" ({told}{'; ...' if len(dropped) > 3 else ''})" if told else ""


def _classify(name: str, column: pa.ChunkedArray, wanted: bool) -> Column:
    kind = column.type
    if column.null_count == len(column):
        return Column(name, Kind.DROPPED, "it is empty")
    if values.is_text(kind):
        return _classify_texts(name, column, wanted)
    if pa.types.is_boolean(kind):
        return _unless_constant(Column(name, Kind.BOOLEAN), column)
    if values.is_date(kind):
        return _unless_constant(Column(name, Kind.DATE), column)
    if not values.is_number(kind):
        return Column(name, Kind.DROPPED, f"a model cannot use {kind}")
    if not wanted and pa.types.is_integer(kind) and _counts_rows(name, column):
        return Column(name, Kind.DROPPED, "it numbers the rows, like an identifier")
    return _unless_constant(Column(name, Kind.NUMBER), column)


def _classify_texts(name: str, column: pa.ChunkedArray, wanted: bool) -> Column:
    held = values.texts(column)
    n_held = int((held.codes >= 0).sum())
    n_distinct = pc.count_distinct(held.distinct).as_py()
    if not n_held:
        return Column(name, Kind.DROPPED, "it is empty")
    if (markers := _markers(held)) is not None:
        return Column(name, Kind.NUMBER, markers=markers)
    if n_distinct == 1 and n_held == len(column):
        return Column(name, Kind.DROPPED, f"it is always {shown(held.distinct[0].as_py(), 30)}")
    if values.are_dates(held.distinct):
        return Column(name, Kind.DATE)
    if not wanted and n_held >= _ENOUGH_ROWS:
        if n_distinct >= _MOSTLY * n_held:
            return Column(name, Kind.DROPPED, "nearly every value differs, like an identifier")
        lengths = pc.utf8_length(held.distinct).to_numpy(zero_copy_only=False)
        if n_distinct > 100 and lengths.mean() > _LONG_TEXT:
            return Column(name, Kind.DROPPED, "it is running text")
    return Column(name, Kind.CATEGORY)


def _markers(held: values.Texts) -> tuple[str, ...] | None:
    """Return the texts that stand for missing if the rest are numbers; None if they are not."""
    odd = values.odd_ones(held.distinct)
    n_numbers = len(held.distinct) - len(odd)
    if len(odd) == 0:
        return ()
    if len(odd) > _MOST_MARKERS or n_numbers < 10 * len(odd):
        return None
    is_number = np.append(np.isfinite(values.parsed(held.distinct)), False)
    share = is_number[held.codes].sum() / (held.codes >= 0).sum()
    return tuple(odd.to_pylist()) if share >= 0.5 else None


def _unless_constant(found: Column, column: pa.ChunkedArray) -> Column:
    if column.null_count or pc.count_distinct(column).as_py() > 1:
        return found
    return Column(found.name, Kind.DROPPED, f"it is always {shown(column[0].as_py(), 30)}")


def _counts_rows(name: str, column: pa.ChunkedArray) -> bool:
    """Whether the whole numbers all differ, and either count from 0 or 1 or bear an identifier's name."""
    if column.null_count or len(column) < _ENOUGH_ROWS:
        return False
    if pc.count_distinct(column).as_py() < len(column):
        return False
    ends = pc.min_max(column).as_py()
    counts = ends["min"] in (0, 1) and ends["max"] - ends["min"] + 1 == len(column)
    return counts or bool(_ID_NAME.search(name))
