# SPDX-License-Identifier: BSD-3-Clause
"""Arrays of other libraries go in under ``array_api_dispatch`` as they do without it; NumPy's come out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import is_classifier
from sklearn.datasets import make_classification

from schuss.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from schuss.linear_model import Lasso, LogisticRegression, Ridge, SGDClassifier, enet_path
from schuss.neural_network import MLPClassifier
from schuss.svm import LinearSVC
from schuss.tree import DecisionTreeRegressor


class Foreign:
    """An array that NumPy can read, of a namespace that does not know NumPy's element types."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)
        self.shape, self.ndim, self.dtype = self._values.shape, self._values.ndim, "foreign"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self._values, dtype=dtype)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        raise TypeError("asarray(): argument 'dtype' is not one of ours")

    def __len__(self) -> int:
        return len(self._values)


@pytest.fixture
def dispatch(monkeypatch):
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")
    with config_context(array_api_dispatch=True):
        yield


MODELS = [
    LogisticRegression(),
    Ridge(),
    Lasso(),
    SGDClassifier(random_state=0),
    LinearSVC(random_state=0),
    DecisionTreeRegressor(random_state=0),
    RandomForestClassifier(5, random_state=0),
    HistGradientBoostingRegressor(max_iter=5, categorical_features=[1]),
    MLPClassifier((4,), max_iter=5, tol=1.0, n_iter_no_change=1, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_it_fits_and_predicts_the_same(model, dispatch):
    X, y = make_classification(80, 5, random_state=0)
    X[:, 1] = np.round(X[:, 1])
    weight = np.linspace(0.5, 1.5, len(y))
    if isinstance(model, HistGradientBoostingRegressor):
        X[:, 1] = np.abs(X[:, 1])
    y = y if is_classifier(model) else y + X[:, 0]
    wanted = model.fit(X, y, sample_weight=weight).predict(X)
    found = model.fit(Foreign(X), Foreign(y), sample_weight=Foreign(weight)).predict(Foreign(X))
    assert type(found) is np.ndarray
    assert np.array_equal(found, wanted)


def test_paths_take_them_too(dispatch):
    X, y = make_classification(80, 5, random_state=0)
    assert np.array_equal(enet_path(Foreign(X), Foreign(1.0 * y))[1], enet_path(X, 1.0 * y)[1])
