# SPDX-License-Identifier: BSD-3-Clause
"""``schuss show``: what a model file holds."""

from __future__ import annotations

import json as json_library
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from schuss.cli.console import columns, facts, heading, make_console, say
from schuss.cli.loading import load_model
from schuss.cli.progress import losses
from schuss.cli.record import plain
from schuss.cli.summary import Teller
from schuss.data import TableModel
from schuss.data.target import CLASSIFICATION
from schuss.persistence import ModelFileError, describe
from schuss.report import words
from schuss.report.facts import table_facts
from schuss.report.influence import influence_of
from schuss.report.outline import outline

_MOST_FEATURES = 8
_LEVELS = 3  # of a tree
_MOST_ITERATIONS = 8


def show(model_file: str, *, json: bool) -> None:
    """Print what a model is: table, parameters, history, verdict, scores, versions.

    Raises
    ------
    CommandError, ModelFileError
        If there is no model file, or it is broken.
    """
    model = load_model(model_file)
    about = describe(model_file)
    if json:
        print(json_library.dumps(_record(model, about), ensure_ascii=False, allow_nan=False, indent=2))
        return
    console = make_console()
    heading(console, f"{words.title(model.estimator)}, {words.size(about['bytes'])}, {Path(model_file).name}")
    try:
        _show_run(console, model, about)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise ModelFileError(f"{Path(model_file).name} describes its training wrongly") from error


def _show_run(console: Console, model: TableModel, about: Mapping[str, Any]) -> None:
    run, teller = model.run, Teller(console)
    if run:
        facts(console, [*table_facts(run), ("trained", run["created"]), ("sha256", run["source"]["sha256"])])
    heading(console, "Parameters")
    changed = {name: value for name, value in about["params"].items() if not _is_default(model, name, value)}
    facts(
        console, [(name, words.parameter_text(value)) for name, value in changed.items()] or [("", "all as by default")]
    )
    found = influence_of(model, _MOST_FEATURES)
    if found is not None:
        heading(console, found.title)
        columns(console, ("feature", found.column), [(name, found.text(value)) for name, value in found.rows])
    if lines := outline(model, _LEVELS):
        heading(console, "The tree")
        for line in lines:
            say(console, line)
    if run.get("choice"):
        teller.choice(run["choice"])
    if about["history"]:
        heading(console, "History")
        show_history(console, about["history"])
    if run.get("stop"):
        teller.stop(run["stop"])
    if run.get("test"):
        teller.scores(run["test"])
    if about["verdict"]:
        teller.verdict(about["verdict"].to_dict())
    heading(console, "Made with")
    facts(console, about["versions"].items())


def show_history(console: Console, history: Any) -> None:
    """Print the curve as a line of bars, and its first and last records."""
    training = [losses(record)[0] for record in history]
    total = history["seconds"].cumsum()
    wanted = list(range(len(history)))
    if len(wanted) > _MOST_ITERATIONS:
        half = _MOST_ITERATIONS // 2
        wanted = [*wanted[:half], *wanted[-half:]]
    rows = []
    for i in wanted:
        if i and i - 1 not in wanted:
            rows.append(("…", "", "", ""))
        pair = losses(history[i])
        rows.append((str(i + 1), words.number(pair[0]), words.number(pair[1]), f"{total[i]:.3f}"))
    columns(console, ("iteration", "training loss", "validation loss", "seconds"), rows)
    if len(history) > 2:
        facts(console, [("training loss", words.sparkline(training))])


def _is_default(model: TableModel, name: str, value: Any) -> bool:
    return bool(plain(type(model.estimator)().get_params()[name]) == plain(value))


def _record(model: TableModel, about: Mapping[str, Any]) -> dict[str, Any]:
    history, verdict = about["history"], about["verdict"]
    return {
        "schema": 1,
        "estimator": about["estimator"],
        "task": model.target.task,
        "classes": list(model.target.classes) if model.target.task == CLASSIFICATION else None,
        "parameters": {name: plain(value) for name, value in about["params"].items()},
        "features": list(model.preparation.feature_names),
        "stop_reason": about["stop_reason"],
        "history": history.to_dict() if history else None,
        "verdict": verdict.to_dict() if verdict else None,
        "versions": about["versions"],
        "bytes": about["bytes"],
        "run": dict(model.run),
    }
