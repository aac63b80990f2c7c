# SPDX-License-Identifier: BSD-3-Clause
"""Single trees: what scikit-learn grows, and what it does not tell."""

import pickle
import re
import signal
import time
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from reference import cart as reference
from sklearn import tree as sk
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.metrics import log_loss
from sklearn.utils.fixes import parse_version

from schuss.diagnosis import diagnose
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

BEFORE_1_9 = parse_version(sklearn.__version__) < parse_version("1.9")

ARRAYS = (
    "feature",
    "threshold",
    "impurity",
    "n_node_samples",
    "weighted_n_node_samples",
    "value",
)


def table(n, d, seed, *, missing=0.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)).astype(np.float32)
    X[rng.random((n, d)) < missing] = np.nan
    return X, np.nan_to_num(X[:, 0]) + 0.3 * rng.standard_normal(n)


def assert_same_tree(ours, theirs):
    for name in ("children_left", "children_right", *ARRAYS):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, atol=1e-12, err_msg=name)
    inner = ours.children_left >= 0
    np.testing.assert_array_equal(ours.missing_go_to_left[inner], theirs.missing_go_to_left[inner])
    assert ours.max_depth == theirs.max_depth


def assert_splits_agree(X, y, weight, criterion, ours, theirs, *, n_classes=None, signs=None):
    """Node by node the same split, or one that gains exactly as much: then nothing tells which to take.

    Nodes without any impurity are leaves here, whereas scikit-learn splits some, for want of a digit.
    """
    y, weight = y.reshape(len(y), -1).astype(float), np.ones(len(X)) if weight is None else weight
    rules = reference.Rules(criterion, weight.sum(), n_classes=n_classes, monotonic=signs)
    waiting, compared = [(0, 0, np.arange(len(X)))], 0
    while waiting:
        a, b, rows = waiting.pop()
        compared += 1
        np.testing.assert_allclose(ours.impurity[a], theirs.impurity[b], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(ours.value[a], theirs.value[b], rtol=1e-9, atol=1e-12)
        assert ours.n_node_samples[a] == theirs.n_node_samples[b] == len(rows)
        if ours.feature[a] < 0:
            assert theirs.feature[b] < 0 or ours.impurity[a] < 1e-15
            continue
        sides = [
            reference.goes_left(X[rows, one.feature[i]], one.threshold[i], bool(one.missing_go_to_left[i]))
            for one, i in ((ours, a), (theirs, b))
        ]
        if not np.array_equal(*sides):
            at = (y[rows], weight[rows], (-np.inf, np.inf))
            gains = [
                rules.gain(one.feature[i], side, *at)
                for one, i, side in zip((ours, theirs), (a, b), sides, strict=True)
            ]
            assert gains[0] == pytest.approx(gains[1], rel=1e-9)
            continue
        if ours.feature[a] == theirs.feature[b]:
            assert ours.threshold[a] == theirs.threshold[b]
        for name, rest in (("children_left", sides[0]), ("children_right", ~sides[0])):
            waiting.append((getattr(ours, name)[a], getattr(theirs, name)[b], rows[rest]))
    assert compared > 0.8 * ours.node_count


@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("max_leaf_nodes", [None, 15])
@pytest.mark.parametrize(
    ("criterion", "classes"),
    [
        ("gini", 2),
        ("gini", 4),
        ("entropy", 2),
        ("log_loss", 3),
        ("squared_error", 0),
        ("absolute_error", 0),
        ("poisson", 0),
    ],
)
def test_the_tree_is_that_of_scikit_learn(criterion, classes, max_leaf_nodes, missing):
    if BEFORE_1_9 and (missing or criterion == "absolute_error"):
        pytest.skip("scikit-learn 1.7 searches missing values and weighted medians in another way")
    X, y = table(2000, 6, 1, missing=missing)
    rng = np.random.default_rng(2)
    weight = rng.random(len(X)) + 0.5
    if classes:
        y = np.digitize(y, np.quantile(y, np.arange(1, classes) / classes))
    elif criterion == "poisson":
        y = rng.poisson(np.exp(y)).astype(float)
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
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.15)  # of work, however busy the machine is
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


# ---------------------------------------------------------------- the record of a fit


def test_the_history_tells_levels():
    X, y = load_diabetes(return_X_y=True)
    model = DecisionTreeRegressor(max_depth=5).fit(X, y)
    history = model.history_
    assert list(history["depth"]) == [1, 2, 3, 4, 5]
    assert (np.diff(history["data_loss"]) < 0).all()
    assert history["data_loss"][-1] == pytest.approx(np.mean((y - model.predict(X)) ** 2))
    assert history["n_leaves"][-1] == model.get_n_leaves()
    assert history.baseline["training_loss"] == pytest.approx(np.var(y))
    assert model.stop_reason_ == "converged"
    assert diagnose(model).label


@pytest.mark.parametrize("options", [{}, {"max_bins": 64}])
def test_a_tree_grown_to_the_end_is_told_to_be_smaller(options):
    X, y = table(2000, 6, 15)
    y = y + np.random.default_rng(15).standard_normal(2000)
    model = DecisionTreeRegressor(**options).fit(X[:1200], y[:1200], X_val=X[1200:], y_val=y[1200:])
    verdict = diagnose(model)
    assert verdict.label == "overfit"
    best = int(re.search(r"lowest at iteration (\d+) of", verdict.summary).group(1))
    assert abs(best - 1 - np.argmin(model.history_["validation_loss"])) <= 1
    assert verdict.advice == f"Set max_depth={best}, or raise ccp_alpha (now 0.0)."
    assert f"on training and {model.history_['validation_loss'][-1]:.4g} on validation data" in str(verdict)
    smaller = clone(model).set_params(max_depth=best).fit(X[:1200], y[:1200])
    assert smaller.score(X[1200:], y[1200:]) > model.score(X[1200:], y[1200:])


def test_the_last_record_of_a_pruned_tree_is_its_own():
    X, y = table(8000, 6, 16)
    y = (y + np.random.default_rng(16).standard_normal(8000) > 0).astype(int)
    (X, X_val), (y, y_val) = np.split(X, 2), np.split(y, 2)
    model = DecisionTreeClassifier(ccp_alpha=0.01).fit(X, y, X_val=X_val, y_val=y_val)
    history = model.history_
    assert history["n_leaves"][-1] == model.get_n_leaves() < history["n_leaves"][-2]
    assert history["depth"][-1] == model.get_depth() < history["depth"][-2]
    assert history["data_loss"][-1] == pytest.approx(log_loss(y, model.predict_proba(X)))
    assert history["validation_loss"][-1] == pytest.approx(log_loss(y_val, model.predict_proba(X_val)))
    assert diagnose(model).label == "converged"
    whole = clone(model).set_params(ccp_alpha=0.0).fit(X, y, X_val=X_val, y_val=y_val)
    assert diagnose(whole).label == "overfit"


def test_the_history_tells_splits_of_a_tree_that_grows_best_first():
    X, y = load_iris(return_X_y=True)
    model = DecisionTreeClassifier(max_leaf_nodes=6, random_state=0).fit(X, y)
    assert list(model.history_["n_leaves"]) == [2, 3, 4, 5, 6]
    assert model.history_["data_loss"][-1] == pytest.approx(log_loss(y, model.predict_proba(X)))


@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error", "poisson"])
def test_validation_loss_is_that_of_the_tree_so_far(criterion):
    X, y = table(800, 3, 6, missing=0.1)
    y = np.exp(y)
    model = DecisionTreeRegressor(criterion=criterion, max_depth=4)
    model.fit(X[:500], y[:500], X_val=X[500:], y_val=y[500:])
    for depth, loss in zip(model.history_["depth"], model.history_["validation_loss"], strict=True):
        z = clone(model).set_params(max_depth=int(depth)).fit(X[:500], y[:500]).predict(X[500:])
        rows = {"squared_error": (y[500:] - z) ** 2, "absolute_error": np.abs(y[500:] - z)}
        rows["poisson"] = y[500:] * np.log(y[500:] / z) - y[500:] + z
        assert loss == pytest.approx(rows[criterion].mean())


def test_validation_loss_of_classes_is_the_log_loss():
    X, y = table(800, 3, 6)
    y = np.array(["low", "middle", "high"])[np.digitize(y, [-0.5, 0.5])]
    model = DecisionTreeClassifier(max_depth=3).fit(X[:500], y[:500], X_val=sp.csr_array(X[500:]), y_val=y[500:])
    assert model.history_["validation_loss"][-1] == pytest.approx(log_loss(y[500:], model.predict_proba(X[500:])))


def test_time_ends_a_tree_at_a_level():
    X, y = table(20_000, 20, 7)
    model = DecisionTreeRegressor(max_time=1e-9).fit(X, y)
    assert model.stop_reason_ == "max_time"
    assert model.get_depth() == len(model.history_) == 1


def test_an_interrupted_tree_is_whole(monkeypatch):
    from schuss.tree._cart import exact

    grow, calls = exact.kernels.cart_grow, []

    def interrupted(*args, **options):
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return grow(*args, **options)

    monkeypatch.setattr(exact.kernels, "cart_grow", interrupted)
    X, y = load_diabetes(return_X_y=True)
    model = DecisionTreeRegressor()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    monkeypatch.undo()
    assert model.stop_reason_ == "interrupted"
    assert model.get_depth() == 2
    np.testing.assert_array_equal(model.predict(X), DecisionTreeRegressor(max_depth=2).fit(X, y).predict(X))


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
