# SPDX-License-Identifier: BSD-3-Clause
"""Plots of training runs: what is drawn, marked and labelled."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

import schuss
from schuss.display import TrainingCurveDisplay
from schuss.history import History
from schuss.linear_model import LogisticRegression, SGDClassifier


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 5))
    y = (X[:, 0] + rng.standard_normal(400) > 0).astype(int)
    estimator = SGDClassifier("log_loss", random_state=0)
    return estimator.fit(X[:300], y[:300], X_val=X[300:], y_val=y[300:])


def test_losses_of_an_estimator(model):
    display = schuss.TrainingCurveDisplay.from_estimator(model)
    assert isinstance(display, TrainingCurveDisplay)
    assert [line.get_label() for line in display.lines_] == ["training", "validation"]
    for line, column in zip(display.lines_, ("training_loss", "validation_loss"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), model.history_[column])
        np.testing.assert_array_equal(line.get_xdata(), np.arange(1, model.n_iter_ + 1))
    assert display.figure_ is display.ax_.figure
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Iteration", "Loss")
    assert display.ax_.get_title() == "SGDClassifier"


def test_best_iteration_is_marked(model):
    display = TrainingCurveDisplay.from_estimator(model)
    assert set(display.best_line_.get_xdata()) == {model.best_iteration_ + 1}
    assert display.best_line_.get_label() == f"best iteration ({model.best_iteration_ + 1})"


def test_constant_guesses_are_drawn(model):
    display = TrainingCurveDisplay.from_estimator(model)
    drawn = [line.get_ydata()[0] for line in display.guess_lines_]
    assert drawn == [model.history_.baseline["training_loss"], model.history_.baseline["validation_loss"]]


def test_scores(model):
    display = TrainingCurveDisplay.from_estimator(model, metric="score", name="mine")
    np.testing.assert_array_equal(display.lines_[1].get_ydata(), model.history_["validation_score"])
    assert display.guess_lines_ == []
    assert display.ax_.get_title() == "mine"


@pytest.mark.parametrize("metric", ["objective", "penalty", "learning_rate", "seconds"])
def test_any_column(model, metric):
    display = TrainingCurveDisplay.from_estimator(model, metric=metric)
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), model.history_[metric])
    assert display.best_line_ is None
    assert display.ax_.get_legend() is None


def test_unknown_metric_lists_what_there_is(model):
    with pytest.raises(ValueError, match=r"no 'roundness' was recorded.*data_loss"):
        TrainingCurveDisplay.from_estimator(model, metric="roundness")


def test_unfitted_estimator():
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(LogisticRegression())
    with pytest.raises(TypeError, match="Pipeline keeps no history_"):
        TrainingCurveDisplay.from_estimator(make_pipeline(LogisticRegression()).fit([[0.0], [1.0]], [0, 1]))


def test_without_validation_there_is_one_curve():
    history = History([{"data_loss": 0.6}, {"data_loss": 0.5}])
    display = TrainingCurveDisplay.from_history(history, best_iteration=1)
    assert [line.get_label() for line in display.lines_] == ["training"]
    assert display.best_line_ is None


@pytest.mark.parametrize("n", [1, 2])
def test_few_iterations_are_seen(n):
    display = TrainingCurveDisplay.from_history(History([{"data_loss": 0.5}] * n))
    assert display.lines_[0].get_marker() == "o"


@pytest.mark.parametrize(
    ("values", "metric", "log"),
    [
        ([0.7, 0.5, 0.4], "objective", False),
        ([1e4, 10.0, 0.5], "objective", True),
        ([1e4, 10.0, 0.0], "objective", False),
        ([1e4, -10.0, 0.5], "objective", False),
        ([0.7, np.inf, np.nan], "objective", False),
        ([np.nan, np.nan, np.nan], "objective", False),
        ([0.2, 0.1, 0.05], "gradient_norm", True),
    ],
)
def test_logarithmic_where_it_helps(values, metric, log):
    display = TrainingCurveDisplay.from_history(History([{metric: value} for value in values]), metric=metric)
    assert display.ax_.get_yscale() == ("log" if log else "linear")
    display.figure_.canvas.draw()


@pytest.mark.parametrize("log", [True, False])
def test_scale_on_request(model, log):
    display = TrainingCurveDisplay.from_estimator(model, log_scale=log)
    assert display.ax_.get_yscale() == ("log" if log else "linear")
    with pytest.raises(ValueError, match="log_scale"):
        display.plot(log_scale="maybe")


def test_drawn_where_asked_and_styled(model):
    _, ax = plt.subplots()
    display = TrainingCurveDisplay.from_estimator(model, ax=ax, line_kw={"linewidth": 3.5, "color": "k"})
    assert display.ax_ is ax
    assert {(line.get_linewidth(), line.get_color()) for line in display.lines_} == {(3.5, "k")}
    again = display.plot()
    assert again is display
    assert display.ax_ is not ax


def test_missing_matplotlib_says_what_to_install(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install 'schuss\[plot\]'"):
        TrainingCurveDisplay.from_estimator(model)
