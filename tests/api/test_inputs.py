# SPDX-License-Identifier: BSD-3-Clause
"""What can be passed to fit and predict, and what must not."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import NotFittedError

from schuss.linear_model import SGDClassifier, SGDRegressor

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")

PARAMETERS = {"max_iter": 3, "tol": None, "random_state": 0}
NAMES = [f"column {i}" for i in range(6)]


@pytest.fixture(params=[SGDClassifier, SGDRegressor], ids=lambda c: c.__name__)
def model(request):
    return request.param(**PARAMETERS)


@pytest.fixture(params=[np.float32, np.float64], ids=["float32", "float64"])
def Xy(request):
    X, y = make_classification(200, 6, random_state=0)
    X[np.abs(X) < 0.5] = 0.0
    return X.astype(request.param), y


def wide_indices(X):
    X = sp.csr_array(X)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


CONTAINERS = {
    "fortran": np.asfortranarray,
    "every other row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "wider rows": lambda X: np.hstack([X, X])[:, : X.shape[1]],
    "pandas": lambda X: pd.DataFrame(X, columns=NAMES),
    "polars": lambda X: pl.DataFrame(dict(zip(NAMES, X.T.copy(), strict=True))),
}
SPARSE = {
    "csr_array": sp.csr_array,
    "csr_matrix": sp.csr_matrix,
    "csc_array": sp.csc_array,
    "coo_matrix": sp.coo_matrix,
    "int64 indices": wide_indices,
}


@pytest.mark.parametrize("container", CONTAINERS)
def test_dense_containers_make_no_difference(model, Xy, container):
    X, y = Xy
    want = model.fit(X, y)
    expected, coef = want.predict(X), want.coef_
    other = CONTAINERS[container](X)
    got = model.fit(other, y)
    np.testing.assert_array_equal(got.coef_, coef)
    np.testing.assert_array_equal(got.predict(other), expected)
    assert got.coef_.dtype == X.dtype
    assert got.intercept_.dtype == X.dtype


@pytest.mark.parametrize("container", SPARSE)
def test_sparse_containers_make_no_difference(model, Xy, container):
    X, y = Xy
    coef = model.fit(sp.csr_array(X), y).coef_
    other = SPARSE[container](X)
    np.testing.assert_array_equal(model.fit(other, y).coef_, coef)
    np.testing.assert_allclose(model.predict(other), model.predict(X), rtol=1e-4, atol=1e-5)
    assert model.coef_.dtype == X.dtype


@pytest.mark.parametrize("kind", [np.int32, np.uint8, np.bool_, np.float16])
def test_other_numbers_become_float64(model, kind):
    X = (np.random.default_rng(0).random((50, 3)) * 4).astype(kind)
    model.fit(X, np.arange(50) % 2)
    assert model.coef_.dtype == np.float64


def test_feature_names(model, Xy):
    X, y = Xy
    model.fit(pd.DataFrame(X, columns=NAMES), y)
    assert model.feature_names_in_.tolist() == NAMES
    with pytest.raises(ValueError, match="feature names"):
        model.predict(pd.DataFrame(X, columns=NAMES[::-1]))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        model.predict(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("convert", [np.asarray, sp.csr_array], ids=["dense", "csr"])
def test_not_finite(model, Xy, bad, convert):
    X, y = Xy
    broken = X.copy()
    broken[100, 3] = bad
    message = "Input X contains (NaN|infinity)"
    with pytest.raises(ValueError, match=message):
        model.fit(convert(broken), y)
    model.fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.predict(convert(broken))
    with config_context(assume_finite=True):
        assert len(model.predict(convert(broken))) == len(y)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array(["no", "yes"], dtype=object),
        np.array([-1, 1], dtype=np.int8),
        np.array([10**12, 10**15]),
        np.array([0.0, 2.0]),
        np.array([False, True]),
        np.array([3, 250], dtype=np.uint8),
    ],
    ids=repr,
)
def test_labels_of_any_kind(Xy, labels):
    X, y = Xy
    expected = SGDClassifier(**PARAMETERS).fit(X, y).predict(X)
    model = SGDClassifier(**PARAMETERS).fit(X, labels[y])
    np.testing.assert_array_equal(model.classes_, labels)
    assert model.classes_.dtype == labels.dtype
    np.testing.assert_array_equal(model.predict(X), labels[expected])


@pytest.mark.parametrize("make", [pd.Series, pl.Series, list, lambda y: pd.Categorical(y)])
def test_targets_in_containers(Xy, make):
    X, y = Xy
    names = np.array(["no", "yes"])[y]
    expected = SGDClassifier(**PARAMETERS).fit(X, names)
    got = SGDClassifier(**PARAMETERS).fit(X, make(names))
    np.testing.assert_array_equal(got.coef_, expected.coef_)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.linspace(0, 1, 200), "Unknown label type"),
        (np.ones(200), "greater than one; got 1 class"),
        (np.full(200, np.nan), "Input y contains NaN"),
        (np.ones((200, 2)), "1d array"),
        (np.ones(199), "inconsistent numbers of samples"),
    ],
)
def test_targets_that_are_no_classes(Xy, y, message):
    with pytest.raises(ValueError, match=message):
        SGDClassifier(**PARAMETERS).fit(Xy[0], y)


def test_an_unfitted_model_says_so(model, Xy):
    with pytest.raises(NotFittedError):
        model.predict(Xy[0])


def test_a_fit_that_failed_leaves_an_unfitted_model(model, Xy):
    X, y = Xy
    with pytest.raises(ValueError, match="y_val was not provided"):
        model.fit(X, y, X_val=X)
    with pytest.raises(NotFittedError):
        model.predict(X)
    fresh = clone(model).fit(X, y)
    np.testing.assert_array_equal(model.fit(X, y).coef_, fresh.coef_)


def test_arguments_stay_as_they_are(model, Xy):
    X, y = Xy
    weight = np.random.default_rng(0).random(len(y))
    for array in (X, y, weight):
        array.setflags(write=False)
    before = X.copy()
    model.fit(X, y, sample_weight=weight)
    np.testing.assert_array_equal(X, before)


def test_plain_arrays_are_predicted_without_a_detour(model, Xy, monkeypatch):
    X, y = Xy
    expected = model.fit(X, y).predict(np.asfortranarray(X))

    def detour(*args, **kwargs):
        raise AssertionError("scikit-learn's checks take longer than to predict")

    monkeypatch.setattr("schuss._inputs.validate_data", detour)
    np.testing.assert_array_equal(model.predict(X), expected)


def test_the_next_part_of_a_stream_is_checked_without_a_detour(model, Xy, monkeypatch):
    X, y = Xy
    model.fit(X, y)
    for broken, message in ((X[:, 1:], "expecting 6 features"), (np.where(X > 1, np.nan, X), "contains NaN")):
        with pytest.raises(ValueError, match=message):
            clone(model).fit(X, y).partial_fit(broken, y)

    def detour(*args, **kwargs):
        raise AssertionError("scikit-learn's checks take longer than an epoch over a few rows")

    monkeypatch.setattr("schuss._inputs.validate_data", detour)
    before = model.coef_.copy()
    assert not np.array_equal(model.partial_fit(X[:9], y[:9]).coef_, before)


def test_predictions_do_not_share_memory(model, Xy):
    X, y = Xy
    model.fit(X, y)
    first = model.predict(X)
    second = model.predict(X)
    assert not np.shares_memory(first, second)


@pytest.mark.parametrize(("fitted", "asked"), [("f", "d"), ("d", "f")])
def test_predicting_in_the_other_precision(model, fitted, asked):
    X, y = make_classification(200, 6, random_state=0)
    model.fit(X.astype(fitted), y)
    scores = getattr(model, "decision_function", model.predict)(X.astype(asked))
    assert scores.dtype == np.float64
    np.testing.assert_allclose(scores, X @ model.coef_.ravel() + model.intercept_, rtol=1e-4, atol=1e-4)


def test_arrays_across_machine_words_are_copied(model, Xy):
    X, y = Xy
    records = np.zeros(len(X), dtype=[("odd", np.uint8), ("X", X.dtype, X.shape[1]), ("w", X.dtype)])
    records["X"], records["w"] = X, 1.0
    assert not records["X"].flags.aligned
    expected = clone(model).fit(X, y, sample_weight=np.ones(len(X)))
    model.fit(records["X"], y, sample_weight=records["w"])
    np.testing.assert_array_equal(model.coef_, expected.coef_)
    np.testing.assert_array_equal(model.predict(records["X"]), expected.predict(X))
