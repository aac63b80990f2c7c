# SPDX-License-Identifier: BSD-3-Clause
"""Everything that training changes: the parameters, and what the solver remembers between steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.neural_network._spec import Spec, Weights, empty_block, flatten

Array = NDArray[Any]

_WITH_FIRST = ("sgd", "adam", "adamw", "nadam", "lion")
_WITH_SECOND = ("adam", "adamw", "nadam", "rmsprop", "adagrad")
_NORM_ATTRIBUTES = ("norm_gains_", "norm_shifts_", "norm_means_", "norm_variances_")
_OPTIONAL = ("first", "second", "parameters")
NOTHING_SEEN = (math.inf, 0)


@dataclass(slots=True)
class State:
    """The state of a training run.

    Attributes
    ----------
    spec : Spec
    block : ndarray of shape (n_parameters,)
        The parameters that steps are taken from.
    means, variances : list of ndarray
        Running statistics of batch normalisation.
    solver : str
        Whose memory it is.
    first, second : ndarray of shape (n_parameters,) or None
        Velocities or running means of gradients; means or sums of their squares.
    average : ndarray of shape (n_parameters,) or None
        Averaged parameters, which predictions are made with.
    rate : float
        Learning rate that the schedule multiplies.
    plateau : tuple of (float, int)
        What the schedule of this name has seen: the best value, and for how many epochs there was none better.
    powers : tuple of float
        ``beta_1`` and ``beta_2`` to the power of the steps taken.
    batches, steps, epochs, averaged : int
        Counts since the first fit.
    seed : int
        Of the shuffling and of dropout.
    """

    spec: Spec
    block: Array
    means: list[Array]
    variances: list[Array]
    solver: str
    rate: float
    seed: int
    first: Array | None = None
    second: Array | None = None
    average: Array | None = None
    plateau: tuple[float, int] = NOTHING_SEEN
    powers: tuple[float, float] = (1.0, 1.0)
    batches: int = 0
    steps: int = 0
    epochs: int = 0
    averaged: int = 0
    gradient: Array = field(default_factory=lambda: np.empty(0))

    def prepare(self, *, averages: bool) -> None:
        """Make what the solver needs, where it is not there yet."""
        size, dtype = len(self.block), self.block.dtype
        self.gradient = empty_block(size, dtype)
        for name, users in (("first", _WITH_FIRST), ("second", _WITH_SECOND)):
            if self.solver in users and getattr(self, name) is None:
                setattr(self, name, empty_block(size, dtype))
                getattr(self, name).fill(0.0)
        if averages and self.average is None:
            self.average = self.block.copy()

    @property
    def weights(self) -> Weights:
        """The parameters of the steps, by layer."""
        return self.spec.split(self.block, self.means, self.variances)

    @property
    def result(self) -> Weights:
        """The parameters to predict with, by layer."""
        block = self.block if self.average is None else self.average
        return self.spec.split(block, self.means, self.variances)

    def snapshot(self) -> State:
        """A copy, to come back to."""
        return State(
            spec=self.spec,
            block=self.block.copy(),
            means=[a.copy() for a in self.means],
            variances=[a.copy() for a in self.variances],
            solver=self.solver,
            rate=self.rate,
            seed=self.seed,
            first=None if self.first is None else self.first.copy(),
            second=None if self.second is None else self.second.copy(),
            average=None if self.average is None else self.average.copy(),
            plateau=self.plateau,
            powers=self.powers,
            batches=self.batches,
            steps=self.steps,
            epochs=self.epochs,
            averaged=self.averaged,
        )

    def restore(self, saved: State, *, parameters_only: bool = False) -> None:
        """Go back to a snapshot, in place: the kernels' view of the arrays stays right."""
        self._copy_arrays(saved, ("block", "average") if parameters_only else ("block", "average", "first", "second"))
        for mine, theirs in zip([*self.means, *self.variances], [*saved.means, *saved.variances], strict=True):
            mine[...] = theirs
        if not parameters_only:
            for name in ("rate", "plateau", "powers", "batches", "steps", "epochs", "averaged"):
                setattr(self, name, getattr(saved, name))

    def _copy_arrays(self, saved: State, names: tuple[str, ...]) -> None:
        for name in names:
            mine = getattr(self, name)
            if mine is not None:
                mine[...] = getattr(saved, name)

    # As attributes of an estimator.

    def publish(self, estimator: Any) -> None:
        """Set the fitted attributes."""
        result = self.result
        estimator.coefs_, estimator.intercepts_ = result.coefs, result.intercepts
        if self.spec.columns:
            estimator.embeddings_ = result.tables
        else:
            estimator.__dict__.pop("embeddings_", None)
        for name in (*_NORM_ATTRIBUTES, *(f"_solver_{name}" for name in _OPTIONAL)):
            estimator.__dict__.pop(name, None)
        if self.spec.norm:
            estimator.norm_gains_, estimator.norm_shifts_ = result.gains, result.shifts
        if self.spec.norm == "batch":
            estimator.norm_means_, estimator.norm_variances_ = result.means, result.variances
        estimator._solver_rate, estimator._solver_plateau = self.rate, np.array(self.plateau)
        estimator._solver_powers = np.array(self.powers)
        counts = (self.batches, self.steps, self.epochs, self.averaged)
        estimator._solver_counts, estimator._seed = np.array(counts, dtype=np.int64), self.seed
        kept = {"first": self.first, "second": self.second}
        if self.average is not None:
            kept["parameters"] = self.block
        for name, array in kept.items():
            if array is not None:
                setattr(estimator, f"_solver_{name}", array)
        estimator._solver_name = self.solver  # last: with it, the rest is there

    @classmethod
    def of(cls, estimator: Any, spec: Spec, dtype: Any, *, solver: str, rate: float, seed: int) -> State:
        """Go on, in a copy, from the fitted attributes of an estimator; another solver begins anew."""
        there = vars(estimator)
        parts = [
            *(table for table in there.get("embeddings_", ()) if table is not None),
            *estimator.coefs_,
            *estimator.intercepts_,
            *there.get("norm_gains_", ()),
            *there.get("norm_shifts_", ()),
        ]
        same_norm = (spec.norm == "batch") == ("norm_means_" in there)
        if [np.shape(part) for part in parts] != spec.shapes or not same_norm:
            raise ValueError("The layers differ from those of the previous fit, from which training was to go on.")
        result = flatten(parts, dtype)
        means, variances = spec.statistics(dtype)
        if spec.norm == "batch":
            means = [np.array(a, dtype=dtype) for a in estimator.norm_means_]
            variances = [np.array(a, dtype=dtype) for a in estimator.norm_variances_]
        state = cls(spec, result, means, variances, solver, rate, there.get("_seed", seed))
        if there.get("_solver_name") == solver:
            state._remember(there, dtype)
        return state

    def _remember(self, there: dict[str, Any], dtype: Any) -> None:
        def copied(name: str) -> Array | None:
            kept = there.get(f"_solver_{name}")
            return None if kept is None else np.array(kept, dtype=dtype)

        if (parameters := copied("parameters")) is not None:
            self.average, self.block = self.block, parameters
        self.first, self.second = copied("first"), copied("second")
        self.rate = float(there["_solver_rate"])
        self.powers = (float(there["_solver_powers"][0]), float(there["_solver_powers"][1]))
        self.batches, self.steps, self.epochs, self.averaged = map(int, there["_solver_counts"])
        best, count = there.get("_solver_plateau", NOTHING_SEEN)
        self.plateau = float(best), int(count)
