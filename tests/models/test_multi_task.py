# SPDX-License-Identifier: BSD-3-Clause
"""MultiTaskLasso and MultiTaskElasticNet: the certified minimum, whatever the shape and the storage."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model as theirs
from sklearn.exceptions import ConvergenceWarning
from tolerance import assert_close, assert_same_bytes

from schuss import linear_model as ours
from schuss.linear_model import MultiTaskElasticNet, MultiTaskLasso

MODELS = pytest.mark.parametrize("name", ["MultiTaskLasso", "MultiTaskElasticNet"])


def regression(rng, n=80, d=9, k=3):
    X = rng.standard_normal((n, d)) + 0.5 * rng.standard_normal((n, 1)) + np.arange(d) % 5
    coef = rng.standard_normal((d, k)) * (np.arange(d) < d // 2)[:, None]
    return X, X @ coef + 3.0 + 0.5 * rng.standard_normal((n, k))


def make(name, **parameters):
    return getattr(ours, name)(**({"alpha": 0.3, "tol": 1e-10, "max_iter": 10**6} | parameters))


def relative_gap(model, X, y, weight=None):
    """Duality gap by the formula, over the square of y: the residual, scaled to be feasible, is the dual point."""
    weight = np.ones(len(y)) if weight is None else weight
    total, root = weight.sum(), np.sqrt(weight)[:, None]
    centre = 1.0 if model.fit_intercept else 0.0
    Z, Y = root * (X - centre * (weight @ X) / total), root * (y - centre * (weight @ y) / total)
    coef = model.coef_.astype(float)
    residual = Y - Z @ coef.T
    l1, l2 = (model.alpha * total * share for share in (model.l1_ratio, 1.0 - model.l1_ratio))
    c = min(1.0, l1 / np.linalg.norm(Z.T @ residual - l2 * coef.T, axis=1).max())
    primal = 0.5 * (residual**2).sum() + l1 * np.linalg.norm(coef, axis=0).sum() + 0.5 * l2 * (coef**2).sum()
    dual = c * (residual * Y).sum() - 0.5 * c**2 * ((residual**2).sum() + l2 * (coef**2).sum())
    return (primal - dual) / (Y**2).sum()


@MODELS
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_it_is_the_minimum_and_scikit_learns(name, fit_intercept, weighted, rng):
    X, y = regression(rng)
    weight = rng.random(80) * rng.integers(0, 2, 80) if weighted else None
    model = make(name, fit_intercept=fit_intercept).fit(X, y, weight)
    assert relative_gap(model, X, y, weight) < 1e-9
    assert model.dual_gap_ * 80 <= model.eps_
    params = {key: value for key, value in model.get_params().items() if key not in ("max_time", "n_threads")}
    want = getattr(theirs, name)(**params).fit(X, y, weight)
    assert_close(model.coef_, want.coef_, 1e-5, scale=np.abs(want.coef_).max())
    assert_close(model.intercept_, want.intercept_, 1e-5, scale=np.abs(want.intercept_).max())
    assert np.array_equal(model.coef_.any(axis=0), model.coef_.all(axis=0))  # in all tasks or in none


@MODELS
@pytest.mark.parametrize("shape", [(30, 200), (40, 1500), (2500, 60)])
def test_wide_and_long_tables(name, shape, rng):
    X, y = regression(rng, *shape)
    model = make(name, alpha=1.0, tol=1e-7).fit(X, y)
    assert model.stop_reason_ == "converged"
    assert relative_gap(model, X, y) < 1e-6
    assert model.coef_.any()


@MODELS
def test_collinear_and_constant_columns(name, rng):
    X, y = regression(rng)
    X = np.column_stack([X, X[:, :2], np.full(80, 7.0), np.zeros(80)])
    assert relative_gap(make(name, tol=1e-8).fit(X, y), X, y) < 1e-7


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_scales_of_columns(scale, rng):
    X, y = regression(rng)
    want = make("MultiTaskLasso").fit(X, y)
    scaled = make("MultiTaskLasso", alpha=0.3 * scale).fit(X * scale, y)
    assert_close(scaled.coef_ * scale, want.coef_, 1e-6, scale=1.0)


@MODELS
def test_a_weight_is_a_repetition(name, rng):
    X, y = regression(rng)
    weight = rng.integers(0, 3, 80)
    rows = np.repeat(np.arange(80), weight)
    assert_close(make(name).fit(X, y, weight).coef_, make(name).fit(X[rows], y[rows]).coef_, 1e-6, scale=1.0)


@MODELS
def test_storage_precision_and_threads(name, rng):
    X, y = regression(rng, n=400)
    X[rng.random(X.shape) < 0.5] = 0.0
    weight = rng.random(400)
    want = make(name).fit(X, y, weight)
    for other in (np.asfortranarray(X), sp.csc_array(X), sp.csr_matrix(X)):
        assert_close(make(name).fit(other, y, weight).coef_, want.coef_, 1e-6, scale=1.0)
    single = make(name, tol=1e-6).fit(X.astype(np.float32), y.astype(np.float32), weight)
    assert single.coef_.dtype == single.predict(X.astype(np.float32)).dtype == np.float32
    assert_close(single.coef_, want.coef_, 1e-2, scale=1.0)
    for n_threads in (2, 3):
        assert_same_bytes(make(name, n_threads=n_threads).fit(X, y).coef_, make(name, n_threads=1).fit(X, y).coef_)


def test_the_record_validation_and_warm_start(rng):
    X, y = regression(rng, n=200)
    model = make("MultiTaskLasso", warm_start=True).fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    last = model.history_[-1]
    objective = 0.5 * np.mean(np.sum((model.predict(X[:150]) - y[:150]) ** 2, axis=1)) + 0.3 * np.sum(
        np.linalg.norm(model.coef_, axis=0)
    )
    assert last["objective"] == pytest.approx(objective)
    assert last["validation_score"] == pytest.approx(model.score(X[150:], y[150:]))
    assert last["n_sweeps"] == model.n_iter_
    assert model.history_.baseline["training_loss"] == pytest.approx(0.5 * y[:150].var(axis=0).sum())
    before = model.n_iter_
    assert model.fit(X[:150], y[:150]).n_iter_ < before
    assert make("MultiTaskLasso", max_time=1e-9).fit(X, y).stop_reason_ == "max_time"
    with pytest.warns(ConvergenceWarning, match="Objective did not converge"):
        assert make("MultiTaskElasticNet", max_iter=1).fit(X, y).stop_reason_ == "max_iter"


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (MultiTaskLasso(), np.arange(6.0), "For mono-task outputs, use Lasso"),
        (MultiTaskElasticNet(), np.full((6, 2), np.nan), "Input y contains NaN"),
        (MultiTaskElasticNet(l1_ratio=2.0), np.ones((6, 2)), "'l1_ratio' parameter"),
        (MultiTaskLasso(), np.ones((5, 2)), "inconsistent numbers of samples"),
    ],
)
def test_refusals(model, y, message):
    with pytest.raises(ValueError, match=message):
        model.fit(np.arange(6.0)[:, None], y)
