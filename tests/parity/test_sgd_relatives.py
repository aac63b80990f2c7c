# SPDX-License-Identifier: BSD-3-Clause
"""Perceptron and SGDOneClassSVM: without shuffling they are scikit-learn's. The one-class machine finds its optimum."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model as theirs
from sklearn.datasets import make_blobs, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.svm import OneClassSVM

import schuss.linear_model as ours
from schuss.diagnosis import diagnose
from schuss.persistence import from_bytes, to_bytes

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FEW_EPOCHS = {"shuffle": False, "max_iter": 4, "tol": None}


def classes(n_classes=2, sparse=False):
    X, y = make_classification(300, 12, n_informative=8, n_classes=n_classes, random_state=0)
    X[np.abs(X) < 0.5] = 0.0
    return (sp.csr_matrix(X) if sparse else X), y


def cloud(n=300, dtype=np.float64):
    return make_blobs(n, 6, centers=np.full((1, 6), 4.0), random_state=0)[0].astype(dtype)


def assert_alike(got, want, rtol=1e-9):
    for name in ("coef_", "intercept_", "offset_"):
        if hasattr(want, name):
            mine, others = getattr(got, name), getattr(want, name)
            assert (mine.shape, mine.dtype) == (others.shape, got.coef_.dtype)
            np.testing.assert_allclose(mine, others, rtol=rtol, atol=rtol * max(1.0, np.abs(others).max()))
    assert (got.n_iter_, got.t_) == (want.n_iter_, want.t_)


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("penalty", [None, "l2", "l1", "elasticnet"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_perceptron(n_classes, penalty, sparse):
    X, y = classes(n_classes, sparse)
    parameters = FEW_EPOCHS | {"penalty": penalty, "class_weight": {0: 2.0}, "eta0": 0.5}
    assert_alike(*(module.Perceptron(**parameters).fit(X, y) for module in (ours, theirs)))
    parts = [module.Perceptron(**parameters).partial_fit(X, y, classes=np.unique(y)) for module in (ours, theirs)]
    assert_alike(*parts)


def test_perceptron_is_sgd_with_its_parameters():
    X, y = classes(3)
    perceptron = ours.Perceptron(random_state=1, early_stopping=True).fit(X, y)
    same = ours.SGDClassifier(
        loss="perceptron", learning_rate="constant", eta0=1.0, penalty=None, random_state=1, early_stopping=True
    ).fit(X, y)
    np.testing.assert_array_equal(perceptron.coef_, same.coef_)
    assert perceptron.best_iteration_ == same.best_iteration_
    assert not hasattr(perceptron, "predict_proba")


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("rate", ["optimal", "constant", "invscaling", "adaptive"])
@pytest.mark.parametrize("average", [False, True, 500])
def test_one_class(rate, average, sparse):
    X = sp.csr_matrix(cloud()) if sparse else cloud()
    weight = np.random.default_rng(0).random(X.shape[0])
    parameters = FEW_EPOCHS | {"nu": 0.2, "learning_rate": rate, "average": average}
    got, want = (module.SGDOneClassSVM(**parameters).fit(X, sample_weight=weight) for module in (ours, theirs))
    assert_alike(got, want)
    np.testing.assert_array_equal(got.predict(X), want.predict(X))
    for method in ("decision_function", "score_samples"):
        np.testing.assert_allclose(getattr(got, method)(X), getattr(want, method)(X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_one_class_from_given_parameters_in_single_precision(fit_intercept):
    X, start = cloud(dtype=np.float32), {"coef_init": np.full(6, 0.1), "offset_init": 2.5}
    parameters = FEW_EPOCHS | {"fit_intercept": fit_intercept}
    pair = (module.SGDOneClassSVM(**parameters).fit(X, **start) for module in (ours, theirs))
    assert_alike(*pair, rtol=1e-4)


@pytest.mark.parametrize("average", [False, True])
def test_one_class_partial_fits_are_a_fit(average):
    X = cloud()
    whole = ours.SGDOneClassSVM(max_iter=3, tol=None, random_state=0, average=average).fit(X)
    parts = ours.SGDOneClassSVM(random_state=0, average=average)
    for _ in range(3):
        parts = from_bytes(to_bytes(parts.partial_fit(X)))[0]
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    np.testing.assert_array_equal(parts.offset_, whole.offset_)
    np.testing.assert_array_equal(parts.history_["objective"], whole.history_["objective"])


def test_a_moved_offset_moves_the_boundary_and_is_where_training_goes_on():
    X = cloud()
    model = ours.SGDOneClassSVM(random_state=0, learning_rate="constant", eta0=1e-9).fit(X)
    before, scores = model.decision_function(X), model.score_samples(X)
    model.offset_ = model.offset_ + 1.0
    np.testing.assert_allclose(model.decision_function(X), before - 1.0)
    np.testing.assert_array_equal(model.score_samples(X), scores)
    moved = model.offset_.copy()
    np.testing.assert_allclose(model.partial_fit(X).offset_, moved, rtol=1e-6)


@pytest.mark.parametrize("nu", [0.1, 0.5])
def test_one_class_reaches_the_optimum(nu):
    """The dual of the same problem, solved exactly, is the lower bound of the objective."""
    X = cloud(200) / 4.0
    exact = OneClassSVM(kernel="linear", nu=nu, tol=1e-10).fit(X)
    w = exact.coef_.ravel() / (nu * len(X))  # its penalty is one half
    scores = X @ w
    rho = np.quantile(scores, nu, method="inverted_cdf")  # the best offset for these scores
    best = objective(X, w, rho, nu)
    steady = {"learning_rate": "constant", "eta0": 0.01, "average": 20_000}
    model = ours.SGDOneClassSVM(nu=nu, max_iter=3000, tol=None, random_state=0, **steady).fit(X)
    reached = objective(X, model.coef_, model.offset_[0], nu)
    assert 0.0 <= reached - best < 2e-4 * abs(best)
    assert abs(np.mean(model.predict(X) == -1) - nu) < 0.02
    assert model.history_[-1]["objective"] == pytest.approx(reached + nu, abs=0.03)
    assert model.history_.baseline == {"training_loss": nu}


def objective(X, w, rho, nu):
    return nu / 2 * w @ w + np.mean(np.maximum(0.0, rho - X @ w)) - nu * rho


def test_one_class_stops_and_says_why():
    X = cloud()
    model = ours.SGDOneClassSVM(nu=0.2, random_state=0).fit(X)
    assert model.stop_reason_ == "converged"
    assert diagnose(model).label == "converged"
    with pytest.warns(ConvergenceWarning):
        assert ours.SGDOneClassSVM(max_iter=2, random_state=0).fit(X).stop_reason_ == "max_iter"
