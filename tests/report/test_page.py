# SPDX-License-Identifier: BSD-3-Clause
"""The report page: whole, harmless, and standing on its own."""

import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest

from schuss.cli.train import TrainOptions, train
from schuss.data import TableModel

VOID = {"meta", "link", "br", "img", "hr", "input", "path", "use", "rect", "circle"}
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>&{{7*7}}$x^2$'


class Page(HTMLParser):
    """Collects tags, attributes and text, and checks that elements are closed in order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open, self.text, self.ids = set(), [], [], "", []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def make(tmp_path, monkeypatch, capsys):
    def make(source, **options):
        monkeypatch.chdir(tmp_path)
        train(TrainOptions(source=source, report="r.html", **options))
        capsys.readouterr()
        return (tmp_path / "r.html").read_text(encoding="utf-8")

    return make


def check_self_contained(text):
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "img", "base", "form"}
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for name, value in page.attributes if name in ("href", "src") and not value.startswith("#")]
    assert "http:" not in text
    assert "https:" not in text
    assert "@import" not in text
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none';")
    return page


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("breast_cancer", ["How it learnt", "What it takes for what", "malignant", "ROC AUC"]),
        ("iris", ["versicolor", "balanced accuracy"]),
        ("diabetes", ["Prediction and truth", "Errors", "bmi", "R²"]),
    ],
)
def test_whole_and_on_its_own(make, sample, words):
    page = check_self_contained(make(f"sample:{sample}", val_size=0.1))
    for text in (*words, "Advice.", "Largest coefficients", "Where the time went", "To do it again", "SHA-256",
                 "scikit-learn", "Seed"):  # fmt: skip
        assert text in page.text
    assert "svg" in page.tags or sample == "diabetes"


def test_numbers_are_those_of_the_record(make, tmp_path):
    text = make("sample:wine", seed=5)
    run = TableModel.load(tmp_path / "model.schuss").run
    assert f"{100 * run['test']['scores'][0]['model']:.1f}%" in text
    assert run["source"]["sha256"] in text
    assert run["verdict"]["advice"][:30] in Page(text).text


@pytest.mark.parametrize("model", ["logistic", "boosting", "mlp"])
def test_both_curves_are_named(make, model):
    legend = re.search(r'<figcaption class="legend">(.*?)</figcaption>', make("sample:wine", model=model, val_size=0.2))
    assert re.findall(r">([^<>]+)</span>", legend[1]) == ["training loss", "validation loss"]


def test_without_test_rows(make):
    page = check_self_contained(make("sample:iris", test_size=0.0, val_size=0.0))
    assert "On rows it has not seen" not in page.text


def test_nothing_from_the_table_gets_out_of_its_place(make, tmp_path):
    rng = np.random.default_rng(0)
    x, words = rng.normal(size=200), np.where(rng.random(200) < 0.5, EVIL, "b")
    labels = np.where(x + rng.normal(size=200) > 0, f"yes{EVIL}", f"no{EVIL}")
    from pyarrow import parquet

    parquet.write_table(
        pa.table({f"x{EVIL}": x, f"w{EVIL}": words, f"always{EVIL}": [EVIL] * 200, f"y{EVIL}": labels}),
        tmp_path / "t.parquet",
    )
    text = make("t.parquet", target=f"y{EVIL}")
    page = check_self_contained(text)
    assert "<script" not in text
    assert f"y{EVIL}" in page.text
    assert "{{7*7}}" in page.text  # the template language is not run on it


def test_same_run_same_page(make):
    varying = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|[\d.]+ (?:ms|s)\b|--width: [\d.]+%")
    first, second = (varying.sub("", make("sample:breast_cancer")) for _ in range(2))
    assert first == second
