# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of each kernel. The trees' are in `benchmarks.kernels.trees`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from benchmarks.kernels import binning, data
from benchmarks.kernels.boosting import BOOSTING_CASES
from benchmarks.kernels.case import Build, Case
from benchmarks.kernels.exact_trees import EXACT_TREE_CASES
from benchmarks.kernels.forests import FOREST_CASES
from benchmarks.kernels.networks import NETWORK_CASES
from benchmarks.kernels.trees import TREE_CASES
from schuss import _kernels as kernels

Array = NDArray[Any]

LOGISTIC, SOFTMAX, SQUARED = (kernels.LOSSES[name] for name in ("logistic", "softmax", "squared"))
_CHECKED_ROWS = 64
_ROOM = {"float32": 2e-4, "float64": 1e-10}  # for sums of some hundred terms; the tests have the sharp bounds


def _close(got: Any, want: Any, dtype: str) -> None:
    want = np.asarray(want, dtype=np.float64)
    room = _ROOM[dtype] * max(1.0, float(np.abs(want).max(initial=0.0)))
    np.testing.assert_allclose(got, want, rtol=0.0, atol=room)


def _size(x: Any) -> int:
    return int(x.data.nbytes + x.indices.nbytes) if sparse.issparse(x) else int(x.nbytes)


def _stored(x: Any) -> int:
    return int(x.nnz) if sparse.issparse(x) else int(x.size)


def _wide(x: Any) -> Array:
    return np.asarray(x.toarray() if sparse.issparse(x) else x, dtype=np.float64)


# ---------------------------------------------------------------- linear


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
            some, few = x[:_CHECKED_ROWS], y[:_CHECKED_ROWS]
            small, order = kernels.Table(some), np.empty(len(few), np.int64)
            kernels.visiting_order(small, order, seed=7, epoch=0)
            w, b = np.zeros_like(coef), np.zeros_like(intercept)
            sweep(small, few, w, b, 1)
            wanted = _sgd(_wide(some)[order], few[order], n_outputs, batch_size, decay=1e-7, eta=1e-3)
            _close(np.column_stack([w, b]), wanted, dtype)

        stored = _stored(x)
        return Case(
            run=lambda n_threads: sweep(table, y, coef, intercept, n_threads),
            check=check,
            elements=stored,
            n_bytes=_size(x),
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
            _close(sums[0], np.log(max(2, n_outputs)), dtype)
            _close(np.abs(few[1]), np.full(n_outputs, 1e-3), dtype)

        stored = _stored(x)
        return Case(
            run=lambda n_threads: sweep(table, y, *arrays),
            check=check,
            elements=stored,
            n_bytes=_size(x),
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
            some, few = x[:_CHECKED_ROWS], y[:_CHECKED_ROWS]
            call(kernels.Table(some), few, 1)
            rows = np.column_stack([_wide(some), np.ones(len(few))])
            p = _probabilities(rows @ np.column_stack([coef, intercept]).T)
            target = few[:, None] == (np.arange(n_outputs) if n_outputs > 1 else 1)
            _close(gradient, (p - target).T @ rows, dtype)
            if hessian is not None:
                _close(hessian, rows.T @ (p * (1.0 - p) * rows), dtype)

        stored = _stored(x)
        return Case(
            run=lambda n_threads: call(table, y, n_threads),
            check=check,
            elements=stored,
            n_bytes=_size(x),
            flops=4 * stored * n_outputs + (n * (d + 1) * (d + 2) if gram else 0),
        )

    return build


def _probabilities(z: Array) -> Array:
    if z.shape[1] == 1:
        return np.asarray(expit(z))
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def linear_predict(columns: int, n_outputs: int = 1) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype)
        coef, intercept = data.values(n_outputs * columns, dtype).reshape(n_outputs, -1), np.ones(n_outputs, dtype)
        out, table = np.empty((len(x), n_outputs), dtype), kernels.Table(x)

        def check() -> None:
            some = x[:_CHECKED_ROWS]
            few = np.empty((len(some), n_outputs), dtype)
            kernels.linear_predict(kernels.Table(some), coef, intercept, few)
            _close(few, _wide(some) @ _wide(coef).T + 1.0, dtype)

        return Case(
            run=lambda n_threads: kernels.linear_predict(table, coef, intercept, out, n_threads=n_threads),
            check=check,
            elements=x.size,
            n_bytes=x.nbytes + out.nbytes,
            flops=2 * x.size * n_outputs,
        )

    return build


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
        _close(gradient / l1, (coef @ gram - target) / l1, dtype)
        assert np.abs(gradient).max() <= l1 * (1.0 + 1e-6)

    return Case(run=lambda n_threads: sweep(), check=check, elements=d * d, n_bytes=gram.nbytes, parallel=False)


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
            some = x[:_CHECKED_ROWS]
            dual, coef = sweep(some, 1)
            assert dual.any()
            _close(coef, dual @ _wide(some), dtype)

        scratch, stored = kernels.Scratch(), _stored(x)
        return Case(
            run=lambda n_threads: sweep(x, n_threads),
            check=check,
            elements=stored,
            n_bytes=_size(x),
            flops=4 * stored,
            parallel=False,
        )

    return build


def column_gram(columns: int, chosen: int) -> Build:
    """The Gram matrix of a fifth or so of the columns of a table stored by row."""

    def build(dtype: str, n_bytes: int) -> Case:
        x = data.dense(n_bytes, columns, dtype)
        some = np.arange(0, columns, columns // chosen, dtype=np.int64)
        gram, table, scratch = np.empty((len(some), len(some))), kernels.Columns(x), kernels.Scratch()

        def check() -> None:
            few = x[:_CHECKED_ROWS]
            kernels.column_gram(kernels.Columns(few), some, gram)
            _close(gram, _wide(few)[:, some].T @ _wide(few)[:, some], dtype)

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
            few = x[:, :_CHECKED_ROWS]
            some = np.empty((1, few.shape[1]))
            kernels.column_products(kernels.Columns(few), r, some)
            _close(some, _wide(r) @ _wide(few), dtype)

        return Case(
            run=lambda n_threads: kernels.column_products(table, r, products, n_threads=n_threads),
            check=check,
            elements=_stored(x),
            n_bytes=_size(x),
            flops=2 * _stored(x),
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
            some = x[:_CHECKED_ROWS]
            dual, coef = sweep(some, 1)
            pull = (y[: len(dual), None] == np.arange(n_classes)) - dual
            assert pull.any()
            _close(coef, pull.T @ _wide(some), dtype)

        scratch, stored = kernels.Scratch(), _stored(x)
        return Case(
            run=lambda n_threads: sweep(x, n_threads),
            check=check,
            elements=stored,
            n_bytes=_size(x),
            flops=4 * stored * n_classes,
            parallel=False,
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
            _close(
                residual[:, :_CHECKED_ROWS], _wide(y - 1.0)[:, :_CHECKED_ROWS] - _wide(x[:_CHECKED_ROWS]).sum(1), dtype
            )

        return Case(run=run, check=check, elements=x.size, n_bytes=_size(x), flops=2 * x.size)

    return build


# ---------------------------------------------------------------- vectors


def loss_sum(dtype: str, n_bytes: int) -> Case:
    n = n_bytes // np.dtype(dtype).itemsize // 2
    y, z = data.classes(n, 2, dtype), data.values(n, dtype)
    wide = z[:_CHECKED_ROWS].astype(np.float64)
    return Case(
        run=lambda n_threads: kernels.loss_sum(y, z, loss=LOGISTIC, n_threads=n_threads),
        check=lambda: _close(
            kernels.loss_sum(y[:_CHECKED_ROWS], z[:_CHECKED_ROWS], loss=LOGISTIC),
            np.sum(np.logaddexp(0.0, wide) - y[:_CHECKED_ROWS] * wide),
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
        _close(gradient, p - y, dtype)
        _close(hessian, p * (1.0 - p), dtype)

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
            _close(out, exact[name](x.astype(np.float64)), dtype)

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
            _close(out, _probabilities(z.astype(np.float64)), dtype)

        return Case(
            run=lambda n_threads: kernels.softmax(z, out, n_threads=n_threads),
            check=check,
            elements=z.size,
            n_bytes=2 * z.nbytes,
        )

    return build


def softmax_gradient(n_outputs: int) -> Build:
    def build(dtype: str, n_bytes: int) -> Case:
        n = n_bytes // np.dtype(dtype).itemsize // n_outputs
        y, z = data.classes(n, n_outputs, dtype), data.values(n * n_outputs, dtype).reshape(n_outputs, n)
        gradient, hessian = np.empty_like(z), np.empty_like(z)

        def run(n_threads: int) -> None:
            kernels.softmax_gradient(y, z, gradient=gradient, hessian=hessian, n_threads=n_threads)

        def check() -> None:
            run(1)
            shares = _probabilities(z.T.astype(np.float64)).T
            _close(hessian, shares * (1.0 - shares), dtype)

        return Case(run=run, check=check, elements=z.size, n_bytes=3 * z.nbytes)

    return build


def all_finite(dtype: str, n_bytes: int) -> Case:
    x = data.values(n_bytes // np.dtype(dtype).itemsize, dtype)

    def check() -> None:
        broken = x[:_CHECKED_ROWS].copy()
        broken[-1] = np.inf
        assert kernels.all_finite(x)
        assert not kernels.all_finite(broken)

    return Case(
        run=lambda n_threads: kernels.all_finite(x, n_threads=n_threads),
        check=check,
        elements=x.size,
        n_bytes=x.nbytes,
    )


_SELECTED = 500  # of the columns of a sparse table


def select_columns(dtype: str, n_bytes: int) -> Case:
    x = data.csr(n_bytes, dtype)
    table = kernels.Table(x)
    columns = np.sort(np.random.default_rng(0).permutation(x.shape[1])[:_SELECTED])

    def check() -> None:
        some = x[:_CHECKED_ROWS]
        got = kernels.select_columns(kernels.Table(some), columns)
        assert np.array_equal(got.toarray(), some.toarray()[:, columns])

    return Case(
        run=lambda n_threads: kernels.select_columns(table, columns, n_threads=n_threads),
        check=check,
        elements=_stored(x),
        n_bytes=_size(x),
    )


def sparse_gram(dtype: str, n_bytes: int) -> Case:
    x = data.csr(n_bytes, dtype, columns=_SELECTED)
    table, scratch = kernels.Table(x), kernels.Scratch()
    weight, gram = np.abs(data.values(x.shape[0], dtype)), np.empty((_SELECTED + 1, _SELECTED + 1))

    def check() -> None:
        some, few = x[:_CHECKED_ROWS], weight[:_CHECKED_ROWS]
        kernels.sparse_gram(kernels.Table(some), few, gram, scratch=scratch)
        rows = np.column_stack([_wide(some), np.ones(len(few))])
        _close(gram, rows.T @ (few[:, None] * rows), dtype)

    stored = _stored(x)
    return Case(
        run=lambda n_threads: kernels.sparse_gram(table, weight, gram, n_threads=n_threads, scratch=scratch),
        check=check,
        elements=stored,
        n_bytes=_size(x),
        flops=stored * stored // x.shape[0],
    )


CASES: dict[str, Build] = {
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
    "linear/glm_pass d=20": glm_pass(20),
    "linear/glm_pass d=100": glm_pass(100),
    "linear/glm_pass d=1000": glm_pass(1000),
    "linear/glm_pass d=100 with gram": glm_pass(100, gram=True),
    "linear/glm_pass d=60, softmax of 10": glm_pass(60, 10),
    "linear/glm_pass CSR, 30 a row": glm_pass(0),
    "linear/linear_predict d=100": linear_predict(100),
    "linear/linear_predict d=100, 10 outputs": linear_predict(100, 10),
    "linear/select_columns CSR, 30 a row": select_columns,
    "linear/sparse_gram CSR, 30 a row": sparse_gram,
    "linear/gram_cd": gram_cd,
    "linear/column_gram d=200, 40 chosen": column_gram(200, 40),
    "linear/column_products d=2000": column_products(2000),
    "linear/column_products CSC, 30 a column": column_products(0),
    "linear/column_residual d=40": column_residual(40),
    "linear/crammer_singer_sweep d=100, k=10": crammer_singer_sweep(100),
    "linear/crammer_singer_sweep CSR, 30 a row, k=10": crammer_singer_sweep(0),
    "linear/dual_sweep d=100": dual_sweep(100),
    "linear/dual_sweep CSR, 30 a row": dual_sweep(0),
    "loss/loss_sum logistic": loss_sum,
    "loss/loss_gradient logistic": loss_gradient,
    "loss/vector_math exp": vector_math("exp"),
    "loss/vector_math log": vector_math("log"),
    "loss/vector_math log1p": vector_math("log1p"),
    "loss/vector_math sigmoid": vector_math("sigmoid"),
    "loss/vector_math softplus": vector_math("softplus"),
    "loss/softmax of 10": softmax(10),
    "loss/softmax_gradient of 10": softmax_gradient(10),
    "loss/all_finite": all_finite,
    **NETWORK_CASES,
    **TREE_CASES,
    "tree/bin_bounds d=28": binning.bin_bounds,
    "tree/bin_table d=28": binning.bin_table,
    **FOREST_CASES,
    **BOOSTING_CASES,
    **EXACT_TREE_CASES,
}
