# SPDX-License-Identifier: BSD-3-Clause
"""LinearRegression and Ridge against closed forms, scikit-learn and their own certificates."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn import linear_model as theirs
from sklearn.metrics import mean_squared_error, r2_score
from tolerance import assert_close, assert_same_bytes, tol

from schuss.linear_model import LinearRegression, Ridge
from schuss.linear_model._least_squares.gram import GramSolver
from schuss.linear_model._least_squares.problem import Problem

MODELS = pytest.mark.parametrize("name", ["LinearRegression", "Ridge"])
OURS = {"LinearRegression": LinearRegression, "Ridge": Ridge}
SOLVERS = ["auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga"]


def regression(rng, n=300, d=6, n_targets=None, noise=1.0):
    X = rng.standard_normal((n, d))
    shape = (d,) if n_targets is None else (d, n_targets)
    y = X @ rng.standard_normal(shape) + 3.0
    return X, y + noise * rng.standard_normal(y.shape)


def residual_gradient(model, X, y, weight=None, alpha=0.0):
    """Largest entry of the gradient of the summed objective, by the formula."""
    X = X.toarray() if sp.issparse(X) else X
    y, coef = y.reshape(len(y), -1), np.atleast_2d(model.coef_)
    weight = np.ones(len(y)) if weight is None else weight
    residual = weight[:, None] * (X @ coef.T + model.intercept_ - y)
    slope = residual.T @ X + np.asarray(alpha).reshape(-1, 1) * coef
    return max(np.abs(slope).max(), np.abs(residual.sum(axis=0)).max() if model.fit_intercept else 0.0)


def compare(got, want, room):
    assert got.coef_.shape == want.coef_.shape
    assert np.shape(got.intercept_) == np.shape(want.intercept_)
    assert_close(got.coef_, want.coef_, room, scale=np.abs(want.coef_).max())
    assert_close(got.intercept_, want.intercept_, room, scale=1.0 + np.abs(want.intercept_).max())


# -- the minimum -----------------------------------------------------------------------------------


@MODELS
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
def test_it_is_the_minimum(name, fit_intercept, weighted, n_targets, rng):
    X, y = regression(rng, n_targets=n_targets)
    weight = rng.random(300) * rng.integers(0, 2, 300) if weighted else None
    model = OURS[name](fit_intercept=fit_intercept).fit(X, y, weight)
    alpha = 1.0 if name == "Ridge" else 0.0
    assert residual_gradient(model, X, y, weight, alpha) < tol(float, 300, c=100.0)
    compare(model, getattr(theirs, name)(fit_intercept=fit_intercept).fit(X, y, weight), tol(float, 300, c=100.0))


@MODELS
@pytest.mark.parametrize(("factor", "offset"), [(1.0, 1e5), (1e-6, 0.0), (1e6, 0.0), (None, 0.0)])
def test_scales_and_offsets(name, factor, offset, rng):
    X, y = regression(rng)
    X = X * (np.geomspace(1e-2, 1e2, 6) if factor is None else factor) + offset
    # cond**2 would be 1e10 for the offset and 1e8 for the scales: refinement takes it away
    room = tol(float, 300, c=100.0) * (1.0 + offset)
    compare(OURS[name]().fit(X, y), getattr(theirs, name)().fit(X, y), room)


@MODELS
@pytest.mark.parametrize("condition", [1e2, 1e4, 1e5, 1e8, 1e12])
def test_ill_conditioned_columns(name, condition, rng):
    X, y = regression(rng, n=200, d=5)
    X[:, 4] = X[:, 0] + rng.standard_normal(200) / condition
    model = OURS[name]().fit(X, y)
    want = getattr(theirs, name)(**({"solver": "svd"} if name == "Ridge" else {})).fit(X, y)
    compare(model, want, condition * tol(float, 200, c=100.0) if condition < 1e7 else 1e-8)


@MODELS
def test_collinear_and_constant_columns(name, rng):
    X, y = regression(rng)
    X = np.column_stack([X, X[:, :2], np.full(300, 7.0), np.zeros(300)])
    model, want = OURS[name]().fit(X, y), getattr(theirs, name)().fit(X, y)
    compare(model, want, 1e-9)
    if name == "LinearRegression":
        assert model.rank_ == want.rank_ == 6
        assert_close(model.singular_, want.singular_, tol(float, 300), scale=want.singular_[0])


@MODELS
@pytest.mark.parametrize("n", [1, 2, 4, 6, 7])
def test_few_samples(name, n, rng):
    X, y = regression(rng, n=n, d=6, noise=0.0)
    compare(OURS[name]().fit(X, y), getattr(theirs, name)().fit(X, y), 1e-9)


@MODELS
def test_weights_are_repetitions(name, rng):
    X, y = regression(rng)
    weight = rng.integers(0, 4, 300)
    rows = np.repeat(np.arange(300), weight)
    compare(OURS[name]().fit(X, y, weight), OURS[name]().fit(X[rows], y[rows]), tol(float, 900, c=100.0))


@MODELS
def test_constant_and_exact_targets(name, rng):
    X, _ = regression(rng)
    model = OURS[name]().fit(X, np.full(300, 5.0))
    assert np.abs(model.coef_).max() < tol(float, 300)
    assert model.intercept_ == 5.0
    exact = OURS[name](**({"alpha": 0.0} if name == "Ridge" else {})).fit(X, X @ np.arange(6.0) - 2.0)
    assert_close(exact.coef_, np.arange(6.0), tol(float, 300), scale=1.0)


# -- storage and precision -------------------------------------------------------------------------


@MODELS
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("n_targets", [None, 2])
def test_csr_is_dense(name, weighted, n_targets, rng):
    X = sp.random(200, 12, density=0.3, format="csr", random_state=0)
    y = X @ rng.standard_normal((12, n_targets or 1)) + 1.0 + 0.1 * rng.standard_normal((200, n_targets or 1))
    y = y if n_targets else y[:, 0]
    weight = rng.random(200) if weighted else None
    sparse, dense = OURS[name](tol=1e-14).fit(X, y, weight), OURS[name]().fit(X.toarray(), y, weight)
    compare(sparse, dense, 1e-9)
    assert_close(sparse.predict(X), dense.predict(X.toarray()), 1e-9, scale=1.0)


@MODELS
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_single_precision_is_kept_and_close(name, offset, rng):
    X, y = regression(rng, n=5000)
    X, y = (X + offset).astype(np.float32), y.astype(np.float32)
    single, double = OURS[name]().fit(X, y), OURS[name]().fit(X.astype(np.float64), y)
    assert single.coef_.dtype == single.predict(X).dtype == np.float32
    assert np.asarray(single.intercept_).dtype == np.float32
    assert_close(single.coef_, double.coef_, tol(np.float32, c=8.0 + offset), scale=1.0)
    assert_close(single.predict(X), double.predict(X), tol(np.float32, c=100.0 + 10 * offset), scale=1.0)


@MODELS
@pytest.mark.parametrize("n", [500, 30_000])
def test_threads_change_no_bit(name, n, dtype, n_threads, rng):
    X, y = regression(rng, n=n, d=11)
    X, y = X.astype(dtype), y.astype(dtype)
    one, many = (OURS[name](n_threads=threads).fit(X, y) for threads in (1, n_threads))
    assert_same_bytes(many.coef_, one.coef_)
    assert_same_bytes(many.intercept_, one.intercept_)


@MODELS
def test_inputs_are_not_written_to(name, rng):
    X, y = regression(rng)
    weight = rng.random(300)
    copies = X.copy(), y.copy(), weight.copy()
    OURS[name](copy_X=False).fit(X, y, weight)
    OURS[name](copy_X=False).fit(X[:3], y[:3], weight[:3])
    for now, before in zip((X, y, weight), copies, strict=True):
        assert_same_bytes(now, before)


# -- constraints and the other solvers -------------------------------------------------------------


@MODELS
@pytest.mark.parametrize("n_targets", [None, 2])
def test_positive_coefficients(name, n_targets, rng):
    X, y = regression(rng, n_targets=n_targets)
    model = OURS[name](positive=True).fit(X, y)
    assert model.coef_.min() == 0.0
    compare(model, getattr(theirs, name)(positive=True).fit(X, y), 1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("shape", [(300, 6), (10, 25)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_every_solver_of_ridge(solver, shape, fit_intercept, rng):
    X, y = regression(rng, *shape, n_targets=2)
    model = Ridge(alpha=[0.5, 5.0], solver=solver, tol=1e-13, fit_intercept=fit_intercept).fit(X, y)
    assert residual_gradient(model, X, y, alpha=[0.5, 5.0]) < 1e-8
    assert model.solver_ == ("cholesky" if solver == "auto" else solver)
    assert model.n_iter_.shape == (2,)


@pytest.mark.parametrize("solver", ["auto", "lsqr", "sparse_cg", "sag", "cholesky", "saga"])
@pytest.mark.parametrize("shape", [(200, 12), (10, 25)])
def test_every_solver_of_ridge_on_sparse_data(solver, shape, rng):
    X = sp.random(*shape, density=0.4, format="csr", random_state=0)
    y, weight = rng.standard_normal(shape[0]), rng.random(shape[0])
    fit_intercept = solver not in ("cholesky", "saga")
    model = Ridge(alpha=0.3, solver=solver, tol=1e-13, fit_intercept=fit_intercept).fit(X, y, weight)
    assert residual_gradient(model, X, y, weight, alpha=0.3) < 1e-8


def test_ridge_without_penalty_survives_singular_data(rng):
    X, y = regression(rng)
    X = np.column_stack([X, X[:, 0]])
    model = Ridge(alpha=0.0).fit(X, y)
    assert model.solver_ == "svd"
    assert residual_gradient(model, X, y) < 1e-9
    wide = Ridge(alpha=0.0, fit_intercept=False).fit(np.vstack([X[:3], X[:1]]), y[[0, 1, 2, 0]])
    assert_close(wide.predict(X[:3]), y[:3], 1e-8, scale=1.0)


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        (Ridge(solver="lbfgs"), {}, "only when positive=True"),
        (Ridge(solver="svd", positive=True), {}, "does not support positive fitting"),
        (Ridge(alpha=[1.0, 2.0]), {}, "do not correspond: 2 != 1"),
        (LinearRegression(), {"weight": np.array([1.0, -1.0, 1.0, 1.0])}, "Negative values in data passed"),
        (LinearRegression(), {"X": np.full((4, 1), np.nan)}, "Input X contains NaN"),
        (LinearRegression(), {"y": [1.0, np.inf, 1.0, 1.0]}, "Input y contains infinity"),
        (Ridge(), {"y": ["a", "b", "c", "d"]}, "could not convert string"),
        (Ridge(), {"y": 1e300 * np.arange(4.0)}, "overflow"),
    ],
)
def test_refusals(model, data, message):
    data = {"X": np.arange(4.0)[:, None], "y": np.arange(4.0), "weight": None} | data
    with pytest.raises(ValueError, match=message):
        model.fit(data["X"], data["y"], data["weight"])


@MODELS
@pytest.mark.parametrize("shape", [(60_000, 5), (100, 3000)], ids=["tall", "wide"])
def test_large_tables_are_searched_for_nan_by_the_fit_itself(name, shape, rng):
    X, y = rng.standard_normal(shape), rng.standard_normal(shape[0])
    X[-1, 2] = np.nan
    with pytest.raises(ValueError, match="Input X contains NaN"):
        OURS[name]().fit(X, y)


# -- what the fit tells ----------------------------------------------------------------------------


@MODELS
def test_history(name, rng):
    X, y = regression(rng)
    weight = rng.random(300)
    model = OURS[name]().fit(X, y, weight)
    history, total = model.history_, weight.sum()
    assert model.stop_reason_ == "converged"
    assert history.columns == ("data_loss", "penalty", "objective", "gradient_norm", "seconds")
    assert len(history) == 2
    assert history["objective"][1] < history["objective"][0]
    half = mean_squared_error(y, model.predict(X), sample_weight=weight) / 2
    assert_close(history["data_loss"][-1], half, tol(float, 300))
    penalty = np.sum(model.coef_**2) / (2 * total) if name == "Ridge" else 0.0
    assert_close(history["penalty"][-1], penalty, tol(float, 300))
    assert history["gradient_norm"][-1] < tol(float, 300)
    guess = np.average(y, weights=weight)
    assert_close(history.baseline["training_loss"], np.average((y - guess) ** 2, weights=weight) / 2, tol(float, 300))


@MODELS
@pytest.mark.parametrize("n_targets", [None, 3])
def test_validation_columns(name, n_targets, rng):
    X, y = regression(rng, n_targets=n_targets)
    model = OURS[name]().fit(X[:200], y[:200], X_val=X[200:], y_val=y[200:])
    last, outputs = model.history_[-1], n_targets or 1
    error = outputs * mean_squared_error(y[200:], model.predict(X[200:])) / 2
    assert_close(last["validation_loss"], error, tol(float, 300, c=100.0))
    assert_close(last["validation_score"], r2_score(y[200:], model.predict(X[200:])), tol(float, 300, c=100.0))
    assert_close(last["training_loss"], last["data_loss"], tol(float, 300))
    assert_close(last["training_score"], model.score(X[:200], y[:200]), tol(float, 300, c=100.0))
    assert model.history_.baseline["validation_loss"] > last["validation_loss"]


@MODELS
def test_time_runs_out(name, rng):
    X, y = regression(rng)
    model = OURS[name](max_time=1e-9).fit(X, y)
    assert (model.stop_reason_, len(model.history_)) == ("max_time", 1)
    assert_close(model.coef_, OURS[name]().fit(X, y).coef_, 1e-9, scale=1.0)


@MODELS
@pytest.mark.parametrize("at_read", [1, 2])
def test_ctrl_c(name, at_read, rng, monkeypatch):
    X, y = regression(rng)
    reads, read = [], Problem.read

    def counted(self, *args, **options):
        reads.append(args)
        if len(reads) == at_read:
            raise KeyboardInterrupt
        return read(self, *args, **options)

    monkeypatch.setattr(Problem, "read", counted)
    model = OURS[name]()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert len(model.history_) == at_read - 1
    assert model.predict(X).shape == (300,)
    assert model.coef_.any() == (at_read == 2)


@MODELS
def test_a_callback_may_stop_the_fit(name, rng):
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")

    class Stop:
        def setup(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            self.seen = fitted_estimator
            return True

        def teardown(self, estimator, context): ...

    X, y = regression(rng)
    stop = Stop()
    model = OURS[name]().set_callbacks(stop).fit(X, y)
    assert (model.stop_reason_, len(model.history_)) == ("callback", 1)
    assert_same_bytes(stop.seen.predict(X), model.predict(X))


# -- the Gram solver by itself ---------------------------------------------------------------------


def test_a_useless_gram_matrix_is_noticed(rng, monkeypatch):
    """Were the Gram matrix wrong by half, corrections would not shrink as they must."""
    X, y = regression(rng)
    read = Problem.read

    def wrong(self, *args, **options):
        reading = read(self, *args, **options)
        if reading.gram is not None:
            reading.gram[:] *= 0.5
        return reading

    monkeypatch.setattr(Problem, "read", wrong)
    model = LinearRegression().fit(X, y)
    assert len(model.history_) == 3
    monkeypatch.undo()
    compare(model, theirs.LinearRegression().fit(X, y), tol(float, 300, c=100.0))


def test_refinement_takes_the_square_of_the_condition_away(rng):
    X, y = regression(rng, n=400, d=4)
    X[:, 3] = X[:, 0] + 1e-5 * rng.standard_normal(400)
    problem = Problem(X, y[:, None], None, alpha=np.zeros(1), fit_intercept=True, n_threads=1)
    solver = GramSolver(problem, smallest_pivot=1e-13)
    norms = [solver.sweep(i)["gradient_norm"] for i in range(3)]
    assert norms[1] < 1e-5 * norms[0]
    assert norms[2] <= norms[1]
    assert norms[2] < tol(float, 400) * np.abs(solver.coef).max()
