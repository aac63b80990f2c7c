# SPDX-License-Identifier: BSD-3-Clause
"""predict_contributions: Shapley values of fitted models. The kernel's test has the definition."""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from schuss.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

CLASSIFIERS = {
    DecisionTreeClassifier: {},
    ExtraTreeClassifier: {},
    RandomForestClassifier: {"n_estimators": 3},
    ExtraTreesClassifier: {"n_estimators": 3},
}
REGRESSORS = {
    DecisionTreeRegressor: {},
    ExtraTreeRegressor: {},
    RandomForestRegressor: {"n_estimators": 3},
    ExtraTreesRegressor: {"n_estimators": 3},
}
SMALL = {"max_depth": 4, "random_state": 0}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    X[rng.random(X.shape) < 0.05] = np.nan
    return X, np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1] * X[:, 2])


def test_of_numbers(table):
    X, y = table
    model = HistGradientBoostingRegressor(max_iter=20).fit(X, y)
    said = model.predict_contributions(X)
    assert said.shape == (300, 6)
    np.testing.assert_allclose(said.sum(axis=1), model.predict(X), rtol=1e-12, atol=1e-12)
    assert np.ptp(said[:, 5]) == 0.0
    mean = np.abs(said[:, :5]).mean(axis=0)
    assert mean[0] > 5 * mean[1:].max()
    assert mean[1:3].min() > 1.5 * mean[3:].max()


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_of_means_before_the_link(table, loss):
    X, y = table
    model = HistGradientBoostingRegressor(loss=loss, max_iter=10).fit(X, np.exp(y))
    np.testing.assert_allclose(
        model.predict_contributions(X).sum(axis=1), np.log(model.predict(X)), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_of_classes(table, n_classes):
    X, y = table
    labels = np.digitize(y, np.quantile(y, np.arange(1, n_classes) / n_classes))
    model = HistGradientBoostingClassifier(max_iter=10).fit(X, labels)
    said = model.predict_contributions(X)
    assert said.shape == ((300, 6) if n_classes == 2 else (300, 3, 6))
    np.testing.assert_allclose(said.sum(axis=-1), model.decision_function(X), rtol=1e-12, atol=1e-12)


def test_of_the_best_iterations_alone(table):
    X, y = table
    model = HistGradientBoostingRegressor(max_iter=80, learning_rate=0.8, early_stopping=True).fit(X, y)
    assert model.best_iteration_ + 1 < model.n_iter_
    np.testing.assert_allclose(model.predict_contributions(X).sum(axis=1), model.predict(X), rtol=1e-12, atol=1e-12)


def test_of_a_frame_with_categories(table):
    X, y = table
    frame = pd.DataFrame(X[:, :2], columns=["number", "other"])
    frame["letter"] = pd.Categorical(np.array(list("abc"))[np.arange(300) % 3])
    y = y + 3.0 * (frame["letter"] == "b")
    model = HistGradientBoostingRegressor(max_iter=20, categorical_features="from_dtype").fit(frame, y)
    said = model.predict_contributions(frame)
    np.testing.assert_allclose(said.sum(axis=1), model.predict(frame), rtol=1e-12, atol=1e-12)
    is_b = (frame["letter"] == "b").to_numpy()
    assert said[is_b, 2].min() > said[~is_b, 2].max()


def test_only_of_a_fitted_model(table):
    with pytest.raises(NotFittedError):
        HistGradientBoostingRegressor().predict_contributions(table[0])


def expectation(tree, row, known, node=0):
    """What scikit-learn's tree says of a row if only some features are known, (n_outputs, n_values)."""
    if tree.children_left[node] < 0:
        return tree.value[node]
    children = tree.children_left[node], tree.children_right[node]
    if tree.feature[node] in known:
        goes_right = row[tree.feature[node]] > tree.threshold[node]
        return expectation(tree, row, known, children[int(goes_right)])
    weight = tree.weighted_n_node_samples
    return sum(weight[child] / weight[node] * expectation(tree, row, known, child) for child in children)


def shapley(trees, row):
    """Shapley values by their definition, (n_outputs, n_values, n_features + 1)."""
    d = len(row)
    value = {
        known: np.mean([expectation(tree, row, known) for tree in trees], axis=0)
        for size in range(d + 1)
        for known in combinations(range(d), size)
    }
    said = np.zeros((*value[()].shape, d + 1))
    said[:, :, d] = value[()]
    for known, without in value.items():
        for j in set(range(d)) - set(known):
            gained = value[tuple(sorted((*known, j)))] - without
            said[:, :, j] += gained / (d * comb(d - 1, len(known)))
    return said


def trees_of(model):
    return [member.tree_ for member in getattr(model, "estimators_", [model])]


def plain_table(n_features=4):
    X = np.random.default_rng(1).standard_normal((120, n_features)).astype(np.float32)
    return X, X[:, 0] + X[:, 1] * X[:, 2]


@pytest.mark.parametrize("model", REGRESSORS)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_of_trees_of_numbers_by_the_definition(model, n_outputs):
    X, y = plain_table()
    y = y if n_outputs == 1 else np.column_stack([y, X[:, 3] ** 2])
    weight = np.random.default_rng(2).integers(0, 4, len(X)).astype(float)
    model = model(**SMALL, **REGRESSORS[model]).fit(X, y, sample_weight=weight)
    said = model.predict_contributions(X[:4])
    expected = np.array([shapley(trees_of(model), row)[:, 0] for row in X[:4]])
    np.testing.assert_allclose(said, expected[:, 0] if n_outputs == 1 else expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(said.sum(axis=-1), model.predict(X[:4]), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("model", CLASSIFIERS)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_of_trees_of_classes_by_the_definition(model, n_classes):
    X, y = plain_table()
    labels = np.array(list("abc"))[np.digitize(y, np.quantile(y, np.arange(1, n_classes) / n_classes))]
    model = model(**SMALL, **CLASSIFIERS[model]).fit(X, labels)
    said = model.predict_contributions(X[:4])
    assert said.shape == (4, n_classes, 5)
    expected = np.array([shapley(trees_of(model), row)[0] for row in X[:4]])
    np.testing.assert_allclose(said, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(said.sum(axis=2), model.predict_proba(X[:4]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("model", CLASSIFIERS)
def test_of_trees_of_several_outputs_of_classes(model):
    X, y = plain_table()
    labels = np.column_stack([y > 0, np.digitize(X[:, 3], [-0.5, 0.5])]).astype(int)
    model = model(**SMALL, **CLASSIFIERS[model]).fit(X, labels)
    said, expected = model.predict_contributions(X[:4]), [shapley(trees_of(model), row) for row in X[:4]]
    assert [part.shape for part in said] == [(4, 2, 5), (4, 3, 5)]
    for k, (part, shares) in enumerate(zip(said, model.predict_proba(X[:4]), strict=True)):
        np.testing.assert_allclose(part, [all_[k, : part.shape[1]] for all_ in expected], rtol=0, atol=1e-12)
        np.testing.assert_allclose(part.sum(axis=2), shares, rtol=0, atol=1e-12)


@pytest.mark.parametrize("model", [*REGRESSORS, *CLASSIFIERS])
def test_of_trees_grown_to_the_end_with_missing_and_sparse_values(model, table):
    X, y = table
    takes_missing = model not in (ExtraTreeRegressor, ExtraTreeClassifier)
    X = X if takes_missing else np.nan_to_num(X)
    options = {**REGRESSORS, **CLASSIFIERS}[model]
    model = model(random_state=0, **options).fit(X, y if model in REGRESSORS else y > 0)
    predict = getattr(model, "predict_proba", model.predict)
    np.testing.assert_allclose(model.predict_contributions(X).sum(axis=-1), predict(X), rtol=1e-11, atol=1e-11)
    X = np.where(np.abs(X) > 1.0, X, 0.0)
    np.testing.assert_array_equal(model.predict_contributions(sparse.csr_matrix(X)), model.predict_contributions(X))


def test_of_a_forest_with_categories(table):
    X, y = table
    frame = pd.DataFrame(X[:, :2], columns=["number", "other"])
    frame["letter"] = pd.Categorical(np.array(list("abc"))[np.arange(300) % 3])
    forest = RandomForestRegressor(20, max_depth=5, categorical_features="from_dtype", random_state=0)
    forest.fit(frame, y + 3.0 * (frame["letter"] == "b"))
    said, is_b = forest.predict_contributions(frame), (frame["letter"] == "b").to_numpy()
    np.testing.assert_allclose(said.sum(axis=1), forest.predict(frame), rtol=1e-12, atol=1e-12)
    assert said[is_b, 2].min() > said[~is_b, 2].max()


@pytest.mark.parametrize("model", [RandomForestClassifier, DecisionTreeRegressor])
def test_of_trees_only_once_they_are_fitted(model, table):
    with pytest.raises(NotFittedError):
        model().predict_contributions(table[0])
