# SPDX-License-Identifier: BSD-3-Clause
"""How many threads a fit may use, and why.

Resolved once per fit and handed to every kernel; nothing reads the environment later.
"""

from __future__ import annotations

import math
import os
from functools import lru_cache
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_OURS, _OPENMP = "SCHUSS_NUM_THREADS", "OMP_NUM_THREADS"


class EnvironmentMistake(ValueError):
    """An environment variable of ours holds what it must not."""


def effective_n_threads(n_threads: int | None = None, n_jobs: int | None = None) -> int:
    """Return the number of threads to use, at least 1.

    Parameters
    ----------
    n_threads : int or None, default=None
        What the user asked for. A positive number is taken at its word. Negative ones
        count from the end as in joblib: -1 is all available CPUs, -2 all but one.
    n_jobs : int or None, default=None
        The same with less say; used when ``n_threads`` is None.

    Raises
    ------
    ValueError
        If the number asked for is 0, or none is and ``SCHUSS_NUM_THREADS`` is no positive number.
    """
    asked = n_jobs if n_threads is None else n_threads
    if asked is None:
        return explain_n_threads()[0]
    if asked == 0:
        name = "n_jobs" if n_threads is None else "n_threads"
        raise ValueError(f"{name} == 0 has no meaning; use None, or 1 for one thread")
    if asked > 0:
        return int(asked)
    return max(1, available_cpus()[0] + 1 + int(asked))


def explain_n_threads() -> tuple[int, str]:
    """Return the automatic number of threads and the reason for it.

    Raises
    ------
    EnvironmentMistake
        If ``SCHUSS_NUM_THREADS`` is set, but to no positive number.

    Examples
    --------
    >>> count, reason = explain_n_threads()
    >>> count >= 1
    True
    """
    for variable in (_OURS, _OPENMP):
        if (count := _from_environment(variable)) is not None:
            return count, f"{variable}={os.environ[variable]}"
        if variable == _OURS and (text := os.environ.get(_OURS)):
            raise EnvironmentMistake(f"{_OURS}={text!r}: expected a positive whole number")
    return available_cpus()


def available_cpus() -> tuple[int, str]:
    """Return the number of CPUs this process may use, and what limits it."""
    count, reason = os.cpu_count() or 1, "CPUs of this machine"
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
        if allowed < count:
            count, reason = allowed, "CPU affinity of this process"
    quota = _cgroup_quota()
    if quota is not None and math.ceil(quota) < count:
        # Rounded up: half a CPU more is used best by a thread of its own.
        count, reason = max(1, math.ceil(quota)), f"cgroup quota of {quota:g} CPUs"
    return count, reason


def _from_environment(variable: str) -> int | None:
    """Read a thread count; OpenMP also allows a list, of which the first counts here."""
    text = os.environ.get(variable, "").split(",")[0].strip()
    return int(text) if text.isdecimal() and int(text) > 0 else None


@lru_cache(maxsize=1)
def _cgroup_quota() -> float | None:
    """CPU quota of this process's control group, in CPUs (version 2, then version 1)."""
    quotas = [*_quotas_v2(), *_quotas_v1()]
    return min(quotas, default=None)


def _quotas_v2() -> list[float]:
    quotas = []
    for folder in _group_folders("", _CGROUP):
        words = _words(folder / "cpu.max")
        if len(words) == 2 and words[0] != "max":
            quotas.append(int(words[0]) / int(words[1]))
    return quotas


def _quotas_v1() -> list[float]:
    quotas = []
    for folder in _group_folders("cpu", _CGROUP / "cpu"):
        quota, period = _words(folder / "cpu.cfs_quota_us"), _words(folder / "cpu.cfs_period_us")
        if quota and period and int(quota[0]) > 0:
            quotas.append(int(quota[0]) / int(period[0]))
    return quotas


def _group_folders(controller: str, root: Path) -> list[Path]:
    """Folders of this process's group and its ancestors: each may set a limit.

    Inside a container the path of ``/proc/self/cgroup`` is often that of the host and
    absent here; the root then is the container's own group.
    """
    folders = [root]
    for line in _lines(Path("/proc/self/cgroup")):
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            inside = root / path.lstrip("/")
            folders += [f for f in (inside, *inside.parents) if root in f.parents]
    return folders


def _words(path: Path) -> list[str]:
    return " ".join(_lines(path)).split()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:  # no such group, or no right to look: then it does not limit us
        return []
