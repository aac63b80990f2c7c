# SPDX-License-Identifier: BSD-3-Clause
"""The column to predict: which task it sets, and how its values become what a model is fitted to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from schuss.data import values
from schuss.data.errors import DataError, nearest, shown

Task = Literal["classification", "regression"]
Label = str | bool | int | float

CLASSIFICATION: Task = "classification"
REGRESSION: Task = "regression"

# Whole numbers with few distinct values are classes; with many, amounts.
_MOST_NUMBERED_CLASSES = 20
_ROWS_PER_CLASS = 5
_MOST_CLASSES = 1000


@dataclass(frozen=True, slots=True)
class Target:
    """The target as the model sees it.

    Numbers are centred and scaled for fitting, so that a model's step sizes and penalty do not depend on
    whether a length is in metres or in miles; `restore` undoes it.

    Attributes
    ----------
    name : str
    task : {"classification", "regression"}
    classes : tuple
        Labels in order; empty for regression.
    counts : tuple of int
        Training rows of each class: what the constant guess knows.
    mean, scale : float
        Of the training rows; 0 and 1 for classification.
    power : float or None
        Of the Tweedie distribution that the numbers are taken to follow, as counts (1) or positive amounts
        (2), or as they come (0): they are then fitted as they are. None for numbers that are scaled.
    """

    name: str
    task: Task
    classes: tuple[Label, ...] = ()
    counts: tuple[int, ...] = ()
    mean: float = 0.0
    scale: float = 1.0
    power: float | None = None

    @classmethod
    def of(cls, table: pa.Table, name: str, task: Task | None = None, power: float | None = None) -> Target:
        """Find out what a target is.

        Parameters
        ----------
        table : pyarrow.Table
            Holds the target.
        name : str
        task : {"classification", "regression"} or None
            None lets the values decide: numbers with many distinct values are amounts, all else is classes.
        power : float or None, default=None
            See the attribute.

        Raises
        ------
        DataError
            If there is no such column, it has one value only, or it does not suit the task.
        """
        if name not in table.column_names:
            raise DataError(f"there is no column {shown(name)}{nearest(name, table.column_names)}")
        distinct = _distinct(table.column(name))
        if len(distinct) == 0:
            raise DataError(f"the target {shown(name)} is empty")
        if len(distinct) == 1:
            raise DataError(
                f"the target {shown(name)} is always {shown(distinct[0].as_py())}: there is nothing to learn"
            )
        task = task or _task(distinct, table.num_rows)
        if task == REGRESSION:
            _check_range(_amounts(table, name), name, power)
            return cls(name, task, power=power)
        return cls(name, task, _classes(distinct, name, table.num_rows))

    @property
    def labels(self) -> NDArray[Any]:
        """The classes as an array."""
        return np.array(self.classes)

    def known(self, table: pa.Table) -> NDArray[np.bool_]:
        """Return which rows of a table have a value of the target."""
        return ~np.isnan(self._numbers(table))

    def codes(self, table: pa.Table) -> NDArray[np.int64]:
        """Return the number of each row's class; -1 is a class never seen or missing."""
        return np.nan_to_num(self._numbers(table), nan=-1.0).astype(np.int64)

    def amounts(self, table: pa.Table) -> NDArray[np.float64]:
        """Return the target's numbers, in its own unit."""
        return self._numbers(table)

    def learn(self, y: NDArray[Any]) -> Target:
        """Return the target with what the training rows say: class counts, or mean and scale."""
        if self.task == CLASSIFICATION:
            counts = np.bincount(y, minlength=len(self.classes))
            return Target(self.name, self.task, self.classes, tuple(int(count) for count in counts))
        scale = float(np.std(y))
        scale = scale if scale > 0 else 1.0
        return Target(self.name, self.task, mean=float(np.mean(y)), scale=scale, power=self.power)

    def fitted_to(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return codes or numbers as the model is fitted to them."""
        return (y - self.mean) / self.scale if self._scales else y

    def restore(self, prediction: ArrayLike) -> NDArray[Any]:
        """Return a model's numbers in the target's own unit."""
        prediction = np.asarray(prediction, dtype=np.float64)
        return prediction * self.scale + self.mean if self._scales else prediction

    @property
    def _scales(self) -> bool:
        return self.task == REGRESSION and self.power is None

    def to_info(self) -> dict[str, Any]:
        """Return what `from_info` takes, for JSON."""
        return {
            "name": self.name,
            "task": self.task,
            "classes": list(self.classes),
            "counts": list(self.counts),
            "mean": self.mean,
            "scale": self.scale,
            "power": self.power,
        }

    @classmethod
    def from_info(cls, info: Mapping[str, Any]) -> Target:
        """Rebuild a target; raises ValueError, KeyError or TypeError if `info` does not fit."""
        name, task, classes = info["name"], info["task"], tuple(info["classes"])
        counts = tuple(int(count) for count in info["counts"])
        mean, scale = float(info["mean"]), float(info["scale"])
        power = info.get("power")
        if not isinstance(name, str) or task not in (CLASSIFICATION, REGRESSION):
            raise ValueError("unknown kind of target")
        if not (math.isfinite(mean) and math.isfinite(scale) and scale > 0):
            raise ValueError("the target's mean or scale is not usable")
        if power is not None and not (isinstance(power, float) and math.isfinite(power)):
            raise ValueError("the target's power is not usable")
        kinds = {type(label) for label in classes}
        if len(kinds) > 1 or not kinds <= {str, bool, int, float} or len(counts) != len(classes):
            raise ValueError("the classes do not fit together")
        if (task == CLASSIFICATION) != (len(classes) > 1):
            raise ValueError("the number of classes does not fit the task")
        return cls(name, task, classes, counts, mean, scale, power)

    def _numbers(self, table: pa.Table) -> NDArray[np.float64]:
        """Class numbers (-1 unseen) or amounts; NaN where missing."""
        if self.name not in table.column_names:
            raise DataError(f"there is no column {shown(self.name)}{nearest(self.name, table.column_names)}")
        column = table.column(self.name)
        if self.task == REGRESSION:
            return values.numbers(column, self.name)
        if isinstance(self.classes[0], str):
            held = values.texts(column)
            found = pc.fill_null(pc.index_in(held.distinct, value_set=pa.array(self.classes)), -1)
            return np.append(found.to_numpy(zero_copy_only=False).astype(np.float64), np.nan)[held.codes]
        raw = values.numbers(column, self.name)
        labels = np.array(self.classes, dtype=np.float64)
        at = np.clip(np.searchsorted(labels, raw), 0, len(labels) - 1)
        return np.where(np.isnan(raw), np.nan, np.where(labels[at] == raw, at, -1))


def _amounts(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Return a target's numbers, or say which value is none."""
    column = table.column(name)
    if values.is_text(column.type) and len(odd := values.odd_ones(values.texts(column).distinct)):
        first = shown(odd[0].as_py())
        raise DataError(f"the target {shown(name)} holds {first}, which is not a number; this model predicts numbers")
    return values.numbers(column, name)


def _check_range(numbers: NDArray[np.float64], name: str, power: float | None) -> None:
    """Refuse numbers that a Tweedie distribution of this power does not have."""
    if power is None or power < 1.0:
        return
    least = float(np.nanmin(numbers))
    if least < 0.0 or (least == 0.0 and power >= 2.0):
        allowed = "positive numbers" if power >= 2.0 else "numbers from zero on"
        raise DataError(
            f"the target {shown(name)} goes down to {least:g}, but this model is for {allowed}; a linear one takes any"
        )


def _distinct(column: pa.ChunkedArray) -> pa.Array:
    if values.is_text(column.type):
        return pc.unique(values.texts(column).distinct).sort()
    if not (values.is_number(column.type) or pa.types.is_boolean(column.type)):
        column = column.cast(pa.string())
    distinct = pc.unique(column).drop_null()
    if pa.types.is_floating(distinct.type):
        distinct = distinct.filter(pc.is_finite(distinct))
    return distinct.cast(pa.int8()).sort().cast(pa.bool_()) if pa.types.is_boolean(distinct.type) else distinct.sort()


def _task(distinct: pa.Array, n_rows: int) -> Task:
    if not values.is_number(distinct.type):
        return CLASSIFICATION
    few = len(distinct) <= max(2, min(_MOST_NUMBERED_CLASSES, n_rows // _ROWS_PER_CLASS))
    return CLASSIFICATION if few and _whole(distinct) else REGRESSION


def _classes(distinct: pa.Array, name: str, n_rows: int) -> tuple[Label, ...]:
    if values.is_number(distinct.type) and not _whole(distinct):
        raise DataError(f"the target {shown(name)} holds numbers that are not whole: they cannot be classes")
    if len(distinct) > min(_MOST_CLASSES, max(_MOST_NUMBERED_CLASSES, n_rows // _ROWS_PER_CLASS)):
        raise DataError(f"the target {shown(name)} has {len(distinct):,} distinct values, too many to be classes")
    labels = distinct.to_pylist()
    return tuple(label if isinstance(label, str | bool) else int(label) for label in labels)


def _whole(distinct: pa.Array) -> bool:
    numbers = distinct.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return bool(np.all(numbers == np.round(numbers)))
