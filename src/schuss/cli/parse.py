# SPDX-License-Identifier: BSD-3-Clause
"""What people write in options: parameters, times."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Any

from schuss.cli.app import FAMILY_NAMES
from schuss.cli.errors import CommandError
from schuss.data.errors import closest, shown

_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_TIME = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|min|s|m|h|d)?")
_WORDS = {"true": True, "false": False, "none": None, "yes": True, "no": False}


def parse_time(text: str) -> float:
    """Return the seconds in ``"60s"``, ``"1h30m"``, ``"250ms"`` or ``"90"``.

    Raises
    ------
    CommandError
        If it is not a positive time.

    Examples
    --------
    >>> parse_time("1m30s")
    90.0
    """
    compact = text.replace(" ", "").lower()
    found = list(_TIME.finditer(compact))
    unitless = [match for match in found if not match[2]]
    whole = "".join(match[0] for match in found) == compact and not re.search(r"\d\s+\d", text)
    if not compact or not whole or (unitless and len(found) > 1):
        raise CommandError(f"--max-time {shown(text)} is not a time; write 60s, 5m or 1h30m")
    seconds = sum(float(match[1]) * _UNITS[match[2] or "s"] for match in found)
    if seconds <= 0:
        raise CommandError("--max-time must be longer than nothing")
    return seconds


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Return parameters from ``name=value`` texts; values are numbers, words or Python literals.

    Raises
    ------
    CommandError
        If one has no name or no value, or a name comes twice.
    """
    found: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not (name and equals and value):
            raise CommandError(f"--set {shown(setting)} is not of the form name=value")
        if name in found:
            raise CommandError(f"--set gives {shown(name)} twice")
        found[name] = parse_value(value)
    return found


def parse_value(text: str) -> Any:
    """Return the value a person means: a number, true, false, none, a literal, or the text itself."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def check_model(name: str | None) -> None:
    """Raise CommandError unless there is a family of models of this name; None is none asked for."""
    if name is not None and name not in FAMILY_NAMES:
        hint = closest(name, FAMILY_NAMES) or f"; there are {', '.join(FAMILY_NAMES)}"
        raise CommandError(f"--model {shown(name)} is not a family of models{hint}")


def check_share(name: str, share: float) -> float:
    """Return a share of the rows; raises CommandError unless it is at least 0 and below 1."""
    if not 0 <= share < 1:
        raise CommandError(f"{name} must be at least 0 and below 1, not {share:g}")
    return share
