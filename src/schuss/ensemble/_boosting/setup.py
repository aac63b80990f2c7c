# SPDX-License-Identifier: BSD-3-Clause
"""The data of a fit: checked, and parted into rows to train on and rows to be held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Data:
    """Checked data.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        Categories as codes, missing values as NaN.
    y : ndarray of shape (n_samples,), float64
        Target, or class numbers.
    weight : ndarray of shape (n_samples,), float64, or None
    """

    X: Any
    y: Matrix
    weight: Matrix | None


def split(data: Data, size: float, seed: int, *, stratify: bool) -> tuple[Data, Data]:
    """Set rows aside as scikit-learn does: the same seed sets the same rows aside."""
    rows = np.arange(len(data.y))
    train, held_out = train_test_split(rows, test_size=size, stratify=data.y if stratify else None, random_state=seed)
    return _take(data, train), _take(data, held_out)


def _take(data: Data, rows: NDArray[np.intp]) -> Data:
    return Data(data.X[rows], data.y[rows], None if data.weight is None else data.weight[rows])
