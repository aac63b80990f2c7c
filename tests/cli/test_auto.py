# SPDX-License-Identifier: BSD-3-Clause
"""``--model auto``: what is tried, what is chosen and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from schuss.cli import auto
from schuss.cli.errors import CommandError
from schuss.cli.fitting import Fit
from schuss.data.target import REGRESSION, Target


@pytest.fixture
def curved(tmp_path):
    """A table whose classes no plane divides."""
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 1500))
    label = np.where(x * z > 0, "same", "other")
    csv.write_csv(pa.table({"x": x, "z": z, "label": label}), tmp_path / "curved.csv")
    return tmp_path / "curved.csv"


def test_takes_boosting_where_a_plane_is_not_enough(trained, curved):
    record = trained(curved, target="label", model="auto")
    choice = record["choice"]
    tried = {one["family"]: one for one in choice["tried"]}
    assert list(tried) == ["logistic", "boosting"]
    assert tried["boosting"]["chosen"]
    assert not tried["logistic"]["chosen"]
    assert tried["boosting"]["loss"] < 0.5 * tried["logistic"]["loss"]
    assert tried["logistic"]["loss"] == pytest.approx(choice["constant_guess"], rel=0.05)
    assert choice["rows"] == record["rows"]["validation"]
    assert record["model"]["family"] == "boosting"
    assert choice["why"].startswith("gradient boosting, which has the lowest log loss")


def test_takes_the_line_where_there_is_one(trained, tmp_path):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(600, 5))
    columns = {f"x{j}": X[:, j] for j in range(5)} | {"y": X @ np.arange(5.0) + 0.1 * rng.normal(size=600)}
    csv.write_csv(pa.table(columns), tmp_path / "line.csv")
    record = trained("line.csv", target="y", model="auto")
    assert record["model"]["family"] == "linear"
    assert record["choice"]["measure"] == "root mean squared error"


def test_tries_a_network_on_a_longer_table(trained, tmp_path):
    rng = np.random.default_rng(2)
    x = rng.normal(size=4000)
    csv.write_csv(pa.table({"x": x, "y": np.sin(3 * x)}), tmp_path / "wave.csv")
    record = trained("wave.csv", target="y", model="auto")
    assert [one["family"] for one in record["choice"]["tried"]] == ["linear", "boosting", "mlp"]
    assert record["model"]["family"] in ("boosting", "mlp")


def test_a_person_reads_what_was_tried_and_why(schuss, curved):
    result = schuss("train", curved, "-t", "label", "--model", "auto", "--report", "r.html")
    assert result.status == 0, result.err
    shown = schuss("show", "model.schuss")
    page = (curved.parent / "r.html").read_text(encoding="utf-8")
    for text in (result.out, shown.out, page):
        for words in ("logistic regression", "gradient boosting", "a constant guess", "log loss"):
            assert words in text
    assert "Chosen: gradient boosting" in " ".join(result.out.split())
    assert "What was tried" in page


def test_the_time_is_for_all_of_them(trained, curved):
    record = trained(curved, target="label", model="auto", max_time="200ms")
    assert record["choice"]["tried"]
    assert record["seconds"]["fitting"] < 5.0
    assert record["model"]["parameters"]["max_time"] <= 0.2


@pytest.mark.parametrize(
    ("options", "words"),
    [({"settings": ("C=1",)}, "--set is for one family"), ({"val_size": 0.0}, "leave --val-size above 0")],
)
def test_what_makes_no_sense_is_refused(trained, options, words):
    with pytest.raises(CommandError, match=words):
        trained("sample:iris", model="auto", **options)


@dataclass
class Tried:
    losses: np.ndarray


def test_the_simplest_that_is_not_clearly_worse_is_taken():
    rng = np.random.default_rng(3)
    base = rng.exponential(size=200)
    noise = rng.normal(size=200)
    close = Tried(base + 0.01 + noise)  # worse by a seventh of the standard error
    assert auto.choose([close, Tried(base)]) == 0
    assert auto.choose([Tried(base + 1.0), Tried(base)]) == 1
    assert auto.choose([Tried(base), Tried(base + 1.0)]) == 0
    assert auto.choose([Tried(base)]) == 0


def table_like(n):
    """As much of prepared tables as trying families looks at."""
    target = Target("y", REGRESSION, mean=0.0, scale=1.0)
    part = np.zeros((n, 1), dtype=np.float32), np.zeros(n)
    return SimpleNamespace(target=target, training=part, validation=part)


class Zero:
    """A model of nothing."""

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize("late", [True, False], ids=["with an iteration", "before the first"])
def test_ctrl_c_keeps_the_families_that_came_far_enough(late):
    def fit(family, tables, max_time):
        if family == "boosting" and not late:
            raise KeyboardInterrupt
        return Zero(), tables, Fit(interrupted=family == "boosting", warnings=[])

    trials, interrupted = auto.try_families(table_like(5000), None, fit)
    assert interrupted
    assert [trial.family for trial in trials] == (["linear", "boosting"] if late else ["linear"])


def test_ctrl_c_before_anything_is_there_is_passed_on():
    def fit(family, tables, max_time):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        auto.try_families(table_like(100), None, fit)


def test_no_family_gets_more_than_is_left():
    given = []

    def fit(family, tables, max_time):
        given.append(max_time)
        return Zero(), tables, Fit(interrupted=False, warnings=[])

    auto.try_families(table_like(5000), 10.0, fit)
    assert given[0] < 5.0
    assert len(given) == 3
    assert all(0.0 < seconds <= 10.0 for seconds in given)
    assert given[2] > 9.0  # those before it needed next to nothing
