# SPDX-License-Identifier: BSD-3-Clause
"""Which task a target sets, and its way to the model and back."""

import json

import numpy as np
import pyarrow as pa
import pytest

from schuss.data import DataError, Target
from schuss.data.split import split_rows
from schuss.data.target import CLASSIFICATION, REGRESSION

N = 60


def target_of(values, task=None):
    return Target.of(pa.table({"y": values}), "y", task)


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["yes", "no", " yes"] * 20, CLASSIFICATION, ("no", "yes")),
        ([True, False] * 30, CLASSIFICATION, (False, True)),
        ([0, 1, 2] * 20, CLASSIFICATION, (0, 1, 2)),
        ([0.0, 1.0] * 30, CLASSIFICATION, (0, 1)),
        ([-1, 1] * 30, CLASSIFICATION, (-1, 1)),
        (list(range(N)), REGRESSION, ()),
        ([i / 7 for i in range(N)], REGRESSION, ()),
        ([1, 2, 3], REGRESSION, ()),
        ([3.5, 4.5] * 30, REGRESSION, ()),
        (pa.array(["u", "v"] * 30).dictionary_encode(), CLASSIFICATION, ("u", "v")),
    ],
)
def test_the_values_choose_the_task(values, task, classes):
    found = target_of(values)
    assert (found.task, found.classes) == (task, classes)
    assert [type(label) for label in found.classes] == [type(label) for label in classes]


def test_the_person_may_choose():
    assert target_of([0, 1, 2] * 20, REGRESSION).task == REGRESSION
    assert target_of([i % 30 for i in range(300)], CLASSIFICATION).classes == tuple(range(30))


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (["a"] * N, None, "the target 'y' is always 'a': there is nothing to learn"),
        ([3, 3, None], None, "is always 3"),
        ([None, None], None, "is empty"),
        (["a", "b"], REGRESSION, "the target 'y' holds 'a', which is not a number"),
        ([i / 7 for i in range(N)], CLASSIFICATION, "holds numbers that are not whole"),
        (list(range(N)), CLASSIFICATION, "60 distinct values, too many to be classes"),
        ([f"name {i}" for i in range(N)], None, "60 distinct values, too many to be classes"),
    ],
)
def test_targets_that_do_not_suit(values, task, message):
    with pytest.raises(DataError, match=message):
        target_of(values, task)


def test_codes_of_known_unknown_and_missing():
    for values, asked in ([["a", "b"] * 9, ["b", "z", None, "?"]], [[5, 7] * 9, [7, 6, None, None]]):
        target = target_of(values)
        table = pa.table({"y": asked})
        assert target.codes(table).tolist() == [1, -1, -1, -1]
        assert target.known(table).tolist() == [True, True, False, False]


def test_numbers_come_back_in_their_own_unit(rng):
    y = rng.normal(1e6, 250.0, 100)
    target = target_of(y).learn(y)
    fitted = target.fitted_to(y)
    np.testing.assert_allclose([fitted.mean(), fitted.std()], [0, 1], atol=1e-9)
    np.testing.assert_allclose(target.restore(fitted), y, rtol=1e-12)


@pytest.mark.parametrize("values", [["a", "b"] * 9, [True, False] * 9, [1, 2] * 9, [i / 7 for i in range(18)]])
def test_round_trip(values):
    target = target_of(values)
    target = target.learn(target.codes(pa.table({"y": values})) if target.classes else np.asarray(values, dtype=float))
    assert Target.from_info(json.loads(json.dumps(target.to_info()))) == target


@pytest.mark.parametrize(
    "change",
    [{"task": "magic"}, {"classes": ["a"]}, {"classes": ["a", 1]}, {"counts": [1]}, {"scale": 0.0}, {"name": 5}],
)
def test_a_tampered_description_is_refused(change):
    info = target_of(["a", "b"] * 9).learn(np.array([0, 1] * 9)).to_info() | change
    with pytest.raises((ValueError, KeyError, TypeError)):
        Target.from_info(info)


def test_split_keeps_shares_and_loses_no_row(rng):
    y = (rng.random(1000) < 0.1).astype(np.int64)
    split = split_rows(y, classes=True, val_size=0.1, test_size=0.2, seed=3)
    parts = (split.train, split.validation, split.test)
    assert [len(part) for part in parts] == [700, 100, 200]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(1000))
    assert split.stratified
    assert all(abs(y[part].mean() - y.mean()) < 0.006 for part in parts)
    again = split_rows(y, classes=True, val_size=0.1, test_size=0.2, seed=3)
    np.testing.assert_array_equal(again.test, split.test)


def test_split_with_classes_too_rare_to_share_out():
    split = split_rows(np.array([0] * 30 + [1]), classes=True, val_size=0.1, test_size=0.2, seed=0)
    assert not split.stratified
    assert len(split.train) == 22


def test_split_of_too_few_rows():
    with pytest.raises(DataError, match="3 rows are too few"):
        split_rows(np.zeros(3), classes=False, val_size=0.1, test_size=0.2, seed=0)
