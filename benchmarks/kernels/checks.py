# SPDX-License-Identifier: BSD-3-Clause
"""What the cases of dense and sparse tables are compared with, and how closely."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

Array = NDArray[Any]

CHECKED_ROWS = 64
_ROOM = {"float32": 2e-4, "float64": 1e-10}  # for sums of some hundred terms; the tests have the sharp bounds


def close(got: Any, want: Any, dtype: str) -> None:
    want = np.asarray(want, dtype=np.float64)
    room = _ROOM[dtype] * max(1.0, float(np.abs(want).max(initial=0.0)))
    np.testing.assert_allclose(got, want, rtol=0.0, atol=room)


def n_bytes_of(x: Any) -> int:
    return int(x.data.nbytes + x.indices.nbytes) if sparse.issparse(x) else int(x.nbytes)


def n_stored(x: Any) -> int:
    return int(x.nnz) if sparse.issparse(x) else int(x.size)


def wide(x: Any) -> Array:
    return np.asarray(x.toarray() if sparse.issparse(x) else x, dtype=np.float64)


def probabilities(z: Array) -> Array:
    if z.shape[1] == 1:
        return np.asarray(expit(z))
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
