# SPDX-License-Identifier: BSD-3-Clause
"""Plots of paths: what is drawn, marked and named."""

from __future__ import annotations

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

import schuss
from schuss.display import RegularizationPathDisplay
from schuss.linear_model import ElasticNetCV, LassoCV, LinearRegression, MultiTaskLassoCV, Ridge


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.standard_normal((100, 4)), columns=list("abcd"))
    return X, X.to_numpy() @ [3.0, -1.0, 0.0, 0.5] + rng.standard_normal(100)


@pytest.fixture(scope="module")
def model(data):
    return LassoCV(alphas=12, cv=4).fit(*data)


def test_a_search_shows_coefficients_and_errors(model, data):
    display = schuss.RegularizationPathDisplay.from_estimator(model, *data)
    assert isinstance(display, RegularizationPathDisplay)
    assert [axes.get_ylabel() for axes in display.axes_] == ["Coefficient", "Mean squared error"]
    assert display.axes_[0].get_title() == "LassoCV"
    assert display.axes_[1].get_xlabel() == "alpha"
    assert all(axes.get_xscale() == "log" for axes in display.axes_)
    assert [line.get_label() for line in display.lines_] == list("abcd")
    at = int(np.flatnonzero(model.alphas_ == model.alpha_)[0])
    for line, coef in zip(display.lines_, model.coef_, strict=True):
        np.testing.assert_array_equal(line.get_xdata(), model.alphas_)
        assert line.get_ydata()[at] == pytest.approx(coef, abs=0.05)
    assert display.lines_[0].get_ydata()[0] == 0.0  # the first penalty leaves nothing
    np.testing.assert_array_equal(display.error_line_.get_ydata(), model.mse_path_.mean(axis=1))
    assert len(display.fold_lines_) == 4
    low, high = display.error_band_.get_paths()[0].get_extents().get_points()[:, 1]
    spread = model.mse_path_.std(axis=1)
    assert low == pytest.approx((display.error_line_.get_ydata() - spread).min())
    assert high == pytest.approx((display.error_line_.get_ydata() + spread).max())


def test_the_choice_is_marked(model, data):
    display = RegularizationPathDisplay.from_estimator(model, *data)
    assert [set(line.get_xdata()) for line in display.alpha_lines_] == [{model.alpha_}] * 2
    assert display.alpha_lines_[0].get_label() == f"alpha = {model.alpha_:.3g}"


def test_errors_alone_need_no_data(model):
    display = RegularizationPathDisplay.from_estimator(model, name="mine")
    assert len(display.axes_) == 1
    assert display.lines_ == []
    assert display.axes_[0].get_title() == "mine"


def test_of_several_mixtures_the_chosen_one_is_drawn(data):
    model = ElasticNetCV(l1_ratio=[0.1, 0.9], alphas=6, cv=3).fit(*data)
    display = RegularizationPathDisplay.from_estimator(model)
    chosen = [0.1, 0.9].index(model.l1_ratio_)
    np.testing.assert_array_equal(display.error_line_.get_ydata(), model.mse_path_[chosen].mean(axis=1))
    np.testing.assert_array_equal(display.alphas, model.alphas_[chosen])


def test_several_targets_show_norms(data):
    X, y = data
    Y = np.column_stack([y, -y])
    display = RegularizationPathDisplay.from_estimator(MultiTaskLassoCV(alphas=5, cv=3).fit(X, Y), X, Y)
    assert display.axes_[0].get_ylabel() == "Norm of the coefficients"
    assert min(line.get_ydata().min() for line in display.lines_) == 0.0


def test_a_single_model_gets_a_path_about_its_alpha(data):
    model = Ridge(alpha=2.0).fit(*data)
    display = RegularizationPathDisplay.from_estimator(model, *data)
    assert (display.alphas.min(), display.alphas.max()) == pytest.approx((0.02, 200.0))
    assert model.alpha == 2.0
    sizes = np.sum([np.square(line.get_ydata()) for line in display.lines_], axis=0)
    assert np.all(np.diff(sizes) > 0.0)  # penalties descend
    given = RegularizationPathDisplay.from_estimator(model, *data, alphas=[0.0, 1.0, 10.0])
    assert given.axes_[0].get_xscale() == "symlog"


def test_a_search_out_of_time_shows_what_there_is(data):
    model = LassoCV(alphas=5, max_time=1e-9).fit(*data)
    assert len(RegularizationPathDisplay.from_estimator(model).alphas) == 1


def test_of_many_features_the_largest_are_named():
    coefs = np.outer(np.arange(30.0), [0.1, 1.0])
    display = RegularizationPathDisplay.from_path([1.0, 0.1], coefs, alpha=0.1)
    named = [line.get_label() for line in display.lines_ if not line.get_label().startswith("_")]
    assert named == [f"x{j}" for j in range(20, 30)]


def test_it_draws_where_it_is_told(model, data):
    _, axes = plt.subplots(2)
    display = RegularizationPathDisplay.from_estimator(model, *data, ax=axes, line_kw={"linewidth": 3.0})
    assert list(display.axes_) == list(axes)
    assert {line.get_linewidth() for line in display.lines_} == {3.0}
    with pytest.raises(ValueError, match="2 axes are needed"):
        display.plot(axes[0])


def test_refusals(data, monkeypatch):
    with pytest.raises(NotFittedError):
        RegularizationPathDisplay.from_estimator(LassoCV())
    with pytest.raises(ValueError, match="LinearRegression has no path of its own"):
        RegularizationPathDisplay.from_estimator(LinearRegression().fit(*data), *data)
    with pytest.raises(ValueError, match="alpha=0 has no scale"):
        RegularizationPathDisplay.from_estimator(Ridge(alpha=0.0).fit(*data), *data)
    with pytest.raises(ValueError, match="neither a coefficient nor an error"):
        RegularizationPathDisplay(alphas=[1.0]).plot()
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match="plotting needs matplotlib"):
        RegularizationPathDisplay.from_path([1.0], [[1.0]])
