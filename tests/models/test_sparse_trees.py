# SPDX-License-Identifier: BSD-3-Clause
"""Trees and forests on the values of sparse tables: what scikit-learn grows, and what dense tables lead to."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from cart_cases import CRITERIA, assert_splits_agree, target_for
from sklearn import tree as sk
from sklearn.utils.fixes import parse_version

from schuss.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor

BEFORE_1_9 = parse_version(sklearn.__version__) < parse_version("1.9")
CLASSIFIERS = (DecisionTreeClassifier, sk.DecisionTreeClassifier)
REGRESSORS = (DecisionTreeRegressor, sk.DecisionTreeRegressor)


def table(n, d, *, density=0.1, seed=0):
    """Positive, negative and stored zero values, and a target that depends on the first columns."""
    rng = np.random.default_rng(seed)
    X = sp.random_array((n, d), density=density, format="csc", dtype=np.float32, rng=rng)
    X.data = (X.data - np.float32(0.3)) * np.float32(4.0)
    X.data[rng.random(X.nnz) < 0.1] = 0.0
    return X, X[:, :5] @ np.array([2.0, -1.0, 1.5, 3.0, -2.0]) + 0.3 * rng.standard_normal(n)


@pytest.mark.parametrize("max_leaf_nodes", [None, 12])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("criterion", "classes"), CRITERIA)
def test_the_tree_is_that_of_scikit_learn(criterion, classes, weighted, max_leaf_nodes):
    if BEFORE_1_9 and criterion == "absolute_error":
        pytest.skip("scikit-learn 1.7 searches weighted medians in another way")
    X, y = table(1500, 20, density=0.3, seed=3)
    rng = np.random.default_rng(1)
    weight = rng.random(1500) + 0.5 if weighted else None
    y = target_for(criterion, classes, y, y / 4, rng)
    params = {"criterion": criterion, "min_samples_leaf": 20, "max_leaf_nodes": max_leaf_nodes, "random_state": 0}
    ours, theirs = (cls(**params).fit(X, y, weight).tree_ for cls in (CLASSIFIERS if classes else REGRESSORS))
    criterion = "entropy" if criterion == "log_loss" else criterion
    assert_splits_agree(X.toarray(), y, weight, criterion, ours, theirs, n_classes=classes or None)


def test_constraints_and_several_outputs_are_those_of_scikit_learn():
    X, y = table(1500, 6, density=0.4)
    params = {"min_samples_leaf": 30, "random_state": 0}
    signs = np.array([1, -1, 0, 1, 0, 0])
    ours, theirs = (cls(monotonic_cst=signs, **params).fit(X, y).tree_ for cls in REGRESSORS)
    assert_splits_agree(X.toarray(), y, None, "squared_error", ours, theirs, signs=signs)
    two = np.column_stack([y, np.sin(y)])
    ours, theirs = (cls(**params).fit(X, two).tree_ for cls in REGRESSORS)
    assert_splits_agree(X.toarray(), two, None, "squared_error", ours, theirs)


@pytest.mark.parametrize("bootstrap", [False, True])
@pytest.mark.parametrize("max_features", [1.0, 0.02])
@pytest.mark.parametrize("cls", [RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier])
def test_forests_of_sparse_tables_are_those_of_dense_ones(cls, max_features, bootstrap):
    """Targets are whole numbers: splits that gain the same do so in every digit."""
    X, y = table(400, 60)
    options = {"n_estimators": 5, "max_bins": None, "max_features": max_features, "bootstrap": bootstrap}
    sparse, dense = (cls(random_state=0, **options).fit(form, y.round()) for form in (X.tocsr(), X.toarray()))
    for one, other in zip(sparse.estimators_, dense.estimators_, strict=True):
        np.testing.assert_array_equal(one.tree_.feature, other.tree_.feature)
        np.testing.assert_array_equal(one.tree_.threshold, other.tree_.threshold)


def test_entries_stored_twice_are_added_up():
    rows, first = np.repeat(np.arange(15, dtype=np.int32), 2), np.array([0, 30, 30], np.int32)
    X = sp.csc_array((np.ones(30, "f4"), rows, first), shape=(40, 2))
    tree = DecisionTreeRegressor().fit(X, np.arange(40) < 15)
    assert tree.tree_.threshold[0] == 1.0  # between zero and two
    assert X.nnz == 30  # the table is as it was


def test_a_table_without_entries_has_one_leaf():
    X = sp.csr_array((6, 3), dtype=np.float32)
    assert DecisionTreeClassifier().fit(X, [0, 1, 0, 1, 0, 1]).get_n_leaves() == 1
    assert DecisionTreeClassifier(splitter="random").fit(X, [0, 1, 0, 1, 0, 1]).get_n_leaves() == 1
    forest = RandomForestClassifier(2, max_bins=None, max_features=0.01).fit(
        sp.csr_array((6, 300), dtype="f4"), range(6)
    )
    assert [tree.get_n_leaves() for tree in forest.estimators_] == [1, 1]


@pytest.mark.parametrize("seed", range(8))
def test_zeros_whose_target_is_zero_have_exactly_nothing_of_it(seed):
    """What the entries leave of the node's sum is rounded; Poisson's deviance takes its logarithm."""
    rng = np.random.default_rng(seed)
    x = np.where(rng.random(300) < 0.6, rng.random(300) + 0.1, 0.0)[:, None]
    y, weight = np.where(x[:, 0] > 0.0, rng.random(300), 0.0), rng.random(300)
    model = DecisionTreeRegressor(criterion="poisson")
    sparse, dense = (model.fit(X, y, weight).tree_.threshold for X in (sp.csr_matrix(x), x))
    np.testing.assert_array_equal(sparse, dense)
