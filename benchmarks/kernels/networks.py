# SPDX-License-Identifier: BSD-3-Clause
"""Cases of the kernels of networks."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from schuss import _kernels as kernels

Array = NDArray[Any]

_CHECKED_ROWS = 64
_ROOM = {"float32": 2e-4, "float64": 1e-10}  # for sums of some hundred terms; the tests have the sharp bounds


class _Net:
    """A network with one output, rectified units in between, and its parameters in one block.

    With a table, of this shape, the last column holds codes instead of numbers.
    """

    def __init__(self, units: tuple[int, ...], dtype: str, table: tuple[int, int] | None = None) -> None:
        self.table: Array | None = None
        inputs = units[0] if table is None else units[0] - 1 + table[1]
        shapes = list(pairwise((inputs, *units[1:])))
        sizes = [0 if table is None else table[0] * table[1], *(a * b for a, b in shapes), *units[1:]]
        self.n_weights = sum(sizes[: 1 + len(shapes)])
        self.block = np.zeros(sum(sizes), dtype)
        first, *parts = np.split(self.block, np.cumsum(sizes)[:-1])
        self.coefs = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=False)]
        options: dict[str, Any] = {}
        if table is not None:
            self.table = first.reshape(table)
            self.table[...] = data.values(first.size, dtype, seed=5).reshape(table)
            numbers = [0] * (units[0] - 1)
            options = {"levels": [*numbers, table[0] - 1], "tables": [*([None] * len(numbers)), self.table]}
        for coef in self.coefs:
            coef[...] = data.values(coef.size, dtype, seed=coef.size).reshape(coef.shape) / np.sqrt(len(coef))
        relu = [kernels.NN_ACTIVATIONS["relu"]] * (len(units) - 2)
        self.network = kernels.Network(
            self.coefs, parts[len(self.coefs) :], activations=relu, loss=kernels.NN_LOSSES["squared"], **options
        )

    def outputs(self, x: Array) -> Array:
        """What NumPy says."""
        value = x.astype(np.float64)
        if self.table is not None:
            value = np.hstack([value[:, :-1], self.table[x[:, -1].astype(int)]])
        for coef in self.coefs[:-1]:
            value = np.maximum(value @ coef, 0.0)
        return np.asarray(value @ self.coefs[-1])


def nn_train(units: tuple[int, ...], batch_size: int, table: tuple[int, int] | None = None) -> Build:
    """An epoch of Adam."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, units[0], dtype)
        y, scratch = data.values(len(x), dtype, seed=3), kernels.Scratch()
        if table is not None:
            x[:, -1] = np.random.default_rng(4).integers(0, table[0] - 1, len(x))

        def epoch(x: Array, n_threads: int) -> float:
            net = _Net(units, dtype, table)
            gradient, first, second = (np.zeros_like(net.block) for _ in range(3))
            loss, *_ = kernels.nn_train(
                net.network, kernels.Table(x), y[: len(x)], batch_size=batch_size, parameters=net.block,
                n_weights=net.n_weights, solver=kernels.NN_SOLVERS["adam"], beta_1=0.9, beta_2=0.999, epsilon=1e-8,
                rates=np.full(-(-len(x) // batch_size), 1e-3), gradient=gradient, first=first, second=second,
                n_threads=n_threads, scratch=scratch,
            )  # fmt: skip
            return float(loss)

        def check() -> None:
            """The loss of a single batch is that of the network before its step."""
            some = x[: min(_CHECKED_ROWS, batch_size)]
            want = np.sum((_Net(units, dtype, table).outputs(some)[:, 0] - y[: len(some)]) ** 2) / 2
            np.testing.assert_allclose(epoch(some, 1), want, rtol=_ROOM[dtype])

        products = sum(coef.size for coef in _Net(units, dtype, table).coefs)
        return Case(
            run=lambda n_threads: epoch(x, n_threads),
            check=check,
            elements=x.size,
            n_bytes=x.nbytes,
            flops=len(x) * (6 * products - 2 * (units[0] - (table is not None)) * units[1]),
        )

    return build


def nn_predict(units: tuple[int, ...]) -> Build:
    """Outputs of all rows."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, units[0], dtype)
        net, out, scratch = _Net(units, dtype), np.empty((len(x), 1), dtype), kernels.Scratch()

        def check() -> None:
            some = x[:_CHECKED_ROWS]
            kernels.nn_predict(net.network, kernels.Table(some), out[: len(some)], scratch=scratch)
            want = net.outputs(some)
            np.testing.assert_allclose(out[: len(some)], want, rtol=0.0, atol=_ROOM[dtype] * float(np.abs(want).max()))

        return Case(
            run=lambda n_threads: kernels.nn_predict(
                net.network, kernels.Table(x), out, n_threads=n_threads, scratch=scratch
            ),
            check=check,
            elements=x.size,
            n_bytes=x.nbytes,
            flops=2 * len(x) * net.n_weights,
        )

    return build


NETWORK_CASES: dict[str, Build] = {
    "nn/nn_train 28-64-64-1, batches of 32": nn_train((28, 64, 64, 1), 32),
    "nn/nn_train 784-100-1, batches of 200": nn_train((784, 100, 1), 200),
    "nn/nn_train 28-100-1, a table of 1000 x 50, batches of 200": nn_train((28, 100, 1), 200, (1000, 50)),
    "nn/nn_predict 28-64-64-1": nn_predict((28, 64, 64, 1)),
}
