# SPDX-License-Identifier: BSD-3-Clause
"""The same cases for pytest-benchmark: `make bench`, or `python -m pytest benchmarks/kernels`.

Not collected by `make test`. SCHUSS_ISA chooses the instruction set, SCHUSS_NUM_THREADS the threads.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.kernels.cases import CASES
from benchmarks.kernels.data import SIZES
from schuss import _kernels as kernels
from schuss._threads import effective_n_threads


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CASES)
def test_kernel(benchmark: Any, name: str, dtype: str) -> None:
    case = CASES[name](dtype, SIZES["L2"])
    case.check()
    n_threads = effective_n_threads() if case.parallel else 1
    benchmark.group = name
    benchmark.extra_info.update(
        isa=kernels.isa_in_use(), threads=n_threads, elements=case.elements, bytes=case.n_bytes, flops=case.flops
    )
    benchmark(case.run, n_threads)
