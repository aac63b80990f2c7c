# SPDX-License-Identifier: BSD-3-Clause
"""Held-out errors of linear models from moments, on all folds at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._coordinate_descent.moments import MomentReader, Moments

Matrix = NDArray[np.float64]


class FoldErrors:
    """Computes errors from moments about the reader's reference as it is now.

    Parameters
    ----------
    training, test : sequence of Moments
        Of each fold.
    reader : MomentReader
    """

    def __init__(self, training: Sequence[Moments], test: Sequence[Moments], reader: MomentReader) -> None:
        def all_of(moments: Sequence[Moments], name: str) -> Any:
            return np.array([getattr(m, name) for m in moments])

        self._reference = reader.coef
        self._squares = [m.xx for m in test]
        self._x, self._r, self._rr = (all_of(test, name) for name in ("x", "r", "rr"))
        self._products = all_of(test, "xr").transpose(0, 2, 1)
        self._weight = all_of(test, "weight")
        known = all_of(training, "weight")[:, None]  # where the rows trained on have their means: an intercept's level
        self._x_level = all_of(training, "x") / known if reader.fit_intercept else np.zeros_like(self._x)
        self._r_level = all_of(training, "r") / known if reader.fit_intercept else np.zeros_like(self._r)

    def __call__(self, coef: Matrix) -> Matrix:
        """Return mean squared errors, summed over tasks, with the best intercept for the rows trained on.

        Parameters
        ----------
        coef : ndarray of shape (n_paths, n_folds, n_tasks, n_features)

        Returns
        -------
        ndarray of shape (n_paths, n_folds)
        """
        change = coef - self._reference
        level = self._r_level - _along(change, self._x_level)
        bent = np.stack([change[:, i] @ square for i, square in enumerate(self._squares)], axis=1)
        spread = ((bent - 2.0 * self._products) * change).sum(axis=(2, 3))
        lift = (2.0 * (_along(change, self._x) - self._r) + self._weight[:, None] * level) * level
        return np.maximum(self._rr + spread + lift.sum(axis=2), 0.0) / self._weight


def _along(coef: Matrix, x: Matrix) -> Matrix:
    """Products of the last axes."""
    return (coef @ x[..., None])[..., 0]
