# SPDX-License-Identifier: BSD-3-Clause
"""The one error of tables, and the help it gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import numpy as np


class DataError(ValueError):
    """A table cannot be read or used; the message is one sentence for the person who gave it."""


def shown(value: object, width: int = 60) -> str:
    """Quote a value from a table for a message: no control characters, not too long.

    Examples
    --------
    >>> shown("a\\x1b[31mb")
    "'a?[31mb'"
    """
    if isinstance(value, np.generic):
        value = value.item()
    text = printable(value if isinstance(value, str) else repr(value))
    text = text if len(text) <= width else f"{text[: width - 1]}…"
    return f"'{text}'" if isinstance(value, str) else text


def printable(text: str) -> str:
    """Replace what could steer a terminal or reorder a line by a question mark.

    Control and format characters come from the table, not from us: an escape sequence in a column's
    name must not reach the screen.
    """
    return "".join(c if c.isprintable() else " " if c.isspace() else "?" for c in text)


def closest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` if one of the known names is near, else nothing."""
    folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return f"; did you mean {shown(folded[found[0]], 300)}?" if found else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return what `closest` does, or what there is when nothing is near."""
    names = list(known)
    if (hint := closest(name, names)) or not names:
        return hint
    some = ", ".join(shown(candidate) for candidate in names[:12])
    return f"; there are {some}{', …' if len(names) > 12 else ''}"
