# SPDX-License-Identifier: BSD-3-Clause
"""What a model was trained on, from the record of its run, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schuss.data.source import STANDARD_INPUT
from schuss.report import words

_KIND_WORDS = {
    "number": ("number", "numbers"),
    "boolean": ("yes-or-no", "yes-or-no"),
    "category": ("category", "categories"),
    "date": ("date", "dates"),
}


def table_facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a model was or is trained on, as names and values."""
    facts = [("table", source_text(record["source"]))]
    if record["test_source"]:
        facts.append(("test table", source_text(record["test_source"])))
    facts.append(("target", target_text(record["target"])))
    facts.append(("columns", columns_text(record["columns"])))
    facts.append(("rows", rows_text(record["rows"])))
    return facts


def source_text(source: Mapping[str, Any]) -> str:
    """Return a source in words."""
    name = "standard input" if source["name"] == STANDARD_INPUT else source["name"]
    return f"{name}: {words.count(source['rows'], 'row')}, {words.count(source['columns'], 'column')}"


def target_text(target: Mapping[str, Any]) -> str:
    """Return the target in words."""
    if not target["classes"]:
        return f"{target['name']}, a number"
    total = sum(one["training_rows"] for one in target["classes"])
    shares = [f"{one['label']} {words.percent(one['training_rows'] / total, 0)}" for one in target["classes"]]
    return f"{target['name']}, {words.count(len(shares), 'class', 'classes')}: {words.listing(shares)}"


def columns_text(described: Mapping[str, Any]) -> str:
    """Return the use of the columns in words."""
    parts = [words.count(n, *both) for kind, both in _KIND_WORDS.items() if (n := described["kinds"].get(kind))]
    dropped = [one["name"] for one in described["dropped"]]
    not_used = f"; not used: {words.listing(dropped)}" if dropped else ""
    become = "becomes" if sum(described["kinds"].values()) == 1 else "become"
    return f"{', '.join(parts)} {become} {words.count(described['features'], 'feature')}{not_used}"


def rows_text(rows: Mapping[str, Any]) -> str:
    """Return the split in words."""
    parts = [
        f"{rows[part]:,} {purpose}"
        for part, purpose in (("training", "to train on"), ("validation", "to watch"), ("test", "to test on"))
        if rows[part]
    ]
    return ", ".join(parts)


def choice_rows(choice: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Return what was tried as rows of texts, the constant guess last."""
    rows = [
        (one["name"], words.number(one["loss"]), f"{one['iterations']:,}", words.seconds(one["seconds"]))
        for one in choice["tried"]
    ]
    return [*rows, ("a constant guess", words.number(choice["constant_guess"]), "", "")]
