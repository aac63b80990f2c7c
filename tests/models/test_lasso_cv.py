# SPDX-License-Identifier: BSD-3-Clause
"""LassoCV, ElasticNetCV and their multi-task kin: held-out errors by the formula, the choice, and what it stands on."""

import itertools

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.linear_model as theirs
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupKFold, KFold, LeaveOneOut, ShuffleSplit, TimeSeriesSplit
from tolerance import assert_close, assert_same_bytes

from schuss import linear_model as ours
from schuss.diagnosis import diagnose
from schuss.linear_model import ElasticNetCV, LassoCV, MultiTaskElasticNetCV, MultiTaskLassoCV

SINGLE = ("LassoCV", "ElasticNetCV")
NAMES = (*SINGLE, "MultiTaskLassoCV", "MultiTaskElasticNetCV")
EXACT = {"tol": 1e-11, "max_iter": 100_000, "alphas": 8, "cv": 3}


def make(name, **parameters):
    ratios = {"l1_ratio": [0.3, 0.9]} if "Elastic" in name and "l1_ratio" not in parameters else {}
    return getattr(ours, name)(**(EXACT | ratios | parameters))


def regression(rng, name, n=90, d=7, noise=0.5):
    """Correlated columns, sparse coefficients, an intercept; two tasks where the model has several."""
    X = rng.standard_normal((n, d)) + 0.5 * rng.standard_normal((n, 1)) + np.arange(d)
    coef = rng.standard_normal((d, 2)) * (np.arange(d) < d // 2)[:, None]
    y = X @ coef + 3.0 + noise * rng.standard_normal((n, 2))
    return X, y if "MultiTask" in name else y[:, 0]


def compare(model, want, room=1e-5):
    assert model.alpha_ == pytest.approx(want.alpha_, rel=1e-9)
    scale = np.abs(want.coef_).max()
    assert_close(model.coef_, want.coef_, room, scale=scale)
    assert_close(model.intercept_, want.intercept_, room, scale=np.abs(want.intercept_).max())
    assert_close(model.alphas_, want.alphas_, 1e-9)
    assert_close(model.mse_path_, want.mse_path_, room, scale=want.mse_path_.max())


def duality_gap(model, X, y, weight=None):
    """By the formula: the residual, scaled to be feasible, is the dual point; of means over the rows."""
    weight = np.ones(len(y)) if weight is None else weight
    total, coef, ratio = weight.sum(), np.atleast_2d(model.coef_), getattr(model, "l1_ratio_", 1.0)
    root = np.sqrt(weight)[:, None]
    y = y.reshape(len(y), -1)
    Z, Y = root * (X - weight @ X / total), root * (y - weight @ y / total)
    R = Y - Z @ coef.T
    l1, l2 = model.alpha_ * ratio * total, model.alpha_ * (1 - ratio) * total
    largest = np.linalg.norm(Z.T @ R - l2 * coef.T, axis=1).max()
    c = min(1.0, l1 / largest)
    primal = 0.5 * (R**2).sum() + l1 * np.linalg.norm(coef, axis=0).sum() + 0.5 * l2 * (coef**2).sum()
    dual = c * (R * Y).sum() - 0.5 * c**2 * ((R**2).sum() + l2 * (coef**2).sum())
    return (primal - dual) / total, (Y**2).sum() / total


# -- the same as scikit-learn's, and certainly the minimum -------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_it_is_scikit_learns(name, fit_intercept, weighted, rng):
    X, y = regression(rng, name)
    weight = rng.random(90) if weighted else None
    model = make(name, fit_intercept=fit_intercept).fit(X, y, weight)
    compare(model, getattr(theirs, name)(**_theirs(model)).fit(X, y, weight))
    if fit_intercept:
        gap, square = duality_gap(model, X, y, weight)
        assert gap <= 1e-9 * square
        assert model.dual_gap_ == pytest.approx(gap, abs=1e-12 * square)


@pytest.mark.parametrize("name", NAMES)
def test_penalties_need_not_be_in_even_steps(name, rng):
    """A descent that starts on the line through the last two solutions must not be led astray by a leap."""
    X, y = regression(rng, name)
    model = make(name, alphas=[3.0, 2.999, 2.998, 0.01, 0.01, 1e-5]).fit(X, y)
    compare(model, getattr(theirs, name)(**_theirs(model)).fit(X, y))


def _theirs(model):
    return {name: value for name, value in model.get_params().items() if name not in ("max_time", "n_threads")}


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize(
    "cv",
    [
        KFold(4, shuffle=True, random_state=0),
        ShuffleSplit(3, test_size=0.3, random_state=0),
        TimeSeriesSplit(3),
        [(np.arange(0, 50), np.arange(40, 90)), (np.arange(90) > 20, np.arange(90) <= 20)],
    ],
    ids=["shuffled", "random", "series", "pairs"],
)
def test_any_splitter(name, cv, rng):
    X, y = regression(rng, name)
    weight = rng.random(90)
    model = make(name, cv=cv).fit(X, y, weight)
    compare(model, getattr(theirs, name)(**_theirs(model)).fit(X, y, weight))


def test_one_row_per_fold(rng):
    X, y = regression(rng, "LassoCV", n=20, d=4)
    model = make("LassoCV", cv=LeaveOneOut()).fit(X, y)
    assert model.mse_path_.shape == (8, 20)
    compare(model, theirs.LassoCV(**_theirs(model)).fit(X, y))


def test_groups_through_metadata_routing(rng):
    X, y = regression(rng, "LassoCV")
    groups = rng.integers(0, 10, 90)
    with config_context(enable_metadata_routing=True):
        routed = make("LassoCV", cv=GroupKFold(3)).fit(X, y, groups=groups)
    direct = make("LassoCV", cv=list(GroupKFold(3).split(X, y, groups))).fit(X, y)
    assert_same_bytes(routed.mse_path_, direct.mse_path_)
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        make("LassoCV").fit(X, y, groups=groups)


@pytest.mark.parametrize("name", SINGLE)
def test_positive_and_random(name, rng):
    X, y = regression(rng, name)
    model = make(name, positive=True).fit(X, y)
    assert model.coef_.min() == 0.0
    compare(model, getattr(theirs, name)(**_theirs(model)).fit(X, y))
    shuffled = make(name, selection="random", random_state=3).fit(X, y)
    compare(shuffled, make(name).fit(X, y))


# -- difficult data ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_more_columns_than_rows_collinear_and_constant_ones(name, rng):
    X, y = regression(rng, name, n=30, d=12)
    X = np.column_stack([X, X[:, :3], np.full(30, 7.0), np.zeros(30), rng.standard_normal((30, 40))])
    X[:, 5] = np.where(np.arange(30) < 10, np.arange(30), 0.0)  # zero in all folds but the first
    weight = np.where(rng.random(30) < 0.2, 0.0, 1.0)
    model = make(name, tol=1e-8, alphas=5, eps=0.05).fit(X, y, weight)
    gap, square = duality_gap(model, X, y, weight)
    assert gap <= 1e-7 * square
    compare(model, getattr(theirs, name)(**_theirs(model)).fit(X, y, weight), 1e-2)


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_scales_and_offsets_of_columns(scale, rng):
    X, y = regression(rng, "LassoCV")
    want = make("LassoCV", tol=1e-8).fit(X, y)
    scaled = make("LassoCV", tol=1e-8, alphas=want.alphas_ * scale).fit(X * scale, y)
    assert_close(scaled.coef_ * scale, want.coef_, 1e-6, scale=1.0)
    moved = make("LassoCV", tol=1e-8).fit(X + 1e6, y)
    assert_close(moved.coef_, want.coef_, 1e-6, scale=1.0)
    assert_close(moved.mse_path_, want.mse_path_, 1e-6)


@pytest.mark.parametrize("name", SINGLE)
def test_a_weight_is_a_repetition(name, rng):
    X, y = regression(rng, name)
    weight = rng.integers(0, 3, 90)
    folds = np.arange(90) % 3
    rows = np.repeat(np.arange(90), weight)
    splits = [[(np.flatnonzero(f != k), np.flatnonzero(f == k)) for k in range(3)] for f in (folds, folds[rows])]
    weighted, repeated = make(name, cv=splits[0]).fit(X, y, weight), make(name, cv=splits[1]).fit(X[rows], y[rows])
    compare(weighted, repeated)


def test_held_out_errors_of_a_nearly_exact_model_keep_their_digits(rng):
    X, _ = regression(rng, "LassoCV", n=3000)
    y = X @ np.arange(7.0) + 100.0 + 1e-3 * rng.standard_normal(3000)
    alphas = [1e-6, 1e-5]
    want = theirs.LassoCV(alphas=alphas, tol=1e-13, max_iter=10**6, cv=3).fit(X, y)
    double = make("LassoCV", alphas=alphas, tol=1e-13).fit(X, y)
    assert_close(double.mse_path_, want.mse_path_, 1e-8)
    single = make("LassoCV", alphas=alphas, tol=1e-9).fit(X.astype(np.float32), y.astype(np.float32))
    assert single.mse_path_.min() >= 0.0
    assert_close(single.mse_path_, want.mse_path_, 0.1)  # of errors 1e-8 times the square of y


# -- storage, precision, threads ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_sparse_and_column_major_tables(name, rng):
    X, y = regression(rng, name)
    X[rng.random(X.shape) < 0.5] = 0.0
    weight = rng.random(90)
    want = make(name).fit(X, y, weight)
    for other in (sp.csr_array(X), sp.csc_matrix(X), np.asfortranarray(X)):
        compare(make(name).fit(other, y, weight), want)


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_is_kept(name, rng):
    X, y = regression(rng, name, n=600)
    model = make(name, tol=1e-6).fit((X + 50).astype(np.float32), y.astype(np.float32))
    want = make(name, tol=1e-6).fit(X + 50, y)
    assert model.coef_.dtype == model.predict((X + 50).astype(np.float32)).dtype == np.float32
    assert_close(model.coef_, want.coef_, 1e-3, scale=1.0)
    assert_close(model.predict(X + 50), want.predict(X + 50), 1e-4, scale=10.0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(2000, 6), (300, 150)])
def test_threads_change_no_bit(name, shape, dtype, rng):
    X, y = regression(rng, name, *shape)
    models = [make(name, n_threads=n, tol=1e-4, alphas=4).fit(X.astype(dtype), y.astype(dtype)) for n in (1, 2, 3)]
    for model in models[1:]:
        assert_same_bytes(model.coef_, models[0].coef_)
        assert_same_bytes(model.mse_path_, models[0].mse_path_)


# -- the loop ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_history_is_the_path(name, rng):
    X, y = regression(rng, name)
    model = make(name, alphas=20).fit(X, y)
    history, errors = model.history_, model.mse_path_.reshape(-1, 20, 3).mean(axis=2) * np.ndim(y)
    assert len(history) == 20
    np.testing.assert_allclose(history["validation_loss"], 0.5 * errors.min(axis=0), rtol=1e-12)
    assert history["validation_loss"].argmin() == model.best_iteration_
    assert history[model.best_iteration_]["alpha"] == model.alpha_
    guess = [np.mean((y[test] - y[train].mean(axis=0)) ** 2) * np.ndim(y) for train, test in KFold(3).split(X)]
    assert history.baseline["validation_loss"] == pytest.approx(0.5 * np.mean(guess))
    assert history.baseline["training_loss"] > history["training_loss"][-1]
    assert model.stop_reason_ == "converged"
    assert diagnose(model).label.value == "converged"


def test_a_path_that_ends_too_early_is_said_to_improve_still(rng):
    X, y = regression(rng, "LassoCV", n=400)
    verdict = diagnose(make("LassoCV", alphas=20, eps=0.3).fit(X, y))
    assert verdict.label.value == "still improving"
    assert "Lower eps (now 0.3)" in verdict.advice


@pytest.mark.parametrize("name", NAMES)
def test_out_of_time_or_interrupted_it_chooses_among_what_it_has(name, rng, monkeypatch):
    X, y = regression(rng, name)
    model = make(name, max_time=1e-9).fit(X, y)
    assert model.stop_reason_ == "max_time"
    assert len(model.history_) == 1
    assert np.isnan(model.mse_path_.reshape(-1, 8, 3)[:, 1:]).all()
    assert model.alpha_ in model.alphas_.reshape(-1, 8)[:, 0]
    calls, step = itertools.count(), ours._coordinate_descent.fold_paths.FoldPaths.step

    def interrupted(self, alphas):
        if next(calls) == 3:
            raise KeyboardInterrupt
        return step(self, alphas)

    monkeypatch.setattr(ours._coordinate_descent.fold_paths.FoldPaths, "step", interrupted)
    model = make(name)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert (model.stop_reason_, len(model.history_)) == ("interrupted", 3)
    assert np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("name", NAMES)
def test_too_few_sweeps_are_warned_of(name, rng):
    X, y = regression(rng, name)
    with pytest.warns(ConvergenceWarning, match=r"Objective did not converge.*Duality gap: .*, tolerance: "):
        model = make(name, max_iter=1, tol=0.0).fit(X, y)
    assert model.stop_reason_ == "max_iter"


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        (LassoCV(), {"y": np.ones((6, 2))}, "use MultiTaskLassoCV"),
        (MultiTaskElasticNetCV(), {}, "use ElasticNetCV"),
        (ElasticNetCV(l1_ratio=0), {}, "Automatic alpha grid generation is not supported"),
        (LassoCV(alphas=[1.0, -1.0]), {}, r"alphas\[1\] == -1"),
        (LassoCV(cv=2), {"weight": np.array([0.0, 0, 0, 1, 1, 1])}, "rows of fold 1 are all zero"),
        (LassoCV(), {"X": np.full((6, 1), np.nan)}, "Input X contains NaN"),
        (MultiTaskLassoCV(), {"y": np.full((6, 2), np.inf)}, "Input y contains infinity"),
        (LassoCV(), {"y": 1e300 * np.arange(6.0)}, "overflow"),
    ],
)
def test_refusals(model, data, message):
    data = {"X": np.arange(6.0)[:, None], "y": np.arange(6.0), "weight": None} | data
    with pytest.raises(ValueError, match=message):
        model.fit(data["X"], data["y"], data["weight"])


def test_constant_targets(rng):
    X, _ = regression(rng, "LassoCV")
    model = LassoCV(alphas=3).fit(X, np.full(90, 5.0))
    assert not model.coef_.any()
    assert model.intercept_ == 5.0
    assert_close(model.mse_path_, np.zeros((3, 5)), 0.0, scale=1.0)


def test_inputs_are_not_written_to(rng):
    X, y = regression(rng, "LassoCV")
    weight = rng.random(90)
    copies = X.copy(), y.copy(), weight.copy()
    LassoCV(copy_X=False, alphas=3, cv=KFold(3, shuffle=True, random_state=0)).fit(X, y, weight)
    for now, before in zip((X, y, weight), copies, strict=True):
        assert_same_bytes(now, before)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sparse", [False, True])
def test_tables_too_wide_for_gram_matrices(name, sparse, rng, monkeypatch):
    """The columns' working sets come to the same as the Gram matrices of all columns."""
    X, y = regression(rng, name, n=60, d=80)
    X = sp.csr_array(np.where(rng.random(X.shape) < 0.5, X, 0.0)) if sparse else X
    weight = rng.random(60)
    settings = {
        "eps": 0.1,
        "alphas": 5,
        "tol": 1e-9,
        "cv": KFold(3, shuffle=sparse, random_state=0 if sparse else None),
    }
    want = make(name, **settings).fit(X, y, weight)
    monkeypatch.setattr(ours._coordinate_descent.fold_paths, "_MOST_COLUMNS", 50)
    model = make(name, **settings).fit(X, y, weight)
    compare(model, want, 1e-4)
    assert_close(model.history_["training_loss"], want.history_["training_loss"], 1e-4)
    assert model.history_.baseline == pytest.approx(want.history_.baseline)
