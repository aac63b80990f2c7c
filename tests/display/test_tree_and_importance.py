# SPDX-License-Identifier: BSD-3-Clause
"""Plots of trees and of features: what is drawn, named and coloured."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import schuss
from schuss.display import FeatureImportanceDisplay, TreeDisplay
from schuss.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from schuss.linear_model import Ridge
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((300, 3)), columns=["size", "age", "noise"])
    return X, 2.0 * (X["size"] > 0.0) + 0.5 * (X["age"] > 0.5)


def words(display):
    return [box.get_text().split("\n") for box in display.boxes_]


def test_a_tree_asks_and_answers(data):
    X, y = data
    display = schuss.TreeDisplay.from_estimator(DecisionTreeRegressor(max_depth=2).fit(X, y))
    assert isinstance(display, TreeDisplay)
    root, left, low, high, right, *_ = words(display)
    assert root[0].startswith("size ≤ ")
    assert left[0].startswith("age ≤ ")
    assert (root[1], low[-1], high[-1]) == ("n = 300", "0", "0.5")
    assert right[0].startswith("age ≤ ")
    assert [text.get_text() for text in display.texts_] == ["yes", "no"]
    assert display.ax_.get_title() == "DecisionTreeRegressor"
    assert len(display.branches_) == len(display.boxes_) - 1
    assert [int(w[-2].removeprefix("n = ")) for w in words(display)[2:4]] == [
        int(((X["size"] <= 0) & (X["age"] <= 0.5)).sum()),
        int(((X["size"] <= 0) & (X["age"] > 0.5)).sum()),
    ]


def test_boxes_stand_apart_and_children_below(data):
    X, y = data
    display = TreeDisplay.from_estimator(DecisionTreeRegressor(max_depth=3).fit(X, y + X["noise"]), max_depth=None)
    display.figure_.canvas.draw()
    extents = [box.get_window_extent() for box in display.boxes_]
    for i, one in enumerate(extents):
        assert not any(one.overlaps(other) for other in extents[i + 1 :])
    tops = [line.get_ydata() for line in display.branches_]
    assert all(parent > child for parent, child in tops)


def test_what_is_not_drawn_is_counted(data):
    X, y = data
    model = DecisionTreeRegressor().fit(X, y + X["noise"])
    display = TreeDisplay.from_estimator(model, max_depth=2)
    hidden = [w[0] for w in words(display) if w[0].startswith("...")]
    counted = sum(int(text.split()[1]) for text in hidden)
    drawn = sum(node[0].startswith("n = ") for node in words(display))
    assert hidden and counted + drawn == model.get_n_leaves()  # noqa: PT018


@pytest.mark.parametrize("make", [DecisionTreeClassifier, RandomForestClassifier])
def test_classes_have_names_shares_and_colours(data, make):
    X, y = data
    labels = np.where(y > 1.0, "large", "small")
    display = TreeDisplay.from_estimator(make(random_state=0).fit(X, labels), max_depth=1)
    said = [w[-1] for w in words(display)]
    assert all(text.split(":")[0] in ("large", "small") and re.search(r"\d%$", text) for text in said)
    colours = {
        text.split(":")[0]: box.get_bbox_patch().get_facecolor() for text, box in zip(said, display.boxes_, strict=True)
    }
    assert len(set(colours.values())) == len(colours)


@pytest.mark.parametrize("make", [HistGradientBoostingRegressor, RandomForestRegressor])
def test_one_of_many_trees(data, make):
    X, y = data
    model = make(**{"max_iter" if make is HistGradientBoostingRegressor else "n_estimators": 4}).fit(X, y)
    display = TreeDisplay.from_estimator(model, tree=-1)
    assert display.ax_.get_title() == f"{make.__name__}, tree 3 of 4"
    with pytest.raises(IndexError, match="tree 4 of 4"):
        TreeDisplay.from_estimator(model, tree=4)


def test_the_mean_of_what_boosted_leaves_say_stands_above_them(data):
    X, y = data
    model = HistGradientBoostingRegressor(max_iter=1, max_depth=1, learning_rate=1.0).fit(X, y)
    root, left, right = words(TreeDisplay.from_estimator(model))
    assert root[-1] == "0"  # of the residuals of a constant
    assert float(left[-1]) < 0.0 < float(right[-1])


def test_categories_and_missing_values_are_told_of(data):
    X, y = data
    letters = np.array(list("abcdefgh"))[np.arange(300) % 8]
    X = X.assign(letter=pd.Categorical(letters))
    for among, told in (("bd", "letter in {"), ("aceg", "letter in 4 categories")):
        model = HistGradientBoostingRegressor(max_iter=1, max_depth=1, categorical_features="from_dtype")
        model.fit(X, 100.0 * np.isin(letters, list(among)) + y)
        assert words(TreeDisplay.from_estimator(model))[0][0].startswith(told)
    holes = X[["size"]].where(X["age"] > -0.5)
    model = HistGradientBoostingRegressor(max_iter=1, max_depth=1).fit(holes, 10.0 * (holes["size"] <= 0.0))
    plain, told = (words(TreeDisplay.from_estimator(model, missing=flag))[0][0] for flag in (False, True))
    assert told in (plain, plain + " or missing")
    assert "missing" not in plain


def test_only_of_a_fitted_model_with_trees(data):
    with pytest.raises(NotFittedError):
        TreeDisplay.from_estimator(DecisionTreeRegressor())
    with pytest.raises(ValueError, match="Ridge has no trees"):
        TreeDisplay.from_estimator(Ridge().fit(*data))


def test_the_most_important_feature_is_on_top(data):
    X, y = data
    model = HistGradientBoostingRegressor(max_iter=10).fit(X, y)
    display = schuss.FeatureImportanceDisplay.from_estimator(model)
    assert isinstance(display, FeatureImportanceDisplay)
    assert [label.get_text() for label in display.ax_.get_yticklabels()][::-1][:2] == ["size", "age"]
    np.testing.assert_array_equal(
        [bar.get_width() for bar in display.bars_], model.feature_importances_[display.shown_]
    )
    assert display.ax_.get_xlabel() == "Share of the gain of all splits"
    assert display.ax_.get_title() == "HistGradientBoostingRegressor"
    by_split = FeatureImportanceDisplay.from_estimator(model, kind="split", max_features=2)
    assert len(by_split.bars_) == 2
    assert by_split.ax_.get_ylabel() == "the first 2 of 3 features"


def test_importances_by_permutation(data):
    X, y = data
    display = FeatureImportanceDisplay.from_estimator(Ridge().fit(X, y), X, y, random_state=0)
    assert display.bars_.errorbar is not None
    assert display.ax_.get_xlabel() == "Loss of score when shuffled"
    assert display.shown_[-1] == 0


def test_importances_of_other_trees(data):
    model = RandomForestRegressor(n_estimators=5, random_state=0).fit(*data)
    display = FeatureImportanceDisplay.from_estimator(model)
    np.testing.assert_array_equal(display.importances, model.feature_importances_)
    assert display.ax_.get_xlabel() == "Share of the decrease of impurity"


def test_importances_that_there_are_not(data):
    X, y = data
    with pytest.raises(ValueError, match="no importances of the kind 'impurity'"):
        FeatureImportanceDisplay.from_estimator(Ridge().fit(X, y))
    with pytest.raises(ValueError, match="need X and y"):
        FeatureImportanceDisplay.from_estimator(Ridge().fit(X, y), kind="permutation")


def test_on_axes_of_the_user(data):
    _, (one, two) = plt.subplots(1, 2)
    model = HistGradientBoostingClassifier(max_iter=2).fit(data[0], data[1] > 1.0)
    assert TreeDisplay.from_estimator(model, ax=one, name="mine").ax_ is one
    assert FeatureImportanceDisplay.from_estimator(model, ax=two).ax_ is two
    assert one.get_title() == "mine"
