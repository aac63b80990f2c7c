# SPDX-License-Identifier: BSD-3-Clause
"""PoissonRegressor, GammaRegressor, TweedieRegressor: they reach the minimum, on any shape of data."""

import warnings

import numpy as np
import pytest
from reference.loss import LOSSES, second_derivative
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance
from tolerance import assert_close, assert_same_bytes

from schuss import diagnosis
from schuss.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor

MODELS = {
    "poisson": (PoissonRegressor, {}, "poisson", 0.0),
    "gamma": (GammaRegressor, {}, "gamma", 0.0),
    "compound": (TweedieRegressor, {"power": 1.5}, "tweedie", 1.5),
    "inverse gaussian": (TweedieRegressor, {"power": 3}, "inverse_gaussian", 0.0),
    "normal": (TweedieRegressor, {"power": 0}, "squared", 0.0),
    "normal, log": (TweedieRegressor, {"power": 0, "link": "log"}, "tweedie", 0.0),
    "gamma, identity": (TweedieRegressor, {"power": 2, "link": "identity"}, "tweedie_identity", 2.0),
}
KINDS = pytest.mark.parametrize("kind", MODELS)
GAP = 2e-7  # of the objective, that a fit may be above its minimum


def draw(kind, n, d, rng, *, spread=0.3):
    """A table, and targets that follow the model."""
    X = rng.standard_normal((n, d))
    eta = spread * X @ rng.standard_normal(d) / np.sqrt(d) + 0.5
    mu = np.maximum(eta, 0.2) if "identity" in kind else np.exp(eta)
    if kind in ("poisson", "compound"):
        return X, rng.poisson(mu).astype(float)
    if kind == "normal":
        return X, mu + 0.1 * rng.standard_normal(n)
    return X, mu * rng.gamma(5.0, 0.2, n)


def make(kind, **params):
    cls, own, _, _ = MODELS[kind]
    return cls(**own, **params)


def certificate(kind, model, X, y, weight=None):
    """How far the objective is above its minimum by Newton's estimate, relative to it; and its gradient."""
    _, _, name, c = MODELS[kind]
    rule = LOSSES[name]
    X = X.toarray() if sparse.issparse(X) else X
    x = np.column_stack([X, np.full(len(X), float(model.fit_intercept))])
    theta = np.append(model.coef_, model.intercept_).astype(np.longdouble)
    w = np.ones(len(y)) if weight is None else weight
    w, z = w / w.sum(), x @ theta
    pull = np.append(np.full(X.shape[1], model.alpha), 0.0)
    gradient = x.T @ (w * rule.gradient(y, z, c)) + pull * theta
    curvature = (w * second_derivative(rule, True)(y, z, c)).astype(float)
    hessian = (x.T * curvature) @ x + np.diag(pull)
    scale = 1 / np.sqrt(np.diag(hessian) + (np.diag(hessian) == 0)).astype(float)
    g = (scale * gradient).astype(float)
    gap = 0.5 * g @ np.linalg.pinv((hessian * scale * scale[:, None]).astype(float), hermitian=True) @ g
    best = z if name == "tweedie_identity" else y if name == "squared" else np.log(np.maximum(y, 1e-300))
    least = y if name == "tweedie_identity" else best
    deviance = np.sum(w * (rule.value(y, z, c) - rule.value(y, least, c))) + 0.5 * np.sum(pull * theta**2)
    return float(gap / max(float(deviance), 1e-3)), float(np.abs(gradient).max())


def check(kind, model, X, y, weight=None, *, room=GAP):
    gap, norm = certificate(kind, model, X, y, weight)
    assert model.stop_reason_ == "converged"
    assert gap <= room
    assert norm <= 1.01 * model.tol + 1e-9
    assert_close(model.history_[-1]["gradient_norm"], norm, 1e-3, scale=1e-4)


@KINDS
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_minimum_is_scikit_learns(kind, fit_intercept, rng):
    if not fit_intercept and kind == "gamma, identity":
        pytest.skip("scikit-learn starts from predictions of zero, which are impossible")
    X, y = draw(kind, 200, 4, rng)
    weight = rng.random(200)
    params = {"alpha": 0.01, "tol": 1e-8, "fit_intercept": fit_intercept, "max_iter": 1000}
    ours = make(kind, **params).fit(X, y, weight)
    cls, own, _, _ = MODELS[kind]
    want = getattr(theirs, cls.__name__)(**own, **params).fit(X, y, weight)
    assert_close(ours.coef_, want.coef_, 1e-6, scale=1)
    assert_close(ours.intercept_, want.intercept_, 1e-6, scale=1)
    assert_close(ours.predict(X), want.predict(X), 1e-6)
    assert_close(ours.score(X, y, weight), want.score(X, y, weight), 1e-7, scale=1)
    check(kind, ours, X, y, weight)


@KINDS
@pytest.mark.parametrize("n", [300, 40_000])
def test_converges_from_scratch(kind, n, rng):
    X, y = draw(kind, n, 6, rng)
    check(kind, make(kind, alpha=1e-3).fit(X, y), X, y)


@KINDS
@pytest.mark.parametrize("layout", ["fortran", "csr", "csc"])
def test_layout_does_not_matter(kind, layout, rng):
    X, y = draw(kind, 400, 5, rng, spread=0.2)
    X[rng.random(X.shape) < 0.5] = 0
    change = {"fortran": np.asfortranarray, "csr": sparse.csr_array, "csc": sparse.csc_array}[layout]
    params = {"alpha": 0.01, "tol": 1e-7}
    assert_close(make(kind, **params).fit(change(X), y).coef_, make(kind, **params).fit(X, y).coef_, 1e-5, scale=1)


@pytest.mark.parametrize("kind", ["poisson", "gamma", "inverse gaussian"])
def test_sparse_data_too_large_for_an_array(kind, rng):
    X, y = draw(kind, 4000, 300, rng)
    X = sparse.csr_array(X * (rng.random(X.shape) < 0.05))
    check(kind, make(kind, alpha=1e-3).fit(X, y), X, y, room=1e-6)


@KINDS
def test_fewer_rows_than_columns(kind, rng):
    X, y = draw(kind, 20, 30, rng)
    check(kind, make(kind, alpha=0.1).fit(X, y), X, y)


@KINDS
def test_collinear_and_constant_columns(kind, rng):
    X, y = draw(kind, 200, 4, rng)
    X = np.column_stack([X, X[:, 0] + X[:, 1], np.full(200, 7.0), np.zeros(200)])
    for alpha in (0.0, 1e-3):
        check(kind, make(kind, alpha=alpha).fit(X, y), X, y)


@pytest.mark.parametrize("kind", ["poisson", "gamma", "compound", "normal"])
def test_columns_of_all_sizes(kind, rng):
    X, y = draw(kind, 2000, 5, rng)
    X *= 10.0 ** np.array([-8, -4, 0, 4, 8])
    X += 10.0 ** np.array([-8, -4, 0, 4, 8])
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model = make(kind, alpha=0.0, tol=100.0).fit(X, y)  # the gradient has the size of the columns
    assert certificate(kind, model, X, y)[0] <= 1e-5


@KINDS
def test_weight_counts_copies_and_zero_is_absence(kind, rng):
    X, y = draw(kind, 80, 3, rng)
    count = rng.integers(0, 3, 80)
    params = {"alpha": 0.01, "tol": 1e-9}
    weighted = make(kind, **params).fit(X, y, count.astype(float))
    copied = make(kind, **params).fit(np.repeat(X, count, axis=0), np.repeat(y, count))
    assert_close(weighted.coef_, copied.coef_, 1e-7, scale=1)
    assert_close(weighted.history_["objective"][-1], copied.history_["objective"][-1], 1e-9)


@pytest.mark.parametrize("kind", ["poisson", "inverse gaussian"])
def test_thread_count_changes_no_bit(kind, rng):
    X, y = draw(kind, 30_000, 8, rng)
    one, *more = (make(kind, n_threads=n).fit(X, y) for n in (1, 2, 3))
    for model in more:
        assert_same_bytes(model.coef_, one.coef_)
        assert_same_bytes(model.intercept_, one.intercept_)


@KINDS
def test_single_precision(kind, rng):
    X, y = draw(kind, 500, 4, rng)
    single = make(kind, alpha=0.01).fit(X.astype(np.float32), y.astype(np.float32))
    double = make(kind, alpha=0.01).fit(X, y)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    assert single.predict(X.astype(np.float32)).dtype == np.float32
    assert_close(single.coef_, double.coef_, 2e-3, scale=1)


def test_large_means_without_an_intercept(rng):
    """Zero coefficients predict 1, which is far from a million."""
    X = np.column_stack([np.ones(300), rng.standard_normal((300, 2))])
    y = rng.poisson(np.exp(X @ [14.0, 0.1, -0.2])).astype(float)
    model = PoissonRegressor(alpha=0.0, fit_intercept=False, tol=1e-2).fit(X, y)
    assert_close(model.coef_, [14.0, 0.1, -0.2], 1e-3)
    assert model.n_iter_ <= 6


@pytest.mark.parametrize("y", [np.zeros(30), np.r_[1.0, np.zeros(29)]])
def test_hardly_any_events(y, rng):
    X = rng.standard_normal((30, 2))
    model = PoissonRegressor().fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert_close(model.predict(X).mean(), y.mean(), 1e-3, scale=1e-3)


def test_history_is_about_half_the_deviance(rng):
    X, y = draw("poisson", 500, 3, rng)
    model = PoissonRegressor(alpha=0.1).fit(X, y)
    last = model.history_[-1]
    assert_close(2 * last["data_loss"], mean_poisson_deviance(y, model.predict(X)), 1e-10)
    assert_close(last["penalty"], 0.05 * model.coef_ @ model.coef_, 1e-10)
    null = mean_poisson_deviance(y, np.full(500, y.mean()))
    assert_close(2 * model.history_.baseline["training_loss"], null, 1e-10)
    assert len(model.history_) == model.n_iter_


def test_validation_data_end_a_fit(rng):
    X, y = draw("poisson", 300, 40, rng, spread=0.1)
    model = PoissonRegressor(alpha=0.0, early_stopping=True, random_state=0, tol=1e-12, n_iter_no_change=2).fit(X, y)
    assert model.best_iteration_ < model.n_iter_
    given = PoissonRegressor(alpha=0.1).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert_close(given.history_["validation_score"][-1], given.score(X[200:], y[200:]), 0.1, scale=1)
    assert_close(
        2 * given.history_["validation_loss"][-1], mean_poisson_deviance(y[200:], given.predict(X[200:])), 1e-10
    )
    assert diagnosis.diagnose(given) is not None


@pytest.mark.parametrize("power", [0, 1, 1.5, 2, 3])
def test_score_is_scikit_learns_d2(power, rng):
    X, y = draw("gamma", 100, 3, rng)
    model = TweedieRegressor(power=power).fit(X, y)
    assert_close(model.score(X, y), d2_tweedie_score(y, model.predict(X), power=power), 1e-9, scale=1)
    with pytest.raises(ValueError, match="out of the valid range of the loss 'HalfGammaLoss'"):
        GammaRegressor().fit(X, y).score(X, -y)


def test_a_perfect_mean_leaves_no_share_to_explain():
    model = PoissonRegressor().fit([[1.0], [2.0], [4.0]], [1.0, 1.0, 3.0])
    assert np.isnan(model.score([[1.0]], [5.0]))
    assert np.isnan(TweedieRegressor().fit([[1.0], [2.0]], [0.0, 0.0]).score([[1.0], [2.0]], [0.0, 0.0]))


def test_warm_start_begins_where_the_last_fit_ended(rng):
    X, y = draw("poisson", 300, 4, rng)
    model = PoissonRegressor(warm_start=True, tol=1e-6).fit(X, y)
    first = model.n_iter_
    assert model.fit(X, y).n_iter_ == 1 < first
    assert model.history_["step_size"][0] == 0.0


def test_running_out_of_iterations_warns(rng):
    X, y = draw("poisson", 300, 4, rng)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge after 1 iteration"):
        model = PoissonRegressor(max_iter=1, tol=1e-10).fit(X, y)
    assert model.stop_reason_ == "max_iter"


def test_identity_link_says_what_is_impossible():
    X = np.array([[1.0], [-1.0], [2.0]])
    with pytest.raises(ValueError, match="predictions have to be positive"):
        TweedieRegressor(power=2, link="identity", fit_intercept=False).fit(X, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="y must not be all zeros"):
        TweedieRegressor(power=1, link="identity").fit(X, np.zeros(3))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_numbers_are_refused(bad, rng):
    X, y = draw("poisson", 300_000, 2, rng)
    X[77, 1] = bad
    with pytest.raises(ValueError, match="Input X contains"):
        PoissonRegressor().fit(X, y)


def test_tolerance_of_doubles(rng):
    """As precise as rounding allows when asked to be."""
    X, y = draw("poisson", 200, 3, rng)
    model = PoissonRegressor(alpha=0.0, tol=1e-13).fit(X, y)
    assert certificate("poisson", model, X, y)[1] <= 1e-13
