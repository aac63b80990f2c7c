# SPDX-License-Identifier: BSD-3-Clause
"""Scores of a model while it is boosted, and when they say stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import check_scoring, get_scorer
from sklearn.utils import resample

from schuss import _kernels as kernels
from schuss.ensemble._boosting.losses import BoostingLoss
from schuss.ensemble._boosting.setup import Data
from schuss.ensemble._boosting.targets import widened
from schuss.history import History
from schuss.training import StopReason

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_MOST = 10_000  # training rows that a scorer is shown


@dataclass(slots=True)
class Part:
    """Rows that a model is measured on, and its raw predictions of them.

    Attributes
    ----------
    data : Data
    raw : ndarray of shape (n_trees, n_samples)
    binned : Binned
        X in bins.
    """

    data: Data
    raw: Matrix
    binned: kernels.Binned

    @property
    def y(self) -> Array:
        return self.data.y

    @property
    def weight(self) -> Matrix | None:
        return self.data.weight

    def __len__(self) -> int:
        return len(self.y)

    def loss(self, loss: BoostingLoss, n_threads: int) -> float:
        return loss.mean(self.y, self.raw, self.weight, n_threads)


class _Shown(BaseEstimator):
    """Stands in for the model where a scorer asks for predictions that are known already."""

    def __init__(self, predictions: Array, classes: Array | None) -> None:
        self.predictions = predictions
        self.classes = classes
        self.fitted_ = True
        if classes is not None:
            self.classes_ = classes


class _ShownRegressor(RegressorMixin, _Shown):
    def predict(self, X: Any) -> Array:
        return self.predictions


class _ShownClassifier(ClassifierMixin, _Shown):
    def predict(self, X: Any) -> Array:
        return np.asarray(self.classes_[np.argmax(self.predictions, axis=1)])

    def predict_proba(self, X: Any) -> Array:
        return self.predictions


class Scorer:
    """Scores training and validation rows as the parameter ``scoring`` asks.

    Parameters
    ----------
    model : estimator
    scoring : str, callable or None
        A callable is given the model itself, as it is after the iteration.
    loss : BoostingLoss
    training : Part
    validation : Part or None
    seed : int
        Of the choice of training rows.
    publish : callable
        Brings the model's fitted attributes up to date.
    """

    def __init__(
        self,
        model: Any,
        scoring: Any,
        loss: BoostingLoss,
        training: Part,
        validation: Part | None,
        *,
        seed: int,
        publish: Callable[[], None],
    ) -> None:
        self._model, self._loss, self._publish = model, loss, publish
        self._classes = getattr(model, "classes_", None)
        self._by_name = scoring is None or isinstance(scoring, str)
        usual = "r2" if self._classes is None else "accuracy"
        self._scorer = get_scorer(scoring or usual) if self._by_name else check_scoring(model, scoring)
        self._training = self._shown(training, _small(training.y, self._classes is not None, seed))
        self._validation = None if validation is None else self._shown(validation, None)

    def __call__(self) -> tuple[float, float | None]:
        """Return the scores of training and validation rows."""
        if not self._by_name:
            self._publish()
        return self._score(*self._training), None if self._validation is None else self._score(*self._validation)

    def _shown(self, part: Part, rows: NDArray[np.intp] | None) -> tuple[Part, Any, NDArray[np.intp] | None]:
        """A part, the table that a scorer of the model itself is shown, and which rows of the part that is."""
        X = None if self._by_name else part.data.X
        return part, X if X is None or rows is None else X[rows], rows

    def _score(self, part: Part, X: Any, rows: NDArray[np.intp] | None) -> float:
        y, weight, raw = part.y, part.weight, part.raw
        if rows is not None:
            y, weight, raw = y[rows], None if weight is None else weight[rows], raw[:, rows]
        shown = widened(y) if self._classes is None else self._classes[y.astype(np.intp)]
        estimator = self._model
        if self._by_name:
            predictions = self._loss.predictions(raw)
            kind = _ShownRegressor if self._classes is None else _ShownClassifier
            estimator = kind(predictions, self._classes)
        options = {} if weight is None else {"sample_weight": weight}
        return float(self._scorer(estimator, X, shown, **options))


def _small(y: Array, stratify: bool, seed: int) -> NDArray[np.intp] | None:
    """At most so many training rows as a scorer is shown; None for all."""
    if len(y) <= _MOST:
        return None
    chosen = resample(
        np.arange(len(y)), n_samples=_MOST, replace=False, random_state=seed, stratify=y if stratify else None
    )
    return np.asarray(chosen)


def no_improvement(scores: Sequence[float], *, n_iter_no_change: int, tol: float) -> bool:
    """Whether none of the last scores is better than the one before them, by more than ``tol``."""
    if len(scores) <= n_iter_no_change:
        return False
    reference = scores[-n_iter_no_change - 1] + tol
    return not any(score > reference for score in scores[-n_iter_no_change:])


@dataclass(slots=True)
class Watch:
    """The scores that early stopping watches, from before the first iteration on; a rule of `schuss.training.run`.

    Attributes
    ----------
    n_iter_no_change : int
    tol : float
    training, validation : list of float
        Larger is better.
    """

    n_iter_no_change: int
    tol: float
    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    def add(self, training: float, validation: float | None) -> None:
        self.training.append(training)
        if validation is not None:
            self.validation.append(validation)

    def truncate(self, n_iter: int) -> None:
        """Forget what was measured after so many iterations."""
        del self.training[n_iter + 1 :], self.validation[n_iter + 1 :]

    @property
    def scores(self) -> list[float]:
        return self.validation or self.training

    @property
    def best_iteration(self) -> int:
        """The first of the iterations with the highest score."""
        return int(np.argmax(self.scores[1:]))

    def __call__(self, history: History) -> StopReason | None:
        stop = no_improvement(self.scores, n_iter_no_change=self.n_iter_no_change, tol=self.tol)
        return StopReason.NO_IMPROVEMENT if stop else None
