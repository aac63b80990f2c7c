# SPDX-License-Identifier: BSD-3-Clause
"""What a fitted attribute must look like: small checks that estimators are described with.

A shape names its sizes (``"n_features"``); a size is bound by the first attribute that
mentions it, and every later one must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from schuss.persistence._errors import ModelFileError

Sizes = dict[str, int]
REAL = ("float32", "float64")
INTEGER = ("int32", "int64")


class Field(Protocol):
    """Checks one value; raises `ModelFileError`, or binds the sizes it has seen."""

    def check(self, name: str, value: Any, sizes: Sizes) -> None: ...


@dataclass(frozen=True)
class Array:
    """An array of numbers.

    Parameters
    ----------
    shape : tuple of str and int
    dtypes : tuple of str, default=REAL
    or_sparse : bool, default=False
        A CSR matrix will do, too.
    finite : bool, default=True
        Whether infinity and NaN are refused.
    binds : mapping of str to int, default={}
        Other sizes that follow if this field fits.
    """

    shape: tuple[str | int, ...]
    dtypes: tuple[str, ...] = REAL
    or_sparse: bool = False
    finite: bool = True
    binds: Mapping[str, int] = field(default_factory=dict)

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        is_sparse = self.or_sparse and sparse.issparse(value)
        if not (is_sparse or isinstance(value, np.ndarray)):
            raise ModelFileError(f"{name} is not an array")
        if value.dtype.name not in self.dtypes:
            wanted = " or ".join(self.dtypes)
            raise ModelFileError(f"{name} is of type {value.dtype}, not {wanted}")
        _check_shape(name, value.shape, self.shape, sizes)
        for symbol, size in self.binds.items():
            bind(name, symbol, size, sizes)
        if self.finite and not np.all(np.isfinite(value.data if is_sparse else value)):
            raise ModelFileError(f"{name} holds a number that is not finite")


@dataclass(frozen=True)
class Labels:
    """The classes of a classifier: sorted, unique; binds ``n_classes`` and ``n_outputs``.

    Parameters
    ----------
    multilabel : bool, default=False
        The classes may be labels, of which a sample can have several: then two have two
        outputs instead of one, and one alone has one.
    least : int, default=2
        Fewest classes.
    """

    multilabel: bool = False
    least: int = 2

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, np.ndarray) or value.ndim != 1 or len(value) < self.least - self.multilabel:
            raise ModelFileError(f"{name} is not an array of two or more classes")
        if value.dtype == object:
            if not all(isinstance(label, str) for label in value):
                raise ModelFileError(f"{name} is an array of objects that are not strings")
        elif value.dtype.kind not in "biufU":
            raise ModelFileError(f"{name} is of type {value.dtype}, which labels cannot be")
        if value.dtype.kind == "f" and not np.all(np.isfinite(value)):
            raise ModelFileError(f"{name} holds a label that is not finite")
        if not np.all(value[1:] > value[:-1]):
            raise ModelFileError(f"{name} is not sorted or names a class twice")
        bind(name, "n_classes", len(value), sizes)
        if not (self.multilabel and len(value) == 2):
            bind(name, "n_outputs", 1 if len(value) == 2 else len(value), sizes)


@dataclass(frozen=True)
class Names:
    """An array of strings."""

    shape: tuple[str | int, ...]

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        text = isinstance(value, np.ndarray) and value.dtype.kind in "UO"
        if not text or not all(isinstance(item, str) for item in value.ravel()):
            raise ModelFileError(f"{name} is not an array of strings")
        _check_shape(name, value.shape, self.shape, sizes)


@dataclass(frozen=True)
class Integer:
    """A Python or NumPy integer in a range; with ``size``, it also binds that size."""

    minimum: int = 0
    maximum: int = 2**63 - 1
    size: str | None = None

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise ModelFileError(f"{name} is not an integer")
        if not self.minimum <= value <= self.maximum:
            raise ModelFileError(f"{name} is {value}, which is out of range")
        if self.size is not None:
            bind(name, self.size, int(value), sizes)


@dataclass(frozen=True)
class Counts:
    """A list of integers, none negative, of this size."""

    size: str

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, list):
            raise ModelFileError(f"{name} is not a list")
        bind(name, self.size, len(value), sizes)
        for item in value:
            Integer().check(name, item, sizes)


@dataclass(frozen=True)
class Numbers:
    """A list of numbers, not finite ones included."""

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, list):
            raise ModelFileError(f"{name} is not a list")
        for item in value:
            Real(finite=False).check(name, item, sizes)


@dataclass(frozen=True)
class LayerArrays:
    """A list of one array per layer of a network; binds ``n_layers`` and units: ``n_inputs``, ``units_1`` and so on.

    Parameters
    ----------
    matrices : bool, default=False
        From the units of each layer to those of the next, instead of one number per unit.
    hidden : bool, default=False
        Without the last layer.
    """

    matrices: bool = False
    hidden: bool = False

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, list) or not (value or self.hidden):
            raise ModelFileError(f"{name} is not a list of arrays")
        bind(name, "n_layers", len(value) + self.hidden, sizes)
        for at, item in enumerate(value):
            before = f"units_{at}" if at else "n_inputs"
            after = "n_outputs" if at == sizes["n_layers"] - 1 else f"units_{at + 1}"
            Array((before, after) if self.matrices else (after,)).check(f"{name}[{at}]", item, sizes)


@dataclass(frozen=True)
class Tables:
    """For each feature a matrix of numbers, or None."""

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, list):
            raise ModelFileError(f"{name} is not a list")
        bind(name, "n_features", len(value), sizes)
        for at, item in enumerate(value):
            if item is not None:
                Array((f"{name}[{at}]: rows", f"{name}[{at}]: columns")).check(f"{name}[{at}]", item, sizes)


@dataclass(frozen=True)
class Real:
    """A Python or NumPy number, at least ``minimum``, and finite unless said otherwise."""

    minimum: float = -np.inf
    finite: bool = True

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        numbers = (int, float, np.integer, np.floating)
        if isinstance(value, bool) or not isinstance(value, numbers):
            raise ModelFileError(f"{name} is not a number")
        if self.finite and not (np.isfinite(value) and value >= self.minimum):
            raise ModelFileError(f"{name} is {value}, which is out of range")


@dataclass(frozen=True)
class Choice:
    """One of a few values."""

    values: tuple[Any, ...]

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        known = any(type(value) is type(one) and value == one for one in self.values)
        if not known:
            raise ModelFileError(f"{name} is not one of {', '.join(map(str, self.values))}")


@dataclass(frozen=True)
class Either:
    """The first of several fields that fits."""

    fields: tuple[Field, ...]

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        failures: list[str] = []
        for one in self.fields:
            bound = dict(sizes)
            try:
                one.check(name, value, bound)
            except ModelFileError as error:
                failures.append(str(error))
            else:
                sizes.update(bound)
                return
        raise ModelFileError(" and ".join(dict.fromkeys(failures)))


def _check_shape(name: str, shape: Iterable[int], wanted: tuple[str | int, ...], sizes: Sizes) -> None:
    shape = tuple(shape)
    if len(shape) != len(wanted):
        raise ModelFileError(f"{name} has {len(shape)} dimensions, not {len(wanted)}")
    for size, symbol in zip(shape, wanted, strict=True):
        if isinstance(symbol, str):
            bind(name, symbol, size, sizes)
            if size < 1:
                raise ModelFileError(f"{name} is empty")
        elif size != symbol:
            raise ModelFileError(f"{name} has the size {size} where {symbol} is due")


def bind(name: str, symbol: str, size: int, sizes: Sizes) -> None:
    """Give a size its value, or insist on the one it has."""
    if sizes.setdefault(symbol, size) != size:
        raise ModelFileError(f"{name} does not fit: {size} where {symbol} is {sizes[symbol]}")
