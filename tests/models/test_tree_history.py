# SPDX-License-Identifier: BSD-3-Clause
"""The record of a single tree's growth: levels or splits, validation, verdicts, why it ended."""

import re

import numpy as np
import pytest
import scipy.sparse as sp
from cart_cases import table
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.metrics import log_loss

from schuss.diagnosis import diagnose
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor

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
