# SPDX-License-Identifier: BSD-3-Clause
"""glm_pass: loss, gradient, Gram matrix and margins from one read of X."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import linear as reference
from reference.loss import FAMILIES, LOSSES
from strategies import SIZES, lay_out, problems
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

POINTWISE = sorted(set(kernels.LOSSES) - {"softmax"} - FAMILIES)
PARAM = 0.75


def run(x, y, coef, intercept, *, loss, weight=None, gram=None, shift=None, n_threads=1):
    """The kernel's results under the reference's names; gram is None, "hessian" or "sample"."""
    n, d = x.shape
    k = len(coef)
    table = kernels.Table(x)
    out = {
        "gradient": np.full((k, d + 1), np.nan),
        "gram": None if gram is None else np.full((d + 1, d + 1), np.nan),
        "margins": np.full((n, k), np.nan, table.dtype),
    }
    out["loss_sum"] = kernels.glm_pass(
        table, y, np.float64(coef), np.float64(intercept), loss=kernels.LOSSES[loss], loss_param=PARAM, weight=weight,
        gram_weights=gram or "hessian", shift=shift, n_threads=n_threads, scratch=kernels.Scratch(), **out,
    )  # fmt: skip
    return out


def run_problem(p, loss, **options):
    return run(p.x, p.y, p.coef, p.intercept, loss=loss, weight=p.weight, **options)


def sizes_of_terms(p):
    """For each result, the magnitude of what was summed: what rounding errors are relative to."""
    x = np.abs(np.column_stack([p.x, np.ones(len(p.x))])).astype(float)
    margin = np.abs(p.x).astype(float) @ np.abs(p.coef).T + np.abs(p.intercept)
    weight = np.ones(len(x)) if p.weight is None else np.float64(p.weight)
    reach = 1 + margin.max(axis=1) + (np.abs(p.y).max() if p.y.size else 0)
    return {
        "margins": margin,
        "loss_sum": np.sum(weight * reach**2),
        "gradient": (weight * reach) @ x,
        "gram": (2 * weight * x.T) @ x,
    }


def check(got, want, p, *, shift=0.0):
    n, d = p.shape
    scale = sizes_of_terms(p)
    if np.any(shift):
        scale["gram"] = sizes_of_terms(type(p)(**{**p.__dict__, "x": np.abs(p.x) + np.abs(shift)}))["gram"]
    dtype = p.x.dtype
    assert_close(got["margins"], want["margins"], tol(dtype, d), scale=scale["margins"])
    assert_close(got["loss_sum"], want["loss_sum"], tol(dtype, n * d), scale=scale["loss_sum"])
    assert_close(got["gradient"], want["gradient"], tol(dtype, n * d), scale=scale["gradient"])
    if got["gram"] is not None:
        assert_close(got["gram"], want["gram"], tol(dtype, n * d), scale=scale["gram"])


def far_from_breaks(p, loss):
    """Whether no margin lies so near a kink or bend that rounding decides which side it is on."""
    z = reference.linear_predict(p.x, p.coef, p.intercept)[:, 0]
    size = np.abs(p.x) @ np.abs(p.coef[0]) + np.abs(p.intercept[0]) + np.abs(p.y) + 1
    breaks = [*LOSSES[loss].kinks(p.y, PARAM), *LOSSES[loss].bends(p.y, PARAM)]
    return all((np.abs(z - point) > tol(p.x.dtype, p.shape[1]) * size).all() for point in breaks)


@pytest.fixture(scope="module", params=POINTWISE)
def loss(request):
    return request.param


@given(data=st.data())
def test_matches_reference(isa, dtype, loss, data):
    p = data.draw(problems(targets=LOSSES[loss].targets)).cast(dtype)
    gram = data.draw(st.sampled_from((None, "hessian", "sample")))
    shift = data.draw(st.sampled_from((0.0, 1.0))) * np.float64(p.x).mean(axis=0)
    want = reference.glm_pass(
        p.x, p.y, p.coef, p.intercept, loss=loss, loss_param=PARAM, weight=p.weight, gram_weights=gram or "hessian",
        shift=shift,
    )  # fmt: skip
    if far_from_breaks(p, loss):
        check(run_problem(p, loss, gram=gram, shift=shift), want, p, shift=shift)


@given(data=st.data())
def test_softmax_matches_reference(isa, dtype, data):
    k = data.draw(st.sampled_from((2, 3, 4, 7, 10, 17)))
    p = data.draw(problems(targets="class", n_outputs=k)).cast(dtype)
    want = reference.glm_pass(p.x, p.y, p.coef, p.intercept, loss="softmax", weight=p.weight)
    check(run_problem(p, "softmax"), want, p)


@given(data=st.data())
def test_several_targets_match_reference(isa, dtype, data):
    k = data.draw(st.sampled_from((2, 3, 8, 9)))
    p = data.draw(problems(n_outputs=k)).cast(dtype)
    y = np.random.default_rng(p.seed).standard_normal((len(p.x), k)).astype(dtype)
    p = type(p)(**{**p.__dict__, "y": y})
    want = reference.glm_pass(p.x, p.y, p.coef, p.intercept, loss="squared", weight=p.weight, gram_weights="sample")
    check(run_problem(p, "squared", gram="sample"), want, p)


@given(data=st.data())
def test_sparse_is_dense(isa, dtype, loss, data):
    p = data.draw(problems(targets=LOSSES[loss].targets)).cast(dtype)
    csr = p.csr(data.draw(st.sampled_from((np.int32, np.int64))), data.draw(st.booleans()))
    dense = run_problem(p, loss)
    sparse = run(csr, p.y, p.coef, p.intercept, loss=loss, weight=p.weight)
    if far_from_breaks(p, loss):
        check(sparse, dense, p)


@given(data=st.data())
def test_sparse_softmax_is_dense(isa, dtype, data):
    p = data.draw(problems(targets="class", n_outputs=3)).cast(dtype)
    check(run(p.csr(), p.y, p.coef, p.intercept, loss="softmax", weight=p.weight), run_problem(p, "softmax"), p)


def typical(loss, n, d, dtype, seed=0):
    """An everyday problem of this size."""
    rng = np.random.default_rng(seed)
    k = 3 if loss == "softmax" else 1
    x = rng.standard_normal((n, d)).astype(dtype)
    kind = "class" if loss == "softmax" else LOSSES[loss].targets
    y = {"real": rng.standard_normal(n), "01": rng.integers(0, 2, n), "pm1": rng.integers(0, 2, n) * 2 - 1,
         "class": rng.integers(0, k, n)}[kind].astype(dtype)  # fmt: skip
    return x, y, rng.standard_normal((k, d)) / np.sqrt(d), rng.standard_normal(k)


def same(got, want, tolerance, scale):
    for name in ("loss_sum", "gradient", "gram"):
        if got[name] is not None:
            assert_close(got[name], want[name], tolerance, scale=scale)


@pytest.mark.parametrize("name", ["squared", "logistic", "softmax"])
def test_gradient_is_the_slope_of_the_loss(isa, name):
    x, y, coef, intercept = typical(name, 50, 5, np.float64)
    h = 2.0**-10
    gradient = run(x, y, coef, intercept, loss=name)["gradient"]
    rng = np.random.default_rng(1)
    for _ in range(5):
        dw, db = rng.standard_normal(coef.shape), rng.standard_normal(len(intercept))

        def at(step, dw=dw, db=db):
            return run(x, y, coef + step * dw, intercept + step * db, loss=name)["loss_sum"]

        slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
        want = np.sum(gradient[:, :-1] * dw) + gradient[:, -1] @ db
        assert_close(slope, want, tol(np.float64, len(x)) / h, scale=at(0))


def test_gram_is_the_slope_of_the_gradient(isa):
    x, y, coef, intercept = typical("logistic", 50, 5, np.float64)
    h = 2.0**-10
    gram = run(x, y, coef, intercept, loss="logistic", gram="hessian")["gram"]
    for j in range(6):
        step = np.zeros((1, 6))
        step[0, j] = h

        def at(size, step=step):
            w = size * step
            return run(x, y, coef + w[:, :5], intercept + w[:, 5], loss="logistic")["gradient"][0]

        slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h)
        assert_close(slope, gram[j], tol(np.float64, len(x)) / h, scale=len(x))


@pytest.mark.parametrize("weighting", ["hessian", "sample"])
def test_gram_is_symmetric_and_positive(isa, dtype, weighting):
    for d in (1, 8, 17, 40):
        gram = run(*typical("logistic", 300, d, dtype), loss="logistic", gram=weighting)["gram"]
        assert_same_bytes(gram, np.ascontiguousarray(gram.T))
        assert np.linalg.eigvalsh(gram).min() >= -tol(dtype, 300) * np.trace(gram)


@pytest.mark.parametrize("name", ["squared", "logistic", "huber", "softmax"])
def test_weight_counts_copies(isa, dtype, name):
    x, y, coef, intercept = typical(name, 60, 9, dtype)
    count = np.random.default_rng(2).integers(0, 4, len(y))
    gram = None if name == "softmax" else "hessian"
    weighted = run(x, y, coef, intercept, loss=name, weight=count.astype(dtype), gram=gram)
    rows = np.repeat(np.arange(len(y)), count)
    copied = run(x[rows], y[rows], coef, intercept, loss=name, gram=gram)
    same(weighted, copied, tol(dtype, len(rows)), scale=len(rows))


@pytest.mark.parametrize("name", ["squared", "logistic", "softmax"])
def test_zero_weight_is_absence(isa, dtype, name):
    """Even a row of huge numbers leaves no trace when it weighs nothing."""
    x, y, coef, intercept = typical(name, 60, 9, dtype)
    weight = np.ones(len(y), dtype)
    weight[::3] = 0
    x[::3] *= 1e10
    gram = None if name == "softmax" else "hessian"
    keep = weight > 0
    weighted = run(x, y, coef, intercept, loss=name, weight=weight, gram=gram)
    absent = run(x[keep], y[keep], coef, intercept, loss=name, gram=gram)
    same(weighted, absent, tol(dtype, len(y)), scale=len(y))


@pytest.mark.parametrize("name", ["squared", "logistic", "softmax"])
def test_order_of_rows_and_columns_does_not_matter(isa, dtype, name):
    x, y, coef, intercept = typical(name, 500, 9, dtype)
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(500), rng.permutation(9)
    gram = None if name == "softmax" else "hessian"
    here = run(x, y, coef, intercept, loss=name, gram=gram)
    x, coef = np.ascontiguousarray(x[rows][:, columns]), np.ascontiguousarray(coef[:, columns])
    there = run(x, y[rows], coef, intercept, loss=name, gram=gram)
    with_intercept = np.append(columns, 9)
    here["gradient"] = here["gradient"][:, with_intercept]
    if gram:
        here["gram"] = here["gram"][np.ix_(with_intercept, with_intercept)]
    same(there, here, tol(dtype, 500 * 9), scale=500)


@pytest.mark.parametrize("name", ["squared", "logistic", "softmax"])
def test_thread_count_changes_no_bit(isa, dtype, name, n_threads):
    x, y, coef, intercept = typical(name, 30_000, 21, dtype)
    gram = None if name == "softmax" else "hessian"
    one = run(x, y, coef, intercept, loss=name, gram=gram)
    many = run(x, y, coef, intercept, loss=name, gram=gram, n_threads=n_threads)
    for result in ("loss_sum", "gradient", "margins") + (("gram",) if gram else ()):
        assert_same_bytes(many[result], one[result])


@pytest.mark.parametrize("layout", ["offset", "every_other_row", "wide_rows"])
def test_layout_of_rows_changes_little(isa, dtype, layout):
    x, y, coef, intercept = typical("logistic", 100, 13, dtype)
    plain = run(x, y, coef, intercept, loss="logistic", gram="hessian")
    laid_out = run(lay_out(x, layout), y, coef, intercept, loss="logistic", gram="hessian")
    same(laid_out, plain, tol(dtype, 100), scale=100)


@pytest.mark.parametrize("n", (0, *SIZES))
@pytest.mark.parametrize("d", (0, *SIZES, 350))
def test_edge_sizes(isa, dtype, n, d):
    x, y, coef, intercept = typical("logistic", n, max(d, 1), dtype)
    x, coef = np.ascontiguousarray(x[:, :d]), np.ascontiguousarray(coef[:, :d])
    got = run(x, y, coef, intercept, loss="logistic", gram="hessian")
    want = reference.glm_pass(x, y, coef, intercept, loss="logistic")
    same(got, want, tol(dtype, (n + 1) * (d + 1)), scale=n + 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nonfinite_data_is_reported(isa, dtype, bad):
    x, y, coef, intercept = typical("logistic", 40, 5, dtype)
    x[20, 2] = bad
    with pytest.raises(FloatingPointError, match="infinite or NaN"):
        run(x, y, coef, intercept, loss="squared")


def test_overflow_is_reported(isa, dtype):
    x, y, coef, intercept = typical("squared", 40, 5, dtype)
    with pytest.raises(FloatingPointError, match="infinite or NaN"):
        run(x, y, coef * np.sqrt(np.finfo(np.float64).max), intercept, loss="squared")
