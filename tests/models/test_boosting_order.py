# SPDX-License-Identifier: BSD-3-Clause
"""Large tables are boosted with their rows in another order, of which nothing is to be seen."""

import numpy as np
import pytest
from boosting_cases import classes, classifier, missing, numbers, regressor, with_categories

from schuss.ensemble._boosting import growth, ordering


@pytest.fixture
def fit_both(monkeypatch):
    """Fits a model with rows as they are given, and in the order of leaves."""

    def fit(make, X, y, **fit_options):
        models = []
        for pays in (False, True):
            monkeypatch.setattr(growth, "pays_to_reorder", lambda *_, pays=pays: pays)
            models.append(make().fit(X, y, **fit_options))
        return models

    return fit


def assert_same_model(given, ordered):
    assert given._trees.nodes.tobytes() == ordered._trees.nodes.tobytes()
    assert given._trees.gain.tobytes() == ordered._trees.gain.tobytes()
    assert given.n_iter_ == ordered.n_iter_
    np.testing.assert_allclose(given.history_["data_loss"], ordered.history_["data_loss"], rtol=1e-12)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson", "huber"])
@pytest.mark.parametrize("weighted", [False, True])
def test_trees_are_the_same(fit_both, loss, weighted):
    X, y = numbers()
    weight = np.random.default_rng(0).integers(0, 4, len(y)).astype(float) if weighted else None
    assert_same_model(*fit_both(lambda: regressor(loss=loss), missing(X), np.abs(y), sample_weight=weight))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("options", [{}, {"boosting": "dart"}, {"early_stopping": True, "scoring": "accuracy"}])
def test_classes_are_the_same(fit_both, n_classes, options):
    X, y = classes(n_classes=n_classes)
    categorical = {"categorical_features": [2], "metrics": ["accuracy"]}
    given, ordered = fit_both(lambda: classifier(**categorical, **options), with_categories(X), y)
    assert_same_model(given, ordered)
    np.testing.assert_array_equal(given.history_["training_accuracy"], ordered.history_["training_accuracy"])


class _Table:
    n, d = 1 << 20, 64


@pytest.mark.parametrize(
    ("options", "pays"),
    [
        ({}, True),
        ({"max_iter": 10}, False),
        ({"subsample": 0.5}, False),
        ({"boosting": "goss"}, False),
        ({"loss": lambda y, raw: (raw - y, np.ones_like(y))}, False),
        ({"metrics": ["r2", lambda y, predicted, sample_weight: 0.0]}, False),
        ({"metrics": "r2"}, True),
        ({"early_stopping": True, "scoring": "r2"}, True),
        ({"early_stopping": True, "scoring": lambda model, X, y: model.score(X, y)}, False),
    ],
)
def test_when_it_is_done(options, pays):
    model = regressor(**{"max_iter": 100, **options})
    model.n_iter_ = 0
    assert ordering.pays_to_reorder(model, _Table()) == pays
    model.n_iter_ = 50
    assert not ordering.pays_to_reorder(model, _Table())
    model.n_iter_ = 0
    small = _Table()
    small.n = 100
    assert not ordering.pays_to_reorder(model, small)
