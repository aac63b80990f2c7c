# SPDX-License-Identifier: BSD-3-Clause
"""The one training loop, shared by every iterative estimator.

It knows nothing about arrays, mathematics or C: it calls a sweep until something says
stop, and keeps the record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from schuss.history import History


class StopReason(StrEnum):
    """Why a fit ended; estimators publish the value as ``stop_reason_``."""

    CONVERGED = "converged"
    NO_IMPROVEMENT = "no_improvement"
    MAX_ITER = "max_iter"
    MAX_TIME = "max_time"
    CALLBACK = "callback"
    DIVERGED = "diverged"
    INTERRUPTED = "interrupted"


Sweep = Callable[[int], Mapping[str, float]]
Rule = Callable[[History], StopReason | None]
Hook = Callable[[int, History], StopReason | bool | None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    reason : StopReason
    n_iter : int
        Number of complete iterations.
    interrupt : BaseException or None
        The ``KeyboardInterrupt`` to raise again once the estimator is in order, or the
        ``FloatingPointError`` of a divergence.
    """

    reason: StopReason
    n_iter: int
    interrupt: BaseException | None = None


def run(
    sweep: Sweep,
    *,
    max_iter: int,
    history: History,
    rules: Iterable[Rule] = (),
    hooks: Iterable[Hook] = (),
    max_time: float | None = None,
    rollback: Callable[[], None] | None = None,
) -> Outcome:
    """Call ``sweep(0)``, ``sweep(1)``, ... until a rule, a hook or a limit says stop.

    Parameters
    ----------
    sweep : callable
        Does one iteration and returns its record of numbers, to which this function
        adds ``"seconds"``.
    max_iter : int
        Upper limit of iterations.
    history : History
        Receives the records; may hold earlier ones.
    rules : iterable of callable, default=()
        ``rule(history)`` returns a `StopReason` or None, after every iteration.
    hooks : iterable of callable, default=()
        ``hook(iteration, history)`` is called after every iteration and before the
        rules; True asks to stop (`StopReason.CALLBACK`), as does a `StopReason`.
        All hooks are called even if one asks to stop.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    rollback : callable or None, default=None
        Called when an iteration was cut short by Ctrl-C or a ``FloatingPointError``,
        to bring the parameters back to the last complete iteration.

    Returns
    -------
    Outcome
        Neither ``KeyboardInterrupt`` nor ``FloatingPointError`` of a sweep leaves this
        function: the caller first publishes what was reached, then raises.
    """
    rules, hooks = tuple(rules), tuple(hooks)
    start = time.perf_counter()
    before, iteration = len(history), 0
    try:
        for iteration in range(max_iter):
            _record(sweep, iteration, history)
            reason = _verdict(iteration, history, rules, hooks)
            if reason is None and _out_of_time(start, max_time):
                reason = StopReason.MAX_TIME
            if reason is not None:
                return Outcome(reason, iteration + 1)
    except (KeyboardInterrupt, FloatingPointError) as error:
        done = len(history) - before
        cut_short = done == iteration
        diverged = isinstance(error, FloatingPointError)
        if diverged and not cut_short:
            raise  # not the sweep's: a bug in a hook or a rule
        if cut_short and rollback is not None:
            rollback()
        return Outcome(StopReason.DIVERGED if diverged else StopReason.INTERRUPTED, done, error)
    return Outcome(StopReason.MAX_ITER, max_iter)


def _record(sweep: Sweep, iteration: int, history: History) -> None:
    start = time.perf_counter()
    record = dict(sweep(iteration))
    record["seconds"] = time.perf_counter() - start
    history.append(record)


def _verdict(iteration: int, history: History, rules: tuple[Rule, ...], hooks: tuple[Hook, ...]) -> StopReason | None:
    asked = [hook(iteration, history) for hook in hooks]
    for answer in asked:
        if isinstance(answer, StopReason):
            return answer
    for rule in rules:
        if (reason := rule(history)) is not None:
            return reason
    return StopReason.CALLBACK if any(answer is True for answer in asked) else None


def _out_of_time(start: float, max_time: float | None) -> bool:
    return max_time is not None and time.perf_counter() - start >= max_time
