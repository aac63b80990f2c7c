# SPDX-License-Identifier: BSD-3-Clause
"""Numbers as people read them."""

import doctest
import math

import pytest

from schuss.cli import parse
from schuss.cli.errors import CommandError
from schuss.data import errors
from schuss.report import words
from schuss.report.facts import source_text


@pytest.mark.parametrize("module", [words, errors, parse])
def test_examples(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1.000"),
        (-0.00012345, "-0.0001234"),
        (1e-9, "1.000e-09"),
        (123456.7, "123,457"),
        (1e18, "1.000e+18"),
        (math.nan, "-"),
        (math.inf, "∞"),
        (None, "-"),
    ],
)
def test_number(value, text):
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00001, "0.0 ms"), (0.9949, "995 ms"), (0.996, "0.996 s"), (59.96, "1 min 0 s"), (3600, "60 min 0 s")],
)
def test_seconds(value, text):
    assert words.seconds(value) == text


def test_sparkline():
    assert words.sparkline([]) == ""
    assert words.sparkline([1.0, math.nan, 1.0]) == "▁▁"
    assert len(words.sparkline([float(i) for i in range(1000)])) == 40


@pytest.mark.parametrize(
    ("text", "seconds"), [("60s", 60), ("90", 90), ("1h30m", 5400), ("250ms", 0.25), (".5 min", 30), ("1.5h", 5400)]
)
def test_times(text, seconds):
    assert parse.parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "5 apples", "1 2", "5s6", "1e9"])
def test_what_is_no_time(text):
    with pytest.raises(CommandError):
        parse.parse_time(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("-0.5", -0.5), ("1e-3", 1e-3), ("true", True), ("None", None), ("'a b'", "a b"), ("l2", "l2"),
     ("(1, 2)", (1, 2)), ("{'a': 1}", {"a": 1}), ("__import__('os')", "__import__('os')")],
)  # fmt: skip
def test_values_are_read_and_never_run(text, value):
    assert parse.parse_value(text) == value


def test_standard_input_is_called_by_its_name():
    assert source_text({"name": "-", "rows": 3, "columns": 1}) == "standard input: 3 rows, 1 column"
    assert source_text({"name": "a.csv", "rows": 1, "columns": 2}) == "a.csv: 1 row, 2 columns"
