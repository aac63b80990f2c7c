# SPDX-License-Identifier: BSD-3-Clause
"""Quadratic models of a smooth objective, and where they plus an L1 penalty are least."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._proximal.penalty import L1Penalty, Matrix
from schuss.linear_model._proximal.quadratic import Quadratic
from schuss.linear_model._smooth.hessians import hessian, partial_hessians
from schuss.linear_model._smooth.objective import Objective, Point

_ACCURACY = 1e-3  # of the minimum of the model, relative to what it gains; the model itself is no better
_LEAST_ANGLE = 1e-12  # between a step and the gradient's change: less is rounding
_MOST_SCALED = 10.0  # by what one step may change the size of all blocks


class Curvature(Protocol):
    """A model's Hessian; parameters come flat.

    Attributes
    ----------
    exact : bool
        Whether a new one, made at the point at hand, would make the next step short of
        nothing, so that slow progress means that this one is outdated.
    """

    exact: bool

    def minimum(self, gradient: Matrix, start: Matrix, strength: Matrix) -> tuple[Matrix, float]:
        """Where the model plus the penalty is least, and how much lower than at ``start``."""

    def learn(self, step: Matrix, change: Matrix) -> None:
        """Take in by how much the gradient changed along a step."""


Refresh = Callable[[Point], Curvature]


class FullHessian:
    """One matrix for all parameters, kept up to date by BFGS.

    Parameters
    ----------
    matrix : ndarray of shape (p, p)
        Positive semidefinite; changed by `learn`.
    """

    __slots__ = ("matrix",)
    exact = True

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def minimum(self, gradient: Matrix, start: Matrix, strength: Matrix) -> tuple[Matrix, float]:
        model = Quadratic(self.matrix, gradient, start, L1Penalty(strength))
        return model.solve(_ACCURACY), model.gain()

    def learn(self, step: Matrix, change: Matrix) -> None:
        """The matrix that differs least and explains the change."""
        curvature, expected = float(np.vdot(step, change)), self.matrix @ step
        if not _telling(step, change) or not np.vdot(step, expected) > 0.0:
            return
        self.matrix += np.outer(change, change / curvature)
        self.matrix -= np.outer(expected, expected / np.vdot(step, expected))


@dataclass(slots=True)
class Block:
    """The Hessian of some of the parameters: their flat positions and the matrix."""

    index: NDArray[np.intp]
    matrix: Matrix


class BlockHessian:
    """One matrix for each class, or for each group of columns, and one factor for all.

    What couples the blocks is missing; the factor, found from each step as Barzilai and
    Borwein (1988) find theirs, stands for it.

    Parameters
    ----------
    blocks : list of Block
        Of all parameters, each once.
    """

    __slots__ = ("_blocks", "_factor")
    exact = False

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks, self._factor = blocks, 1.0

    def minimum(self, gradient: Matrix, start: Matrix, strength: Matrix) -> tuple[Matrix, float]:
        target, gain = start.copy(), 0.0
        for block in self._blocks:
            i = block.index
            # instead of scaling the matrix: the same minimum
            model = Quadratic(block.matrix, gradient[i] / self._factor, start[i], L1Penalty(strength[i] / self._factor))
            target[i] = model.solve(_ACCURACY)
            gain += self._factor * model.gain()
        return target, gain

    def learn(self, step: Matrix, change: Matrix) -> None:
        expected = sum(float(step[b.index] @ b.matrix @ step[b.index]) for b in self._blocks)
        if not _telling(step, change) or not expected > 0.0:
            return
        factor = float(np.vdot(step, change)) / expected
        self._factor = min(max(factor, self._factor / _MOST_SCALED), self._factor * _MOST_SCALED)


def full_hessian(objective: Objective) -> Refresh:
    """Makes the matrix of all parameters."""
    return lambda point: FullHessian(hessian(objective, point, definite=False))


def block_hessian(objective: Objective, widest: int) -> Refresh:
    """Makes one matrix for each class and each ``widest`` columns."""
    return lambda point: BlockHessian([Block(*part) for part in partial_hessians(objective, point, widest)])


def _telling(step: Matrix, change: Matrix) -> bool:
    """Whether rounding has left the curvature along the step."""
    size = np.sqrt(np.vdot(step, step) * np.vdot(change, change))
    return bool(np.vdot(step, change) > _LEAST_ANGLE * size)
