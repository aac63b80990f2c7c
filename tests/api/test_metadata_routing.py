# SPDX-License-Identifier: BSD-3-Clause
"""Weights and validation data on their way through meta-estimators."""

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from schuss.linear_model import SGDClassifier, SGDRegressor


@pytest.fixture(autouse=True)
def routing():
    with config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(params=[SGDClassifier, SGDRegressor], ids=lambda c: c.__name__)
def model(request):
    return request.param(max_iter=3, tol=None, random_state=0)


@pytest.fixture
def data():
    X, y = make_classification(200, 5, n_redundant=0, random_state=0)
    return X, y, np.random.default_rng(0).random(200)


def test_weights_arrive(model, data):
    X, y, weight = data
    expected = make_pipeline(StandardScaler(), model).fit(X, y)[-1].coef_
    model.set_fit_request(sample_weight=True)
    scaler = StandardScaler().set_fit_request(sample_weight=False)
    weighted = make_pipeline(scaler, model).fit(X, y, sample_weight=weight)[-1]
    direct = model.fit(scaler.transform(X), y, sample_weight=weight)
    np.testing.assert_array_equal(weighted.coef_, direct.coef_)
    assert not np.array_equal(weighted.coef_, expected)


def test_an_unrequested_weight_is_an_error(model, data):
    X, y, weight = data
    with pytest.raises(ValueError, match="sample_weight"):
        make_pipeline(model).fit(X, y, sample_weight=weight)


def test_validation_data_passes_through_a_transforming_pipeline(model, data):
    X, y, _ = data
    model.set_fit_request(X_val=True, y_val=True)
    pipeline = make_pipeline(StandardScaler(), model, transform_input=["X_val"])
    fitted = pipeline.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    last = fitted[-1].history_[-1]
    assert last["validation_score"] == pytest.approx(pipeline.score(X[150:], y[150:]))


def test_weights_through_a_search(model, data):
    X, y, weight = data
    model.set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(model, {"alpha": [1e-4, 1e-2]}, cv=2).fit(X, y, sample_weight=weight)
    best = model.set_params(alpha=search.best_params_["alpha"])
    np.testing.assert_array_equal(search.best_estimator_.coef_, best.fit(X, y, sample_weight=weight).coef_)
    scores = cross_validate(model, X, y, params={"sample_weight": weight}, cv=2)["test_score"]
    assert np.isfinite(scores).all()


def test_requests_name_every_argument(model):
    fit = model.get_metadata_routing().fit.requests
    expected = {"coef_init", "intercept_init", "sample_weight", "X_val", "y_val", "sample_weight_val"}
    assert set(fit) == expected
