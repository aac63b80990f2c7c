# SPDX-License-Identifier: BSD-3-Clause
"""Loss and score of a growing tree on rows that it was not grown on."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import xlogy

from schuss.tree._cart.problem import Target

Float64 = NDArray[np.float64]


def row_losses(target: Target, values: Float64, criterion: str) -> Float64:
    """Return the loss of each row: log loss of classes, else what the criterion is the mean of.

    Parameters
    ----------
    target : Target
    values : ndarray of shape (n_samples, n_outputs, n_values)
        Predicted.

    Returns
    -------
    ndarray of shape (n_samples,)
        The mean over the outputs. Shares of zero count as the smallest that float64 tells from them.
    """
    if target.codes is not None:
        shares = np.take_along_axis(values, target.codes[:, :, None], axis=2)[:, :, 0]
        return -np.log(np.maximum(shares, np.finfo(np.float64).eps)).mean(axis=1)
    y, z = target.y, values[:, :, 0]
    if criterion == "absolute_error":
        losses = np.abs(y - z)
    elif criterion == "poisson":
        losses = xlogy(y, y / z) - y + z
    else:
        losses = (y - z) ** 2
    return np.asarray(losses.mean(axis=1))


class HeldOut:
    """Rows that follow the splits of a tree as it grows.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_features), float32
    target : Target
    weight : ndarray of shape (n_samples,) or None
    criterion : str
    """

    def __init__(self, X: Any, target: Target, weight: Float64 | None, criterion: str) -> None:
        self._X = sp.csr_matrix(X) if sp.issparse(X) else X
        self._target, self._weight, self._criterion = target, weight, criterion
        self._node = np.zeros(len(target.y), dtype=np.int64)

    def loss(self, nodes: NDArray[np.void], values: Float64) -> float:
        """Send the rows on to the leaves and return their mean loss."""
        moving = np.flatnonzero(nodes["left"][self._node] > 0)
        while len(moving):
            at = nodes[self._node[moving]]
            x = np.asarray(self._X[moving, at["feature"]]).ravel()
            right = np.where(np.isnan(x), at["missing_left"] == 0, x > at["threshold"])
            self._node[moving] = at["left"] + right
            moving = moving[nodes["left"][self._node[moving]] > 0]
        return self.mean(values[self._node])

    def loss_of(self, tree: Any) -> float:
        """Return the mean loss of scikit-learn's tree."""
        return self.mean(tree.predict(self._X).reshape(len(self._node), tree.n_outputs, -1))

    def mean(self, values: Float64) -> float:
        """Return the mean loss of predictions (n_samples, n_outputs, n_values)."""
        return float(np.average(row_losses(self._target, values, self._criterion), weights=self._weight))
