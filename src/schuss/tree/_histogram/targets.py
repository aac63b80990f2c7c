# SPDX-License-Identifier: BSD-3-Clause
"""What trees are to predict, as the kernel of trees on bins wants it: classes by number, numbers in fixed point."""

from __future__ import annotations

from dataclasses import dataclass
from math import frexp, ldexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Float64 = NDArray[np.float64]

_SUM_BITS = 62  # that sums over the rows may have
_TARGET_BITS = 52
_LEAST_TARGET_BITS = 44


@dataclass(frozen=True, eq=False)
class ClassTarget:
    """Classes of one or more outputs.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_outputs)
        Numbers of the classes, from 0 for each output.
    n_classes : tuple of int
    """

    codes: NDArray[np.intp]
    n_classes: tuple[int, ...]

    def take(self, rows: NDArray[np.intp]) -> ClassTarget:
        """Those of some rows."""
        return ClassTarget(self.codes[rows], self.n_classes)

    @property
    def is_binary(self) -> bool:
        """Whether one share says it all."""
        return self.n_classes == (2,)

    @property
    def n_values(self) -> int:
        """Numbers that a leaf holds."""
        return 1 if self.is_binary else sum(self.n_classes)

    @property
    def one_value(self) -> bool:
        """Whether leaves have room for it in their node."""
        return self.is_binary

    def arguments(self, weight_bits: int) -> dict[str, Any]:
        """What the kernel takes."""
        first = np.concatenate([[0], np.cumsum(self.n_classes[:-1])])
        return {
            "n_classes": np.array(self.n_classes, np.int32),
            "codes": np.ascontiguousarray(self.codes + first, np.int32),
        }

    def mean(self, weight: Float64 | None) -> Float64:
        """The best constant guess: shares of all classes."""
        return np.concatenate(
            [
                np.bincount(codes, weights=weight, minlength=n) / (len(codes) if weight is None else weight.sum())
                for codes, n in zip(self.codes.T, self.n_classes, strict=True)
            ]
        )

    def shares(self, values: Float64) -> Float64:
        """Shares of all classes from the numbers that leaves hold."""
        return np.column_stack([1.0 - values[:, 0], values[:, 0]]) if self.is_binary else values

    def losses(self, shares: Float64, rows: Any = slice(None)) -> Float64:
        """Squared distance of the shares from the truth, the mean over the outputs, for each row."""
        codes, loss, first = self.codes[rows], 0.0, 0
        for k, n in enumerate(self.n_classes):
            part = shares[:, first : first + n]
            right = np.take_along_axis(part, codes[:, [k]], axis=1)[:, 0]
            loss = loss + np.einsum("ij,ij->i", part, part) - 2.0 * right + 1.0
            first += n
        return np.asarray(loss / len(self.n_classes))

    def score(self, shares: Float64, rows: Any = slice(None), weight: Float64 | None = None) -> float:
        """Share of the rows whose classes are all right."""
        codes, first = self.codes[rows], 0
        right = np.ones(len(codes), bool)
        for k, n in enumerate(self.n_classes):
            right &= shares[:, first : first + n].argmax(axis=1) == codes[:, k]
            first += n
        return float(np.average(right, weights=weight))


@dataclass(frozen=True, eq=False)
class NumberTarget:
    """Numbers, of one or more outputs.

    Parameters
    ----------
    y : ndarray of shape (n_samples, n_outputs), float64
    from_zero : bool
        Whether sums are to be those of y itself, as for Poisson's deviance.
    """

    y: Float64
    from_zero: bool = False

    def take(self, rows: NDArray[np.intp]) -> NumberTarget:
        """Those of some rows."""
        return NumberTarget(self.y[rows], self.from_zero)

    @property
    def n_values(self) -> int:
        """Numbers that a leaf holds."""
        return int(self.y.shape[1])

    @property
    def one_value(self) -> bool:
        """Whether leaves have room for it in their node."""
        return self.n_values == 1

    def arguments(self, weight_bits: int) -> dict[str, Any]:
        """What the kernel takes: fixed point, as fine as sums of weights of so many bits allow."""
        low, high = self.y.min(axis=0), self.y.max(axis=0)
        far = (np.maximum(np.abs(low), np.abs(high)) > 4.0 * (high - low)) & (not self.from_zero)
        origin = np.where(far, low, 0.0)
        bits = min(_TARGET_BITS, max(_SUM_BITS - weight_bits, _LEAST_TARGET_BITS))
        largest = float(np.max(np.abs(self.y - origin), initial=0.0))
        exponent = frexp(largest)[1] - bits if largest > 0.0 else 0
        return {
            "target": np.rint(np.ldexp(self.y - origin, -exponent)).astype(np.int64),
            "target_origin": origin,
            "target_unit": ldexp(1.0, exponent),
            "weight_shift": max(0, weight_bits + bits - _SUM_BITS),
        }

    def mean(self, weight: Float64 | None) -> Float64:
        """The best constant guess."""
        return np.average(self.y, axis=0, weights=weight)

    def shares(self, values: Float64) -> Float64:
        """Values as they are: for classes this is more."""
        return values

    def losses(self, values: Float64, rows: Any = slice(None)) -> Float64:
        """Squared error, the mean over the outputs, for each row."""
        return np.asarray(((self.y[rows] - values) ** 2).mean(axis=1))

    def score(self, values: Float64, rows: Any = slice(None), weight: Float64 | None = None) -> float:
        """R^2, the mean over the outputs."""
        y = self.y[rows]
        residual = np.average((y - values) ** 2, axis=0, weights=weight)
        spread = np.average((y - np.average(y, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(spread > 0.0, 1.0 - residual / spread, np.where(residual > 0.0, 0.0, 1.0))
        return float(each.mean())


Target = ClassTarget | NumberTarget
