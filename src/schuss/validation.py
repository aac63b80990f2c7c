# SPDX-License-Identifier: BSD-3-Clause
"""Validation data: checking it, splitting it off, measuring models on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

from schuss import _kernels as kernels
from schuss.history import History
from schuss.losses import Loss, Target
from schuss.training import Outcome

Array = NDArray[Any]


def check_given(X_val: Any, y_val: Any, sample_weight_val: Any = None) -> bool:
    """Return whether validation data was given.

    Raises
    ------
    ValueError
        If it was given in part; in the words of scikit-learn, where boosting takes such data.
    """
    if (X_val is None) != (y_val is None):
        missing, given = ("y_val", "X_val") if y_val is None else ("X_val", "y_val")
        raise ValueError(f"{given} is provided, but {missing} was not provided.")
    if X_val is None and sample_weight_val is not None:
        raise ValueError("sample_weight_val is provided, but X_val and y_val were not provided.")
    return X_val is not None


def split_rows(
    y: Array, fraction: float, random_state: Any, *, stratify: bool, weight: Array | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split row numbers into training and validation rows, both sorted.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Target; its classes keep their shares if ``stratify``.
    fraction : float
        Share of the validation rows.
    random_state : int, RandomState or None
    stratify : bool
    weight : ndarray of shape (n_samples,) or None, default=None
        Sample weights, which must not vanish on all rows of a part.

    Raises
    ------
    ValueError
        If a part would be empty, or weigh nothing.
    """
    kind = StratifiedShuffleSplit if stratify else ShuffleSplit
    splitter = kind(n_splits=1, test_size=fraction, random_state=random_state)
    train, val = next(splitter.split(np.zeros((len(y), 1)), y))
    check_parts_weigh(weight, train, val)
    if not (len(train) and len(val)):
        raise ValueError(
            f"validation_fraction={fraction!r} of {len(y)} samples leaves {len(train)} for "
            f"training and {len(val)} for validation. Please change validation_fraction, "
            "increase number of samples, or disable early_stopping."
        )
    return np.sort(train).astype(np.int64), np.sort(val).astype(np.int64)


def check_parts_weigh(weight: Array | None, train: Array, val: Array) -> None:
    """Raise scikit-learn's error if the training or the validation rows, numbers or masks, weigh nothing."""
    for part, rows in (("validation", val), ("training", train)):
        if weight is not None and len(rows) and not np.any(weight[rows] > 0):
            raise ValueError(
                f"The sample weights for {part} set are all zero, consider using a different random state."
            )


def sample_rows(n: int, count: int, seed: int) -> NDArray[np.int64] | None:
    """Draw ``count`` of ``n`` rows, sorted and without repetition; None for all rows."""
    if count >= n:
        return None
    rows = np.random.default_rng(seed).choice(n, size=count, replace=False, shuffle=False)
    return np.sort(rows)


@dataclass(frozen=True, slots=True)
class Measure:
    """Mean loss and score of a linear model on one data set.

    Attributes
    ----------
    loss : float
        Weighted mean, summed over outputs, without penalty.
    score : float
        Accuracy for classes, R^2 otherwise.
    output_scores : ndarray of shape (n_outputs,)
        The score of each output by itself: for one-vs-all, each binary accuracy.
    """

    loss: float
    score: float
    output_scores: NDArray[np.float64]


class Evaluator:
    """Measures parameters on a fixed data set; the same formula for every set.

    Parameters
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
        Checked, in the dtype of the parameters.
    y : ndarray of shape (n_samples,)
        Encoded as `Loss.encode` does; several outputs of a regression are
        (n_samples, n_outputs).
    weight : ndarray of shape (n_samples,) or None
    loss : Loss
    n_outputs : int
    classes : bool
        Whether ``y`` encodes classes.
    n_threads : int, default=1
    """

    def __init__(
        self,
        X: Any,
        y: Array,
        weight: Array | None,
        *,
        loss: Loss,
        n_outputs: int,
        classes: bool,
        n_threads: int = 1,
    ) -> None:
        self._table = kernels.Table(X)
        self._y = np.ascontiguousarray(y)
        self._weight = None if weight is None else np.ascontiguousarray(weight)
        self._loss = loss
        self._classes = classes
        self._n_threads = n_threads
        self._raw = np.empty((self._table.n, n_outputs), dtype=self._table.dtype)

    def __len__(self) -> int:
        return int(self._table.n)

    def __call__(self, coef: Array, intercept: Array) -> Measure:
        """Measure parameters of shapes (n_outputs, n_features) and (n_outputs,); NaN where no row weighs anything."""
        if not self._weighs:
            return Measure(float("nan"), float("nan"), np.full(self._raw.shape[1], np.nan))
        kernels.linear_predict(self._table, coef, intercept, self._raw, n_threads=self._n_threads)
        scores = self._accuracies() if self._classes else self._r2()
        return Measure(self._mean_loss(), scores[0], np.asarray(scores[1]))

    @property
    def guess_score(self) -> float:
        """Score of the best constant: the share of the commonest class, or the zero of R^2."""
        if not self._weighs:
            return float("nan")
        if not self._classes:
            return 0.0
        _, which = np.unique(self._y, return_inverse=True)
        share = np.bincount(which, weights=self._weight)
        return float(share.max() / share.sum())

    @property
    def _weighs(self) -> bool:
        """Whether any row does: rows drawn to stand for all training rows may be those without weight."""
        return self._weight is None or bool(np.any(self._weight))

    def _mean_loss(self) -> float:
        if self._loss.target is Target.CLASS or self._raw.shape[1] == 1:
            z = self._raw if self._loss.target is Target.CLASS else self._raw[:, 0]
            y = self._y.reshape(-1)
            return self._loss.mean(y, z, self._weight, self._n_threads)
        return sum(self._output_loss(k) for k in range(self._raw.shape[1]))

    def _output_loss(self, k: int) -> float:
        z = np.ascontiguousarray(self._raw[:, k])
        y = self._one_vs_all(k) if self._classes else np.ascontiguousarray(self._y[:, k])
        return self._loss.mean(y, z, self._weight, self._n_threads)

    def _one_vs_all(self, k: int) -> Array:
        negative = self._loss.target.negative
        return np.where(self._y == k, 1.0, negative).astype(self._raw.dtype)

    def _accuracies(self) -> tuple[float, list[float]]:
        if self._raw.shape[1] == 1:
            accuracy = self._share((self._raw[:, 0] > 0) == (self._y > 0))
            return accuracy, [accuracy]
        outputs = range(self._raw.shape[1])
        each = [self._share((self._raw[:, k] > 0) == (self._y == k)) for k in outputs]
        return self._share(self._raw.argmax(axis=1) == self._y), each

    def _share(self, hits: NDArray[np.bool_]) -> float:
        return float(np.average(hits, weights=self._weight))

    @np.errstate(over="ignore", divide="ignore", invalid="ignore")  # of a model that diverges
    def _r2(self) -> tuple[float, list[float]]:
        y = self._y.reshape(len(self._y), -1).astype(np.float64)
        mean = np.average(y, axis=0, weights=self._weight)
        residual = np.average((y - self._raw) ** 2, axis=0, weights=self._weight)
        spread = np.average((y - mean) ** 2, axis=0, weights=self._weight)
        each = np.where(spread > 0, 1.0 - residual / spread, np.where(residual > 0, 0.0, 1.0))
        return float(each.mean()), each.tolist()


class Curves:
    """The validation columns of a history, and the best parameters seen on the way.

    Parameters
    ----------
    validation : Evaluator
    training : Evaluator
        On training rows; at most as many as there are validation rows keep it cheap.
    snapshot : callable
        Returns a copy of the current parameters, for `best`.

    Attributes
    ----------
    best : object
        Copy of the parameters of ``best_iteration``.
    best_iteration : int
        The one with the highest validation score; of several, that with the lowest loss.
    score : float
        Validation score at the last measurement.
    output_scores : ndarray of shape (n_outputs,)
        Those of the single outputs.
    """

    def __init__(self, validation: Evaluator, training: Evaluator, snapshot: Callable[[], Any]) -> None:
        self._validation, self._training, self._snapshot = validation, training, snapshot
        self._best_key = (-np.inf, -np.inf)
        self.best: Any = None
        self.best_iteration = -1
        self.score = -np.inf
        self.output_scores: NDArray[np.float64] = np.zeros(0)

    @property
    def baseline(self) -> dict[str, float]:
        """What a verdict needs beside the curves: how many rows they stand on, and a constant's score."""
        return {
            "training_samples": float(len(self._training)),
            "validation_samples": float(len(self._validation)),
            "training_score": self._training.guess_score,
        }

    def record(self, iteration: int, coef: Array, intercept: Array) -> dict[str, float]:
        """Measure the parameters of an iteration; returns its columns."""
        training, validation = self._training(coef, intercept), self._validation(coef, intercept)
        self.score, self.output_scores = validation.score, validation.output_scores
        key = (validation.score, -validation.loss)
        if self.best is None or key > self._best_key:
            self._best_key, self.best_iteration = key, iteration
            self.best = self._snapshot()
        return {
            "training_loss": training.loss,
            "validation_loss": validation.loss,
            "training_score": training.score,
            "validation_score": validation.score,
        }


def publish_run(model: Any, outcome: Outcome, history: History, curves: Curves | None) -> None:
    """Set the attributes that every iterative fit leaves behind, then pass on what interrupted it.

    Parameters
    ----------
    model : estimator
    outcome : Outcome
    history : History
    curves : Curves or None
        Of validation data, if there was any.

    Raises
    ------
    KeyboardInterrupt
        If the run ended by one.
    """
    model.history_, model.stop_reason_ = history, str(outcome.reason)
    model.__dict__.pop("best_iteration_", None)
    if curves is not None:
        model.best_iteration_ = curves.best_iteration
    if outcome.interrupt is not None:
        raise outcome.interrupt
