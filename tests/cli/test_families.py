# SPDX-License-Identifier: BSD-3-Clause
"""``schuss train`` with trees, forests, boosting and networks: how they get their table and what is said of them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

FAMILIES = ("tree", "forest", "boosting", "mlp")


def record_of(result):
    assert result.status == 0, result.err
    return json.loads(result.out)


def score(record, name):
    return next((one["model"], one["constant_guess"]) for one in record["test"]["scores"] if one["name"] == name)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("sample", "measure", "more"), [("wine", "accuracy", 0.3), ("diabetes", "R²", 0.1)])
def test_bundled_tables(schuss, family, sample, measure, more):
    record = record_of(schuss("train", f"sample:{sample}", "--model", family, "--json"))
    model, guess = score(record, measure)
    assert model > guess + more
    assert record["model"]["family"] == family
    again = record_of(schuss("evaluate", "model.schuss", f"sample:{sample}", "--json"))
    assert {one["name"] for one in again["scores"]} == {one["name"] for one in record["test"]["scores"]}


@pytest.mark.parametrize(("family", "features"), [("boosting", 11), ("forest", 11), ("tree", 14), ("logistic", 15)])
def test_categories_reach_a_model_in_the_form_it_wants(schuss, bench, family, features):
    people = bench.path / "people.csv"
    record = record_of(schuss("train", people, "-t", "risk", "--drop", "cost", "-m", family, "--json"))
    assert record["columns"]["features"] == features
    if family in ("boosting", "forest"):
        assert len(record["model"]["parameters"]["categorical_features"]) == 1
    predicted = schuss("predict", "model.schuss", people)
    assert predicted.status == 0, predicted.err
    assert set(predicted.out.split()[1:]) <= {"low", "high"}


@pytest.mark.parametrize("family", ["boosting", "forest", "tree"])
def test_a_gap_is_worth_as_much_as_a_number(schuss, tmp_path, family):
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    missing = rng.random(400) < 0.4
    table = pa.table(
        {"x": pa.array(x, mask=missing), "z": rng.normal(size=400), "y": np.where(missing, "gone", "here")}
    )
    csv.write_csv(table, tmp_path / "gaps.csv")
    record = record_of(schuss("train", "gaps.csv", "-t", "y", "-m", family, "--json"))
    assert record["columns"]["features"] == 2
    assert score(record, "accuracy")[0] == 1.0


def test_boosting_stops_on_the_rows_to_watch(schuss):
    record = record_of(schuss("train", "sample:breast_cancer", "-m", "boosting", "--json"))
    assert record["stop"]["reason"] == "no_improvement"
    assert record["stop"]["iterations"] < record["model"]["parameters"]["max_iter"]
    alone = record_of(schuss("train", "sample:breast_cancer", "-m", "boosting", "--val-size", "0", "--json"))
    assert alone["stop"]["iterations"] == alone["model"]["parameters"]["max_iter"] == 100


@pytest.mark.parametrize("family", ["tree", "forest", "boosting"])
def test_show_and_report_list_importances(schuss, tmp_path, family):
    assert schuss("train", "sample:wine", "-m", family, "--report", "r.html").status == 0
    shown = schuss("show", "model.schuss")
    assert shown.status == 0, shown.err
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for text in (shown.out, page):
        assert "Most important features" in text
        assert "coefficient" not in text
        assert ("The tree" in text) == (family == "tree")


def test_a_tree_is_told_in_questions(schuss, bench):
    people = bench.path / "people.csv"
    assert schuss("train", people, "-t", "risk", "--drop", "cost", "-m", "tree", "-o", "t.schuss").status == 0
    lines = schuss("show", "t.schuss").out.split("The tree\n")[1].splitlines()
    assert lines[0].strip().endswith(":")
    assert any(" rows)" in line or "divided further" in line for line in lines[:20])
    assert any(line.strip().startswith(("low, ", "high, ")) for line in lines[:20])


def test_a_network_has_nothing_to_list(schuss, tmp_path):
    assert schuss("train", "sample:iris", "-m", "mlp", "--report", "r.html").status == 0
    shown = schuss("show", "model.schuss")
    assert shown.status == 0, shown.err
    assert "coefficients" not in shown.out
    assert "important" not in shown.out
    assert "Largest" not in (tmp_path / "r.html").read_text(encoding="utf-8")
