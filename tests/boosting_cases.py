# SPDX-License-Identifier: BSD-3-Clause
"""Tables, models and losses for the tests of gradient boosting."""

import numpy as np
from sklearn import metrics
from sklearn.datasets import make_classification, make_friedman1

from schuss.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

N = 600


def numbers(n=N, seed=0):
    X, y = make_friedman1(n, n_features=7, noise=0.5, random_state=seed)
    return X, y


def classes(n=N, n_classes=2, seed=0):
    return make_classification(
        n, n_features=7, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=seed, class_sep=0.7
    )


def missing(X, share=0.15):
    X = X.copy()
    X[np.random.default_rng(5).random(X.shape) < share] = np.nan
    return X


def with_categories(X):
    X = X.copy()
    X[:, 2] = np.floor(6 * (X[:, 2] - X[:, 2].min()) / np.ptp(X[:, 2]))
    return X


def regressor(**options):
    return HistGradientBoostingRegressor(**{"max_iter": 12, "early_stopping": False, "random_state": 0, **options})


def classifier(**options):
    return HistGradientBoostingClassifier(**{"max_iter": 12, "early_stopping": False, "random_state": 0, **options})


def training_loss(model, X, y, weight=None):
    """The loss of a fitted model, from its predictions alone."""
    if hasattr(model, "classes_"):
        return metrics.log_loss(y, model.predict_proba(X), sample_weight=weight)
    prediction = model.predict(X)
    values = {
        "squared_error": lambda: 0.5 * (y - prediction) ** 2,
        "absolute_error": lambda: np.abs(y - prediction),
        "quantile": lambda: np.maximum(model.quantile * (y - prediction), (model.quantile - 1) * (y - prediction)),
        "poisson": lambda: prediction - y * np.log(prediction),
        "gamma": lambda: np.log(prediction) + y / prediction,
        "huber": lambda: np.where(
            np.abs(y - prediction) <= model.huber_delta,
            0.5 * (y - prediction) ** 2,
            model.huber_delta * (np.abs(y - prediction) - 0.5 * model.huber_delta),
        ),
    }[model.loss]()
    return np.average(values, weights=weight)
