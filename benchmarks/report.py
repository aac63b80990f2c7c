# SPDX-License-Identifier: BSD-3-Clause
"""Write the tables of the documents from the committed results, between their markers.

    python -m benchmarks.report [--check]

README.md gets the models, the decision about instruction sets the kernels. ``--check`` writes nothing and fails when a
document is not what the results say.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.environment import ROOT
from benchmarks.models.bandwidth import ROWS as BANDWIDTH_ROWS
from benchmarks.models.memory import ROWS as MEMORY_ROWS
from benchmarks.models.rows import ROWS
from benchmarks.results import FOLDER, read

NOT_YET = "No results are committed yet; `make bench` measures on your machine."


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Write the tables of the documents from the committed results.")
    parser.add_argument("--check", action="store_true", help="fail instead of writing when a document is stale")
    options = parser.parse_args(arguments)
    documents = {
        ROOT / "README.md": models_tables(FOLDER),
        ROOT / "docs/decisions/0010-which-instruction-sets-ship.md": isa_table(FOLDER / "kernels.json"),
    }
    stale = [path for path, table in documents.items() if not _update(path, table, write=not options.check)]
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'does not show the committed results' if options.check else 'written'}")
    return 1 if stale and options.check else 0


def _update(path: Path, table: str, *, write: bool) -> bool:
    """Put the table between the markers; returns whether it was there already."""
    old = path.read_text(encoding="utf-8")
    marked = re.compile(r"(<!-- benchmarks:begin[^>]*-->\n).*?(<!-- benchmarks:end -->)", re.DOTALL)
    new, count = marked.subn(lambda match: f"{match[1]}{table}\n{match[2]}", old)
    if count != 1:
        raise SystemExit(f"{path.relative_to(ROOT)}: expected one pair of markers, found {count}")
    if write and new != old:
        path.write_text(new, encoding="utf-8")
    return new == old


# ---------------------------------------------------------------- models


def models_tables(folder: Path) -> str:
    """The table of models.json, and those of other machines, models_<name>.json."""
    others = [models_table(path) for path in sorted(folder.glob("models_*.json"))]
    return "\n\n".join([models_table(folder / "models.json"), *(f"On another machine:\n\n{table}" for table in others)])


def models_table(path: Path) -> str:
    """One line per row, in the order of the code, and a sentence on the machine."""
    if not path.exists():
        return NOT_YET
    results = read(path)
    rows = {row["id"]: row for row in results["rows"]}
    lines = [_model_line(rows[name]) for name in [*ROWS, *MEMORY_ROWS, *BANDWIDTH_ROWS] if name in rows]
    head = ("what", "schuss", "fastest other", "its time", "times as fast")
    return f"{_table(head, lines)}\n\n{_machine(results, max(results['machine'], key=int))}"


def _model_line(row: dict[str, Any]) -> tuple[str, ...]:
    if row["id"] in MEMORY_ROWS:
        taken = {name: f"{number:.1f} bytes a value" for name, number in row["bytes_a_value"].items()}
        return (
            row["title"],
            taken["schuss"],
            row["against"],
            taken[row["against"]],
            f"{row['ratio_of_medians']:.1f} times less",
        )
    times = {candidate["name"]: candidate["times"] for candidate in row["candidates"] if candidate["times"]}
    ours = times.get("schuss", times.get("glm_pass"))
    if row["ratio_of_medians"] is None or ours is None:
        return row["title"], _seconds(ours["median"]) if ours else "quality not reached", "none", "", ""
    if row["id"] in BANDWIDTH_ROWS:
        way = next(name for name in times if f"({name})" in row["against"])
        return (
            row["title"],
            _seconds(ours["median"]),
            row["against"],
            _seconds(times[way]["median"]),
            f"{100 * row['ratio_of_medians']:.0f} % of the bandwidth",
        )
    ratio = f"{row['ratio_of_medians']:.1f} (minima: {row['ratio_of_minima']:.1f})"
    if not row["equal_quality"]:
        ratio += ", at a lower quality"
    against = row["against"]
    return row["title"], _seconds(ours["median"]), against, _seconds(times[against]["median"]), ratio


def _machine(results: dict[str, Any], threads: str) -> str:
    facts, peaks = results["environment"], results["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items() if version)
    commits = ", ".join(sorted({row["git"] for row in results["rows"]}))
    dry = (
        " These are numbers of a dry run on small tables and mean nothing."
        if any(row["quick"] for row in results["rows"])
        else ""
    )
    return (
        f"Medians, {threads} thread{'s' * (threads != '1')}, {facts['cpu']} ({facts['cpus']} CPUs), {facts['system']}, "
        f"{facts['isa_in_use']} kernels built by {facts['compiler']}, which read memory at "
        f"{peaks[threads]['read']['gb_per_s']:.0f} GB/s; Python {facts['python']}, {packages}; {facts['date']}, commit "
        f"{commits}.{dry}"
    )


# ---------------------------------------------------------------- instruction sets


def isa_table(path: Path) -> str:
    """How much faster each instruction set is than the base, case by case, in cache and from memory."""
    if not path.exists():
        return NOT_YET
    results = read(path)
    single = [row for row in results["rows"] if row["threads"] == 1]
    isas = list(single[0]["isa"])
    keys = [(dtype, size) for dtype in ("float32", "float64") for size in ("L2", "DRAM")]
    head = ("kernel", *(f"{dtype}, {size}: {' / '.join(isas[1:])}" for dtype, size in keys))
    lines: list[tuple[str, ...]] = []
    gains: dict[str, list[float]] = {isa: [] for isa in isas[1:]}
    for case in dict.fromkeys(row["case"] for row in single):
        cells = []
        for key in keys:
            row = next(r for r in single if (r["case"], r["dtype"], r["size"]) == (case, *key))
            ratios = {isa: row["isa"][isas[0]]["median"] / row["isa"][isa]["median"] for isa in isas[1:]}
            for isa, ratio in ratios.items():
                gains[isa].append(ratio)
            cells.append(" / ".join(f"{ratio:.1f}" for ratio in ratios.values()))
        lines.append((case, *cells))
    means = ", ".join(f"{isa} {statistics.geometric_mean(ratios):.2f}" for isa, ratios in gains.items())
    return (
        f"Times as fast as `{isas[0]}`, one thread, medians. Geometric means over the table: {means}.\n\n"
        f"{_table(head, lines)}\n\n{_machine(results, '1')}"
    )


# ---------------------------------------------------------------- Markdown


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    rows = [head, ["---", *["---:"] * (len(head) - 1)], *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _seconds(value: float) -> str:
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if value * factor >= 1.0:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e6:.0f} us"


if __name__ == "__main__":
    sys.exit(main())
