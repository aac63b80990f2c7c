# SPDX-License-Identifier: BSD-3-Clause
"""Optimisers of stochastic gradient descent: their numbers, and what they remember between steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels

Array = NDArray[Any]
Float64 = NDArray[np.float64]

NAMES = tuple(kernels.OPTIMIZERS)
_WITH_FIRST = ("momentum", "nesterov", "adam", "adamw", "ftrl")
_WITH_SECOND = ("adagrad", "rmsprop", "adam", "adamw", "ftrl")
_ATTRIBUTES = tuple(f"_optimizer_{name}" for name in ("name", "first", "second", "eta", "steps"))


@dataclass(slots=True)
class Memory:
    """What an optimiser remembers: an array of its own for each purpose, intercepts in the last column.

    Attributes
    ----------
    optimizer : str
        Whose memory it is.
    first : ndarray of shape (n_outputs, n_features + 1) or None
        Velocities, running means of gradients, or the z of FTRL.
    second : ndarray of shape (n_outputs, n_features + 1) or None
        Sums or running means of squared gradients.
    eta : ndarray of shape (n_outputs,) or None
        The step sizes that the z of FTRL goes with.
    steps : float
        Number of steps taken.
    """

    optimizer: str
    first: Array | None = None
    second: Array | None = None
    eta: Float64 | None = None
    steps: float = 0.0

    def copy(self) -> Memory:
        first, second, eta = (None if a is None else a.copy() for a in (self.first, self.second, self.eta))
        return Memory(self.optimizer, first, second, eta, self.steps)

    def publish(self, estimator: Any) -> None:
        """Make it attributes of an estimator, in the place of those that are there."""
        values = {"first": self.first, "second": self.second, "eta": self.eta}
        for name in _ATTRIBUTES:
            estimator.__dict__.pop(name, None)
        if self.optimizer == "sgd":
            return
        estimator._optimizer_name, estimator._optimizer_steps = self.optimizer, self.steps
        for name, value in values.items():
            if value is not None:
                setattr(estimator, f"_optimizer_{name}", value)

    @classmethod
    def of(cls, estimator: Any) -> Memory | None:
        """Return a copy of what `publish` left, None if that is nothing or another optimiser's."""
        left = vars(estimator)
        if left.get("_optimizer_name") != estimator.optimizer:
            return None
        first, second, eta = (left.get(f"_optimizer_{name}") for name in ("first", "second", "eta"))
        return cls(estimator.optimizer, first, second, eta, left.get("_optimizer_steps", 0.0)).copy()


@dataclass(frozen=True, slots=True)
class Optimizer:
    """An optimiser and the limits of its gradients, in the numbers that the kernel takes.

    Attributes
    ----------
    name : str
        Name among ``kernels.OPTIMIZERS``.
    momentum : float
        Share of the velocity that is kept, or ``beta_1``.
    memory : float
        Share of the mean of squares that is kept: ``rho`` or ``beta_2``.
    damping : float
        What is added to the root of squares: ``eps``, or the ``beta`` of FTRL.
    clip_norm, clip_value : float
        0 for no limit.
    """

    name: str = "sgd"
    momentum: float = 0.0
    memory: float = 0.0
    damping: float = 0.0
    clip_norm: float = 0.0
    clip_value: float = 0.0

    @classmethod
    def of(cls, estimator: Any) -> Optimizer:
        """Translate an estimator's parameters."""
        name = estimator.optimizer
        limits = (float(estimator.clip_norm or 0.0), float(estimator.clip_value or 0.0))
        match name:
            case "momentum" | "nesterov":
                return cls(name, estimator.momentum, 0.0, 0.0, *limits)
            case "adagrad":
                return cls(name, 0.0, 0.0, estimator.eps, *limits)
            case "rmsprop":
                return cls(name, 0.0, estimator.rho, estimator.eps, *limits)
            case "adam" | "adamw":
                return cls(name, estimator.beta_1, estimator.beta_2, estimator.eps, *limits)
            case "ftrl":
                return cls(name, 0.0, 0.0, estimator.ftrl_beta, *limits)
        return cls(name, 0.0, 0.0, 0.0, *limits)

    @property
    def is_plain(self) -> bool:
        """Whether steps simply follow the gradient."""
        return self.name == "sgd" and not (self.clip_norm or self.clip_value)

    def begin(self, coef: Array, intercept: Array, eta: float) -> Memory:
        """Return the memory to start with from these parameters of shapes (n_outputs, n_features), (n_outputs,)."""
        weights = np.column_stack([coef, intercept])
        first = np.zeros_like(weights) if self.name in _WITH_FIRST else None
        second = np.zeros_like(weights) if self.name in _WITH_SECOND else None
        if self.name != "ftrl":
            return Memory(self.name, first, second)
        # Its parameters follow from its memory.
        first = np.ascontiguousarray(-weights * (self.damping / eta), dtype=coef.dtype)
        return Memory(self.name, first, second, np.full(len(coef), eta))

    def follow(self, memory: Memory, coef: Array, intercept: Array, eta: Float64) -> None:
        """Let FTRL keep its parameters under other step sizes; the others need not be told.

        Parameters
        ----------
        memory : Memory
            Changed in place.
        coef, intercept : ndarray of shape (n_outputs, n_features) and (n_outputs,)
        eta : ndarray of shape (n_outputs,)
            The step sizes from now on.
        """
        if memory.first is None or memory.second is None or memory.eta is None or np.array_equal(memory.eta, eta):
            return
        inverse = (1.0 / memory.eta - 1.0 / eta)[:, np.newaxis]
        curvature = self.damping + np.sqrt(memory.second, dtype=np.float64)
        memory.first += (np.column_stack([coef, intercept]) * curvature * inverse).astype(coef.dtype)
        memory.eta = eta.copy()

    def options(self, memory: Memory) -> dict[str, Any]:
        """Return what the kernel is told."""
        return {
            "optimizer": kernels.OPTIMIZERS[self.name],
            "momentum": self.momentum,
            "memory": self.memory,
            "damping": self.damping,
            "clip_norm": self.clip_norm,
            "clip_value": self.clip_value,
            "steps": memory.steps,
            "first": memory.first,
            "second": memory.second,
        }
