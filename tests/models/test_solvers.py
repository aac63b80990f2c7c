# SPDX-License-Identifier: BSD-3-Clause
"""The parts of the smooth solvers, each by itself."""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.sparse as sp
from glm_cases import Multinomial, classes_of
from tolerance import assert_close, assert_same_bytes, tol

from schuss._lbfgs import Memory, line_search
from schuss.linear_model._smooth.conjugate import ConjugateInverse
from schuss.linear_model._smooth.curvature import BalancedInverse, CholeskyInverse, DiagonalInverse
from schuss.linear_model._smooth.hessians import hessian, softmax_bound
from schuss.linear_model._smooth.newton import Minimizer
from schuss.linear_model._smooth.objective import Objective
from schuss.linear_model._smooth.plan import minimizer


def spd(rng, order, condition=100.0):
    q, _ = np.linalg.qr(rng.standard_normal((order, order)))
    return q @ np.diag(np.geomspace(1.0, condition, order)) @ q.T


def objective_of(X, y, *, weight=None, C=1.0, fit_intercept=True, shift=None, dtype=np.float64, n_threads=1):
    y = np.unique(y, return_inverse=True)[1]
    X = X.astype(dtype)
    total = len(y) if weight is None else weight.sum()
    return Objective(
        X if sp.issparse(X) else np.ascontiguousarray(X), y.astype(dtype),
        None if weight is None else weight.astype(dtype),
        loss="logistic" if y.max() == 1 else "softmax", n_outputs=1 if y.max() == 1 else int(y.max()) + 1,
        l2=1.0 / (C * total), fit_intercept=fit_intercept, shift=shift, n_threads=n_threads,
    )  # fmt: skip


# -- inverse Hessians ------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 7, 40])
def test_cholesky_inverse_solves(order, rng):
    matrix, right = spd(rng, order), rng.standard_normal((3, order))
    inverse = CholeskyInverse(matrix)
    assert not inverse.regularised
    assert_close(inverse(right), np.linalg.solve(matrix, right.T).T, tol(float, order, c=1000.0), scale=1.0)


def test_one_factor_serves_stacked_right_hand_sides(rng):
    inverse, right = CholeskyInverse(spd(rng, 6)), rng.standard_normal((2, 3))
    assert inverse(right).shape == (2, 3)
    assert_close(inverse(right).ravel(), inverse(right.reshape(1, 6)).ravel(), tol(float))


@pytest.mark.parametrize("scale", [1e-16, 1.0, 1e16])
def test_singular_matrices_get_a_factor_all_the_same(scale, rng):
    x = rng.standard_normal((30, 4))
    x = scale * np.column_stack([x, x[:, 0], np.zeros(30)])
    inverse = CholeskyInverse(x.T @ x)
    assert inverse.regularised
    step = inverse(x.T @ x @ rng.standard_normal(6))
    assert np.isfinite(step).all()
    assert step[5] == 0.0


@pytest.mark.parametrize(
    "matrix", [np.full((3, 3), np.nan), -np.eye(3), np.zeros((3, 3))], ids=["nan", "negative", "zero"]
)
def test_hopeless_matrices_do_not_crash(matrix):
    assert CholeskyInverse(matrix)(np.ones(3)).shape == (3,)


def test_singular_values_of_a_factor(rng):
    x = rng.standard_normal((50, 5))
    want = np.linalg.svd(x, compute_uv=False)
    assert_close(CholeskyInverse(x.T @ x).singular_values(), want, tol(float, 50))


def test_diagonal_inverse_leaves_the_unknown_alone():
    assert_same_bytes(DiagonalInverse(np.array([2.0, 0.0]))(np.array([1.0, 3.0])), np.array([0.5, 3.0]))


def test_balanced_inverse_is_the_minimum_among_steps_that_add_up_to_nothing(rng):
    diagonal, right = rng.uniform(0.5, 2.0, (4, 3)), rng.standard_normal((4, 3))
    step = BalancedInverse(diagonal)(right)
    assert_close(step.sum(axis=0), np.zeros(3), 1e-14, scale=1.0)
    rest = right - diagonal * step  # the same for all classes: the constraint's multiplier
    assert_close(rest, np.broadcast_to(rest[0], (4, 3)), 1e-13, scale=1.0)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_conjugate_gradients_solve_with_the_hessian(n_classes, sparse, fit_intercept, rng):
    X, y = classes_of(rng, 60, 5, n_classes)
    shift = rng.standard_normal(5) if fit_intercept else None
    weight = rng.random(60)
    objective = objective_of(X, y, weight=weight, fit_intercept=fit_intercept, shift=shift)
    read = objective_of(sp.csr_array(X), y, weight=weight, fit_intercept=fit_intercept, shift=shift)
    point = objective.evaluate(rng.standard_normal(objective.shape) * [*[1.0] * 5, float(fit_intercept)])
    diagonal = DiagonalInverse(np.ones(objective.shape))
    right = point.gradient - (point.gradient.mean(axis=0) if n_classes > 2 else 0.0)
    step = ConjugateInverse(read if sparse else objective, point, diagonal)(right)
    matrix = hessian(objective, point, definite=False)
    assert_close((matrix @ step.ravel()).reshape(right.shape), right, 5e-3, scale=np.abs(right).max())


# -- L-BFGS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rescale", [False, True])
def test_memory_is_exact_along_the_newest_step(rescale, rng):
    """The secant equation: the inverse takes a change of gradient back to the step that made it."""
    hessian, memory = spd(rng, 8), Memory(rescale=rescale)
    for _ in range(4):
        step = rng.standard_normal(8)
        memory.update(step, hessian @ step)
    got = memory.apply(hessian @ step, lambda g: 0.1 * g)
    assert_close(got, step, tol(float, 8, c=100.0), scale=np.abs(step).max())


def test_memory_refuses_pairs_without_curvature():
    memory = Memory()
    memory.update(np.ones(3), -np.ones(3))
    memory.update(np.ones(3), np.zeros(3))
    assert len(memory) == 0


def test_memory_forgets_the_oldest():
    memory = Memory(size=2)
    for i in range(1, 4):
        memory.update(np.ones(1), np.full(1, float(i)))
    assert len(memory) == 2


# -- line search -----------------------------------------------------------------------------------


@dataclass
class At:
    value: float
    gradient: np.ndarray


@pytest.mark.parametrize("target", [1e-3, 0.1, 0.7, 1.0, 3.0, 200.0])
@pytest.mark.parametrize("sharp", [False, True], ids=["quadratic", "steep wall"])
def test_line_search_meets_the_weak_wolfe_conditions(target, sharp):
    def at(t):
        x = t - target
        wall = 1e4 * max(x, 0.0) ** 4 if sharp else 0.0
        return At(x * x + wall, np.array([2 * x + 4 * wall / x if wall else 2 * x]))

    start = at(0.0)
    slope = float(start.gradient[0])
    size, found = line_search(at, start, np.ones(1), slope, noise=0.0)
    assert found.value <= start.value + 1e-4 * size * slope
    assert found.gradient[0] >= 0.9 * slope


def test_line_search_survives_what_is_not_finite():
    def at(t):
        return At(np.inf if t > 0.05 else (t - 0.01) ** 2, np.array([np.nan if t > 0.05 else 2 * (t - 0.01)]))

    size, found = line_search(at, at(0.0), np.ones(1), -0.02, noise=0.0)
    assert found is not None
    assert 0 < size <= 0.05


def test_line_search_gives_up_where_nothing_falls():
    def at(t):
        return At(t, np.ones(1))

    assert line_search(at, at(0.0), np.ones(1), -1.0, noise=1e-3) == (0.0, None)


# -- objective -------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("storage", [np.asarray, sp.csr_matrix], ids=["dense", "csr"])
def test_objective_agrees_with_formulas(n_classes, fit_intercept, weighted, storage, rng):
    X, y = classes_of(rng, 60, 3, n_classes)
    weight = rng.random(60) if weighted else None
    shift = rng.standard_normal(3) if fit_intercept else None
    got = objective_of(storage(X), y, weight=weight, fit_intercept=fit_intercept, shift=shift, C=0.3)
    want = Multinomial(X, y, weight=weight, fit_intercept=fit_intercept, C=0.3)
    theta = rng.standard_normal(got.shape)
    theta[:, -1] *= fit_intercept
    point = got.evaluate(theta)
    plain = np.column_stack([point.coef, point.intercept])
    plain = np.vstack([np.zeros_like(plain), plain]) if n_classes == 2 else plain
    gradient = want.gradient(plain)[-got.n_outputs :]
    assert_close(point.value, want.value(plain), tol(float, 60))
    assert_close(point.gradient_norm, np.abs(gradient).max(), tol(float, 60))
    if fit_intercept:
        gradient[:, :-1] -= gradient[:, -1:] * shift
    assert_close(point.gradient, gradient, tol(float, 60), scale=1.0)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_hessian_is_the_derivative_of_the_gradient(n_classes, fit_intercept, rng):
    X, y = classes_of(rng, 60, 3, n_classes)
    shift = X.mean(axis=0) if fit_intercept else None
    objective = objective_of(X, y, weight=rng.random(60), fit_intercept=fit_intercept, shift=shift)
    theta = 0.3 * rng.standard_normal(objective.shape)
    theta[:, -1] *= fit_intercept
    matrix = hessian(objective, objective.evaluate(theta, curvature=True))
    direction = rng.standard_normal(theta.shape)
    direction -= 0 if n_classes == 2 else direction.mean(axis=0)
    direction[:, -1] *= fit_intercept
    h = 1e-6
    ahead, behind = (objective.evaluate(theta + s * h * direction).gradient for s in (1, -1))
    assert_close((matrix @ direction.ravel()).reshape(theta.shape), (ahead - behind) / (2 * h), 1e-7, scale=1.0)


def test_bound_is_above_every_softmax_hessian(rng):
    X, y = classes_of(rng, 80, 4, 3)
    objective = objective_of(X, y, shift=X.mean(axis=0))
    point = objective.evaluate(rng.standard_normal(objective.shape), curvature=True)
    bound, matrix = softmax_bound(objective, point), hessian(objective, point)
    between = np.eye(3) - 1 / 3  # the common part of all classes is not what is bounded
    room = np.kron(between, bound) - np.kron(between, np.eye(5)) @ matrix @ np.kron(between, np.eye(5))
    assert np.linalg.eigvalsh(room).min() > -tol(float, 80)


def test_shift_changes_coordinates_only(rng):
    X, y = classes_of(rng, 50, 3, 2)
    shift = np.array([1.0, -2.0, 0.5])
    plain, shifted = objective_of(X, y), objective_of(X, y, shift=shift)
    coef, intercept = rng.standard_normal((1, 3)), rng.standard_normal(1)
    points = [o.evaluate(o.shifted(coef, intercept)) for o in (plain, shifted)]
    assert_close(points[0].value, points[1].value, tol(float, 50))
    assert_close(points[0].gradient_norm, points[1].gradient_norm, tol(float, 50))


# -- the minimizer and its plans -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "d", "n_classes", "sparse"),
    [(300, 6, 2, False), (300, 6, 4, False), (40, 90, 2, False), (30_000, 12, 2, False), (30_000, 12, 3, False),
     (300, 60, 2, True), (12_000, 60, 30, False)],
    ids=["newton", "block newton", "wide", "pilot", "block pilot", "sparse", "bound"],
)  # fmt: skip
def test_every_plan_reaches_the_minimum(n, d, n_classes, sparse, rng):
    X, y = classes_of(rng, n, d, n_classes)
    X = sp.random(n, d, 0.2, format="csr", random_state=0) if sparse else X
    objective = objective_of(X, y, shift=None if sparse else X[:100].mean(axis=0))
    solver = minimizer(objective, np.zeros(objective.shape))
    solver.start()
    values = [solver.point.value]
    for _ in range(200):
        if solver.converged(1e-7):
            break
        solver.step()
        values.append(solver.point.value)
    assert solver.converged(1e-7)
    assert np.all(np.diff(values) <= tol(float, n) * values[0])
    want = Multinomial(X, y).gradient if n * d * n_classes < 1e6 else None
    if want is not None:
        theta = np.column_stack([solver.point.coef, solver.point.intercept])
        theta = np.vstack([np.zeros_like(theta), theta]) if n_classes == 2 else theta
        assert np.abs(want(theta)).max() <= 1.1e-7


def test_rounding_ends_the_search(rng):
    """A tolerance of zero cannot be met; the minimizer has to notice."""
    X, y = classes_of(rng, 200, 4, 2)
    for dtype, largest in ((np.float64, 1e-12), (np.float32, 1e-5)):
        objective = objective_of(X, y, dtype=dtype, shift=X.mean(axis=0))
        solver = minimizer(objective, np.zeros(objective.shape))
        solver.start()
        steps = 0
        while not solver.stuck and steps < 50:
            solver.step()
            steps += 1
        assert solver.stuck
        assert solver.precise
        assert solver.point.gradient_norm < largest


def test_a_bad_inverse_slows_down_but_does_not_mislead(rng):
    X, y = classes_of(rng, 200, 4, 2)
    objective = objective_of(X, y)
    for factor in (1e-4, 1.0, 1e4):
        inverse = DiagonalInverse(np.full((1, 5), factor))
        solver = Minimizer(objective, np.zeros(objective.shape), inverse=inverse, rough=True)
        solver.start()
        for _ in range(100):
            if solver.converged(1e-7):
                break
            solver.step()
        assert solver.converged(1e-7)
