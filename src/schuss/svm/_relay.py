# SPDX-License-Identifier: BSD-3-Clause
"""One solver after another: cheap iterations first, dear ones where those do not suffice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from schuss.svm._problem import Matrix


class Solver(Protocol):
    """What a fit asks of a solver."""

    n_iter: int

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Do one iteration and return its record; ``last`` says that no other can follow."""

    @property
    def done(self) -> bool:
        """Whether there is nothing more to do."""

    @property
    def certified(self) -> bool:
        """Whether the minimum is reached within the tolerance."""

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Coefficients (n_outputs, n_features) and intercepts (n_outputs,)."""


class Relay:
    """A solver that another one replaces.

    Parameters
    ----------
    first : Solver
    then : callable
        Makes the other one, which starts afresh.
    patience : int
        Iterations after which it does, if the first is not done.

    Attributes
    ----------
    n_iter : int
        Of both.
    """

    def __init__(self, first: Solver, then: Callable[[], Solver], patience: int) -> None:
        self._solver, self._then, self._patience = first, then, patience
        self.n_iter = 0

    def sweep(self, last: bool) -> Mapping[str, float]:
        """Do one iteration of the solver whose turn it is."""
        if self.n_iter == self._patience:
            self._solver = self._then()
        self.n_iter += 1
        return self._solver.sweep(last)

    @property
    def done(self) -> bool:
        return self._solver.done

    @property
    def certified(self) -> bool:
        return self._solver.certified

    def parameters(self) -> tuple[Matrix, Matrix]:
        """Of the solver whose turn it is."""
        return self._solver.parameters()
