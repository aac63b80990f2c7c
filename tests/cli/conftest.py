# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures of the command line's tests: a directory to run in, and models to use."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import people, run
from pyarrow import csv

from schuss.cli.show import show
from schuss.cli.train import TrainOptions, train


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


@pytest.fixture
def trained(tmp_path, monkeypatch, capsys):
    """Train in an empty directory and in this process, which saves a start of Python; the record of the run."""
    monkeypatch.chdir(tmp_path)

    def train_one(source, **options):
        train(TrainOptions(str(source), json=True, **options))
        return json.loads(capsys.readouterr().out)

    return train_one


@pytest.fixture
def shown(capsys):
    """What ``schuss show`` prints of the model that was trained."""

    def show_it():
        show("model.schuss", json=False)
        return capsys.readouterr().out

    return show_it
