# SPDX-License-Identifier: BSD-3-Clause
"""Race our models against other libraries, print the table, keep the numbers as JSON.

python -m benchmarks.models [--rows sgd_100,ridge_f64] [--repeats 7] [--threads 2] [--out FILE.json] [--quick]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import environment, machine
from benchmarks.models import bandwidth, memory
from benchmarks.models.race import race
from benchmarks.models.rows import ROWS
from benchmarks.results import merge_rows
from benchmarks.timing import fixed_threads

NAMES = [*ROWS, *memory.ROWS, *bandwidth.ROWS]


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    with fixed_threads(options.threads):
        peaks = machine.measure(options.threads, quick=options.quick)
    for name in options.rows:
        row = _race(name, options)
        _print(row)
        if options.out:  # after every row: a long run that is cut short keeps what it has
            header = {"environment": environment.facts(), "machine": peaks, "quick": options.quick}
            merge_rows(options.out, header, [row], key=("id",))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Race our models against other libraries.")
    parser.add_argument("--rows", default="all", help=f"names with commas between them, of {', '.join(NAMES)}")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="JSON file to write; rows already there are replaced one by one")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a dry run")
    options = parser.parse_args(arguments)
    options.rows = NAMES if options.rows == "all" else options.rows.split(",")
    if unknown := set(options.rows) - set(NAMES):
        parser.error(f"unknown rows: {', '.join(sorted(unknown))}")
    return options


def _race(name: str, options: argparse.Namespace) -> dict[str, Any]:
    if name in memory.ROWS:
        return memory.measure(name, n_threads=options.threads, quick=options.quick)
    settings = {"repeats": options.repeats, "n_threads": options.threads, "quick": options.quick}
    return bandwidth.race(name, **settings) if name in bandwidth.ROWS else race(name, ROWS[name], **settings)


def _print(row: dict[str, Any]) -> None:
    print(f"{row['id']}: {row['title']}")
    if row["id"] in memory.ROWS:
        for name, taken in row["bytes_a_value"].items():
            print(f"    {name:40} {taken:9.2f} bytes a value", flush=True)
        return
    for candidate in row["candidates"]:
        times = candidate["times"]
        once = f" ({candidate['searched_seconds']:.4f} s, once)" if candidate["status"] == "slow" else ""
        timed = f"{times['median']:9.4f} s, best {times['min']:9.4f} s" if times else f"{candidate['status']:>9}{once}"
        extra = "".join(f", {key} {candidate[key]:.7g}" for key in ("tolerance", "quality") if candidate.get(key))
        print(f"    {candidate['name']:40} {timed}{extra}")
    if row["ratio_of_medians"] is not None:
        verdict = "reached" if row["ratio_of_medians"] >= row["goal"] else "NOT reached"
        print(
            f"    {row['ratio_of_medians']:.2f} times as fast as {row['against']} ({row['ratio_of_minima']:.2f} by the "
            f"minima); goal {row['goal']:g} {verdict}{'' if row['equal_quality'] else '; QUALITY DIFFERS'}",
            flush=True,
        )


if __name__ == "__main__":
    main()
