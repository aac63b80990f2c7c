# SPDX-License-Identifier: BSD-3-Clause
"""What stochastic gradient descent changes while it runs, and leaves as its result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._sgd.optimizers import Memory

Array = NDArray[Any]


@dataclass(slots=True)
class Parameters:
    """Parameters of linear functions, one per output.

    Attributes
    ----------
    coef : ndarray of shape (n_outputs, n_features)
    intercept : ndarray of shape (n_outputs,)
    """

    coef: Array
    intercept: Array

    def copy(self) -> Parameters:
        return Parameters(self.coef.copy(), self.intercept.copy())

    def zeros(self) -> Parameters:
        """Zeros of the same shapes and dtype."""
        return Parameters(np.zeros_like(self.coef), np.zeros_like(self.intercept))


@dataclass(slots=True)
class State:
    """Everything that changes during a fit.

    Attributes
    ----------
    current : Parameters
        Those that the steps change.
    average : Parameters or None
        Their running average, if there is one.
    memory : Memory
        What the optimiser remembers.
    t : float
        One more than the number of samples seen.
    """

    current: Parameters
    average: Parameters | None
    memory: Memory
    t: float = 1.0

    @property
    def n_outputs(self) -> int:
        return len(self.current.coef)

    def copy(self) -> State:
        average = None if self.average is None else self.average.copy()
        return State(self.current.copy(), average, self.memory.copy(), self.t)

    def restore(self, other: State) -> None:
        """Become what `other` is; it is not copied."""
        self.current, self.average, self.memory, self.t = other.current, other.average, other.memory, other.t

    def result(self, average_start: int) -> Parameters:
        """Parameters to predict with: the averages, once averaging has begun."""
        if self.average is None or average_start > self.t - 1.0:
            return self.current
        return self.average


def initial(value: Any, shape: tuple[int, ...], dtype: Any, name: str) -> Array:
    """Copy what a user gave to start from into the shape and dtype of the problem.

    Of a single output, a flat array of coefficients and a number as its intercept will do.

    Raises
    ------
    ValueError
        If the shape is another one.
    """
    if value is None:
        return np.zeros(shape, dtype=dtype)
    given = np.array(value, dtype=dtype, order="C")
    if shape[0] == 1 and given.size == math.prod(shape):
        return given.reshape(shape)
    if given.shape != shape:
        raise ValueError(f"Provided {name} does not match dataset.")
    return given
