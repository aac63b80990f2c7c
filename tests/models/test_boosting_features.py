# SPDX-License-Identifier: BSD-3-Clause
"""Gradient boosting and its features: categories, sparse tables, constraints, importances, copies and files."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from boosting_cases import classes, classifier, missing, numbers, regressor, with_categories
from sklearn.exceptions import NotFittedError
from sklearn.inspection import partial_dependence, permutation_importance

import schuss


def test_sparse_tables_are_as_dense_ones():
    X, y = classes()
    X[np.random.default_rng(0).random(X.shape) < 0.6] = 0.0
    dense, sparse = classifier().fit(X, y), classifier().fit(sp.csr_matrix(X), y)
    assert dense._trees.nodes.tobytes() == sparse._trees.nodes.tobytes()
    np.testing.assert_array_equal(dense.predict_proba(X), sparse.predict_proba(sp.csr_array(X)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_of_the_table_do_not_matter(dtype):
    X, y = numbers()
    X = X.astype(dtype)
    first = regressor().fit(X, y)
    for other in (np.asfortranarray(X), X.repeat(2, axis=0)[::2], X.tolist()):
        assert regressor().fit(other, y)._trees.nodes.tobytes() == first._trees.nodes.tobytes()
        np.testing.assert_array_equal(first.predict(other), first.predict(X))


def test_categories_of_frames():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 8, 2000)
    noise = rng.random(2000)
    y = np.isin(codes, (1, 4, 6)) * 3.0 + noise
    names = np.array([f"name {code}" for code in codes], dtype=object)
    names[:40] = None
    frame = pd.DataFrame({"a": noise, "b": pd.Categorical(names)})
    model = regressor(max_depth=2).fit(frame, y)
    np.testing.assert_array_equal(model.is_categorical_, [False, True])
    numeric = np.column_stack([noise, np.where(np.arange(2000) < 40, np.nan, codes)])
    same = regressor(max_depth=2, categorical_features=[1]).fit(numeric, y)
    np.testing.assert_array_equal(model.predict(frame), same.predict(numeric))
    shuffled = frame.assign(b=frame["b"].cat.reorder_categories(sorted(frame["b"].cat.categories, reverse=True)))
    np.testing.assert_array_equal(model.predict(frame), model.predict(shuffled))
    unknown = frame.assign(b=pd.Categorical(["nobody"] * 2000))
    lacking = frame.assign(b=pd.Categorical([None] * 2000, categories=["nobody"]))
    np.testing.assert_array_equal(model.predict(unknown), model.predict(lacking))
    assert model.get_feature_importances()[1] > 0.9


def test_numbers_that_are_no_codes_are_missing():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.random(500), rng.integers(0, 5, 500)])
    y = X[:, 1] % 2 + 0.1 * X[:, 0]
    model = regressor(categorical_features=[1]).fit(X, y)
    lacking = np.column_stack([X[:, 0], np.full(500, np.nan)])
    for other in (1.5, -1.0, 5.0, 1e9, np.inf):
        np.testing.assert_array_equal(
            model.predict(np.column_stack([X[:, 0], np.full(500, other)])), model.predict(lacking)
        )
    with pytest.raises(ValueError, match="3 features, but"):
        model.predict(X[:, [0, 1, 1]])
    X[::3, 1] = -7
    same = np.where(X == -7, np.nan, X)
    first, second = (regressor(categorical_features=[1]).fit(table, y) for table in (X, same))
    assert first._trees.nodes.tobytes() == second._trees.nodes.tobytes()
    np.testing.assert_array_equal(first.predict(X), second.predict(same))


def test_importances():
    X, y = numbers(2000)
    model = regressor(max_iter=40)
    with pytest.raises(NotFittedError):
        model.get_feature_importances()
    model.fit(X, y)
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    assert set(np.argsort(model.feature_importances_)[-5:]) == set(range(5))  # the columns that the target is made of
    splits = model.get_feature_importances("split")
    assert splits.sum() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="importance_type"):
        model.get_feature_importances("weight")
    shuffled = permutation_importance(model, X, y, n_repeats=2, random_state=0).importances_mean
    assert np.argmax(shuffled) == np.argmax(model.feature_importances_)
    constant = regressor(min_samples_leaf=400).fit(X[:500], y[:500])
    assert not constant.feature_importances_.any()


def test_partial_dependence():
    X, y = numbers(1500)
    model = regressor(max_iter=40).fit(X, y)
    rises = partial_dependence(model, X, [3], grid_resolution=10)["average"][0]
    assert np.polyfit(np.linspace(0, 1, 10), rises, 1)[0] == pytest.approx(10.0, rel=0.25)  # as the target is made


def test_constraints_hold():
    X, y = numbers(1500)
    model = regressor(monotonic_cst=[0, 0, 0, 1, -1, 0, 0], max_iter=40).fit(X, y)
    for feature, sign in ((3, 1), (4, -1)):
        grid = X[:50].repeat(20, axis=0)
        grid[:, feature] = np.tile(np.linspace(0, 1, 20), 50)
        steps = sign * np.diff(model.predict(grid).reshape(50, 20), axis=1)
        assert (steps >= 0).all()
        assert steps.any() == (sign > 0)  # the target rises with both columns
    alone = regressor(interaction_cst="no_interactions", max_iter=40).fit(X, y)
    for tree in alone._trees:
        used = tree["feature"][tree["feature"] >= 0] & ((1 << 29) - 1)
        assert len(set(used.tolist())) <= 1


def test_sets_of_features_that_interact_are_saved(tmp_path):
    X, y = numbers()
    model = regressor(interaction_cst=[{4, 2, 0}, frozenset({1, 3}), (5,)], max_iter=5).fit(X, y)
    schuss.save(model, tmp_path / "model.schuss")
    again = schuss.load(tmp_path / "model.schuss")
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.fit(X, y).predict(X), model.predict(X))


def test_models_can_be_pickled_and_stored(tmp_path):
    X, y = classes(n_classes=3)
    X = missing(with_categories(X))
    model = classifier(categorical_features=[2], early_stopping=True).fit(X, y)
    proba = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), proba)
    schuss.save(model, tmp_path / "model.schuss")
    again = schuss.load(tmp_path / "model.schuss")
    np.testing.assert_array_equal(again.predict_proba(X), proba)
    again.set_params(warm_start=True, max_iter=20).fit(X, y)
    assert again.n_iter_ > model.n_iter_
