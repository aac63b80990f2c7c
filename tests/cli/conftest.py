# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the command line's tests: a directory to run in, and models to use."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import people, run
from pyarrow import csv


@pytest.fixture
def schuss(tmp_path):
    """Run ``schuss`` in an empty directory."""
    return lambda *arguments, **options: run(*arguments, cwd=tmp_path, **options)


@dataclass(frozen=True)
class Bench:
    """A directory with a table and models trained on it, made once."""

    path: Path
    classes: str = "risk.schuss"
    numbers: str = "cost.schuss"


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench")
    csv.write_csv(people(), path / "people.csv")
    csv.write_csv(people(150, seed=1), path / "others.csv")
    for target, drop in (("risk", "cost"), ("cost", "risk")):
        result = run("train", "people.csv", "-t", target, "--drop", drop, "-o", f"{target}.schuss", cwd=path)
        assert result.status == 0, result.err
    return Bench(path)
