# SPDX-License-Identifier: BSD-3-Clause
"""The registry of storable estimators: one entry adds one, and old files survive new parameters."""

from __future__ import annotations

import dataclasses
import sys
import types
from typing import ClassVar

import numpy as np
import pytest
from model_files import Parts
from saved_models import MODELS
from sklearn.base import BaseEstimator

import schuss
from schuss.history import History
from schuss.persistence import from_bytes, to_bytes
from schuss.persistence._entry import Entry
from schuss.persistence._fields import Array, Choice, Either, Integer, Labels, Names, Real
from schuss.persistence._registry import ENTRIES


class Stump(BaseEstimator):
    """Stands in for an estimator of another family."""

    _parameter_constraints: ClassVar[dict] = {"depth": [int]}

    def __init__(self, depth=1):
        self.depth = depth

    def fit(self):
        self.n_features_in_, self.n_nodes_ = 2, 3
        self.feature_ = np.array([1, -1, -1], dtype=np.int32)
        self.history_ = History([{"training_loss": 0.5}])
        return self


@pytest.fixture
def _stump(monkeypatch):
    module = types.ModuleType("made_up")
    module.Stump = Stump
    monkeypatch.setitem(sys.modules, "made_up", module)
    state = {
        "n_features_in_": Integer(minimum=1, size="n_features"),
        "n_nodes_": Integer(minimum=1, size="n_nodes"),
        "feature_": Array(("n_nodes",), dtypes=("int32",)),
    }
    monkeypatch.setitem(ENTRIES, "Stump", Entry("Stump", "made_up", state))


@pytest.mark.usefixtures("_stump")
def test_one_entry_makes_an_estimator_storable():
    model = Stump(depth=2).fit()
    loaded, _ = from_bytes(to_bytes(model))
    assert loaded.depth == 2
    assert loaded.feature_.tolist() == [1, -1, -1]
    assert loaded.history_ == model.history_
    model.n_nodes_ = 4
    with pytest.raises(schuss.ModelFileError, match="feature_ does not fit: 3 where n_nodes is 4"):
        to_bytes(model)


@pytest.mark.usefixtures("_stump")
def test_models_without_a_history_are_stored_without_one():
    model = Stump().fit()
    del model.history_
    loaded, _ = from_bytes(to_bytes(model))
    assert not hasattr(loaded, "history_")


def test_files_older_than_a_parameter_get_its_default(monkeypatch):
    parts = Parts.of(to_bytes(MODELS["Ridge"]()))
    del parts.document["params"]["max_time"]
    with pytest.raises(schuss.ModelFileError, match="parameter 'max_time' of Ridge is missing"):
        from_bytes(parts.seal())
    newer = dataclasses.replace(ENTRIES["Ridge"], later_params=frozenset({"max_time"}))
    monkeypatch.setitem(ENTRIES, "Ridge", newer)
    assert from_bytes(parts.seal())[0].max_time is None


@pytest.mark.parametrize("name", MODELS)
def test_entries_name_real_classes(name):
    assert ENTRIES[name].cls is type(MODELS[name]())


NAN = float("nan")


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (Integer(1, 3), [1, 3, np.int8(2)], [0, 4, 1.0, True, "1", None, np.bool_(True)]),
        (Real(minimum=0.5), [0.5, 1, np.float32(2)], [0.4, NAN, float("inf"), True, "1", np.ones(1)]),
        (Choice(("a", None, 1)), ["a", None, 1], ["b", True, 1.0, np.array(["a"])]),
        (Names((2,)), [np.array(["a", "b"]), np.array(["a", "b"], dtype=object)], [np.array([1, 2]), np.array(["a"])]),
        (Array((2, "d")), [np.ones((2, 3))], [np.ones(2), np.ones((3, 2)), np.ones((2, 0)), np.array([[1, 2]] * 2)]),
        (Array(("d",)), [np.ones(1, np.float32)], [np.array([NAN]), np.array([np.inf]), np.ones(1, np.float16)]),
        (Either((Integer(), Choice((None,)))), [3, None], [-1, "x"]),
        (
            Labels(),
            [np.array([0, 1]), np.array(["a", "b"]), np.array([False, True]), np.array(["a", "ä"], dtype=object)],
            [
                np.array([0]),
                np.array([1, 0]),
                np.array([0, 0]),
                np.array([0.0, NAN]),
                np.array([["a", "b"]]),
                np.array(["a", 1], dtype=object),
                np.array([b"a", b"b"]),
                ["a", "b"],
            ],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_fields_accept_and_refuse(field, good, bad):
    for value in good:
        assert field.check("it", value, {}) is None
    for value in bad:
        with pytest.raises(schuss.ModelFileError, match="it"):
            field.check("it", value, {})


def test_sizes_must_agree():
    sizes = {}
    Array(("n", "d")).check("first", np.ones((2, 3)), sizes)
    assert sizes == {"n": 2, "d": 3}
    with pytest.raises(schuss.ModelFileError, match="second does not fit: 4 where d is 3"):
        Array(("d",)).check("second", np.ones(4), sizes)
