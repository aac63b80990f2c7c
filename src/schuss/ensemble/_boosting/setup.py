# SPDX-License-Identifier: BSD-3-Clause
"""The data of a fit: checked, and parted into rows to train on and rows to be held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.ensemble._boosting.holdout import rows_held_out
from schuss.tree._binning import Binner
from schuss.validation import check_parts_weigh

Matrix = NDArray[np.float64]

_CHUNK = 1 << 14  # rows of the table that are copied at a time


@dataclass(slots=True)
class Data:
    """Checked data: a table, or some rows of one, which are not copied before somebody asks for them.

    Attributes
    ----------
    table : ndarray or CSR of shape (n_rows, n_features), or None
        Categories as codes, missing values as NaN. None where only targets and weights are asked for any more.
    y : ndarray of shape (n_samples,), uint8, float32 or float64
        Target, or class numbers.
    weight : ndarray of shape (n_samples,), float64, or None
    rows : bool array of shape (n_rows,), or None
        Which rows of the table these are; None for all.
    """

    table: Any
    y: NDArray[Any]
    weight: Matrix | None
    rows: NDArray[np.bool_] | None = None

    @property
    def X(self) -> Any:
        """The samples."""
        return self.table if self.rows is None else self.table[self.rows]

    def learn_bins(self, binner: Binner) -> None:
        """Find the bounds of bins in these rows alone."""
        if self.rows is None or self.weight is None:
            binner.fit(self.table, self.weight, rows=self.rows)
        else:
            weight = np.zeros(len(self.rows))  # rows that weigh nothing are as if they were not there
            weight[self.rows] = self.weight
            binner.fit(self.table, weight)

    def reorder(self, order: NDArray[np.uint32]) -> None:
        """Bring targets and weights into another order, and give up the table."""
        self.y, self.weight = self.y[order], None if self.weight is None else self.weight[order]
        self.table = self.rows = None

    def binned(self, binner: Binner, *, by_tile: bool = True) -> kernels.Binned:
        """Return the samples in bins; without tiles if no trees are to grow on them."""
        if self.rows is None:
            return binner.transform(self.table, by_tile=by_tile)
        whole, done = binner.make_room(len(self.y), by_tile=by_tile), 0
        for start in range(0, len(self.rows), _CHUNK):
            chosen = self.rows[start : start + _CHUNK]
            part = binner.transform(self.table[start : start + _CHUNK][chosen], by_tile=by_tile)
            whole.put(done, part)
            done += part.n
        return whole


def split(data: Data, size: float, seed: int, *, stratify: bool) -> tuple[Data, Data]:
    """Set rows aside as scikit-learn does: the same seed sets the same rows aside."""
    held_out = rows_held_out(data.y, size, seed, stratify=stratify)
    check_parts_weigh(data.weight, ~held_out, held_out)
    return _take(data, ~held_out), _take(data, held_out)


def _take(data: Data, rows: NDArray[np.bool_]) -> Data:
    return Data(data.table, data.y[rows], None if data.weight is None else data.weight[rows], rows)
