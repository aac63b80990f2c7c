# SPDX-License-Identifier: BSD-3-Clause
"""From the least penalty under which all coefficients are zero down to a fraction of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


def alpha_grid(
    products: Matrix, weight: float, *, l1_ratio: float, eps: float, n_alphas: int, positive: bool = False
) -> Matrix:
    """Return penalties in descending, geometric order.

    Parameters
    ----------
    products : ndarray of shape (n_features, n_tasks)
        Sums over the rows of (centred) x times y.
    weight : float
        Of all rows.
    l1_ratio : float
    eps : float
        The last over the first.
    n_alphas : int
    positive : bool, default=False
        Whether coefficients must not be negative; one task only.

    Returns
    -------
    ndarray of shape (n_alphas,)

    Raises
    ------
    ValueError
        If ``l1_ratio`` is zero: then no penalty makes all coefficients zero.
    FloatingPointError
        If the products have overflowed.
    """
    if l1_ratio == 0:
        raise ValueError(
            "Automatic alpha grid generation is not supported for l1_ratio=0. Please supply a grid by providing "
            "your estimator with the appropriate `alphas=` argument."
        )
    largest = max(0.0, products.max()) if positive else np.sqrt(np.square(products).sum(axis=1).max())
    first = largest / (weight * l1_ratio)
    if not np.isfinite(first):
        raise FloatingPointError("a product of a feature and the target became infinite or NaN")
    smallest = float(np.finfo(np.float64).resolution)
    if first <= smallest:
        return np.full(n_alphas, smallest)
    return np.asarray(np.geomspace(first, first * eps, num=n_alphas))
