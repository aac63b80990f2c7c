# SPDX-License-Identifier: BSD-3-Clause
"""LogisticRegressionCV: each point of the grid is a minimum, and the best of them is chosen."""

import numpy as np
import pytest
import scipy.sparse as sp
from glm_cases import Multinomial, classes_of
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import KFold, StratifiedKFold
from tolerance import assert_close, assert_same_bytes

from schuss.linear_model import LogisticRegression, LogisticRegressionCV

PROMISE = 1e-6  # of the objective above its minimum, at the default tolerance
N_CLASSES = pytest.mark.parametrize("n_classes", [2, 3])
NEW = {"l1_ratios": (0.0,), "scoring": "neg_log_loss", "use_legacy_attributes": False}


pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")  # quiet means converged


def search(X, y, weight=None, **parameters):
    return LogisticRegressionCV(**(NEW | parameters)).fit(X, y, weight)


class Parameters:
    """Coefficients and intercepts as a fitted model has them."""

    def __init__(self, parameters, fit_intercept=True):
        self.coef_ = parameters[:, :-1] if fit_intercept else parameters
        self.intercept_ = parameters[:, -1] if fit_intercept else np.zeros(len(parameters))


# -- the grid --------------------------------------------------------------------------------------


@N_CLASSES
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n", [200, 9000], ids=["small", "long"])
def test_every_point_is_a_minimum(n_classes, fit_intercept, n, rng):
    X, y = classes_of(rng, n, 6, n_classes)
    weight = rng.random(n)
    cv = KFold(3, shuffle=True, random_state=0)
    model = search(X, y, weight, Cs=[1e-3, 10.0, 0.1], cv=cv, fit_intercept=fit_intercept)
    assert model.stop_reason_ == "converged"
    for fold, (train, _) in enumerate(cv.split(X)):
        for at, C in enumerate(model.Cs_):
            problem = Multinomial(X[train], y[train], weight=weight[train], C=C, fit_intercept=fit_intercept)
            found = Parameters(model.coefs_paths_[fold, 0, at], fit_intercept)
            assert abs(problem.excess(found)) <= PROMISE
    whole = Multinomial(X, y, weight=weight, C=model.C_, fit_intercept=fit_intercept)
    assert abs(whole.excess(model)) <= PROMISE


def test_scores_are_those_of_the_rows_held_out(rng):
    X, y = classes_of(rng, 300, 4, 3)
    cv = StratifiedKFold(4)
    model = search(X, y, Cs=[0.01, 1.0], cv=cv, tol=1e-10)
    for fold, (train, test) in enumerate(cv.split(X, y)):
        for at, C in enumerate(model.Cs_):
            alone = LogisticRegression(C=C, tol=1e-10).fit(X[train], y[train])
            want = -log_loss(y[test], alone.predict_proba(X[test]))
            assert model.scores_[fold, 0, at] == pytest.approx(want, rel=1e-6)
    assert model.Cs_[model.scores_.mean(axis=(0, 1)).argmax()] == model.C_


def test_a_sparse_table_is_the_dense_one(rng):
    X = sp.random(1500, 800, density=0.02, format="csr", random_state=1)
    y = (X @ rng.standard_normal(800) + 0.1 * rng.logistic(size=1500) > 0).astype(int)
    sparse, dense = (search(x, y, Cs=[0.1, 1.0], cv=3, tol=1e-9) for x in (X, X.toarray()))
    assert_close(sparse.coefs_paths_, dense.coefs_paths_, 1e-4, scale=np.abs(dense.coefs_paths_).max())
    assert_close(sparse.scores_, dense.scores_, 1e-5, scale=1.0)


@pytest.mark.parametrize("scales", [(1e-3, 1e3), (1e-8, 1e8)])
def test_columns_of_any_scale(scales, rng):
    X, y = classes_of(rng, 400, 5, 2)
    X = X * np.geomspace(*scales, 5)
    model = search(X, y, Cs=[1e-4, 1.0, 1e4])
    for at, C in enumerate(model.Cs_):
        train = next(StratifiedKFold(5).split(X, y))[0]
        assert Multinomial(X[train], y[train], C=C).excess(Parameters(model.coefs_paths_[0, 0, at])) <= PROMISE


@pytest.mark.parametrize(("solver", "share"), [("saga", 0.4), ("saga", 1.0), ("liblinear", 1.0)])
@pytest.mark.parametrize("scaling", [1.0, 3.0])
def test_paths_of_sparse_models(solver, share, scaling, rng):
    X, y = classes_of(rng, 300, 8, 2)
    parameters = {"solver": solver, "intercept_scaling": scaling, "tol": 1e-8}
    model = search(X, y, Cs=[0.003, 0.1, 10.0], l1_ratios=[share], cv=3, **parameters)
    for fold, (train, _) in enumerate(StratifiedKFold(3).split(X, y)):
        for at, C in enumerate(model.Cs_):
            alone = LogisticRegression(C=C, l1_ratio=share, **parameters).fit(X[train], y[train])
            want = np.append(alone.coef_, alone.intercept_)
            assert_close(model.coefs_paths_[fold, 0, at, 0], want, 1e-5, scale=1.0)
    whole = LogisticRegression(C=model.C_, l1_ratio=share, **parameters).fit(X, y)
    assert_close(model.coef_, whole.coef_, 1e-5, scale=1.0)
    assert (model.coefs_paths_[:, :, 0, :, :-1] == 0.0).any()


def test_a_grid_of_ratios(rng):
    X, y = classes_of(rng, 300, 4, 3)
    grid = {"Cs": [0.01, 0.1, 1.0], "l1_ratios": [0.0, 0.5, 1.0], "solver": "saga", "cv": 3}
    model = search(X, y, **grid)
    assert model.scores_.shape == model.n_iter_.shape == (3, 3, 3)
    path, at = np.unravel_index(model.scores_.sum(axis=0).argmax(), (3, 3))
    assert (model.l1_ratio_, model.C_) == (grid["l1_ratios"][path], grid["Cs"][at])
    old = search(X, y, **grid, use_legacy_attributes=True)
    assert old.scores_[1].shape == (3, 3, 3)
    assert_same_bytes(
        np.ascontiguousarray(old.scores_[1][:, at, path]), np.ascontiguousarray(model.scores_[:, path, at])
    )


def test_a_fold_may_lack_a_class(rng):
    X, y = classes_of(rng, 120, 3, 3)
    y[y == 2] = 0
    y[:4] = 2
    model = search(X, y, cv=KFold(3), Cs=[0.1, 1.0])
    assert model.coefs_paths_.shape == (3, 1, 2, 3, 4)
    assert np.isfinite(model.coefs_paths_).all()
    assert np.isfinite(model.scores_).all()


def test_a_weight_of_two_is_the_row_twice(rng):
    X, y = classes_of(rng, 100, 3, 2)
    weight = rng.integers(0, 3, 100)
    twice = np.repeat(np.arange(100), weight)
    halves = np.arange(100) < 50
    cv = [(np.flatnonzero(halves), np.flatnonzero(~halves)), (np.flatnonzero(~halves), np.flatnonzero(halves))]
    copied = [(np.flatnonzero(halves[twice]), np.flatnonzero(~halves[twice])),
              (np.flatnonzero(~halves[twice]), np.flatnonzero(halves[twice]))]  # fmt: skip
    one = search(X, y, weight.astype(float), cv=cv, Cs=[0.1, 1.0], tol=1e-10)
    other = search(X[twice], y[twice], cv=copied, Cs=[0.1, 1.0], tol=1e-10)
    assert_close(one.coefs_paths_, other.coefs_paths_, 1e-6, scale=1.0)
    assert_close(one.scores_, other.scores_, 1e-6, scale=1.0)
    assert_close(one.coef_, other.coef_, 1e-6, scale=1.0)


def test_threads_change_no_bit(n_threads, rng):
    X, y = classes_of(rng, 6000, 9, 2)
    one, many = (search(X, y, cv=3, n_threads=threads) for threads in (1, n_threads))
    assert_same_bytes(many.coefs_paths_, one.coefs_paths_)
    assert_same_bytes(many.coef_, one.coef_)


# -- choosing --------------------------------------------------------------------------------------


def test_without_refit_the_folds_are_averaged(rng):
    X, y = classes_of(rng, 200, 4, 3)
    model = search(X, y, Cs=[0.01, 0.1, 1.0, 10.0], cv=3, refit=False)
    best = model.scores_[:, 0].argmax(axis=1)
    mean = np.mean([model.coefs_paths_[fold, 0, at] for fold, at in enumerate(best)], axis=0)
    assert_close(np.column_stack([model.coef_, model.intercept_]), mean, 1e-14)
    assert pytest.approx(np.mean(model.Cs_[best])) == model.C_


@N_CLASSES
def test_older_shapes_of_the_attributes(n_classes, rng):
    X, y = classes_of(rng, 200, 4, n_classes)
    y = np.array(["a", "b", "c"])[y]
    new = search(X, y, Cs=[0.1, 1.0], cv=3)
    old = search(X, y, Cs=[0.1, 1.0], cv=3, use_legacy_attributes=True)
    n_outputs = len(new.coef_)
    names = new.classes_[-n_outputs:].tolist()
    assert list(old.scores_) == list(old.coefs_paths_) == names
    for i, name in enumerate(names):
        assert_same_bytes(old.scores_[name], np.ascontiguousarray(new.scores_.swapaxes(1, 2)))
        want = new.coefs_paths_[:, :, :, i].swapaxes(1, 2)
        assert_same_bytes(np.ascontiguousarray(old.coefs_paths_[name]), np.ascontiguousarray(want))
    assert old.C_.tolist() == [new.C_] * n_outputs
    assert old.l1_ratio_.tolist() == [0.0] * n_outputs
    assert old.n_iter_.shape == (1, 3, 2, 1)


def test_unnamed_ratios_have_no_axis(rng):
    X, y = classes_of(rng, 100, 2, 2)
    with pytest.warns(FutureWarning, match="l1_ratios=None"):
        model = search(X, y, Cs=3, cv=2, l1_ratios=None, use_legacy_attributes=True)
    assert model.scores_[1].shape == (2, 3)
    assert model.coefs_paths_[1].shape == (2, 3, 3)
    assert model.n_iter_.shape == (1, 2, 3)
    assert model.l1_ratios_.tolist() == model.l1_ratio_.tolist() == [None]


def test_defaults_that_will_change_are_announced(rng):
    X, y = classes_of(rng, 60, 2, 2)
    with pytest.warns(FutureWarning) as caught:
        LogisticRegressionCV(Cs=2, cv=2).fit(X, y)
    texts = [str(warning.message) for warning in caught]
    for name in ("l1_ratios", "scoring", "use_legacy_attributes"):
        assert sum(name in text for text in texts) == 1
    assert {warning.filename for warning in caught} == {__file__}


def test_a_scorer_learns_of_all_classes(rng):
    X, y = classes_of(rng, 90, 2, 3)
    seen = []

    def metric(y_true, y_pred, labels=None):
        seen.append(list(labels))
        return 0.0

    search(X, y, Cs=[1.0], cv=KFold(3), scoring=make_scorer(metric, response_method="predict"))
    assert seen == [[0, 1, 2]] * 3


def test_scoring_speaks_in_score(rng):
    X, y = classes_of(rng, 90, 2, 2)
    model = search(X, y, Cs=[1.0], cv=3)
    assert model.score(X, y) == pytest.approx(-log_loss(y, model.predict_proba(X)))


def test_weights_reach_the_scorer_that_asks_for_them(rng):
    X, y = classes_of(rng, 90, 2, 2)
    weight = rng.random(90)
    direct = search(X, y, weight, Cs=[0.1, 1.0], cv=3)
    score = direct.score(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        asking, silent = (
            make_scorer(log_loss, greater_is_better=False, response_method="predict_proba").set_score_request(
                sample_weight=wanted
            )
            for wanted in (True, False)
        )
        weighted = search(X, y, weight, Cs=[0.1, 1.0], cv=3, scoring=asking)
        unweighted = search(X, y, weight, Cs=[0.1, 1.0], cv=3, scoring=silent)
        assert weighted.score(X, y, sample_weight=weight) == pytest.approx(score)
    assert_close(weighted.scores_, direct.scores_, 1e-12)
    assert np.abs(unweighted.scores_ - direct.scores_).max() > 1e-4


# -- the loop --------------------------------------------------------------------------------------


def test_history_and_limits(rng):
    X, y = classes_of(rng, 100, 3, 2)
    model = search(X, y, cv=3, Cs=5)
    assert_same_bytes(model.history_["C"], model.Cs_)
    assert model.history_["validation_score"] == pytest.approx(model.scores_[:, 0].mean(axis=0))
    assert max(model.history_["gradient_norm"]) <= model.tol
    short = search(X, y, cv=3, Cs=5, max_time=1e-9)
    assert short.stop_reason_ == "max_time"
    assert np.isfinite(short.scores_).sum() == 3
    assert short.Cs_[0] == short.C_


def test_running_out_of_iterations_is_said(rng):
    X, y = classes_of(rng, 100, 3, 2)
    with pytest.warns(ConvergenceWarning, match=r"lbfgs failed to converge after 1 iteration.*"):
        model = search(X, y, cv=3, Cs=[1e4], max_iter=1, tol=1e-9)
    assert model.stop_reason_ == "max_iter"
    assert model.n_iter_.max() == 1


def test_ctrl_c_leaves_the_best_so_far(rng):
    X, y = classes_of(rng, 100, 3, 2)
    calls = []

    def scoring(estimator, X, y):
        calls.append(1)
        if len(calls) > 4:
            raise KeyboardInterrupt
        return estimator.score(X, y)

    model = LogisticRegressionCV(**(NEW | {"scoring": scoring, "cv": 2, "Cs": [0.1, 1.0, 10.0]}))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert len(model.history_) == 2
    assert model.predict(X).shape == y.shape


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Cs": [1.0, 0.0]}, "Cs must be"),
        ({"Cs": []}, "Cs must be"),
        ({"l1_ratios": (0.5, 2.0), "solver": "saga"}, "l1_ratios must be an array-like of numbers between 0 and 1"),
        ({"l1_ratios": (0.5,)}, "supports only 'l2'"),
        ({"cv": 1000}, "n_splits=1000"),
        ({"class_weight": {5: 1.0}}, "class"),
    ],
)
def test_what_does_not_go(parameters, message, rng):
    X, y = classes_of(rng, 60, 2, 2)
    with pytest.raises(ValueError, match=message):
        search(X, y, **parameters)
