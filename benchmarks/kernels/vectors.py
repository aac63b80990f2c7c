# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of losses and of functions of vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from benchmarks.kernels.checks import CHECKED_ROWS, close, probabilities
from schuss import _kernels as kernels

Array = NDArray[Any]

LOGISTIC = kernels.LOSSES["logistic"]


def loss_sum(dtype: str, n_bytes: int) -> Case:
    n = n_bytes // np.dtype(dtype).itemsize // 2
    y, z = data.classes(n, 2, dtype), data.values(n, dtype)
    wide = z[:CHECKED_ROWS].astype(np.float64)
    return Case(
        run=lambda n_threads: kernels.loss_sum(y, z, loss=LOGISTIC, n_threads=n_threads),
        check=lambda: close(
            kernels.loss_sum(y[:CHECKED_ROWS], z[:CHECKED_ROWS], loss=LOGISTIC),
            np.sum(np.logaddexp(0.0, wide) - y[:CHECKED_ROWS] * wide),
            dtype,
        ),
        elements=n,
        n_bytes=y.nbytes + z.nbytes,
    )


def loss_gradient(dtype: str, n_bytes: int) -> Case:
    n = n_bytes // np.dtype(dtype).itemsize // 2
    y, z = data.classes(n, 2, dtype), data.values(n, dtype)
    gradient, hessian = np.empty_like(z), np.empty_like(z)

    def run(n_threads: int) -> None:
        kernels.loss_gradient(y, z, loss=LOGISTIC, gradient=gradient, hessian=hessian, n_threads=n_threads)

    def check() -> None:
        run(1)
        p = expit(z.astype(np.float64))
        close(gradient, p - y, dtype)
        close(hessian, p * (1.0 - p), dtype)

    return Case(run=run, check=check, elements=n, n_bytes=4 * z.nbytes)


def vector_math(name: str) -> Build:
    exact: dict[str, Callable[[Array], Array]] = {
        "exp": np.exp,
        "log": np.log,
        "log1p": np.log1p,
        "sigmoid": expit,
        "softplus": lambda x: np.asarray(np.logaddexp(0.0, x)),
    }

    def build(dtype: str, n_bytes: int) -> Case:
        x = np.abs(data.values(n_bytes // np.dtype(dtype).itemsize, dtype))
        out = np.empty_like(x)

        def check() -> None:
            kernels.vector_math(name, x, out)
            close(out, exact[name](x.astype(np.float64)), dtype)

        return Case(
            run=lambda n_threads: kernels.vector_math(name, x, out, n_threads),
            check=check,
            elements=x.size,
            n_bytes=2 * x.nbytes,
        )

    return build


def softmax(n_outputs: int) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        n = n_bytes // np.dtype(dtype).itemsize // n_outputs
        z = data.values(n * n_outputs, dtype).reshape(n, n_outputs)
        out = np.empty_like(z)

        def check() -> None:
            kernels.softmax(z, out)
            close(out, probabilities(z.astype(np.float64)), dtype)

        return Case(
            run=lambda n_threads: kernels.softmax(z, out, n_threads=n_threads),
            check=check,
            elements=z.size,
            n_bytes=2 * z.nbytes,
        )

    return build


def loss_derivatives(dtype: str, n_bytes: int) -> Case:
    n = n_bytes // np.dtype(dtype).itemsize // 2
    y, z = data.classes(n, 2, dtype), data.values(n, dtype)
    out = np.empty((n, 2), np.float32)

    def run(n_threads: int) -> None:
        kernels.loss_derivatives(y, z, loss=LOGISTIC, out=out, n_threads=n_threads)

    def check() -> None:
        run(1)
        p = expit(z.astype(np.float64))
        close(out, np.stack([p - y, p * (1.0 - p)], axis=1), "float32")

    return Case(run=run, check=check, elements=n, n_bytes=2 * z.nbytes + out.nbytes)


def softmax_derivatives(n_outputs: int) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        n = n_bytes // np.dtype(dtype).itemsize // n_outputs
        y, z = data.classes(n, n_outputs, dtype), data.values(n * n_outputs, dtype).reshape(n_outputs, n)
        out = np.empty((*z.shape, 2), np.float32)

        def run(n_threads: int) -> None:
            kernels.softmax_derivatives(y, z, out=out, n_threads=n_threads)

        def check() -> None:
            run(1)
            shares = probabilities(z.T.astype(np.float64)).T
            close(out[:, :, 1], shares * (1.0 - shares), "float32")

        return Case(run=run, check=check, elements=z.size, n_bytes=3 * z.nbytes)

    return build


def all_finite(dtype: str, n_bytes: int) -> Case:
    x = data.values(n_bytes // np.dtype(dtype).itemsize, dtype)

    def check() -> None:
        broken = x[:CHECKED_ROWS].copy()
        broken[-1] = np.inf
        assert kernels.all_finite(x)
        assert not kernels.all_finite(broken)

    return Case(
        run=lambda n_threads: kernels.all_finite(x, n_threads=n_threads),
        check=check,
        elements=x.size,
        n_bytes=x.nbytes,
    )


VECTOR_CASES: dict[str, Build] = {
    "loss/loss_sum logistic": loss_sum,
    "loss/loss_gradient logistic": loss_gradient,
    "loss/loss_derivatives logistic": loss_derivatives,
    "loss/vector_math exp": vector_math("exp"),
    "loss/vector_math log": vector_math("log"),
    "loss/vector_math log1p": vector_math("log1p"),
    "loss/vector_math sigmoid": vector_math("sigmoid"),
    "loss/vector_math softplus": vector_math("softplus"),
    "loss/softmax of 10": softmax(10),
    "loss/softmax_derivatives of 10": softmax_derivatives(10),
    "loss/all_finite": all_finite,
}
