# SPDX-License-Identifier: BSD-3-Clause
"""RidgeCV and RidgeClassifierCV: the choice is that of fitting every model, the fit that of Ridge."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.linear_model import Ridge as TheirRidge
from sklearn.model_selection import GridSearchCV, KFold, LeaveOneOut, ShuffleSplit, cross_val_predict

from schuss.linear_model import Ridge, RidgeClassifier, RidgeClassifierCV, RidgeCV

ALPHAS = np.array([0.05, 0.7, 4.0, 90.0])
SHAPES = {"tall": (40, 6), "wide": (15, 30), "square": (12, 12)}


def table(shape, seed=0):
    rng = np.random.default_rng(seed)
    n, d = SHAPES[shape]
    X = rng.standard_normal((n, d)) + 3.0
    X[:, 1] = 2.0  # a constant
    X[:, 2] = X[:, 3]  # and a copy
    return X, X[:, :2] @ [1.0, 0.5] + rng.standard_normal(n)


def left_out(X, y, alpha, fit_intercept, weight=None):
    """Predictions of rows by models that have not seen them, one fit for each."""
    model = TheirRidge(alpha=alpha, fit_intercept=fit_intercept, solver="svd")
    params = None if weight is None else {"sample_weight": weight}
    return cross_val_predict(model, X, y, cv=LeaveOneOut(), params=params)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mode", [None, "svd"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_leaving_out_is_fitting_again(shape, mode, fit_intercept, weighted):
    X, y = table(shape)
    weight = np.random.default_rng(1).random(len(y)) + 0.2 if weighted else None
    options = {"alphas": ALPHAS, "gcv_mode": mode, "fit_intercept": fit_intercept, "store_cv_results": True}
    model = RidgeCV(**options).fit(X, y, weight)
    again = np.column_stack([left_out(X, y, alpha, fit_intercept, weight) for alpha in ALPHAS])
    errors = np.square(again - y[:, None]) * (1.0 if weight is None else weight[:, None])
    np.testing.assert_allclose(model.cv_results_, errors, rtol=1e-6, atol=1e-9)
    assert model.alpha_ == ALPHAS[errors.mean(axis=0).argmin()]
    assert model.best_score_ == pytest.approx(-errors.mean(axis=0).min())
    single = TheirRidge(alpha=model.alpha_, fit_intercept=fit_intercept, solver="svd").fit(X, y, weight)
    np.testing.assert_allclose(model.coef_, single.coef_, rtol=1e-8, atol=1e-10)
    assert model.intercept_ == pytest.approx(single.intercept_, abs=1e-8)
    assert model.stop_reason_ == "converged"
    assert model.history_[-1]["gradient_norm"] < 1e-10 * (1 + np.abs(X.T @ y).max())


@pytest.mark.parametrize("shape", SHAPES)
def test_sparse_data_give_the_same(shape):
    X, y = table(shape)
    X[np.abs(X - 3.0) < 0.5] = 0.0
    for cv in (None, 3):
        dense = RidgeCV(ALPHAS, cv=cv).fit(X, y)
        sparse = RidgeCV(ALPHAS, cv=cv).fit(sp.csr_array(X), y)
        assert sparse.alpha_ == dense.alpha_
        assert sparse.best_score_ == pytest.approx(dense.best_score_)
        np.testing.assert_allclose(sparse.coef_, dense.coef_, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("shape", ["tall", "wide"])
def test_rows_without_weight_are_predicted_but_do_not_count(shape):
    X, y = table(shape)
    weight = np.ones(len(y))
    weight[:4] = 0.0
    options = {"alphas": ALPHAS, "store_cv_results": True}
    model = RidgeCV(**options, scoring="neg_mean_squared_error").fit(X, y, weight)
    rest = RidgeCV(**options, scoring="neg_mean_squared_error").fit(X[4:], y[4:])
    np.testing.assert_allclose(model.cv_results_[4:], rest.cv_results_, rtol=1e-7)
    np.testing.assert_allclose(model.coef_, rest.coef_, rtol=1e-8, atol=1e-10)
    assert model.best_score_ == pytest.approx(rest.best_score_)
    for i, alpha in enumerate(ALPHAS):
        own = Ridge(alpha).fit(X[4:], y[4:]).predict(X[:4])
        np.testing.assert_allclose(model.cv_results_[:4, i], own, rtol=1e-7)


@pytest.mark.parametrize("shape", ["tall", "wide"])
@pytest.mark.parametrize("cv", [4, KFold(3, shuffle=True, random_state=0), ShuffleSplit(3, random_state=0)])
@pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error", lambda model, X, y: model.coef_[0] - model.alpha])
def test_folds_are_those_of_a_search(shape, cv, scoring):
    X, y = table(shape)
    model = RidgeCV(ALPHAS, cv=cv, scoring=scoring).fit(X, y)
    search = GridSearchCV(TheirRidge(solver="svd"), {"alpha": ALPHAS}, cv=cv, scoring=scoring).fit(X, y)
    assert model.alpha_ == search.best_params_["alpha"]
    assert model.best_score_ == pytest.approx(search.best_score_, rel=1e-8)
    np.testing.assert_allclose(model.coef_, search.best_estimator_.coef_, rtol=1e-7, atol=1e-9)


def test_no_penalty_is_a_penalty_over_folds():
    X, y = table("tall")
    model = RidgeCV([0.0, 1e4], cv=3).fit(X, y)
    assert model.alpha_ == 0.0
    exact = np.linalg.lstsq(X - X.mean(axis=0), y, rcond=1e-10)[0]
    np.testing.assert_allclose(model.predict(X), y.mean() + (X - X.mean(axis=0)) @ exact, rtol=1e-8)


@pytest.mark.parametrize("shape", ["tall", "wide"])
@pytest.mark.parametrize("scoring", [None, "r2"])
def test_every_target_its_own_penalty(shape, scoring):
    X, y = table(shape)
    noise = np.random.default_rng(2).standard_normal(len(y))
    both = np.c_[y, noise]
    model = RidgeCV(ALPHAS, alpha_per_target=True, scoring=scoring, store_cv_results=True).fit(X, both)
    for j in range(2):
        own = RidgeCV(ALPHAS, scoring=scoring, store_cv_results=True).fit(X, both[:, j])
        assert model.alpha_[j] == own.alpha_
        assert model.best_score_[j] == pytest.approx(own.best_score_)
        np.testing.assert_allclose(model.coef_[j], own.coef_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(model.cv_results_[:, j], own.cv_results_, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("cv", [None, 4])
def test_any_number_of_threads_gives_the_same_bits(cv, dtype):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30_000, 10)).astype(dtype)
    y = (X[:, 0] + rng.standard_normal(len(X))).astype(dtype)
    models = [RidgeCV(ALPHAS, cv=cv, n_threads=n).fit(X, y) for n in (1, 2, 3)]
    assert models[0].coef_.dtype == dtype
    assert len({(m.coef_.tobytes(), m.intercept_, m.best_score_, m.alpha_) for m in models}) == 1


def test_single_precision_is_chosen_in_double():
    X, y = table("tall")
    X, y = X.astype(np.float32), y.astype(np.float32)
    single, double = RidgeCV(ALPHAS).fit(X, y), RidgeCV(ALPHAS).fit(X.astype(float), y.astype(float))
    assert single.best_score_ == double.best_score_
    np.testing.assert_array_equal(single.coef_, double.coef_.astype(np.float32))


@pytest.mark.parametrize("labels", [["no", "yes"], ["a", "b", "c"]])
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("scoring", [None, "balanced_accuracy"])
def test_classes_over_folds(labels, class_weight, scoring):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((120, 5))
    y = np.array(labels)[np.argmax(X[:, : len(labels)] + rng.standard_normal((120, len(labels))), axis=1)]
    model = RidgeClassifierCV(ALPHAS, cv=4, class_weight=class_weight, scoring=scoring).fit(X, y)
    search = GridSearchCV(RidgeClassifier(class_weight=class_weight), {"alpha": ALPHAS}, cv=4, scoring=scoring)
    search.fit(X, y)
    if class_weight is None:  # a search gives classes their weights fold by fold
        assert model.alpha_ == search.best_params_["alpha"]
        assert model.best_score_ == pytest.approx(search.best_score_)
    single = RidgeClassifier(model.alpha_, class_weight=class_weight).fit(X, y)
    np.testing.assert_allclose(model.coef_, single.coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.predict(X), single.predict(X))


def test_scorers_of_rows_left_out_see_the_labels():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((80, 4))
    y = np.where(X[:, 0] + rng.standard_normal(80) > 0, "yes", "no")
    model = RidgeClassifierCV(ALPHAS, scoring="roc_auc", store_cv_results=True).fit(X, y)
    assert 0.6 < model.best_score_ < 1.0
    decided = np.where(model.cv_results_[:, 0, 0] > 0, "yes", "no")
    by_accuracy = RidgeClassifierCV(ALPHAS[:1], scoring="accuracy").fit(X, y)
    assert by_accuracy.best_score_ == pytest.approx(np.mean(decided == y))


def test_weights_are_routed_to_the_scorer():
    X, y = table("tall")
    weight = np.random.default_rng(1).random(len(y))
    with config_context(enable_metadata_routing=True):
        model = RidgeCV(ALPHAS, cv=3).set_fit_request(sample_weight=True)
        routed = model.fit(X, y, sample_weight=weight).best_score_
    assert routed == pytest.approx(RidgeCV(ALPHAS, cv=3).fit(X, y, sample_weight=weight).best_score_)
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        RidgeCV(ALPHAS).fit(X, y, groups=np.ones(len(y)))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"alphas": [1.0, 0.0]}, r"alphas\[1\] == 0.0, must be > 0.0"),
        ({"alphas": [-1.0], "cv": 3}, "alphas == -1.0, must be >= 0.0"),
        ({"cv": 3, "store_cv_results": True}, "cv!=None and store_cv_results=True are incompatible"),
        ({"cv": 3, "alpha_per_target": True}, "cv!=None and alpha_per_target=True are incompatible"),
    ],
)
def test_what_does_not_go_together(options, error):
    with pytest.raises(ValueError, match=error):
        RidgeCV(**options).fit(*table("tall"))


def test_one_row_cannot_be_left_out():
    with pytest.raises(ValueError, match="at least 2 samples"):
        RidgeCV().fit([[1.0, 2.0]], [1.0])
