# SPDX-License-Identifier: BSD-3-Clause
"""The way back from JSON plus named arrays to Python values; `_writer` describes the form."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy import sparse

from schuss.persistence._errors import ModelFileError
from schuss.persistence._json import dump
from schuss.persistence._text import decode_text
from schuss.persistence._trees import put_together
from schuss.persistence._writer import MAX_INT, Writer
from schuss.tree._nodes import Trees

_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Reader:
    """Turns JSON back into values; ``unused`` holds the arrays nobody asked for yet."""

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.unused = dict(arrays)
        self._kinds: dict[str, Callable[[str, Any], Any]] = {
            "float": self._float,
            "scalar": self._scalar,
            "numbers": self._numbers,
            "text": self._text,
            "csr": self._csr,
            "list": self._list,
            "tuple": lambda name, stored: tuple(self._list(name, stored)),
            "set": lambda name, stored: set(self._members(name, stored)),
            "frozenset": lambda name, stored: frozenset(self._members(name, stored)),
            "dict": self._dict,
            "random_state": self._random_state,
            "trees": self._trees,
        }

    def value(self, name: str, stored: Any) -> Any:
        """Return the value that `Writer.value` stored under this name."""
        if isinstance(stored, int) and abs(stored) >= MAX_INT:
            raise ModelFileError(f"{name} is too large an integer")
        if stored is None or isinstance(stored, (bool, int, float, str)):
            return stored
        if not isinstance(stored, dict) or len(stored) != 1:
            raise ModelFileError(f"{name} is not in the form schuss writes")
        ((kind, content),) = stored.items()
        if kind not in self._kinds:
            raise ModelFileError(f"{name} is of the unknown kind {kind!r}")
        return self._kinds[kind](name, content)

    def finish(self) -> None:
        """Insist that every array of the file was used."""
        if self.unused:
            raise ModelFileError(f"the file holds an unknown array {min(self.unused)!r}")

    def array(self, name: str, dtype: str) -> np.ndarray:
        """Take an array of the given dtype."""
        if name not in self.unused:
            raise ModelFileError(f"the file lacks the array {name!r}")
        array = self.unused.pop(name)
        if array.dtype.name != dtype:
            raise ModelFileError(f"the array {name!r} is of type {array.dtype}, not {dtype}")
        return array

    def _numbers(self, name: str, dtype: Any) -> np.ndarray:
        return self.array(name, dtype)

    def _text(self, name: str, dtype: Any) -> np.ndarray:
        return decode_text(name, self.array(name, "uint8"), dtype)

    def _float(self, name: str, word: Any) -> float:
        if not isinstance(word, str) or word not in _WORDS:
            raise ModelFileError(f"{name} is not a number")
        return _WORDS[word]

    def _scalar(self, name: str, content: Any) -> np.generic:
        dtype, stored = self._some(name, content, str, object)
        value = self.value(name, stored)
        try:
            scalar: np.generic = np.dtype(dtype).type(value)
        except (TypeError, ValueError, OverflowError):
            raise ModelFileError(f"{name} is not a scalar of type {dtype}") from None
        if dump(Writer().value(name, scalar)) != dump({"scalar": content}):  # as text, for 0 == 0.0
            raise ModelFileError(f"{name} is not a scalar of type {dtype}")
        return scalar

    def _csr(self, name: str, content: Any) -> Any:
        kind, shape = self._some(name, content, str, list)
        if kind not in ("matrix", "array") or len(shape) not in (1, 2) or not all(_is(size, int) for size in shape):
            raise ModelFileError(f"{name} is not in the form schuss writes")
        parts = [self._any(f"{name}.{part}") for part in ("data", "indices", "indptr")]
        _check_csr(name, *parts, shape=shape)
        try:
            array = sparse.csr_array(tuple(parts), shape=shape)
        except ValueError as error:  # one dimension, or indices of int64, in an older SciPy
            raise ModelFileError(f"{name} is a sparse matrix this SciPy cannot hold ({error})") from None
        return array if kind == "array" else sparse.csr_matrix(array)

    def _any(self, name: str) -> np.ndarray:
        return self.array(name, str(getattr(self.unused.get(name), "dtype", "")))

    def _list(self, name: str, content: Any) -> list[Any]:
        if not isinstance(content, list):
            raise ModelFileError(f"{name} is not a list")
        return [self.value(f"{name}.{i}", item) for i, item in enumerate(content)]

    def _members(self, name: str, content: Any) -> list[int]:
        members = self._list(name, content)
        if not all(_is(member, int) for member in members) or sorted(set(members)) != members:
            raise ModelFileError(f"{name} is not a set of integers, ascending")
        return members

    def _dict(self, name: str, content: Any) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for i, pair in enumerate(content if isinstance(content, list) else [None]):
            stored_key, stored = self._some(f"{name}.{i}", pair, object, object)
            key = self.value(f"{name}.{i}.key", stored_key)
            if not isinstance(key, (str, int, float, np.generic)) or key in result:
                raise ModelFileError(f"{name} has the same key twice or a strange one")
            result[key] = self.value(f"{name}.{i}", stored)
        return result

    def _trees(self, name: str, content: Any) -> Trees:
        n_features, n_outputs, there = self._some(name, content, int, int, list)
        return put_together(name, n_features, n_outputs, there, self.array)

    def _random_state(self, name: str, content: Any) -> np.random.RandomState:
        position, has_gauss, cached = self._some(name, content, int, int, float)
        keys = self.array(name, "uint32")
        if keys.shape != (624,) or not 0 <= position <= 624 or has_gauss not in (0, 1):
            raise ModelFileError(f"{name} is not the state of a random generator")
        random_state = np.random.RandomState(0)
        random_state.set_state(("MT19937", keys, position, has_gauss, cached))
        return random_state

    def _some(self, name: str, content: Any, *types: type) -> list[Any]:
        """Insist on a list of as many items, of these types."""
        if isinstance(content, list) and len(content) == len(types) and all(map(_is, content, types)):
            return content
        raise ModelFileError(f"{name} is not in the form schuss writes")


def _is(value: Any, wanted: type) -> bool:
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))


def _check_csr(
    name: str,
    data: np.ndarray,
    indices: np.ndarray,
    indptr: np.ndarray,
    *,
    shape: list[int],
) -> None:
    """Check all that the kernels and SciPy take for granted about a sparse matrix."""
    *some, columns = shape
    rows = some[0] if some else 1
    flat = data.ndim == indices.ndim == indptr.ndim == 1
    integers = indices.dtype == indptr.dtype and indices.dtype.name in ("int32", "int64")
    if not (flat and integers and len(indptr) == rows + 1 and len(data) == len(indices)):
        raise ModelFileError(f"{name} is not a sparse matrix of shape {tuple(shape)}")
    if indptr[0] != 0 or indptr[-1] != len(data) or np.any(np.diff(indptr) < 0):
        raise ModelFileError(f"the rows of the sparse matrix {name} do not add up")
    row = np.repeat(np.arange(rows), np.diff(indptr))
    ascending = np.all((np.diff(row) > 0) | (np.diff(indices) > 0))
    inside = not len(indices) or (indices.min() >= 0 and indices.max() < columns)
    if not (ascending and inside):
        raise ModelFileError(f"the columns of the sparse matrix {name} are out of order")
