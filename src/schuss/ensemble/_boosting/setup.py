# SPDX-License-Identifier: BSD-3-Clause
"""The data of a fit: checked, and parted into rows to train on and rows to be held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from schuss import _kernels as kernels
from schuss.tree._binning import Binner
from schuss.validation import check_parts_weigh

Matrix = NDArray[np.float64]


_CHUNK = 1 << 16  # rows that are copied at a time


@dataclass(frozen=True, slots=True)
class Data:
    """Checked data: a table, or some rows of one, which are not copied before somebody asks for them.

    Attributes
    ----------
    table : ndarray or CSR of shape (n_rows, n_features), or None
        Categories as codes, missing values as NaN. None where only targets and weights are asked for any more.
    y : ndarray of shape (n_samples,), float64
        Target, or class numbers.
    weight : ndarray of shape (n_samples,), float64, or None
    rows : ndarray of shape (n_samples,), or None
        Ascending; None for all rows of the table.
    """

    table: Any
    y: Matrix
    weight: Matrix | None
    rows: NDArray[np.intp] | None = None

    @property
    def X(self) -> Any:
        """The samples."""
        return self.table if self.rows is None else self.table[self.rows]

    def learn_bins(self, binner: Binner) -> None:
        """Find the bounds of bins in these rows alone."""
        weight = self.weight
        if self.rows is not None:
            weight = np.zeros(self.table.shape[0])  # rows that weigh nothing are as if they were not there
            weight[self.rows] = 1.0 if self.weight is None else self.weight
        binner.fit(self.table, weight)

    def binned(self, binner: Binner) -> kernels.Binned:
        """Return the samples in bins."""
        if self.rows is None:
            return binner.transform(self.table)
        whole: kernels.Binned | None = None
        for start in range(0, len(self.rows), _CHUNK):
            stop = min(start + _CHUNK, len(self.rows))
            part = binner.transform(self.table[self.rows[start:stop]])
            if whole is None:
                whole = kernels.Binned(len(self.rows), part.n_bins, part.has_missing, part.is_categorical)
            whole.tiles[:, start:stop] = part.tiles
            whole.columns[:, start:stop] = part.columns
        assert whole is not None
        return whole


def split(data: Data, size: float, seed: int, *, stratify: bool) -> tuple[Data, Data]:
    """Set rows aside as scikit-learn does: the same seed sets the same rows aside."""
    rows = np.arange(len(data.y))
    train, held_out = train_test_split(rows, test_size=size, stratify=data.y if stratify else None, random_state=seed)
    check_parts_weigh(data.weight, train, held_out)
    return _take(data, np.sort(train)), _take(data, np.sort(held_out))


def _take(data: Data, rows: NDArray[np.intp]) -> Data:
    return Data(data.table, data.y[rows], None if data.weight is None else data.weight[rows], rows)
