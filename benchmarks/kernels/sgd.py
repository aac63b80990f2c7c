# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from benchmarks.kernels.checks import CHECKED_ROWS, close, n_bytes_of, n_stored, wide
from schuss import _kernels as kernels

Array = NDArray[Any]

LOGISTIC, SOFTMAX = kernels.LOSSES["logistic"], kernels.LOSSES["softmax"]


def sgd_sweep(columns: int, n_outputs: int = 1, batch_size: int = 1) -> Build:
    """One shuffled epoch of logistic regression; ``columns=0``: a sparse table."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype) if columns else data.csr(n_bytes, dtype)
        n, d = x.shape
        y = data.classes(n, max(2, n_outputs), dtype)
        table, scratch, eta = kernels.Table(x), kernels.Scratch(), np.full(n_outputs, 1e-3)
        coef, intercept = np.zeros((n_outputs, d), dtype), np.zeros(n_outputs, dtype)

        def sweep(table: Any, y: Array, coef: Array, intercept: Array, n_threads: int) -> Array:
            return kernels.sgd_sweep(
                table, y, coef, intercept, loss=LOGISTIC, l2=1e-4, schedule=kernels.SCHEDULES["constant"], eta=eta,
                batch_size=batch_size, seed=7, n_threads=n_threads, scratch=scratch,
            )  # fmt: skip

        def check() -> None:
            some, few = x[:CHECKED_ROWS], y[:CHECKED_ROWS]
            small, order = kernels.Table(some), np.empty(len(few), np.int64)
            kernels.visiting_order(small, order, seed=7, epoch=0)
            w, b = np.zeros_like(coef), np.zeros_like(intercept)
            sweep(small, few, w, b, 1)
            wanted = _sgd(wide(some)[order], few[order], n_outputs, batch_size, decay=1e-7, eta=1e-3)
            close(np.column_stack([w, b]), wanted, dtype)

        stored = n_stored(x)
        return Case(
            run=lambda n_threads: sweep(table, y, coef, intercept, n_threads),
            check=check,
            elements=stored,
            n_bytes=n_bytes_of(x),
            flops=4 * stored * n_outputs,
            parallel=n_outputs > 1,
        )

    return build


def optimizer_sweep(columns: int, optimizer: str, n_outputs: int = 1) -> Build:
    """One epoch with an optimiser, or with ``n_outputs`` of a softmax; ``columns=0``: a sparse table."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype) if columns else data.csr(n_bytes, dtype)
        n, d = x.shape
        y = data.classes(n, max(2, n_outputs), dtype)
        table, scratch, eta = kernels.Table(x), kernels.Scratch(), np.full(n_outputs, 1e-3)
        arrays = [np.zeros((n_outputs, d), dtype), np.zeros(n_outputs, dtype)]
        arrays += [np.zeros((n_outputs, d + 1), dtype) for _ in range(2)]

        def sweep(table: Any, y: Array, coef: Array, intercept: Array, first: Array, second: Array) -> Array:
            return kernels.sgd_sweep(
                table, y, coef, intercept, loss=LOGISTIC if n_outputs == 1 else SOFTMAX, eta=eta, first=first,
                second=second, optimizer=kernels.OPTIMIZERS[optimizer], momentum=0.9, memory=0.999, damping=1e-8,
                shuffle=False, scratch=scratch,
            )  # fmt: skip

        def check() -> None:
            few = [np.zeros_like(array) for array in arrays]
            sums = sweep(kernels.Table(x[:1]), y[:1], *few)
            # At zero the loss is known, and the first step of an adaptive optimiser is eta long.
            close(sums[0], np.log(max(2, n_outputs)), dtype)
            close(np.abs(few[1]), np.full(n_outputs, 1e-3), dtype)

        stored = n_stored(x)
        return Case(
            run=lambda n_threads: sweep(table, y, *arrays),
            check=check,
            elements=stored,
            n_bytes=n_bytes_of(x),
            parallel=False,
        )

    return build


def _sgd(x: Array, y: Array, n_outputs: int, batch_size: int, *, decay: float, eta: float) -> Array:
    """Plain SGD of one-vs-all logistic regression; returns (n_outputs, d + 1)."""
    target = (y[:, None] == (np.arange(n_outputs) if n_outputs > 1 else 1)).astype(np.float64)
    rows = np.column_stack([x, np.ones(len(x))])
    w = np.zeros((n_outputs, rows.shape[1]))
    for first in range(0, len(x), batch_size):
        batch = slice(first, first + batch_size)
        slope = expit(rows[batch] @ w.T) - target[batch]
        w[:, :-1] *= 1.0 - decay
        w -= eta * slope.T @ rows[batch] / len(rows[batch])
    return w


SGD_CASES: dict[str, Build] = {
    "linear/sgd_sweep d=20": sgd_sweep(20),
    "linear/sgd_sweep d=100": sgd_sweep(100),
    "linear/sgd_sweep d=1000": sgd_sweep(1000),
    "linear/sgd_sweep d=100, batches of 32": sgd_sweep(100, batch_size=32),
    "linear/sgd_sweep d=100, 10 outputs": sgd_sweep(100, 10),
    "linear/sgd_sweep CSR, 30 a row": sgd_sweep(0),
    "linear/sgd_sweep d=100, adam": optimizer_sweep(100, "adam"),
    "linear/sgd_sweep d=100, adagrad": optimizer_sweep(100, "adagrad"),
    "linear/sgd_sweep CSR, adagrad": optimizer_sweep(0, "adagrad"),
    "linear/sgd_sweep d=100, adam, softmax of 10": optimizer_sweep(100, "adam", 10),
}
