# SPDX-License-Identifier: BSD-3-Clause
"""Targets take as few bytes as hold them, which nobody notices: neither models nor functions of users."""

import numpy as np
import pytest

from schuss.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from schuss.ensemble._boosting import classifier, regressor
from schuss.ensemble._boosting.targets import narrow_codes, narrow_numbers

TARGETS = {
    "counts": lambda rng, signal: rng.poisson(np.exp(0.5 * signal)) + 1,
    "single": lambda rng, signal: np.exp(signal).astype(np.float32),
    "wide": lambda rng, signal: np.exp(signal),
}


def table(n=800):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, 4))
    return rng, X, X[:, 0] + 0.5 * X[:, 1] * X[:, 2]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([0, 255], np.uint8),
        ([False, True], np.uint8),
        ([3.0, 7.0], np.uint8),
        ([0, 256], np.float32),
        ([-1, 1], np.float32),
        ([0.5, 2.0**100], np.float32),
        ([1, 2**24], np.float32),
        ([1, 2**24 + 1], np.float64),
        ([0.1, 1.0], np.float64),
        ([1.0, 1e300], np.float64),
    ],
)
@pytest.mark.parametrize("n", [2, 100_000])
def test_numbers_keep_their_values(values, dtype, n):
    y = np.resize(values, n)
    for given in (y, y.astype(object), np.repeat(y, 2)[::2]):
        narrow = narrow_numbers(given)
        assert narrow.dtype == dtype
        assert narrow.flags.c_contiguous
        np.testing.assert_array_equal(narrow, y)


def test_many_classes_are_told_apart():
    codes = np.arange(300)
    assert narrow_codes(codes[:256], 256).dtype == np.uint8
    assert (narrow_codes(codes, 300) == codes).all()
    X = np.repeat(np.arange(300.0), 4)[:, None]
    model = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1, max_leaf_nodes=None, max_bins=255)
    assert model.fit(X, np.repeat(codes, 4)).score(X, np.repeat(codes, 4)) > 0.5


def outcome(model, X):
    course = {name: column for name, column in model.history_.to_dict()["columns"].items() if name != "seconds"}
    return model._trees.nodes.tobytes(), model._raw_predict(X).tobytes(), course, model.validation_score_.tolist()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"loss": "squared_error"},
        {"loss": "poisson"},
        {"loss": "gamma"},
        {"loss": "huber"},
        {"loss": "absolute_error"},
        {"loss": "quantile", "quantile": 0.3},
        {"metrics": ["rmse", "mae"]},
        {"scoring": "r2"},
        {"loss": lambda y, raw: (raw - y, np.ones(len(y)))},
    ],
)
@pytest.mark.parametrize("kind", TARGETS)
def test_models_of_numbers_are_the_same_to_the_bit(kind, options, weighted, monkeypatch):
    rng, X, signal = table()
    y = TARGETS[kind](rng, signal)
    weight = rng.random(len(y)) if weighted else None
    options = {"max_iter": 5, "early_stopping": "loss" not in options, "random_state": 0} | options

    def fit():
        return outcome(HistGradientBoostingRegressor(**options).fit(X, y, weight), X)

    got = fit()
    monkeypatch.setattr(regressor, "narrow_numbers", lambda y: np.ascontiguousarray(y, dtype=np.float64))
    assert got == fit()


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize(
    "options", [{}, {"metrics": ["log_loss"]}, {"scoring": "accuracy"}, {"class_weight": "balanced"}]
)
def test_models_of_classes_are_the_same_to_the_bit(n_classes, options, monkeypatch):
    _, X, signal = table()
    y = np.digitize(signal, [-0.5, 0.5, 1.5][: n_classes - 1])

    def fit():
        model = HistGradientBoostingClassifier(max_iter=5, early_stopping=True, random_state=0, **options)
        return outcome(model.fit(X, y), X)

    got = fit()
    monkeypatch.setattr(classifier, "narrow_codes", lambda codes, n_classes: codes.astype(np.float64))
    assert got == fit()


def test_functions_of_users_see_float64():
    seen = set()

    def loss(y, raw):
        seen.add(y.dtype)
        return 0.5 * (raw - y) ** 2, raw - y, np.ones(len(y))

    def metric(y, predictions):
        seen.add(y.dtype)
        return 0.0

    def scorer(model, X, y):
        seen.add(y.dtype)
        return 0.0

    rng, X, signal = table()
    y = TARGETS["counts"](rng, signal)
    options = {"loss": loss, "metrics": metric, "scoring": scorer, "early_stopping": True}
    HistGradientBoostingRegressor(max_iter=2, **options).fit(X, y)
    assert seen == {np.dtype(np.float64)}
