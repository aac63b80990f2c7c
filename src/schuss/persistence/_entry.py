# SPDX-License-Identifier: BSD-3-Clause
"""What a model file must know about an estimator: its class, and what its fitted state consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from schuss._threads import effective_n_threads
from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Choice, Field, Integer, Names
from schuss.training import StopReason

_MAX_THREADS = 4096

COMMON: dict[str, Field] = {
    "n_features_in_": Integer(minimum=1, size="n_features"),
    "feature_names_in_": Names(("n_features",)),
    "stop_reason_": Choice(tuple(reason.value for reason in StopReason)),
    "best_iteration_": Integer(),
}
# An interrupted fit publishes its parameters, but maybe not the number of its iterations.
COMMON_OPTIONAL = frozenset({"feature_names_in_", "best_iteration_", "n_iter_"})


@dataclass(frozen=True)
class Entry:
    """What a model file must know about one estimator.

    Parameters
    ----------
    name : str
        The class's name, in its module and in files.
    module : str
    state : mapping of str to Field
        Fitted attributes, private ones included, in the order they are checked: sizes are
        bound by the first attribute that mentions them.
    optional : frozenset of str, default=frozenset()
        Attributes that need not be there.
    later_params : frozenset of str, default=frozenset()
        Constructor parameters added after the first release that stored this class;
        files that lack them get the defaults.
    fits : callable or None, default=None
        Looks at the whole state and raises `ModelFileError` if its parts contradict each other.
    """

    name: str
    module: str
    state: Mapping[str, Field]
    optional: frozenset[str] = frozenset()
    later_params: frozenset[str] = frozenset()
    fits: Callable[[Mapping[str, Any]], None] | None = None

    @property
    def cls(self) -> type:
        """The class itself."""
        result: type = getattr(import_module(self.module), self.name)
        return result

    def build(self, params: Mapping[str, Any]) -> Any:
        """Return an unfitted estimator, its parameters checked by the class's own rules."""
        names = set(self.cls().get_params(deep=False))
        if unknown := set(params) - names:
            raise ModelFileError(f"{self.name} has no parameter {min(unknown)!r}")
        if missing := names - set(params) - self.later_params:
            raise ModelFileError(f"the parameter {min(missing)!r} of {self.name} is missing")
        estimator = self.cls(**params)
        try:
            estimator._validate_params()
            n_threads = effective_n_threads(params.get("n_threads"), params.get("n_jobs"))
        except ValueError as error:
            raise ModelFileError(str(error)) from None
        if n_threads > _MAX_THREADS:
            raise ModelFileError(f"{self.name} asks for {n_threads} threads")
        return estimator

    def state_of(self, estimator: Any) -> dict[str, Any]:
        """Return the fitted attributes that are there, checked."""
        there = vars(estimator)
        state = {name: there[name] for name in self.state if name in there}
        self.check(state)
        return state

    def check(self, state: Mapping[str, Any]) -> None:
        """Insist that a fitted state is complete and fits together."""
        if unknown := set(state) - set(self.state):
            raise ModelFileError(f"{self.name} has no attribute {min(unknown)!r}")
        if missing := set(self.state) - set(state) - self.optional:
            raise ModelFileError(f"the attribute {min(missing)!r} of {self.name} is missing")
        sizes: dict[str, int] = {}
        for name, field in self.state.items():
            if name in state:
                field.check(name, state[name], sizes)
        if self.fits is not None:
            self.fits(state)


def entry(
    module: str,
    name: str,
    state: Mapping[str, Field],
    optional: Mapping[str, Field] | None = None,
    *,
    fits: Callable[[Mapping[str, Any]], None] | None = None,
) -> Entry:
    """Return the entry of an estimator that has, besides its own attributes, those that all have."""
    optional = optional or {}
    return Entry(name, module, {**COMMON, **state, **optional}, COMMON_OPTIONAL | set(optional), fits=fits)
