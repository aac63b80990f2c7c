# SPDX-License-Identifier: BSD-3-Clause
"""Products of a table's transpose with vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels

Matrix = NDArray[np.float64]


def transposed_products(
    table: kernels.Table, vectors: NDArray[np.floating], *, n_threads: int, scratch: kernels.Scratch
) -> Matrix:
    """Sums of the rows ``(x, 1)``, each times its numbers.

    These are gradients of half the squared distance of predictions of 0 from minus the numbers.

    Parameters
    ----------
    table : Table
    vectors : ndarray of shape (n_samples, n_outputs) or (n_samples,), dtype of the table

    Returns
    -------
    ndarray of shape (n_outputs, n_features + 1)
    """
    k = 1 if vectors.ndim == 1 else vectors.shape[1]
    sums = np.empty((k, table.d + 1))
    kernels.glm_pass(
        table,
        np.ascontiguousarray(-vectors),
        np.zeros((k, table.d)),
        np.zeros(k),
        loss=kernels.LOSSES["squared"],
        gradient=sums,
        n_threads=n_threads,
        scratch=scratch,
    )
    return sums
