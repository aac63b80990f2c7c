# SPDX-License-Identifier: BSD-3-Clause
"""Python values as JSON plus named arrays, and back: a closed list of kinds, nothing else.

None, bool, int, finite float and str stand for themselves. Everything else is an object
with one key, the kind:

==================  ===============================================================
``float``           ``"nan"``, ``"inf"`` or ``"-inf"``
``scalar``          a NumPy scalar: ``[dtype, value]``
``numbers``         an array stored under the value's own name: its dtype
``text``            an array of strings, stored as UTF-8, each ended by a zero byte:
                    its dtype (``<U5``) or ``"object"``
``csr``             a sparse matrix in three arrays: ``["matrix" | "array", shape]``
``list, tuple``     the items
``set, frozenset``  the items, which are integers, ascending
``dict``            the items as ``[key, value]`` pairs, in order
``random_state``    the state of a ``numpy.random.RandomState``
==================  ===============================================================
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy import sparse

from schuss.persistence._container import storable
from schuss.persistence._errors import ModelFileError
from schuss.persistence._text import encode_text
from schuss.persistence._trees import take_apart
from schuss.tree._nodes import Trees

MAX_INT = 2**63


class Writer:
    """Turns values into JSON and collects their arrays in ``arrays``."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}

    def value(self, name: str, value: Any) -> Any:
        """Return the JSON form of a value; ``name`` says where it belongs."""
        if isinstance(value, np.generic) and not isinstance(value, np.str_):
            return self._scalar(name, value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self._integer(name, value)
        if isinstance(value, float):
            return _float(value)
        if isinstance(value, str):
            return str(value)
        return self._compound(name, value)

    def _compound(self, name: str, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self._array(name, value)
        if isinstance(value, (sparse.csr_matrix, sparse.csr_array)):
            return self._csr(name, value)
        if isinstance(value, (list, tuple)):
            items = [self.value(f"{name}.{i}", item) for i, item in enumerate(value)]
            return {type(value).__name__: items}
        if isinstance(value, (set, frozenset)):
            return {type(value).__name__: self._members(name, value)}
        if isinstance(value, dict):
            pairs = enumerate(value.items())
            return {"dict": [self._pair(f"{name}.{i}", pair) for i, pair in pairs]}
        if isinstance(value, Trees):
            return self._trees(name, value)
        if isinstance(value, np.random.RandomState):
            return self._random_state(name, value)
        raise ModelFileError(f"{name} is a {type(value).__name__}, which a model file cannot hold")

    def _pair(self, name: str, pair: tuple[Any, Any]) -> list[Any]:
        key, value = pair
        if not isinstance(key, (str, int, float, np.generic)):
            raise ModelFileError(f"{name} has a key that is not a number or a string")
        return [self.value(f"{name}.key", key), self.value(name, value)]

    def _members(self, name: str, value: set[Any] | frozenset[Any]) -> list[int]:
        if not all(isinstance(member, (int, np.integer)) and not isinstance(member, bool) for member in value):
            raise ModelFileError(f"{name} is a set of something else than integers, which a model file cannot hold")
        return [self._integer(name, int(member)) for member in sorted(value)]

    def _integer(self, name: str, value: int) -> int:
        if abs(value) >= MAX_INT:
            raise ModelFileError(f"{name} is too large an integer for a model file")
        return int(value)

    def _scalar(self, name: str, value: np.generic) -> Any:
        if not storable(value.dtype):
            raise ModelFileError(f"{name} is a {value.dtype} scalar, which a model file cannot hold")
        return {"scalar": [value.dtype.name, self.value(name, value.item())]}

    def _array(self, name: str, array: np.ndarray) -> Any:
        if array.dtype.kind in "UO":
            self.arrays[name], dtype = encode_text(name, array)
            return {"text": dtype}
        if not storable(array.dtype):
            raise ModelFileError(f"{name} is an array of {array.dtype}, which a model file cannot hold")
        self.arrays[name] = np.asarray(array, dtype=array.dtype.newbyteorder("="), order="C")
        return {"numbers": array.dtype.name}

    def _csr(self, name: str, matrix: Any) -> Any:
        if not matrix.has_canonical_format:
            matrix = matrix.copy()
            matrix.sum_duplicates()
        for part in ("data", "indices", "indptr"):
            self._array(f"{name}.{part}", getattr(matrix, part))
        kind = "matrix" if isinstance(matrix, sparse.csr_matrix) else "array"
        return {"csr": [kind, list(map(int, matrix.shape))]}

    def _trees(self, name: str, trees: Trees) -> Any:
        described, arrays = take_apart(trees)
        for part, array in arrays.items():
            self._array(f"{name}.{part}", array)
        return {"trees": described}

    def _random_state(self, name: str, random_state: np.random.RandomState) -> Any:
        kind, keys, position, has_gauss, cached = random_state.get_state(legacy=True)
        if kind != "MT19937":
            raise ModelFileError(f"{name} draws from {kind}; a model file can hold MT19937 only")
        self.arrays[name] = np.array(keys, dtype=np.uint32)
        return {"random_state": [int(position), int(has_gauss), float(cached)]}


def _float(value: float) -> Any:
    return float(value) if math.isfinite(value) else {"float": str(float(value))}
