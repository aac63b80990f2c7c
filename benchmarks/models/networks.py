# SPDX-License-Identifier: BSD-3-Clause
"""Fully connected networks, rectified, trained by Adam: the same epochs in every library, judged on held-out rows.

All take steps of 0.001 on shuffled batches of the same size; weights begin as Glorot drew them. scikit-learn and ours
add a penalty of 0.0001 |weights|^2 / (2 rows of a batch), too small to show. JAX runs a whole epoch, shuffling
included, as one compiled scan, PyTorch in its usual way, step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models import problems
from benchmarks.models.libraries import OURS, Candidate
from benchmarks.models.problems import Problem

Array = NDArray[Any]

_RATE = 1e-3
_NOISE = 0.2  # share of labels drawn at random: what no network can learn


@dataclass(frozen=True)
class Layers:
    """A trained network: weights (fan_in, fan_out) and intercepts."""

    coefs: list[Array]
    intercepts: list[Array]


@dataclass(frozen=True)
class Work:
    """What is trained, and for how long."""

    hidden: tuple[int, ...]
    batch_size: int
    epochs: int


def problem(n: int, d: int, n_classes: int) -> Problem:
    """Classes that depend on products of columns, so that hidden layers are of use."""
    base = problems.classes(n, d, "float32", n_classes, n_test=max(500, n // 5))
    first, second = np.random.default_rng(2).permutation(d)[: 2 * (d // 2)].reshape(2, -1)
    k = max(n_classes, 2)
    coef = np.random.default_rng(3).standard_normal((len(first), k)).astype(np.float32) / np.sqrt(len(first)) * 3.0

    def target(X: Array, seed: int) -> Array:
        rng = np.random.default_rng(seed)
        y = ((np.tanh(X[:, first]) * X[:, second]) @ coef).argmax(axis=1)
        return np.where(rng.random(len(y)) < _NOISE, rng.integers(0, k, len(y)), y)

    return Problem(base.X, target(base.X, 4), base.X_test, target(base.X_test, 5), n_classes)


def held_out_loss(problem: Problem, found: Any) -> float:
    """Mean log loss of a network on rows it was not trained on, in float64."""
    value = problem.X_test.astype(np.float64)
    for at, (coef, intercept) in enumerate(zip(found.coefs, found.intercepts, strict=True)):
        value = value @ coef.astype(np.float64) + intercept
        value = value if at == len(found.coefs) - 1 else np.maximum(value, 0.0)
    if value.shape[1] == 1:
        value = np.hstack([np.zeros_like(value), value])
    shifted = value - value.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(shifted)), problem.y_test]
    return float(np.mean(np.log(np.exp(shifted).sum(axis=1)) - right))


def candidates(work: Work) -> list[Candidate]:
    """Ours, scikit-learn, PyTorch and JAX, each with the threads given."""

    def estimator(module: str) -> Callable[..., Any]:
        def build(problem: Problem, _: float | None, n_threads: int) -> Any:
            return lambda: _fit_estimator(module, problem, work, n_threads)

        return build

    return [
        Candidate(OURS, "", estimator("schuss.neural_network")),
        Candidate("scikit-learn", "", estimator("sklearn.neural_network")),
        Candidate("torch", "", lambda problem, _, n_threads: _torch(problem, work, n_threads)),
        Candidate("jax", "jit, scan", lambda problem, _, n_threads: _jax(problem, work)),
    ]


def _fit_estimator(module: str, problem: Problem, work: Work, n_threads: int) -> Layers:
    from importlib import import_module

    threads = {"n_threads": n_threads} if module.startswith("schuss") else {}
    model = import_module(module).MLPClassifier(
        work.hidden, batch_size=work.batch_size, max_iter=work.epochs, n_iter_no_change=np.inf, random_state=0,
        learning_rate_init=_RATE, **threads,
    )  # fmt: skip
    model.fit(problem.X, problem.y)
    return Layers(model.coefs_, model.intercepts_)


def _torch(problem: Problem, work: Work, n_threads: int) -> Callable[[], Layers]:
    import torch

    X, binary = torch.from_numpy(problem.X), problem.n_outputs == 1
    y = torch.from_numpy(problem.y.astype(np.float32 if binary else np.int64))
    loss_of = torch.nn.BCEWithLogitsLoss() if binary else torch.nn.CrossEntropyLoss()
    units = (problem.X.shape[1], *work.hidden, problem.n_outputs)

    def fit() -> Layers:
        torch.set_num_threads(n_threads)
        torch.manual_seed(0)
        linear = [torch.nn.Linear(a, b) for a, b in pairwise(units)]
        for layer in linear:
            torch.nn.init.xavier_uniform_(layer.weight)
        between = [step for layer in linear[:-1] for step in (layer, torch.nn.ReLU())]
        network = torch.nn.Sequential(*between, linear[-1])
        optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
        for _ in range(work.epochs):
            for rows in torch.randperm(len(X)).split(work.batch_size):
                optimizer.zero_grad(set_to_none=True)
                out = network(X[rows])
                loss_of(out[:, 0] if binary else out, y[rows]).backward()
                optimizer.step()
        return Layers(
            [layer.weight.detach().numpy().T for layer in linear], [layer.bias.detach().numpy() for layer in linear]
        )

    return fit


def _jax(problem: Problem, work: Work) -> Callable[[], Layers]:
    import jax
    import jax.numpy as jnp

    X, y = jnp.asarray(problem.X), jnp.asarray(problem.y)
    binary, n = problem.n_outputs == 1, len(problem.X)
    units = (problem.X.shape[1], *work.hidden, problem.n_outputs)
    steps = n // work.batch_size

    def loss_of(parameters: Any, rows: Any) -> Any:
        value = X[rows]
        for at, (coef, intercept) in enumerate(parameters):
            value = value @ coef + intercept
            value = value if at == len(parameters) - 1 else jax.nn.relu(value)
        if binary:
            z = value[:, 0]
            return jnp.mean(jnp.logaddexp(0.0, z) - y[rows] * z)
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(value), y[rows][:, None], axis=1))

    def step(state: Any, rows: Any) -> Any:
        parameters, first, second, t = state
        gradient, t = jax.grad(loss_of)(parameters, rows), t + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = _RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        move = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), parameters, first, second)
        return (move, first, second, t), None

    @jax.jit
    def epoch(state: Any, key: Any) -> Any:
        order = jax.random.permutation(key, n)[: steps * work.batch_size].reshape(steps, work.batch_size)
        return jax.lax.scan(step, state, order)[0]

    def begin() -> Any:
        rng = np.random.default_rng(0)
        parameters = [
            tuple(jnp.asarray(rng.uniform(-1, 1, shape) * np.sqrt(6 / (a + b)), jnp.float32) for shape in ((a, b), b))
            for a, b in pairwise(units)
        ]
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        return parameters, zeros, zeros, jnp.zeros((), jnp.float32)

    def fit() -> Layers:
        state = begin()
        for number in range(work.epochs):
            state = epoch(state, jax.random.key(number))
        parameters = jax.block_until_ready(state)[0]
        return Layers([np.asarray(coef) for coef, _ in parameters], [np.asarray(b) for _, b in parameters])

    fit()  # compiles
    return fit


# ---------------------------------------------------------------- one row at a time


def single_row_candidates(hidden: tuple[int, ...]) -> list[Candidate]:
    """A thousand predictions of one row each, by the same network in every library."""
    return [
        Candidate(OURS, "", lambda problem, _, __: _predicting(_trained("schuss", problem, hidden).predict, problem)),
        Candidate(
            "scikit-learn",
            "",
            lambda problem, _, __: _predicting(_trained("sklearn", problem, hidden).predict, problem),
        ),
        Candidate("onnxruntime", "", lambda problem, _, __: _predicting(_onnx(problem, hidden), problem)),
    ]


def _predicting(predict: Callable[[Array], Any], problem: Problem) -> Callable[[], Array]:
    rows = list(_single_rows(problem))
    return lambda: np.array([np.ravel(predict(row))[0] for row in rows])


def _single_rows(problem: Problem) -> Iterator[Array]:
    for i in range(min(1000, len(problem.X_test))):
        yield np.ascontiguousarray(problem.X_test[i : i + 1])


def share_of_errors(problem: Problem, found: Any) -> float:
    """Share of wrong answers among the rows that were predicted."""
    return float(np.mean(found != problem.y_test[: len(found)]))


def _trained(package: str, problem: Problem, hidden: tuple[int, ...]) -> Any:
    from importlib import import_module

    model = import_module(f"{package}.neural_network").MLPClassifier(
        hidden, shuffle=False, batch_size=200, max_iter=10, n_iter_no_change=np.inf, random_state=0
    )
    return model.fit(problem.X, problem.y)


def _onnx(problem: Problem, hidden: tuple[int, ...]) -> Callable[[Array], Any]:
    import onnxruntime
    from skl2onnx import to_onnx

    model = to_onnx(_trained("sklearn", problem, hidden), problem.X[:1], options={"zipmap": False})
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # more of them are slower with one row
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    name = session.get_inputs()[0].name
    return lambda row: session.run(["label"], {name: row})[0]
