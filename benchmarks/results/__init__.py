# SPDX-License-Identifier: BSD-3-Clause
"""Files of results: a header with the environment, and rows of which each replaces its namesake."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


def merge_rows(path: Path, header: dict[str, Any], rows: Sequence[Mapping[str, Any]], key: Sequence[str]) -> None:
    """Write rows to a file, keeping those rows of it that are not measured anew.

    Every row carries the commit it was measured at and whether that was a dry run; the header is that of the last run.
    """
    origin = {"git": header["environment"]["git"], "quick": header.pop("quick")}
    fresh = {_name(row, key): {**row, **origin} for row in rows}
    kept = {_name(row, key): row for row in read(path)["rows"]} if path.exists() else {}
    content = {**header, "rows": list((kept | fresh).values())}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """The content of a file of results."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _name(row: Mapping[str, Any], key: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[part] for part in key)
