# SPDX-License-Identifier: BSD-3-Clause
"""``schuss evaluate``: the scores of a model on a table that has the target."""

from __future__ import annotations

import json as json_library

import pyarrow as pa

from schuss.cli.console import make_console, plain
from schuss.cli.loading import load_model, read_for, unused_columns
from schuss.cli.record import describe_evaluation, describe_source, surroundings
from schuss.cli.summary import Teller
from schuss.cli.tables import truth_of
from schuss.data.errors import DataError, shown
from schuss.data.evaluation import evaluate_model
from schuss.report import words
from schuss.report.facts import source_text


def evaluate(model_file: str, source_name: str, *, threads: int | None, json: bool) -> None:
    """Print the scores beside those of a constant guess.

    Raises
    ------
    CommandError, DataError, ModelFileError
        For a mistake in the files.
    """
    model = load_model(model_file, threads)
    source = read_for(model, source_name)
    known = model.target.known(source.table)
    if not known.any():
        raise DataError(f"no row of {shown(source_name)} has a value of {shown(model.target.name)}")
    table = source.table if known.all() else source.table.filter(pa.array(known))
    evaluation = evaluate_model(model, model.preparation.transform(table), truth_of(model.target, table))
    test = describe_evaluation(evaluation)
    if json:
        record = {"schema": 1, "model": model_file, "source": describe_source(source), "test": test} | surroundings()
        print(json_library.dumps(record, ensure_ascii=False, allow_nan=False, indent=2))
        return
    console = make_console()
    console.print(plain(source_text(describe_source(source))))
    notes = []
    if unused := unused_columns(model, source):
        notes.append(f"not used, since training had no such columns: {words.listing([shown(n) for n in unused])}")
    if n_lost := int((~known).sum()):
        notes.append(f"left out: {words.count(n_lost, 'row')} without a value of {shown(model.target.name)}")
    for note in notes:
        console.print(plain(f"note: {note}", "dim"))
    Teller(console).scores(test)
