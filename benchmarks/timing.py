# SPDX-License-Identifier: BSD-3-Clause
"""Times of several candidates, taken in rounds, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds per call, one number for each repeat."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def best(self) -> float:
        return min(self.seconds)

    def to_dict(self) -> dict[str, object]:
        return {"min": self.best, "median": self.median, "seconds": list(self.seconds)}


def interleave(
    candidates: Mapping[str, Run],
    *,
    repeats: int = 7,
    least_seconds: float = 0.0,
    before: Callable[[str], object] = lambda name: None,
    pause: float = 0.0,
) -> dict[str, Times]:
    """Time each candidate ``repeats`` times, one after the other, in another order in every round.

    Whom a candidate follows matters: after its like it finds memory that is there already, after another library it
    waits for pages. A fit of two seconds was measured to take 4 to 8 % longer then.

    Parameters
    ----------
    candidates : mapping of str to callable
        Called without arguments; what they return is dropped.
    repeats : int, default=7
    least_seconds : float, default=0.0
        A candidate that is done sooner is called several times in a row, and the mean counts: a clock read costs
        nothing beside it then.
    before : callable
        Called with the candidate's name before it is timed, outside of the measurement.
    pause : float, default=0.0
        Seconds to wait before each measurement. Pools of other libraries keep their threads spinning for a while after
        their last call; without a pause the next candidate would share its cores with them.

    Returns
    -------
    dict of str to Times
    """
    calls = {}
    for name, run in candidates.items():
        before(name)
        calls[name] = _calls_for(run, least_seconds)
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    order, shuffle = list(candidates), random.Random(0).shuffle
    with _no_garbage_collection():
        for _ in range(repeats):
            shuffle(order)
            for name in order:
                before(name)
                time.sleep(pause)
                seconds[name].append(_time(candidates[name], calls[name]))
    return {name: Times(tuple(values)) for name, values in seconds.items()}


def _calls_for(run: Run, least_seconds: float) -> int:
    """Warm up, and find how many calls fill the least time."""
    run()
    calls = 1
    if least_seconds <= 0.0:
        return calls
    while (took := calls * _time(run, calls)) < least_seconds:
        enough = 1.2 * calls * least_seconds / took if took > 0.1 * least_seconds else 0.0
        calls = max(2 * calls, int(enough))
    return calls


def _time(run: Run, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def fixed_threads(n_threads: int) -> Iterator[None]:
    """Hold BLAS, OpenMP and TBB in this process to a number of threads.

    Only libraries that are loaded already are reached: import the peers first. Our own kernels are given the number.
    """
    try:
        import daal4py
    except ImportError:
        pass  # without scikit-learn-intelex there is no TBB pool to hold
    else:
        daal4py.daalinit(n_threads)
    with threadpool_limits(limits=n_threads):
        yield
