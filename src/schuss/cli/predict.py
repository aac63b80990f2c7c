# SPDX-License-Identifier: BSD-3-Clause
"""``schuss predict``: the target of every row of a table."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa

from schuss.cli.console import make_console, plain
from schuss.cli.errors import CommandError
from schuss.cli.files import check_output
from schuss.cli.loading import load_model, read_for, unused_columns
from schuss.data import TableModel
from schuss.data.errors import DataError, shown
from schuss.report import words

PREDICTION = "prediction"
_FORMATS = (".csv", ".csv.gz", ".parquet", ".arrow", ".feather")


def predict(model_file: str, source: str, *, out: str | None, proba: bool, threads: int | None) -> None:
    """Write the predictions for a table, one row for each of its rows, in its order.

    The columns are ``prediction`` and, if asked for, ``probability of LABEL`` for each class.

    Raises
    ------
    CommandError, DataError, ModelFileError
        For a mistake in the files; nothing is written then.
    """
    path = None
    if out is not None:
        path = check_output(out, "--out", [model_file, source])
        if not out.lower().endswith(_FORMATS):
            raise CommandError(f"--out {shown(out)} must end in one of {', '.join(_FORMATS)}")
    model = load_model(model_file, threads)
    if proba and not model.has_probabilities:
        raise DataError(_no_probabilities(model))
    table = read_for(model, source)
    predictions = predict_table(model, table.table, proba=proba)
    if path is None:
        write_csv(predictions, sys.stdout.buffer)
    else:
        _write_file(predictions, path)
    events = make_console(stderr=True)
    if unused := unused_columns(model, table):
        names = words.listing([shown(name) for name in unused])
        events.print(plain(f"note: not used, since training had no such columns: {names}", "dim"))
    if path is not None:
        events.print(plain(f"Wrote {words.count(predictions.num_rows, 'prediction')} to {path}"))


def predict_table(model: TableModel, table: pa.Table, *, proba: bool = False) -> pa.Table:
    """Return the predictions as a table."""
    features = model.preparation.transform(table)
    columns = {PREDICTION: pa.array(model.predict_prepared(features))}
    if proba:
        shares = model.estimator.predict_proba(features)
        for k, label in enumerate(model.target.classes):
            columns[f"probability of {_label_text(label)}"] = pa.array(shares[:, k])
    return pa.table(columns)


def write_csv(table: pa.Table, sink: object) -> None:
    """Write a table as CSV to an open binary file or an Arrow stream."""
    from pyarrow import csv

    csv.write_csv(table, sink, csv.WriteOptions(quoting_style="needed"))


def _write_file(table: pa.Table, path: Path) -> None:
    from schuss.persistence._atomic import write_atomically

    buffer = pa.BufferOutputStream()
    name = path.name.lower()
    if name.endswith(".parquet"):
        from pyarrow import parquet

        parquet.write_table(table, buffer)
    elif name.endswith((".arrow", ".feather")):
        with pa.ipc.new_file(buffer, table.schema) as writer:
            writer.write_table(table)
    elif name.endswith(".gz"):
        with pa.CompressedOutputStream(buffer, "gzip") as packed:
            write_csv(table, packed)
    else:
        write_csv(table, buffer)
    write_atomically(path, [memoryview(buffer.getvalue())])


def _label_text(label: object) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def _no_probabilities(model: TableModel) -> str:
    if not model.target.classes:
        return f"--proba: the model predicts {shown(model.target.name)} as a number, which has no class probabilities"
    return "--proba: the loss the model was trained with gives no probabilities"
