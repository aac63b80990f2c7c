# SPDX-License-Identifier: BSD-3-Clause
"""What comes back from a model file is what went in: the same bits, the same types, the same future."""

from __future__ import annotations

import copy
import pickle
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn.linear_model
from saved_models import MODELS, features, labels, numbers
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import schuss
from schuss.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier, SGDRegressor
from schuss.persistence import describe, from_bytes, to_bytes
from schuss.persistence._registry import ENTRIES, entry_for
from schuss.tree._nodes import Trees

LABELS = {
    "str": np.array(["no", "so", "yes"]),
    "objects": np.array(["nö", "so", "yes"], dtype=object),
    "int64": np.array([-3, 0, 2**40]),
    "int8": np.array([-3, 0, 9], dtype=np.int8),
    "uint64": np.array([0, 1, 2**63 + 1], dtype=np.uint64),
    "float": np.array([-1.0, 0.0, 2.0]),
    "bool": np.array([False, True]),
    "two": np.array(["a", "b"]),
}
CLASSIFIERS = {
    "SGDClassifier": lambda: SGDClassifier("log_loss", random_state=0),
    "LogisticRegression": LogisticRegression,
}
REGRESSORS = {
    "SGDRegressor": lambda: SGDRegressor(random_state=0),
    "LinearRegression": LinearRegression,
    "Ridge": Ridge,
}


def _again(model, **kwargs):
    return from_bytes(to_bytes(model, **kwargs))[0]


def _same_bits(a, b):
    a, b = np.asarray(a), np.asarray(b)
    same_values = (a == b).all() if a.dtype == object else a.tobytes() == b.tobytes()
    return a.dtype == b.dtype and a.shape == b.shape and same_values


def check_same_state(a, b):
    """Compare everything that the two estimators are made of."""
    assert type(a) is type(b)
    mine, theirs = ({k: v for k, v in vars(model).items() if k != "_origin"} for model in (a, b))
    assert mine.keys() == theirs.keys()
    for name, value in mine.items():
        other = theirs[name]
        assert type(value) is type(other), name
        if isinstance(value, np.random.RandomState):
            assert str(value.get_state()) == str(other.get_state())
        elif isinstance(value, Trees):
            assert all(_same_bits(getattr(value, f.name), getattr(other, f.name)) for f in fields(value)), name
        elif isinstance(value, list):
            assert all(map(_same_bits, value, other)), name
        elif sp.issparse(value):
            assert _same_bits(value.toarray(), other.toarray()), name
        elif isinstance(value, list):
            assert len(value) == len(other), name
            assert all(map(_same_bits, value, other)), name
        elif isinstance(value, dict):
            assert value.keys() == other.keys(), name
            assert all(_same_bits(value[key], other[key]) for key in value), name
        else:
            assert _same_bits(value, other) if isinstance(value, np.ndarray) else value == other, name


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.filterwarnings("ignore:divide by zero")  # the logarithm of a probability of zero
def test_classifiers_predict_the_same_bits(name, kind, dtype, tmp_path):
    X = features(dtype=dtype)
    model = CLASSIFIERS[name]().fit(X, labels(X, LABELS[kind]))
    schuss.save(model, tmp_path / "model.schuss")
    loaded = schuss.load(tmp_path / "model.schuss")
    for method in ("predict", "decision_function", "predict_proba", "predict_log_proba"):
        assert _same_bits(getattr(loaded, method)(X), getattr(model, method)(X))
    check_same_state(loaded, model)


@pytest.mark.parametrize("name", REGRESSORS)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_regressors_predict_the_same_bits(name, fit_intercept, dtype, tmp_path):
    X = features(dtype=dtype)
    model = REGRESSORS[name]().set_params(fit_intercept=fit_intercept).fit(X, numbers(X))
    schuss.save(model, tmp_path / "model.schuss")
    loaded = schuss.load(tmp_path / "model.schuss")
    assert _same_bits(loaded.predict(X), model.predict(X))
    check_same_state(loaded, model)


@pytest.mark.parametrize("name", ["LinearRegression", "Ridge"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_several_targets(name, fit_intercept):
    X = features()
    Y = np.column_stack([numbers(X), X[:, 0], -X[:, 1]])
    model = REGRESSORS[name]().set_params(fit_intercept=fit_intercept).fit(X, Y)
    loaded = _again(model)
    assert _same_bits(loaded.predict(X), model.predict(X))
    check_same_state(loaded, model)


def test_ridge_with_a_penalty_for_each_target():
    X = features()
    model = Ridge(alpha=np.array([0.1, 10.0])).fit(X, np.column_stack([numbers(X), X[:, 0]]))
    assert _same_bits(_again(model).alpha, model.alpha)


@pytest.mark.parametrize("name", MODELS)
def test_saving_what_was_loaded_gives_the_same_file(name, monkeypatch):
    data = to_bytes(MODELS[name]())
    assert to_bytes(from_bytes(data)[0]) == data
    monkeypatch.setattr("schuss.persistence._document.current_versions", lambda: {"schuss": "9.9.9"})
    assert to_bytes(from_bytes(data)[0]) == data  # the versions are those that trained it


@pytest.mark.parametrize("name", MODELS)
def test_nothing_of_a_fitted_model_is_forgotten(name):
    """An attribute that an estimator gains must be entered in the registry."""
    model = MODELS[name]()
    known = set(entry_for(model).state) | set(model.get_params()) | {"history_"}
    assert set(vars(model)) - known == set()
    assert set(ENTRIES) >= set(MODELS)


def as_list(array):
    return None if array is None else array.tolist()


@pytest.mark.parametrize("name", MODELS)
def test_file_describes_itself(name, tmp_path):
    model = MODELS[name]()
    path = tmp_path / "model.schuss"
    schuss.save(model, path)
    said = describe(path)
    assert said["estimator"] == name
    assert said["stop_reason"] == model.stop_reason_
    assert said["history"] == model.history_
    assert said["verdict"] == schuss.diagnosis.diagnose(model)
    assert said["versions"]["schuss"] == schuss.__version__
    assert said["n_features"] == model.n_features_in_
    classes = getattr(model, "classes_", None)
    assert said["classes"] == ([one.tolist() for one in classes] if isinstance(classes, list) else as_list(classes))
    assert said["bytes"] == path.stat().st_size
    assert said["feature_names"] is None
    assert said["extras"] is None


def test_names_of_features_are_kept():
    frame = pd.DataFrame(features(), columns=["plain", "größe", "a\nb"])
    model = Ridge().fit(frame, numbers(frame.to_numpy()))
    loaded = _again(model)
    check_same_state(loaded, model)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame.rename(columns={"plain": "other"}))


@pytest.mark.parametrize("name", ["SGDClassifier", "SGDRegressor", "LogisticRegression"])
def test_sparse_coefficients_stay_sparse(name):
    model = MODELS[name]()
    model.coef_[..., 1] = 0.0
    model.sparsify()
    loaded = _again(model)
    assert sp.issparse(loaded.coef_)
    check_same_state(loaded, model)
    assert _same_bits(loaded.predict(features()), model.predict(features()))


# -- going on -----------------------------------------------------------------------------


@pytest.mark.parametrize("average", [False, True, 50])
@pytest.mark.parametrize("rate", ["optimal", "invscaling", "adaptive"])
def test_partial_fit_goes_on_as_without_the_file(average, rate):
    X = features()
    y = labels(X)

    def start():
        model = SGDClassifier("log_loss", average=average, learning_rate=rate, random_state=5)
        return model.partial_fit(X, y, classes=np.unique(y)).partial_fit(X[::-1], y[::-1])

    straight, interrupted = start(), _again(start())
    for _ in range(3):
        straight.partial_fit(X, y)
        interrupted = _again(interrupted.partial_fit(X, y))
    assert straight.t_ == interrupted.t_
    check_same_up_to_time(straight, interrupted)


@pytest.mark.parametrize("seed", [5, np.random.RandomState(5)], ids=["int", "RandomState"])
@pytest.mark.parametrize("make", [SGDClassifier, SGDRegressor])
def test_warm_start_goes_on_as_without_the_file(make, seed):
    X = features()
    y = labels(X, (0, 1))
    model = make(warm_start=True, max_iter=3, tol=None, average=True, random_state=copy.deepcopy(seed)).fit(X, y)
    loaded = _again(model)
    check_same_up_to_time(loaded.fit(X, y), model.fit(X, y))


def test_warm_start_of_newton_goes_on_as_without_the_file():
    X = features()
    model = LogisticRegression(warm_start=True).fit(X, labels(X))
    loaded = _again(model)
    check_same_up_to_time(loaded.set_params(C=3.0).fit(X, labels(X)), model.set_params(C=3.0).fit(X, labels(X)))


def check_same_up_to_time(a, b):
    """Two runs never take the same seconds."""
    histories = a.history_, b.history_
    assert histories[0].columns == histories[1].columns
    for column in set(histories[0].columns) - {"seconds"}:
        assert _same_bits(histories[0][column], histories[1][column])
    b.history_ = a.history_
    check_same_state(a, b)


def test_origin_ends_when_training_goes_on(monkeypatch):
    X = features()
    model = _again(SGDRegressor().partial_fit(X, numbers(X)))
    monkeypatch.setattr("schuss.persistence._document.current_versions", lambda: {"schuss": "9.9.9"})
    assert b"9.9.9" not in to_bytes(model)
    assert b"9.9.9" in to_bytes(model.partial_fit(X, numbers(X)))


# -- pickle and copy ----------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_pickle_and_copy_keep_everything(name):
    model = MODELS[name]()
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        check_same_state(other, model)
        assert _same_bits(other.predict(features()), model.predict(features()))


@pytest.mark.parametrize("name", MODELS)
def test_loaded_models_pickle_copy_and_clone(name):
    data = to_bytes(MODELS[name]())
    loaded, _ = from_bytes(data)
    assert to_bytes(pickle.loads(pickle.dumps(loaded))) == data
    assert to_bytes(copy.deepcopy(loaded)) == data
    assert not hasattr(clone(loaded), "coef_")


# -- what cannot be stored ----------------------------------------------------------------


def test_unfitted_models_are_refused(tmp_path):
    with pytest.raises(NotFittedError):
        schuss.save(Ridge(), tmp_path / "model.schuss")
    assert not list(tmp_path.iterdir())


def _subclass():
    return type("Mine", (Ridge,), {})().fit(features(), numbers(features()))


def _namesake():
    return sklearn.linear_model.Ridge().fit(features(), numbers(features()))


def _pipeline():
    return make_pipeline(StandardScaler(), Ridge()).fit(features(), numbers(features()))


@pytest.mark.parametrize("make", [_subclass, _namesake, _pipeline])
def test_other_classes_are_refused(make, tmp_path):
    with pytest.raises(schuss.ModelFileError, match=r"cannot be stored in a model file: only schuss's own"):
        schuss.save(make(), tmp_path / "model.schuss")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("coef_", np.array([np.nan, 1.0, 2.0]), "coef_ holds a number that is not finite"),
        ("coef_", np.zeros(4), "coef_ does not fit"),
        ("coef_", [1.0, 2.0, 3.0], "coef_ is not an array"),
        ("alpha", lambda: 1.0, "'alpha' parameter"),
        ("n_features_in_", 0, "out of range"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(attribute, value, message, tmp_path):
    model = MODELS["Ridge"]()
    setattr(model, attribute, value)
    with pytest.raises(schuss.ModelFileError, match=message):
        schuss.save(model, tmp_path / "model.schuss")
    assert not list(tmp_path.iterdir())
