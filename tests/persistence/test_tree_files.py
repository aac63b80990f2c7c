# SPDX-License-Identifier: BSD-3-Clause
"""What is no tree does not get past the reader: a walk down what it lets in stays inside of the arrays, and ends."""

from dataclasses import replace

import numpy as np
import pytest
from saved_models import MODELS, features

from schuss.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from schuss.persistence import ModelFileError, from_bytes, to_bytes
from schuss.tree import DecisionTreeRegressor
from schuss.tree._structure import check_structure


@pytest.fixture(scope="module")
def model():
    return MODELS["HistGradientBoostingClassifier"]()


def first_split(nodes):
    return int(np.flatnonzero(nodes["feature"] >= 0)[0])


def a_leaf(nodes):
    return int(np.flatnonzero(nodes["feature"] < 0)[0])


def change_node(field, value, where):
    def change(trees):
        nodes = trees.nodes.copy()
        nodes[field][where(nodes)] = value
        return replace(trees, nodes=nodes)

    return change


def change_array(name, function):
    return lambda trees: replace(trees, **{name: function(getattr(trees, name).copy())})


def swapped(offsets):
    offsets[[1, 2]] = offsets[[2, 1]]
    return offsets


WRONGS = {
    "a child before its parent": change_node("left", 0, first_split),
    "a child beyond its tree": change_node("left", 10**6, first_split),
    "a negative child": change_node("left", -5, first_split),
    "a child of two parents": change_node("left", 3, first_split),
    "a feature beyond the last": change_node("feature", 3, first_split),
    "no feature at all": change_node("feature", -2, a_leaf),
    "a leaf of no number": change_node("left", 10**6, a_leaf),
    "a leaf of a negative number": change_node("left", -1, a_leaf),
    "a leaf that is infinite": change_node("threshold", np.inf, a_leaf),
    "a threshold that is no number": change_node("threshold", np.nan, first_split),
    "trees out of order": change_array("offsets", swapped),
    "a tree without an end": change_array("offsets", lambda offsets: offsets[:-1]),
    "no offsets": change_array("offsets", lambda offsets: offsets[:0]),
    "sets that are missing": change_array("categories", lambda sets: sets[:0]),
    "sets of another size": change_array("categories", lambda sets: sets[:, :2]),
    "known categories of other features": change_array("known_categories", lambda known: known[:1]),
    "gains that are missing": change_array("gain", lambda gain: gain[1:]),
    "gains that are not finite": change_array("gain", lambda gain: gain * np.nan),
    "weights below zero": change_array("weight", lambda weight: -1.0 - weight),
    "leaves counted wrongly": change_array("leaf_offsets", lambda offsets: offsets + 1),
    "outputs that share trees unevenly": lambda trees: replace(trees, n_outputs=trees.n_trees + 1),
}


def test_grown_trees_are_trees(model):
    check_structure(model._trees)
    assert len(model._trees.categories)


@pytest.mark.parametrize("what", WRONGS)
def test_what_is_no_tree_is_refused(model, what):
    changed = WRONGS[what](model._trees)
    with pytest.raises(ValueError, match="the trees"):
        check_structure(changed)


def test_a_model_of_other_trees_is_refused(model):
    copy = from_bytes(to_bytes(model))[0]
    assert np.array_equal(copy.predict_proba(features()), model.predict_proba(features()))
    copy._trees = copy._trees.first(3)
    with pytest.raises(ModelFileError, match="3 trees do not make"):
        to_bytes(copy)
    copy = from_bytes(to_bytes(model))[0]
    copy.best_iteration_ = copy.n_iter_
    with pytest.raises(ModelFileError, match="beyond the last"):
        to_bytes(copy)
    copy = from_bytes(to_bytes(model))[0]
    copy._vocabulary = None
    with pytest.raises(ModelFileError, match="not those of the categorical columns"):
        to_bytes(copy)


@pytest.mark.parametrize("scale", [2.0**-100, 2.0**100])
@pytest.mark.parametrize(
    "make",
    [
        lambda: HistGradientBoostingRegressor(max_iter=3),
        lambda: RandomForestRegressor(3, random_state=0),
        lambda: DecisionTreeRegressor(max_bins=16, max_depth=3),
    ],
)
def test_targets_of_any_size_can_be_told_and_kept(make, scale):
    X = features()
    y = X[:, 0] + X[:, 1] ** 2
    model = make().fit(X, scale * y)
    expected = make().fit(X, y).feature_importances_
    np.testing.assert_allclose(model.feature_importances_, expected, rtol=1e-3)  # gradients are single precision there
    np.testing.assert_array_equal(from_bytes(to_bytes(model))[0].predict(X), model.predict(X))
