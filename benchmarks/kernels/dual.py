# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of dual coordinate descent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from benchmarks.kernels.checks import CHECKED_ROWS, close, n_bytes_of, n_stored, wide
from schuss import _kernels as kernels

Array = NDArray[Any]


def dual_sweep(columns: int) -> Build:
    """A first epoch of the hinge loss; ``columns=0``: a sparse table."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype) if columns else data.csr(n_bytes, dtype)
        y = 2 * data.classes(x.shape[0], 2, dtype) - 1
        square = np.asarray(x.multiply(x).sum(axis=1) if sparse.issparse(x) else np.sum(x * x, axis=1), np.float64)

        def sweep(x: Any, n_threads: int) -> tuple[Array, Array]:
            n, d = x.shape
            dual, coef = np.zeros((1, n)), np.zeros((1, d), dtype)
            kernels.dual_sweep(
                kernels.Table(x), y[:n], loss=kernels.LOSSES["hinge"], cost=np.ones(n), square=square[:n], dual=dual,
                coef=coef, intercept=np.zeros(1), active=np.arange(n)[None].copy(), n_active=np.array([n]),
                bound=np.array([np.inf]), seed=7, n_threads=n_threads, scratch=scratch,
            )  # fmt: skip
            return dual, coef

        def check() -> None:
            some = x[:CHECKED_ROWS]
            dual, coef = sweep(some, 1)
            assert dual.any()
            close(coef, dual @ wide(some), dtype)

        scratch, stored = kernels.Scratch(), n_stored(x)
        return Case(
            run=lambda n_threads: sweep(x, n_threads),
            check=check,
            elements=stored,
            n_bytes=n_bytes_of(x),
            flops=4 * stored,
            parallel=False,
        )

    return build


def crammer_singer_sweep(columns: int, n_classes: int = 10) -> Build:
    """A first epoch of Crammer and Singer's machine; ``columns=0``: a sparse table."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype) if columns else data.csr(n_bytes, dtype)
        y = data.classes(x.shape[0], n_classes, dtype)
        square = np.asarray(x.multiply(x).sum(axis=1) if sparse.issparse(x) else np.sum(x * x, axis=1), np.float64)

        def sweep(x: Any, n_threads: int) -> tuple[Array, Array]:
            n, d = x.shape
            dual, coef = np.zeros((n, n_classes)), np.zeros((n_classes, d), dtype)
            dual[np.arange(n), y[:n].astype(np.intp)] = 1.0
            kernels.crammer_singer_sweep(
                kernels.Table(x), y[:n], cost=np.ones(n), square=square[:n], dual=dual, coef=coef,
                intercept=np.zeros(n_classes), active=np.arange(n), n_active=np.array([n]), bound=np.inf, seed=7,
                n_threads=n_threads, scratch=scratch,
            )  # fmt: skip
            return dual, coef

        def check() -> None:
            some = x[:CHECKED_ROWS]
            dual, coef = sweep(some, 1)
            pull = (y[: len(dual), None] == np.arange(n_classes)) - dual
            assert pull.any()
            close(coef, pull.T @ wide(some), dtype)

        scratch, stored = kernels.Scratch(), n_stored(x)
        return Case(
            run=lambda n_threads: sweep(x, n_threads),
            check=check,
            elements=stored,
            n_bytes=n_bytes_of(x),
            flops=4 * stored * n_classes,
            parallel=False,
        )

    return build


DUAL_CASES: dict[str, Build] = {
    "linear/crammer_singer_sweep d=100, k=10": crammer_singer_sweep(100),
    "linear/crammer_singer_sweep CSR, 30 a row, k=10": crammer_singer_sweep(0),
    "linear/dual_sweep d=100": dual_sweep(100),
    "linear/dual_sweep CSR, 30 a row": dual_sweep(0),
}
