# SPDX-License-Identifier: BSD-3-Clause
"""Single trees: what scikit-learn grows, and what it does not tell."""

import pickle
import time
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from cart_cases import CRITERIA, assert_same_tree, assert_splits_agree, table, target_for
from sklearn import tree as sk
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError
from sklearn.utils.fixes import parse_version

from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

BEFORE_1_9 = parse_version(sklearn.__version__) < parse_version("1.9")


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("max_leaf_nodes", [None, 15])
@pytest.mark.parametrize(("criterion", "classes"), CRITERIA)
def test_the_tree_is_that_of_scikit_learn(criterion, classes, max_leaf_nodes, missing):
    if BEFORE_1_9 and (missing or criterion == "absolute_error"):
        pytest.skip("scikit-learn 1.7 searches missing values and weighted medians in another way")
    X, y = table(2000, 6, 1, missing=missing)
    rng = np.random.default_rng(2)
    weight = rng.random(len(X)) + 0.5
    y = target_for(criterion, classes, y, y, rng)
    params = {"criterion": criterion, "max_leaf_nodes": max_leaf_nodes, "min_samples_leaf": 40, "random_state": 0}
    names = (
        ("DecisionTreeClassifier", DecisionTreeClassifier)
        if classes
        else ("DecisionTreeRegressor", DecisionTreeRegressor)
    )
    theirs = getattr(sk, names[0])(**params).fit(X, y, weight)
    ours = names[1](**params).fit(X, y, weight)
    criterion = "entropy" if criterion == "log_loss" else criterion
    assert_splits_agree(X, y, weight, criterion, ours.tree_, theirs.tree_, n_classes=classes or None)
    np.testing.assert_allclose(ours.feature_importances_, theirs.feature_importances_, atol=1e-3)


def test_several_outputs_are_those_of_scikit_learn():
    X, y = table(1500, 4, 3)
    two, params = np.column_stack([y, np.sin(3 * X[:, 1])]), {"min_samples_leaf": 30, "random_state": 0}
    ours, theirs = (cls(**params).fit(X, two).tree_ for cls in (DecisionTreeRegressor, sk.DecisionTreeRegressor))
    assert_splits_agree(X, two, None, "squared_error", ours, theirs)
    classes = np.digitize(two, [-0.5, 0.5])
    ours, theirs = (cls(**params).fit(X, classes).tree_ for cls in (DecisionTreeClassifier, sk.DecisionTreeClassifier))
    assert_splits_agree(X, classes, None, "gini", ours, theirs, n_classes=3)


@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error", "poisson", "gini", "entropy"])
def test_constrained_trees_are_those_of_scikit_learn(criterion):
    X, y = table(1500, 4, 3)
    signs = np.array([1, -1, 0, 0])
    params = {"criterion": criterion, "monotonic_cst": signs, "min_samples_leaf": 30, "random_state": 0}
    if criterion in ("gini", "entropy"):
        ours, theirs = (
            cls(**params).fit(X, y > 0).tree_ for cls in (DecisionTreeClassifier, sk.DecisionTreeClassifier)
        )
        assert_splits_agree(X, y > 0, None, criterion, ours, theirs, n_classes=2, signs=-signs)
        return
    y = np.exp(y)
    ours, theirs = (cls(**params).fit(X, y).tree_ for cls in (DecisionTreeRegressor, sk.DecisionTreeRegressor))
    assert_splits_agree(X, y, None, criterion, ours, theirs, signs=signs)


def test_pruning_and_limits_are_those_of_scikit_learn():
    X, y = table(1500, 4, 3)
    for params in ({"ccp_alpha": 0.002}, {"min_impurity_decrease": 0.002}, {"min_weight_fraction_leaf": 0.05}):
        params |= {"random_state": 0, "min_samples_leaf": 20}
        ours = DecisionTreeRegressor(**params).fit(X, y)
        assert_same_tree(ours.tree_, sk.DecisionTreeRegressor(**params).fit(X, y).tree_)
    path, known = (
        cls(min_samples_leaf=40).cost_complexity_pruning_path(X, y)
        for cls in (DecisionTreeRegressor, sk.DecisionTreeRegressor)
    )
    np.testing.assert_allclose(path.ccp_alphas, known.ccp_alphas, atol=1e-12)
    np.testing.assert_allclose(path.impurities, known.impurities, rtol=1e-9)


@pytest.mark.parametrize("splitter", ["best", "random"])
def test_sparse_tables_are_dense_tables(splitter):
    X, y = table(600, 5, 4)
    X[np.abs(X) < 1] = 0.0
    y = np.round(8 * y) / 8  # sums without rounding: then splits that gain the same do so in every digit
    params = {"splitter": splitter, "random_state": 0, "max_depth": 6}
    dense = DecisionTreeRegressor(**params).fit(X, y)
    for form in (sp.csr_array, sp.csc_matrix, sp.coo_array):
        sparse = DecisionTreeRegressor(**params).fit(form(X), y)
        assert_same_tree(sparse.tree_, dense.tree_)
        np.testing.assert_array_equal(sparse.predict(form(X)), dense.predict(X))


@pytest.mark.parametrize("cls", [DecisionTreeClassifier, ExtraTreeClassifier])
def test_every_way_of_searching_fits_the_training_data(cls):
    X, y = load_iris(return_X_y=True)
    for max_features in (None, 1, "sqrt"):
        assert cls(random_state=0, max_features=max_features).fit(X, y).score(X, y) == 1.0


def test_many_features_are_gathered_and_drawn_from():
    """Few of many features a node: then nothing is sorted beforehand, and the tree is the same."""
    X, y = table(300, 60, 5)
    from schuss.tree._cart import problem

    trees = []
    for lopsided in (1, 1000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(problem, "_LOPSIDED", lopsided)
            trees.append(DecisionTreeRegressor(max_features=3, random_state=1, min_samples_leaf=9).fit(X, y).tree_)
    assert_same_tree(*trees)


def test_scikit_learn_draws_and_explains_it():
    X, y = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, y)
    assert "petal" in sk.export_text(model, feature_names=load_iris().feature_names)
    assert sk.export_graphviz(model).startswith("digraph")
    assert isinstance(model, sk.DecisionTreeClassifier)


def test_threads_do_not_change_the_tree():
    X, y = table(5000, 10, 8)
    trees = [DecisionTreeRegressor(max_depth=7, n_threads=n).fit(X, y).tree_.__getstate__() for n in (1, 2, 3, 5)]
    for tree in trees[1:]:
        assert tree["nodes"].tobytes() == trees[0]["nodes"].tobytes()
        assert tree["values"].tobytes() == trees[0]["values"].tobytes()


def test_copies_predict_the_same():
    X, y = load_iris(return_X_y=True)
    model = ExtraTreeClassifier(random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    with pytest.raises(NotFittedError):
        clone(model).predict(X)


# ---------------------------------------------------------------- mistakes


def test_mistakes_are_told_as_scikit_learn_does():
    X, y = table(50, 3, 9)
    with pytest.raises(ValueError, match="Input X contains infinity"):
        DecisionTreeRegressor().fit(np.where(X > 1, np.inf, X), y)
    with pytest.raises(ValueError, match="too large"):
        DecisionTreeRegressor().fit(X.astype(float) * 1e300, y)
    with pytest.raises(ValueError, match="negative"):
        DecisionTreeRegressor(criterion="poisson").fit(X, -np.abs(y))
    with pytest.raises(ValueError, match="labels=40 does not match number of samples=50"):
        DecisionTreeClassifier().fit(X, y[:40] > 0)
    with pytest.raises(ValueError, match="multiclass"):
        DecisionTreeClassifier(monotonic_cst=[1, 0, 0]).fit(X, np.digitize(y, [-1, 0]))
    with pytest.raises(ValueError, match="y_val is provided, but X_val was not"):
        DecisionTreeRegressor().fit(X, y, y_val=y)
    with pytest.raises(ValueError, match="contains NaN"):
        ExtraTreeRegressor(splitter="best").fit(np.where(X > 1, np.nan, X), y)


@pytest.mark.skipif(BEFORE_1_9, reason="deprecated in scikit-learn 1.9")
def test_friedman_mse_is_deprecated():
    with pytest.warns(FutureWarning, match="friedman_mse"):
        model = DecisionTreeRegressor(criterion="friedman_mse")
    assert model.criterion == "squared_error"


def test_small_tables_take_no_time():
    """A hundred rows: the fit costs less than scikit-learn's, whose checks alone take longer than growing."""
    X, y = load_iris(return_X_y=True)
    times = {}
    for cls in (DecisionTreeClassifier, sk.DecisionTreeClassifier):
        laps = []
        for _ in range(20):
            start = time.perf_counter()
            with warnings.catch_warnings():
                cls().fit(X[:100], y[:100])
            laps.append(time.perf_counter() - start)
        times[cls] = min(laps)
    assert times[DecisionTreeClassifier] < 1.5 * times[sk.DecisionTreeClassifier]


def test_the_first_of_equal_features_is_taken():
    X, y = table(200, 2, 5)
    X = X[:, [1, 0, 0]]
    tree = DecisionTreeRegressor(max_depth=1).fit(X, y).tree_
    assert tree.feature[0] == 1
