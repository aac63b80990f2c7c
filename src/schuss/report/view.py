# SPDX-License-Identifier: BSD-3-Clause
"""What the template shows, in words and numbers that are ready to print."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import numpy as np

from schuss.data import TableModel
from schuss.data.errors import printable
from schuss.data.evaluation import Evaluation
from schuss.report import figures, words
from schuss.report.facts import choice_rows, columns_text, rows_text, source_text, target_text
from schuss.report.influence import Influence, influence_of
from schuss.report.outline import outline

_MOST_FEATURES = 14
_LEVELS = 5  # of a tree
_GOOD, _CARE, _BAD = "good", "care", "bad"
_MOODS = {"converged": _GOOD, "diverged": _BAD}


def build_view(record: Mapping[str, Any], model: TableModel, evaluation: Evaluation | None) -> dict[str, Any]:
    """Return everything the template shows."""
    history = model.estimator.history_
    points = evaluation.points if evaluation and evaluation.n_rows > 1 else None
    return {
        "title": f"{printable(record['target']['name'])}: {words.title(model.estimator)}",
        "target": printable(record["target"]["name"]),
        "model": words.title(model.estimator),
        "source": printable(record["source"]["name"].rpartition("/")[2]),
        "created": record["created"].replace("T", " ").removesuffix("+00:00") + " UTC",
        "version": record["versions"]["schuss"],
        "headline": _headline(record["test"]),
        "scores": _scores(record["test"]),
        "unknown": record["test"]["rows_of_unknown_class"] if record["test"] else 0,
        "verdict": _verdict(record["verdict"]),
        "stop": words.stop_sentence(record["stop"]),
        "curves": figures.curves(history, _kept(record["stop"])) if len(history) > 1 else None,
        "losses": _losses(history),
        "watched": "validation_loss" in history.columns,
        "confusion": _confusion(model, evaluation),
        "points": figures.truth_and_prediction(points) if points is not None else None,
        "residuals": figures.residuals(points) if points is not None else None,
        "choice": _choice(record["choice"]),
        "influence": _influence(influence_of(model, _MOST_FEATURES)),
        "tree": [printable(line) for line in outline(model, _LEVELS)],
        "n_features": len(model.preparation.feature_names),
        "data": _data(record),
        "dropped": [(printable(one["name"]), printable(one["why"])) for one in record["columns"]["dropped"]],
        "notes": [printable(note) for note in record["notes"] if not note.startswith("column ")],
        "time": _time(record["seconds"]),
        "command": printable(shlex.join(record["command"])),
        "reproduce": _reproduce(record),
        "parameters": [(n, words.parameter_text(v)) for n, v in record["model"]["parameters"].items()],
    }


def _kept(stop: Mapping[str, Any]) -> int | None:
    """Return the iteration whose parameters the model has, if it is not the last."""
    return stop["best_iteration"] if stop["best_restored"] else None


def _headline(test: Mapping[str, Any] | None) -> dict[str, str] | None:
    if test is None:
        return None
    first = test["scores"][0]
    return {
        "name": first["name"],
        "value": words.score_text(first["name"], first["model"], 3),
        "guess": words.score_text(first["name"], first["constant_guess"], 3),
        "rows": words.count(test["rows"], "row"),
    }


def _scores(test: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    if test is None:
        return []
    return [
        {
            "name": one["name"],
            "model": words.score_text(one["name"], one["model"]),
            "guess": words.score_text(one["name"], one["constant_guess"]),
            "direction": "higher is better" if one["higher_is_better"] else "lower is better",
        }
        for one in test["scores"]
        if one["model"] is not None
    ]


def _verdict(verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": verdict["label"],
        "mood": _MOODS.get(verdict["label"], _CARE),
        "summary": verdict["summary"][:1].upper() + verdict["summary"][1:],
        "evidence": [one["sentence"] for one in verdict["evidence"]],
        "advice": verdict["advice"],
    }


def _losses(history: Any) -> list[tuple[str, str]]:
    """Last losses, for a fit that is one step and has no curve."""
    own = "training_loss" if "training_loss" in history.columns else "data_loss"
    names = [("training loss", own), ("validation loss", "validation_loss")]
    found = [(title, words.number(float(history[name][-1]))) for title, name in names if name in history.columns]
    if "training_loss" in history.baseline:
        found.append(("loss of a constant guess", words.number(history.baseline["training_loss"])))
    return found


def _confusion(model: TableModel, evaluation: Evaluation | None) -> dict[str, Any] | None:
    if evaluation is None or evaluation.confusion is None:
        return None
    matrix = evaluation.confusion
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
    labels = [printable(str(label)) for label in model.target.classes]
    rows = [
        {
            "label": labels[i],
            "cells": [
                {
                    "count": f"{matrix[i, j]:,}",
                    "share": round(100 * float(shares[i, j])),
                    "mood": _mood(i == j, matrix[i, j]),
                }
                for j in range(len(labels))
            ],
        }
        for i in range(len(labels))
    ]
    return {"labels": labels, "rows": rows}


def _mood(right: bool, count: int) -> str:
    return "right" if right else "wrong" if count else "none"


def _influence(found: Influence | None) -> dict[str, Any] | None:
    if found is None:
        return None
    largest = max((abs(value) for _, value in found.rows), default=0.0) or 1.0
    bars = [
        {
            "name": printable(name),
            "value": found.text(value, 3),
            "width": round(100 * abs(value) / largest, 1),
            "negative": value < 0,
        }
        for name, value in found.rows
    ]
    return {"title": found.title, "bars": bars, "note": found.note}


def _choice(choice: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if choice is None:
        return None
    why = choice["why"][:1].upper() + choice["why"][1:]
    return {"measure": choice["measure"], "rows": choice_rows(choice), "why": why}


def _data(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    facts = [("Table", source_text(record["source"]))]
    if record["test_source"]:
        facts.append(("Test table", source_text(record["test_source"])))
    facts += [
        ("Target", target_text(record["target"])),
        ("Columns", columns_text(record["columns"] | {"dropped": []})),
        ("Rows", rows_text(record["rows"]) + (", split by class" if record["rows"]["stratified"] else "")),
    ]
    return [(name, printable(value)) for name, value in facts]


def _time(seconds: Mapping[str, float]) -> dict[str, Any]:
    total = sum(seconds.values()) or 1.0
    phases = [
        {"name": name, "text": words.seconds(value), "share": round(100 * value / total, 2)}
        for name, value in seconds.items()
    ]
    return {"total": words.seconds(total), "phases": phases}


def _reproduce(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    threads, versions = record["model"]["threads"], record["versions"]
    facts = [
        ("Seed", str(record["seed"])),
        ("Threads", f"{threads['count']} ({threads['why']})"),
        ("Machine", record["machine"]),
        ("Versions", ", ".join(f"{name} {number}" for name, number in versions.items())),
        ("SHA-256", record["source"]["sha256"]),
    ]
    if record["test_source"]:
        facts.append(("SHA-256, test", record["test_source"]["sha256"]))
    return facts
