# SPDX-License-Identifier: BSD-3-Clause
"""One small fitted model of every class that model files can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from schuss.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from schuss.linear_model import (
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    GeneralizedLinearRegressor,
    HuberRegressor,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDOneClassSVM,
    SGDRegressor,
    TweedieRegressor,
)
from schuss.neural_network import MLPClassifier, MLPRegressor
from schuss.svm import LinearSVC, LinearSVR
from schuss.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

N_FEATURES = 3


def features(n: int = 90, dtype: Any = np.float64) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, N_FEATURES)).astype(dtype)


def numbers(X: np.ndarray) -> np.ndarray:
    return (X @ np.arange(1.0, N_FEATURES + 1) + 0.1 * np.sin(50 * X[:, 0])).astype(X.dtype)


def labels(X: np.ndarray, classes: Any = ("no", "so", "yes")) -> np.ndarray:
    """Name each row by where its number stands among the thirds (or the halves, ...)."""
    classes = np.asarray(classes)
    rank = np.argsort(np.argsort(numbers(X)))
    return classes[rank * len(classes) // len(rank)]


def _classifier(make: Callable[[], Any]) -> Any:
    X = features()
    return make().fit(X, labels(X))


def _regressor(make: Callable[[], Any]) -> Any:
    X = features()
    return make().fit(X, numbers(X))


def _positive(make: Callable[[], Any]) -> Any:
    X = features()
    return make().fit(X, np.exp(0.1 * numbers(X)))


def _several_targets(make: Callable[[], Any]) -> Any:
    X = features()
    return make().fit(X, np.column_stack([numbers(X), numbers(-X)]))


def _sgd_classifier() -> Any:
    return SGDClassifier("log_loss", average=True, random_state=np.random.RandomState(3), class_weight={"no": 2.0})


def _logistic_cv() -> Any:
    grid = {"Cs": [0.1, 1.0], "l1_ratios": [0.0], "cv": 2}
    return LogisticRegressionCV(**grid, scoring="neg_log_loss", use_legacy_attributes=True)


def _boosted_classes() -> Any:
    """Categories, missing values and validation rows."""
    X = features()
    X[:, 1] = np.floor(2 * np.abs(X[:, 1]))
    X[::7, 0] = np.nan
    y = labels(features())
    settings = {"categorical_features": [1], "min_samples_leaf": 5, "early_stopping": True, "max_iter": 8}
    return HistGradientBoostingClassifier(**settings, random_state=0).fit(X, y)


def _network_with_categories() -> Any:
    """Two targets; a feature with a table, one that is one-hot."""
    X = features()
    X[:, 1:] = np.floor(2 * np.abs(X[:, 1:]))
    settings = {"categorical_features": [1, 2], "embedding_dims": {1: 2}, "solver": "sgd", "tol": 10.0}
    model = MLPRegressor(hidden_layer_sizes=4, **settings, early_stopping=True, random_state=0)
    return model.fit(X, np.column_stack([X[:, 0], X[:, 1] > 1]))


def _forest_of_classes() -> Any:
    """Weights, categories, missing values, and rows out of bag."""
    X = features()
    X[:, 1] = np.floor(2 * np.abs(X[:, 1]))
    X[::7, 0] = np.nan
    weight = 1.0 + np.arange(len(X)) % 3
    model = RandomForestClassifier(25, max_depth=4, categorical_features=[1], oob_score=True, random_state=0)
    return model.fit(X, labels(features(), ("no", "yes")), weight)


def _several_classes(make: Callable[[], Any]) -> Any:
    X = features()
    return make().fit(X, np.column_stack([labels(X, (0, 1, 2)), labels(-X, (5, 7, 9))]))


MODELS: dict[str, Callable[[], Any]] = {
    "SGDClassifier": lambda: _classifier(_sgd_classifier),
    "SGDRegressor": lambda: _regressor(lambda: SGDRegressor(random_state=1)),
    "SGDOneClassSVM": lambda: SGDOneClassSVM(average=True, random_state=0).fit(features()),
    "Perceptron": lambda: _classifier(Perceptron),
    "MLPClassifier": lambda: _classifier(
        lambda: MLPClassifier((5, 4), norm="batch", averaging="swa", tol=0.1, max_iter=30, random_state=0)
    ),
    "MLPRegressor": _network_with_categories,
    "HuberRegressor": lambda: _regressor(HuberRegressor),
    "QuantileRegressor": lambda: _regressor(lambda: QuantileRegressor(alpha=0.01)),
    "HistGradientBoostingClassifier": _boosted_classes,
    "HistGradientBoostingRegressor": lambda: _regressor(lambda: HistGradientBoostingRegressor(max_iter=8)),
    "RandomForestClassifier": _forest_of_classes,
    "RandomForestRegressor": lambda: _several_targets(
        lambda: RandomForestRegressor(6, min_samples_leaf=5, random_state=0)
    ),
    "ExtraTreesClassifier": lambda: _several_classes(lambda: ExtraTreesClassifier(4, max_depth=4, random_state=0)),
    "ExtraTreesRegressor": lambda: _regressor(lambda: ExtraTreesRegressor(4, max_leaf_nodes=9, random_state=0)),
    "LinearSVC": lambda: _classifier(lambda: LinearSVC(loss="hinge")),
    "LinearSVR": lambda: _regressor(LinearSVR),
    "LogisticRegression": lambda: _classifier(LogisticRegression),
    "LogisticRegressionCV": lambda: _classifier(_logistic_cv),
    "PoissonRegressor": lambda: _positive(PoissonRegressor),
    "GeneralizedLinearRegressor": lambda: _positive(
        lambda: GeneralizedLinearRegressor(family="negative.binomial(0.5)", inference=True)
    ),
    "GammaRegressor": lambda: _positive(GammaRegressor),
    "TweedieRegressor": lambda: _positive(lambda: TweedieRegressor(power=1.5, alpha=0.1)),
    "LinearRegression": lambda: _regressor(LinearRegression),
    "Ridge": lambda: _regressor(lambda: Ridge(alpha=0.5)),
    "RidgeClassifier": lambda: _classifier(RidgeClassifier),
    "RidgeCV": lambda: _regressor(lambda: RidgeCV(alphas=[0.1, 1.0], store_cv_results=True)),
    "RidgeClassifierCV": lambda: _classifier(lambda: RidgeClassifierCV(cv=3)),
    "Lasso": lambda: _regressor(lambda: Lasso(alpha=0.1)),
    "ElasticNet": lambda: _several_targets(lambda: ElasticNet(alpha=0.1)),
    "MultiTaskLasso": lambda: _several_targets(lambda: MultiTaskLasso(alpha=0.1)),
    "MultiTaskElasticNet": lambda: _several_targets(lambda: MultiTaskElasticNet(alpha=0.1)),
    "LassoCV": lambda: _regressor(lambda: LassoCV(alphas=10, cv=3)),
    "ElasticNetCV": lambda: _regressor(lambda: ElasticNetCV(alphas=[0.1, 0.2], l1_ratio=[0.5, 1.0], cv=3)),
    "MultiTaskLassoCV": lambda: _several_targets(lambda: MultiTaskLassoCV(alphas=[0.1], cv=3)),
    "MultiTaskElasticNetCV": lambda: _several_targets(lambda: MultiTaskElasticNetCV(alphas=10, cv=3)),
    "DecisionTreeClassifier": lambda: _classifier(DecisionTreeClassifier),
    "DecisionTreeRegressor": lambda: _several_targets(lambda: DecisionTreeRegressor(max_leaf_nodes=9)),
    "ExtraTreeClassifier": lambda: _classifier(lambda: ExtraTreeClassifier(random_state=0)),
    "ExtraTreeRegressor": lambda: _regressor(lambda: ExtraTreeRegressor(random_state=0, max_depth=4)),
}
