# SPDX-License-Identifier: BSD-3-Clause
"""``schuss train`` from outside: what it prints, what it writes, what it gets right."""

import gzip
import json
import shutil

import pytest
from pyarrow import csv, feather, parquet

RECORD = {
    "choice",
    *("schema", "source", "test_source", "target", "columns", "rows", "model", "stop", "verdict", "test"),
    *("seed", "seconds", "notes", "files", "created", "command", "machine", "versions", "history"),
}
STOP_REASONS = {"converged", "no_improvement", "max_iter", "max_time"}


def record_of(result):
    assert result.status == 0, result.err
    return json.loads(result.out)


def score(record, name):
    return next((one["model"], one["constant_guess"]) for one in record["test"]["scores"] if one["name"] == name)


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "iris", "wine"])
def test_bundled_classes_at_once(schuss, tmp_path, name):
    record = record_of(schuss("train", f"sample:{name}", "--json"))
    model, guess = score(record, "accuracy")
    assert model > 0.9 > guess
    assert record["model"]["family"] == "logistic"
    assert (tmp_path / "model.schuss").exists()


def test_bundled_numbers_at_once(schuss):
    record = record_of(schuss("train", "sample:diabetes", "--json"))
    model, guess = score(record, "R²")
    assert model > 0.25 > 0.05 > guess
    assert record["model"]["family"] == "linear"


@pytest.mark.parametrize(("sample", "measure"), [("breast_cancer", "accuracy"), ("diabetes", "R²")])
def test_sgd(schuss, sample, measure):
    record = record_of(schuss("train", f"sample:{sample}", "--model", "sgd", "--json"))
    model, guess = score(record, measure)
    assert model > guess + 0.2


@pytest.mark.parametrize(
    "settings",
    [("optimizer=adam", "learning_rate=cosine", "max_iter=30"), ("optimizer=ftrl", "multi_class=multinomial")],
)
def test_optimisers_by_name(schuss, settings):
    chosen = [word for setting in settings for word in ("--set", setting)]
    record = record_of(schuss("train", "sample:wine", "--model", "sgd", "--json", *chosen))
    model, guess = score(record, "accuracy")
    assert model > guess + 0.2
    assert f"optimizer={record['model']['parameters']['optimizer']}" == settings[0]


def test_json_is_all_there_is_and_complete(schuss):
    result = schuss("train", "sample:iris", "--json", "--seed", "4", "--set", "C=0.5", "--threads", "1")
    record = record_of(result)
    assert set(record) == RECORD
    assert record["seed"] == 4
    assert record["model"]["parameters"]["C"] == 0.5
    assert record["model"]["threads"]["count"] == 1
    assert record["stop"]["reason"] in STOP_REASONS
    assert record["rows"] == {"training": 105, "validation": 15, "test": 30, "stratified": True}
    assert record["history"]["n_records"] == record["stop"]["iterations"]
    assert {"label", "summary", "evidence", "advice"} <= set(record["verdict"])
    assert {"starting", "reading", "preparing", "fitting", "testing", "writing"} == set(record["seconds"])
    assert result.err == ""


def test_what_a_person_reads(schuss):
    result = schuss("train", "sample:breast_cancer", "--report", "r.html")
    assert result.status == 0
    for words in (
        "569 rows, 31 columns",
        "2 classes: benign 63%, malignant 37%",
        "Logistic regression",
        "Converged after",
        "On 114 rows it has not seen",
        "constant guess",
        "accuracy",
        "ROC AUC",
        "Verdict: ",
        "Advice: ",
        "reading",
        "preparing",
        "fitting",
        "testing",
        "writing",
        "Wrote model.schuss",
        "r.html",
    ):
        assert words in result.out
    lines = result.err.splitlines()
    assert lines[0].startswith("iteration   1, training loss ")
    assert "validation loss" in lines[0]
    assert lines[0].endswith(" s")
    assert "\x1b" not in result.out + result.err
    assert not any(line.endswith(" ") for line in result.out.splitlines())


def test_infinite_values_are_said_to_be_taken_for_missing(schuss, tmp_path):
    rows = [f"{i % 7}.5,{'-inf' if i == 3 else i * 3 % 11},{i % 2}" for i in range(60)]
    (tmp_path / "odd.csv").write_text("\n".join(["a,b,y", *rows]))
    assert "note: column 'b': 1 infinite value taken for missing" in schuss("train", "odd.csv", "-t", "y").out


def test_every_kind_of_column(schuss, bench):
    record = record_of(schuss("train", bench.path / "people.csv", "--target", "risk", "--drop", "cost", "--json"))
    assert record["columns"]["kinds"] == {"number": 2, "boolean": 1, "category": 1, "date": 1}
    assert {one["name"]: one["why"] for one in record["columns"]["dropped"]} == {
        "number": "it numbers the rows, like an identifier",
        "name": "nearly every value differs, like an identifier",
        "planet": "it is always 'earth'",
        "cost": "as asked",
    }
    model, guess = score(record, "accuracy")
    assert model > guess + 0.15


@pytest.mark.parametrize("kind", ["csv.gz", "parquet", "feather", "stdin"])
def test_formats_train_the_same_model(schuss, bench, tmp_path, kind):
    source, stdin = tmp_path / f"people.{kind}", None
    table = csv.read_csv(bench.path / "people.csv")
    if kind == "csv.gz":
        source.write_bytes(gzip.compress((bench.path / "people.csv").read_bytes()))
    elif kind == "parquet":
        parquet.write_table(table, source)
    elif kind == "feather":
        feather.write_feather(table, source)
    else:
        source, stdin = "-", (bench.path / "people.csv").read_bytes()
    record = record_of(schuss("train", source, "-t", "cost", "--drop", "risk", "--json", stdin=stdin))
    plain = record_of(schuss("train", bench.path / "people.csv", "-t", "cost", "--drop", "risk", "--json"))
    assert record["test"] == plain["test"]


def test_a_second_table_to_test_on(schuss, bench):
    record = record_of(
        schuss("train", bench.path / "people.csv", "-t", "risk", "--test", bench.path / "others.csv", "--json")
    )
    assert record["rows"]["test"] == 150
    assert record["rows"]["training"] + record["rows"]["validation"] == 400
    assert record["test_source"]["rows"] == 150


def test_same_seed_same_file(schuss, tmp_path):
    files = []
    for threads in (1, 2):
        arguments = ("train", "sample:wine", "--model", "sgd", "--threads", threads, "--seed", 7, "--json")
        files.append(record_of(schuss(*arguments)))
        shutil.move(tmp_path / "model.schuss", tmp_path / f"{threads}.schuss")
    assert files[0]["test"] == files[1]["test"]
    assert (
        record_of(schuss("train", "sample:wine", "--model", "sgd", "--seed", 8, "--json"))["test"] != files[0]["test"]
    )


def test_no_rows_to_watch_and_none_to_test(schuss):
    result = schuss("train", "sample:iris", "--val-size", "0", "--test-size", "0")
    assert result.status == 0
    assert "there are no scores" in result.out
    assert "--val-size 0.1" in result.out
    assert "validation loss" not in result.err


def test_the_clock_stops_it(schuss):
    record = record_of(
        schuss("train", "sample:digits", "--model", "sgd", "--max-time", "300ms", "--json", "--set", "tol=none",
               "--set", "max_iter=10000000", "--val-size", "0")
    )  # fmt: skip
    assert record["stop"]["reason"] == "max_time"
    assert record["seconds"]["fitting"] < 3


def test_a_number_of_classes_or_an_amount(schuss, tmp_path):
    rows = "\n".join(f"{i % 3},{i * 7 % 11}" for i in range(90))
    (tmp_path / "t.csv").write_text(f"grade,x\n{rows}\n")
    assert record_of(schuss("train", "t.csv", "-t", "grade", "--json"))["target"]["task"] == "classification"
    record = record_of(schuss("train", "t.csv", "-t", "grade", "-m", "linear", "--json"))
    assert record["target"]["task"] == "regression"


def test_rows_without_target_and_rare_classes_are_mentioned(schuss, tmp_path):
    rows = "\n".join(f"{'ab'[i % 2] if i % 10 else '?'},{i * 7 % 11}" for i in range(90))
    (tmp_path / "t.csv").write_text(f"y,x\n{rows}\nrare,1\n")
    record = record_of(schuss("train", "t.csv", "-t", "y", "--json"))
    assert "9 rows have no 'y' and were left out" in record["notes"]
    assert any("few rows" in note or "no training row is of class 'rare'" in note for note in record["notes"])


def test_strange_names_are_harmless(schuss, tmp_path):
    names = ["\x1b[31mred", "a\u202eb", "[bold]x", "<script>alert(1)</script>", "日本語", "=cmd()", 'q"uote', "é"]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    rows = "\n".join(
        ",".join([*(str(i * k % 13) for k in range(3, 10)), "ja" if i % 13 > 5 else "nein"]) for i in range(80)
    )
    (tmp_path / "t.csv").write_text(f"{header}\n{rows}\n", encoding="utf-8")
    result = schuss("train", "t.csv", "--target", "é", "--report", "r.html")
    assert result.status == 0, result.err
    shown = schuss("show", "model.schuss")
    for text in (result.out, result.err, shown.out):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "[bold]x" in shown.out
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_files_are_replaced_but_only_those_of_ours(schuss, tmp_path):
    assert schuss("train", "sample:iris", "--report", "r.html").status == 0
    first = (tmp_path / "model.schuss").read_bytes()
    assert schuss("train", "sample:wine", "--report", "r.html").status == 0
    assert (tmp_path / "model.schuss").read_bytes() != first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.schuss", "r.html"]


FAMILIES = {
    "breast_cancer": ["ridge-cv", "logistic-cv", "svm", "perceptron"],
    "diabetes": ["ridge-cv", "lasso", "elasticnet-cv", "gamma", "glm", "huber", "quantile", "svm"],
}


@pytest.mark.parametrize(("sample", "family"), [(s, f) for s, families in FAMILIES.items() for f in families])
def test_every_family_beats_the_guess(schuss, sample, family):
    record = record_of(schuss("train", f"sample:{sample}", "--model", family, "--json"))
    model, guess = score(record, "accuracy" if sample == "breast_cancer" else "R²")
    assert model > guess + 0.2
    assert record["model"]["family"] == family


def test_models_of_counts_are_scored_by_their_deviance(schuss):
    record = record_of(schuss("train", "sample:diabetes", "--model", "poisson", "--json"))
    own, guess = score(record, "mean Poisson deviance")
    assert own < guess
    assert score(record, "D²")[0] == pytest.approx(1 - own / guess)


def test_a_model_of_counts_refuses_what_is_no_count(schuss, tmp_path):
    rows = [f"{x},{x - 3}" for x in range(60)]
    (tmp_path / "debts.csv").write_text("a,debt\n" + "\n".join(rows), encoding="utf-8")
    result = schuss("train", "debts.csv", "--target", "debt", "--model", "poisson")
    assert result.status == 2
    assert "goes down to -3, but this model is for numbers from zero on" in result.err
    result = schuss("train", "debts.csv", "--target", "a", "--model", "gamma")
    assert "goes down to 0, but this model is for positive numbers" in result.err
