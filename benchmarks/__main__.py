# SPDX-License-Identifier: BSD-3-Clause
"""Everything that `make bench` runs: the kernels, the kernels under pytest-benchmark, the models beside their peers.

    python -m benchmarks [--repeats 7] [--threads 2] [--out build/benchmarks] [--quick]

The results go to a folder of their own, kernels.json and models.json. To show them in the documents, write them to
benchmarks/results instead, and run ``python -m benchmarks.report``. A second machine's models are models_<name>.json.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.environment import ROOT
from benchmarks.kernels.__main__ import main as run_kernels
from benchmarks.models.__main__ import main as run_models


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Time the kernels, then the models beside their peers.")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "build/benchmarks", help="folder to write the results to")
    parser.add_argument("--quick", action="store_true", help="small sizes, for a dry run")
    options = parser.parse_args(arguments)
    common = ["--repeats", str(options.repeats), "--threads", str(options.threads)] + ["--quick"] * options.quick
    run_kernels([*common, "--out", str(options.out / "kernels.json")])
    status = _pytest_benchmark(quick=options.quick)
    run_models([*common, "--out", str(options.out / "models.json")])
    return status


def _pytest_benchmark(*, quick: bool) -> int:
    """Its own process: it brings its own timer, and takes the instruction set in use."""
    form = ["--benchmark-disable"] if quick else ["--benchmark-columns=min,median,rounds", "--benchmark-sort=name"]
    command = [sys.executable, "-m", "pytest", "-q", "benchmarks/kernels", *form]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
