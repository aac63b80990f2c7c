# SPDX-License-Identifier: BSD-3-Clause
"""How forests train: rows out of the bag, history, warm starts, stopping and interruption."""

import pickle

import numpy as np
import pytest
from forest_cases import CLASSIFIERS, as_bytes, data
from scipy.sparse import csc_array
from sklearn.base import clone, is_classifier

from schuss import diagnosis
from schuss.ensemble import RandomForestClassifier, RandomForestRegressor
from schuss.tree import DecisionTreeRegressor
from schuss.tree._histogram import grower as growers


def test_out_of_bag_predictions_are_those_of_the_trees_that_did_not_see_a_row(forest):
    X, y = data(forest)
    model = forest(n_estimators=40, bootstrap=True, oob_score=True, random_state=0).fit(X, y)
    classes = is_classifier(model)
    total, count = 0.0, np.zeros(len(X))
    for tree, rows in zip(model.estimators_, model.estimators_samples_, strict=True):
        unseen = ~np.isin(np.arange(len(X)), rows)
        said = tree.predict_proba(X) if classes else tree.predict(X)[:, None]
        total, count = total + said * unseen[:, None], count + unseen
    wanted = total / count[:, None]
    np.testing.assert_allclose(model.oob_decision_function_ if classes else model.oob_prediction_[:, None], wanted)
    np.testing.assert_allclose(model.history_["oob_score"][-1], model.oob_score_)
    np.testing.assert_array_equal(model.history_["validation_loss"], model.history_["oob_loss"])
    assert len(model.history_) == 40
    assert model.history_["oob_loss"][-1] < model.history_["oob_loss"][3]


def test_warm_start_goes_on_where_it_was(forest):
    X, y = data(forest)
    model = forest(n_estimators=4, bootstrap=True, random_state=0, warm_start=True).fit(X, y)
    more = model.set_params(n_estimators=9, oob_score=True).fit(X, y)
    whole = forest(n_estimators=9, bootstrap=True, random_state=0, oob_score=True).fit(X, y)
    assert as_bytes(more) == as_bytes(whole)
    np.testing.assert_allclose(more.oob_score_, whole.oob_score_)
    np.testing.assert_allclose(more.history_["training_loss"], whole.history_["training_loss"][4:])


def test_warm_start_of_a_sparse_table(forest):
    X, y = data(forest)
    X = csc_array(np.where(X > 0.5, X, 0.0))
    options = {"bootstrap": True, "oob_score": True, "random_state": 0}
    model = forest(n_estimators=20, warm_start=True, **options).fit(X, y)
    more = model.set_params(n_estimators=30).fit(X, y, X_val=X, y_val=y)
    whole = forest(n_estimators=30, **options).fit(X, y, X_val=X, y_val=y)
    for name in ("training_loss", "oob_loss", "validation_loss"):
        np.testing.assert_allclose(more.history_[name], whole.history_[name][20:])


def test_warm_start_takes_only_what_the_trees_before_know(forest):
    X, y = data(forest)
    model = forest(n_estimators=2, random_state=0, warm_start=True).fit(X, y)
    before = model.predict(X)
    model.set_params(n_estimators=4)
    with pytest.raises(ValueError, match="X has 3 features, but the trees to go on from were grown on 8"):
        model.fit(X[:, :3], y)
    with pytest.raises(ValueError, match="y has 2 outputs, but the trees to go on from were grown on 1"):
        model.fit(X, np.column_stack([y, y]))
    if is_classifier(model):
        with pytest.raises(ValueError, match=r"y has the classes \[0 1\], but the trees"):
            model.fit(X, np.minimum(y, 1))
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("watched", ["oob", "validation"])
def test_stops_when_more_trees_bring_nothing(forest, watched):
    X, y = data(forest)
    model = forest(n_estimators=500, bootstrap=True, random_state=0, early_stopping=True, n_iter_no_change=5, tol=0.01)
    held_out = dict(zip(("X_val", "y_val"), data(forest, seed=1), strict=True)) if watched == "validation" else {}
    model.fit(X, y, **held_out)
    assert model.stop_reason_ == "no_improvement"
    assert 5 < len(model.estimators_) == len(model.history_) < 400
    loss = model.history_["validation_loss"]
    best = np.minimum.accumulate(loss)
    assert np.all(loss[-5:] > best[-6:-1] - 0.01 * model.history_.baseline["validation_loss"])
    assert loss[-6] <= best[-7] - 0.01 * model.history_.baseline["validation_loss"]
    if held_out:
        assert "oob_loss" not in model.history_.columns
        np.testing.assert_allclose(model.history_["validation_score"][-1], model.score(*held_out.values()))


def test_stopping_needs_rows_to_watch(forest):
    X, y = data(forest)
    with pytest.raises(ValueError, match="early_stopping needs"):
        forest(bootstrap=False, early_stopping=True).fit(X, y)


@pytest.mark.parametrize("make", [RandomForestRegressor, DecisionTreeRegressor])
def test_held_out_targets_are_numbers(make):
    X, y = data(RandomForestRegressor)
    with pytest.raises(ValueError, match="Input y_val contains NaN"):
        make().fit(X, y, X_val=X[:3], y_val=[1.0, np.nan, 2.0])
    if make is DecisionTreeRegressor:
        with pytest.raises(ValueError, match="of y_val are negative"):
            make(criterion="poisson").fit(X, np.abs(y), X_val=X[:2], y_val=[1.0, -1.0])


def test_limits_of_time_keep_what_is_there(forest):
    X, y = data(forest)
    model = forest(n_estimators=10_000, random_state=0, max_time=0.05).fit(X, y)
    assert model.stop_reason_ == "max_time"
    assert 0 < len(model.history_) == len(model._tree_seeds) < 10_000
    model.predict(X)


@pytest.mark.parametrize("finished", [0, 1])
def test_interruption_keeps_finished_trees(forest, monkeypatch, finished):
    X, y = data(forest)
    grow, calls = growers.BinnedGrower.grow, []

    def interrupted(self, seeds, weight, unit, n_threads, trees):
        calls.append(len(seeds))
        grow(self, seeds, weight, unit, n_threads, trees)
        if len(calls) == 2:
            del trees[finished:]
            raise KeyboardInterrupt

    monkeypatch.setattr(growers.BinnedGrower, "grow", interrupted)
    model = forest(n_estimators=2000, random_state=0, n_threads=2)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert len(model.history_) == len(model.estimators_) == 2 + finished
    monkeypatch.undo()
    whole = forest(n_estimators=2 + finished, random_state=0).fit(X, y)
    assert as_bytes(model) == as_bytes(whole)


def test_diagnosis_pickle_and_clone(forest):
    X, y = data(forest)
    model = forest(n_estimators=30, bootstrap=True, oob_score=True, random_state=0).fit(X, y)
    assert diagnosis.diagnose(model).label
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert not hasattr(clone(model), "_trees")


def test_verbose_prints_a_line_per_tree(capsys):
    X, y = data(RandomForestClassifier)
    RandomForestClassifier(3, verbose=1).fit(X, y)
    assert len(capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("max_bins", [255, None])
def test_curves_and_rows_out_of_the_bag_are_of_the_pruned_trees(forest, max_bins):
    X, y = data(forest)
    options = {"n_estimators": 30, "bootstrap": True, "oob_score": True, "random_state": 0, "max_bins": max_bins}
    alpha = 0.02 if forest in CLASSIFIERS else 2.0
    whole, model = (forest(ccp_alpha=a, **options).fit(X, y, X_val=X, y_val=y) for a in (0.0, alpha))
    assert model.history_["n_leaves"].max() < whole.history_["n_leaves"].min()
    assert model.history_["validation_score"][-1] == pytest.approx(model.score(X, y))
    assert model.history_["validation_loss"][-1] > whole.history_["validation_loss"][-1]
    assert model.oob_score_ == pytest.approx(oob_by_hand(model, X, y))


def oob_by_hand(model, X, y):
    """The score of predictions that each row gets from trees that were not grown on it."""
    predict = (lambda tree: tree.predict_proba(X)) if is_classifier(model) else (lambda tree: tree.predict(X)[:, None])
    said = np.array([predict(tree) for tree in model.estimators_])
    out = np.array([~np.isin(np.arange(len(X)), rows) for rows in model.estimators_samples_])
    means = (said * out[:, :, None]).sum(axis=0) / out.sum(axis=0)[:, None]
    if is_classifier(model):
        return np.mean(model.classes_[means.argmax(axis=1)] == y)
    return 1.0 - np.sum((y - means[:, 0]) ** 2) / np.sum((y - y.mean()) ** 2)


def test_callbacks_see_the_history_as_it_grows(forest):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")
    seen = []

    class Watch:
        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context, **kwargs): ...

        def on_fit_task_end(self, estimator, context, **kwargs):
            seen.append(len(estimator.history_))

    X, y = data(forest)
    forest(n_estimators=5, random_state=0).set_callbacks(Watch()).fit(X, y)
    assert seen[:5] == [1, 2, 3, 4, 5]
