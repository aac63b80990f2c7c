# SPDX-License-Identifier: BSD-3-Clause
"""LogisticRegression: what it tells about its training, and how it can be stopped."""

import warnings

import numpy as np
import pytest
from glm_cases import Multinomial, classes_of
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss
from tolerance import assert_close, assert_same_bytes, eps, tol

from schuss import _kernels as kernels
from schuss.linear_model import LogisticRegression
from schuss.linear_model._smooth.objective import Objective

N_CLASSES = pytest.mark.parametrize("n_classes", [2, 3])
COLUMNS = ("data_loss", "penalty", "objective", "gradient_norm", "step_size", "seconds")


@pytest.fixture
def Xy(rng):
    return classes_of(rng, 400, 5, 3)


@N_CLASSES
@pytest.mark.parametrize("n", [300, 30_000])
def test_history_is_about_the_published_parameters(n, n_classes, rng):
    X, y = classes_of(rng, n, 4, n_classes)
    model = LogisticRegression(C=0.1).fit(X, y)
    history = model.history_
    assert history.columns == COLUMNS
    assert len(history) == model.n_iter_[0] >= 1
    assert_close(history["data_loss"][-1], log_loss(y, model.predict_proba(X)), tol(float, n))
    assert_close(history["penalty"][-1], np.sum(model.coef_**2) / (2 * 0.1 * n), tol(float, n))
    assert_close(history["objective"], history["data_loss"] + history["penalty"], tol(float))
    assert np.all(np.diff(history["objective"]) <= 100 * eps(float))
    share = np.bincount(y) / n
    assert_close(history.baseline["training_loss"], -np.sum(share * np.log(share)), tol(float, n))
    assert history["objective"][0] < history.baseline["training_loss"]


def test_running_out_of_iterations_warns(Xy):
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge after 2 iteration"):
        model = LogisticRegression(max_iter=2, tol=1e-10).fit(*Xy)
    assert model.stop_reason_ == "max_iter"
    assert model.n_iter_.tolist() == [2]
    assert model.n_iter_.dtype == np.int32


@N_CLASSES
def test_no_iteration_at_all(n_classes, rng):
    X, y = classes_of(rng, 50, 2, n_classes)
    with pytest.warns(ConvergenceWarning):
        model = LogisticRegression(max_iter=0).fit(X, y)
    assert model.n_iter_[0] == len(model.history_) == 0
    assert not model.coef_.any()
    assert_close(model.predict_proba(X), np.full((50, n_classes), 1 / n_classes), tol(float))


def test_time_runs_out(Xy):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = LogisticRegression(max_time=1e-9).fit(*Xy)
    assert model.stop_reason_ == "max_time"
    assert len(model.history_) == 1
    assert model.history_["objective"][0] < model.history_.baseline["training_loss"]


# -- warm start ------------------------------------------------------------------------------------


@N_CLASSES
@pytest.mark.parametrize("n", [300, 30_000])
def test_warm_start_from_the_minimum_stops_at_once(n, n_classes, rng):
    X, y = classes_of(rng, n, 4, n_classes)
    model = LogisticRegression(warm_start=True, tol=1e-6).fit(X, y)
    coef = model.coef_.copy()
    model.fit(X, y)
    assert model.n_iter_[0] == 1
    assert model.history_["step_size"].tolist() == [0.0]
    assert_close(model.coef_, coef, tol(float), scale=1.0)


def test_warm_start_from_anywhere_ends_at_the_minimum(Xy):
    model = LogisticRegression(warm_start=True)
    model.coef_, model.intercept_ = np.full((3, 5), 30.0), np.array([50.0, 0.0, -50.0])
    model.coef_[0] = -30.0
    assert Multinomial(*Xy).excess(model.fit(*Xy)) <= 1e-6


def test_two_steps_are_one_and_another(Xy):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        both = LogisticRegression(max_iter=2).fit(*Xy)
        one_by_one = LogisticRegression(max_iter=1, warm_start=True).fit(*Xy).fit(*Xy)
    assert_close(one_by_one.coef_, both.coef_, tol(float, 400), scale=1.0)


def test_warm_start_with_other_features_is_refused(Xy):
    X, y = Xy
    model = LogisticRegression(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match=r"Initialization coef is of shape \(3, 5\)"):
        model.fit(X[:, :2], y)


# -- validation ------------------------------------------------------------------------------------


@N_CLASSES
def test_validation_curves(n_classes, rng):
    X, y = classes_of(rng, 500, 5, n_classes)
    weight = rng.random(200)
    model = LogisticRegression().fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:], sample_weight_val=weight)
    plain = LogisticRegression().fit(X[:300], y[:300])
    assert_same_bytes(model.coef_, plain.coef_)
    last = model.history_[-1]
    assert_close(last["training_loss"], last["data_loss"], tol(float, 300))
    assert_close(last["validation_loss"], log_loss(y[300:], model.predict_proba(X[300:]), sample_weight=weight), 1e-9)
    accuracy = accuracy_score(y[300:], model.predict(X[300:]), sample_weight=weight)
    assert_close(last["validation_score"], accuracy, tol(float, 200))
    assert_close(last["training_score"], model.score(X[:300], y[:300]), tol(float, 300))
    share = np.bincount(y[:300]) / 300
    guess = log_loss(y[300:], np.tile(share, (200, 1)), sample_weight=weight)
    assert_close(model.history_.baseline["validation_loss"], guess, 1e-9)
    assert 0 <= model.best_iteration_ < len(model.history_)
    assert not hasattr(plain, "best_iteration_")


def test_early_stopping_returns_to_the_best(rng):
    X, y = classes_of(rng, 120, 50, 2, noise=8.0)
    options = {"early_stopping": True, "n_iter_no_change": 2, "random_state": 0, "validation_fraction": 0.4}
    model = LogisticRegression(C=1e6, **options).fit(X, y)
    scores = model.history_["validation_score"]
    assert model.stop_reason_ == "no_improvement"
    assert scores[model.best_iteration_] == scores.max()
    assert len(model.history_) == model.history_["validation_loss"].argmin() + 3
    assert_same_bytes(LogisticRegression(C=1e6, **options).fit(X, y).coef_, model.coef_)
    short = LogisticRegression(C=1e6, max_iter=model.best_iteration_ + 1, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert_same_bytes(short.fit(X, y).coef_, model.coef_)


def test_half_of_the_validation_data_is_refused(Xy):
    with pytest.raises(ValueError, match="X_val is provided, but y_val was not"):
        LogisticRegression().fit(*Xy, X_val=Xy[0])


def test_labels_unknown_to_the_training_data_are_refused(Xy):
    X, y = Xy
    with pytest.raises(ValueError, match="not among the classes"):
        LogisticRegression().fit(X, y, X_val=X, y_val=y + 1)


# -- interruptions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("at_read", [1, 4])
def test_ctrl_c_leaves_the_last_complete_iteration(at_read, rng, monkeypatch):
    X, y = classes_of(rng, 300, 5, 2)
    reads, evaluate = [], Objective.evaluate

    def counted(self, theta, **options):
        reads.append(theta)
        if len(reads) == at_read:
            raise KeyboardInterrupt
        return evaluate(self, theta, **options)

    monkeypatch.setattr(Objective, "evaluate", counted)
    model = LogisticRegression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    monkeypatch.undo()
    assert model.stop_reason_ == "interrupted"
    assert model.n_iter_[0] == len(model.history_) == max(0, at_read - 2)
    if at_read > 1:
        assert_close(model.history_["data_loss"][-1], log_loss(y, model.predict_proba(X)), tol(float, 300))
    else:
        assert not model.coef_.any()


def test_an_error_in_a_kernel_is_not_swallowed(Xy, monkeypatch):
    def broken(*args, **options):
        raise SystemError("broken")

    monkeypatch.setattr(kernels, "glm_pass", broken)
    with pytest.raises(SystemError, match="broken"):
        LogisticRegression().fit(*Xy)


def test_a_callback_may_stop_the_fit(Xy):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")

    class StopAfterTwo:
        def setup(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            self.seen = fitted_estimator
            return context.task_id == 1

        def teardown(self, estimator, context): ...

    callback = StopAfterTwo()
    model = LogisticRegression(tol=1e-10).set_callbacks(callback).fit(*Xy)
    assert (model.stop_reason_, model.n_iter_.tolist()) == ("callback", [2])
    assert_same_bytes(callback.seen.predict_proba(Xy[0]), model.predict_proba(Xy[0]))


def test_verbose_prints_a_line_per_iteration(Xy, capsys):
    model = LogisticRegression(verbose=1).fit(*Xy)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == model.n_iter_[0]
    assert "gradient" in lines[0]
