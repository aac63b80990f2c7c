# SPDX-License-Identifier: BSD-3-Clause
"""Features for models of trees: numbers with their gaps, categories as codes or one by one."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from schuss.data import Preparation
from schuss.data.columns import classify_columns
from schuss.data.plain import Form


def table_of(n: int = 300) -> pa.Table:
    rng = np.random.default_rng(0)
    amount = rng.normal(1000.0, 50.0, n)
    amount[:7] = np.nan
    colour = rng.choice(["red", "green", "blue"], n).astype(object)
    colour[3] = "mauve"  # rare
    colour[5] = None
    return pa.table({"amount": pa.array(amount, from_pandas=True), "colour": pa.array(colour.tolist())})


def learnt(form: Form) -> tuple[pa.Table, Preparation]:
    table = table_of()
    return table, Preparation.learn(table, classify_columns(table), form)


@pytest.mark.parametrize("form", [Form.PLAIN, Form.CODES])
def test_numbers_stay_as_they_are_and_gaps_stay_gaps(form):
    table, preparation = learnt(form)
    found = preparation.transform(table)[:, 0]
    wanted = table.column("amount").to_numpy()
    np.testing.assert_array_equal(found, wanted.astype(np.float32))
    assert np.isnan(found[:7]).all()


def test_codes_are_label_numbers_then_one_for_the_rare_ones():
    table, preparation = learnt(Form.CODES)
    assert preparation.feature_names == ("amount", "colour")
    assert preparation.coded == [1]
    codes = preparation.transform(table)[:, 1]
    labels = {"blue": 0.0, "green": 1.0, "red": 2.0, "mauve": 3.0}
    wanted = [labels.get(label, np.nan) for label in table.column("colour").to_pylist()]
    np.testing.assert_array_equal(codes, np.array(wanted, dtype=np.float32))


def test_an_unseen_label_counts_as_rare_or_as_missing():
    table, preparation = learnt(Form.CODES)
    new = pa.table({"amount": [1.0, 1.0], "colour": ["puce", None]})
    np.testing.assert_array_equal(preparation.transform(new)[:, 1], np.array([3.0, np.nan], dtype=np.float32))

    common = table.filter(pa.compute.not_equal(table.column("colour"), "mauve"))
    without_rare = Preparation.learn(common, classify_columns(common), Form.CODES)
    assert np.isnan(without_rare.transform(new)[:, 1]).all()


def test_scaled_codes_are_the_numbers_of_one_form_and_the_codes_of_another():
    table, preparation = learnt(Form.SCALED_CODES)
    scaled, codes = (learnt(form)[1].transform(table) for form in (Form.SCALED, Form.CODES))
    found = preparation.transform(table)
    assert preparation.feature_names == ("amount", "amount is missing", "colour")
    assert preparation.coded == [2]
    np.testing.assert_array_equal(found[:, :2], scaled[:, :2])
    np.testing.assert_array_equal(found[:, 2], codes[:, 1])


def test_scaled_codes_have_no_limit():
    labels = np.repeat([f"label {k:03}" for k in range(300)], 12)
    table = pa.table({"place": labels.tolist()})
    columns = classify_columns(table)
    capped, free = (Preparation.learn(table, columns, form) for form in (Form.CODES, Form.SCALED_CODES))
    assert capped.transform(table).max() == 99
    np.testing.assert_array_equal(np.unique(free.transform(table)), np.arange(300, dtype=np.float32))


def test_plain_form_has_a_feature_for_each_label_and_codes_nothing():
    table, preparation = learnt(Form.PLAIN)
    scaled = learnt(Form.SCALED)[1]
    assert preparation.coded == []
    labels = [name for name in preparation.feature_names if name.startswith("colour=")]
    assert labels == [name for name in scaled.feature_names if name.startswith("colour=")]
    first = 1
    np.testing.assert_array_equal(preparation.transform(table)[:, first:], scaled.transform(table)[:, -len(labels) :])


@pytest.mark.parametrize("form", list(Form))
def test_every_form_survives_its_way_through_json(form):
    table, preparation = learnt(form)
    again = Preparation.from_info(json.loads(json.dumps(preparation.to_info())))
    assert again == preparation
    np.testing.assert_array_equal(again.transform(table), preparation.transform(table))


@pytest.mark.parametrize(
    "info",
    [
        {"type": "plain number", "column": "a", "part": "century", "markers": []},
        {"type": "plain number", "column": 3, "part": "value", "markers": []},
        {"type": "codes", "column": "a", "labels": [1, 2], "has_other": True},
        {"type": "codes", "column": "a", "labels": ["x"], "has_other": 1},
    ],
)
def test_a_broken_description_is_refused(info):
    columns = [{"name": "a", "kind": "number", "why": "", "markers": []}]
    with pytest.raises(ValueError, match=r"expected|unknown"):
        Preparation.from_info({"columns": columns, "encoders": [info]})
