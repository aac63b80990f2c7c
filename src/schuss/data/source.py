# SPDX-License-Identifier: BSD-3-Clause
"""Read a table, whatever it is stored as."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from schuss.data.errors import DataError, closest, printable, shown
from schuss.data.values import looks_like_number

SAMPLE_PREFIX = "sample:"
STANDARD_INPUT = "-"
_LONG = 300  # a path is of use only as a whole


@dataclass(frozen=True, slots=True)
class Source:
    """A table and where it came from.

    Attributes
    ----------
    name : str
        What the person wrote.
    format : str
        ``"csv"``, ``"csv.gz"``, ``"parquet"``, ``"arrow"`` or ``"sample"``.
    table : pyarrow.Table
        Unique column names, at least one column and one row.
    fingerprint : str
        SHA-256 of the file's bytes (of the values, for a bundled table), so that a report can say on what
        a model was trained.
    notes : tuple of str
        Sentences on what was done to the names.
    target : str or None
        The usual target, known for bundled tables.
    """

    name: str
    format: str
    table: pa.Table
    fingerprint: str
    notes: tuple[str, ...] = ()
    target: str | None = None


def read_source(where: str, *, text_columns: Collection[str] = ()) -> Source:
    """Read a CSV (plain or gzip), Parquet or Arrow file, a bundled table, or CSV from standard input.

    A file's kind is read off its first bytes, not off its name.

    Parameters
    ----------
    where : str
        A path, ``"sample:NAME"``, or ``"-"`` for standard input.
    text_columns : collection of str, default=()
        Columns to read as text in a CSV whatever they look like, such as categories named ``01``.

    Raises
    ------
    DataError
        If there is no such file, or it is empty or broken.
    """
    if where.startswith(SAMPLE_PREFIX):
        from schuss.data.samples import read_sample

        return read_sample(where.removeprefix(SAMPLE_PREFIX))
    check_place(where)
    path = None if where == STANDARD_INPUT else Path(where)
    name = "standard input" if path is None else shown(where, _LONG)
    try:
        if path is None or not path.is_file():  # a pipe can be read only once
            place: Any = pa.py_buffer(sys.stdin.buffer.read() if path is None else path.read_bytes())
            start, fingerprint = bytes(place[:8]), hashlib.sha256(place).hexdigest()
        else:
            place = path
            with path.open("rb") as file:
                fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                start = file.read(8)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}") from error
    kind, table = _read(place, start, text_columns, name)
    return _checked(Source(where, kind, table, fingerprint))


def as_table(frame: Any) -> pa.Table:
    """Return any table as an Arrow table: pandas, polars, Arrow and whatever else narwhals knows.

    Raises
    ------
    DataError
        If it is not a table.
    """
    if isinstance(frame, pa.Table):
        return frame
    import narwhals as nw

    try:
        return nw.from_native(frame, eager_only=True).to_arrow()
    except TypeError as error:
        raise DataError(f"a {type(frame).__name__} is not a table") from error


def check_place(where: str) -> None:
    """Raise DataError unless there is something to read; costs nothing, as against reading it."""
    if where == STANDARD_INPUT or where.startswith(SAMPLE_PREFIX):
        return
    path, name = Path(where), shown(where, _LONG)
    try:
        exists, is_folder = path.exists(), path.is_dir()
    except (OSError, ValueError) as error:  # too long, or holds a NUL
        raise DataError(f"{name} is not a usable path") from error
    if is_folder:
        raise DataError(f"{name} is a directory, not a table")
    if not exists:
        folder = path.parent
        near = [str(folder / entry) for entry in os.listdir(folder)] if folder.is_dir() else []
        raise DataError(f"there is no file {name}{closest(where, near)}")


def _read(place: Any, start: bytes, text_columns: Collection[str], name: str) -> tuple[str, pa.Table]:
    if not start:
        raise DataError(f"{name} is empty")
    try:
        if start.startswith(b"PAR1"):
            import pyarrow.parquet as parquet

            return "parquet", parquet.read_table(pa.BufferReader(place) if isinstance(place, pa.Buffer) else place)
        if start.startswith((b"ARROW1", b"FEA1")):
            import pyarrow.feather as feather

            return "arrow", feather.read_table(pa.BufferReader(place) if isinstance(place, pa.Buffer) else str(place))
        if start.startswith(b"\xff\xff\xff\xff"):
            with pa.input_stream(place) as stream, pa.ipc.open_stream(stream) as reader:
                return "arrow", reader.read_all()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name} is broken: {_one_line(error)}") from error
    from schuss.data.csv import read_csv

    packed = start.startswith(b"\x1f\x8b")
    return "csv.gz" if packed else "csv", read_csv(place, packed, text_columns, name)


def _checked(source: Source) -> Source:
    """Name the nameless columns, and refuse tables that have no columns, no rows or two of one name."""
    table, where = source.table, shown(source.name, _LONG)
    if not table.num_columns or not table.num_rows:
        raise DataError(f"{where} has no {'rows' if table.num_columns else 'columns'}")
    names = [name.strip() or f"column_{i + 1}" for i, name in enumerate(table.column_names)]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        hint = "; is the header line missing?" if looks_like_number(twice[0]) else ""
        raise DataError(f"{where} has more than one column named {shown(twice[0])}{hint}")
    table = table.rename_columns(names).combine_chunks()
    return Source(source.name, source.format, table, source.fingerprint, source.notes, source.target)


def _one_line(error: BaseException) -> str:
    text = printable(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    return text[:200].rstrip(".")
