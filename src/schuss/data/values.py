# SPDX-License-Identifier: BSD-3-Clause
"""Arrow columns as NumPy arrays: numbers, texts and what a date is made of. No Python object per cell."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schuss.data.csv import MISSING
from schuss.data.errors import DataError, shown

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?( ?%)?$"
_DAY = 86_400.0
_LARGEST = float(np.finfo(np.float32).max)  # features are in single precision


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: every distinct text once, trimmed, and where it stands.

    Attributes
    ----------
    distinct : pyarrow.StringArray
        Without the missing ones; a text may stand here twice if only spaces told two of them apart.
    codes : ndarray of shape (n_rows,), int64
        Position in `distinct`, or -1 where the value is missing.
    """

    distinct: pa.StringArray
    codes: NDArray[np.int64]


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds texts."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type holds numbers, durations and times of day included."""
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_time, pa.types.is_duration)
    return any(test(kind) for test in tests)


def is_date(kind: pa.DataType) -> bool:
    """Whether a column of this type holds dates or moments."""
    return any(test(kind) for test in (pa.types.is_date, pa.types.is_timestamp))


def texts(column: pa.ChunkedArray) -> Texts:
    """Return a column as texts; spaces around them are dropped and missing markers become missing."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    encoded = _flat(column.cast(pa.string())).dictionary_encode()
    trimmed = pc.utf8_trim_whitespace(encoded.dictionary)
    missing = pc.fill_null(pc.is_in(trimmed, value_set=pa.array(MISSING)), True)
    keep = ~np.asarray(missing)
    renumber = np.append(np.where(keep, np.cumsum(keep) - 1, -1), -1)
    return Texts(
        trimmed.filter(pa.array(keep)),
        renumber[np.asarray(pc.fill_null(encoded.indices, len(trimmed)))],
    )


def numbers(column: pa.ChunkedArray, name: str, markers: Collection[str] = ()) -> NDArray[np.float64]:
    """Return a column as float64; missing and infinite values are NaN.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Numbers, booleans, times, or texts that are numbers.
    name : str
        Its name, for the message.
    markers : collection of str, default=()
        Texts that stand for a missing value in this column.

    Raises
    ------
    DataError
        If a text is not a number, or a number too large for single precision.
    """
    if is_text(column.type):
        held = texts(column)
        odd = odd_ones(held.distinct, markers)
        if len(odd):
            raise DataError(f"column {shown(name)} holds {shown(odd[0].as_py())}, which is not a number")
        values = np.append(parsed(held.distinct), np.nan)
        return _finite(values[held.codes], name)
    if pa.types.is_time(column.type) or pa.types.is_duration(column.type):
        column = column.cast(pa.int32() if pa.types.is_time32(column.type) else pa.int64())
    elif pa.types.is_null(column.type):
        return np.full(len(column), np.nan)
    elif not (is_number(column.type) or pa.types.is_boolean(column.type)):
        raise DataError(f"column {shown(name)} holds {column.type}, not numbers")
    flat = _flat(column).cast(pa.float64(), safe=False)
    return _finite(flat.to_numpy(zero_copy_only=False), name)


def looks_like_number(text: str) -> bool:
    """Whether a text is written as a number."""
    return bool(re.match(_NUMBER, text))


def are_dates(distinct: pa.StringArray) -> bool:
    """Whether all texts are ISO dates or moments without a zone, as `moments` reads them."""
    try:
        distinct.cast(pa.timestamp("us"), safe=False)
    except pa.ArrowInvalid:
        return False
    return True


def odd_ones(distinct: pa.StringArray, markers: Collection[str] = ()) -> pa.StringArray:
    """Return the texts that are neither numbers nor among the markers."""
    fine = pc.match_substring_regex(distinct, _NUMBER)
    if markers:
        fine = pc.or_(fine, pc.is_in(distinct, value_set=pa.array(list(markers))))
    return distinct.filter(pc.invert(fine))


def parsed(distinct: pa.StringArray) -> NDArray[np.float64]:
    """Return texts as numbers, NaN where they are none; 12 % is 0.12."""
    fine = pc.match_substring_regex(distinct, _NUMBER)
    plain = pc.replace_substring_regex(distinct, r"^\+| ?%$", "")
    cast = pc.if_else(fine, plain, pa.scalar(None, pa.string())).cast(pa.float64())
    found = np.asarray(cast.to_numpy(zero_copy_only=False))
    return np.where(np.asarray(pc.ends_with(distinct, "%")), found / 100.0, found)


def moments(column: pa.ChunkedArray, name: str) -> NDArray[np.float64]:
    """Return dates and moments as days since 1970, NaN where missing; moments with a zone are in UTC.

    Raises
    ------
    DataError
        If the column holds neither dates nor texts written as ISO dates.
    """
    try:
        if is_text(column.type):
            held = texts(column)
            days = np.append(_days(held.distinct), np.nan)
            return days[held.codes]
        if is_date(column.type):
            return _days(_flat(column))
        if pa.types.is_null(column.type):
            return np.full(len(column), np.nan)
    except pa.ArrowInvalid as error:
        raise DataError(f"column {shown(name)} holds a value that is not a date") from error
    raise DataError(f"column {shown(name)} holds {column.type}, not dates")


def date_part(days: NDArray[np.float64], part: str) -> NDArray[np.float64]:
    """Return one part of moments given as days since 1970.

    Years, weeks and days are circles, so each is a sine and a cosine: the 31st of December lies next to
    the 1st of January.
    """
    if part == "days":
        return days
    period, _, wave = part.partition("_")
    turns = days / {"year": 365.2425, "week": 7.0, "day": 1.0}[period]
    return np.sin(2 * np.pi * turns) if wave == "sin" else np.cos(2 * np.pi * turns)


def _days(column: pa.Array) -> NDArray[np.float64]:
    micros = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64()).cast(pa.float64(), safe=False)
    return np.asarray(micros.to_numpy(zero_copy_only=False) / (_DAY * 1e6))


def _flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array, without copying where it is one already."""
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _finite(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """Infinite values as missing ones; what is finite but cannot be one of a model's features is refused."""
    large = np.abs(values) > _LARGEST
    if not large.any():
        return values
    if len(finite := values[large & np.isfinite(values)]):
        raise DataError(f"column {shown(name)} holds {finite[0]:g}, which is too large a number for a model")
    return np.where(large, np.nan, values)
