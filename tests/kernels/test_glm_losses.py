# SPDX-License-Identifier: BSD-3-Clause
"""The losses of exponential families, alone and in glm_pass, where there may be an offset and an expected Hessian."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import linear
from reference import loss as reference
from reference.loss import FAMILIES
from scipy import sparse
from strategies import SIZES, seeds
from tolerance import assert_close, assert_same_bytes, difference_step, difference_tol, tol

from schuss import _kernels as kernels

CASES = (
    ("poisson", 0.0), ("gamma", 0.0), ("inverse_gaussian", 0.0), ("binomial", 0.0),
    ("tweedie", 1.5), ("tweedie", 1.1), ("tweedie", 0.0), ("tweedie", 3.0),
    ("tweedie_identity", 1.0), ("tweedie_identity", 1.5), ("tweedie_identity", 2.0), ("tweedie_identity", 3.0),
    ("tweedie_identity", -1.0), ("negative_binomial", 0.5), ("negative_binomial", 3.0),
)  # fmt: skip
D = 5


@pytest.fixture(scope="module", params=CASES, ids=lambda case: f"{case[0]}-{case[1]:g}")
def case(request):
    return request.param


def draw_targets(name, n, rng):
    kind = reference.LOSSES[name].targets
    if kind == "share":
        return rng.choice([0.0, 1.0, 0.25, 0.5], n)
    return rng.integers(kind == "positive", 9, n) / 2


def draw_points(name, n, seed, dtype, *, spread=2.0):
    """Targets, raw predictions where the model is defined, and weights of which some are zero."""
    rng = np.random.default_rng(seed)
    y, z = draw_targets(name, n, rng), spread * rng.standard_normal(n)
    if name == "tweedie_identity":
        z = np.exp(z / 2)
    weight = rng.random(n) * 2 * (rng.random(n) < 0.8)
    return y.astype(dtype), z.astype(dtype), weight.astype(dtype)


def gradient_of(case, y, z, weight=None, *, expected=False, n_threads=1):
    name, c = case
    gradient, hessian = np.full_like(z, np.nan), np.full_like(z, np.nan)
    kernels.loss_gradient(
        y, z, loss=kernels.LOSSES[name], loss_param=c, weight=weight, gradient=gradient, hessian=hessian,
        expected=expected, n_threads=n_threads,
    )  # fmt: skip
    return gradient, hessian


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("out_dtype", [np.float32, np.float64])
def test_derivatives_side_by_side(isa, dtype, case, order, out_dtype, n_threads):
    y, z, _ = draw_points(case[0], 5000, 0, dtype)
    loss = {"loss": kernels.LOSSES[case[0]], "loss_param": case[1]}
    wanted = np.full((order, len(z)), np.nan, dtype)
    kernels.loss_gradient(y, z, **loss, gradient=wanted[0], hessian=wanted[1] if order == 2 else None)
    got = np.full((len(z), 2) if order == 2 else len(z), np.nan, out_dtype)
    total = kernels.loss_derivatives(y, z, **loss, out=got, n_threads=n_threads)
    np.testing.assert_array_equal(got, wanted.T.reshape(got.shape).astype(out_dtype))
    assert_close(total, sum_of(case, y, z), tol(dtype, len(z)))


@pytest.mark.parametrize("narrow", [np.uint8, np.float32])
@pytest.mark.parametrize("order", [1, 2])
def test_targets_in_fewer_bytes_change_no_bit(isa, dtype, case, narrow, order, n_threads):
    y, z, weight = draw_points(case[0], 5000, 0, dtype)
    y = np.rint(4 * y).astype(narrow)  # whole numbers
    results = []
    for target in (y, y.astype(dtype)):
        out = np.empty((len(z), order))
        total = kernels.loss_derivatives(
            target,
            z,
            loss=kernels.LOSSES[case[0]],
            loss_param=case[1],
            out=out.reshape(len(z), 2) if order == 2 else out[:, 0],
        )
        results.append([*out.ravel(), total, sum_of(case, target, z, weight, n_threads=n_threads)])
    assert_same_bytes(np.array(results[0]), np.array(results[1]))


def sum_of(case, y, z, weight=None, n_threads=1):
    name, c = case
    return kernels.loss_sum(y, z, loss=kernels.LOSSES[name], loss_param=c, weight=weight, n_threads=n_threads)


def values_of(case, y, z):
    return np.array([sum_of(case, y[i : i + 1], z[i : i + 1]) for i in range(len(z))])


def size_of_terms(case, y, z):
    """What is added up in a value or a derivative: rounding errs relative to this, and so does an exponent."""
    y, z = np.abs(np.float64(y)), np.float64(z)
    name, c = case
    if name == "binomial":
        return 1 + np.abs(z)
    if name == "negative_binomial":
        return (y + 1 / c) * (2 + np.abs(z)) * (1 + np.abs(np.log(c)))
    power = {"poisson": 1.0, "gamma": 2.0, "inverse_gaussian": 3.0}.get(name, c)
    log_mu = np.log(z) if name == "tweedie_identity" else z
    mu, steep = np.exp(log_mu), 2 + np.abs(power - 2) + np.abs(power - 1)
    size = mu ** (2 - power) * (1 + y / mu) * steep * (1 + np.abs(log_mu))
    return size * np.maximum(1, (1 + 1 / mu**2) if name == "tweedie_identity" else 1)


def test_every_family_is_here():
    assert {name for name, _ in CASES} == FAMILIES


@given(n=st.sampled_from((0, *SIZES, 100)), seed=seeds, weighted=st.booleans(), expected=st.booleans())
def test_matches_reference(isa, dtype, case, n, seed, weighted, expected):
    name, c = case
    y, z, weight = draw_points(name, n, seed, dtype)
    weight = weight if weighted else None
    wide = [None if a is None else np.longdouble(a) for a in (y, z, weight)]
    size = size_of_terms(case, y, z)
    room = 4 * tol(dtype)  # several roundings, some of exponents
    total = reference.loss_sum(wide[0], wide[1], loss=name, loss_param=c, weight=wide[2])
    assert_close(sum_of(case, y, z, weight), total, room * max(1, n) ** 0.5, scale=2 * size.sum() + 1)
    got = gradient_of(case, y, z, weight, expected=expected)
    want = reference.loss_gradient(wide[0], wide[1], loss=name, loss_param=c, weight=wide[2], expected=expected)
    assert_close(got[0], want[0], room, scale=2 * size)
    assert_close(got[1], want[1], room, scale=2 * size)


@pytest.mark.parametrize("expected", [False, True])
def test_gradient_is_the_slope_of_the_value(isa, case, expected):
    dtype = np.float64
    y, z, _ = draw_points(case[0], 200, 0, dtype, spread=1.0)
    h = difference_step(dtype) / 8
    at = [(values_of(case, y, z + k * h), gradient_of(case, y, z + k * h)[0]) for k in (2, 1, -1, -2)]
    gradient, hessian = gradient_of(case, y, z)
    size = 4 * size_of_terms(case, y, z)
    slopes = [(8 * (one - minus_one) - (two - minus_two)) / (12 * h)
              for two, one, minus_one, minus_two in zip(*at, strict=True)]  # fmt: skip
    assert_close(slopes[0], gradient, 50 * difference_tol(dtype), scale=size)
    assert_close(slopes[1], hessian, 50 * difference_tol(dtype), scale=size)
    if expected:  # over y: the hessian is affine in it, so it is the one at y = mean
        mean = z if case[0] == "tweedie_identity" else 1 / (1 + np.exp(-z)) if case[0] == "binomial" else np.exp(z)
        assert_close(gradient_of(case, y, z, expected=True)[1], gradient_of(case, mean, z)[1], tol(dtype), scale=size)
        assert (gradient_of(case, y, z, expected=True)[1] > 0).all()
        assert_close(gradient_of(case, mean, z)[0], np.zeros(len(z)), tol(dtype), scale=size)


def test_best_prediction_is_the_target(isa, dtype, case):
    """No raw prediction of a row is better than that whose mean is y."""
    name, _ = case
    y = np.array([0.25, 0.5, 0.75] if name == "binomial" else [0.5, 1.0, 4.0], dtype)
    best = y if name == "tweedie_identity" else np.log(y / (1 - y)) if name == "binomial" else np.log(y)
    for step in (-0.2, 0.2):
        assert (values_of(case, y, best + dtype(step)) > values_of(case, y, best)).all()


@pytest.mark.parametrize("z", [-1e4, -800.0, -100.0, 100.0, 800.0, 1e4])
def test_far_away_nothing_is_undefined(isa, dtype, case, z):
    """Values grow without a NaN until they are infinite."""
    name, c = case
    if (name, c) in {("tweedie", 0.0), ("tweedie", 3.0)} and (z < 0) == (c > 0):
        pytest.skip("a difference of two overflows, which a pass reports as one")
    y = np.full(20, 0.5, dtype)
    value = sum_of(case, y, np.full(20, z, dtype))
    assert value == np.inf if name == "tweedie_identity" and z < 0 else not np.isnan(value)


def test_a_row_of_no_weight_is_absent_even_if_it_overflows(isa, dtype, case):
    y, z, _ = draw_points(case[0], 40, 1, dtype)
    weight = np.ones(40, dtype)
    weight[::3] = 0
    z[::3] = -1e5
    keep = weight > 0
    assert_close(sum_of(case, y, z, weight), sum_of(case, y[keep], z[keep]), tol(dtype, 40), scale=100)
    gradient, hessian = gradient_of(case, y, z, weight)
    assert not gradient[::3].any()
    assert not hessian[::3].any()


def test_thread_count_changes_no_bit(isa, dtype, case, n_threads):
    y, z, weight = draw_points(case[0], 60_000, 2, dtype)
    assert sum_of(case, y, z, weight) == sum_of(case, y, z, weight, n_threads)
    for got, want in zip(gradient_of(case, y, z, weight, n_threads=n_threads), gradient_of(case, y, z, weight),
                         strict=True):  # fmt: skip
        assert_same_bytes(got, want)


def test_nan_is_not_hidden(isa, dtype, case):
    y, z, _ = draw_points(case[0], 40, 3, dtype)
    z[17] = np.nan
    assert np.isnan(sum_of(case, y, z))


# ---------------------------------------------------------------- in a pass over a table


def problem(name, n, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, D)).astype(dtype)
    coef = rng.standard_normal((1, D)) / D
    intercept = np.array([4.0 * np.sqrt(D) if name == "tweedie_identity" else 0.3])
    y = draw_targets(name, n, rng).astype(dtype)
    return x, y, coef, intercept, rng.random(n).astype(dtype), rng.standard_normal(n).astype(dtype)


def run(x, y, coef, intercept, case, *, weight=None, offset=None, gram="hessian", n_threads=1):
    name, c = case
    out = {"gradient": np.full((1, D + 1), np.nan), "margins": np.full((len(y), 1), np.nan, y.dtype)}
    out["gram"] = None if gram is None else np.full((D + 1, D + 1), np.nan)
    out["loss_sum"] = kernels.glm_pass(
        kernels.Table(x), y, coef, intercept, loss=kernels.LOSSES[name], loss_param=c, weight=weight, offset=offset,
        gram_weights=gram or "hessian", n_threads=n_threads, scratch=kernels.Scratch(), **out,
    )  # fmt: skip
    return out


@pytest.mark.parametrize("gram", ["hessian", "expected", "sample"])
@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("with_offset", [False, True])
def test_pass_matches_reference(isa, dtype, case, gram, n, with_offset):
    if gram == "hessian" and not reference.LOSSES[case[0]].convex:
        gram = None  # the weights of a Gram matrix are not negative
    x, y, coef, intercept, weight, offset = problem(case[0], n, dtype)
    options = {"weight": weight, "offset": offset if with_offset else None}
    got = run(x, y, coef, intercept, case, gram=gram, **options)
    want = linear.glm_pass(
        x, y, coef, intercept, loss=case[0], loss_param=case[1], gram_weights=gram or "hessian", **options
    )
    size = size_of_terms(case, y, got["margins"][:, 0]).max()
    for name in got if gram else set(got) - {"gram"}:
        assert_close(got[name], want[name], tol(dtype, D * n), scale=n * size if name != "margins" else 10)


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_sparse_pass_takes_an_offset(isa, dtype, index):
    x, y, coef, intercept, weight, offset = problem("poisson", 200, dtype)
    x[np.random.default_rng(1).random(x.shape) < 0.7] = 0
    csr = sparse.csr_array(x)
    csr.indices, csr.indptr = csr.indices.astype(index), csr.indptr.astype(index)
    dense = run(x, y, coef, intercept, ("poisson", 0.0), weight=weight, offset=offset, gram=None)
    got = run(csr, y, coef, intercept, ("poisson", 0.0), weight=weight, offset=offset, gram=None)
    for name in ("gradient", "margins", "loss_sum"):
        assert_close(got[name], dense[name], tol(dtype, 200 * D), scale=200)


def test_offset_of_a_constant_is_the_intercept(isa, dtype):
    x, y, coef, intercept, weight, _ = problem("poisson", 300, dtype)
    moved = run(x, y, coef, intercept - 0.5, ("poisson", 0.0), weight=weight, offset=np.full(300, 0.5, dtype))
    plain = run(x, y, coef, intercept, ("poisson", 0.0), weight=weight)
    for name in plain:
        assert_close(moved[name], plain[name], tol(dtype, 300 * D), scale=300)


def test_pass_thread_count_changes_no_bit(isa, dtype, n_threads):
    for case in CASES[::3]:
        x, y, coef, intercept, weight, offset = problem(case[0], 20_000, dtype)
        offset = np.abs(offset)
        one = run(x, y, coef, intercept, case, weight=weight, offset=offset, gram="expected")
        many = run(x, y, coef, intercept, case, weight=weight, offset=offset, gram="expected", n_threads=n_threads)
        for name in one:
            assert_same_bytes(many[name], one[name])


def test_prediction_outside_of_the_domain_is_reported(isa, dtype):
    x, y, coef, intercept, *_ = problem("tweedie_identity", 300, dtype)
    with pytest.raises(FloatingPointError, match="infinite or NaN"):
        run(x, y, coef, intercept - 100, ("tweedie_identity", 2.0))
