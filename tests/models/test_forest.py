# SPDX-License-Identifier: BSD-3-Clause
"""Forests: as good as scikit-learn's, the same for any number of threads, and what their trees say adds up."""

import numpy as np
import pytest
import sklearn.ensemble
from forest_cases import CLASSIFIERS, FORESTS, as_bytes, data
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_friedman1
from sklearn.model_selection import train_test_split

from schuss import ensemble
from schuss._sklearn import prune_tree
from schuss.ensemble import RandomForestClassifier, RandomForestRegressor
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor
from schuss.tree._nodes import NODE

# -- quality ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "load", [load_breast_cancer, load_iris, load_diabetes, None], ids=lambda load: getattr(load, "__name__", "waves")
)
@pytest.mark.parametrize("kind", ["RandomForest", "ExtraTrees"])
def test_as_good_on_held_out_rows_as_scikit_learn(load, kind, seed):
    X, y = load(return_X_y=True) if load else make_friedman1(1500, noise=1.0, random_state=seed)
    name = kind + ("Regressor" if load in (None, load_diabetes) else "Classifier")
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.4, random_state=seed)
    ours, theirs = (
        getattr(module, name)(n_estimators=60, random_state=seed).fit(X, y).score(X_test, y_test)
        for module in (ensemble, sklearn.ensemble)
    )
    assert ours > theirs - 0.03


@pytest.mark.parametrize("max_bins", [255, None])
def test_sides_of_just_enough_samples_are_allowed(max_bins):
    X, y = np.arange(10.0)[:, None], np.arange(10) >= 5
    options = {"bootstrap": False, "min_samples_leaf": 5, "max_bins": max_bins}
    assert RandomForestClassifier(1, **options).fit(X, y).score(X, y) == 1.0


@pytest.mark.parametrize("max_bins", [255, None])
def test_a_constant_feature_counts_among_those_looked_at(max_bins):
    """Two of three features are drawn; where one is constant and the other weak, nothing looks at the third."""
    X, y = np.random.default_rng(0).standard_normal((60, 3)), np.arange(60) % 2
    X[:, 0], X[:, 1] = 0.0, X[:, 1] + y
    X[:, 2] += 9.0 * y
    model = RandomForestClassifier(900, max_depth=1, max_features=2, bootstrap=False, max_bins=max_bins, random_state=0)
    roots = [tree.tree_.feature[0] for tree in model.fit(X, y).estimators_]
    assert np.mean(np.equal(roots, 1)) == pytest.approx(1 / 3, abs=0.06)


def test_exact_trees_are_single_trees(forest):
    X, y = data(forest)
    model = forest(n_estimators=3, max_bins=None, max_features=3, min_weight_fraction_leaf=0.03, random_state=1).fit(
        X, y
    )
    for tree, rows in zip(model.estimators_, model.estimators_samples_, strict=True):
        alone = clone(tree).fit(X[rows], y[rows])
        np.testing.assert_array_equal(alone.tree_.feature, tree.tree_.feature)
        np.testing.assert_allclose(alone.tree_.value, tree.tree_.value)
        np.testing.assert_allclose(alone.tree_.impurity, tree.tree_.impurity, rtol=1e-5, atol=1e-6)


def test_absolute_error_is_grown_on_the_values():
    X, y = data(RandomForestRegressor)
    model = RandomForestRegressor(10, criterion="absolute_error", random_state=0).fit(X, y)
    assert model.score(X, y) > 0.8
    assert isinstance(model.set_params(max_bins=2).fit(X, y).score(X, y), float)
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("criterion", ["squared_error", "poisson"])
def test_few_distinct_values_lose_nothing(criterion):
    """With a bin for each value, trees of all features are scikit-learn's."""
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 40, (200, 4)).astype(float), rng.integers(1, 1000, 200)
    ours = RandomForestRegressor(1, criterion=criterion, bootstrap=False, max_depth=4, random_state=0).fit(X, y)
    theirs = sklearn.ensemble.RandomForestRegressor(
        1, criterion=criterion, bootstrap=False, max_depth=4, random_state=0
    ).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X))
    assert ours[0].tree_.node_count == theirs[0].tree_.node_count


# -- what must not matter -----------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"max_bins": None, "n_estimators": 4}, {"max_leaf_nodes": 12}], ids=str)
def test_trees_do_not_depend_on_threads(forest, n_threads, options):
    X, y = data(forest)
    model = forest(**{"n_estimators": 9, "random_state": 3} | options)
    one = clone(model).set_params(n_jobs=1).fit(X, y)
    many = clone(model).set_params(n_threads=n_threads).fit(X, y)
    assert as_bytes(one) == as_bytes(many)
    np.testing.assert_array_equal(one.predict(X), many.predict(X))


def test_weight_k_is_k_copies(forest):
    X, y = data(forest, n=150)
    X = X.astype(np.float32)
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    rows = np.repeat(np.arange(len(X)), weight)
    model = forest(n_estimators=5, bootstrap=False, max_features=3, random_state=0)
    weighted, copied = clone(model).fit(X, y, weight), clone(model).fit(X[rows], y[rows])
    np.testing.assert_array_equal(weighted._trees.nodes, copied._trees.nodes)
    few = clone(model).set_params(min_samples_leaf=9)  # without ties, which rounding would decide
    np.testing.assert_allclose(few.fit(X, y, weight * 0.375).predict(X), few.fit(X, y, weight).predict(X))


def test_a_tree_costs_sixteen_bytes_a_node():
    assert NODE.itemsize == 16
    X, y = load_breast_cancer(return_X_y=True)
    for model in (RandomForestClassifier(5), RandomForestRegressor(5)):
        trees = model.fit(X, y)._trees
        assert trees.values is None  # leaves hold their value


# -- the trees one by one -----------------------------------------------------------------


def test_single_trees_add_up_to_the_forest(forest):
    X, y = data(forest)
    model = forest(n_estimators=7, random_state=0).fit(X, y)
    name = "predict_proba" if is_classifier(model) else "predict"
    np.testing.assert_allclose(np.mean([getattr(tree, name)(X) for tree in model], axis=0), getattr(model, name)(X))
    np.testing.assert_array_equal(model.apply(X), np.column_stack([tree.apply(X) for tree in model]))
    path, pointers = model.decision_path(X)
    for tree, first, last in zip(model, pointers[:-1], pointers[1:], strict=True):
        assert (path[:, first:last] != tree.decision_path(X)).nnz == 0
    shares = np.mean([tree.feature_importances_ for tree in model], axis=0)
    np.testing.assert_allclose(model.feature_importances_, shares / shares.sum(), rtol=1e-4)
    assert len(model) == 7
    assert model[2].get_params()["random_state"] == model._tree_seeds[2]


def test_multi_output(forest):
    X, y = data(forest)
    Y = np.column_stack([y, y[::-1]])
    model = forest(n_estimators=5, random_state=0, bootstrap=True, oob_score=False).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert np.mean(np.abs(model.predict(X) - Y)) < 0.7 * np.mean(np.abs(np.median(Y, axis=0) - Y))
    if is_classifier(model):
        assert [p.shape for p in model.predict_proba(X)] == [(len(X), 3)] * 2
    values = model[0].tree_.value[model[0].apply(X)]
    np.testing.assert_allclose(model[0].predict(X), values.argmax(2) if is_classifier(model) else values[:, :, 0])


@pytest.mark.parametrize("alpha", [0.001, 0.01, 0.05])
def test_pruned_as_scikit_learn_prunes(forest, alpha):
    X, y = data(forest)
    alpha *= 1.0 if forest in CLASSIFIERS else np.var(y)
    whole = forest(n_estimators=2, random_state=0).fit(X, y)
    pruned = clone(whole).set_params(ccp_alpha=alpha).fit(X, y)
    for tree, some in zip(whole, pruned, strict=True):
        wanted = prune_tree(tree.tree_, alpha)
        assert some.tree_.node_count == wanted.node_count <= tree.tree_.node_count
        np.testing.assert_allclose(some.tree_.predict(X.astype("f")), wanted.predict(X.astype("f")))


# -- missing values, categories, constraints ----------------------------------------------


def test_missing_values_tell_something(forest):
    X, y = data(forest)
    noise = np.random.default_rng(0).standard_normal((len(X), 2))
    noise[y > np.median(y), 0] = np.nan
    guess = forest(n_estimators=20, random_state=0, max_depth=3).fit(noise, y)
    assert guess.score(noise, y) > 0.4
    np.testing.assert_allclose(guess[0].predict(noise), np.stack([guess[0].predict(row[None])[0] for row in noise]))


@pytest.mark.parametrize("forest", FORESTS, ids=lambda c: c.__name__)
def test_categories_of_a_frame(forest):
    pd = pytest.importorskip("pandas", reason="data frames are pandas'")
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 20, 600)
    y = np.isin(codes, [1, 5, 6, 11, 17]) + 0.1 * rng.standard_normal(600)
    y = (y > 0.5).astype(int) if forest in CLASSIFIERS else y
    frame = pd.DataFrame({"x": rng.standard_normal(600), "c": pd.Categorical([f"c{code}" for code in codes])})
    model = forest(n_estimators=20, max_depth=6, max_features=None, random_state=0)
    model.fit(frame, y)
    assert model.score(frame, y) > 0.9
    assert model._trees.known_categories is not None
    numbers = np.column_stack([frame["x"], codes])
    same = clone(model).set_params(categorical_features=[1]).fit(numbers, y)
    assert same.score(numbers, y) > 0.9
    unknown = frame.head(3).assign(c=pd.Categorical(["never", None, "seen"]))
    assert len(model.predict(unknown)) == 3
    with pytest.raises(AttributeError, match="categorical"):
        model.estimators_  # noqa: B018
    assert not hasattr(model, "estimators_")
    assert len(model) == 20


def test_exact_trees_take_no_categories(forest):
    X, y = data(forest)
    X[:, 0] = np.round(X[:, 0])
    with pytest.raises(ValueError, match=r"categorical_features=\[0\] needs max_bins"):
        forest(max_bins=None, categorical_features=[0]).fit(X, y)


def test_categories_that_are_numbers_can_be_taken_as_such(forest):
    pd = pytest.importorskip("pandas", reason="data frames are pandas'")
    X, y = data(forest)
    X[:, 0] = np.round(9 * X[:, 0])
    frame = pd.DataFrame(X).astype({0: "category"})
    model = forest(n_estimators=3, random_state=0, categorical_features=None)
    np.testing.assert_array_equal(model.fit(frame, y).predict(frame), clone(model).fit(X, y).predict(X))


def test_monotonic_constraints_are_those_of_single_trees():
    """Features without a constraint may leave the bounds that others have set; leaves then keep to them."""
    rng = np.random.default_rng(4)
    X = rng.integers(0, 40, (600, 4)).astype(np.float32)
    y = X[:, 0] / 10 + np.sin(X[:, 1]) + rng.standard_normal(600)
    options = {"monotonic_cst": [1, 0, 0, -1], "min_samples_leaf": 8, "max_features": None, "random_state": 0}
    for forest, tree, target in (
        (RandomForestRegressor, DecisionTreeRegressor, y),
        (RandomForestClassifier, DecisionTreeClassifier, y > 2.0),
    ):
        ours = forest(n_estimators=1, bootstrap=False, **options).fit(X, target)
        theirs = tree(**options).fit(X, target)
        predict = "predict" if target is y else "predict_proba"
        np.testing.assert_allclose(getattr(ours, predict)(X), getattr(theirs, predict)(X), rtol=1e-9)


@pytest.mark.parametrize("max_bins", [255, None])
@pytest.mark.parametrize("sign", [-1, 1])
def test_monotonic_constraints(forest, max_bins, sign):
    X, y = data(forest)
    y = (y > 0).astype(int) if forest in CLASSIFIERS else y
    model = forest(n_estimators=10, monotonic_cst=[0, 0, 0, sign] + [0] * 4, random_state=0, max_bins=max_bins)
    model.fit(X, y)
    rows = np.repeat(X[:20], 30, axis=0)
    rows[:, 3] = np.tile(np.linspace(0, 1, 30), 20)
    said = model.predict_proba(rows)[:, 1] if is_classifier(model) else model.predict(rows)
    steps = np.diff(said.reshape(20, 30), axis=1) * sign
    assert steps.min() > -1e-9
    assert (sign < 0) or steps.max() > 0
