# SPDX-License-Identifier: BSD-3-Clause
"""What a column is taken for, and why one is not used."""

import datetime

import pyarrow as pa
import pytest

from schuss.data import DataError
from schuss.data.columns import Column, Kind, classify_columns

N = 40


def classify(values, name="c", **options):
    table = pa.table({name: values, "other": [i % 7 for i in range(len(values))]})
    return classify_columns(table, **options)[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([i / 3 for i in range(N)], Kind.NUMBER),
        ([i % 5 for i in range(N)], Kind.NUMBER),
        ([str(i % 9) for i in range(N)], Kind.NUMBER),
        ([f" {i % 9}.5 " for i in range(N)], Kind.NUMBER),
        ([f"{i % 9}.5 %" for i in range(N)], Kind.NUMBER),
        ([i % 2 == 0 for i in range(N)], Kind.BOOLEAN),
        (["ab"[i % 2] for i in range(N)], Kind.CATEGORY),
        ([None if i % 3 else "same" for i in range(N)], Kind.CATEGORY),
        ([datetime.date(2020, 1, 1 + i % 28) for i in range(N)], Kind.DATE),
        ([f"2020-01-{1 + i % 28:02}" for i in range(N)], Kind.DATE),
        ([datetime.datetime(2020, 1, 1, i % 24) for i in range(N)], Kind.DATE),
        (pa.array([["x", "y"][i % 2] for i in range(N)]).dictionary_encode(), Kind.CATEGORY),
        (pa.array([i % 6 for i in range(N)], pa.decimal128(5, 2)), Kind.NUMBER),
        ([1990 + i for i in range(N)], Kind.NUMBER),
    ],
)
def test_kinds(values, kind):
    assert classify(values).kind is kind


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("c", [None] * N, "it is empty"),
        ("c", ["?"] * N, "it is empty"),
        ("c", ["same"] * N, "it is always 'same'"),
        ("c", [3] * N, "it is always 3"),
        ("c", [True] * N, "it is always True"),
        ("c", [f"name {i}" for i in range(N)], "nearly every value differs, like an identifier"),
        ("c", list(range(N)), "it numbers the rows, like an identifier"),
        ("customer_id", [7 * i * i for i in range(N)], "it numbers the rows, like an identifier"),
        ("c", [[1]] * N, "a model cannot use list"),
        ("c", [f"{'word ' * 12}{i % 150}" for i in range(400)], "it is running text"),
    ],
)
def test_useless_columns_are_dropped_with_a_reason(name, values, why):
    found = classify(values, name)
    assert found.kind is Kind.DROPPED
    assert found.why.startswith(why)


def test_a_word_among_numbers_stands_for_missing():
    numbers = [str(i) for i in range(30)]
    found = classify([*numbers, *numbers, "unknown", "none"])
    assert found.kind is Kind.NUMBER
    assert set(found.markers) == {"unknown", "none"}


def test_numbers_among_words_stay_words():
    assert classify([*("12345" * 4), *("abcdefgh" * 5)]).kind is Kind.CATEGORY


def test_wishes_are_followed():
    assert classify(list(range(N)), keep=["c"]).kind is Kind.NUMBER
    assert classify(["ab"[i % 2] for i in range(N)], drop=["c"]).why == "as asked"


@pytest.mark.parametrize("wish", ["keep", "drop"])
def test_wishes_must_name_a_column(wish):
    with pytest.raises(DataError, match="no column 'othr'; did you mean 'other'"):
        classify(["a", "b"], **{wish: ["othr"]})


def test_a_table_of_useless_columns_is_refused():
    with pytest.raises(DataError, match=r"no column is left .*\('a': it is always 1; 'b'"):
        classify_columns(pa.table({"a": [1, 1], "b": ["x", "x"]}))


def test_round_trip():
    column = Column("é\n", Kind.NUMBER, "", ("-",))
    assert Column.from_info(column.to_info()) == column
