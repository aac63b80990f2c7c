# SPDX-License-Identifier: BSD-3-Clause
"""A table with names and gaps becomes a table of numbers, the same way every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schuss.data.columns import Column, Kind
from schuss.data.encoder_info import Encoder, encoder_from_info, encoder_to_info
from schuss.data.encoders import MOST_CATEGORIES, NumberEncoder, learn_categories, learn_numbers, parts_of, read_numbers
from schuss.data.errors import DataError, nearest, shown
from schuss.data.plain import CodeEncoder, Form, PlainNumberEncoder

# Small enough for a block of features to stay in the cache while its columns are filled in one by one.
_ROWS_AT_ONCE = 16_384
_FEATURES_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Preparation:
    """How the columns of a table become features.

    The features are float32: centred and scaled numbers, zeros and ones lose nothing by it, and a fit
    reads half as many bytes.

    Attributes
    ----------
    columns : tuple of Column
        Every column of the training table but the target, and its use.
    encoders : tuple of CategoryEncoder or NumberEncoder
        In the order of the features.
    """

    columns: tuple[Column, ...]
    encoders: tuple[Encoder, ...]

    @classmethod
    def learn(cls, table: pa.Table, columns: Sequence[Column], form: Form = Form.SCALED) -> Preparation:
        """Learn what the form needs, such as medians, scales and labels, from the training rows.

        Parameters
        ----------
        table : pyarrow.Table
            The training rows only.
        columns : sequence of Column
            From `classify_columns`.
        form : Form, default=Form.SCALED
        """
        learnt: dict[str, list[Encoder]] = {column.name: [] for column in columns}
        for block in _blocks(columns):
            for encoder in _learn_block(table, block, form):
                learnt[encoder.column].append(encoder)
        for column in columns:
            if column.kind is Kind.CATEGORY:
                most = None if form is Form.SCALED_CODES else MOST_CATEGORIES
                found = learn_categories(table.column(column.name), column.name, most)
                learnt[column.name].append(CodeEncoder.of(found) if form.is_coded else found)
        return cls(tuple(columns), tuple(encoder for found in learnt.values() for encoder in found))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return tuple(name for encoder in self.encoders for name in encoder.names)

    @property
    def coded(self) -> list[int]:
        """Positions of the features that are codes of categories."""
        places = [encoder for encoder in self.encoders for _ in encoder.names]
        return [j for j, encoder in enumerate(places) if isinstance(encoder, CodeEncoder)]

    @property
    def used(self) -> tuple[str, ...]:
        """Names of the columns that are needed to predict."""
        return tuple(column.name for column in self.columns if column.kind is not Kind.DROPPED)

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Names of the columns that must be read as text, whatever they look like."""
        return tuple(column.name for column in self.columns if column.kind is Kind.CATEGORY)

    def transform(self, table: pa.Table) -> NDArray[np.float32]:
        """Return the features of a table; its columns may stand in any order.

        Returns
        -------
        ndarray of shape (n_rows, n_features), float32, C-contiguous

        Raises
        ------
        DataError
            If a needed column is missing, or holds something else than in training.
        """
        self.check(table)
        out = np.zeros((table.num_rows, len(self.feature_names)), dtype=np.float32)
        for start in range(0, table.num_rows, _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            block = table.slice(start, _ROWS_AT_ONCE)
            first = 0
            for encoder in self.encoders:
                last = first + len(encoder.names)
                encoder.encode(block.column(encoder.column), out[rows, first:last])
                first = last
        return out

    def check(self, table: pa.Table) -> None:
        """Raise DataError if a needed column is missing from a table."""
        lacking = [name for name in self.used if name not in table.column_names]
        if not lacking:
            return
        if len(lacking) == 1:
            raise DataError(
                f"the table has no column {shown(lacking[0])}, which the model needs"
                f"{nearest(lacking[0], [n for n in table.column_names if n not in self.used])}"
            )
        some = ", ".join(shown(name) for name in lacking[:5])
        more = f" and {len(lacking) - 5} more" if len(lacking) > 5 else ""
        raise DataError(f"the table lacks columns that the model needs: {some}{more}")

    def to_info(self) -> dict[str, Any]:
        """Return what `from_info` takes: JSON values that keep every bit."""
        return {
            "columns": [column.to_info() for column in self.columns],
            "encoders": [encoder_to_info(encoder) for encoder in self.encoders],
        }

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> Preparation:
        """Rebuild a preparation; raises ValueError, KeyError or TypeError if `info` does not fit."""
        columns = tuple(Column.from_info(column) for column in info["columns"])
        encoders = tuple(encoder_from_info(encoder) for encoder in info["encoders"])
        found = cls(columns, encoders)
        if not {encoder.column for encoder in encoders} <= set(found.used):
            raise ValueError("an encoder's column is not in use")
        return found


def _learn_block(
    table: pa.Table, block: list[tuple[Column, str]], form: Form
) -> Sequence[NumberEncoder | PlainNumberEncoder]:
    if not form.is_scaled:
        return [PlainNumberEncoder(column.name, part, column.markers) for column, part in block]
    raw = np.empty((table.num_rows, len(block)))
    for j, (column, part) in enumerate(block):
        raw[:, j] = read_numbers(table.column(column.name), column.name, part, column.markers)
    return learn_numbers(raw, block)


def _blocks(columns: Sequence[Column]) -> Iterator[list[tuple[Column, str]]]:
    """Cut the numeric features into blocks, so that learning never copies the whole table."""
    features = [
        (column, part)
        for column in columns
        if column.kind in (Kind.NUMBER, Kind.BOOLEAN, Kind.DATE)
        for part in parts_of(column)
    ]
    for start in range(0, len(features), _FEATURES_AT_ONCE):
        yield features[start : start + _FEATURES_AT_ONCE]
