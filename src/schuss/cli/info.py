# SPDX-License-Identifier: BSD-3-Clause
"""``schuss info``: what this installation is and how it will run."""

from __future__ import annotations

import json as json_library
from typing import Any

from schuss.cli.console import facts, heading, make_console


def info(*, json: bool) -> None:
    """Print version, instruction sets, threads and compiler."""
    found = collect()
    if json:
        print(json_library.dumps(found, ensure_ascii=False, allow_nan=False, indent=2))
        return
    console, isa, threads = make_console(), found["instruction_sets"], found["threads"]
    heading(console, f"schuss {found['version']}")
    facts(
        console,
        [
            ("instruction set", f"{isa['in_use']} in use"),
            ("compiled", ", ".join(isa["compiled"])),
            ("this CPU runs", ", ".join(isa["supported"])),
            ("threads", f"{threads['count']} ({threads['why']})"),
            ("compiler", found["compiler"]),
            ("machine", found["machine"]),
            *((name, number) for name, number in found["versions"].items() if name != "schuss"),
        ],
    )


def collect() -> dict[str, Any]:
    """Return the same as JSON values."""
    from schuss.cli.record import surroundings
    from schuss.config import config

    here, around = config(), surroundings()
    return {
        "schema": 1,
        "version": here["version"],
        "instruction_sets": {
            "in_use": here["isa_in_use"],
            "supported": here["isa_supported"],
            "compiled": here["isa_compiled"],
        },
        "threads": {"count": here["n_threads"], "why": here["n_threads_reason"]},
        "compiler": here["compiler"],
        "machine": here["platform"],
        "versions": around["versions"],
    }
