# SPDX-License-Identifier: BSD-3-Clause
"""loss_sum, loss_gradient and softmax: the formulas, on every instruction set and dtype."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import loss as reference
from strategies import SIZES, seeds
from tolerance import assert_close, assert_same_bytes, difference_step, difference_tol, tol

from schuss import _kernels as kernels

POINTWISE = sorted(set(kernels.LOSSES) - {"softmax"} - reference.FAMILIES)  # those have a file of their own
PARAM = {"huber": 0.75, "epsilon_insensitive": 0.5, "squared_epsilon_insensitive": 0.5}
RELATIVE = {"squared", "logistic"}  # no cancellation in their values: small losses keep their digits


@pytest.fixture(scope="module", params=POINTWISE)
def loss(request):
    return request.param


def draw_targets(loss, n, rng):
    kind = reference.LOSSES[loss].targets
    if kind == "real":
        return rng.integers(-8, 9, n) / 4  # exact in binary, so that kinks can be hit exactly
    return np.where(rng.random(n) < 0.5, 1.0, 0.0 if kind == "01" else -1.0)


def draw_predictions(loss, y, rng):
    """A mixture: everyday values, huge ones, zeros of both signs, and the very points where a branch changes."""
    rule, c = reference.LOSSES[loss], PARAM.get(loss, 0.0)
    special = [0 * y, -0.0 * y, y, -y, *rule.kinks(y, c), *rule.bends(y, c)]
    everyday = [3 * rng.standard_normal(len(y)) for _ in range(3)]
    huge = [sign * size * (1 + y / 8) for sign in (-1, 1) for size in (30, 88, 700, 1e4)]
    choices = np.stack(special + everyday + huge)
    return choices[rng.integers(0, len(choices), len(y)), np.arange(len(y))]


def draw_points(loss, n, seed, dtype, weighted=True):
    rng = np.random.default_rng(seed)
    y = draw_targets(loss, n, rng)
    z = draw_predictions(loss, y, rng)
    weight = rng.random(n) * 2 * (rng.random(n) < 0.8) if weighted else None
    return y.astype(dtype), z.astype(dtype), None if weight is None else weight.astype(dtype)


def options(loss, weight=None):
    return {"loss": kernels.LOSSES[loss], "loss_param": PARAM.get(loss, 0.0), "weight": weight}


def gradient_of(loss, y, z, weight=None, n_threads=1):
    gradient, hessian = np.full_like(z, np.nan), np.full_like(z, np.nan)
    kernels.loss_gradient(y, z, **options(loss, weight), gradient=gradient, hessian=hessian, n_threads=n_threads)
    return gradient, hessian


def values_of(loss, y, z):
    return np.array([kernels.loss_sum(y[i : i + 1], z[i : i + 1], **options(loss)) for i in range(len(z))])


def wide(*arrays):
    return [None if a is None else np.longdouble(a) for a in arrays]


def underflow(dtype):
    """A scale that lets results below the normal range come out as zero."""
    return np.finfo(dtype).tiny / tol(dtype)


def magnitude(loss, y, z):
    return 0 if loss in RELATIVE else np.abs(z) + np.abs(y) + PARAM.get(loss, 0.0)


@given(n=st.sampled_from((0, *SIZES, 100)), seed=seeds, weighted=st.booleans())
def test_sum_matches_reference(isa, dtype, loss, n, seed, weighted):
    y, z, weight = draw_points(loss, n, seed, dtype, weighted)
    yw, zw, ww = wide(y, z, weight)
    got = kernels.loss_sum(y, z, **options(loss, weight))
    want = reference.loss_sum(yw, zw, loss=loss, loss_param=PARAM.get(loss, 0.0), weight=ww)
    assert isinstance(got, float)
    assert_close(got, want, tol(dtype, n), scale=np.sum(magnitude(loss, yw, zw) + underflow(dtype) * np.ones(n)))


@given(n=st.sampled_from((0, *SIZES, 100)), seed=seeds, weighted=st.booleans())
def test_gradient_and_hessian_match_reference(isa, dtype, loss, n, seed, weighted):
    y, z, weight = draw_points(loss, n, seed, dtype, weighted)
    gradient, hessian = gradient_of(loss, y, z, weight)
    yw, zw, ww = wide(y, z, weight)
    want = reference.loss_gradient(yw, zw, loss=loss, loss_param=PARAM.get(loss, 0.0), weight=ww)
    assert_close(gradient, want[0], tol(dtype), scale=magnitude(loss, yw, zw) + underflow(dtype))
    assert_close(hessian, want[1], tol(dtype), scale=underflow(dtype))


def test_value_of_single_points_matches_reference(isa, dtype, loss):
    y, z, _ = draw_points(loss, 200, 1, dtype, weighted=False)
    yw, zw = wide(y, z)
    want = reference.LOSSES[loss].value(yw, zw, PARAM.get(loss, 0.0))
    assert_close(values_of(loss, y, z), want, tol(dtype), scale=magnitude(loss, yw, zw) + underflow(dtype))


def test_gradient_is_the_slope_of_the_value(isa, dtype, loss):
    rng = np.random.default_rng(0)
    y = draw_targets(loss, 200, rng)
    h, c = difference_step(dtype), PARAM.get(loss, 0.0)
    z = np.round(3 * rng.standard_normal(200) / h) * h
    rule = reference.LOSSES[loss]
    breaks = [np.abs(z - point) for point in [*rule.kinks(y, c), *rule.bends(y, c)]]
    smooth = np.all([gap > 2 * h for gap in breaks], axis=0) if breaks else np.ones(200, bool)
    assert smooth.sum() > 100
    y, z = y[smooth].astype(dtype), z[smooth].astype(dtype)

    def at(shift):
        return values_of(loss, y, z + dtype(shift * h)), gradient_of(loss, y, z + dtype(shift * h))[0]

    (v2, g2), (v1, g1), (u1, f1), (u2, f2) = at(2), at(1), at(-1), at(-2)
    gradient, hessian = gradient_of(loss, y, z)
    assert_close((8 * (v1 - u1) - (v2 - u2)) / (12 * h), gradient, difference_tol(dtype), scale=1 + z**2)
    assert_close((8.0 * (g1 - f1) - (g2 - f2)) / (12 * h), hessian, difference_tol(dtype), scale=1 + np.abs(z))


def test_losses_are_never_negative_and_convex(isa, dtype, loss):
    y, z, _ = draw_points(loss, 2000, 3, dtype, weighted=False)
    assert reference.LOSSES[loss].convex
    assert (values_of(loss, y[:200], z[:200]) >= 0).all()
    assert (gradient_of(loss, y, z)[1] >= 0).all()
    order = np.lexsort((z, y))
    gradient = gradient_of(loss, y, z)[0][order]
    same_target = np.diff(y[order]) == 0
    rounding = tol(dtype) * (1 + np.abs(gradient[1:]))
    assert (np.diff(gradient) >= -rounding)[same_target].all()


def test_gradient_without_hessian_is_the_same(isa, dtype, loss):
    y, z, weight = draw_points(loss, 333, 4, dtype)
    alone = np.empty_like(z)
    kernels.loss_gradient(y, z, **options(loss, weight), gradient=alone)
    assert_same_bytes(alone, gradient_of(loss, y, z, weight)[0])


def test_no_weight_is_weight_one(isa, dtype, loss):
    y, z, _ = draw_points(loss, 333, 5, dtype)
    ones = np.ones_like(z)
    assert kernels.loss_sum(y, z, **options(loss)) == kernels.loss_sum(y, z, **options(loss, ones))
    for got, want in zip(gradient_of(loss, y, z, ones), gradient_of(loss, y, z), strict=True):
        assert_same_bytes(got, want)


def test_thread_count_changes_no_bit(isa, dtype, loss, n_threads):
    y, z, weight = draw_points(loss, 60_000, 6, dtype)
    one = kernels.loss_sum(y, z, **options(loss, weight), n_threads=1)
    assert one == kernels.loss_sum(y, z, **options(loss, weight), n_threads=n_threads)
    for got, want in zip(gradient_of(loss, y, z, weight, n_threads), gradient_of(loss, y, z, weight), strict=True):
        assert_same_bytes(got, want)


def test_arrays_need_not_be_aligned(isa, dtype, loss):
    y, z, weight = draw_points(loss, 101, 7, dtype)
    gradient, hessian = gradient_of(loss, y, z, weight)
    for offset in (1, 2, 3):
        part = slice(offset, None)
        got = gradient_of(loss, y[part], z[part], weight[part])
        assert_close(got[0], gradient[part], tol(dtype))
        assert_close(got[1], hessian[part], tol(dtype))


def test_nan_is_not_hidden(isa, dtype, loss):
    y, z, _ = draw_points(loss, 40, 8, dtype, weighted=False)
    z[17] = np.nan
    assert np.isnan(kernels.loss_sum(y, z, **options(loss)))


@given(
    n=st.sampled_from((0, *SIZES)), k=st.sampled_from((1, 2, 3, 4, 7, 8, 10, 17)), seed=seeds, weighted=st.booleans()
)
def test_softmax_loss_matches_reference(isa, dtype, n, k, seed, weighted):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n).astype(dtype)
    z = (rng.standard_normal((n, k)) * rng.choice([1, 30, 700])).astype(dtype)
    weight = rng.random(n).astype(dtype) if weighted else None
    got = kernels.loss_sum(y, z, loss=kernels.LOSSES["softmax"], weight=weight)
    want = reference.loss_sum(*wide(y, z), loss="softmax", weight=wide(weight)[0])
    assert_close(got, want, tol(dtype, n * k), scale=np.abs(z).sum() + n)


@given(n=st.sampled_from((0, *SIZES)), k=st.sampled_from((1, 2, 3, 4, 7, 8, 10, 17)), seed=seeds)
def test_softmax_matches_reference(isa, dtype, n, k, seed):
    rng = np.random.default_rng(seed)
    z = (rng.standard_normal((n, k)) * rng.choice([1, 30, 700])).astype(dtype)
    out = np.full_like(z, np.nan)
    kernels.softmax(z, out)
    below_peak = 1 + np.ptp(z, axis=1, keepdims=True)  # rounding an exponent this large costs as many digits
    assert_close(out, reference.softmax(np.longdouble(z)), tol(dtype) * below_peak, scale=underflow(dtype))
    assert_close(out.sum(axis=1), np.ones(n), tol(dtype, k))
    kernels.softmax(z, z)
    assert_same_bytes(z, out)


def test_softmax_thread_count_changes_no_bit(isa, dtype, n_threads):
    rng = np.random.default_rng(9)
    z = rng.standard_normal((30_000, 5)).astype(dtype)
    y = rng.integers(0, 5, len(z)).astype(dtype)
    one, many = np.empty_like(z), np.empty_like(z)
    kernels.softmax(z, one)
    kernels.softmax(z, many, n_threads=n_threads)
    assert_same_bytes(many, one)
    sums = [kernels.loss_sum(y, z, loss=kernels.LOSSES["softmax"], n_threads=t) for t in (1, n_threads)]
    assert sums[0] == sums[1]


@given(n=st.sampled_from((1, *SIZES, 300)), n_classes=st.integers(2, 5), seed=seeds, weighted=st.booleans())
def test_softmax_derivatives_match_reference(isa, dtype, n, n_classes, seed, weighted):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n).astype(dtype)
    z = (4 * rng.standard_normal((n, n_classes))).astype(dtype)
    weight = rng.random(n).astype(dtype) if weighted else None
    rows = np.ascontiguousarray(z.T)
    out = np.full((n_classes, n, 2), np.nan, np.float32)
    total = kernels.softmax_derivatives(y, rows, weight=weight, out=out)
    yw, zw, ww = wide(y, z, weight)
    assert_close(out, reference.softmax_derivatives(yw, zw), tol(np.float32), scale=1)
    assert (out[:, :, 1] >= 0).all()
    want = reference.loss_sum(yw, zw, loss="softmax", weight=ww)
    assert_close(total, want, tol(dtype, n), scale=1 + np.abs(zw).sum())


def test_softmax_derivatives_are_the_same_for_any_number_of_threads(dtype):
    rng = np.random.default_rng(0)
    y, z = rng.integers(0, 3, 50_000).astype(dtype), rng.standard_normal((3, 50_000)).astype(dtype)
    results = []
    for n_threads in (1, 2, 3, 5):
        out = np.empty((*z.shape, 2), np.float32)
        total = kernels.softmax_derivatives(y, z, out=out, n_threads=n_threads)
        results.append(np.append(out.ravel(), total))
    for result in results[1:]:
        assert_same_bytes(result, results[0])


@pytest.mark.parametrize("narrow", [np.uint8, np.float32])
def test_classes_in_fewer_bytes_change_no_bit(isa, dtype, narrow):
    if narrow is dtype:
        narrow = np.uint8  # the same would show nothing
    rng = np.random.default_rng(1)
    y, z, weight = (
        rng.integers(0, 5, 5000),
        rng.standard_normal((5, 5000)).astype(dtype),
        rng.random(5000).astype(dtype),
    )
    results = []
    for codes in (y.astype(narrow), y.astype(dtype)):
        out = np.empty((*z.shape, 2), np.float32)
        total = kernels.softmax_derivatives(codes, z, weight=weight, out=out)
        rows = np.ascontiguousarray(z.T)
        results.append([*out.ravel(), total, kernels.loss_sum(codes, rows, loss=kernels.LOSSES["softmax"])])
    assert_same_bytes(np.array(results[0]), np.array(results[1]))


@pytest.mark.parametrize(("kind", "z_dtype"), [(np.int64, np.float64), (np.int8, np.float64), (np.float64, np.float32)])
def test_targets_of_other_types_are_refused(kind, z_dtype):
    y, z, out = np.ones(5, kind), np.ones(5, z_dtype), np.empty(5)
    with pytest.raises(TypeError, match="y:"):
        kernels.loss_sum(y, z, loss=kernels.LOSSES["squared"])
    with pytest.raises(TypeError, match="y:"):
        kernels.loss_derivatives(y, z, loss=kernels.LOSSES["squared"], out=out)
    with pytest.raises(TypeError, match="y:"):
        kernels.softmax_derivatives(y, np.ones((3, 5), z_dtype), out=np.empty((3, 5, 2), np.float32))


def test_gradient_comes_with_the_sum(isa, dtype, loss):
    y, z, weight = draw_points(loss, 5000, 3, dtype)
    z = np.clip(z, -20, 20)
    gradient = np.empty_like(z)
    total = kernels.loss_gradient(y, z, **options(loss, weight), gradient=gradient)
    assert_close(total, kernels.loss_sum(y, z, **options(loss, weight)), tol(dtype, 5000))
