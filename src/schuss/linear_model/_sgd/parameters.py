# SPDX-License-Identifier: BSD-3-Clause
"""The parameters of optimisers, schedules and the guard: their ranges, and what does not go together."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from schuss import schedules
from schuss._sklearn import Interval, StrOptions
from schuss.linear_model._sgd.optimizers import NAMES

LEARNING_RATES = frozenset(
    {"constant", "optimal", "invscaling", "adaptive", "pa1", "pa2", "cosine", "one_cycle", "plateau"}
)

_POSITIVE = [Interval(Real, 0, None, closed="neither")]
_SHARE = [Interval(Real, 0, 1, closed="left")]

CONSTRAINTS: dict[str, list[Any]] = {
    "optimizer": [StrOptions(set(NAMES))],
    "momentum": _SHARE,
    "beta_1": _SHARE,
    "beta_2": _SHARE,
    "rho": _SHARE,
    "eps": _POSITIVE,
    "ftrl_beta": _POSITIVE,
    "clip_norm": [*_POSITIVE, None],
    "clip_value": [*_POSITIVE, None],
    "warmup": [Interval(Real, 0, None, closed="left")],
    "plateau_factor": [Interval(Real, 0, 1, closed="neither")],
    "plateau_patience": [Interval(Integral, 1, None, closed="left")],
    "on_divergence": [StrOptions({"raise", "back_off"})],
}


def check_together(estimator: Any, *, joint: bool = False) -> None:
    """Raise ValueError if the optimiser cannot follow the schedule.

    Parameters
    ----------
    estimator : object
    joint : bool, default=False
        Whether the loss is a softmax.
    """
    rate, optimizer = estimator.learning_rate, estimator.optimizer
    clipped = estimator.clip_norm is not None or estimator.clip_value is not None
    if rate in schedules.PASSIVE_AGGRESSIVE and (optimizer != "sgd" or clipped or joint):
        raise ValueError(
            f"learning_rate={rate!r} is a step size of its own: it needs optimizer='sgd' without clipping, and not "
            "multi_class='multinomial'."
        )
    if optimizer == "ftrl" and (rate in ("cosine", "one_cycle") or estimator.warmup):
        raise ValueError(
            "optimizer='ftrl' lowers its learning rates by itself: it takes neither warmup nor the schedules 'cosine' "
            "and 'one_cycle'."
        )
