# SPDX-License-Identifier: BSD-3-Clause
"""Rows of the table about memory: how far gradient boosting goes beyond what stands before its fit.

Each library fits in a process of its own, which has fitted a small table before, so that nothing is loaded meanwhile.
The peak is what Linux says of the process.

    python -m benchmarks.models.memory CANDIDATE ROWS COLUMNS THREADS

prints the bytes that one fit takes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.environment import installed
from benchmarks.models import boosting, tables
from benchmarks.models.libraries import OURS

ROWS = {"memory_1m": (1_000_000, 28), "memory_200_columns": (200_000, 200)}
MOST = 3.0  # bytes a value
_SMALL = 2000  # rows


def measure(name: str, *, n_threads: int, quick: bool) -> dict[str, Any]:
    """Bytes a value that a fit of each library takes, in the form of the other rows."""
    n, d = ROWS[name]
    n = n // 50 if quick else n
    there = [candidate for candidate in boosting.candidates() if installed(candidate.library)]
    taken = {candidate.name: _in_a_process(candidate.name, n, d, n_threads) / (n * d) for candidate in there}
    least = min((name for name in taken if name != OURS), key=lambda name: taken[name], default=None)
    ratio = None if least is None else taken[least] / taken[OURS]
    return {
        "id": name,
        "title": f"HistGradientBoostingClassifier, {n // 1000}k x {d}, float32: memory of a fit beside X",
        "shape": [n, d],
        "goal": MOST,
        "threads": n_threads,
        "optimum": None,
        "against": least,
        "ratio_of_medians": ratio,
        "ratio_of_minima": ratio,
        "equal_quality": True,
        "bytes_a_value": taken,
        "candidates": [
            {"name": candidate.name, "library": candidate.library, "status": "ok", "times": None} for candidate in there
        ],
    }


def _in_a_process(name: str, *sizes: int) -> int:
    command = [sys.executable, "-m", "benchmarks.models.memory", name, *map(str, sizes)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.split()[-1])


def main(arguments: Sequence[str]) -> None:
    name, (n, d, n_threads) = arguments[0], map(int, arguments[1:])
    candidate = next(each for each in boosting.candidates() if each.name == name)
    before = 0
    for rows in (_SMALL, n):
        problem = tables.waves(rows, d, n_test=_SMALL)
        fit = candidate.build(problem, None, n_threads)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak is now what there is
        before = _resident("VmRSS")
        fit()
    print(_resident("VmHWM") - before)


def _resident(which: str) -> int:
    """Bytes of this process in memory, now or at most."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(which)).split()[1])


if __name__ == "__main__":
    main(sys.argv[1:])
