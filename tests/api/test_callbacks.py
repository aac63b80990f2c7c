# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's callback protocol, through the one adapter."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import make_classification
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from schuss.linear_model import SGDClassifier, SGDRegressor

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")


class Recorder:
    """Writes down what it hears; asks to stop after some iterations."""

    def __init__(self, stop_after=None):
        self.stop_after = stop_after
        self.heard = []

    def setup(self, estimator, context):
        self.heard.append(("setup", context.task_name, context.max_subtasks))

    def on_fit_task_begin(self, estimator, context, *, X=None, y=None):
        self.heard.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.heard.append(("end", context.task_name, context.task_id))
        self.metadata = metadata
        self.fitted = fitted_estimator
        self.score = fitted_estimator.score(X, y)
        return self.stop_after is not None and context.task_id + 1 >= self.stop_after

    def teardown(self, estimator, context):
        self.heard.append(("teardown", context.task_name, context.max_subtasks))


ESTIMATORS = [SGDClassifier, SGDRegressor]
PARAMETERS = {"max_iter": 3, "tol": None, "random_state": 0}


@pytest.fixture(params=ESTIMATORS, ids=lambda c: c.__name__)
def model(request):
    return request.param(**PARAMETERS)


@pytest.fixture
def Xy():
    return make_classification(200, 5, n_redundant=0, random_state=0)


def test_callbacks_hear_every_iteration(model, Xy):
    recorder = Recorder()
    model.set_callbacks(recorder).fit(*Xy)
    iterations = [(what, "epoch", i) for i in range(3) for what in ("begin", "end")]
    assert recorder.heard == [
        ("setup", "fit", 3),
        ("begin", "fit", 0),
        *iterations,
        ("end", "fit", 0),
        ("teardown", "fit", 3),
    ]


def test_callbacks_get_a_fitted_copy(model, Xy):
    recorder = Recorder()
    model.set_callbacks(recorder).fit(*Xy)
    np.testing.assert_array_equal(recorder.fitted.coef_, model.coef_)
    assert recorder.fitted is not model
    assert recorder.score == model.score(*Xy)


def test_the_copies_of_epochs_do_not_move(model, Xy):
    class Keeper(Recorder):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "epoch":
                self.heard.append(fitted_estimator.coef_)

    keeper = Keeper()
    model.set_callbacks(keeper).fit(*Xy)
    coefs = [heard for heard in keeper.heard if isinstance(heard, np.ndarray)]
    assert len(coefs) == 3
    assert not np.array_equal(coefs[0], coefs[1])
    one = type(model)(**PARAMETERS | {"max_iter": 1}).fit(*Xy)
    np.testing.assert_array_equal(coefs[0], one.coef_)


def test_a_stop_request_is_honoured(model, Xy):
    model.set_callbacks(Recorder(stop_after=2)).fit(*Xy)
    assert (model.n_iter_, model.stop_reason_) == (2, "callback")
    shorter = clone(model).set_params(max_iter=2).set_callbacks().fit(*Xy)
    np.testing.assert_array_equal(model.coef_, shorter.coef_)


def test_callbacks_do_not_change_the_result(model, Xy):
    plain = clone(model).fit(*Xy)
    np.testing.assert_array_equal(model.set_callbacks(Recorder()).fit(*Xy).coef_, plain.coef_)


def test_weights_reach_the_callbacks(model, Xy):
    recorder, weight = Recorder(), np.ones(200)
    model.set_callbacks(recorder).fit(*Xy, sample_weight=weight)
    np.testing.assert_array_equal(recorder.metadata["sample_weight"], weight)


def test_teardown_after_an_error(model, Xy):
    class Failing(Recorder):
        def on_fit_task_end(self, estimator, context):
            raise RuntimeError("in a callback")

    failing = Failing()
    with pytest.raises(RuntimeError, match="in a callback"):
        model.set_callbacks(failing).fit(*Xy)
    assert failing.heard[-1] == ("teardown", "fit", 3)


def test_clone_keeps_callbacks_and_a_refit_works(model, Xy):
    recorder = Recorder()
    model.set_callbacks(recorder).fit(*Xy)
    heard = len(recorder.heard)
    clone(model).fit(*Xy)
    assert len(recorder.heard) == 2 * heard


def test_progress_bar(model, Xy, capsys):
    pytest.importorskip("rich")
    model.set_callbacks(callback.ProgressBar()).fit(*Xy)
    assert f"{type(model).__name__} - fit" in capsys.readouterr().out


def test_scoring_monitor(model, Xy):
    monitor = callback.ScoringMonitor(scoring="r2")
    model.set_callbacks(monitor).fit(*Xy)
    scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(scores) == 3
    assert scores[-1] == r2_score(Xy[1], model.predict(Xy[0]))


def test_within_meta_estimators(model, Xy, capsys):
    pytest.importorskip("rich")
    pipeline = make_pipeline(StandardScaler(), model).set_callbacks(callback.ProgressBar())
    assert pipeline.fit(*Xy)[-1].n_iter_ == 3
    search = GridSearchCV(model, {"alpha": [1e-3, 1e-2]}, cv=2).set_callbacks(callback.ProgressBar())
    assert search.fit(*Xy).best_estimator_.n_iter_ == 3
    assert type(model).__name__ in capsys.readouterr().out


def test_what_is_no_callback_is_refused(model):
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(object())


def test_without_the_protocol_nothing_happens():
    from schuss.callbacks import FitTask

    task = FitTask(BaseEstimator(), None, None, max_iter=3, attributes=dict)
    sweep = dict
    assert task.announce(sweep) is sweep
    assert task(0, None) is False
    assert task.end() is None
