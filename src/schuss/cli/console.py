# SPDX-License-Identifier: BSD-3-Clause
"""Where things are printed: results on standard output, the course of events on standard error."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import IO, Any, cast

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schuss.data.errors import printable

_WIDTH = 100  # of what does not go to a terminal
_INDENT = (0, 0, 0, 2)


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Return a console that takes no text for markup: column names come from strangers."""
    console = Console(stderr=stderr, quiet=quiet, markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH
        console.file = cast("IO[str]", _Trimmed(console.file))
    return console


class _Trimmed:
    """A stream of lines without the spaces at their ends, which tables are filled up with."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(re.sub(" +(?=\n)", "", text))  # what does not end a line may go on
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def plain(text: object, style: str = "") -> Text:
    """Return a text without control characters."""
    return Text(printable(str(text)), style=style)


def heading(console: Console, text: str) -> None:
    """Print a heading with a line of air above it."""
    console.print()
    console.print(plain(text, "bold"))


def say(console: Console, *parts: object, style: str = "") -> None:
    """Print a paragraph, set in by two columns; texts and rich texts in a row."""
    pieces = [part if isinstance(part, Text) else plain(part, style) for part in parts]
    console.print(Padding(Text.assemble(*pieces), _INDENT, expand=False))


def bullets(console: Console, sentences: Iterable[str], style: str = "") -> None:
    """Print a list whose wrapped lines stay below their text."""
    grid = Table.grid(padding=(0, 1))
    for sentence in sentences:
        grid.add_row(plain("·", style), plain(sentence, style))
    console.print(Padding(grid, _INDENT, expand=False))


def facts(console: Console, rows: Iterable[tuple[str, Any]]) -> None:
    """Print names and values, the values aligned."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(plain(name), value if isinstance(value, Text) else plain(value))
    console.print(Padding(grid, _INDENT, expand=False))


def columns(console: Console, header: Sequence[str], rows: Iterable[Sequence[str]], styles: Sequence[str] = ()) -> None:
    """Print a small table: the first column to the left, numbers to the right."""
    console.print(Padding(make_columns(header, rows, styles), _INDENT, expand=False))


def make_columns(header: Sequence[str], rows: Iterable[Sequence[str]], styles: Sequence[str] = ()) -> Table:
    """Return the table that `columns` prints."""
    table = Table(box=None, padding=(0, 3, 0, 0), pad_edge=False, header_style="dim", show_edge=False)
    for i, name in enumerate(header):
        style = styles[i] if i < len(styles) else ""
        table.add_column(plain(name), justify="right" if i else "left", style=style, no_wrap=bool(i))
    for row in rows:
        table.add_row(*(plain(cell) for cell in row))
    return table
