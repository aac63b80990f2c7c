# SPDX-License-Identifier: BSD-3-Clause
"""Features for models that need no one-hot coding, and some no filling and scaling: columns as they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schuss.data import values
from schuss.data.encoders import CategoryEncoder, Floats, feature_name, read_numbers


class Form(StrEnum):
    """What a model wants its features to be.

    ``SCALED``: numbers filled and scaled, a feature for each label of a category. ``PLAIN``: numbers as they
    are, gaps included, a feature for each label. ``CODES``: the same with one feature of codes for a category.
    ``SCALED_CODES``: numbers filled and scaled, codes for a category, of however many labels.
    """

    SCALED = "scaled"
    PLAIN = "plain"
    CODES = "codes"
    SCALED_CODES = "scaled codes"

    @property
    def is_scaled(self) -> bool:
        return self in (Form.SCALED, Form.SCALED_CODES)

    @property
    def is_coded(self) -> bool:
        return self in (Form.CODES, Form.SCALED_CODES)


@dataclass(frozen=True, slots=True)
class PlainNumberEncoder:
    """A number as it is, NaN where missing; float32 moves it by at most 6e-8 of its size.

    Attributes
    ----------
    column : str
    part : str
        ``"value"``, or the part of a date.
    markers : tuple of str
        Texts that stand for a missing value.
    """

    column: str
    part: str
    markers: tuple[str, ...] = ()

    type: ClassVar[str] = "plain number"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return (feature_name(self.column, self.part),)

    def encode(self, column: pa.ChunkedArray, out: Floats) -> None:
        """Write the feature of `column` into `out` of shape (n_rows, 1)."""
        out[:, 0] = read_numbers(column, self.column, self.part, self.markers)


@dataclass(frozen=True, slots=True)
class CodeEncoder:
    """A category as one feature: the number of the label, one more for all rare labels, NaN where missing.

    A label never seen in training counts as rare, or as missing where training had no rare ones.

    Attributes
    ----------
    column : str
    labels : tuple of str
    has_other : bool
    """

    column: str
    labels: tuple[str, ...]
    has_other: bool

    type: ClassVar[str] = "codes"

    @classmethod
    def of(cls, found: CategoryEncoder) -> CodeEncoder:
        """Return the codes for the labels that a one-hot encoder has learnt."""
        return cls(found.column, found.labels, found.has_other)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        return (self.column,)

    def encode(self, column: pa.ChunkedArray, out: Floats) -> None:
        """Write the feature of `column` into `out` of shape (n_rows, 1)."""
        held = values.texts(column)
        found = pc.index_in(held.distinct, value_set=pa.array(self.labels, pa.string()))
        codes = found.cast(pa.float64()).to_numpy(zero_copy_only=False)  # NaN where there is none
        if self.has_other:
            codes = np.where(np.isnan(codes), float(len(self.labels)), codes)
        out[:, 0] = np.append(codes, np.nan)[held.codes]
