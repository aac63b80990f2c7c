# SPDX-License-Identifier: BSD-3-Clause
"""Whether training still improves, counted as scikit-learn counts it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_ATTRIBUTES = ("loss_curve_", "best_loss_", "validation_scores_", "best_validation_score_", "_no_improvement_count")


class Watch:
    """Watches the training objective, or with early stopping the validation score.

    It is the estimator's fitted attributes that are counted on with, so that a warm start
    or a further ``partial_fit`` goes on where the last call ended.

    Parameters
    ----------
    estimator : MLPClassifier or MLPRegressor

    Attributes
    ----------
    early_stopping : bool
    begins : bool
        Whether what is watched now was not watched before.
    count : int
        Epochs in a row without improvement.
    """

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator
        self.early_stopping = bool(estimator.early_stopping)
        self._by_loss = estimator.scoring == "loss"
        self._tol, self._limit = float(estimator.tol), estimator.n_iter_no_change
        there = vars(estimator)
        there.setdefault("loss_curve_", [])
        self.begins = "best_loss_" not in there or (there["best_loss_"] is None) != self.early_stopping
        if self.begins:
            self._begin()
        self.count = int(there.get("_no_improvement_count", 0))

    def _begin(self) -> None:
        self._estimator._no_improvement_count = 0
        early = self.early_stopping
        self._estimator.best_loss_ = None if early else math.inf
        self._estimator.validation_scores_ = [] if early else None
        self._estimator.best_validation_score_ = -math.inf if early else None

    def update(self, record: Mapping[str, float]) -> bool:
        """Take the record of an epoch; True if it is the best one and to be remembered."""
        self._estimator.loss_ = record["objective"]
        self._estimator.loss_curve_.append(record["objective"])
        if self.early_stopping:
            return self._update_score(-self.watched(record))
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
        if not self.early_stopping:
            return record["objective"]
        return record["validation_loss"] if self._by_loss else -record["validation_score"]

    @property
    def is_out_of_patience(self) -> bool:
        return self.count > self._limit


def forget(estimator: Any) -> None:
    """Remove what was watched, before a first fit."""
    for name in _ATTRIBUTES:
        vars(estimator).pop(name, None)
