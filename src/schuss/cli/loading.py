# SPDX-License-Identifier: BSD-3-Clause
"""A model file and a table to use it on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from schuss.cli.errors import CommandError
from schuss.data import Source, TableModel, read_source
from schuss.data.errors import closest, shown


def load_model(where: str, threads: int | None = None) -> TableModel:
    """Read a model file.

    Raises
    ------
    CommandError, ModelFileError
        If there is none, or it is broken or foreign.
    """
    path = Path(where)
    if path.is_dir():
        raise CommandError(f"{shown(where, 300)} is a directory, not a model file")
    if not path.exists():
        near = [str(other) for other in path.parent.glob("*.schuss")] if path.parent.is_dir() else []
        raise CommandError(f"there is no model file {shown(where, 300)}{closest(where, near)}")
    try:
        model = TableModel.load(path)
    except OSError as error:
        raise CommandError(f"{shown(where, 300)} cannot be read: {error.strerror or error}") from error
    if threads and "n_threads" in model.estimator.get_params():
        model.estimator.set_params(n_threads=threads)
        pa.set_cpu_count(threads)
    return model


def read_for(model: TableModel, where: str) -> Source:
    """Read a table for a model: what it learnt as texts is read as texts."""
    return read_source(where, text_columns=_texts(model))


def unused_columns(model: TableModel, source: Source) -> list[str]:
    """Return the columns of a table that the model never saw."""
    known = {column.name for column in model.preparation.columns} | {model.target.name}
    return [name for name in source.table.column_names if name not in known]


def _texts(model: TableModel) -> Sequence[str]:
    labels = [model.target.name] if model.target.classes and isinstance(model.target.classes[0], str) else []
    return [*model.preparation.text_columns, *labels]
