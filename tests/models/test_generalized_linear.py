# SPDX-License-Identifier: BSD-3-Clause
"""GeneralizedLinearRegressor: families, elastic nets, offsets, and what it says about its uncertainty."""

import numpy as np
import pytest
from reference.loss import LOSSES
from scipy import optimize, sparse, stats
from scipy.special import expit
from sklearn.utils import get_tags
from tolerance import assert_close

from schuss.linear_model import GeneralizedLinearRegressor, PoissonRegressor

# family, link, loss of the reference, its parameter
CASES = {
    "normal": ("normal", "auto", "squared", 0.0),
    "normal, log": ("normal", "log", "tweedie", 0.0),
    "poisson": ("poisson", "auto", "poisson", 0.0),
    "poisson, identity": ("poisson", "identity", "tweedie_identity", 1.0),
    "gamma": ("gamma", "auto", "gamma", 0.0),
    "inverse gaussian": ("inverse.gaussian", "auto", "inverse_gaussian", 0.0),
    "tweedie": ("tweedie(1.7)", "auto", "tweedie", 1.7),
    "binomial": ("binomial", "auto", "binomial", 0.0),
    "negative binomial": ("negative.binomial(0.7)", "auto", "negative_binomial", 0.7),
}
KINDS = pytest.mark.parametrize("kind", CASES)


def draw(kind, n, rng):
    """Table, targets that follow the model, and offset."""
    X = rng.standard_normal((n, 4)) + 1
    offset = 0.3 * rng.random(n)
    eta = X @ [0.2, -0.1, 0.1, 0.0] + 0.2 + offset
    mu = np.maximum(eta, 0.2) + 1 if "identity" in kind else np.exp(eta)
    y = {
        "normal": mu + 0.3 * rng.standard_normal(n),
        "poisson": rng.poisson(mu),
        "gamma": mu * rng.gamma(3, 1 / 3, n),
        "inverse gaussian": rng.wald(mu, 5 * mu),
        "tweedie": rng.poisson(mu) * rng.gamma(3, 1 / 3, n),
        "binomial": rng.binomial(5, expit(eta)) / 5,
        "negative binomial": rng.poisson(mu * rng.gamma(1 / 0.7, 0.7, n)),
    }[kind.split(",")[0]]
    return X, y.astype(float), offset


def make(kind, **params):
    family, link, _, _ = CASES[kind]
    return GeneralizedLinearRegressor(family=family, link=link, **params)


def total_loss(kind, theta, X, y, offset, weight=1.0):
    _, _, name, c = CASES[kind]
    return np.sum(weight * LOSSES[name].value(y, X @ theta[:-1] + theta[-1] + offset, c))


def parameters(model):
    return np.append(model.coef_, model.intercept_)


@KINDS
def test_is_a_minimum(kind, rng):
    X, y, offset = draw(kind, 300, rng)
    model = make(kind, tol=1e-9).fit(X, y, offset=offset)
    assert model.stop_reason_ == "converged"
    theta, step = parameters(model), 1e-5
    least = total_loss(kind, theta, X, y, offset)
    for direction in np.vstack([np.eye(5), -np.eye(5)]):
        assert total_loss(kind, theta + step * direction, X, y, offset) > least
    mean = model.predict(X, offset)
    assert_close(model.predict(X[:7], offset[:7]), mean[:7], 1e-12)
    assert 0 < model.score(X, y, offset=offset) < 1


@KINDS
@pytest.mark.parametrize("l1_ratio", [0.5, 1.0])
def test_elastic_net_fulfils_the_optimality_conditions(kind, l1_ratio, rng):
    X, y, offset = draw(kind, 300, rng)
    alpha, p1, p2 = 0.05, np.array([1.0, 2.0, 0.5, 1.0]), np.array([1.0, 0.0, 3.0, 1.0])
    weight = rng.random(300)
    model = make(kind, alpha=alpha, l1_ratio=l1_ratio, P1=p1, P2=p2, tol=1e-8).fit(X, y, weight, offset)
    _, _, name, c = CASES[kind]
    slope = weight / weight.sum() * LOSSES[name].gradient(y, X @ model.coef_ + model.intercept_ + offset, c)
    gradient = X.T @ slope + alpha * (1 - l1_ratio) * p2 * model.coef_
    bound, active = alpha * l1_ratio * p1, model.coef_ != 0
    assert abs(slope.sum()) <= 1e-7
    assert (np.abs(gradient + np.copysign(bound, model.coef_))[active] <= 1e-7).all()
    assert (np.abs(gradient)[~active] <= bound[~active] + 1e-7).all()


def test_penalty_factors_of_zero_and_huge(rng):
    X, y, _ = draw("poisson", 300, rng)
    model = make("poisson", alpha=10.0, l1_ratio=1.0, P1=[0, 1, 1, 1]).fit(X, y)
    assert model.coef_[0] != 0
    assert not model.coef_[1:].any()
    alone = make("poisson").fit(X[:, :1], y)
    assert_close(model.coef_[0], alone.coef_[0], 1e-4)


def test_exposure_is_a_logarithmic_offset(rng):
    X, y, offset = draw("poisson", 300, rng)
    by_offset = make("poisson", tol=1e-9).fit(X, y, offset=offset)
    by_exposure = make("poisson", tol=1e-9).fit(X, y, exposure=np.exp(offset))
    assert_close(by_exposure.coef_, by_offset.coef_, 1e-10)
    assert_close(by_exposure.predict(X, exposure=np.full(300, 2.0)), 2 * by_exposure.predict(X), 1e-12)
    rates = make("poisson", tol=1e-9).fit(X, y / np.exp(offset), np.exp(offset))
    assert_close(rates.coef_, by_offset.coef_, 1e-6, scale=1)


def test_l2_is_poisson_regressors(rng):
    X, y, _ = draw("poisson", 300, rng)
    ours, theirs = make("poisson", alpha=0.1, tol=1e-8).fit(X, y), PoissonRegressor(alpha=0.1, tol=1e-8).fit(X, y)
    assert_close(ours.coef_, theirs.coef_, 1e-10)


def test_null_model_of_an_offset_is_the_baseline(rng):
    for kind in ("gamma", "poisson", "negative binomial", "poisson, identity"):
        X, y, offset = draw(kind, 200, rng)
        model = make(kind).fit(X, y, offset=offset)

        def null(b, kind=kind, X=X, y=y, offset=offset):
            return total_loss(kind, np.append(np.zeros(4), b), X, y, offset)

        best = optimize.minimize_scalar(null, bracket=(1.0, 1.5)).fun
        fitted = total_loss(kind, parameters(model), X, y, offset)
        gain = model.history_.baseline["training_loss"] - model.history_["data_loss"][-1]
        assert_close(200 * gain, best - fitted, 1e-4)


# ---------------------------------------------------------------- inference

COUNTS = np.array([18, 17, 15, 20, 10, 20, 25, 13, 12])  # Dobson (1990), p. 93, as in R's help of glm
DESIGN = np.column_stack([np.tile(np.eye(3)[:, 1:], (3, 1)), np.repeat(np.eye(3)[:, 1:], 3, axis=0)])


def test_dobsons_table():
    """R: summary(glm(counts ~ outcome + treatment, family = poisson()))."""
    model = GeneralizedLinearRegressor(family="poisson", tol=1e-10, inference=True).fit(DESIGN, COUNTS)
    table = model.coef_table()
    assert table.names[-1] == "intercept"
    np.testing.assert_allclose(table.coef[[0, 1, 4]], [-0.4543, -0.2930, 3.045], rtol=2e-4)
    np.testing.assert_allclose(table.std_error, [0.2022, 0.1927, 0.2, 0.2, 0.1709], rtol=5e-4)
    np.testing.assert_allclose(table.statistic[[0, 1, 4]], [-2.247, -1.520, 17.815], rtol=5e-4)
    np.testing.assert_allclose(table.p_value[:2], [0.0246, 0.1285], rtol=2e-3)
    assert np.isinf(table.degrees_of_freedom)
    assert "P>|z|" in str(table)


@KINDS
def test_observed_information_is_the_curvature_of_the_likelihood(kind, rng):
    X, y, offset = draw(kind, 200, rng)
    model = make(kind, tol=1e-10).fit(X, y, offset=offset)
    theta, h = parameters(model), 1e-4
    steps = h * np.eye(5)

    def at(move):
        return total_loss(kind, np.longdouble(theta + move), X, y, offset)

    curvature = [[(at(a + b) - at(a - b) - at(b - a) + at(-a - b)) / (4 * h * h) for b in steps] for a in steps]
    want = np.linalg.inv(np.array(curvature, dtype=float))
    got = model.covariance_matrix(X, y, offset=offset, dispersion=1.0)
    assert_close(got, want, 1e-4, scale=np.abs(want).max())


@KINDS
@pytest.mark.parametrize("expected", [False, True])
def test_sandwich(kind, expected, rng):
    """Against its formula; the bread is what the plain covariance is for dispersion 1."""
    X, y, offset = draw(kind, 150, rng)
    _, _, name, c = CASES[kind]
    model = make(kind, tol=1e-10, robust=True, expected_information=expected).fit(X, y, offset=offset)
    bread = model.covariance_matrix(X, y, offset=offset, robust=False, dispersion=1.0)
    x = np.column_stack([X, np.ones(150)])
    rows = x * LOSSES[name].gradient(y, x @ parameters(model) + offset, c)[:, None]
    want = bread @ (rows.T @ rows) @ bread * 150 / 145
    assert_close(model.covariance_matrix(X, y, offset=offset), want, 1e-7, scale=np.abs(want).max())


def test_normal_family_is_ordinary_least_squares(rng):
    X, y, _ = draw("normal", 60, rng)
    model = make("normal", inference=True).fit(X, y)
    x = np.column_stack([X, np.ones(60)])
    theta, rest, *_ = np.linalg.lstsq(x, y)
    error = np.sqrt(np.diag(np.linalg.inv(x.T @ x)) * rest[0] / 55)
    table = model.coef_table(confidence_level=0.9)
    assert_close(table.std_error, error, 1e-8)
    assert_close(table.p_value, 2 * stats.t(55).sf(np.abs(theta / error)), 1e-6, scale=1e-3)
    assert_close(table.ci_upper - table.coef, stats.t(55).ppf(0.95) * error, 1e-8)
    assert_close(model.dispersion_, rest[0] / 55, 1e-8)


@pytest.mark.parametrize("robust", [False, True])
def test_a_weight_of_two_is_the_row_twice(robust, rng):
    X, y, offset = draw("gamma", 100, rng)
    count = rng.integers(1, 4, 100)
    copies = [np.repeat(a, count, axis=0) for a in (X, y, offset)]
    params = {"tol": 1e-10, "inference": True, "robust": robust}
    weighted = make("gamma", **params).fit(X, y, count.astype(float), offset)
    copied = make("gamma", **params).fit(copies[0], copies[1], offset=copies[2])
    assert_close(weighted.covariance_, copied.covariance_, 1e-6, scale=copied.covariance_.max())


def test_sparse_and_single_precision_have_the_same_errors(rng):
    X, y, offset = draw("gamma", 400, rng)
    X[rng.random(X.shape) < 0.3] = 0
    want = make("gamma", tol=1e-9).fit(X, y, offset=offset).std_errors(X, y, offset=offset)
    csr = sparse.csr_array(X)
    assert_close(make("gamma", tol=1e-9).fit(csr, y, offset=offset).std_errors(csr, y, offset=offset), want, 1e-6)
    single = X.astype(np.float32)
    assert_close(make("gamma").fit(single, y, offset=offset).std_errors(single, y, offset=offset), want, 1e-3)


@KINDS
@pytest.mark.parametrize("robust", [False, True])
def test_errors_under_an_l2_penalty(kind, robust, rng):
    """Written out: the information between two inverses of information and penalty, parameters counted by a trace."""
    X, y, offset = draw(kind, 150, rng)
    _, _, name, c = CASES[kind]
    weight, factors = rng.integers(1, 4, 150).astype(float), np.array([0.0, 0.5, 1.0, 4.0])
    model = make(kind, alpha=0.2, P2=factors, tol=1e-10, robust=robust, inference=True).fit(X, y, weight, offset)
    x, total = np.column_stack([X, np.ones(150)]), weight.sum()
    z = x @ parameters(model) + offset
    h = 1e-5
    bends = (LOSSES[name].gradient(y, z + h, c) - LOSSES[name].gradient(y, z - h, c)) / (2 * h)
    information = x.T @ ((weight * bends)[:, None] * x)
    inverse = np.linalg.inv(information + total * 0.2 * np.diag(np.append(factors, 0.0)))
    free = total - np.trace(inverse @ information)
    rows = x * (np.sqrt(weight) * LOSSES[name].gradient(y, z, c))[:, None]
    between = rows.T @ rows * total / free if robust else model.dispersion_ * information
    want = inverse @ between @ inverse
    assert_close(model.covariance_, want, 1e-5, scale=np.abs(want).max())


def test_errors_under_an_l2_penalty_are_those_of_ridge(rng):
    """Estimates of many tables of more columns than rows scatter as the errors say, about a mean nearer to zero."""
    X = rng.standard_normal((12, 15))
    truth, estimates = rng.standard_normal(15), []
    for _ in range(400):
        model = make("normal", alpha=0.5, inference=True, tol=1e-8).fit(X, X @ truth + 0.3 * rng.standard_normal(12))
        estimates.append(model.coef_)
    want = model.std_errors(X, X @ truth, dispersion=0.09, robust=False)[:15]
    assert_close(np.std(estimates, axis=0), want, 0.15)
    assert np.linalg.norm(np.mean(estimates, axis=0)) < np.linalg.norm(truth)


def test_a_tiny_penalty_leaves_the_errors_alone(rng):
    X, y, offset = draw("gamma", 100, rng)
    plain, penalised = (make("gamma", alpha=a, inference=True).fit(X, y, offset=offset) for a in (0.0, 1e-9))
    assert_close(penalised.covariance_, plain.covariance_, 1e-4, scale=plain.covariance_.max())
    assert_close(penalised.dispersion_, plain.dispersion_, 1e-4)


def test_coverage_of_intervals(rng):
    """Nineteen intervals of twenty hold the truth."""
    hits = []
    for _ in range(150):
        X = rng.standard_normal((80, 2))
        y = rng.poisson(np.exp(X @ [0.3, 0.0] + 0.5))
        table = GeneralizedLinearRegressor(family="poisson", inference=True).fit(X, y).coef_table()
        hits.append((table.ci_lower <= [0.3, 0.0, 0.5]) & (table.ci_upper >= [0.3, 0.0, 0.5]))
    assert 0.90 <= np.mean(hits) <= 0.99


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"family": "poison"}, "family='poison': expected"),
        ({"family": "tweedie(0.5)"}, "not between 0 and 1"),
        ({"family": "negative.binomial(0)"}, "positive theta"),
        ({"family": "poisson(2)"}, "expected"),
        ({"family": "binomial", "link": "log"}, "does not go with"),
        ({"family": "normal", "link": "logit"}, "does not go with"),
        ({"P1": [1.0], "alpha": 1.0}, "P1 has to be"),
        ({"P2": [1.0, -1.0], "alpha": 1.0}, "P2 has to be"),
        ({"alpha": 1.0, "l1_ratio": 0.5, "inference": True}, "no standard errors with an L1 penalty"),
    ],
)
def test_impossible_parameters_are_refused(params, message):
    X, y = [[0.0, 1.0], [1.0, 0.5], [2.0, 0.1], [2.5, 3.0]], [0.1, 0.5, 0.9, 0.3]
    with pytest.raises(ValueError, match=message):
        GeneralizedLinearRegressor(**params).fit(X, y)


def test_impossible_data_are_refused(rng):
    X, y, offset = draw("poisson", 30, rng)
    with pytest.raises(ValueError, match="out of the valid range of the loss 'HalfBinomialLoss'"):
        make("binomial").fit(X, y + 1)
    with pytest.raises(ValueError, match=r"offset.shape == \(3,\)"):
        make("poisson").fit(X, y, offset=offset[:3])
    with pytest.raises(ValueError, match="offset contains NaN"):
        make("poisson").fit(X, y, offset=offset * np.nan)
    with pytest.raises(ValueError, match="exposure has to be positive"):
        make("poisson").fit(X, y, exposure=0 * offset)
    with pytest.raises(ValueError, match="logarithmic link only"):
        make("normal").fit(X, y, exposure=1 + offset)
    twice = np.column_stack([X, X[:, 0]])
    with pytest.raises(ValueError, match="collinear"):
        make("poisson", inference=True).fit(twice, y)
    with pytest.raises(ValueError, match="more samples than parameters"):
        make("normal", inference=True).fit(X[:5], y[:5])
    with pytest.raises(ValueError, match="fit with inference=True"):
        make("poisson").fit(X, y).std_errors()


def test_parameters_that_do_not_go_together_leave_the_tags_alone():
    assert not get_tags(GeneralizedLinearRegressor(family="normal", link="logit")).target_tags.positive_only
