# SPDX-License-Identifier: BSD-3-Clause
"""The record of a run as JSON values: printed by ``--json``, kept in the model file, shown in the report."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from schuss.cli.tables import Tables
from schuss.data import Source
from schuss.data.columns import Kind
from schuss.data.evaluation import Evaluation

SCHEMA = 1
_LIBRARIES = ("schuss", "numpy", "scipy", "scikit-learn", "pyarrow")


def describe_tables(tables: Tables) -> dict[str, Any]:
    """Return sources, target, columns and rows."""
    columns = tables.preparation.columns
    kinds = [kind for kind in Kind if kind is not Kind.DROPPED]
    target = tables.target
    return {
        "source": describe_source(tables.source),
        "test_source": describe_source(tables.test_source) if tables.test_source else None,
        "target": {
            "name": target.name,
            "task": target.task,
            "classes": [
                {"label": label, "training_rows": count}
                for label, count in zip(target.classes, target.counts, strict=True)
            ],
        },
        "columns": {
            "kinds": {str(kind): sum(c.kind is kind for c in columns) for kind in kinds},
            "dropped": [{"name": c.name, "why": c.why} for c in columns if c.kind is Kind.DROPPED],
            "features": len(tables.preparation.feature_names),
        },
        "rows": {
            "training": len(tables.training[1]),
            "validation": len(tables.validation[1]),
            "test": len(tables.test[1]),
            "stratified": tables.stratified,
        },
    }


def describe_source(source: Source) -> dict[str, Any]:
    """Return a table's name, size and fingerprint."""
    return {
        "name": source.name,
        "format": source.format,
        "rows": source.table.num_rows,
        "columns": source.table.num_columns,
        "sha256": source.fingerprint,
    }


def describe_model(estimator: Any, family: str, threads: tuple[int, str]) -> dict[str, Any]:
    """Return class, parameters and threads."""
    return {
        "family": family,
        "class": f"{'.'.join(type(estimator).__module__.split('.')[:2])}.{type(estimator).__name__}",
        "parameters": {name: plain(value) for name, value in estimator.get_params(deep=False).items()},
        "threads": {"count": threads[0], "why": threads[1]},
    }


def describe_stop(estimator: Any) -> dict[str, Any]:
    """Return why and when the fit ended."""
    best = getattr(estimator, "best_iteration_", None)
    return {
        "reason": str(estimator.stop_reason_),
        "iterations": len(estimator.history_),
        "unit": _unit(estimator),
        "best_iteration": None if best is None else int(best),
        "best_restored": best is not None and bool(estimator.get_params().get("early_stopping")),
    }


def _unit(estimator: Any) -> str:
    """What a record of the history is one of."""
    if not hasattr(estimator, "tree_"):
        return "iteration"
    return "level" if estimator.max_leaf_nodes is None else "step"


def describe_evaluation(evaluation: Evaluation) -> dict[str, Any]:
    """Return rows and scores."""
    return {
        "rows": evaluation.n_rows,
        "rows_of_unknown_class": evaluation.n_unknown,
        "scores": [score.to_info() for score in evaluation.scores],
    }


def surroundings() -> dict[str, Any]:
    """Return when, where and with what this happens: what one needs to do it again."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": ["schuss", *sys.argv[1:]],
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES},
    }


def plain(value: Any) -> Any:
    """Return a value as JSON knows it; what JSON does not know as a text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if abs(value) < float("inf") else str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)
