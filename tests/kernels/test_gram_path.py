# SPDX-License-Identifier: BSD-3-Clause
"""Descents in step start on the line through their last two solutions, and are those of single calls."""

import numpy as np
import pytest
from reference.cd import line_start
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

STATE = ("gradient", "coef", "last_gradient", "last_coef", "residual", "gap", "n_sweeps")


def paths(n_paths, k, d, seed):
    """Least squares (gram, target, square) for each path, two points (p, k, d) on its way, and noise."""
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n_paths, 2 * d + 5, d)), rng.standard_normal((n_paths, k, 2 * d + 5))
    problems = [(a.T @ a, b @ a, float(np.sum(b**2))) for a, b in zip(x, y, strict=True)]
    ends = np.array([np.linalg.solve(gram, target.T).T for gram, target, _ in problems])
    # halfway from zero to the solution without penalty, where going on is a good idea
    return problems, 0.5 * ends, 0.2 * ends + 0.01 * rng.standard_normal(ends.shape)


def state_at(problems, coef, last):
    """All that a kernel updates."""
    return {
        "gradient": slopes(problems, coef),
        "coef": coef,
        "last_gradient": slopes(problems, last),
        "last_coef": last,
        "residual": np.array([residual(*problem, w) for problem, w in zip(problems, coef, strict=True)]),
        "gap": np.zeros(len(problems)),
        "n_sweeps": np.zeros(len(problems), dtype=np.int64),
    }


def slopes(problems, coef):
    return np.array([w @ gram - target for (gram, target, _), w in zip(problems, coef, strict=True)])


def residual(gram, target, square, coef):
    return square + np.sum(coef * (coef @ gram - 2.0 * target))


def run(problems, state, **options):
    state = {name: array.copy() for name, array in state.items()}
    gradient, coef = state["gradient"], state["coef"]
    rest = {name: state[name] for name in STATE[2:]}
    kernels.gram_path([gram for gram, _, _ in problems], gradient, coef, **rest, **options)
    return state


def options_for(n_paths, *, l1=0.5, l2=0.3, length=0.9, **more):
    each = {"l1": np.full(n_paths, l1), "l2": np.full(n_paths, l2), "length": np.full(n_paths, length)}
    return {**each, "gap_tol": np.full(n_paths, 1e-9), "tol": 1e-9, **more}


@pytest.mark.parametrize("length", [0.0, 0.9, 40.0])
@pytest.mark.parametrize(("k", "positive"), [(1, False), (1, True), (3, False)])
def test_starts_at_the_better_of_two_points(isa, k, positive, length):
    problems, coef, last = paths(4, k, 9, 0)
    if positive:  # the first two go on within the domain, the others would leave it
        coef = np.abs(coef)
        last = coef * np.array([1.02, 1.01, 3.0, 4.0])[:, None, None]
    state = state_at(problems, coef, last)
    options = options_for(4, length=length, positive=positive, max_sweeps=0)
    got = run(problems, state, **options)
    moved = 0
    for i, problem in enumerate(problems):
        want = line_start(*problem, state["coef"][i], state["last_coef"][i], length, l1=0.5, l2=0.3, positive=positive)
        moved += not np.array_equal(want, state["coef"][i])
        assert_close(got["coef"][i], want, tol(np.float64, 10), scale=1.0)
        assert_close(got["gradient"][i], want @ problem[0] - problem[1], tol(np.float64, 1e4), scale=1.0)
        assert_close(got["residual"][i], residual(*problem, want), tol(np.float64, 1e4), scale=problem[2])
    assert moved == {0.0: 0, 0.9: 2 if positive else 4, 40.0: 2 if positive else 0}[length]
    assert_same_bytes(got["last_coef"], state["coef"])
    assert_same_bytes(got["last_gradient"], state["gradient"])


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("k", [1, 2])
def test_is_gram_cd_from_there(isa, k, shuffle):
    problems, *points = paths(3, k, 12, 1)
    state = state_at(problems, *points)
    common = {"max_sweeps": 50, "shuffle": shuffle, "seed": 3}
    start = run(problems, state, **options_for(3, **common | {"max_sweeps": 0}))
    got = run(problems, state, **options_for(3, **common))
    for i, (gram, _, _) in enumerate(problems):
        coef, gradient = start["coef"][i].copy(), start["gradient"][i].copy()
        one = {"l1": 0.5, "l2": 0.3, "residual": start["residual"][i], "gap_tol": 1e-9, "tol": 1e-9}
        done = kernels.gram_cd(gram, gradient, coef, **one, **common)
        assert done[0] > 0
        assert done == (got["n_sweeps"][i], got["residual"][i], got["gap"][i])
        assert_same_bytes(got["coef"][i], coef)
        assert_same_bytes(got["gradient"][i], gradient)


def test_does_not_depend_on_threads(isa):
    problems, *points = paths(5, 1, 160, 2)  # large enough for threads
    state = state_at(problems, *points)
    one, three = (run(problems, state, **options_for(5, max_sweeps=30, n_threads=n)) for n in (1, 3))
    for name in STATE:
        assert_same_bytes(three[name], one[name])


def test_one_path_with_nonfinite_numbers_is_reported(isa):
    problems, *points = paths(3, 1, 6, 3)
    state = state_at(problems, *points)
    state["gradient"][1, 0, 2] = np.nan
    with pytest.raises(FloatingPointError):
        run(problems, state, **options_for(3, max_sweeps=20))


def test_every_path_needs_a_matrix(isa):
    problems, *points = paths(2, 1, 4, 4)
    state = state_at(problems, *points)
    with pytest.raises(ValueError, match="grams"):
        run(problems[:1], state, **options_for(2, max_sweeps=1))
