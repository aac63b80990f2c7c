# SPDX-License-Identifier: BSD-3-Clause
"""HuberRegressor and QuantileRegressor: is it the minimum, and can it be proved?"""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog
from sklearn.exceptions import ConvergenceWarning
from svm_cases import nasty, rows_of
from tolerance import assert_close, assert_same_bytes, eps

from schuss.linear_model import HuberRegressor, QuantileRegressor

NASTY = ("wide", "collinear", "constant", "scales", "far")


pytestmark = pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")  # quiet means converged


def numbers(X, rng, outliers=0.1):
    z = X @ np.where(np.arange(X.shape[1]) < 3, 1.0, 0.0) / np.abs(X[:, :3]).max() + 0.3 * rng.standard_normal(len(X))
    return np.where(rng.random(len(X)) < outliers, z + 10.0, z)


# -- Huber -----------------------------------------------------------------------------------------


def huber(model, X, y, weight=None):
    """Objective divided by the sum of the weights, and its gradient by coef, intercept and scale."""
    X, weight = rows_of(X), np.ones(len(y)) if weight is None else weight
    r = y - X @ model.coef_ - model.intercept_
    s, e = model.scale_, model.epsilon
    inside = np.abs(r) <= e * s
    value = weight @ np.where(inside, s + r * r / s, s + 2 * e * np.abs(r) - e * e * s)
    slope = weight * np.where(inside, -2 * r / s, -2 * e * np.sign(r))
    by_scale = weight @ np.where(inside, 1 - (r / s) ** 2, 1 - e * e)
    gradient = [*(slope @ X + 2 * model.alpha * model.coef_), slope.sum() * model.fit_intercept, by_scale]
    total = weight.sum()
    return (value + model.alpha * model.coef_ @ model.coef_) / total, np.array(gradient) / total


@pytest.mark.parametrize("options", [{}, {"epsilon": 1.1}, {"alpha": 10.0}, {"fit_intercept": False}], ids=str)
@pytest.mark.parametrize("n", [150, 30_000])
def test_huber_gradient_vanishes(options, n, rng):
    X = rng.standard_normal((n, 5)) + 1.0
    y, weight = numbers(X, rng), rng.integers(0, 3, n).astype(float)
    model = HuberRegressor(tol=1e-7, **options).fit(X, y, weight)
    value, gradient = huber(model, X, y, weight)
    assert model.stop_reason_ == "converged"
    assert np.abs(gradient).max() <= 1e-6
    assert_close(model.history_["objective"][-1], value, 1e-10)
    np.testing.assert_array_equal(model.outliers_, np.abs(y - model.predict(X)) > model.epsilon * model.scale_)


@pytest.mark.parametrize("name", NASTY)
def test_huber_on_nasty_data(name, rng):
    X, _ = nasty(name, rng)
    y = numbers(X, rng)
    model = HuberRegressor(alpha=0.1, max_iter=1000).fit(X, y)
    gradient = huber(model, X, y)[1]
    if name == "wide":  # its minimum interpolates, the scale tends to zero
        assert np.abs(y - model.predict(X)).max() <= 0.1
    else:
        assert np.abs(gradient / np.append(1 + np.abs(X).max(axis=0), [1, 1])).max() <= 2e-5


def huber_bound(model, X, y):
    """What no parameters can fall below: the dual objective, at multipliers from the residuals.

    These add up to zero, none exceeds epsilon, and their squares add up to at most n: then the scale is worth nothing.
    """
    pull = np.clip((y - X @ model.coef_ - model.intercept_) / model.scale_, -model.epsilon, model.epsilon)
    pull -= pull.mean()
    pull /= max(1.0, np.abs(pull).max() / model.epsilon, np.sqrt(np.mean(pull**2)))
    return (2 * pull @ y - np.sum((X.T @ pull) ** 2) / model.alpha) / len(y)


@pytest.mark.parametrize("d", [2, 10, 40])
def test_huber_with_hardly_more_rows_than_columns(d):
    """The scale falls to zero, where the objective is no more than the scale above its infimum."""
    vanished, certified = 0, []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        X = rng.standard_normal((d + 2, d))
        y = X @ rng.standard_normal(d) + rng.standard_t(3, d + 2)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = HuberRegressor(alpha=0.1, max_iter=500).fit(X, y)
        value, gradient = huber(model, X, y)
        tiny = model.scale_ <= 5e-8 * value
        vanished += tiny
        assert model.scale_ >= 1e-12 * np.median(np.abs(y))
        if model.stop_reason_ == "converged":
            assert np.abs(gradient[:-1]).max() <= 2 * model.tol
            assert tiny or abs(gradient[-1]) * model.scale_ <= 2 * model.tol
            assert value - huber_bound(model, X, y) <= 1e-5 * value
        else:
            assert "scale tends to zero" in str(caught[-1].message)
        certified.append(model.stop_reason_ == "converged")
    assert vanished >= 2  # the case that this is about
    assert sum(certified) >= 3


@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix, np.asfortranarray])
def test_huber_storage_makes_no_difference(container, dtype, rng):
    X = rng.standard_normal((200, 4))
    y = numbers(X, rng)
    want, got = HuberRegressor().fit(X, y), HuberRegressor().fit(container(X.astype(dtype)), y)
    assert_close(huber(got, X, y)[0], huber(want, X, y)[0], 1e-6)


def test_huber_large_sparse_data(rng):
    X = sp.random_array((3000, 1500), density=0.01, format="csr", random_state=rng)
    y = X @ rng.standard_normal(1500) + rng.standard_normal(3000)
    model = HuberRegressor(alpha=1.0, max_iter=500, tol=1e-6).fit(X, y)
    assert np.abs(huber(model, X, y)[1]).max() <= 2e-5


def test_huber_threads_change_no_bit(n_threads, rng):
    X = rng.standard_normal((20_000, 8))
    y = numbers(X, rng)
    alone, together = (HuberRegressor(n_threads=count).fit(X, y) for count in (1, n_threads))
    assert_same_bytes(together.coef_, alone.coef_)
    assert together.scale_ == alone.scale_


def test_huber_validation_curves(rng):
    X = rng.standard_normal((300, 4))
    y = numbers(X, rng)
    model = HuberRegressor().fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert_close(model.history_["validation_score"][-1], model.score(X[200:], y[200:]), 1e-12)
    value = huber(model, X[:200], y[:200])[0] - model.alpha * model.coef_ @ model.coef_ / 200
    assert_close(model.history_["training_loss"][-1], value, 1e-9)


# -- quantiles -------------------------------------------------------------------------------------


def pinball(model, X, y, weight=None):
    """Mean pinball loss plus penalty."""
    weight = np.ones(len(y)) if weight is None else weight
    r = y - rows_of(X) @ model.coef_ - model.intercept_
    loss = weight @ np.where(r > 0, model.quantile * r, (model.quantile - 1) * r)
    return loss / weight.sum() + model.alpha * np.abs(model.coef_).sum()


def least_pinball(model, X, y, weight=None):
    """The minimum, from the dual linear programme."""
    X, weight = rows_of(X), np.ones(len(y)) if weight is None else weight
    room, tau = model.alpha * weight.sum(), model.quantile
    bounds = list(zip((tau - 1) * weight, tau * weight, strict=True))
    ones = {"A_eq": np.ones((1, len(y))), "b_eq": [0.0]} if model.fit_intercept else {}
    scale = np.abs(X).max(axis=0) + (np.abs(X).max(axis=0) == 0)  # HiGHS measures its constraints in their own units
    A, b = np.vstack([(X / scale).T, -(X / scale).T]), np.tile(room / scale, 2)
    return -linprog(-y, A_ub=A, b_ub=b, bounds=bounds, **ones).fun / weight.sum()


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("alpha", [0.0, 0.02, 1.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_quantile_is_the_minimum(quantile, alpha, fit_intercept, rng):
    X = rng.standard_normal((150, 5))
    y, weight = numbers(X, rng), rng.integers(0, 3, 150).astype(float)
    model = QuantileRegressor(quantile=quantile, alpha=alpha, fit_intercept=fit_intercept).fit(X, y, weight)
    least = least_pinball(model, X, y, weight)
    assert abs(pinball(model, X, y, weight) - least) <= 1e-9 * least
    assert model.history_["duality_gap"][-1] <= 1e-9 * least


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("alpha", [0.0, 0.05])
def test_quantile_on_nasty_data(name, alpha, rng):
    X, _ = nasty(name, rng, n=60)
    y = numbers(X, rng)
    model = QuantileRegressor(quantile=0.3, alpha=alpha).fit(X, y)
    value, size = pinball(model, X, y), np.abs(y).mean()
    assert value - least_pinball(model, X, y) <= 1e-6 * size
    assert model.history_["duality_gap"][-1] <= 1e-6 * size


def test_quantile_interpolates_as_many_rows_as_it_has_parameters(rng):
    X = rng.standard_normal((500, 6))
    y = numbers(X, rng)
    model = QuantileRegressor(quantile=0.7, alpha=0.03).fit(X, y)
    kept = np.count_nonzero(model.coef_)
    assert kept < 6
    assert np.sum(np.abs(y - model.predict(X)) <= 1e3 * eps(float) * np.abs(y).max()) == kept + 1


@pytest.mark.parametrize("alpha", [0.0, 0.01])
def test_quantile_of_many_rows_on_a_band_of_them(alpha, rng):
    X = rng.standard_normal((40_000, 4))
    y = numbers(X, rng) * (1.0 + np.abs(X[:, 0]))
    model = QuantileRegressor(quantile=0.2, alpha=alpha).fit(X, y)
    r = y - model.predict(X)
    assert model.stop_reason_ == "converged"
    assert model.history_["duality_gap"][-1] <= 1e-9 * pinball(model, X, y)
    assert_close(model.history_["objective"][-1], pinball(model, X, y), 1e-10)
    assert abs(np.mean(r < 0) - 0.2) <= 1e-3


@pytest.mark.parametrize("container", [sp.csr_array, sp.csc_matrix, np.asfortranarray])
def test_quantile_storage_makes_no_difference(container, rng):
    X = sp.random_array((3000, 500), density=0.01, format="csr", random_state=rng)
    y = X @ np.r_[np.ones(5), np.zeros(495)] + 0.1 * rng.standard_normal(3000)
    want = QuantileRegressor(alpha=1e-3).fit(X, y)
    got = QuantileRegressor(alpha=1e-3).fit(container(X.toarray()), y)
    assert_close(pinball(got, X, y), pinball(want, X, y), 1e-8)


def test_quantile_weight_of_two_is_two_copies(rng):
    X = rng.standard_normal((80, 3))
    y, weight = numbers(X, rng), rng.integers(0, 3, 80)
    weighed = QuantileRegressor(alpha=0.01).fit(X, y, weight)
    copied = QuantileRegressor(alpha=0.01).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    assert_close(pinball(weighed, X, y, weight), pinball(copied, X, y, weight), 1e-9)


def test_quantile_threads_change_no_bit(n_threads, rng):
    X = rng.standard_normal((20_000, 8))
    y = numbers(X, rng)
    alone, together = (QuantileRegressor(alpha=0.01, n_threads=count).fit(X, y) for count in (1, n_threads))
    assert_same_bytes(together.coef_, alone.coef_)


def test_quantile_validation_curves_and_limits(rng):
    X = rng.standard_normal((300, 4))
    y = numbers(X, rng)
    model = QuantileRegressor(quantile=0.8, alpha=0.0).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    history = model.history_
    assert_close(history["training_loss"][-1], pinball(model, X[:200], y[:200]), 1e-10)
    assert_close(history["validation_loss"][-1], pinball(model, X[200:], y[200:]), 1e-10)
    assert history["training_loss"][-1] < history.baseline["training_loss"]
    with pytest.warns(ConvergenceWarning, match="Linear programming for QuantileRegressor did not succeed"):
        QuantileRegressor(solver_options={"maxiter": 1}).fit(X, y)


def test_huber_knows_the_loss_of_a_constant_guess(rng):
    X = rng.standard_normal((400, 3))
    y = X @ [3.0, 1.0, 0.0] + rng.standard_t(2, size=400) + 10.0
    weight = rng.integers(0, 3, size=400).astype(float)
    baseline = HuberRegressor().fit(X, y, weight, X_val=X[:50], y_val=y[:50]).history_.baseline
    alone = HuberRegressor(alpha=0.0, tol=1e-9).fit(np.zeros((400, 1)), y, weight)
    assert alone.history_[-1]["data_loss"] <= baseline["training_loss"] <= 1.01 * alone.history_[-1]["data_loss"]
    assert baseline["validation_loss"] > 0.0
