# SPDX-License-Identifier: BSD-3-Clause
"""CSV files: what separates columns and decimals, what stands for a missing value, what is wrong on which line."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv

from schuss.data.errors import DataError, printable, shown

# "None" and "-" are left out: they are categories (no basement) more often than missing values, and in
# a column of numbers they are recognised by being the odd ones out.
MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "NULL", "null")

_HEAD = 1 << 16
_UNEVEN = re.compile(r"^(?:Row #(\d+): )?Expected (\d+) columns?, got (\d+)")
_WITH_COMMA = re.compile(r"[+-]?\d*,\d+")
_WITH_POINT = re.compile(r"[+-]?\d*\.\d+")
_BAD_VALUE = re.compile(r"In CSV column #(\d+).*?invalid value '(.*)'", re.DOTALL)


def read_csv(place: Any, packed: bool, text_columns: Collection[str], name: str) -> pa.Table:
    """Read CSV text in UTF-8, with a header line.

    Parameters
    ----------
    place : path or pyarrow.Buffer
    packed : bool
        Whether it is compressed with gzip.
    text_columns : collection of str
        Columns not to be taken for numbers or dates.
    name : str
        How to call the file in messages.
    """
    try:
        head = _head(place, packed)
        separator = _separator(head, name)
        marks = separator, _decimal_point(head, separator)
        try:
            return _parse(place, packed, marks, text_columns)
        except pa.ArrowInvalid as error:
            if "Expected" not in str(error):
                raise
            # Only the serial reader knows the number of the line.
            return _parse(place, packed, marks, text_columns, threads=False)
    except (pa.ArrowException, EOFError, OSError) as error:
        raise DataError(f"{name} is not a readable CSV file: {_reason(error)}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not a table: CSV must be text in UTF-8") from error


def _parse(
    place: Any, packed: bool, marks: tuple[str, str], text_columns: Collection[str], threads: bool = True
) -> pa.Table:
    separator, decimal_point = marks
    with _stream(place, packed) as stream:
        table = arrow_csv.read_csv(
            stream,
            read_options=arrow_csv.ReadOptions(use_threads=threads),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                null_values=MISSING,
                strings_can_be_null=True,
                decimal_point=decimal_point,
                column_types=dict.fromkeys(text_columns, pa.string()),
            ),
        )
    for field in table.schema:
        if pa.types.is_binary(field.type):  # Arrow's answer to text that is not UTF-8
            raise pa.ArrowInvalid(f"column {shown(field.name)} holds text that is not in UTF-8")
    return table


def _stream(place: Any, packed: bool) -> Any:
    return pa.input_stream(
        place if isinstance(place, pa.Buffer) else str(place), compression="gzip" if packed else None
    )


def _head(place: Any, packed: bool) -> str:
    with _stream(place, packed) as stream:
        raw = stream.read(_HEAD)
    if b"\x00" in raw:
        raise UnicodeDecodeError("utf-8", raw[:1], 0, 1, "holds NUL bytes")
    return str(raw, "utf-8-sig", errors="replace")  # whether it is UTF-8 is for the whole file to say


def _separator(head: str, name: str) -> str:
    """Return the separator that splits the header into the most columns."""
    lines = head.splitlines()
    if not any(line.strip() for line in lines):
        raise DataError(f"{name} is empty")
    header = next(line for line in lines if line.strip())
    counts = {sep: len(next(csv.reader([header], delimiter=sep))) for sep in ",;\t|"}
    return max(counts, key=lambda sep: counts[sep])  # the comma, when nothing separates


def _decimal_point(head: str, separator: str) -> str:
    """Return the comma if the first rows write their numbers with it, as much of Europe does; else the point."""
    if separator == ",":
        return "."
    cells = [cell.strip() for row in csv.reader(head.splitlines()[1:], delimiter=separator) for cell in row]
    commas, points = (sum(map(bool, map(mark.fullmatch, cells))) for mark in (_WITH_COMMA, _WITH_POINT))
    return "," if commas > points else "."


def _reason(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    if found := _BAD_VALUE.search(text):
        return f"column {int(found[1]) + 1} holds {shown(found[2])}, unlike the rows before it"
    line = printable(text.splitlines()[0]).removeprefix("CSV parse error: ")
    if found := _UNEVEN.search(line):
        where = f"line {found[1]}" if found[1] else "a line"
        columns = "column" if found[3] == "1" else "columns"
        return f"{where} has {found[3]} {columns}, the header has {found[2]}"
    return line[:200].rstrip(".")
