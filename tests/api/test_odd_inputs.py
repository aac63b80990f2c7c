# SPDX-License-Identifier: BSD-3-Clause
"""Every estimator on tables of any memory layout, numbers of any size, and weights that leave little to learn from."""

import inspect

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.base import is_classifier
from sklearn.utils import get_tags

from schuss import ensemble, linear_model, neural_network, svm, tree

ROWS, COLUMNS = 48, 4
ESTIMATORS = {
    name: cls
    for module in (ensemble, linear_model, neural_network, svm, tree)
    for name in module.__all__
    if inspect.isclass(cls := getattr(module, name))
}
QUICK = {"n_estimators": 3, "hidden_layer_sizes": (4,), "random_state": 0, "cv": 3, "Cs": [1.0]}
FEW_ITERATIONS = ("HistGradientBoosting", "MLP")
WEIGHTED = [name for name, cls in ESTIMATORS.items() if "sample_weight" in inspect.signature(cls.fit).parameters]
# What a table or weights are refused with: said in the words of the user's data.
REASONS = (
    "Floating-point (over|under)|large values|too large for dtype|Negative values in data|non-zero number"
    "|weights of the training rows|all zero|valid labels|at least 2 (samples|classes)|one class"
)

pytestmark = pytest.mark.filterwarnings("ignore")


def make(name):
    params = ESTIMATORS[name]().get_params()
    chosen = {key: value for key, value in QUICK.items() if key in params}
    if name.startswith(FEW_ITERATIONS):
        chosen["max_iter"] = 3
    return ESTIMATORS[name](**chosen)


def table():
    return np.random.default_rng(0).standard_normal((ROWS, COLUMNS))


def target(name):
    numbers = np.exp(0.2 * table() @ np.arange(COLUMNS))
    if is_classifier(make(name)):
        return (numbers > np.median(numbers)).astype(int)
    return np.column_stack([numbers, numbers[::-1]]) if name.startswith("MultiTask") else numbers


def gaps(X):
    wide = np.zeros((2 * len(X), 2 * X.shape[1]))
    wide[::2, ::2] = X
    return wide[::2, ::2]


def read_only(X):
    X = X.copy()
    X.setflags(write=False)
    return X


def across_words(X):
    packed = np.empty(X.shape, np.dtype([("mark", "u1"), ("value", X.dtype)]))
    packed["value"] = X
    return packed["value"]


def sparse_across_words(X):
    sparse = csr_array(X)
    sparse.data = across_words(sparse.data)
    return sparse


LAYOUTS = {
    "columns": np.asfortranarray,
    "gaps": gaps,
    "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "other byte order": lambda X: X.astype(X.dtype.newbyteorder()),
    "read-only": read_only,
    "across words": across_words,
    "objects": lambda X: X.astype(object),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_how_a_table_lies_in_memory_does_not_matter(name):
    X, y = table(), target(name)
    expected = make(name).fit(X, y).predict(X)
    for layout, change in LAYOUTS.items():
        got = make(name).fit(change(X), y).predict(change(X))
        np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-9, err_msg=layout)


@pytest.mark.parametrize("name", [name for name in ESTIMATORS if get_tags(make(name)).input_tags.sparse])
def test_how_a_sparse_table_lies_in_memory_does_not_matter(name):
    X, y = table(), target(name)
    expected = make(name).fit(csr_array(X), y).predict(csr_array(X))
    got = make(name).fit(sparse_across_words(X), y).predict(sparse_across_words(X))
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_one_column_of_a_larger_table(name):
    X, y = table(), target(name)
    expected = make(name).fit(X[:, :1].copy(), y).predict(X[:, :1].copy())
    np.testing.assert_allclose(make(name).fit(X[:, :1], y).predict(X[:, :1]), expected, rtol=1e-7, atol=1e-9)


def finite_or_explained(fit, X):
    """A model whose predictions are finite, or one error in plain words."""
    try:
        predicted = fit().predict(X)
    except ValueError as error:
        with pytest.raises(ValueError, match=REASONS):
            raise error from None
    else:
        assert np.isfinite(np.asarray(predicted, dtype=float)).all()


@pytest.mark.parametrize("scale", [("d", 1e300), ("d", 1e-300), ("f", 1e30)], ids=["1e300", "1e-300", "1e30, float32"])
@pytest.mark.parametrize("name", ESTIMATORS)
def test_numbers_of_any_size(name, scale):
    dtype, factor = scale
    X, y = (factor * table()).astype(dtype), target(name)
    finite_or_explained(lambda: make(name).fit(X, y), X)
    if not is_classifier(make(name)):
        finite_or_explained(lambda: make(name).fit(table(), 1e300 * y), table())


WEIGHTS = {
    "negative": -np.ones(ROWS),
    "one negative": np.where(np.arange(ROWS) == 5, -1.0, 1.0),
    "none": np.zeros(ROWS),
    "one row": np.eye(ROWS)[3],
    "huge": np.full(ROWS, 1e300),
    "tiny": np.full(ROWS, 1e-300),
}


@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_in_single_precision_are_those_in_double(name):
    X, y = table().astype(np.float32), target(name).astype(np.float32)
    weight = 1.0 + np.arange(ROWS) % 3
    expected = make(name).fit(X, y, sample_weight=weight).predict(X)
    got = make(name).fit(X, y, sample_weight=weight.astype(np.float32)).predict(X)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("name", WEIGHTED)
def test_weights_that_leave_little(name, kind):
    X, y = table(), target(name)
    finite_or_explained(lambda: make(name).fit(X, y, sample_weight=WEIGHTS[kind]), X)


TREES = ("DecisionTree", "ExtraTree", "RandomForest", "HistGradientBoosting")  # take missing values


@pytest.mark.parametrize("name", [name for name in WEIGHTED if not name.startswith(TREES)])
def test_a_row_without_weight_hides_no_nan(name):
    """Large tables are not searched before a fit reads them."""
    X = np.random.default_rng(0).standard_normal((1 << 16, 5))
    X[-1, 3] = np.nan
    y = np.where(X[:, 0] > 0, 1, 2)
    weight = np.where(np.isnan(X).any(axis=1), 0.0, 1.0)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        make(name).fit(X, np.column_stack([y, y]) if name.startswith("MultiTask") else y, sample_weight=weight)


WITH_CLASS_WEIGHT = [name for name in ESTIMATORS if "class_weight" in ESTIMATORS[name]().get_params()]


@pytest.mark.parametrize("factor", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("name", WITH_CLASS_WEIGHT)
def test_weights_of_classes_that_are_none(name, factor):
    model = make(name).set_params(class_weight={0: factor, 1: max(factor, 0.0)})
    with pytest.raises(ValueError, match="class_weight: expected finite numbers"):
        model.fit(table(), target(name))


@pytest.mark.parametrize("name", [name for name in WITH_CLASS_WEIGHT if name in WEIGHTED])
def test_balancing_gives_no_weight_to_a_class_without_any(name):
    X, y = table(), target(name)
    model = make(name).set_params(class_weight="balanced")
    finite_or_explained(lambda: model.fit(X, y, sample_weight=1.0 * (y == 0)), X)


@pytest.mark.parametrize(
    "name", [name for name in WEIGHTED if {"early_stopping", "validation_fraction"} <= {*make(name).get_params()}]
)
def test_rows_to_train_on_or_to_watch_that_weigh_nothing(name):
    """One row weighs something: whichever part it falls to, the other is left without."""
    model = make(name).set_params(early_stopping=True)
    with pytest.raises(ValueError, match=r"sample weights for (training|validation) set are all zero"):
        model.fit(table(), target(name), sample_weight=np.eye(ROWS)[3])


@pytest.mark.parametrize("name", ["Perceptron", "SGDClassifier", "SGDRegressor", "LogisticRegression", "LinearSVC"])
def test_one_row_to_watch_beside_rows_without_weight(name):
    """As many training rows are watched as validation rows: here one, which weighs nothing."""
    X, y = table(), target(name)
    weight = 1.0 * (np.arange(ROWS) > ROWS // 2)
    for first in (weight, weight[::-1]):
        model = make(name).fit(X, y, sample_weight=first, X_val=X[:1], y_val=y[:1])
        assert np.isfinite(model.history_["validation_loss"]).all()
