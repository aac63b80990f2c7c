# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of coordinate descent, and of the columns that it asks for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.kernels import data
from benchmarks.kernels.case import Build, Case
from benchmarks.kernels.checks import CHECKED_ROWS, close, n_bytes_of, n_stored, wide
from schuss import _kernels as kernels

Array = NDArray[Any]

_SELECTED = 500  # of the columns of a sparse table


def select_columns(dtype: str, n_bytes: int) -> Case:
    x = data.csr(n_bytes, dtype)
    table = kernels.Table(x)
    columns = np.sort(np.random.default_rng(0).permutation(x.shape[1])[:_SELECTED])

    def check() -> None:
        some = x[:CHECKED_ROWS]
        got = kernels.select_columns(kernels.Table(some), columns)
        assert np.array_equal(got.toarray(), some.toarray()[:, columns])

    return Case(
        run=lambda n_threads: kernels.select_columns(table, columns, n_threads=n_threads),
        check=check,
        elements=n_stored(x),
        n_bytes=n_bytes_of(x),
    )


def sparse_gram(dtype: str, n_bytes: int) -> Case:
    x = data.csr(n_bytes, dtype, columns=_SELECTED)
    table, scratch = kernels.Table(x), kernels.Scratch()
    weight, gram = np.abs(data.values(x.shape[0], dtype)), np.empty((_SELECTED + 1, _SELECTED + 1))

    def check() -> None:
        some, few = x[:CHECKED_ROWS], weight[:CHECKED_ROWS]
        kernels.sparse_gram(kernels.Table(some), few, gram, scratch=scratch)
        rows = np.column_stack([wide(some), np.ones(len(few))])
        close(gram, rows.T @ (few[:, None] * rows), dtype)

    stored = n_stored(x)
    return Case(
        run=lambda n_threads: kernels.sparse_gram(table, weight, gram, n_threads=n_threads, scratch=scratch),
        check=check,
        elements=stored,
        n_bytes=n_bytes_of(x),
        flops=stored * stored // x.shape[0],
    )


def gram_cd(dtype: str, n_bytes: int) -> Case:
    """Sweeps of the Lasso from zero in covariance form, until nothing moves; the Gram matrix is always double."""
    d = max(8, int((n_bytes / 8) ** 0.5) if n_bytes < 8 << 20 else 1000)
    x = data.values(4 * d * d, "float64").reshape(-1, d).astype(dtype).astype(np.float64)
    gram, target = x.T @ x, x[:, :10].sum(axis=1) @ x
    scratch, l1 = kernels.Scratch(), 0.1 * float(np.abs(target).max())

    def sweep() -> tuple[Array, Array]:
        coef, gradient = np.zeros((1, d)), -target[None]
        kernels.gram_cd(gram, gradient, coef, l1=l1, max_sweeps=100, tol=1e-9 * l1**0.5, scratch=scratch)
        return coef, gradient

    def check() -> None:
        coef, gradient = sweep()
        close(gradient / l1, (coef @ gram - target) / l1, dtype)
        assert np.abs(gradient).max() <= l1 * (1.0 + 1e-6)

    return Case(run=lambda n_threads: sweep(), check=check, elements=d * d, n_bytes=gram.nbytes, parallel=False)


def gram_path(dtype: str, n_bytes: int) -> Case:
    """The same for five tables and ten penalties in geometric steps, each from the solution of the one before."""
    d = max(8, int((n_bytes / 40) ** 0.5) if n_bytes < 8 << 20 else 400)
    x = data.values(20 * d * d, "float64").reshape(5, -1, d).astype(dtype).astype(np.float64)
    grams, targets = x.transpose(0, 2, 1) @ x, (x[..., :10].sum(axis=2)[:, None] @ x)
    square, largest = np.square(x[..., :10].sum(axis=2)).sum(axis=1), np.abs(targets).max()
    scratch, last = kernels.Scratch(), largest * 0.5**9

    def path(n_threads: int) -> tuple[Array, Array]:
        coef, gradient = np.zeros_like(targets), -targets
        state = {"last_coef": coef.copy(), "last_gradient": gradient.copy(), "residual": square.copy()}
        state |= {"gap": np.empty(5), "gap_tol": 1e-8 * square, "l2": np.zeros(5)}
        for i in range(10):
            kernels.gram_path(
                list(grams),
                gradient,
                coef,
                length=np.full(5, 0.5 if i > 1 else 0.0),
                l1=np.full(5, largest * 0.5**i),
                n_sweeps=np.empty(5, np.int64),
                max_sweeps=100,
                tol=np.inf,
                n_threads=n_threads,
                scratch=scratch,
                **state,
            )
        return coef, gradient

    def check() -> None:
        coef, gradient = path(1)
        close(gradient / last, (coef @ grams - targets) / last, dtype)
        assert np.abs(gradient).max() <= last * 1.1

    return Case(run=path, check=check, elements=50 * d * d, n_bytes=grams.nbytes)


def column_gram(columns: int, chosen: int) -> Build:
    """The Gram matrix of a fifth or so of the columns of a table stored by row."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype)
        some = np.arange(0, columns, columns // chosen, dtype=np.int64)
        gram, table, scratch = np.empty((len(some), len(some))), kernels.Columns(x), kernels.Scratch()

        def check() -> None:
            few = x[:CHECKED_ROWS]
            kernels.column_gram(kernels.Columns(few), some, gram)
            close(gram, wide(few)[:, some].T @ wide(few)[:, some], dtype)

        return Case(
            run=lambda n_threads: kernels.column_gram(table, some, gram, n_threads=n_threads, scratch=scratch),
            check=check,
            elements=len(x) * len(some),
            n_bytes=x.nbytes,
            flops=len(x) * len(some) * (len(some) + 1),
        )

    return build


def column_products(columns: int) -> Build:
    """Correlations of all columns with one vector; ``columns=0``: CSC."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype).T if columns else data.csr(n_bytes, dtype).T
        r = data.values(x.shape[0], dtype)[None]
        products, table = np.empty((1, x.shape[1])), kernels.Columns(x)

        def check() -> None:
            few = x[:, :CHECKED_ROWS]
            some = np.empty((1, few.shape[1]))
            kernels.column_products(kernels.Columns(few), r, some)
            close(some, wide(r) @ wide(few), dtype)

        return Case(
            run=lambda n_threads: kernels.column_products(table, r, products, n_threads=n_threads),
            check=check,
            elements=n_stored(x),
            n_bytes=n_bytes_of(x),
            flops=2 * n_stored(x),
        )

    return build


def column_residual(columns: int) -> Build:
    """What a model with so many columns leaves of a target."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = np.asfortranarray(data.dense(n_bytes, columns, dtype))
        y, coef, every = data.values(len(x), dtype)[None], np.ones((1, columns)), np.arange(columns, dtype=np.int64)
        residual, table = np.empty_like(y), kernels.Columns(x)

        def run(n_threads: int) -> None:
            kernels.column_residual(table, every, coef, np.ones(1), y, residual, n_threads=n_threads)

        def check() -> None:
            run(1)
            close(residual[:, :CHECKED_ROWS], wide(y - 1.0)[:, :CHECKED_ROWS] - wide(x[:CHECKED_ROWS]).sum(1), dtype)

        return Case(run=run, check=check, elements=x.size, n_bytes=n_bytes_of(x), flops=2 * x.size)

    return build


COLUMN_CASES: dict[str, Build] = {
    "linear/select_columns CSR, 30 a row": select_columns,
    "linear/sparse_gram CSR, 30 a row": sparse_gram,
    "linear/gram_cd": gram_cd,
    "linear/gram_path": gram_path,
    "linear/column_gram d=200, 40 chosen": column_gram(200, 40),
    "linear/column_products d=2000": column_products(2000),
    "linear/column_products CSC, 30 a column": column_products(0),
    "linear/column_residual d=40": column_residual(40),
}
