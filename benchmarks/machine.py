# SPDX-License-Identifier: BSD-3-Clause
"""The machine's own peak, measured: how fast it reads memory, how fast it multiplies matrices.

Read bandwidth is the fastest of several ways to read one large array once: our finite check on the best instruction
set, NumPy's sum in as many Python threads, and the dot product of the BLAS. Multiplication is NumPy's product of two
square matrices, which is the BLAS's.

    python -m benchmarks.machine [--quick]
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks.timing import Run, interleave
from schuss import _kernels as kernels

Array = NDArray[Any]


def measure(n_threads: int = 2, *, quick: bool = False, repeats: int = 7) -> dict[str, Any]:
    """Peaks with one thread and with ``n_threads``.

    Returns
    -------
    dict
        ``{"1": {"read": {"gb_per_s", "how"}, "float32": {"gflop_per_s"}, "float64": {...}}, "2": ...}``
    """
    return {str(count): _measure(count, quick, repeats) for count in sorted({1, n_threads})}


def _measure(n_threads: int, quick: bool, repeats: int) -> dict[str, Any]:
    found: dict[str, Any] = {"read": read_bandwidth(n_threads, (8 if quick else 512) << 20, repeats)}
    for dtype in ("float32", "float64"):
        found[dtype] = {"gflop_per_s": multiply_rate(n_threads, dtype, 256 if quick else 2048, repeats)}
    return found


def read_bandwidth(n_threads: int, n_bytes: int, repeats: int) -> dict[str, Any]:
    """GB/s of the fastest way to read an array of so many bytes, and which way that was."""
    x = np.ones(n_bytes // 4, dtype=np.float32)
    with ThreadPoolExecutor(n_threads) as pool, threadpool_limits(limits=n_threads):
        ways = _ways_to_read(x, n_threads, pool)
        times = interleave(ways, repeats=repeats, least_seconds=0.02, pause=0.1)
    how = min(times, key=lambda name: times[name].best)
    return {"gb_per_s": n_bytes / times[how].best / 1e9, "how": how}


def _ways_to_read(x: Array, n_threads: int, pool: ThreadPoolExecutor) -> dict[str, Run]:
    parts = np.array_split(x, n_threads)
    return {
        "all_finite": lambda: kernels.all_finite(x, n_threads=n_threads),
        "numpy.sum": lambda: sum(pool.map(np.sum, parts)),
        "numpy.dot": lambda: np.dot(x, x),
    }


def multiply_rate(n_threads: int, dtype: str, order: int, repeats: int) -> float:
    """GFLOP/s of the BLAS on square matrices."""
    a = np.ones((order, order), dtype=dtype)
    out = np.empty_like(a)
    with threadpool_limits(limits=n_threads):
        times = interleave({"gemm": lambda: np.matmul(a, a, out=out)}, repeats=repeats, least_seconds=0.02)
    return 2.0 * order**3 / times["gemm"].best / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the machine's own peak.")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="small sizes, for a dry run")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.threads, quick=arguments.quick), indent=2))


if __name__ == "__main__":
    main()
