# SPDX-License-Identifier: BSD-3-Clause
"""A few rows take a short way through prediction; what comes out is what a whole table gives, errors included."""

import numpy as np
import pandas as pd
import pytest
from tolerance import assert_same_bytes

from schuss.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from schuss.linear_model import LogisticRegression, Ridge, SGDClassifier
from schuss.svm import LinearSVC
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeRegressor

MODELS = {
    "tree, three classes": (DecisionTreeClassifier(), 3),
    "tree, numbers": (DecisionTreeRegressor(), 0),
    "tree, random": (ExtraTreeRegressor(random_state=0), 0),
    "boosting, two classes": (HistGradientBoostingClassifier(max_iter=8), 2),
    "boosting, three classes": (HistGradientBoostingClassifier(max_iter=8), 3),
    "boosting, numbers": (HistGradientBoostingRegressor(max_iter=8), 0),
    "boosting, stopped early": (HistGradientBoostingRegressor(max_iter=60, early_stopping=True, learning_rate=0.8), 0),
    "forest, two classes": (RandomForestClassifier(5, random_state=0), 2),
    "forest, three classes": (ExtraTreesClassifier(5, random_state=0), 3),
    "forest, numbers": (RandomForestRegressor(5, random_state=0), 0),
    "forest, exact": (RandomForestRegressor(5, random_state=0, max_bins=None), 0),
    "linear, numbers": (Ridge(), 0),
    "linear, two classes": (LogisticRegression(), 2),
    "linear, three classes": (LinearSVC(), 3),
    "linear by steps, two classes": (SGDClassifier("log_loss", random_state=0), 2),
    "linear by steps, three classes": (SGDClassifier("log_loss", random_state=0), 3),
}


@pytest.fixture(scope="module", params=MODELS)
def fitted(request):
    model, n_classes = MODELS[request.param]
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 6))
    y = X[:, 0] + np.sin(3 * X[:, 1]) + 0.1 * rng.standard_normal(200)
    if n_classes:
        y = np.array(["a", "b", "c"])[np.digitize(y, np.quantile(y, np.arange(1, n_classes) / n_classes))]
    return model.fit(X, y), X


def methods(model):
    return [getattr(model, name) for name in ("predict", "predict_proba", "decision_function") if hasattr(model, name)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_alone_are_predicted_as_among_others(fitted, dtype):
    model, X = fitted
    X = X.astype(dtype)
    for method in methods(model):
        together = method(X)
        assert_same_bytes(np.concatenate([method(row[None]) for row in X]), together)
        assert_same_bytes(method(X[:7]), together[:7])


def test_what_a_table_is_refused_for_a_row_is_refused_for(fitted):
    model, X = fitted
    for method in methods(model):
        with pytest.raises(ValueError, match=r"has 5 features, but .* is expecting 6 features"):
            method(X[:1, :5])
        with pytest.raises(ValueError, match="Reshape your data"):
            method(X[0])
        with pytest.raises(ValueError, match="Expected 2D array, got scalar array instead"):
            method(np.array(1.0))
        with pytest.raises(ValueError, match="could not convert string to float"):
            method(np.array([list("abcdef")]))


def test_an_array_for_a_model_of_named_columns_still_draws_a_warning(fitted):
    model, X = fitted
    frame = pd.DataFrame(X, columns=list("abcdef"))
    target = model.predict(X)
    named = type(model)(**model.get_params()).fit(frame, target)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        alone = named.predict(X[:1])
    assert_same_bytes(alone, named.predict(frame.iloc[:1]))


def test_a_model_that_was_not_fitted_says_so(fitted):
    model, X = fitted
    with pytest.raises(AttributeError, match="not fitted yet"):  # NotFittedError is one
        type(model)().predict(X[:1])
