# SPDX-License-Identifier: BSD-3-Clause
"""What the trees of a forest say about rows that they were not grown on."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any
from warnings import warn

import numpy as np
from numpy.typing import NDArray

from schuss.ensemble._forest.curves import Average
from schuss.ensemble._forest.fitted import FittedForest
from schuss.ensemble._forest.growers import by_row
from schuss.ensemble._forest.sampling import Sampler
from schuss.tree._histogram.targets import Target

Array = NDArray[Any]
Float64 = NDArray[np.float64]


class OutOfBag(FittedForest):
    """Publishes out-of-bag predictions and their score."""

    oob_score: Any

    @abstractmethod
    def _publish_out_of_bag(self, means: Float64) -> Array:
        """Set the attribute of out-of-bag predictions, and return those that are scored."""

    @abstractmethod
    def _score_out_of_bag(self, y: Array, predicted: Array) -> float:
        """The score that ``oob_score=True`` means."""

    def _own_scoring(self) -> tuple[Any, ...]:
        return (self.oob_score,) if callable(self.oob_score) else ()

    def _out_of_bag_so_far(self, X: Any, target: Target, sampler: Sampler) -> Average:
        average = Average(None, target, None, out_of_bag=True)
        average.start_from(self._state, by_row(X), sampler)
        return average

    def _set_oob_score_and_attributes(self, X: Any, y: Array, scoring_function: Any = None) -> None:
        """Publish what the trees say about rows that they were not grown on."""
        average = self._out_of_bag
        if (average.counts == 0).any():
            warn(
                "Some inputs do not have OOB scores. This probably means too few trees were used to compute any "
                "reliable OOB estimates.",
                UserWarning,
                stacklevel=5,
            )
        predicted = self._publish_out_of_bag(average.means())
        y = y[:, 0] if y.shape[1] == 1 else y
        score = self._score_out_of_bag if scoring_function is None else scoring_function
        self.oob_score_ = score(y, predicted)
