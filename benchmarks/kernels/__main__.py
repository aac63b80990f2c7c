# SPDX-License-Identifier: BSD-3-Clause
"""Check and time the kernels, print them beside the machine's peak, keep the numbers as JSON.

    python -m benchmarks.kernels [--only glm_pass] [--repeats 7] [--threads 2] [--out FILE.json] [--quick]

The instruction sets of a case take turns, so their ratio is sound even where the machine is not quiet.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import environment, machine
from benchmarks.kernels.case import Case
from benchmarks.kernels.cases import CASES
from benchmarks.kernels.data import QUICK_SIZES, SIZES
from benchmarks.results import merge_rows
from benchmarks.timing import Times, fixed_threads, interleave
from schuss import _kernels as kernels
from schuss import use_isa

DTYPES = ("float32", "float64")
_WIDTH = max(map(len, CASES))


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    with fixed_threads(options.threads):
        peaks = machine.measure(options.threads, quick=options.quick)
        rows = []
        _print_peaks(peaks)
        for row in measure(options):
            _print_row(row, peaks)
            rows.append(row)
    if options.out:
        header = {"environment": environment.facts(), "machine": peaks, "quick": options.quick}
        merge_rows(options.out, header, rows, key=("case", "dtype", "size", "threads"))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Check and time the kernels.")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="JSON file to write; rows already there are replaced one by one")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a dry run")
    return parser.parse_args(arguments)


def measure(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One row for each case, dtype, size and number of threads."""
    sizes = QUICK_SIZES if options.quick else SIZES
    least = 0.0 if options.quick else 0.02
    for name, build in CASES.items():
        if options.only not in name:
            continue
        for dtype in DTYPES:
            for size, n_bytes in sizes.items():
                case = build(dtype, n_bytes)
                check_on_every_isa(case)
                for n_threads in sorted({1, options.threads}) if case.parallel else [1]:
                    times = _time(case, n_threads, options.repeats, least)
                    yield {
                        "case": name,
                        "dtype": dtype,
                        "size": size,
                        "threads": n_threads,
                        "elements": case.elements,
                        "bytes": case.n_bytes,
                        "flops": case.flops,
                        "isa": {isa: time.to_dict() for isa, time in times.items()},
                    }


def _time(case: Case, n_threads: int, repeats: int, least_seconds: float) -> dict[str, Times]:
    """Times per instruction set, which is chosen outside of the measurement: asking the CPU is slow."""
    candidates = dict.fromkeys(kernels.isa_supported(), lambda: case.run(n_threads))
    with use_isa(kernels.isa_in_use()):  # restores it
        return interleave(candidates, repeats=repeats, least_seconds=least_seconds, before=kernels.select_isa)


def check_on_every_isa(case: Case) -> None:
    """Nothing is timed that computes the wrong thing."""
    for isa in kernels.isa_supported():
        with use_isa(isa):
            case.check()


def _print_peaks(peaks: dict[str, Any]) -> None:
    for count, peak in peaks.items():
        read = peak["read"]
        print(
            f"{count} thread(s): reads {read['gb_per_s']:.1f} GB/s ({read['how']}), multiplies "
            f"{peak['float32']['gflop_per_s']:.0f} GFLOP/s in float32, {peak['float64']['gflop_per_s']:.0f} in float64"
        )
    head = f"{'kernel':{_WIDTH}} {'dtype':8} {'size':5} {'thr':>3}"
    print(f"{head}  per instruction set ns/element, GB/s (% of reading), GFLOP/s (% of the BLAS)")


def _print_row(row: dict[str, Any], peaks: dict[str, Any]) -> None:
    cells = []
    for isa, times in row["isa"].items():
        seconds = times["median"]
        rate = row["bytes"] / seconds / 1e9
        share = 100.0 * rate / peaks[str(row["threads"])]["read"]["gb_per_s"]
        cell = f"{isa} {1e9 * seconds / row['elements']:.3f} ns {rate:.1f} GB/s"
        if row["size"] == "DRAM":
            cell += f" ({share:.0f} %)"
        if row["flops"]:
            peak = peaks[str(row["threads"])][row["dtype"]]["gflop_per_s"]
            speed = row["flops"] / seconds / 1e9
            cell += f" {speed:.1f} GF/s ({100.0 * speed / peak:.0f} %)"
        cells.append(cell)
    head = f"{row['case']:{_WIDTH}} {row['dtype']:8} {row['size']:5} {row['threads']:3}"
    print(head, "", " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
