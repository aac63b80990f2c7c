# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of reads of a table: loss, gradient and Gram matrix; predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from benchmarks.kernels.checks import CHECKED_ROWS, close, n_bytes_of, n_stored, probabilities, wide
from schuss import _kernels as kernels

Array = NDArray[Any]

LOGISTIC, SOFTMAX = kernels.LOSSES["logistic"], kernels.LOSSES["softmax"]


def glm_pass(columns: int, n_outputs: int = 1, *, gram: bool = False) -> Build:
    """Loss and gradient of logistic regression, the Hessian's Gram when asked; ``columns=0``: a sparse table."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype) if columns else data.csr(n_bytes, dtype)
        n, d = x.shape
        y = data.classes(n, max(2, n_outputs), dtype)
        table, scratch = kernels.Table(x), kernels.Scratch()
        coef, intercept = np.full((n_outputs, d), 0.01), np.full(n_outputs, 0.1)
        gradient, hessian = np.empty((n_outputs, d + 1)), np.empty((d + 1, d + 1)) if gram else None

        def call(table: Any, y: Array, n_threads: int) -> float:
            return kernels.glm_pass(
                table, y, coef, intercept, loss=LOGISTIC if n_outputs == 1 else SOFTMAX, gradient=gradient,
                gram=hessian, n_threads=n_threads, scratch=scratch,
            )  # fmt: skip

        def check() -> None:
            some, few = x[:CHECKED_ROWS], y[:CHECKED_ROWS]
            call(kernels.Table(some), few, 1)
            rows = np.column_stack([wide(some), np.ones(len(few))])
            p = probabilities(rows @ np.column_stack([coef, intercept]).T)
            target = few[:, None] == (np.arange(n_outputs) if n_outputs > 1 else 1)
            close(gradient, (p - target).T @ rows, dtype)
            if hessian is not None:
                close(hessian, rows.T @ (p * (1.0 - p) * rows), dtype)

        stored = n_stored(x)
        return Case(
            run=lambda n_threads: call(table, y, n_threads),
            check=check,
            elements=stored,
            n_bytes=n_bytes_of(x),
            flops=4 * stored * n_outputs + (n * (d + 1) * (d + 2) if gram else 0),
        )

    return build


def linear_predict(columns: int, n_outputs: int = 1) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype)
        coef, intercept = data.values(n_outputs * columns, dtype).reshape(n_outputs, -1), np.ones(n_outputs, dtype)
        out, table = np.empty((len(x), n_outputs), dtype), kernels.Table(x)

        def check() -> None:
            some = x[:CHECKED_ROWS]
            few = np.empty((len(some), n_outputs), dtype)
            kernels.linear_predict(kernels.Table(some), coef, intercept, few)
            close(few, wide(some) @ wide(coef).T + 1.0, dtype)

        return Case(
            run=lambda n_threads: kernels.linear_predict(table, coef, intercept, out, n_threads=n_threads),
            check=check,
            elements=x.size,
            n_bytes=x.nbytes + out.nbytes,
            flops=2 * x.size * n_outputs,
        )

    return build


PASS_CASES: dict[str, Build] = {
    "linear/glm_pass d=20": glm_pass(20),
    "linear/glm_pass d=100": glm_pass(100),
    "linear/glm_pass d=1000": glm_pass(1000),
    "linear/glm_pass d=100 with gram": glm_pass(100, gram=True),
    "linear/glm_pass d=60, softmax of 10": glm_pass(60, 10),
    "linear/glm_pass CSR, 30 a row": glm_pass(0),
    "linear/linear_predict d=100": linear_predict(100),
    "linear/linear_predict d=100, 10 outputs": linear_predict(100, 10),
}
