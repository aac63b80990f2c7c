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
    """A network with one output, rectified units in between, and its parameters in one block."""

    def __init__(self, units: tuple[int, ...], dtype: str) -> None:
        self.shapes = list(pairwise(units))
        self.n_weights = sum(a * b for a, b in self.shapes)
        self.block = np.zeros(self.n_weights + sum(units[1:]), dtype)
        sizes = [*(a * b for a, b in self.shapes), *units[1:]]
        parts = np.split(self.block, np.cumsum(sizes)[:-1])
        self.coefs = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=False)]
        for coef in self.coefs:
            coef[...] = data.values(coef.size, dtype, seed=coef.size).reshape(coef.shape) / np.sqrt(len(coef))
        relu = [kernels.NN_ACTIVATIONS["relu"]] * (len(units) - 2)
        self.network = kernels.Network(
            self.coefs, parts[len(self.coefs) :], activations=relu, loss=kernels.NN_LOSSES["squared"]
        )

    def outputs(self, x: Array) -> Array:
        """What NumPy says."""
        value = x.astype(np.float64)
        for coef in self.coefs[:-1]:
            value = np.maximum(value @ coef, 0.0)
        return np.asarray(value @ self.coefs[-1])


def nn_train(units: tuple[int, ...], batch_size: int) -> Build:
    """An epoch of Adam."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, units[0], dtype)
        y, scratch = data.values(len(x), dtype, seed=3), kernels.Scratch()

        def epoch(x: Array, n_threads: int) -> float:
            net = _Net(units, dtype)
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
            want = np.sum((_Net(units, dtype).outputs(some)[:, 0] - y[: len(some)]) ** 2) / 2
            np.testing.assert_allclose(epoch(some, 1), want, rtol=_ROOM[dtype])

        products = sum(a * b for a, b in pairwise(units))
        return Case(
            run=lambda n_threads: epoch(x, n_threads),
            check=check,
            elements=x.size,
            n_bytes=x.nbytes,
            flops=len(x) * (6 * products - 2 * units[0] * units[1]),
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
    "nn/nn_predict 28-64-64-1": nn_predict((28, 64, 64, 1)),
}
