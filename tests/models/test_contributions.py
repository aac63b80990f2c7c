# SPDX-License-Identifier: BSD-3-Clause
"""predict_contributions: Shapley values of fitted models. The kernel's test has the definition."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from schuss.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 5))
    X[rng.random(X.shape) < 0.05] = np.nan
    return X, np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1] * X[:, 2])


def test_of_numbers(table):
    X, y = table
    model = HistGradientBoostingRegressor(max_iter=20).fit(X, y)
    said = model.predict_contributions(X)
    assert said.shape == (300, 6)
    np.testing.assert_allclose(said.sum(axis=1), model.predict(X), rtol=1e-12, atol=1e-12)
    assert np.ptp(said[:, 5]) == 0.0
    mean = np.abs(said[:, :5]).mean(axis=0)
    assert mean[0] > 5 * mean[1:].max()
    assert mean[1:3].min() > 1.5 * mean[3:].max()


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_of_means_before_the_link(table, loss):
    X, y = table
    model = HistGradientBoostingRegressor(loss=loss, max_iter=10).fit(X, np.exp(y))
    np.testing.assert_allclose(
        model.predict_contributions(X).sum(axis=1), np.log(model.predict(X)), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_of_classes(table, n_classes):
    X, y = table
    labels = np.digitize(y, np.quantile(y, np.arange(1, n_classes) / n_classes))
    model = HistGradientBoostingClassifier(max_iter=10).fit(X, labels)
    said = model.predict_contributions(X)
    assert said.shape == ((300, 6) if n_classes == 2 else (300, 3, 6))
    np.testing.assert_allclose(said.sum(axis=-1), model.decision_function(X), rtol=1e-12, atol=1e-12)


def test_of_the_best_iterations_alone(table):
    X, y = table
    model = HistGradientBoostingRegressor(max_iter=80, learning_rate=0.8, early_stopping=True).fit(X, y)
    assert model.best_iteration_ + 1 < model.n_iter_
    np.testing.assert_allclose(model.predict_contributions(X).sum(axis=1), model.predict(X), rtol=1e-12, atol=1e-12)


def test_of_a_frame_with_categories(table):
    X, y = table
    frame = pd.DataFrame(X[:, :2], columns=["number", "other"])
    frame["letter"] = pd.Categorical(np.array(list("abc"))[np.arange(300) % 3])
    y = y + 3.0 * (frame["letter"] == "b")
    model = HistGradientBoostingRegressor(max_iter=20, categorical_features="from_dtype").fit(frame, y)
    said = model.predict_contributions(frame)
    np.testing.assert_allclose(said.sum(axis=1), model.predict(frame), rtol=1e-12, atol=1e-12)
    is_b = (frame["letter"] == "b").to_numpy()
    assert said[is_b, 2].min() > said[~is_b, 2].max()


def test_only_of_a_fitted_model(table):
    with pytest.raises(NotFittedError):
        HistGradientBoostingRegressor().predict_contributions(table[0])
