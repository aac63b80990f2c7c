# SPDX-License-Identifier: BSD-3-Clause
"""Compare two files of results of the same machine; fail when the second is slower.

    python -m benchmarks.compare base.json head.json [--relative 0.10] [--absolute 50e-6]

A measurement counts as slower only when it is so both in relative and in absolute terms, and by its minimum as well as
by its median: short ones jitter in relative terms, long ones in absolute terms, and medians move with the machine's
load. Works for the kernels' files and for the models', of which only our own times are compared.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import read


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Compare two files of results; fail when the second is slower.")
    parser.add_argument("base", type=Path)
    parser.add_argument("head", type=Path)
    parser.add_argument("--relative", type=float, default=0.10, help="slowdown that counts, relative to the base")
    parser.add_argument("--absolute", type=float, default=50e-6, help="slowdown that counts, in seconds")
    options = parser.parse_args(arguments)
    base, head = dict(measurements(read(options.base))), dict(measurements(read(options.head)))
    common = [name for name in base if name in head]
    if not common:
        parser.error("the files have no measurement in common")
    slower = [name for name in common if is_slower(base[name], head[name], options.relative, options.absolute)]
    for name in common:
        before, after = base[name]["median"], head[name]["median"]
        mark = "  SLOWER" if name in slower else ""
        print(f"{name:80} {before:.3e} s -> {after:.3e} s  {before / after:5.2f} times as fast{mark}")
    print(f"{len(slower)} of {len(common)} slower by more than {options.relative:.0%} and {options.absolute:g} s")
    return 1 if slower else 0


def measurements(results: dict[str, Any]) -> Iterator[tuple[str, dict[str, float]]]:
    """Name and times of everything that is ours."""
    for row in results["rows"]:
        if "isa" in row:
            for isa, times in row["isa"].items():
                yield f"{row['case']}, {row['dtype']}, {row['size']}, {row['threads']} thread(s), {isa}", times
        else:
            for candidate in row["candidates"]:
                if candidate["library"] == "schuss" and candidate["times"]:
                    yield row["id"], candidate["times"]


def is_slower(base: dict[str, float], head: dict[str, float], relative: float, absolute: float) -> bool:
    """Whether both the minimum and the median have grown beyond both limits."""
    return all(
        head[key] > base[key] * (1.0 + relative) and head[key] > base[key] + absolute for key in ("min", "median")
    )


if __name__ == "__main__":
    sys.exit(main())
