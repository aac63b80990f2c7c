# SPDX-License-Identifier: BSD-3-Clause
"""The record of a training run."""

import copy
import json
import pickle

import numpy as np
import pytest

from schuss.history import History


def example():
    history = History(baseline={"training_loss": 0.7})
    history.append({"data_loss": 0.5, "seconds": 0.25})
    history.append({"data_loss": 0.4, "seconds": 0.25, "validation_loss": 0.6})
    return history


def test_rows_and_columns():
    history = example()
    assert len(history) == 2
    assert history.columns == ("data_loss", "seconds", "validation_loss")
    assert history[-1] == {"data_loss": 0.4, "seconds": 0.25, "validation_loss": 0.6}
    np.testing.assert_array_equal(history["data_loss"], [0.5, 0.4])
    np.testing.assert_array_equal(history["validation_loss"], [np.nan, 0.6])
    assert history["data_loss"].dtype == np.float64


def test_is_a_sequence():
    history = example()
    assert [row["data_loss"] for row in history] == [0.5, 0.4]
    assert [row["data_loss"] for row in reversed(history)] == [0.4, 0.5]
    assert history[:1]["data_loss"].tolist() == [0.5]
    assert history[1:].baseline == history.baseline
    with pytest.raises(IndexError):
        history[2]


def test_a_record_handed_out_is_a_copy():
    history = example()
    history[0]["data_loss"] = 9.0
    history["data_loss"][0] = 9.0
    assert history[0]["data_loss"] == 0.5


def test_unknown_column_says_what_is_there():
    with pytest.raises(KeyError, match="data_loss, seconds, validation_loss"):
        example()["nonsense"]


def test_contains_columns_and_records():
    history = example()
    assert "data_loss" in history
    assert "nonsense" not in history
    assert history[1] in history
    assert {"data_loss": 1.0} not in history


def test_survives_json():
    history = example()
    history.append({"data_loss": float("inf"), "validation_loss": float("-inf")})
    text = json.dumps(history.to_dict(), allow_nan=False)
    assert History.from_dict(json.loads(text)) == history


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))])
def test_survives_copying(duplicate):
    history = example()
    other = duplicate(history)
    assert other == history
    other.append({"data_loss": 0.3})
    assert other != history
    assert len(history) == 2


def test_columns_of_unequal_length_are_refused():
    data = example().to_dict()
    data["columns"]["data_loss"].pop()
    with pytest.raises(ValueError, match="2 values"):
        History.from_dict(data)


def test_the_empty_history():
    history = History()
    assert len(history) == 0
    assert history.columns == ()
    assert list(history) == []
    assert History.from_dict(history.to_dict()) == history
