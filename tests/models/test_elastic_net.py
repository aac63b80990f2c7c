# SPDX-License-Identifier: BSD-3-Clause
"""Lasso and ElasticNet: every solution carries a duality gap that the data confirm, whatever the table."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet as TheirElasticNet

from schuss.linear_model import ElasticNet, Lasso, enet_path, lasso_path
from schuss.linear_model._coordinate_descent import features, working_set

FORMS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "strided": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "CSC": sp.csc_array,
    "CSR": sp.csr_array,
}


def table(n, d, seed=0, *, density=1.0, k=1):
    """A table of correlated columns, one of them constant and two alike, and targets of few of them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) + 0.5 * rng.standard_normal((n, 1)) + 1.0
    X *= rng.random((n, d)) < density
    X[:, d // 2] = X[:, 0]
    X[:, d // 3] = 2.0
    beta = np.zeros((d, k))
    beta[: max(2, d // 10)] = rng.standard_normal((max(2, d // 10), k))
    y = X @ beta + rng.standard_normal((n, k)) + 3.0
    return X, y[:, 0] if k == 1 else y


def strongest(X, y, weight=None):
    """The smallest alpha that leaves nothing in the Lasso."""
    weight = np.ones(len(X)) if weight is None else weight
    Xc, yc = X - np.average(X, axis=0, weights=weight), y - np.average(y, weights=weight)
    return np.abs(Xc.T @ (weight * yc)).max() / weight.sum()


def certificate(model, X, y, *, alpha, l1_ratio=1.0, weight=None, positive=False):
    """Duality gap of the mean objective as a part of the target's mean square; and the sum of the residuals."""
    X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
    weight = np.ones(len(X)) if weight is None else np.asarray(weight, np.float64)
    total = weight.sum()
    coef = np.asarray(model.coef_, np.float64)
    residual = y - X @ coef - model.intercept_
    Xc = X - np.average(X, axis=0, weights=weight)
    yc = y - np.average(y, weights=weight)
    residual_c = yc - Xc @ coef
    l1, l2 = alpha * l1_ratio * total, alpha * (1 - l1_ratio) * total
    slope = Xc.T @ (weight * residual_c) - l2 * coef
    largest = slope.max(initial=0.0) if positive else np.abs(slope).max()
    scale = min(1.0, l1 / largest) if largest > 0 else 1.0
    squares = np.sum(weight * residual_c**2) + l2 * coef @ coef
    gap = (1 + scale**2) / 2 * squares + l1 * np.abs(coef).sum() - scale * np.sum(weight * residual_c * yc)
    return gap / np.sum(weight * yc**2), abs(np.sum(weight * residual)) / (total * yc.std())


def check(model, X, y, room=1e-13, **problem):
    gap, level = certificate(model, X, y, **problem)
    assert gap <= model.tol + room
    assert level <= 10 * np.finfo(model.coef_.dtype).eps ** 0.5


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(200, 12), (40, 90)])
def test_certificate(n, d, dtype, form):
    X, y = table(n, d, density=0.4)
    X, y = X.astype(dtype), y.astype(dtype)
    single = dtype == np.float32
    for options in ({"l1_ratio": 1.0}, {"l1_ratio": 0.4}, {"l1_ratio": 0.7, "positive": True}):
        alpha = strongest(X, y) / 10
        model = ElasticNet(alpha=alpha, tol=1e-5 if single else 1e-9, max_iter=100_000, **options).fit(
            FORMS[form](X), y
        )
        assert model.coef_.dtype == dtype
        assert model.stop_reason_ == "converged"
        check(model, X, y, alpha=alpha, room=1e-6 if single else 1e-13, **options)
        np.testing.assert_allclose(model.predict(FORMS[form](X)), X @ model.coef_ + model.intercept_, rtol=1e-4)


@pytest.fixture
def small_sets(monkeypatch):
    """Working sets also on the small tables of these tests."""
    monkeypatch.setattr(working_set, "_CHEAP_GRAM", 0.0)
    monkeypatch.setattr(working_set, "_FEW", 4)


@pytest.mark.parametrize("form", FORMS)
def test_working_sets_end_at_the_same_optimum(small_sets, form):
    X, y = table(80, 300, density=0.5)
    weight = np.random.default_rng(1).integers(0, 3, 80).astype(float)
    alpha = strongest(X, y, weight) / 20
    model = Lasso(alpha=alpha, tol=1e-9, max_iter=100_000).fit(FORMS[form](X), y, weight)
    check(model, X, y, alpha=alpha, weight=weight)
    sizes = model.history_["working_set"]
    assert 0 == sizes[0] < sizes[1] < sizes[-1] < 300


@pytest.mark.parametrize("form", ["C", "F"])
def test_a_sample_of_a_long_table_finds_the_set(small_sets, form):
    X, y = table(12_000, 50)
    alpha = strongest(X, y) / 10
    model = Lasso(alpha=alpha, tol=1e-10).fit(FORMS[form](X), y)
    check(model, X, y, alpha=alpha)
    assert len(model.history_) <= 4
    assert model.history_["working_set"][-1] < 50
    assert model.history_["objective"][0] < 1.1 * model.history_["objective"][-1]


def test_columns_of_all_sizes_and_the_same_optimum_for_each():
    X, y = table(120, 10)
    X[:, 1:] *= np.geomspace(1e-8, 1e8, 9)
    alpha = strongest(X, y) / 1e6
    model = Lasso(alpha=alpha, tol=1e-10, max_iter=100_000).fit(X, y)
    check(model, X, y, alpha=alpha, room=1e-11)


def test_weight_of_two_is_the_row_twice():
    X, y = table(60, 8)
    weight = np.repeat([1.0, 2.0, 0.0], 20)
    rows = np.repeat(np.arange(60), weight.astype(int))
    one = ElasticNet(alpha=0.05, tol=1e-12, max_iter=10_000).fit(X, y, weight)
    two = ElasticNet(alpha=0.05, tol=1e-12, max_iter=10_000).fit(X[rows], y[rows])
    np.testing.assert_allclose(one.coef_, two.coef_, atol=1e-8)
    np.testing.assert_allclose(one.intercept_, two.intercept_, atol=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_threads_change_no_bit(form, small_sets):
    X, y = table(3000, 70, density=0.3)
    fits = [Lasso(alpha=0.02, n_threads=n).fit(FORMS[form](X), y) for n in (1, 2, 3)]
    assert len({fit.coef_.tobytes() for fit in fits}) == 1
    assert len({float(fit.intercept_) for fit in fits}) == 1


@pytest.mark.parametrize("options", [{}, {"precompute": True}, {"selection": "random", "random_state": 3}])
def test_like_scikit_learn(options):
    X, y = table(80, 20, k=2)
    options = {"alpha": 0.1, "tol": 1e-11, "max_iter": 20_000} | options
    ours, theirs = (model(**options).fit(X, y) for model in (ElasticNet, TheirElasticNet))
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=100 * options["tol"] ** 0.5 * 1e-2)
    assert ours.dual_gap_.shape == theirs.dual_gap_.shape == (2,)
    assert len(ours.n_iter_) == 2
    assert set(ours.history_["target"]) == {0.0, 1.0}
    assert ours.sparse_coef_.shape == (2, 20)


def test_given_gram_matrix():
    X, y = table(50, 6)
    X, y = X - X.mean(axis=0), y - y.mean()
    plain = Lasso(alpha=0.1, tol=1e-10).fit(X, y)
    given = Lasso(alpha=0.1, tol=1e-10, precompute=X.T @ X).fit(X, y)
    np.testing.assert_allclose(given.coef_, plain.coef_, atol=1e-9)
    with pytest.raises(ValueError, match="Gram matrix"):
        Lasso(alpha=0.1, precompute=2 * X.T @ X).fit(X, y)
    with pytest.warns(UserWarning, match="recomputing"):
        Lasso(alpha=0.1, precompute=X.T @ X).fit(X + 1.0, y)


def test_warm_start_needs_no_sweep():
    X, y = table(60, 30)
    model = Lasso(alpha=0.1, warm_start=True).fit(X, y)
    assert model.n_iter_ > 0
    assert model.fit(X, y).n_iter_ == 0
    assert len(model.history_) == 1


def test_sweeps_run_out_with_a_warning():
    X, y = table(50, 40)
    with pytest.warns(ConvergenceWarning, match="Duality gap"):
        model = Lasso(alpha=1e-4, max_iter=2).fit(X, y)
    assert (model.stop_reason_, model.n_iter_) == ("max_iter", 2)


def test_nothing_is_left_at_the_strongest_penalty():
    X, y = table(50, 20)
    model = Lasso(alpha=strongest(X, y) * 1.001).fit(X, y)
    assert not model.coef_.any()
    assert model.intercept_ == pytest.approx(y.mean())
    assert Lasso().fit(X, np.ones(50)).dual_gap_ == 0.0


def test_validation_curves():
    X, y = table(300, 40)
    model = Lasso(alpha=0.05).fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    assert model.history_["validation_score"][-1] > 0.2
    assert model.best_iteration_ >= 0
    with pytest.raises(ValueError, match="one target"):
        Lasso().fit(X, np.column_stack([y, y]), X_val=X, y_val=y)


def test_infinities_are_explained():
    X, y = table(50, 5)
    X[3, 2] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        Lasso().fit(X, y)
    with pytest.raises(ValueError, match="non-finite parameter"):
        Lasso().fit(np.full((50, 2), 1e300) * np.arange(100.0).reshape(50, 2), y)


@pytest.mark.parametrize("form", ["C", "CSC"])
@pytest.mark.parametrize("k", [1, 2])
def test_paths_are_made_of_solutions(small_sets, form, k):
    X, y = table(60, 100, k=k)
    X, y = X - X.mean(axis=0), y - y.mean(axis=0)
    alphas, coefs, gaps, n_iters = lasso_path(
        FORMS[form](X), y, alphas=8, tol=1e-9, return_n_iter=True, max_iter=50_000
    )
    assert coefs.shape == ((100, 8) if k == 1 else (2, 100, 8))
    assert not coefs[..., 0].any()
    assert gaps.max() * len(X) <= 1e-9 * np.sum(y**2)
    assert len(n_iters) == 8
    if k == 1:
        _, again, _ = enet_path(FORMS[form](X), y, l1_ratio=1.0, alphas=[alphas[4]], tol=1e-11, max_iter=50_000)
        np.testing.assert_allclose(X @ again[:, 0], X @ coefs[:, 4], atol=1e-2)


@pytest.mark.parametrize(("l1_ratio", "k"), [(1.0, 1), (0.5, 1), (1.0, 3)])
def test_paths_of_long_tables_need_no_read_of_X_for_each_penalty(monkeypatch, l1_ratio, k):
    X, y = table(400, 12, k=k)
    reads, read = [], features.Features.read
    monkeypatch.setattr(features.Features, "read", lambda *args: reads.append(1) or read(*args))
    alphas, coefs, gaps = enet_path(X, y, l1_ratio=l1_ratio, alphas=50, tol=1e-6)
    assert len(reads) < 5
    targets, coefs = np.atleast_2d(y.T), coefs.reshape(k, 12, -1)
    for i in (10, 30, 49):
        residual = targets - coefs[..., i] @ X.T
        slope = residual @ X - (1 - l1_ratio) * alphas[i] * len(X) * coefs[..., i]
        l1 = alphas[i] * l1_ratio * len(X)
        scale = min(1.0, l1 / np.sqrt(np.square(slope).sum(axis=0)).max())
        squares = np.vdot(residual, residual) + (1 - l1_ratio) * alphas[i] * len(X) * np.vdot(
            coefs[..., i], coefs[..., i]
        )
        size = np.sqrt(np.square(coefs[..., i]).sum(axis=0)).sum()
        gap = (1 + scale**2) / 2 * squares + l1 * size - scale * np.vdot(residual, targets)
        assert gap <= 1.01e-6 * np.vdot(targets, targets)
        assert gaps[i] * len(X) == pytest.approx(gap, abs=1e-9 * np.vdot(targets, targets))
