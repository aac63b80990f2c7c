# SPDX-License-Identifier: BSD-3-Clause
"""Without shuffling there is no chance left: the parameters are scikit-learn's."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model as theirs
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

import schuss.linear_model as ours

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SHARED = {"shuffle": False, "random_state": 0, "eta0": 0.01}
FEW_EPOCHS = SHARED | {"max_iter": 4, "tol": None}
SMALL_STEPS = FEW_EPOCHS | {"learning_rate": "invscaling"}

LOSSES = sorted(ours.SGDClassifier.loss_functions)
REGRESSION_LOSSES = sorted(ours.SGDRegressor.loss_functions)
PENALTIES = ["l2", "l1", "elasticnet", None]
RATES = ["optimal", "constant", "invscaling", "adaptive"]


def classes(n_classes=2, dtype=np.float64, sparse=False):
    X, y = make_classification(300, 12, n_informative=8, n_classes=n_classes, random_state=0)
    X = X.astype(dtype)
    X[np.abs(X) < 0.5] = 0.0
    return (sp.csr_matrix(X) if sparse else X), y


def numbers(sparse=False):
    X, y = make_regression(300, 12, noise=5.0, random_state=0)
    X[np.abs(X) < 0.5] = 0.0
    X /= 4.0  # where no step overshoots, rounding errors stay small
    return (sp.csr_matrix(X) if sparse else X), y / y.std()


def both(name, parameters, X, y, **fit):
    pair = [getattr(module, name)(**parameters) for module in (ours, theirs)]
    return [estimator.fit(X, y, **fit) for estimator in pair]


def assert_alike(got, want, rtol=1e-8):
    scale = max(1.0, np.abs(want.coef_).max())
    assert got.coef_.shape == want.coef_.shape
    assert got.intercept_.shape == want.intercept_.shape
    assert got.coef_.dtype == want.coef_.dtype
    np.testing.assert_allclose(got.coef_, want.coef_, rtol=rtol, atol=rtol * scale)
    np.testing.assert_allclose(got.intercept_, want.intercept_, rtol=rtol, atol=rtol * scale)
    assert (got.n_iter_, got.t_) == (want.n_iter_, want.t_)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("loss", LOSSES)
def test_losses_of_classes(loss, n_classes, sparse):
    parameters = FEW_EPOCHS | {"loss": loss, "learning_rate": "invscaling", "alpha": 0.01}
    assert_alike(*both("SGDClassifier", parameters, *classes(n_classes, sparse=sparse)))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("loss", REGRESSION_LOSSES)
def test_losses_of_numbers(loss, sparse):
    parameters = FEW_EPOCHS | {"loss": loss, "epsilon": 0.3}
    assert_alike(*both("SGDRegressor", parameters, *numbers(sparse)))


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalties_and_rates(penalty, rate, sparse):
    parameters = FEW_EPOCHS | {"penalty": penalty, "learning_rate": rate, "alpha": 0.003}
    assert_alike(*both("SGDClassifier", parameters, *classes(sparse=sparse)))
    assert_alike(*both("SGDClassifier", parameters, *classes(3, sparse=sparse)))
    parameters |= {"alpha": 1.0}
    assert_alike(*both("SGDRegressor", parameters, *numbers(sparse)))


@pytest.mark.skipif("pa1" not in theirs.SGDClassifier.__doc__, reason="since scikit-learn 1.8")
@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("rate", ["pa1", "pa2"])
def test_passive_aggressive(rate, sparse):
    parameters = FEW_EPOCHS | {"learning_rate": rate, "eta0": 0.05}
    assert_alike(*both("SGDClassifier", parameters, *classes(sparse=sparse)))
    assert_alike(*both("SGDClassifier", parameters, *classes(3, sparse=sparse)))
    parameters |= {"loss": "epsilon_insensitive"}
    assert_alike(*both("SGDRegressor", parameters, *numbers(sparse)))


@pytest.mark.parametrize("average", [True, 200, 10_000])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_averaging(n_classes, average):
    parameters = FEW_EPOCHS | {"average": average, "learning_rate": "constant"}
    got, want = both("SGDClassifier", parameters, *classes(n_classes))
    assert_alike(got, want)
    np.testing.assert_allclose(got._standard_coef.ravel(), want._standard_coef.ravel(), rtol=1e-8)
    assert_alike(*both("SGDRegressor", parameters, *numbers()))


@pytest.mark.parametrize("n_classes", [2, 3])
def test_weights(n_classes):
    X, y = classes(n_classes)
    weight = np.random.default_rng(1).random(len(y))
    for class_weight in (None, "balanced", {0: 2.0, 1: 0.5}):
        parameters = SMALL_STEPS | {"class_weight": class_weight, "loss": "log_loss"}
        assert_alike(*both("SGDClassifier", parameters, X, y, sample_weight=weight))
    X, y = numbers()
    assert_alike(*both("SGDRegressor", FEW_EPOCHS, X, y, sample_weight=weight))


def test_without_intercept():
    parameters = FEW_EPOCHS | {"fit_intercept": False}
    assert_alike(*both("SGDClassifier", parameters, *classes()))
    assert_alike(*both("SGDRegressor", parameters, *numbers()))


def test_single_precision():
    X, y = classes(dtype=np.float32)
    assert_alike(*both("SGDClassifier", SMALL_STEPS | {"loss": "log_loss"}, X, y), rtol=1e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_initial_parameters(n_classes):
    X, y = classes(n_classes)
    outputs = 1 if n_classes == 2 else n_classes
    rng = np.random.default_rng(0)
    start = {"coef_init": rng.normal(size=(outputs, 12)), "intercept_init": rng.normal(size=outputs)}
    copies = {name: value.copy() for name, value in start.items()}
    parameters = FEW_EPOCHS | {"learning_rate": "constant"}
    got = ours.SGDClassifier(**parameters).fit(X, y, **start)
    for name, value in start.items():
        np.testing.assert_array_equal(value, copies[name])
    assert_alike(got, theirs.SGDClassifier(**parameters).fit(X, y, **copies))


@pytest.mark.parametrize("average", [False, 100])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_partial_fit(n_classes, average):
    X, y = classes(n_classes)
    parameters = {"shuffle": False, "average": average, "alpha": 0.01}
    got, want = ours.SGDClassifier(**parameters), theirs.SGDClassifier(**parameters)
    for rows in (slice(0, 90), slice(90, 91), slice(91, 300)):
        got.partial_fit(X[rows], y[rows], classes=np.unique(y))
        want.partial_fit(X[rows], y[rows], classes=np.unique(y))
        assert_alike(got, want)
    assert len(got.history_) == 3


def test_partial_fit_of_numbers():
    X, y = numbers()
    got, want = ours.SGDRegressor(shuffle=False), theirs.SGDRegressor(shuffle=False)
    for rows in (slice(0, 90), slice(90, 300)):
        assert_alike(got.partial_fit(X[rows], y[rows]), want.partial_fit(X[rows], y[rows]))


@pytest.mark.parametrize("loss", ["log_loss", "modified_huber"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_predictions(loss, n_classes):
    X, y = classes(n_classes)
    got, want = both("SGDClassifier", FEW_EPOCHS | {"loss": loss, "alpha": 0.1}, X, y)
    np.testing.assert_array_equal(got.predict(X), want.predict(X))
    for method in ("decision_function", "predict_proba"):
        expected = getattr(want, method)(X)
        np.testing.assert_allclose(getattr(got, method)(X), expected, rtol=1e-6, atol=1e-9)
    with np.errstate(divide="ignore"):
        log = np.log(got.predict_proba(X))
        np.testing.assert_array_equal(got.predict_log_proba(X), log)


@pytest.mark.parametrize("validation_fraction", [0.1, 0.4])
def test_the_validation_split_is_the_same(validation_fraction):
    # without a tolerance neither stops, and ours does not return to the best epoch
    parameters = FEW_EPOCHS | {"early_stopping": True, "validation_fraction": validation_fraction}
    assert_alike(*both("SGDClassifier", parameters, *classes(3)))
    assert_alike(*both("SGDRegressor", parameters, *numbers()))


@pytest.mark.parametrize("rate", ["constant", "adaptive"])
@pytest.mark.parametrize("tol", [1e-2, 1e-3])
def test_numbers_of_epochs_are_close(rate, tol):
    # not equal: our objective has the penalty at the epoch's end, theirs its mean over the epoch
    parameters = SHARED | {"learning_rate": rate, "tol": tol, "eta0": 0.001, "max_iter": 2000}
    for name, data in [("SGDClassifier", classes()), ("SGDRegressor", numbers())]:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            got, want = both(name, parameters, *data)
        assert abs(got.n_iter_ - want.n_iter_) <= max(2, 0.1 * want.n_iter_)
