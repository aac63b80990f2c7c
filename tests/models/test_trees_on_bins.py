# SPDX-License-Identifier: BSD-3-Clause
"""Single trees with thresholds among bins: the same tree at once or level by level, whole after Ctrl-C."""

import signal

import numpy as np
import pytest
import scipy.sparse as sp
from cart_cases import table
from sklearn.exceptions import NotFittedError

from schuss.diagnosis import diagnose
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_bins_hold_thresholds_apart(missing):
    """As many bins as values change nothing; few bins leave few thresholds."""
    X, y = table(900, 4, 10, missing=missing)
    coarse, params = np.round(X * 8), {"min_samples_leaf": 5, "max_depth": 6}
    exact, binned = (DecisionTreeRegressor(max_bins=n, **params).fit(coarse, y) for n in (None, 255))
    np.testing.assert_array_equal(exact.apply(coarse), binned.apply(coarse))
    np.testing.assert_allclose(exact.tree_.impurity, binned.tree_.impurity, rtol=1e-6)  # held in single precision
    few = DecisionTreeRegressor(max_bins=4, **params).fit(X, y, X_val=X, y_val=y)
    inner = few.tree_.feature >= 0
    finite = inner & np.isfinite(few.tree_.threshold)
    for feature in range(4):
        assert len(np.unique(few.tree_.threshold[finite & (few.tree_.feature == feature)])) <= 3
    counts = np.bincount(few.apply(X), minlength=few.tree_.node_count)
    np.testing.assert_array_equal(counts[~inner], few.tree_.n_node_samples[~inner])
    assert few.history_["validation_loss"] == pytest.approx(few.history_["data_loss"])
    sparse = DecisionTreeRegressor(max_bins=9).fit(sp.csc_array(np.nan_to_num(coarse)), y)
    np.testing.assert_allclose(
        sparse.predict(np.nan_to_num(coarse)),
        DecisionTreeRegressor(max_bins=9).fit(np.nan_to_num(coarse), y).predict(np.nan_to_num(coarse)),
    )


BINNED = {
    "two classes": (DecisionTreeClassifier, {}),
    "entropy of three": (DecisionTreeClassifier, {"criterion": "entropy"}),
    "balanced": (DecisionTreeClassifier, {"class_weight": "balanced", "min_weight_fraction_leaf": 0.03}),
    "several outputs": (DecisionTreeClassifier, {"criterion": "log_loss"}),
    "numbers": (DecisionTreeRegressor, {"min_impurity_decrease": 0.01}),
    "numbers, several": (DecisionTreeRegressor, {}),
    "counts": (DecisionTreeRegressor, {"criterion": "poisson"}),
    "best first": (DecisionTreeRegressor, {"max_leaf_nodes": 12}),
    "classes, best first": (DecisionTreeClassifier, {"max_leaf_nodes": 12}),
    "pruned": (DecisionTreeClassifier, {"ccp_alpha": 0.01}),
}


def binned_case(name):
    X, y = table(1500, 5, 11, missing=0.1)
    y = y + np.nan_to_num(X[:, 1] * X[:, 2])
    classes = np.digitize(y, [-0.5, 0.6])
    targets = {"two classes": y > 0, "counts": np.floor(np.exp(y)), "numbers, several": np.column_stack([y, y**2])}
    targets["several outputs"] = np.column_stack([classes, X[:, 3] > 0]).astype(int)
    model, options = BINNED[name]
    options = {"max_bins": 50, "min_samples_leaf": 12, "max_depth": 6} | options
    return model, options, X, targets.get(name, y if model is DecisionTreeRegressor else classes)


@pytest.mark.parametrize("name", BINNED)
@pytest.mark.parametrize("weighted", [False, True])
def test_bins_at_once_or_level_by_level_make_one_tree(name, weighted):
    """A limit of time, however long, has trees grow level by level."""
    model, options, X, y = binned_case(name)
    weight = np.random.default_rng(3).random(len(X)).clip(0.2) - 0.2 if weighted else None
    fitted = [
        model(max_time=t, **options).fit(X, y, weight, X_val=X, y_val=y, sample_weight_val=weight) for t in (None, 1e6)
    ]
    at_once, by_level = (one.tree_ for one in fitted)
    assert at_once.node_count > 8
    for column in ("children_left", "children_right", "feature", "n_node_samples"):
        np.testing.assert_array_equal(getattr(at_once, column), getattr(by_level, column))
    for column in ("value", "impurity", "weighted_n_node_samples"):
        np.testing.assert_allclose(getattr(at_once, column), getattr(by_level, column), rtol=1e-6, atol=1e-7)
    seen = slice(None) if weight is None else weight > 0.0  # others may fall between bins that occur
    np.testing.assert_allclose(fitted[0].predict(X[seen]), fitted[1].predict(X[seen]), rtol=1e-9, atol=1e-9)
    histories = [one.history_ for one in fitted]
    assert histories[0].columns == histories[1].columns
    for column in ("data_loss", "impurity", "n_leaves", "depth", "validation_loss"):
        np.testing.assert_allclose(histories[0][column], histories[1][column], rtol=1e-6, err_msg=column)
    for column, guess in histories[0].baseline.items():
        assert guess == pytest.approx(histories[1].baseline[column], rel=1e-6)


@pytest.mark.parametrize("name", ["two classes", "numbers, several", "best first"])
def test_bins_and_threads_make_one_tree(name):
    model, options, X, y = binned_case(name)
    one, two = (model(n_threads=n, random_state=n, **options).fit(X, y).tree_.__getstate__() for n in (1, 2))
    assert one["nodes"].tobytes() == two["nodes"].tobytes()
    assert one["values"].tobytes() == two["values"].tobytes()


@pytest.mark.parametrize("model", [ExtraTreeClassifier, ExtraTreeRegressor])
def test_random_thresholds_are_drawn_among_bins(model):
    X, y = table(800, 4, 12)
    y = y > 0 if model is ExtraTreeClassifier else y
    trees = [model(max_bins=20, random_state=seed).fit(X, y) for seed in (0, 0, 1)]
    assert trees[0].score(X, y) > 0.9
    np.testing.assert_array_equal(trees[0].tree_.feature, trees[1].tree_.feature)
    assert not np.array_equal(trees[0].tree_.feature[:7], trees[2].tree_.feature[:7])
    for feature in range(4):
        assert len(np.unique(trees[0].tree_.threshold[trees[0].tree_.feature == feature])) <= 19


def test_a_constant_target_is_one_leaf_with_bins():
    X, _ = table(50, 3, 13)
    model = DecisionTreeRegressor(max_bins=10).fit(X, np.full(50, 2.0))
    assert (model.get_n_leaves(), model.stop_reason_, model.predict(X[:1])) == (1, "converged", [2.0])


def test_ctrl_c_before_the_first_split_leaves_nothing_of_a_tree_on_bins(monkeypatch):
    from schuss.tree._histogram import grower

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    X, y = table(100, 3, 14)
    model = DecisionTreeRegressor(max_bins=10)
    monkeypatch.setattr(grower.kernels, "forest_grow", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    monkeypatch.undo()
    with pytest.raises(NotFittedError):
        model.predict(X)
    assert model.fit(X, y).get_depth() > 3


@pytest.mark.parametrize("options", [{}, {"max_leaf_nodes": 100_000}, {"splitter": "random"}])
def test_ctrl_c_keeps_the_splits_of_a_tree_on_bins(options, monkeypatch):
    from schuss.tree._histogram import grower

    grow = grower.kernels.forest_grow

    def interrupted(*args, **options):
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.06)  # of work, however busy the machine is
        grow(*args, **options)

    def handler(number, frame):
        raise KeyboardInterrupt

    X, y = table(200_000, 16, 16)
    model = DecisionTreeRegressor(max_bins=255, random_state=0, **options)
    monkeypatch.setattr(grower.kernels, "forest_grow", interrupted)
    before = signal.signal(signal.SIGVTALRM, handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, y)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)
    tree, history = model.tree_, model.history_
    assert model.stop_reason_ == "interrupted"
    assert 2 < history["n_leaves"][-1] == tree.n_leaves < 100_000
    assert history.baseline["training_loss"] == pytest.approx(np.var(y))
    assert history["data_loss"][-1] == pytest.approx(np.mean((y - model.predict(X)) ** 2))
    rows_of_leaves = np.where(tree.children_left < 0, tree.n_node_samples, 0)
    np.testing.assert_array_equal(np.bincount(model.apply(X), minlength=tree.node_count), rows_of_leaves)
    assert diagnose(model).label
