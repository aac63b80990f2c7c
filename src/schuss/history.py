# SPDX-License-Identifier: BSD-3-Clause
"""What happened during a fit: one record of numbers per iteration."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


class History(Sequence[dict[str, float]]):
    """Records of a training run, one per iteration, readable by row and by column.

    ``history[i]`` is the record of iteration ``i`` as a dict; ``history["data_loss"]``
    is that column as a float64 array. A value that was not recorded is NaN.

    Parameters
    ----------
    records : iterable of mapping, default=()
        Records to begin with.
    baseline : mapping or None, default=None
        See the attribute.

    Attributes
    ----------
    columns : tuple of str
        Names of all recorded values, in the order of their first appearance.
    baseline : dict of str to float
        Mean loss of the best constant guess, under the keys ``"training_loss"`` and
        ``"validation_loss"`` as far as they are known. A model is worth something only
        in comparison with it.

    Examples
    --------
    >>> history = History()
    >>> history.append({"data_loss": 0.7, "seconds": 0.1})
    >>> history.append({"data_loss": 0.5, "seconds": 0.1})
    >>> history[-1]["data_loss"]
    0.5
    >>> history["data_loss"]
    array([0.7, 0.5])
    """

    def __init__(
        self,
        records: Sequence[Mapping[str, float]] = (),
        *,
        baseline: Mapping[str, float] | None = None,
    ) -> None:
        # By column: a stream of a million partial fits costs eight bytes a number.
        self._data: dict[str, array[float]] = {}
        self._length = 0
        self.baseline: dict[str, float] = dict(baseline or {})
        for record in records:
            self.append(record)

    def append(self, record: Mapping[str, float]) -> None:
        """Add the record of the next iteration."""
        for name in record:
            if name not in self._data:
                self._data[name] = array("d", [math.nan]) * self._length
        for name, column in self._data.items():
            column.append(record.get(name, math.nan))
        self._length += 1

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self._data)

    def __len__(self) -> int:
        return self._length

    def __contains__(self, item: object) -> bool:
        """Whether a column (given its name) or a record (given a mapping) is present."""
        return item in self._data if isinstance(item, str) else super().__contains__(item)

    @overload
    def __getitem__(self, key: int) -> dict[str, float]: ...
    @overload
    def __getitem__(self, key: slice) -> History: ...
    @overload
    def __getitem__(self, key: str) -> NDArray[np.float64]: ...

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self._column(key)
        positions = range(self._length)[key]
        if isinstance(key, slice):
            return History([self[i] for i in positions], baseline=self.baseline)
        return {name: column[positions] for name, column in self._data.items()}

    def _column(self, name: str) -> NDArray[np.float64]:
        if name not in self._data:
            known = ", ".join(self._data) or "none yet"
            raise KeyError(f"no column {name!r}; recorded columns: {known}")
        return np.array(self._data[name], dtype=np.float64)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole history as plain lists and dicts, ready for JSON.

        NaN becomes ``None`` and the infinities become words, because JSON has none of
        them.
        """
        columns = {name: [_to_json(v) for v in column] for name, column in self._data.items()}
        baseline = {name: _to_json(value) for name, value in self.baseline.items()}
        return {"n_records": len(self), "columns": columns, "baseline": baseline}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> History:
        """Rebuild a history from what `to_dict` returned.

        Raises
        ------
        ValueError
            If the columns are not all ``n_records`` long.
        """
        history = cls(baseline={k: _from_json(v) for k, v in data["baseline"].items()})
        history._length = int(data["n_records"])
        for name, values in data["columns"].items():
            history._data[name] = array("d", map(_from_json, values))
        if any(len(column) != len(history) for column in history._data.values()):
            raise ValueError(f"every column of this history needs {len(history)} values")
        return history

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"History({len(self)} records of {', '.join(self._data) or 'nothing'})"


def _to_json(value: float) -> float | str | None:
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else str(value)


def _from_json(value: float | str | None) -> float:
    return math.nan if value is None else float(value)
