# SPDX-License-Identifier: BSD-3-Clause
"""``schuss predict``, ``evaluate``, ``show`` and ``info`` from outside."""

import gzip
import io
import json
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv, feather, parquet

import schuss as library
from schuss.data import TableModel
from schuss.linear_model import Ridge


def others(bench):
    return csv.read_csv(bench.path / "others.csv")


def predictions(text):
    return csv.read_csv(io.BytesIO(text.encode()))


def test_predictions_on_standard_output_are_those_of_python(schuss, bench):
    result = schuss("predict", bench.path / bench.classes, bench.path / "others.csv")
    assert result.status == 0, result.err
    assert result.err == ""
    found = predictions(result.out).column("prediction").to_pylist()
    model = TableModel.load(bench.path / bench.classes)
    assert found == model.predict(others(bench)).tolist()
    assert found == model.predict(others(bench).to_pandas()).tolist()
    assert np.mean([a == b for a, b in zip(found, others(bench).column("risk").to_pylist(), strict=True)]) > 0.8


def test_probabilities(schuss, bench):
    result = schuss("predict", bench.path / bench.classes, bench.path / "others.csv", "--proba")
    table = predictions(result.out)
    assert table.column_names == ["prediction", "probability of high", "probability of low"]
    shares = np.column_stack([table.column(i).to_numpy() for i in (1, 2)])
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-5)
    best = np.array(["high", "low"])[shares.argmax(axis=1)]
    assert best.tolist() == table.column("prediction").to_pylist()


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "feather", "arrow"])
def test_every_format_holds_the_same_predictions(schuss, bench, tmp_path, kind):
    out = tmp_path / f"p.{kind}"
    result = schuss("predict", bench.path / bench.numbers, bench.path / "others.csv", "-o", out)
    assert (result.status, result.out) == (0, "")
    assert "Wrote 150 predictions" in result.err
    read = {
        "csv": lambda: csv.read_csv(out),
        "csv.gz": lambda: csv.read_csv(io.BytesIO(gzip.decompress(out.read_bytes()))),
        "parquet": lambda: parquet.read_table(out),
        "feather": lambda: feather.read_table(out),
        "arrow": lambda: feather.read_table(out),
    }
    want = TableModel.load(bench.path / bench.numbers).predict(others(bench))
    np.testing.assert_array_equal(read[kind]().column("prediction").to_numpy(), want)


def test_order_and_extra_columns_do_not_matter_and_missing_target_neither(schuss, bench, tmp_path):
    table = others(bench).drop_columns(["risk"])
    table = table.select(table.column_names[::-1]).append_column("extra\x1b[31m", pa.array(range(150)))
    csv.write_csv(table, tmp_path / "t.csv")
    result = schuss("predict", bench.path / bench.classes, "t.csv")
    assert result.status == 0, result.err
    assert "note: not used, since training had no such columns: 'extra?[31m'" in result.err
    plain = schuss("predict", bench.path / bench.classes, bench.path / "others.csv")
    assert result.out == plain.out


def test_standard_input(schuss, bench):
    raw = (bench.path / "others.csv").read_bytes()
    piped = schuss("predict", bench.path / bench.classes, "-", stdin=raw)
    assert piped.out == schuss("predict", bench.path / bench.classes, bench.path / "others.csv").out


def test_unseen_categories_and_missing_values_are_no_obstacle(schuss, bench, tmp_path):
    rows = "age,weight,smoker,city,since\n40,?,true,Atlantis,2021-05-05\n,,,,\n40,70,false,007,NA\n"
    (tmp_path / "t.csv").write_text(rows)
    result = schuss("predict", bench.path / bench.numbers, "t.csv")
    assert result.status == 0, result.err
    assert np.isfinite(predictions(result.out).column("prediction").to_numpy()).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["predict", "{classes}", "short.csv"], "has no column 'smoker', which the model needs"),
        (["predict", "{classes}", "wrong.csv"], "column 'age' holds 'old', which is not a number"),
        (["predict", "{classes}", "dates.csv"], "column 'since' holds a value that is not a date"),
        (["predict", "{numbers}", "others.csv", "--proba"], "predicts 'cost' as a number"),
        (["predict", "{classes}", "others.csv", "-o", "p.xls"], "must end in one of .csv, .csv.gz"),
        (["predict", "{classes}", "others.csv", "-o", "others.csv"], "would overwrite 'others.csv'"),
        (["predict", "{classes}", "others.csv", "-o", "{classes}"], "which is needed"),
        (["predict", "{classes}", "othrs.csv"], "did you mean 'others.csv'?"),
        (["evaluate", "{classes}", "short.csv"], "there is no column 'risk'"),
        (["evaluate", "{classes}", "blank.csv"], "no row of 'blank.csv' has a value of 'risk'"),
        (["evaluate", "{classes}", "others.parquet"], "there is no file 'others.parquet'"),
    ],
)
def test_tables_that_do_not_suit(schuss, bench, tmp_path, arguments, words):
    table = others(bench)
    csv.write_csv(table, tmp_path / "others.csv")
    (tmp_path / "short.csv").write_text("age,weight,city,since\n1,2,Ulm,2020-01-01\n")
    (tmp_path / "wrong.csv").write_text("age,weight,city,since,smoker\nold,2,Ulm,2020-01-01,true\n")
    (tmp_path / "dates.csv").write_text("age,weight,city,since,smoker\n1,2,Ulm,yesterday,true\n")
    (tmp_path / "blank.csv").write_text("age,weight,city,since,smoker,risk\n1,2,Ulm,2020-01-01,true,?\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    result = schuss(
        *(a.format(classes=bench.path / bench.classes, numbers=bench.path / bench.numbers) for a in arguments)
    )
    assert (result.status, result.out) == (2, "")
    assert words in result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_model_without_probabilities_says_so(schuss, bench):
    train = ("train", "sample:iris", "-m", "sgd", "--set", "loss=hinge")
    assert schuss(*train).status == 0
    result = schuss("predict", "model.schuss", "sample:iris", "--proba")
    assert result.status == 2
    assert "gives no probabilities" in result.err
    assert schuss("evaluate", "model.schuss", "sample:iris").status == 0


def test_evaluate(schuss, bench):
    result = schuss("evaluate", bench.path / bench.classes, bench.path / "others.csv")
    assert result.status == 0, result.err
    assert "On 150 rows it has not seen" in result.out
    record = json.loads(schuss("evaluate", bench.path / bench.classes, bench.path / "others.csv", "--json").out)
    assert record["test"]["rows"] == 150
    accuracy = record["test"]["scores"][0]
    found = TableModel.load(bench.path / bench.classes).predict(others(bench))
    truth = np.array(others(bench).column("risk").to_pylist())
    assert accuracy["model"] == np.mean(found == truth)
    assert accuracy["model"] > accuracy["constant_guess"]


def test_evaluate_repeats_the_scores_of_training(schuss, bench):
    train = schuss("train", bench.path / "people.csv", "-t", "risk", "--test", bench.path / "others.csv", "--json")
    evaluate = schuss("evaluate", "model.schuss", bench.path / "others.csv", "--json")
    assert json.loads(train.out)["test"] == json.loads(evaluate.out)["test"]


def test_evaluate_counts_unknown_classes_as_errors(schuss, bench, tmp_path):
    text = (bench.path / "others.csv").read_text()
    (tmp_path / "t.csv").write_text(text.replace('"high"', '"unheard"'))
    record = json.loads(schuss("evaluate", bench.path / bench.classes, "t.csv", "--json").out)
    assert record["test"]["rows_of_unknown_class"] == text.count('"high"')
    assert record["test"]["scores"][0]["model"] <= 1 - text.count('"high"') / 150


def test_show(schuss, bench):
    result = schuss("show", bench.path / bench.classes)
    assert result.status == 0, result.err
    for words in ("Logistic regression", "people.csv: 400 rows", "Parameters", "smoker", "History", "iteration",
                  "Verdict: ", "Made with", f"schuss        {library.__version__}", "On 80 rows"):  # fmt: skip
        assert words in result.out
    record = json.loads(schuss("show", bench.path / bench.numbers, "--json").out)
    assert record["estimator"] == "Ridge"
    assert record["run"]["target"]["name"] == "cost"
    assert record["history"]["n_records"] >= 1
    assert record["versions"]["schuss"] == library.__version__


def test_a_model_of_arrays_is_not_a_model_of_a_table(schuss, tmp_path):
    library.save(Ridge().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0]), tmp_path / "m.schuss")
    result = schuss("predict", "m.schuss", "sample:iris")
    assert result.status == 2
    assert "holds a model of arrays, not of a table" in result.err


@pytest.mark.parametrize("cut", [0, 1, 7, 8, 100, 0.5, -1])
def test_a_broken_model_file(schuss, bench, tmp_path, cut):
    raw = (bench.path / bench.classes).read_bytes()
    (tmp_path / "m.schuss").write_bytes(raw[: int(len(raw) * cut) if isinstance(cut, float) else cut])
    result = schuss("predict", "m.schuss", bench.path / "others.csv", "-o", "p.csv")
    assert result.status == 2
    assert "m.schuss" in result.err
    assert len(result.err.splitlines()) == 1
    assert not (tmp_path / "p.csv").exists()


def test_info(schuss):
    text, record = schuss("info").out, json.loads(schuss("info", "--json").out)
    for words in (library.__version__, "in use", "threads", "compiler", "numpy"):
        assert words in text
    assert record["version"] == library.__version__
    assert record["instruction_sets"]["in_use"] in record["instruction_sets"]["supported"]
    assert set(record["instruction_sets"]["supported"]) <= set(record["instruction_sets"]["compiled"])
    assert record["threads"]["count"] >= 1
    limited = json.loads(schuss("info", "--json", SCHUSS_NUM_THREADS="3", SCHUSS_ISA="base").out)
    assert limited["threads"] == {"count": 3, "why": "SCHUSS_NUM_THREADS=3"}
    assert limited["instruction_sets"]["in_use"] == "base"


def test_an_instruction_set_that_does_not_exist(schuss):
    result = schuss("info", SCHUSS_ISA="nonsense")
    assert result.status == 2
    assert result.err.startswith("schuss: SCHUSS_ISA: instruction set 'nonsense': expected one of")
    assert len(result.err.splitlines()) == 1


def test_a_number_of_threads_that_is_none(schuss):
    result = schuss("info", SCHUSS_NUM_THREADS="many")
    assert (result.status, result.out) == (2, "")
    assert result.err == "schuss: SCHUSS_NUM_THREADS='many': expected a positive whole number\n"


def test_help_and_version_are_light(schuss):
    assert schuss("--version").out.split() == ["schuss", library.__version__]
    result = schuss("--help")
    assert result.status == 0
    for command in ("train", "predict", "evaluate", "show", "info"):
        assert command in result.out


def test_help_does_not_import_what_it_does_not_need():
    code = (
        "import sys\n"
        "from schuss.cli.running import run\n"
        "run(['train', '--help'])\n"
        "print(sorted({'sklearn', 'pyarrow', 'matplotlib', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
