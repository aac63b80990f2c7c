# SPDX-License-Identifier: BSD-3-Clause
"""Whether training still improves, counted as scikit-learn counts it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class Watch:
    """Watches the training objective, or with early stopping the validation score.

    It is the estimator's fitted attributes that are counted on with, so that a warm start
    or a further ``partial_fit`` goes on where the last call ended.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor

    Attributes
    ----------
    count : int
        Epochs in a row without improvement.
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self.early_stopping = bool(estimator.early_stopping)
        self._tol, self._limit = float(estimator.tol), estimator.n_iter_no_change
        self.count = int(getattr(estimator, "_no_improvement_count", 0))

    def update(self, record: Mapping[str, float]) -> bool:
        """Take the record of an epoch; True if it is the best one and to be remembered."""
        self._estimator.loss_ = record["objective"]
        self._estimator.loss_curve_.append(record["objective"])
        if self.early_stopping:
            return self._update_score(record["validation_score"])
        loss, best = record["objective"], self._estimator.best_loss_
        self.count = self.count + 1 if loss > best - self._tol else 0
        self._estimator.best_loss_ = min(loss, best)
        return False

    def _update_score(self, score: float) -> bool:
        self._estimator.validation_scores_.append(score)
        best = self._estimator.best_validation_score_
        self.count = self.count + 1 if score < best + self._tol else 0
        if not score > best:
            return False
        self._estimator.best_validation_score_ = score
        return True

    def watched(self, record: Mapping[str, float]) -> float:
        """What training is to make smaller."""
        return -record["validation_score"] if self.early_stopping else record["objective"]

    @property
    def is_out_of_patience(self) -> bool:
        return self.count > self._limit


def begin(estimator: Any) -> None:
    """Set the attributes of a first fit."""
    estimator.loss_curve_, estimator._no_improvement_count = [], 0
    early = estimator.early_stopping
    estimator.best_loss_ = None if early else math.inf
    estimator.validation_scores_ = [] if early else None
    estimator.best_validation_score_ = -math.inf if early else None
