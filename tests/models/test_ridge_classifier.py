# SPDX-License-Identifier: BSD-3-Clause
"""RidgeClassifier: least squares on -1 and 1, with labels of every kind."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model as theirs
from sklearn.datasets import make_classification

from schuss.linear_model import Ridge, RidgeClassifier


def table(n_classes=3, seed=0):
    return make_classification(150, 8, n_informative=6, n_classes=n_classes, random_state=seed)


LABELS = {
    "two": lambda y: np.array(["no", "yes"])[y % 2],
    "three": lambda y: np.array(["a", "b", "c"], dtype=object)[y],
    "labels": lambda y: np.c_[y == 0, y > 0, y == 2].astype(int),
    "two labels": lambda y: np.c_[y == 0, y == 2].astype(int),
}


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("class_weight", [None, "balanced"])
@pytest.mark.parametrize("container", [np.asarray, sp.csr_array])
def test_same_parameters_as_scikit_learn(kind, class_weight, container):
    X, y = table()
    y = LABELS[kind](y)
    weight = np.random.default_rng(0).random(len(X))
    options = {"class_weight": class_weight, "tol": 1e-12}
    mine = RidgeClassifier(**options).fit(container(X), y, weight)
    other = theirs.RidgeClassifier(**options).fit(X, y, weight)
    np.testing.assert_allclose(mine.coef_, other.coef_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(mine.intercept_, other.intercept_, rtol=1e-9, atol=1e-12)
    assert mine.coef_.shape == other.coef_.shape
    assert np.shape(mine.intercept_) == np.shape(other.intercept_)
    np.testing.assert_array_equal(mine.classes_, other.classes_)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))
    assert mine.predict(X).dtype == (mine.classes_.dtype if y.ndim == 1 else other.predict(X).dtype)
    assert mine.score(X, y) == other.score(X, y)


def test_a_class_is_a_target_of_ridge():
    X, y = table()
    mine = RidgeClassifier(alpha=0.3).fit(X, y)
    signs = np.where(y[:, None] == np.arange(3), 1.0, -1.0)
    np.testing.assert_array_equal(mine.coef_, Ridge(alpha=0.3).fit(X, signs).coef_)


@pytest.mark.parametrize("kind", LABELS)
def test_validation_scores_are_those_of_the_model(kind):
    X, y = table()
    y = LABELS[kind](y)
    model = RidgeClassifier().fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    last = model.history_[-1]
    if kind in ("two", "three"):
        assert last["validation_score"] == pytest.approx(model.score(X[100:], y[100:]))
        assert last["training_score"] == pytest.approx(model.score(X[:100], y[:100]))
    assert last["training_loss"] == pytest.approx(last["data_loss"])
    assert last["gradient_norm"] < 1e-12


def test_a_weight_of_two_is_two_copies():
    X, y = table(4)
    weight = 1 + (np.arange(len(X)) % 3 == 0)
    twice = np.repeat(np.arange(len(X)), weight)
    weighted = RidgeClassifier().fit(X, y, weight)
    copied = RidgeClassifier().fit(X[twice], y[twice])
    np.testing.assert_allclose(weighted.coef_, copied.coef_, rtol=1e-10)


def test_any_number_of_threads_gives_the_same_bits(dtype):
    X = np.random.default_rng(0).standard_normal((20_000, 12)).astype(dtype)
    y = np.argmax(X[:, :4], axis=1)
    one, two, three = (RidgeClassifier(n_threads=n).fit(X, y) for n in (1, 2, 3))
    assert one.coef_.dtype == dtype
    assert one.coef_.tobytes() == two.coef_.tobytes() == three.coef_.tobytes()


def test_unknown_labels_in_validation_data():
    X, y = table()
    with pytest.raises(ValueError, match="not among the classes"):
        RidgeClassifier().fit(X, y, X_val=X, y_val=y + 1)


def test_numbers_are_no_classes():
    X, _ = table()
    with pytest.raises(ValueError, match="Unknown label type"):
        RidgeClassifier().fit(X, X[:, 0])
