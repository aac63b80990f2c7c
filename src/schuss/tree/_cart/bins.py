# SPDX-License-Identifier: BSD-3-Clause
"""Trees whose thresholds are bounds of bins: the table is coarsened, the tree on it is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._binning import Binner
from schuss.tree._layout import N_BINS

Float64 = NDArray[np.float64]


class Bins:
    """Numbers of bins in the place of values, and the way back.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features), float32
    weight : ndarray of shape (n_samples,) or None
        Bins hold about equal weight, unless there are fewer values than bins.
    max_bins : int
    n_threads : int

    Attributes
    ----------
    codes : ndarray of shape (n_samples, n_features), float32
        By column; NaN where a value is missing.
    """

    def __init__(self, X: Any, weight: Float64 | None, max_bins: int, n_threads: int) -> None:
        binner = Binner(max_bins, n_threads=n_threads)
        bins = binner.fit_transform(X.tocsr() if hasattr(X, "tocsr") else X, weight, by_tile=False).columns
        codes = bins.astype(np.float32)
        codes[bins == kernels.MISSING_BIN] = np.nan
        self.codes = codes.T
        self._bounds = np.full((X.shape[1], N_BINS), np.inf)
        for row, thresholds in zip(self._bounds, binner.thresholds, strict=True):
            row[: len(thresholds)] = thresholds

    def restore(self, nodes: NDArray[np.void]) -> NDArray[np.void]:
        """Return nodes of a tree on the codes with thresholds among the values."""
        nodes = nodes.copy()
        split = (nodes["left"] > 0) & np.isfinite(nodes["threshold"])
        code = np.floor(nodes["threshold"][split]).astype(np.int64)
        nodes["threshold"][split] = self._bounds[nodes["feature"][split], code]
        return nodes
