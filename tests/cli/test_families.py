# SPDX-License-Identifier: BSD-3-Clause
"""``schuss train`` with trees, forests, boosting and networks: how they get their table and what is said of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from schuss.data import TableModel

FAMILIES = ("tree", "forest", "boosting", "mlp")


def score(record, name):
    return next((one["model"], one["constant_guess"]) for one in record["test"]["scores"] if one["name"] == name)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("sample", "measure", "more"), [("wine", "accuracy", 0.3), ("diabetes", "R²", 0.02)])
def test_bundled_tables(trained, family, sample, measure, more):
    record = trained(f"sample:{sample}", model=family)
    model, guess = score(record, measure)
    assert model > guess + more
    assert record["model"]["family"] == family


@pytest.mark.parametrize(
    ("family", "features"), [("tree", 14), ("forest", 11), ("boosting", 11), ("mlp", 12), ("logistic", 15)]
)
def test_categories_reach_a_model_in_the_form_it_wants(trained, bench, family, features):
    record = trained(bench.path / "people.csv", target="risk", drop=("cost",), model=family)
    assert record["columns"]["features"] == features
    if family in ("boosting", "forest", "mlp"):
        assert len(record["model"]["parameters"]["categorical_features"]) == 1
    table = csv.read_csv(bench.path / "people.csv")
    assert set(TableModel.load("model.schuss").predict(table)) == {"low", "high"}


def test_a_network_knows_hundreds_of_labels(trained, tmp_path):
    rng = np.random.default_rng(0)
    place, effect = rng.integers(0, 300, 9000), rng.normal(size=300)
    names = np.array([f"place {k:03}" for k in range(300)])
    columns = {"place": names[place], "z": rng.normal(size=9000), "y": np.where(effect[place] > 0, "high", "low")}
    csv.write_csv(pa.table(columns), tmp_path / "places.csv")
    record = trained("places.csv", target="y", model="mlp", report="r.html")
    assert score(record, "accuracy")[0] > 0.95
    model = TableModel.load("model.schuss")
    assert model.estimator.embeddings_[record["model"]["parameters"]["categorical_features"][0]].shape[0] > 280
    gone = pa.table({"place": ["nowhere", None], "z": [0.0, 0.0]})
    assert set(model.predict(gone)) <= {"high", "low"}


@pytest.mark.parametrize("family", ["tree", "forest", "boosting"])
def test_a_gap_is_worth_as_much_as_a_number(trained, tmp_path, family):
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    missing = rng.random(400) < 0.4
    columns = {"x": pa.array(x, mask=missing), "z": rng.normal(size=400), "y": np.where(missing, "gone", "here")}
    csv.write_csv(pa.table(columns), tmp_path / "gaps.csv")
    record = trained("gaps.csv", target="y", model=family)
    assert record["columns"]["features"] == 2
    assert score(record, "accuracy")[0] == 1.0


def test_boosting_stops_on_the_rows_to_watch(trained):
    record = trained("sample:breast_cancer", model="boosting")
    assert record["stop"]["reason"] == "no_improvement"
    assert record["stop"]["iterations"] < record["model"]["parameters"]["max_iter"]
    alone = trained("sample:breast_cancer", model="boosting", val_size=0.0)
    assert alone["stop"]["iterations"] == alone["model"]["parameters"]["max_iter"] == 100


@pytest.mark.parametrize("family", ["tree", "forest", "boosting"])
def test_show_and_report_list_importances(trained, shown, tmp_path, family):
    trained("sample:wine", model=family, report="r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    for text in (shown(), page):
        assert "Most important features" in text
        assert "coefficient" not in text
        assert ("The tree" in text) == (family == "tree")
        assert ("Grown to the end" in text) == (family == "tree")


def test_a_tree_is_told_in_questions(trained, shown, bench):
    trained(bench.path / "people.csv", target="risk", drop=("cost",), model="tree")
    lines = shown().split("The tree\n")[1].splitlines()
    assert lines[0].strip().endswith(":")
    assert any("smoker is true" in line for line in lines)
    assert any(" rows)" in line or "divided further" in line for line in lines[:20])
    assert any(line.strip().startswith(("low, ", "high, ")) for line in lines[:20])


def test_a_network_has_nothing_to_list(trained, shown, tmp_path):
    trained("sample:iris", model="mlp", report="r.html")
    for text in (shown(), (tmp_path / "r.html").read_text(encoding="utf-8")):
        assert "Largest coefficients" not in text
        assert "important features" not in text


def test_a_network_reads_digits(trained):
    settings = ("label_smoothing=0.1", "hidden_layer_sizes=256", "batch_size=32")
    assert score(trained("sample:digits", model="mlp", settings=settings), "accuracy")[0] >= 0.98


def test_a_network_is_not_done_when_its_accuracy_stands_still(trained):
    """On 57 rows to watch accuracies are alike early on, while the loss still falls."""
    of = {by: trained("sample:breast_cancer", model="mlp", settings=(f"scoring={by}",)) for by in ("loss", "none")}
    assert score(of["loss"], "log loss")[0] < 0.7 * score(of["none"], "log loss")[0]
    assert trained("sample:breast_cancer", model="mlp")["model"]["parameters"]["scoring"] == "loss"
