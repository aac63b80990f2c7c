# SPDX-License-Identifier: BSD-3-Clause
"""What a program stores beside a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from schuss.persistence._errors import ModelFileError
from schuss.persistence._reader import Reader
from schuss.persistence._writer import Writer


@dataclass(frozen=True)
class Extras:
    """JSON and named arrays stored beside a model, opaque to this package.

    Parameters
    ----------
    kind : str
        Name and version of the layout, for example ``"table/1"``; a reader refuses a kind
        that it does not know.
    info : mapping of str to JSON
        None, bool, int, finite float, str, list, and dict with str keys. The order of a
        dict's keys is not kept; where order matters, use lists. Tuples are refused,
        since they would come back as lists.
    arrays : mapping of str to ndarray
        Bool, integer and float arrays of any shape (not finite numbers included) and
        one-dimensional arrays of strings (``<U`` or objects).
    """

    kind: str
    info: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def write_extras(extras: Extras, writer: Writer) -> dict[str, Any]:
    """Return the JSON form of extras; their arrays go to the writer."""
    if not isinstance(extras, Extras):
        raise TypeError(f"extras must be an Extras, not a {type(extras).__name__}")
    _check_json("extras.info", extras.info)
    for name, array in extras.arrays.items():
        if not isinstance(name, str) or not isinstance(array, np.ndarray):
            raise TypeError("extras.arrays must map strings to arrays")
    return {
        "kind": str(extras.kind),
        "info": dict(extras.info),
        "arrays": {name: writer.value(f"extras.{name}", array) for name, array in extras.arrays.items()},
    }


def read_extras(stored: Any, reader: Reader) -> Extras:
    """Return the extras that `write_extras` stored."""
    fits = (
        isinstance(stored, dict)
        and set(stored) == {"kind", "info", "arrays"}
        and isinstance(stored["kind"], str)
        and isinstance(stored["info"], dict)
        and isinstance(stored["arrays"], dict)
    )
    if not fits:
        raise ModelFileError("the extras of the file are not in the form schuss writes")
    arrays = {}
    for name, form in stored["arrays"].items():
        arrays[name] = reader.value(f"extras.{name}", form)
        if not isinstance(arrays[name], np.ndarray):
            raise ModelFileError(f"the extra {name!r} is not an array")
    return Extras(stored["kind"], stored["info"], arrays)


def _check_json(name: str, value: Any) -> None:
    """Refuse what JSON would change on the way out and back."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError(f"{name} has the key {key!r}, which is not a string")
            _check_json(f"{name}[{key!r}]", item)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check_json(f"{name}[{i}]", item)
    elif value is not None and type(value) not in (bool, int, float, str):
        kind = type(value).__name__
        raise TypeError(f"{name} is a {kind}, which is not a JSON value")
    elif isinstance(value, float) and value - value != 0:
        raise ValueError(f"{name} is {value}, which JSON has no number for")
