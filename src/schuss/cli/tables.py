# SPDX-License-Identifier: BSD-3-Clause
"""From the person's options to the arrays a model is fitted to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schuss.cli.errors import CommandError
from schuss.data import Preparation, Source, Target, read_source
from schuss.data.columns import Column, Kind, classify_columns
from schuss.data.errors import DataError, printable, shown
from schuss.data.plain import Form
from schuss.data.split import Split, split_rows
from schuss.data.table_model import rows_of
from schuss.data.target import CLASSIFICATION, Task
from schuss.report import words

Watch = Callable[[str], AbstractContextManager[None]]
Part = tuple[NDArray[np.float32], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """Which rows and columns there are, before anything is learnt from them."""

    table: pa.Table
    columns: list[Column]
    split: Split
    test_table: pa.Table


@dataclass(frozen=True, slots=True)
class Tables:
    """What a fit needs.

    Attributes
    ----------
    source : Source
    test_source : Source or None
        The second table, if there is one.
    rows : Rows
    form : Form
    preparation : Preparation
    target : Target
    training, validation, test : tuple of ndarray
        Features of shape (n_rows, n_features) and truth of shape (n_rows,): class numbers, or amounts in
        the target's unit. Validation and test may have no rows.
    stratified : bool
    notes : list of str
        Sentences on what was done that nobody asked for.
    """

    source: Source
    test_source: Source | None
    rows: Rows
    form: Form
    preparation: Preparation
    target: Target
    training: Part
    validation: Part
    test: Part
    notes: list[str] = field(default_factory=list)

    @property
    def stratified(self) -> bool:
        """Whether classes keep their shares in every part."""
        return self.rows.split.stratified

    def prepared_for(self, form: Form, power: float | None) -> Tables:
        """Return the same rows in another form; these themselves if they have it."""
        if (form, power) == (self.form, self.target.power):
            return self
        target = replace(self.target, power=power)
        return _prepared(self.source, self.test_source, self.rows, target, form, self.notes)


def make_tables(
    source: Source,
    target_name: str,
    *,
    task: Task | None,
    power: float | None = None,
    form: Form = Form.SCALED,
    test: str | None,
    test_size: float,
    val_size: float,
    keep: Collection[str],
    drop: Collection[str],
    seed: int,
    watch: Watch,
) -> Tables:
    """Find out what the columns are, split the rows and prepare all parts.

    Raises
    ------
    DataError, CommandError
        If the tables do not suit.
    """
    notes: list[str] = []
    with watch("preparing"):
        target = Target.of(source.table, target_name, task, power)
        if target_name in drop:
            raise CommandError(f"--drop {shown(target_name)} is the target")
        table = _labelled(source.table, target, notes)
        columns = classify_columns(table.drop_columns([target_name]), keep=keep, drop=drop)
        notes += [f"column {shown(c.name)} is not used: {c.why}" for c in columns if c.why]
        notes += [
            f"column {shown(c.name)}: {words.listing([shown(m) for m in c.markers])} taken for missing"
            for c in columns
            if c.markers
        ]
        notes += _infinite(table, columns)
        split = split_rows(
            truth_of(target, table),
            classes=target.task == CLASSIFICATION,
            val_size=val_size,
            test_size=0.0 if test else test_size,
            seed=seed,
        )
        target = _trained_classes(target, table, split, notes)
    test_source = None
    test_table = rows_of(table, split.test)
    if test:
        with watch("reading"):
            test_source = read_source(test, text_columns=text_columns(table))
            with _naming(test):
                test_table = _labelled(test_source.table, target, notes, test)
    with watch("preparing"):
        rows = Rows(table, columns, split, test_table)
        notes += _extra_columns(test_source, table)
        return _prepared(source, test_source, rows, target, form, notes)


def text_columns(table: pa.Table) -> list[str]:
    """Return the columns that must be read as text in a second file too."""
    from schuss.data.values import is_text

    return [field.name for field in table.schema if is_text(field.type)]


def truth_of(target: Target, table: pa.Table) -> NDArray[Any]:
    """Return class numbers, or amounts in the target's unit."""
    return target.codes(table) if target.task == CLASSIFICATION else target.amounts(table)


def _prepared(
    source: Source, test_source: Source | None, rows: Rows, target: Target, form: Form, notes: list[str]
) -> Tables:
    """Learn from the training rows, and work out the features and the truth of each part."""
    training_table = rows_of(rows.table, rows.split.train)
    preparation = Preparation.learn(training_table, rows.columns, form)
    target = target.learn(truth_of(target, training_table))
    training = _part(preparation, target, training_table)
    validation = _part(preparation, target, rows_of(rows.table, rows.split.validation))
    if target.task == CLASSIFICATION:  # a class that training lacks cannot be watched
        validation = validation[0][validation[1] >= 0], validation[1][validation[1] >= 0]
    with _naming(test_source.name) if test_source else nullcontext():
        tested = _part(preparation, target, rows.test_table)
    return Tables(source, test_source, rows, form, preparation, target, training, validation, tested, notes)


@contextmanager
def _naming(where: str) -> Iterator[None]:
    """Say of what is wrong with a table which one it is."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{shown(where, 300)}: {error}") from error


def _part(preparation: Preparation, target: Target, table: pa.Table) -> Part:
    return preparation.transform(table), truth_of(target, table)


def _labelled(table: pa.Table, target: Target, notes: list[str], where: str | None = None) -> pa.Table:
    """Leave out the rows without a value of the target."""
    known = target.known(table)
    if known.all():
        return table
    if not known.any():
        raise DataError(f"no row of {shown(where or 'the table')} has a value of {shown(target.name)}")
    n_lost = int((~known).sum())
    place = f" of {shown(where)}" if where else ""
    lost, was = ("has", "was") if n_lost == 1 else ("have", "were")
    notes.append(f"{words.count(n_lost, 'row')}{place} {lost} no {shown(target.name)} and {was} left out")
    return table.filter(pa.array(known))


def _infinite(table: pa.Table, columns: Collection[Column]) -> list[str]:
    """Name the columns that hold infinite values, which models take for missing."""
    counts = {
        c.name: pc.sum(pc.is_inf(table.column(c.name))).as_py() or 0
        for c in columns
        if c.kind is Kind.NUMBER and pa.types.is_floating(table.column(c.name).type)
    }
    return [
        f"column {shown(name)}: {words.count(n, 'infinite value')} taken for missing" for name, n in counts.items() if n
    ]


def _trained_classes(target: Target, table: pa.Table, split: Split, notes: list[str]) -> Target:
    """Return the target with only those classes that the training rows have."""
    if target.task != CLASSIFICATION:
        return target
    codes = target.codes(table)
    counts = np.bincount(codes[split.train], minlength=len(target.classes))
    if (counts > 0).all():
        if not split.stratified:
            notes.append("some classes have too few rows to be in every part by their share")
        return target
    lost = [shown(label) for label, n in zip(target.classes, counts, strict=True) if not n]
    notes.append(f"no training row is of {'class' if len(lost) == 1 else 'classes'} {words.listing(lost)}")
    left = tuple(label for label, n in zip(target.classes, counts, strict=True) if n)
    if len(left) < 2:
        raise DataError(f"all training rows are of one class of {shown(target.name)}: there is nothing to learn")
    return Target(target.name, target.task, left)


def _extra_columns(source: Source | None, table: pa.Table) -> list[str]:
    if source is None:
        return []
    extra = [name for name in source.table.column_names if name not in table.column_names]
    if not extra:
        return []
    return [f"{printable(source.name)} has columns that training had not: {words.listing([shown(n) for n in extra])}"]
