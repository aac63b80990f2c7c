# SPDX-License-Identifier: BSD-3-Clause
"""Every mistake gets one clear sentence on standard error and status 2, and leaves no file behind."""

import subprocess
import sys

import pyarrow as pa
import pytest
from pyarrow import csv

TABLE = "x,y,word,only\n" + "\n".join(f"{i * 7 % 23}.5,{i % 2},{'ab'[i % 2]},k" for i in range(60)) + "\n"

MISTAKES = {
    "wrong path": (["train", "tabel.csv", "-t", "y"], "there is no file 'tabel.csv'; did you mean 'table.csv'?"),
    "directory": (["train", ".", "-t", "y"], "'.' is a directory"),
    "wrong sample": (["train", "sample:iriss"], "no bundled table 'iriss'; did you mean 'iris'?"),
    "no target": (["train", "table.csv"], "Say --target with one of 'x', 'y', 'word', 'only'"),
    "wrong target": (["train", "table.csv", "-t", "wrd"], "there is no column 'wrd'; did you mean 'word'?"),
    "one class": (["train", "table.csv", "-t", "only"], "the target 'only' is always 'k': there is nothing to learn"),
    "words for numbers": (["train", "table.csv", "-t", "word", "-m", "linear"],
                          "the target 'word' holds 'a', which is not a number; this model predicts numbers"),
    "numbers for classes": (["train", "sample:diabetes", "-m", "logistic"], "too many to be classes"),
    "empty file": (["train", "empty.csv", "-t", "y"], "'empty.csv' is empty"),
    "broken csv": (["train", "broken.csv", "-t", "y"], "line 3 has 1 column, the header has 2"),
    "too large": (["train", "large.csv", "-t", "y"], "which is too large a number for a model"),
    "too large target": (["train", "large.csv", "-t", "x"], "too large a number for a model"),
    "not text": (["train", "noise.csv", "-t", "y"], "must be text in UTF-8"),
    "unknown parameter": (["train", "table.csv", "-t", "y", "-m", "sgd", "--set", "alhpa=1"], "did you mean 'alpha'?"),
    "impossible value": (["train", "table.csv", "-t", "y", "--set", "C=-1"], "'C' parameter of LogisticRegression"),
    "wrong type": (["train", "table.csv", "-t", "y", "--set", "max_iter=many"], "'max_iter' parameter"),
    "refused by fit": (
        ["train", "sample:iris", "-m", "boosting", "--set", "early_stopping=False"],
        "while at the same time early_stopping is False",
    ),
    "no value": (["train", "table.csv", "-t", "y", "--set", "C"], "--set 'C' is not of the form name=value"),
    "twice": (["train", "table.csv", "-t", "y", "--set", "C=1", "--set", "C=2"], "--set gives 'C' twice"),
    "own option": (["train", "table.csv", "-t", "y", "--set", "random_state=1"], "--set random_state is --seed here"),
    "time": (["train", "table.csv", "-t", "y", "--max-time", "soon"], "--max-time 'soon' is not a time"),
    "test size": (["train", "table.csv", "-t", "y", "--test-size", "1"], "--test-size must be at least 0 and below 1"),
    "val size": (["train", "table.csv", "-t", "y", "--val-size", "-0.1"], "--val-size must be at least 0 and below 1"),
    "all shares": (["train", "table.csv", "-t", "y", "--test-size", "0.9", "--val-size", "0.9"], "no rows to train on"),
    "two tests": (["train", "table.csv", "-t", "y", "--test", "table.csv", "--test-size", "0.1"], "exclude each other"),
    "wrong test": (["train", "table.csv", "-t", "y", "--test", "no.csv"], "there is no file 'no.csv'"),
    "test lacks": (["train", "table.csv", "-t", "y", "--test", "short.csv"], "'short.csv': the table has no column"),
    "test lacks target": (["train", "table.csv", "-t", "x", "--test", "short.csv"], "'short.csv': there is no column"),
    "no header": (["train", "bare.csv", "-t", "y"], "more than one column named '1'; is the header line missing?"),
    "keep": (["train", "table.csv", "-t", "y", "--keep", "z"], "there is no column 'z'"),
    "drop target": (["train", "table.csv", "-t", "y", "--drop", "y"], "--drop 'y' is the target"),
    "drop all": (["train", "table.csv", "-t", "y", "--drop", "x", "--drop", "word"], "no column is left"),
    "no directory": (["train", "table.csv", "-t", "y", "-o", "no/m.schuss"], "--out: there is no directory 'no'"),
    "onto source": (["train", "table.csv", "-t", "y", "-o", "table.csv"], "would overwrite 'table.csv'"),
    "onto foreign": (["train", "table.csv", "-t", "y", "-o", "short.csv"], "was not written by schuss"),
    "report onto model": (["train", "table.csv", "-t", "y", "-o", "m", "--report", "m"], "would overwrite 'm'"),
    "report onto foreign": (["train", "table.csv", "-t", "y", "--report", "short.csv"], "was not written by schuss"),
    "unknown model": (["train", "table.csv", "-t", "y", "-m", "jungle"], "'jungle' is not a family of models; there"),
    "near a model": (["train", "table.csv", "-t", "y", "-m", "bosting"], "did you mean 'boosting'?"),
    "unknown option": (["train", "table.csv", "--targte", "y"], "--targte"),
    "unknown command": (["trian"], "trian"),
    "no source": (["train"], "SOURCE"),
    "bad threads": (["train", "table.csv", "-t", "y", "--threads", "0"], "--threads"),
    "many threads": (["train", "table.csv", "-t", "y", "--threads", "10000"], "--threads"),
    "no model": (["predict", "no.schuss", "table.csv"], "there is no model file 'no.schuss'"),
    "foreign model": (["predict", "table.csv", "table.csv"], "table.csv"),
    "empty model": (["show", "empty.csv"], "empty.csv"),
    "directory as model": (["show", "."], "'.' is a directory"),
    "evaluate foreign": (["evaluate", "noise.csv", "table.csv"], "noise.csv"),
}  # fmt: skip


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "broken.csv").write_text("x,y\n1,2\n3\n")
    (tmp_path / "short.csv").write_text("y,word,only\n1,a,k\n")
    (tmp_path / "bare.csv").write_text("1,1,0\n2,3,1\n")
    (tmp_path / "large.csv").write_text("x,y\n" + "".join(f"{i * 7 % 23}e300,{i % 2}\n" for i in range(60)))
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 20)
    return tmp_path


@pytest.mark.parametrize(("arguments", "words"), MISTAKES.values(), ids=MISTAKES)
def test_one_sentence_status_two_nothing_written(schuss, desk, arguments, words):
    before = {path.name: path.read_bytes() for path in desk.iterdir()}
    result = schuss(*arguments)
    assert result.status == 2, result.err
    sentence = result.err.splitlines()[-1]
    assert sentence.startswith("schuss: ")
    assert words in sentence
    assert "Traceback" not in result.err
    assert {path.name: path.read_bytes() for path in desk.iterdir()} == before


def test_help_is_all_that_no_command_gets(schuss):
    result = schuss()
    assert (result.status, result.err) == (2, "")
    assert "Commands" in result.out


def test_json_stays_silent_on_a_mistake(schuss):
    result = schuss("train", "no.csv", "--target", "y", "--json")
    assert (result.status, result.out) == (2, "")
    assert len(result.err.splitlines()) == 1


def test_no_permission(schuss, desk):
    (desk / "locked").mkdir()
    (desk / "locked").chmod(0o500)
    result = schuss("train", "table.csv", "-t", "y", "-o", "locked/m.schuss")
    (desk / "locked").chmod(0o700)
    # The administrator may write anywhere.
    assert result.status in (0, 2)
    assert (result.status == 0) == (desk / "locked" / "m.schuss").exists()


@pytest.mark.parametrize(
    ("model", "settings"),
    [("sgd", ("eta0=1e30", "learning_rate=constant")), ("mlp", ("learning_rate_init=1e30", "solver=sgd"))],
)
def test_a_diverged_fit_is_said_and_not_saved(schuss, tmp_path, model, settings):
    result = schuss("train", "sample:diabetes", "-m", model, *(part for s in settings for part in ("--set", s)))
    assert result.status == 2
    assert "the fit diverged" in result.err
    assert list(tmp_path.iterdir()) == []


def test_tracebacks_only_when_asked_for(schuss):
    quiet, loud = schuss("show", "no.schuss"), schuss("show", "no.schuss", "--debug")
    assert "Traceback" not in quiet.err
    assert "Traceback" in loud.err
    assert quiet.status == loud.status == 2
    assert "Traceback" in schuss("show", "no.schuss", SCHUSS_DEBUG="1").err


def test_a_reader_that_leaves_early_is_no_error(bench):
    table = csv.read_csv(bench.path / "people.csv")
    csv.write_csv(pa.concat_tables([table] * 300), bench.path / "long.csv")
    command = f"{sys.executable} -m schuss predict risk.schuss long.csv | head -n 1"
    done = subprocess.run(command, shell=True, cwd=bench.path, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ('"prediction"\n', "")
