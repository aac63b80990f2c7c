# SPDX-License-Identifier: BSD-3-Clause
"""Reducing each feature to at most 255 bins."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.tree._binning.weights import whole_weights
from schuss.tree._layout import N_BINS

Array = NDArray[Any]
Bool = NDArray[np.bool_]
Float64 = NDArray[np.float64]


class Binner:
    """Bounds of bins, found in training data; and any table in these bins.

    A feature with no more distinct values than bins gets one for each. Of others, a value that
    has its full share of the weight or more gets a bin of its own, and the rest of the values
    divide the remaining bins into equal parts: quantiles, as histogram methods use them [1]_, but
    not spoilt by many equal values. Bounds depend on which values come with which weight, not on
    the order of rows or on threads, and a weight k does what k rows do.

    Missing values (NaN) have the bin 255. Values of categorical features are codes 0, 1, 2 ...,
    and the bin of a category is its code; codes that were not seen in training are missing.

    Parameters
    ----------
    max_bins : int, default=255
        At most so many bins beside the one of missing values.
    is_categorical : bool array of shape (n_features,) or None, default=None
    n_threads : int, default=1

    Attributes
    ----------
    thresholds : list of float64 arrays
        For each feature, rising: bin <= b exactly where value <= thresholds[b]. Empty for
        categorical features.
    n_bins : int32 array of shape (n_features,)
        The missing values' not counted; for categorical features the largest code plus 1.
    has_missing : uint8 array of shape (n_features,)
        Whether values were missing in training, in rows of positive weight.
    categories : list of int64 arrays or None
        For each feature the codes that were seen, ascending.

    References
    ----------
    .. [1] G. Ke et al., LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NIPS 2017
    """

    def __init__(self, max_bins: int = 255, is_categorical: Bool | None = None, n_threads: int = 1) -> None:
        self.max_bins = max_bins
        self.is_categorical = is_categorical
        self.n_threads = n_threads

    def fit(self, X: Any, sample_weight: Array | None = None, *, rows: Bool | None = None) -> Binner:
        """Find the bounds.

        Parameters
        ----------
        X : ndarray or CSR of shape (n_samples, n_features), float32 or float64
        sample_weight : ndarray of shape (n_samples,) or None, default=None
            Rows of weight 0 are as if they were not there.
        rows : bool array of shape (n_samples,) or None, default=None
            Which rows to look at, where all weigh the same.

        Raises
        ------
        ValueError
            If a categorical feature has a value that is no code below ``max_bins``.
        """
        return self._fit(_by_column(X), sample_weight, rows)

    def transform(self, X: Any, *, by_tile: bool = True) -> kernels.Binned:
        """Put a table, training data or not, into the bins.

        Parameters
        ----------
        X : ndarray or CSR of shape (n_samples, n_features), float32 or float64
        by_tile : bool, default=True
            Whether trees of boosting are to grow on it.
        """
        return self._transform(_by_column(X), by_tile)

    def fit_transform(self, X: Any, sample_weight: Array | None = None, *, by_tile: bool = True) -> kernels.Binned:
        """`fit`, then `transform`."""
        X = _by_column(X)
        return self._fit(X, sample_weight)._transform(X, by_tile)

    def make_room(self, n: int, *, by_tile: bool = True) -> kernels.Binned:
        """Return a table for ``n`` rows in these bins, not filled in yet."""
        return kernels.Binned(n, self.n_bins, self.has_missing, self._categorical, by_tile=by_tile)

    def _fit(self, X: Any, sample_weight: Array | None, rows: Bool | None = None) -> Binner:
        d = X.shape[1]
        categorical = np.zeros(d, np.uint8) if self.is_categorical is None else self.is_categorical.astype(np.uint8)
        bounds, n_bounds, has_missing = kernels.bin_bounds(
            kernels.Columns(X), weight=whole_weights(sample_weight), rows=rows, max_bins=self.max_bins,
            skip=categorical, n_threads=self.n_threads,
        )  # fmt: skip
        self._categorical = categorical
        self.thresholds = [row[:m].copy() for row, m in zip(bounds, n_bounds, strict=True)]
        self.n_bins = n_bounds + np.int32(1)
        self.has_missing = has_missing
        self.categories: list[NDArray[np.int64] | None] = [None] * d
        for feature in np.flatnonzero(categorical).tolist():
            seen = rows if sample_weight is None else sample_weight > 0
            codes, missing = _codes(_column(X, feature), seen, feature, self.max_bins)
            self.categories[feature], self.has_missing[feature] = codes, missing
            self.n_bins[feature] = 1 + codes.max(initial=0)
        return self

    def _transform(self, X: Any, by_tile: bool) -> kernels.Binned:
        n, d = X.shape
        bounds = np.full((d, N_BINS), np.inf)
        for row, thresholds in zip(bounds, self.thresholds, strict=True):
            row[: len(thresholds)] = thresholds
        codes = None
        if self._categorical.any():
            codes = np.full((d, N_BINS), kernels.MISSING_BIN, np.uint8)
            for row, seen in zip(codes, self.categories, strict=True):
                if seen is not None:
                    row[seen] = seen
        binned = self.make_room(n, by_tile=by_tile)
        kernels.bin_table(
            kernels.Columns(X), round_down(bounds, X.dtype), binned, codes=codes, n_threads=self.n_threads
        )
        return binned


def round_down(bounds: Float64, dtype: Any) -> Array:
    """Bounds in this dtype, none above what it was: ``x <= bound`` is the same for every x of the dtype."""
    with np.errstate(over="ignore"):
        rounded = bounds.astype(dtype)
    above = rounded > bounds
    rounded[above] = np.nextafter(rounded[above], rounded.dtype.type(-np.inf))
    return rounded


def _by_column(X: Any) -> Any:
    """The table as the kernels walk along it: dense as it is, sparse as CSC with each entry stored once."""
    if not sp.issparse(X):
        return X
    X = X.tocsc(copy=False)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def _column(X: Any, feature: int) -> Array:
    return np.asarray(X[:, [feature]].toarray()[:, 0] if sp.issparse(X) else X[:, feature])


def _codes(values: Array, rows: Bool | None, feature: int, max_bins: int) -> tuple[NDArray[np.int64], bool]:
    """The distinct codes of a categorical feature in some rows or all, and whether values are missing."""
    if rows is not None:
        values = values[rows]
    missing = np.isnan(values)
    found = np.unique(values[~missing])
    if len(found) and (found[0] < 0 or found[-1] >= max_bins or (found != np.floor(found)).any()):
        raise ValueError(
            f"Categorical feature {feature} is expected to hold whole numbers from 0 to {max_bins - 1}, "
            f"got values from {found[0]:g} to {found[-1]:g}."
        )
    return found.astype(np.int64), bool(missing.any())
