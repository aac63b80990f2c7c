# SPDX-License-Identifier: BSD-3-Clause
"""The preparation is scikit-learn's pipeline, stored without pickle and applied without a cell in Python."""

import datetime
import json

import numpy as np
import pyarrow as pa
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from schuss.data import DataError, Preparation
from schuss.data.columns import Column, Kind, classify_columns
from schuss.data.encoders import rare_below
from schuss.data.values import numbers

NUMBERS, WORDS = ["a", "b", "skewed"], ["colour", "place"]


def make_table(rng, n):
    frame = {name: rng.normal(scale=10.0**i, size=n) for i, name in enumerate(NUMBERS)}
    frame["skewed"] = np.exp(frame["skewed"] / 100)
    frame["b"] = np.where(rng.random(n) < 0.1, np.nan, frame["b"])
    frame["colour"] = rng.choice(["red", "green", "blue"], n)
    frame["place"] = rng.choice([f"p{i:02}" for i in range(40)], n, p=_zipf(40))
    columns = {name: pa.array(values, from_pandas=True) for name, values in frame.items()}
    lost = rng.random(n) < 0.2
    columns["colour"] = pa.array([None if gone else c for gone, c in zip(lost, frame["colour"], strict=True)])
    return pa.table(columns)


def _zipf(k):
    share = 1.0 / np.arange(1, k + 1) ** 2
    return share / share.sum()


def reference(n_rows):
    """The same preparation in scikit-learn's own words."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="~missing", missing_values=None),
        OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            min_frequency=rare_below(n_rows),
            max_categories=100,
            sparse_output=False,
        ),
    )
    return ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)])


@pytest.mark.parametrize("n", [60, 700, 40_000])
@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_equals_scikit_learn(rng, n):
    training, unseen = make_table(rng, n), make_table(rng, 500)
    prepared = Preparation.learn(training, classify_columns(training))
    theirs = reference(n).fit(training.to_pandas().replace({np.nan: None}).astype(dict.fromkeys(NUMBERS, float)))
    marker = prepared.feature_names.index("b is missing")
    for table in (training, unseen):
        frame = table.to_pandas().replace({np.nan: None}).astype(dict.fromkeys(NUMBERS, float))
        got = prepared.transform(table)
        want = theirs.transform(frame).astype(np.float32)
        np.testing.assert_array_equal(np.delete(got, marker, axis=1), want)
        np.testing.assert_array_equal(got[:, marker], frame["b"].isna())


def test_json_keeps_every_bit(rng):
    table = make_table(rng, 300)
    prepared = Preparation.learn(table, classify_columns(table))
    again = Preparation.from_info(json.loads(json.dumps(prepared.to_info())))
    assert again == prepared
    assert again.transform(table).tobytes() == prepared.transform(table).tobytes()


def test_rows_are_independent_and_columns_may_stand_anywhere(rng):
    table = make_table(rng, 40_000)
    prepared = Preparation.learn(table, classify_columns(table))
    whole = prepared.transform(table)
    assert whole.dtype == np.float32
    assert whole.flags.c_contiguous
    turned = table.select([*reversed(table.column_names)]).append_column("extra", pa.array(range(40_000)))
    np.testing.assert_array_equal(prepared.transform(turned.slice(16_000, 900)), whole[16_000:16_900])


def test_only_training_rows_are_learnt_from():
    table = pa.table({"x": [0.0, 2.0, 1000.0], "c": ["a", "b", "z"]})
    columns = classify_columns(table)
    prepared = Preparation.learn(table.slice(0, 2), columns)
    assert prepared.feature_names == ("x", "c=a", "c=b")
    np.testing.assert_array_equal(prepared.transform(table), [[-1, 1, 0], [1, 0, 1], [999, 0, 0]])


def test_unseen_label_counts_as_other_where_training_had_rare_ones():
    labels = ["a"] * 500 + ["b"] * 495 + ["r1", "r2", "r3", "r4", "r5"]
    table = pa.table({"c": labels})
    prepared = Preparation.learn(table, classify_columns(table))
    assert prepared.feature_names == ("c=a", "c=b", "c=(other)")
    found = prepared.transform(pa.table({"c": ["r1", "never seen", "a", None]}))
    np.testing.assert_array_equal(found, [[0, 0, 1], [0, 0, 1], [1, 0, 0], [0, 0, 1]])


def test_spaces_and_missing_markers_in_texts():
    table = pa.table({"c": [" a", "a ", "b", "?", "NA", "b"] * 10})
    prepared = Preparation.learn(table, classify_columns(table))
    assert prepared.feature_names == ("c=a", "c=b", "c=(missing)")
    assert prepared.transform(table).sum(axis=0).tolist() == [20, 20, 20]


def test_booleans_and_infinities():
    table = pa.table({"flag": [True, False, None, True], "x": [1.0, float("inf"), 3.0, -float("inf")]})
    prepared = Preparation.learn(table, classify_columns(table))
    assert prepared.feature_names == ("flag", "flag is missing", "x", "x is missing")
    assert np.isfinite(prepared.transform(table)).all()
    assert prepared.transform(table)[:, 3].tolist() == [0, 1, 0, 1]


def test_percentages_are_shares():
    column = pa.chunked_array([["12 %", "0.5%", "+3e1 %", "0.12", None]])
    assert numbers(column, "x").tolist()[:4] == [0.12, 0.005, 0.3, 0.12]


def test_dates_are_a_trend_and_three_circles():
    days = [datetime.datetime(2021, 1, 1, 6) + datetime.timedelta(days=i) for i in range(400)]
    table = pa.table({"when": days})
    prepared = Preparation.learn(table, classify_columns(table))
    assert prepared.feature_names[:3] == ("when: days", "when: year sin", "when: year cos")
    found = prepared.transform(table)
    assert np.all(np.diff(found[:, 0]) > 0)
    np.testing.assert_allclose(found[0, 3:5], found[364, 3:5], atol=1e-5)  # the same day of the week
    as_text = pa.table({"when": [day.isoformat(sep=" ") for day in days]})
    np.testing.assert_array_equal(prepared.transform(as_text), found)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1.0]}, "has no column 'colour', which the model needs"),
        ({"x": [1.0], "color": ["a"]}, "needs; did you mean 'color'"),
        ({"z": [1.0]}, "lacks columns that the model needs: 'x', 'colour'"),
        ({"x": ["tall"], "colour": ["a"]}, "column 'x' holds 'tall', which is not a number"),
        ({"x": [[1]], "colour": ["a"]}, "column 'x' holds list"),
    ],
)
def test_tables_that_do_not_suit_are_refused(columns, message):
    table = pa.table({"x": [1.0, 2.0], "colour": ["a", "b"]})
    prepared = Preparation.learn(table, classify_columns(table))
    with pytest.raises(DataError, match=message):
        prepared.transform(pa.table(columns))


def test_a_column_empty_in_the_training_part_carries_nothing():
    table = pa.table({"x": [None, None, 5.0], "y": [1.0, 2.0, 3.0]})
    prepared = Preparation.learn(table.slice(0, 2), classify_columns(table))
    assert np.isfinite(prepared.transform(table)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"scale": 0.0},
        {"scale": float("nan")},
        {"fill": float("inf")},
        {"part": "century"},
        {"marks_missing": 1},
        {"column": 3},
        {"column": "absent"},
        {"markers": "abc"},
        {"type": "spell"},
    ],
)
def test_a_tampered_description_is_refused(change):
    info = Preparation.learn(pa.table({"x": [1.0, 2.0]}), [Column("x", Kind.NUMBER)]).to_info()
    info["encoders"][0] |= change
    with pytest.raises((ValueError, KeyError)):
        Preparation.from_info(info)
