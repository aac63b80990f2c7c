# SPDX-License-Identifier: BSD-3-Clause
"""Rows held out for early stopping are those that scikit-learn would hold out."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.model_selection import train_test_split

from schuss.ensemble._boosting import setup
from schuss.ensemble._boosting.holdout import rows_held_out
from schuss.tree._binning import Binner


def wanted(y, size, seed, *, stratify):
    mask = np.zeros(len(y), bool)
    mask[
        train_test_split(np.arange(len(y)), test_size=size, stratify=y if stratify else None, random_state=seed)[1]
    ] = 1
    return mask


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [0.1, 0.5, 77])
@pytest.mark.parametrize(("n_classes", "dtype"), [(2, np.uint8), (3, float), (30, np.float32)])
def test_rows_are_those_of_scikit_learn(n_classes, dtype, size, seed):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(n_classes).repeat(2), (n_classes * rng.random(700) ** 2)]).astype(np.intp)
    y = rng.permutation(y).astype(dtype)
    np.testing.assert_array_equal(rows_held_out(y, size, seed, stratify=True), wanted(y, size, seed, stratify=True))
    y = rng.standard_normal(701)
    np.testing.assert_array_equal(rows_held_out(y, size, seed, stratify=False), wanted(y, size, seed, stratify=False))


def test_ties_between_classes_are_broken_alike():
    y = np.arange(20.0).repeat(5)
    for seed in range(20):
        np.testing.assert_array_equal(rows_held_out(y, 33, seed, stratify=True), wanted(y, 33, seed, stratify=True))


@pytest.mark.parametrize("size", [0.3, 2, 99, 100, 1000])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("stratify", [False, True])
def test_errors_are_those_of_scikit_learn(size, alone, stratify):
    y = np.arange(100.0) % 3
    if alone:
        y[50] = 3
    assert outcome(rows_held_out, y, size, stratify) == outcome(wanted, y, size, stratify)


def outcome(function, y, size, stratify):
    """The rows, or what the error says."""
    try:
        return np.flatnonzero(function(y, size, 0, stratify=stratify)).tolist()
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("kind", ["C", "F", "sparse"])
def test_bins_do_not_depend_on_how_many_rows_are_copied_at_a_time(kind, monkeypatch):
    monkeypatch.setattr(setup, "_CHUNK", 7)
    rng = np.random.default_rng(0)
    X = np.where(rng.random((200, 5)) < 0.5, 0.0, rng.standard_normal((200, 5)))
    X = csr_array(X) if kind == "sparse" else np.asarray(X, order=kind)
    rows = rng.random(200) < 0.3
    rows[14:28] = False  # chunks without any
    binner = Binner(32, is_categorical=None, n_threads=1)
    binner.fit(X, None)
    got = setup.Data(X, np.zeros(rows.sum()), None, rows).binned(binner)
    want = binner.transform(X[rows], by_tile=True)
    np.testing.assert_array_equal(got.columns, want.columns)
    np.testing.assert_array_equal(got.tiles, want.tiles)
